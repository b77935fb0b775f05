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

struct trap_result {
    uint64_t result, second; /* kern/trap.h */
};

/* trap.S: a trap of five arguments at most. */
struct trap_result trap_call(uint64_t first, uint64_t second, uint64_t third, uint64_t fourth, uint64_t fifth, uint32_t number);

/* Where the first program begins, which does not return: it sees what the boot loader has brought. */
_Noreturn void program_main(const void *archive, size_t size);

#endif
