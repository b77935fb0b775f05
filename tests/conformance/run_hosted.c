/* SPDX-License-Identifier: BSD-2-Clause */
/* run_hosted.c - conformance tests against machsim, each in a process, and so a task, of its own. */
#include "../suite.h"
#include "conformance.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

void conformance_failed(const char *file, int line, const char *what, long long got, long long expected)
{
    fprintf(stderr, "%s:%d: %s: 0x%llx, not 0x%llx\n", file, line, what, got, expected);
    ck_abort_msg("%s:%d: %s: 0x%llx, not 0x%llx", file, line, what, got, expected);
}

/* The child finds the port among those that its parent has registered. */
static mach_port_t registered_port(void)
{
    mach_port_array_t ports;
    mach_msg_type_number_t count;

    if (mach_ports_lookup(mach_task_self(), &ports, &count) != KERN_SUCCESS || count < 1)
        return MACH_PORT_NULL;
    mach_port_t port = ports[0];

    (void)vm_deallocate(mach_task_self(), (vm_address_t)ports, count * sizeof *ports);
    return port;
}

void in_second_task(void (*function)(mach_port_t port), mach_port_t port)
{
    mach_port_t right;
    mach_msg_type_name_t type;
    int status;

    CHECK_SUCCESS(mach_port_extract_right(mach_task_self(), port, MACH_MSG_TYPE_MAKE_SEND, &right, &type));
    CHECK_SUCCESS(mach_ports_register(mach_task_self(), &right, 1));
    CHECK_SUCCESS(mach_port_deallocate(mach_task_self(), right));
    fflush(NULL);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        mach_port_t own = registered_port();

        if (own == MACH_PORT_NULL)
            _exit(2);
        function(own);
        _exit(0);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    CHECK_EQUAL(status, 0);
    CHECK_SUCCESS(mach_ports_register(mach_task_self(), NULL, 0));
}

START_TEST(conformance)
{
    conformance_tests[_i].function();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conformance");
    int count = 0;

    while (conformance_tests[count].name != NULL)
        count++;
    for (int i = 0; i < count; i++) {
        TCase *tcase = tcase_create(conformance_tests[i].name);

        tcase_set_timeout(tcase, 60);
        tcase_add_loop_test(tcase, conformance, i, i + 1);
        suite_add_tcase(suite, tcase);
    }
    return run_suite(suite);
}
