/* SPDX-License-Identifier: BSD-2-Clause */
/* clock.h - the clocks that programs can read. */
#ifndef KERN_CLOCK_H
#define KERN_CLOCK_H

#include <stdbool.h>

/* Makes their ports.  False: no memory. */
bool clock_init(void);

#endif
