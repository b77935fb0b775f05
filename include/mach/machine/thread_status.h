/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/machine/thread_status.h - machine state of this machine's threads. */
#ifndef _MACH_MACHINE_THREAD_STATUS_H_
#define _MACH_MACHINE_THREAD_STATUS_H_

#if defined(__x86_64__) || defined(__i386__)
#include <mach/i386/thread_status.h>
#endif

#endif
