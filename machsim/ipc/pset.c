/* SPDX-License-Identifier: BSD-2-Clause */
/* pset.c - port sets: see pset.h. */
#include "ipc/pset.h"

#include "ipc/direct.h"
#include "ipc/mqueue.h"

struct ipc_pset *ipc_pset_create(void)
{
    struct ipc_pset *set = hal_alloc(sizeof *set);

    if (set == NULL)
        return NULL;
    ref_init(&set->refs);
    lock_init(&set->lock, RANK_SET);
    set->active = true;
    list_init(&set->links);
    list_init(&set->ready);
    list_init(&set->waiters);
    return set;
}

void ipc_pset_reference(struct ipc_pset *set)
{
    ref_get(&set->refs);
}

static void pset_free(struct hal_rcu *rcu)
{
    struct ipc_pset *set = container_of(rcu, struct ipc_pset, rcu);

    hal_free(set, sizeof *set);
}

void ipc_pset_release(struct ipc_pset *set)
{
    if (ref_put(&set->refs)) {
        kern_assert(!set->active && list_empty(&set->links));
        hal_rcu_defer(&set->rcu, pset_free);
    }
}

static struct ipc_set_link *find(struct ipc_port *port, const struct ipc_pset *set)
{
    list_for_each(at, &port->set_links) {
        struct ipc_set_link *link = container_of(at, struct ipc_set_link, port_link);

        if (link->set == set)
            return link;
    }
    return NULL;
}

/* Ties a locked port to a locked set. */
static void join(struct ipc_set_link *link)
{
    list_append(&link->port->set_links, &link->port_link);
    list_append(&link->set->links, &link->set_link);
    if (!list_empty(&link->port->messages))
        list_append(&link->set->ready, &link->ready_link);
    ipc_pset_changed(link->set);
}

kern_return_t ipc_pset_add(struct ipc_pset *set, struct ipc_port *port)
{
    struct ipc_set_link *link = hal_alloc(sizeof *link);
    kern_return_t result = KERN_SUCCESS;

    if (link == NULL)
        return KERN_RESOURCE_SHORTAGE;
    *link = (struct ipc_set_link){.port = port, .set = set};
    ipc_port_lock(port);
    ipc_pset_lock(set);
    if (port->state != PORT_ACTIVE || !set->active)
        result = KERN_INVALID_CAPABILITY;
    else if (find(port, set) != NULL)
        result = KERN_ALREADY_IN_SET;
    else
        join(link);
    ipc_pset_unlock(set);
    ipc_direct_update(port);
    if (result == KERN_SUCCESS)
        ipc_mqueue_joined(port, set);
    else
        hal_free(link, sizeof *link);
    ipc_port_unlock(port);
    return result;
}

/* Takes a link out and frees it.  Port and set are locked. */
static void unlink(struct ipc_set_link *link)
{
    list_remove(&link->port_link);
    list_remove(&link->set_link);
    if (list_linked(&link->ready_link))
        list_remove(&link->ready_link);
    ipc_pset_changed(link->set);
    hal_free(link, sizeof *link);
}

kern_return_t ipc_pset_remove(struct ipc_pset *set, struct ipc_port *port)
{
    ipc_port_lock(port);
    ipc_pset_lock(set);
    struct ipc_set_link *link = find(port, set);

    if (link != NULL)
        unlink(link);
    ipc_pset_unlock(set);
    ipc_direct_update(port);
    ipc_port_unlock(port);
    return link != NULL ? KERN_SUCCESS : KERN_NOT_IN_SET;
}

bool ipc_pset_remove_from_all(struct ipc_port *port)
{
    const bool was_in_one = !list_empty(&port->set_links);

    while (!list_empty(&port->set_links)) {
        struct ipc_set_link *link = container_of(port->set_links.next, struct ipc_set_link, port_link);
        struct ipc_pset *set = link->set;

        ipc_pset_lock(set);
        unlink(link);
        ipc_pset_unlock(set);
    }
    ipc_direct_update(port);
    return was_in_one;
}

/* A port that is in the set, with a reference; NULL: none is. */
static struct ipc_port *some_member(struct ipc_pset *set)
{
    struct ipc_port *port = NULL;

    ipc_pset_lock(set);
    if (!list_empty(&set->links)) {
        port = container_of(set->links.next, struct ipc_set_link, set_link)->port;
        ipc_port_reference(port); /* it lives: it takes its links along when it leaves its space */
    }
    ipc_pset_unlock(set);
    return port;
}

/* Ports of the locked set are reached through the core alone from now on. */
static void leave_direct(struct ipc_pset *set)
{
    struct ipc_direct_set *direct = set->direct;

    set->direct = NULL;
    if (direct != NULL)
        direct->leave(direct, set);
}

void ipc_pset_renamed(struct ipc_pset *set)
{
    ipc_pset_lock(set);
    leave_direct(set);
    ipc_pset_unlock(set);
}

void ipc_pset_destroy(struct ipc_pset *set)
{
    ipc_pset_lock(set);
    leave_direct(set);
    set->active = false;
    ipc_mqueue_wake_receivers(&set->waiters, MACH_RCV_PORT_DIED);
    ipc_pset_changed(set);
    ipc_pset_unlock(set);
    for (struct ipc_port *port; (port = some_member(set)) != NULL;) {
        (void)ipc_pset_remove(set, port);
        ipc_port_release(port);
    }
    ipc_pset_release(set);
}
