/* SPDX-License-Identifier: BSD-2-Clause */
/* trap.c - libmach on a kernel that boots: traps are instructions, and all that concerns memory is asked of the kernel. */
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

uint64_t trap_simple(uint32_t number, uint64_t first, uint64_t second, uint64_t third, uint64_t fourth)
{
    const uint64_t arguments[TRAP_MAX_ARGUMENTS] = {first, second, third, fourth};
    uint64_t out;

    return trap_call(arguments, &out, number);
}

/* ---- ports ----------------------------------------------------------------------------------------- */

mach_port_t mach_thread_self(void)
{
    return (mach_port_t)trap_simple(TRAP_THREAD_SELF, 0, 0, 0, 0);
}

mach_port_t mach_host_self(void)
{
    return (mach_port_t)trap_simple(TRAP_HOST_SELF, 0, 0, 0, 0);
}

mach_port_name_t mach_reply_port(void)
{
    return (mach_port_name_t)trap_simple(TRAP_REPLY_PORT, 0, 0, 0, 0);
}

/* ---- tasks ----------------------------------------------------------------------------------------- */

static kern_return_t pid_trap(uint32_t number, uint64_t first, uint64_t second, uint64_t *out)
{
    const uint64_t arguments[TRAP_MAX_ARGUMENTS] = {first, second};

    return (kern_return_t)trap_call(arguments, out, number);
}

kern_return_t task_for_pid(mach_port_name_t target, int pid, mach_port_name_t *task)
{
    uint64_t out;
    const kern_return_t result = pid_trap(TRAP_TASK_FOR_PID, target, (uint64_t)(int64_t)pid, &out);

    *task = (mach_port_name_t)out;
    return result;
}

kern_return_t task_name_for_pid(mach_port_name_t target, int pid, mach_port_name_t *name)
{
    uint64_t out;
    const kern_return_t result = pid_trap(TRAP_TASK_NAME_FOR_PID, target, (uint64_t)(int64_t)pid, &out);

    *name = (mach_port_name_t)out;
    return result;
}

kern_return_t pid_for_task(mach_port_name_t task, int *pid)
{
    uint64_t out;
    const kern_return_t result = pid_trap(TRAP_PID_FOR_TASK, task, 0, &out);

    *pid = (int)out;
    return result;
}

/* ---- messages -------------------------------------------------------------------------------------- */

mach_msg_return_t mach_msg_overwrite(mach_msg_header_t *msg, mach_msg_option_t option, mach_msg_size_t send_size,
                                     mach_msg_size_t rcv_size, mach_port_name_t rcv_name, mach_msg_timeout_t timeout,
                                     mach_port_name_t notify, mach_msg_header_t *rcv_msg, mach_msg_size_t rcv_limit)
{
    const uint64_t arguments[TRAP_MAX_ARGUMENTS] = {
        (uintptr_t)msg, (uint64_t)(int64_t)option, send_size, rcv_size, rcv_name, timeout, notify,
        (uintptr_t)rcv_msg, rcv_limit};
    uint64_t out;

    return (mach_msg_return_t)trap_call(arguments, &out, TRAP_MACH_MSG_OVERWRITE);
}
