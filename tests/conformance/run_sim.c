/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_sim.c - conformance tests in one process: on the simulated machine, by several seeds, and once for each
 * allocation, with that one failing.  Then a check may fail, but nothing may break or leak.
 */
#include "../machsim/harness.h"

/* The harness has names that conformance.h has too. */
#define type_of conformance_type_of
#define status_of conformance_status_of
#define number_message_t conformance_number_message_t
#define number_buffer_t conformance_number_buffer_t
#define send_number conformance_send_number
#define receive_number conformance_receive_number
#define receive_notification conformance_receive_notification
#include "conformance.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <mach/mach_init.h>

static jmp_buf test_over;
static char failure[500];

void conformance_failed(const char *file, int line, const char *what, long long got, long long expected)
{
    snprintf(failure, sizeof failure, "%s:%d: %s: 0x%llx, not 0x%llx", file, line, what, got, expected);
    longjmp(test_over, 1);
}

void in_second_task(void (*function)(mach_port_t port), mach_port_t port)
{
    struct sim_thread *first = current, *second = sim_task(first->thread->task, NULL);

    if (second == NULL)
        CHECK(!"memory for a second task");
    mach_port_t given = give(second, port, MACH_MSG_TYPE_MAKE_SEND);

    become(second);
    function(given);
    become(first);
    sim_task_end(second);
}

/* ---- what libmach has for hosted programs ---------------------------------------------------------- */

mach_port_t bootstrap_port = TASK_BOOTSTRAP_NAME;
vm_size_t vm_page_size = 4096;

static uint64_t call(uint32_t number, uint64_t first, uint64_t second, uint64_t *out)
{
    const uint64_t arguments[TRAP_MAX_ARGUMENTS] = {first, second};

    sim_trap(current, number, arguments);
    if (out != NULL)
        *out = current->out;
    return current->result;
}

mach_port_t mach_thread_self(void)
{
    return (mach_port_t)call(TRAP_THREAD_SELF, 0, 0, NULL);
}

mach_port_t mach_host_self(void)
{
    return (mach_port_t)call(TRAP_HOST_SELF, 0, 0, NULL);
}

kern_return_t task_for_pid(mach_port_name_t target, int pid, mach_port_name_t *task)
{
    uint64_t out;
    kern_return_t result = (kern_return_t)call(TRAP_TASK_FOR_PID, target, (uint64_t)pid, &out);

    *task = (mach_port_name_t)out;
    return result;
}

kern_return_t task_name_for_pid(mach_port_name_t target, int pid, mach_port_name_t *name)
{
    uint64_t out;
    kern_return_t result = (kern_return_t)call(TRAP_TASK_NAME_FOR_PID, target, (uint64_t)pid, &out);

    *name = (mach_port_name_t)out;
    return result;
}

kern_return_t pid_for_task(mach_port_name_t task, int *pid)
{
    uint64_t out;
    kern_return_t result = (kern_return_t)call(TRAP_PID_FOR_TASK, task, 0, &out);

    *pid = (int)out;
    return result;
}

mach_msg_return_t mach_msg_overwrite(mach_msg_header_t *msg, mach_msg_option_t option, mach_msg_size_t send_size,
                                     mach_msg_size_t rcv_size, mach_port_name_t rcv_name, mach_msg_timeout_t timeout,
                                     mach_port_name_t notify, mach_msg_header_t *rcv_msg, mach_msg_size_t rcv_limit)
{
    const uint64_t arguments[TRAP_MAX_ARGUMENTS] = {
        (uintptr_t)msg, (uint64_t)(int64_t)option, send_size, rcv_size, rcv_name, timeout, notify,
        (uintptr_t)rcv_msg, rcv_limit};

    sim_trap(current, TRAP_MACH_MSG_OVERWRITE, arguments);
    return (mach_msg_return_t)current->result;
}

/* ---- runs ------------------------------------------------------------------------------------------ */

/* Runs a test on a fresh machine; true if all its checks held. */
static bool run(const struct conformance_test *test, uint64_t seed, uint64_t failing_allocation, bool *reached)
{
    volatile bool passed = false;

    sim_start(seed);
    become(sim_task(NULL, NULL));
    sim_fail_allocation(failing_allocation);
    if (setjmp(test_over) == 0) {
        test->function();
        passed = true;
    }
    *reached = sim_failed();
    sim_stop();
    return passed;
}

START_TEST(holds)
{
    bool reached;

    for (uint64_t seed = 1; seed <= 5; seed++)
        ck_assert_msg(run(&conformance_tests[_i], seed, 0, &reached), "seed %llu: %s", (unsigned long long)seed, failure);
}
END_TEST

/* How many allocations are made to fail: all, or, where each takes long, as many as ROUNDS says. */
static uint64_t sweep_length(void)
{
    const char *rounds = getenv("ROUNDS");

    return rounds != NULL ? strtoull(rounds, NULL, 10) * 3 : 3000;
}

START_TEST(survives_shortage)
{
    const uint64_t length = sweep_length();
    bool reached = true;

    for (uint64_t n = 1; reached && n < length; n++)
        (void)run(&conformance_tests[_i], 1, n, &reached);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conformance, simulated");
    int count = 0;

    while (conformance_tests[count].name != NULL)
        count++;
    TCase *tcase = tcase_create("holds"), *shortage = tcase_create("survives shortage");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, holds, 0, count);
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(shortage, 300);
    tcase_add_loop_test(shortage, survives_shortage, 0, count);
    suite_add_tcase(suite, shortage);
    return run_suite(suite);
}
