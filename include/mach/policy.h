/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/policy.h - scheduling policies.  Values and layouts are XNU's (LP64). */
#ifndef _MACH_POLICY_H_
#define _MACH_POLICY_H_

#include <mach/vm_types.h>

typedef int policy_t;
typedef integer_t *policy_info_t;
typedef integer_t *policy_base_t;
typedef integer_t *policy_limit_t;

#define POLICY_NULL 0
#define POLICY_TIMESHARE 1
#define POLICY_RR 2
#define POLICY_FIFO 4
#define POLICYCLASS_FIXEDPRI (POLICY_RR | POLICY_FIFO)

#endif
