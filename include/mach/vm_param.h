/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/vm_param.h - pages and addresses.  Values and layouts are XNU's (LP64). */
#ifndef _MACH_VM_PARAM_H_
#define _MACH_VM_PARAM_H_

#include <mach/vm_types.h>

#ifndef PAGE_SIZE
#define PAGE_SIZE 4096
#endif
#ifndef PAGE_SHIFT
#define PAGE_SHIFT 12
#endif
#ifndef PAGE_MASK
#define PAGE_MASK (PAGE_SIZE - 1)
#endif

#define PAGE_MIN_SHIFT 12
#define PAGE_MAX_SHIFT 14
#define PAGE_MIN_MASK 0xfff
#define PAGE_MIN_SIZE 0x1000
#define PAGE_MAX_MASK 0x3fff
#define PAGE_MAX_SIZE 0x4000

#define atop(bytes) ((vm_size_t)(bytes) >> PAGE_SHIFT)
#define ptoa(pages) ((vm_size_t)(pages) << PAGE_SHIFT)

#define MACH_VM_MIN_ADDRESS 0
#define VM_MIN_ADDRESS 0

#endif
