/* SPDX-License-Identifier: BSD-2-Clause */
/* print.c - lines for the kernel's console, of programs that have nothing else to say them with. */
#include "libmach/trap/trap.h"
#include "machsim/kern/trap.h"

void mach_print(const char *text)
{
    (void)trap_call((uintptr_t)text, 0, 0, 0, 0, TRAP_PRINT);
}

void mach_print_number(long long value)
{
    char digits[24];
    int at = sizeof digits;
    unsigned long long rest = value < 0 ? -(unsigned long long)value : (unsigned long long)value;

    digits[--at] = '\0';
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value < 0)
        digits[--at] = '-';
    mach_print(digits + at);
}
