/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mach_init.c - the ports that a task has from the start.
 * Their names are the same in every task, so they are there before the first call: task_special_ports.h.
 */
#include <mach/mach.h>

#include "direct/direct.h"
#include "internal.h"
#include "machsim/kern/trap.h"
#include "ring/ring.h"

mach_port_t mach_task_self_ = TASK_SELF_NAME;
mach_port_t bootstrap_port = TASK_BOOTSTRAP_NAME;
vm_size_t vm_page_size = 4096;
vm_size_t vm_page_mask = 4095;
int vm_page_shift = 12;

static mach_port_name_t name_trap(uint32_t number)
{
    uint64_t result;

    return ring_simple_trap(number, NULL, 0, &result, NULL) ? (mach_port_name_t)result : MACH_PORT_NULL;
}

int mach_init(void)
{
    struct ring *ring = ring_get();

    if (ring == NULL)
        return KERN_FAILURE;
    ring_put(ring);
    return KERN_SUCCESS;
}

mach_port_t mach_thread_self(void)
{
    return name_trap(TRAP_THREAD_SELF);
}

mach_port_t mach_host_self(void)
{
    return name_trap(TRAP_HOST_SELF);
}

mach_port_name_t mach_reply_port(void)
{
    return name_trap(TRAP_REPLY_PORT);
}

void mig_destroy_reply_port(mach_port_t port)
{
    const uint64_t arguments[] = {mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, (uint64_t)(int64_t)-1};
    uint64_t result;

    (void)ring_simple_trap(TRAP_PORT_MOD_REFS, arguments, 4, &result, NULL);
}

void mach_after_fork(void)
{
    mig_forget_reply_port();
    direct_after_fork();
}

boolean_t mach_task_is_self(task_t task)
{
    return task == mach_task_self();
}

/* ---- tasks and processes --------------------------------------------------------------------------- */

static kern_return_t pid_trap(uint32_t number, mach_port_name_t target, int pid, mach_port_name_t *name)
{
    const uint64_t arguments[] = {target, (uint64_t)(int64_t)pid};
    uint64_t result, out = MACH_PORT_NULL;

    if (!ring_simple_trap(number, arguments, 2, &result, &out))
        result = KERN_FAILURE;
    *name = (mach_port_name_t)out;
    return (kern_return_t)result;
}

kern_return_t task_for_pid(mach_port_name_t target, int pid, mach_port_name_t *task)
{
    return pid_trap(TRAP_TASK_FOR_PID, target, pid, task);
}

kern_return_t task_name_for_pid(mach_port_name_t target, int pid, mach_port_name_t *name)
{
    return pid_trap(TRAP_TASK_NAME_FOR_PID, target, pid, name);
}

kern_return_t pid_for_task(mach_port_name_t task, int *pid)
{
    const uint64_t arguments[] = {task};
    uint64_t result, out = (uint64_t)-1;

    if (!ring_simple_trap(TRAP_PID_FOR_TASK, arguments, 1, &result, &out))
        result = KERN_FAILURE;
    *pid = (int)out;
    return (kern_return_t)result;
}

kern_return_t host_page_size(host_t host, vm_size_t *size)
{
    return _host_page_size(host, size);
}
