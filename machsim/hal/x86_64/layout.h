/* SPDX-License-Identifier: BSD-2-Clause */
/* layout.h - where things are in the kernel's half of addresses; for C, assembly and the linker. */
#ifndef X86_64_LAYOUT_H
#define X86_64_LAYOUT_H

/* The kernel itself, as if physical memory started here. */
#define KERNEL_BASE 0xffffffff80000000
#define KERNEL_START 0x100000
/* All of physical memory. */
#define DIRECT_MAP 0xffff800000000000
#define DIRECT_MAP_SLOT 256
#define DIRECT_MAP_SIZE 0x8000000000
/* What of it is there from the start: the rest is mapped when it is known what memory there is. */
#define BOOT_MEMORY_MAPPED 0x100000000
/* Stacks of processors: each has so many bytes, of which the lower part is not there. */
#define STACKS 0xffffff0000000000
#define STACK_SPACE 0x10000
/* Where other processors start, in real mode: a page below 1 MiB. */
#define TRAMPOLINE 0x8000
/* What programs may have. */
#define USER_START 0x1000
#define USER_END 0x00007ffffffff000

#endif
