/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/vm_inherit.h - what a child task gets of memory.  Values and layouts are XNU's (LP64). */
#ifndef _MACH_VM_INHERIT_H_
#define _MACH_VM_INHERIT_H_

typedef unsigned int vm_inherit_t;

#define VM_INHERIT_SHARE 0
#define VM_INHERIT_COPY 1
#define VM_INHERIT_DEFAULT 1
#define VM_INHERIT_LAST_VALID 2
#define VM_INHERIT_NONE 2
#define VM_INHERIT_DONATE_COPY 3

#endif
