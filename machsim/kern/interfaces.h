/* SPDX-License-Identifier: BSD-2-Clause */
/* interfaces.h - the interfaces that the kernel serves. */
#ifndef KERN_INTERFACES_H
#define KERN_INTERFACES_H

#include <mach/mig.h>

/* Ends with NULL. */
extern const struct mig_subsystem *const kernel_interfaces[];
/* So many of them, the first, have no routines that may wait. */
#define KERNEL_INTERFACES_AT_ONCE 4u

#endif
