/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/vm_behavior.h - how memory will be used.  Values and layouts are XNU's (LP64). */
#ifndef _MACH_VM_BEHAVIOR_H_
#define _MACH_VM_BEHAVIOR_H_

typedef int vm_behavior_t;

#define VM_BEHAVIOR_DEFAULT 0
#define VM_BEHAVIOR_RANDOM 1
#define VM_BEHAVIOR_SEQUENTIAL 2
#define VM_BEHAVIOR_RSEQNTL 3
#define VM_BEHAVIOR_WILLNEED 4
#define VM_BEHAVIOR_DONTNEED 5
#define VM_BEHAVIOR_FREE 6
#define VM_BEHAVIOR_ZERO_WIRED_PAGES 7
#define VM_BEHAVIOR_REUSABLE 8
#define VM_BEHAVIOR_REUSE 9
#define VM_BEHAVIOR_CAN_REUSE 10
#define VM_BEHAVIOR_PAGEOUT 11
#define VM_BEHAVIOR_LAST_VALID 12
#define VM_BEHAVIOR_ZERO 12

#endif
