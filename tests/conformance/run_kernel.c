/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_kernel.c - conformance tests as the first program of the kernel that boots: it tells by TAP on the console, and powers
 * off.
 */
#include "conformance.h"

#include "libmach/trap/trap.h"

#include <mach/host_priv.h>

#define HALT 8 /* RB_HALT: host_reboot */

static void *test_over[5];

static void print_number(long long value)
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

void conformance_failed(const char *file, int line, const char *what, long long got, long long expected)
{
    mach_print("# ");
    mach_print(file);
    mach_print(":");
    print_number(line);
    mach_print(": ");
    mach_print(what);
    mach_print(": ");
    print_number(got);
    mach_print(", not ");
    print_number(expected);
    mach_print("\n");
    __builtin_longjmp(test_over, 1);
}

/* There are no other tasks yet: what needs one is left out. */
static bool skipped;

void in_second_task(void (*function)(mach_port_t port), mach_port_t port)
{
    (void)function, (void)port;
    skipped = true;
    __builtin_longjmp(test_over, 1);
}

static void run(const struct conformance_test *test, int number)
{
    volatile bool passed = false;

    skipped = false;
    if (__builtin_setjmp(test_over) == 0) {
        test->function();
        passed = true;
    }
    mach_print(passed || skipped ? "ok " : "not ok ");
    print_number(number);
    mach_print(" - ");
    mach_print(test->name);
    mach_print(skipped ? " # SKIP there is no second task\n" : "\n");
}

_Noreturn void program_main(void)
{
    int count = 0;

    while (conformance_tests[count].name != NULL)
        count++;
    mach_print("1..");
    print_number(count);
    mach_print("\n");
    for (int i = 0; i < count; i++)
        run(&conformance_tests[i], i + 1);
    (void)host_reboot(mach_host_self(), HALT);
    __builtin_trap();
}
