/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * direct.h - ports that messages can reach without the core: a machine may have ways of its own between two tasks.
 *
 * What came such a way, and was not received yet, waits at the machine's.  The core has it brought into the port's
 * queue (`pull`) before it looks at the queue for someone, and before it queues what may have been sent later; and
 * it tells the machine of all that those who use the other way must know.
 */
#ifndef IPC_DIRECT_H
#define IPC_DIRECT_H

#include "ipc/port.h"

struct ipc_direct {
    /* Queue, limit, waiting threads, sets or context of the locked port have changed. */
    void (*update)(struct ipc_direct *direct, struct ipc_port *port);
    /*
     * Takes room for one message in the locked port's queue, which is within its limit, from those who need not ask the
     * core.  False: they have all of it.  The next update tells whether it was used.
     */
    bool (*take_room)(struct ipc_direct *direct, struct ipc_port *port);
    /* Send rights to the port, or names of them, have gone or changed.  Spaces and ports may be locked. */
    void (*check)(struct ipc_direct *direct);
    /* The receive right leaves its name: no message comes the machine's way from now on.  Locked. */
    void (*leave)(struct ipc_direct *direct, struct ipc_port *port);
    /* Brings what waits elsewhere into the queue.  Takes a reference.  No locks are held. */
    void (*pull)(struct ipc_direct *direct);
    void (*reference)(struct ipc_direct *direct);
    _Atomic uint32_t *seqno; /* of the next message to be received */
};

static inline void ipc_direct_update(struct ipc_port *port)
{
    if (port->direct != NULL)
        port->direct->update(port->direct, port);
}

static inline void ipc_direct_leave(struct ipc_port *port)
{
    if (port->direct != NULL)
        port->direct->leave(port->direct, port);
}

/* A send right to an unlocked port has gone. */
static inline void ipc_direct_check(struct ipc_port *port)
{
    if (atomic_load_explicit(&port->has_direct, memory_order_relaxed)) {
        ipc_port_lock(port);
        if (port->direct != NULL)
            port->direct->check(port->direct);
        ipc_port_unlock(port);
    }
}

/* Brings all that was sent to a port into its queue.  No locks are held. */
static inline void ipc_direct_pull(struct ipc_port *port)
{
    if (!atomic_load_explicit(&port->has_direct, memory_order_relaxed))
        return;
    ipc_port_lock(port);
    struct ipc_direct *direct = port->direct;

    if (direct != NULL)
        direct->reference(direct);
    ipc_port_unlock(port);
    if (direct != NULL)
        direct->pull(direct);
}

/* The sequence number of the locked port's next message. */
static inline mach_port_seqno_t ipc_port_seqno(const struct ipc_port *port)
{
    return port->direct != NULL ? atomic_load(port->direct->seqno) : port->seqno;
}

static inline mach_port_seqno_t ipc_port_take_seqno(struct ipc_port *port)
{
    return port->direct != NULL ? atomic_fetch_add(port->direct->seqno, 1) : port->seqno++;
}

static inline void ipc_port_set_seqno(struct ipc_port *port, mach_port_seqno_t seqno)
{
    if (port->direct != NULL)
        atomic_store(port->direct->seqno, seqno);
    port->seqno = seqno;
}

#endif
