/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/sync_policy.h - who is woken first.  Values and layouts are XNU's (LP64). */
#ifndef _MACH_SYNC_POLICY_H_
#define _MACH_SYNC_POLICY_H_

#include <mach/vm_types.h>

typedef int sync_policy_t;

#define SYNC_POLICY_FIFO 0
#define SYNC_POLICY_FIXED_PRIORITY 1
#define SYNC_POLICY_LIFO 2
#define SYNC_POLICY_REVERSED 2
#define SYNC_POLICY_ORDER_MASK 3

#endif
