/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * self.c - a message that its sender is to receive next, at a port of its own at which no other waits: it stays where it is.
 *
 * It is sent and received at the moment when it gets its number.  What was sent to the port before, by this thread or with its
 * knowledge, shows by then: in the port's `ready` if it lies in a channel, in `queued` or `pulling` if machsim has it.  Whoever
 * waits for messages shows in `sleeping` or `parked`, and is given the message by the usual way.
 */
#include <mach/mach.h>

#include "steps.h"
#include "tables.h"

#define SELF_BITS MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0)

/* Whether nothing waits at the port, and no one. */
static bool is_idle(const struct channel_record *record, const struct channel_port *port)
{
    uint64_t ready = 0;

    for (unsigned i = 0; i < CHANNEL_INCOMING / 64; i++)
        ready |= atomic_load_explicit(&port->ready[i], memory_order_acquire);
    return ready == 0 && (atomic_load(&record->pulling) | atomic_load(&record->queued) | atomic_load(&record->flags) |
                          atomic_load(&port->sleeping) | atomic_load(&port->parked)) == 0 &&
           atomic_load_explicit(&port->credits, memory_order_relaxed) > 0;
}

/* Completes the message, whose channel is locked. */
static void complete(mach_msg_header_t *msg, mach_msg_size_t size, mach_msg_option_t option, struct channel_record *record,
                     const struct outgoing *channel)
{
    const unsigned number = atomic_load_explicit(&channel->forward->incoming, memory_order_relaxed) % CHANNEL_INCOMING;
    const struct channel_incoming *from = &atomic_load_explicit(&direct_task, memory_order_relaxed)->incoming[number];

    msg->msgh_bits = MACH_MSGH_BITS(0, MACH_MSG_TYPE_PORT_SEND);
    msg->msgh_size = size;
    msg->msgh_local_port = msg->msgh_remote_port;
    msg->msgh_remote_port = MACH_PORT_NULL;
    direct_write_trailer((uint8_t *)msg + size, option, record, &from->sender, &from->audit);
}

bool direct_to_self(mach_msg_header_t *msg, mach_msg_option_t option, mach_msg_size_t size, mach_msg_size_t room)
{
    const mach_port_name_t name = msg->msgh_remote_port;
    const struct named *named = direct_named(name);
    unsigned number;

    if ((option & ~MACH_RCV_TRAILER_MASK) != (MACH_SEND_MSG | MACH_RCV_MSG) || msg->msgh_bits != SELF_BITS ||
        msg->msgh_local_port != MACH_PORT_NULL || msg->msgh_voucher_port != MACH_PORT_NULL || size < sizeof *msg ||
        size > CHANNEL_LARGEST || size % 4 != 0 || !ipc_trailer_exists(option) || size + ipc_trailer_size(option) > room ||
        named == NULL || direct_mode == DIRECT_RANDOM)
        return false;
    struct outgoing *channel = atomic_load_explicit(&named->outgoing, memory_order_acquire);
    struct channel_record *record = channel == NULL ? NULL : direct_record(name, &number);
    const struct channel_port *port = record == NULL ? NULL : direct_page(record, number);

    if (port == NULL || !direct_lock(&channel->lock))
        return false;
    const bool passes = channel->forward != NULL && channel->name == name && atomic_load(&channel->forward->open) &&
                        is_idle(record, port) && atomic_load(&record->name) == name;

    if (passes)
        complete(msg, size, option, record, channel);
    direct_unlock(&channel->lock);
    return passes;
}
