/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/vm_prot.h - what may be done with memory.  Values and layouts are XNU's (LP64). */
#ifndef _MACH_VM_PROT_H_
#define _MACH_VM_PROT_H_

typedef int vm_prot_t;

#define VM_PROT_NONE 0
#define VM_PROT_READ 1
#define VM_PROT_WRITE 2
#define VM_PROT_DEFAULT 3
#define VM_PROT_EXECUTE 4
#define VM_PROT_RORW_TP 4
#define VM_PROT_ALL 7
#define VM_PROT_NO_CHANGE_LEGACY 8
#define VM_PROT_UEXEC 8
#define VM_PROT_ALLEXEC 12
#define VM_PROT_COPY 16
#define VM_PROT_WANTS_COPY 16
#define VM_PROT_IS_MASK 64
#define VM_PROT_STRIP_READ 128
#define VM_PROT_EXECUTE_ONLY 132
#define VM_PROT_TPRO 0x200
#define VM_PROT_NO_CHANGE 0x1000000

#endif
