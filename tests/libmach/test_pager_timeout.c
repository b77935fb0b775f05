/* SPDX-License-Identifier: BSD-2-Clause */
/* test_pager_timeout.c - a manager that never answers, and a daemon that is told how long to wait for it. */
#include "../managed.h"

#include <mach/mach.h>
#include <mach/mach_vm.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Maps an object that no one serves, and touches it. */
static int touch(void)
{
    mach_vm_address_t address = 0;
    mach_port_t port;

    if (mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port) != KERN_SUCCESS ||
        mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND) != KERN_SUCCESS ||
        mach_vm_map(mach_task_self(), &address, 4096, 0, VM_FLAGS_ANYWHERE, port, 0, FALSE, VM_PROT_DEFAULT,
                    VM_PROT_DEFAULT, VM_INHERIT_NONE) != KERN_SUCCESS)
        return 1;
    signal(SIGBUS, SIG_DFL);
    return *(volatile unsigned char *)address;
}

int main(void)
{
    const char *folder = getenv("TMPDIR");
    char socket[4096];
    int status;

    snprintf(socket, sizeof socket, "%s/machsim-timeout-%d", folder != NULL ? folder : "/tmp", (int)getpid());
    setenv("MACH_BOOTSTRAP_SOCKET", socket, 1);
    setenv("MACH_PAGER_TIMEOUT", "1", 1);
    need_managed_memory();
    const pid_t pid = fork();

    if (pid == 0)
        _exit(touch());
    waitpid(pid, &status, 0);
    const int fine = WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS;

    printf("status %d\n%d passed, %d failed\n", status, fine, !fine);
    return fine ? EXIT_SUCCESS : EXIT_FAILURE;
}
