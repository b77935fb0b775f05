/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/thread_status.h - a thread's machine state.  Values and layouts are XNU's (LP64). */
#ifndef _MACH_THREAD_STATUS_H_
#define _MACH_THREAD_STATUS_H_

#include <mach/exception_types.h>
#include <mach/machine/thread_status.h>

typedef natural_t *thread_state_t;
typedef natural_t thread_state_data_t[1296];

#define THREAD_STATE_MAX 1296
#define THREAD_MACHINE_STATE_MAX THREAD_STATE_MAX

#endif
