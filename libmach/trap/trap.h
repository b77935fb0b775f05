/* SPDX-License-Identifier: BSD-2-Clause */
/* trap.h - what programs have on a kernel that boots, beside mach/mach.h. */
#ifndef LIBMACH_TRAP_H
#define LIBMACH_TRAP_H

#include <stddef.h>
#include <stdint.h>

/* Writes a string to the kernel's console, 4096 bytes at most.  Source: GNU Mach's mach_print. */
void mach_print(const char *text);
/* The same, of a number in decimal digits. */
void mach_print_number(long long value);

/* trap.S: a trap of nine arguments; a second result comes by `out`. */
uint64_t trap_call(const uint64_t arguments[9], uint64_t *out, uint32_t number);
/* A trap of four arguments at most: kern/trap.h. */
uint64_t trap_simple(uint32_t number, uint64_t first, uint64_t second, uint64_t third, uint64_t fourth);

/* Where the first program begins, which does not return: it sees what the boot loader has brought. */
_Noreturn void program_main(const void *archive, size_t size);

#endif
