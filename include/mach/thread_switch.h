/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/thread_switch.h - options of thread_switch.  Values and layouts are XNU's (LP64). */
#ifndef _MACH_THREAD_SWITCH_H_
#define _MACH_THREAD_SWITCH_H_

#include <mach/vm_types.h>

#define SWITCH_OPTION_NONE 0
#define SWITCH_OPTION_DEPRESS 1
#define SWITCH_OPTION_WAIT 2

#endif
