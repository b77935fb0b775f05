/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/vm_sync.h - writing memory back.  Values and layouts are XNU's (LP64). */
#ifndef _MACH_VM_SYNC_H_
#define _MACH_VM_SYNC_H_

typedef unsigned int vm_sync_t;

#define VM_SYNC_ASYNCHRONOUS 1
#define VM_SYNC_SYNCHRONOUS 2
#define VM_SYNC_INVALIDATE 4
#define VM_SYNC_KILLPAGES 8
#define VM_SYNC_DEACTIVATE 16
#define VM_SYNC_CONTIGUOUS 32
#define VM_SYNC_REUSABLEPAGES 64

#endif
