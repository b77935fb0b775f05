/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_kernel.c - conformance tests as the first program of the kernel that boots: it tells by TAP on the console, and powers
 * off.
 */
#include "conformance.h"

#include "libmach/trap/trap.h"
#include "tests/kernel/start_thread.h"

#include <mach/host_priv.h>
#include <mach/mig.h>

#define HALT 8 /* RB_HALT: host_reboot */

static void *test_over[5];

void conformance_failed(const char *file, int line, const char *what, long long got, long long expected)
{
    mach_print("# ");
    mach_print(file);
    mach_print(":");
    mach_print_number(line);
    mach_print(": ");
    mach_print(what);
    mach_print(": ");
    mach_print_number(got);
    mach_print(", not ");
    mach_print_number(expected);
    mach_print("\n");
    __builtin_longjmp(test_over, 1);
}

/* ---- threads and tasks ----------------------------------------------------------------------------- */

mach_port_t new_thread(mach_port_t task, void (*function)(mach_port_t argument), mach_port_t argument)
{
    mach_port_t thread;

    CHECK_SUCCESS(start_thread(task, function, argument, &thread));
    return thread;
}

static void (*second_function)(mach_port_t port);

/* Registered are the port, and one for the result. */
static void second(mach_port_t unused)
{
    mach_port_array_t ports;
    mach_msg_type_number_t count;
    volatile int passed = 0;

    (void)unused;
    mig_dealloc_reply_port(MACH_PORT_NULL); /* it was the first task's */
    if (mach_ports_lookup(SELF, &ports, &count) == KERN_SUCCESS) {
        const mach_port_t result = ports[1];

        if (__builtin_setjmp(test_over) == 0) {
            second_function(ports[0]);
            passed = 1;
        }
        (void)send_number(result, passed);
    }
    (void)task_terminate(SELF);
    __builtin_trap();
}

void in_second_task(void (*function)(mach_port_t port), mach_port_t port)
{
    mach_port_t send, result = new_port_with_send(), task;
    mach_msg_type_name_t type;
    number_buffer_t answer;

    CHECK_SUCCESS(mach_port_extract_right(SELF, port, MACH_MSG_TYPE_MAKE_SEND, &send, &type));
    CHECK_SUCCESS(mach_ports_register(SELF, (mach_port_t[]){send, result}, 2));
    second_function = function;
    CHECK_SUCCESS(task_create(SELF, NULL, 0, TRUE, &task));
    CHECK_SUCCESS(mach_ports_register(SELF, NULL, 0));
    CHECK_SUCCESS(mach_port_deallocate(SELF, send));
    (void)mach_port_deallocate(SELF, new_thread(task, second, MACH_PORT_NULL));
    CHECK_SUCCESS(mach_msg(&answer.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof answer, result, 20000, MACH_PORT_NULL));
    (void)mach_port_deallocate(SELF, task);
    destroy(result);
    CHECK_EQUAL(answer.number, 1);
}

/* ---- the tests ------------------------------------------------------------------------------------- */

static void run(const struct conformance_test *test, int number)
{
    volatile bool passed = false;

    if (__builtin_setjmp(test_over) == 0) {
        test->function();
        passed = true;
    }
    mach_print(passed ? "ok " : "not ok ");
    mach_print_number(number);
    mach_print(" - ");
    mach_print(test->name);
    mach_print("\n");
}

_Noreturn void program_main(const void *archive, size_t size)
{
    int count = 0;

    (void)archive, (void)size;
    while (conformance_tests[count].name != NULL)
        count++;
    mach_print("1..");
    mach_print_number(count);
    mach_print("\n");
    for (int i = 0; i < count; i++)
        run(&conformance_tests[i], i + 1);
    (void)host_reboot(mach_host_self(), HALT);
    __builtin_trap();
}
