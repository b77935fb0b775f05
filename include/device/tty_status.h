/* SPDX-License-Identifier: BSD-2-Clause */
/* device/tty_status.h - what device_set_status can do to a terminal.  The value is CMU's, OSF's and GNU Mach's. */
#ifndef _DEVICE_TTY_STATUS_H_
#define _DEVICE_TTY_STATUS_H_

#include <device/device_types.h>

/* One word, D_READ or D_WRITE or both: what was typed and not read, or written and not shown, is dropped. */
#define TTY_FLUSH ((dev_flavor_t)(('t' << 16) + 3))

#endif
