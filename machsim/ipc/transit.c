/* SPDX-License-Identifier: BSD-2-Clause */
/* transit.c - receive rights inside messages: see transit.h. */
#include "ipc/transit.h"

static struct lock transit_lock;

void ipc_transit_init(void)
{
    lock_init(&transit_lock, RANK_TRANSIT);
}

/* Calls `function` for each receive right in the body, until it says false. */
static bool for_each_receive(struct ipc_kmsg *kmsg, bool (*function)(struct ipc_port *, struct ipc_port *destination))
{
    for (uint32_t i = 0; i < kmsg->descriptor_count; i++) {
        const struct ipc_kdescriptor *d = &kmsg->descriptors[i];

        if (d->type != MACH_MSG_TYPE_PORT_RECEIVE)
            continue;
        if (d->kind == MACH_MSG_OOL_PORTS_DESCRIPTOR) {
            for (mach_msg_size_t j = 0; j < d->count; j++)
                if (ipc_port_valid(d->ports[j]) && !function(d->ports[j], kmsg->destination.port))
                    return false;
        } else if (ipc_port_valid(d->port) && !function(d->port, kmsg->destination.port)) {
            return false;
        }
    }
    return true;
}

/* The transit lock is held: no destination changes. */
static bool makes_no_circle(struct ipc_port *port, struct ipc_port *destination)
{
    while (destination != NULL && destination != port)
        destination = destination->destination;
    return destination == NULL;
}

static bool begin(struct ipc_port *port, struct ipc_port *destination)
{
    ipc_port_reference(destination);
    ipc_port_lock(port);
    kern_assert(port->state == PORT_LIMBO);
    port->state = PORT_IN_TRANSIT;
    port->destination = destination;
    ipc_port_unlock(port);
    return true;
}

static bool end(struct ipc_port *port, struct ipc_port *unused)
{
    (void)unused;
    if (port->destination == NULL)
        return true;
    ipc_port_lock(port);
    kern_assert(port->state == PORT_IN_TRANSIT);
    port->state = PORT_LIMBO;
    ipc_port_unlock(port);
    ipc_port_release(port->destination);
    port->destination = NULL;
    return true;
}

bool ipc_transit_begin(struct ipc_kmsg *kmsg)
{
    if (!kmsg->carries_receive)
        return true;
    lock_acquire(&transit_lock);
    const bool fine = for_each_receive(kmsg, makes_no_circle);

    if (fine)
        (void)for_each_receive(kmsg, begin);
    lock_release(&transit_lock);
    return fine;
}

void ipc_transit_end(struct ipc_kmsg *kmsg)
{
    if (!kmsg->carries_receive)
        return;
    lock_acquire(&transit_lock);
    (void)for_each_receive(kmsg, end);
    lock_release(&transit_lock);
}
