/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mach_msg_destroy.c - letting go of what a message holds.
 *
 * It works on a message as received, and on one that could not be sent: there the rights are still in
 * the form in which they were to be sent, so that only those that would have been moved are the
 * message's.  Source: XNU's libsyscall, mach_msg_destroy.
 */
#include <mach/mach_interface.h>
#include <mach/message.h>
#include <stddef.h>

#include "right_destroy.h"

static void destroy_memory(void *address, vm_size_t size)
{
    if (size != 0)
        vm_deallocate(mach_task_self(), (vm_address_t)address, size);
}

static void destroy_ports(const mach_msg_ool_ports_descriptor_t *descriptor)
{
    mach_port_t *ports = descriptor->address;

    for (mach_msg_size_t i = 0; i < descriptor->count; i++)
        right_destroy(ports[i], descriptor->disposition);
    destroy_memory(descriptor->address, (vm_size_t)descriptor->count * sizeof(mach_port_t));
}

/* Returns the bytes that the descriptor takes: they are not all of one size. */
static size_t destroy_descriptor(const mach_msg_descriptor_t *descriptor)
{
    switch (descriptor->type.type) {
    case MACH_MSG_PORT_DESCRIPTOR:
        right_destroy(descriptor->port.name, descriptor->port.disposition);
        return sizeof descriptor->port;
    case MACH_MSG_OOL_DESCRIPTOR:
    case MACH_MSG_OOL_VOLATILE_DESCRIPTOR:
        destroy_memory(descriptor->out_of_line.address, descriptor->out_of_line.size);
        return sizeof descriptor->out_of_line;
    case MACH_MSG_OOL_PORTS_DESCRIPTOR: destroy_ports(&descriptor->ool_ports); return sizeof descriptor->ool_ports;
    case MACH_MSG_GUARDED_PORT_DESCRIPTOR:
        right_destroy(descriptor->guarded_port.name, descriptor->guarded_port.disposition);
        return sizeof descriptor->guarded_port;
    default: return 0;
    }
}

void mach_msg_destroy(mach_msg_header_t *msg)
{
    mach_msg_bits_t bits = msg->msgh_bits;

    right_destroy(msg->msgh_remote_port, MACH_MSGH_BITS_REMOTE(bits));
    right_destroy(msg->msgh_voucher_port, MACH_MSGH_BITS_VOUCHER(bits));
    if (!(bits & MACH_MSGH_BITS_COMPLEX))
        return;

    const mach_msg_base_t *base = (const mach_msg_base_t *)msg;
    const char *next = (const char *)(base + 1);
    for (mach_msg_size_t left = base->body.msgh_descriptor_count; left > 0; left--) {
        size_t size = destroy_descriptor((const mach_msg_descriptor_t *)next);
        if (size == 0)
            return;
        next += size;
    }
}
