/* SPDX-License-Identifier: BSD-2-Clause */
/* publish.h - how a bootstrap server becomes everyone's. */
#ifndef BOOTSTRAP_PUBLISH_H
#define BOOTSTRAP_PUBLISH_H

#include <mach/port.h>
#include <stdbool.h>

/* Makes a port, whose receive right is here, the one that each new task gets as its bootstrap port. */
bool publish(mach_port_t port);

#endif
