/* SPDX-License-Identifier: BSD-2-Clause */
/* first.c - what the first program has instead of a C library, which needs a system to start: it is of one thread. */
#include <mach/mach.h>
#include <mach/mig.h>
#include <stddef.h>

#include "libmach/internal.h"

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
        mig_destroy_reply_port(former);
}

char *mig_user_allocate(vm_size_t size)
{
    vm_address_t address = 0;

    return vm_allocate(mach_task_self(), &address, size, VM_FLAGS_ANYWHERE) == KERN_SUCCESS ? (char *)address : NULL;
}

void mig_user_deallocate(char *message, vm_size_t size)
{
    (void)vm_deallocate(mach_task_self(), (vm_address_t)message, size);
}
