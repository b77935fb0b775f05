/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trap.c - libmach on a kernel that boots: traps are instructions, and all that concerns memory is asked of the kernel.  So far
 * for programs of one thread without a C library.
 */
#include "libmach/trap/trap.h"

#include <mach/mach.h>
#include <mach/mig.h>
#include <stddef.h>

#include "machsim/kern/trap.h"

#define TRAP_PRINT 30 /* GNU Mach's mach_print */

uint64_t trap_call(const uint64_t arguments[TRAP_MAX_ARGUMENTS], uint64_t *out, uint32_t number);

mach_port_t mach_task_self_ = TASK_SELF_NAME;
mach_port_t bootstrap_port = TASK_BOOTSTRAP_NAME;
vm_size_t vm_page_size = 4096;
vm_size_t vm_page_mask = 4095;
int vm_page_shift = 12;

static uint64_t simple_trap(uint32_t number, uint64_t first, uint64_t second, uint64_t third, uint64_t fourth)
{
    const uint64_t arguments[TRAP_MAX_ARGUMENTS] = {first, second, third, fourth};
    uint64_t out;

    return trap_call(arguments, &out, number);
}

void mach_print(const char *text)
{
    (void)simple_trap(TRAP_PRINT, (uintptr_t)text, 0, 0, 0);
}

/* ---- ports ----------------------------------------------------------------------------------------- */

mach_port_t mach_thread_self(void)
{
    return (mach_port_t)simple_trap(TRAP_THREAD_SELF, 0, 0, 0, 0);
}

mach_port_t mach_host_self(void)
{
    return (mach_port_t)simple_trap(TRAP_HOST_SELF, 0, 0, 0, 0);
}

mach_port_name_t mach_reply_port(void)
{
    return (mach_port_name_t)simple_trap(TRAP_REPLY_PORT, 0, 0, 0, 0);
}

static mach_port_t reply_port;

mach_port_t mig_get_reply_port(void)
{
    if (reply_port == MACH_PORT_NULL)
        reply_port = mach_reply_port();
    return reply_port;
}

void mig_put_reply_port(mach_port_t port)
{
    (void)port; /* it stays for the next call */
}

void mig_dealloc_reply_port(mach_port_t port)
{
    const mach_port_t former = reply_port;

    (void)port;
    reply_port = MACH_PORT_NULL;
    if (former != MACH_PORT_NULL)
        (void)simple_trap(TRAP_PORT_MOD_REFS, mach_task_self(), former, MACH_PORT_RIGHT_RECEIVE, (uint64_t)-1);
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

/* ---- memory ---------------------------------------------------------------------------------------- */

char *mig_user_allocate(vm_size_t size)
{
    vm_address_t address = 0;

    return vm_allocate(mach_task_self(), &address, size, VM_FLAGS_ANYWHERE) == KERN_SUCCESS ? (char *)address : NULL;
}

void mig_user_deallocate(char *message, vm_size_t size)
{
    (void)vm_deallocate(mach_task_self(), (vm_address_t)message, size);
}
