/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pset.h - port sets.  A port may be in several; messages stay with their ports.
 *
 * A link ties a port to a set.  It is in port->set_links under the port's lock, and in set->links, and in
 * set->ready while the port has messages, under the set's lock.  It comes and goes under both locks.
 */
#ifndef IPC_PSET_H
#define IPC_PSET_H

#include "ipc/port.h"

struct ipc_pset;

/* A machine that has its own ways to the set's ports (ipc/direct.h) can have its own to the set. */
struct ipc_direct_set {
    /* Ready ports, waiting threads, watcher or life of the locked set have changed. */
    void (*update)(struct ipc_direct_set *direct, struct ipc_pset *set);
    /* It has another name, or none any more.  Locked; `direct` is not the set's any more. */
    void (*leave)(struct ipc_direct_set *direct, struct ipc_pset *set);
};

struct ipc_pset {
    struct ref refs;
    struct hal_rcu rcu;
    struct lock lock;
    bool active;
    struct list links;   /* of ipc_set_link */
    struct list ready;   /* those of ports with messages; taken in turns */
    struct list waiters; /* of ipc_wait */
    void (*watcher)(struct ipc_pset *set); /* NULL, or: a port became ready, or stopped being so, or the set died */
    void *watch;
    struct ipc_direct_set *direct; /* NULL: all messages come through the core */
};

struct ipc_set_link {
    struct list port_link, set_link, ready_link;
    struct ipc_port *port;
    struct ipc_pset *set; /* both unreferenced: each takes its links along when it goes */
};

struct ipc_pset *ipc_pset_create(void);
void ipc_pset_reference(struct ipc_pset *set);
void ipc_pset_release(struct ipc_pset *set);

/* The name of the set is gone: whoever waits on it is told, and no port is in it any more.  No locks but a space's. */
void ipc_pset_destroy(struct ipc_pset *set);

/* KERN_ALREADY_IN_SET, KERN_RESOURCE_SHORTAGE; KERN_INVALID_CAPABILITY: set or port are gone. */
kern_return_t ipc_pset_add(struct ipc_pset *set, struct ipc_port *port);
/* The set's name is another one now. */
void ipc_pset_renamed(struct ipc_pset *set);
/* KERN_NOT_IN_SET. */
kern_return_t ipc_pset_remove(struct ipc_pset *set, struct ipc_port *port);
/* Takes a port, locked, out of all sets.  True: it was in one. */
bool ipc_pset_remove_from_all(struct ipc_port *port);

/* Whether those who send to the locked set's ports must do it through the core: someone waits there for that. */
static inline bool ipc_pset_is_waited_at(const struct ipc_pset *set)
{
    return set->direct == NULL || !list_empty(&set->waiters) || set->watcher != NULL;
}

/* After a change of what ipc_direct_set.update tells of. */
static inline void ipc_pset_changed(struct ipc_pset *set)
{
    if (set->watcher != NULL)
        set->watcher(set);
    if (set->direct != NULL)
        set->direct->update(set->direct, set);
}

static inline void ipc_pset_lock(struct ipc_pset *set)
{
    lock_acquire(&set->lock);
}

static inline void ipc_pset_unlock(struct ipc_pset *set)
{
    lock_release(&set->lock);
}

#endif
