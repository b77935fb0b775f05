/* SPDX-License-Identifier: BSD-2-Clause */
/* owed.c - notifications that wait for memory: see owed.h. */
#include "ipc/owed.h"

#include "ipc/notify.h"
#include "kern/timer.h"

static struct lock owed_lock; /* RANK_LEAF: guards all below, and each port's `owed` and `owed_link` */
static struct list ports;
static bool trying; /* the timer is armed, or its function runs */
static struct timer timer;

/* Takes a right out of the list; NULL: none is there. */
static struct ipc_port *take(void)
{
    struct ipc_port *port = NULL;

    lock_acquire(&owed_lock);
    if (!list_empty(&ports)) {
        port = container_of(ports.next, struct ipc_port, owed_link);
        if (--port->owed == 0)
            list_remove(&port->owed_link);
    }
    lock_release(&owed_lock);
    return port;
}

static void pay(void)
{
    struct ipc_kmsg *kmsg;
    struct ipc_port *port;

    while ((kmsg = ipc_notify_alloc()) != NULL && (port = take()) != NULL) {
        if (!ipc_port_is_dead(port)) {
            ipc_notify_send_once(kmsg, port);
            continue;
        }
        ipc_port_consume_send_once(port);
        ipc_kmsg_free(kmsg);
    }
    if (kmsg != NULL)
        ipc_kmsg_free(kmsg);
}

static void try_later(void)
{
    timer_set(&timer, hal_now() + OWED_RETRY_NANOSECONDS);
}

static void try_again(struct timer *self)
{
    (void)self;
    pay();
    lock_acquire(&owed_lock);
    trying = !list_empty(&ports);
    const bool again = trying;

    lock_release(&owed_lock);
    if (again)
        try_later();
}

void ipc_owed_add(struct ipc_port *port)
{
    lock_acquire(&owed_lock);
    const bool first = !trying;

    trying = true;
    if (port->owed++ == 0)
        list_append(&ports, &port->owed_link);
    lock_release(&owed_lock);
    if (first)
        try_later();
}

void ipc_owed_init(void)
{
    lock_init(&owed_lock, RANK_LEAF);
    list_init(&ports);
    trying = false;
    timer = (struct timer){.function = try_again};
}

void ipc_owed_stop(void)
{
    struct ipc_port *port;

    (void)timer_cancel(&timer);
    while ((port = take()) != NULL)
        ipc_port_consume_send_once(port);
}
