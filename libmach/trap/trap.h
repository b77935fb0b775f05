/* SPDX-License-Identifier: BSD-2-Clause */
/* trap.h - what programs have on a kernel that boots, beside mach/mach.h. */
#ifndef LIBMACH_TRAP_H
#define LIBMACH_TRAP_H

/* Writes a string to the kernel's console, 4096 bytes at most.  Source: GNU Mach's mach_print. */
void mach_print(const char *text);

/* Where a program begins; it does not return. */
_Noreturn void program_main(void);

#endif
