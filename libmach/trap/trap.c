/* SPDX-License-Identifier: BSD-2-Clause */
/* trap.c - libmach on a kernel that boots: traps are instructions, and all that concerns memory is asked of the kernel. */
#include "libmach/internal.h"
#include "libmach/trap/trap.h"

#include <mach/mach.h>
#include <mach/mig.h>
#include <stddef.h>

#include "machsim/kern/trap.h"

mach_port_t mach_task_self_ = TASK_SELF_NAME;
mach_port_t bootstrap_port = TASK_BOOTSTRAP_NAME;
vm_size_t vm_page_size = 4096;
vm_size_t vm_page_mask = 4095;
int vm_page_shift = 12;

/* ---- ports ----------------------------------------------------------------------------------------- */

static uint64_t simple_trap(uint32_t number)
{
    return trap_call(0, 0, 0, 0, 0, number).result;
}

mach_port_t mach_thread_self(void)
{
    return (mach_port_t)simple_trap(TRAP_THREAD_SELF);
}

mach_port_t mach_host_self(void)
{
    return (mach_port_t)simple_trap(TRAP_HOST_SELF);
}

mach_port_name_t mach_reply_port(void)
{
    return (mach_port_name_t)simple_trap(TRAP_REPLY_PORT);
}

int mach_init(void)
{
    return KERN_SUCCESS; /* the kernel is there */
}

void mig_destroy_reply_port(mach_port_t port)
{
    (void)mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1);
}

/* ---- tasks ----------------------------------------------------------------------------------------- */

kern_return_t task_for_pid(mach_port_name_t target, int pid, mach_port_name_t *task)
{
    const struct trap_result result = trap_call(target, (uint64_t)(int64_t)pid, 0, 0, 0, TRAP_TASK_FOR_PID);

    *task = (mach_port_name_t)result.second;
    return (kern_return_t)result.result;
}

kern_return_t task_name_for_pid(mach_port_name_t target, int pid, mach_port_name_t *name)
{
    const struct trap_result result = trap_call(target, (uint64_t)(int64_t)pid, 0, 0, 0, TRAP_TASK_NAME_FOR_PID);

    *name = (mach_port_name_t)result.second;
    return (kern_return_t)result.result;
}

kern_return_t pid_for_task(mach_port_name_t task, int *pid)
{
    const struct trap_result result = trap_call(task, 0, 0, 0, 0, TRAP_PID_FOR_TASK);

    *pid = (int)result.second;
    return (kern_return_t)result.result;
}
