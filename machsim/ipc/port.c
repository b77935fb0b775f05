/* SPDX-License-Identifier: BSD-2-Clause */
/* port.c - ports, their states, and the rights that the kernel itself holds: see port.h. */
#include "ipc/port.h"

#include "ipc/direct.h"
#include "ipc/mqueue.h"
#include "ipc/notify.h"
#include "ipc/owed.h"
#include "ipc/request.h"
#include "ipc/right.h"
#include "kern/kobject.h"
#include "vm/vm_manager.h"

mach_port_msgcount_t ipc_port_default_limit = MACH_PORT_QLIMIT_DEFAULT;

struct ipc_port *ipc_port_create(struct ipc_space *space, mach_port_name_t name)
{
    struct ipc_port *port = hal_alloc(sizeof *port);

    if (port == NULL)
        return NULL;
    ref_init(&port->refs);
    lock_init(&port->lock, RANK_PORT);
    port->state = PORT_ACTIVE;
    port->space = space;
    port->name = name;
    port->queue_limit = ipc_port_default_limit;
    list_init(&port->requests);
    list_init(&port->messages);
    list_init(&port->senders);
    list_init(&port->receivers);
    list_init(&port->set_links);
    return port;
}

void ipc_port_reference(struct ipc_port *port)
{
    ref_get(&port->refs);
}

static void port_free(struct hal_rcu *rcu)
{
    struct ipc_port *port = container_of(rcu, struct ipc_port, rcu);

    hal_free(port, sizeof *port);
}

void ipc_port_release(struct ipc_port *port)
{
    if (ref_put(&port->refs)) {
        kern_assert(port->state == PORT_DEAD && list_empty(&port->messages) && list_empty(&port->set_links));
        hal_rcu_defer(&port->rcu, port_free);
    }
}

struct ipc_port *ipc_port_create_kernel(enum ipc_object_type type, void *object)
{
    struct ipc_entry *entry;
    mach_port_name_t name;
    struct ipc_port *port = NULL;

    ipc_space_lock(ipc_space_kernel);
    if (ipc_space_alloc(ipc_space_kernel, &name, &entry) == KERN_SUCCESS) {
        port = ipc_port_create(ipc_space_kernel, name);
        if (port == NULL) {
            ipc_space_free(ipc_space_kernel, name, entry);
        } else {
            port->object_type = type;
            port->object = object;
            entry_set(entry, entry_bits(entry) | MACH_PORT_TYPE_RECEIVE, port);
            ipc_space_kernel->receives++;
        }
    }
    ipc_space_unlock(ipc_space_kernel);
    return port;
}

/* The port stands for nothing any more.  What it stood for, and the name of the receive right. */
static void *forget_object(struct ipc_port *port, mach_port_name_t *name)
{
    ipc_port_lock(port);
    void *object = port->object;

    *name = port->name;
    port->object = NULL;
    port->object_type = OBJECT_NONE;
    ipc_port_unlock(port);
    return object;
}

void *ipc_port_take_kernel(struct ipc_port *port, bool *taken)
{
    struct ipc_right right;
    mach_port_name_t name;
    void *object = forget_object(port, &name);

    ipc_space_lock(ipc_space_kernel);
    struct ipc_entry *entry = ipc_space_lookup(ipc_space_kernel, name);

    *taken = ipc_right_copyin(ipc_space_kernel, name, entry, MACH_MSG_TYPE_MOVE_RECEIVE, false, &right) == KERN_SUCCESS;
    if (!*taken)
        ipc_right_destroy(ipc_space_kernel, name, entry);
    ipc_space_unlock(ipc_space_kernel);
    return object;
}

void ipc_port_destroy_kernel(struct ipc_port *port)
{
    mach_port_name_t name;

    (void)forget_object(port, &name);
    ipc_space_lock(ipc_space_kernel);
    struct ipc_entry *entry = ipc_space_lookup(ipc_space_kernel, name);

    /* A reply that is being made just now may have a send right under that name: it becomes a dead name there. */
    if (ipc_right_delta(ipc_space_kernel, name, entry, MACH_PORT_RIGHT_RECEIVE, -1) != KERN_SUCCESS)
        ipc_right_destroy(ipc_space_kernel, name, entry); /* without memory for that the reply is lost */
    ipc_space_unlock(ipc_space_kernel);
}

/* ---- rights without names -------------------------------------------------------------------------- */

struct ipc_port *ipc_port_make_send(struct ipc_port *port)
{
    ipc_port_lock(port);
    const bool alive = port->state != PORT_DEAD;

    if (alive) {
        port->make_send_count++;
        port->send_rights++;
        ipc_port_reference(port);
    }
    ipc_port_unlock(port);
    return alive ? port : IPC_PORT_DEAD;
}

struct ipc_port *ipc_port_make_send_once(struct ipc_port *port)
{
    ipc_port_lock(port);
    const bool alive = port->state != PORT_DEAD;

    if (alive) {
        port->send_once_rights++;
        ipc_port_reference(port);
    }
    ipc_port_unlock(port);
    return alive ? port : IPC_PORT_DEAD;
}

struct ipc_port *ipc_port_copy_send(struct ipc_port *port)
{
    if (!ipc_port_valid(port))
        return port;
    ipc_port_lock(port);
    const bool alive = port->state != PORT_DEAD;

    if (alive) {
        port->send_rights++;
        ipc_port_reference(port);
    }
    ipc_port_unlock(port);
    return alive ? port : IPC_PORT_DEAD;
}

struct ipc_port *ipc_port_copy_send_at(struct ipc_port *const *place, struct lock *lock)
{
    lock_acquire(lock);
    struct ipc_port *port = *place;

    if (ipc_port_valid(port))
        ipc_port_reference(port);
    lock_release(lock);
    if (!ipc_port_valid(port))
        return port;
    struct ipc_port *right = ipc_port_copy_send(port);

    ipc_port_release(port);
    return right;
}

bool ipc_port_is_dead(struct ipc_port *port)
{
    ipc_port_lock(port);
    const bool dead = port->state == PORT_DEAD;

    ipc_port_unlock(port);
    return dead;
}

static void unreferenced_now(struct defer *work)
{
    struct ipc_port *port = container_of(work, struct ipc_port, destroy);
    const enum ipc_object_type type = port->object_type;
    void *object = port->object;

    ipc_port_destroy_kernel(port);
    kobject_unreferenced(type, object);
    ipc_port_release(port);
}

/* No one can name the locked port any more: what it stands for goes, and it with that. */
static void ipc_port_unreferenced(struct ipc_port *port)
{
    ipc_port_reference(port);
    defer(&port->destroy, unreferenced_now);
}

void ipc_port_release_send(struct ipc_port *port)
{
    if (!ipc_port_valid(port))
        return;
    ipc_port_lock(port);
    kern_assert(port->send_rights > 0);
    if (--port->send_rights == 0 && port->no_senders != NULL && port->state != PORT_DEAD) {
        struct ipc_request *request = port->no_senders;

        port->no_senders = NULL;
        ipc_notify_no_senders(request->kmsg, request->notify, port->make_send_count);
        request->kmsg = NULL;
        (void)ipc_request_free(request);
    }
    if (port->send_rights == 0 && kobject_goes_unreferenced(port->object_type))
        ipc_port_unreferenced(port);
    ipc_port_unlock(port);
    ipc_port_release(port);
}

void ipc_port_consume_send_once(struct ipc_port *port)
{
    ipc_port_lock(port);
    kern_assert(port->send_once_rights > 0);
    port->send_once_rights--;
    ipc_port_unlock(port);
    ipc_port_release(port);
}

void ipc_port_release_send_once(struct ipc_port *port)
{
    if (!ipc_port_valid(port))
        return;
    if (ipc_port_is_dead(port)) {
        ipc_port_consume_send_once(port);
        return;
    }
    struct ipc_kmsg *kmsg = ipc_notify_alloc();

    if (kmsg != NULL)
        ipc_notify_send_once(kmsg, port);
    else
        ipc_owed_add(port);
}

void ipc_right_release(struct ipc_right right)
{
    if (!ipc_port_valid(right.port))
        return;
    switch (right.type) {
    case MACH_MSG_TYPE_PORT_SEND: ipc_port_release_send(right.port); break;
    case MACH_MSG_TYPE_PORT_SEND_ONCE: ipc_port_release_send_once(right.port); break;
    case MACH_MSG_TYPE_PORT_RECEIVE: ipc_port_destroy(right.port); break;
    default: kern_assert(right.type == 0);
    }
}

/* ---- the receive right's end ----------------------------------------------------------------------- */

void ipc_port_leave_space(struct ipc_port *port, mach_msg_return_t told)
{
    kern_assert(port->state == PORT_ACTIVE);
    ipc_direct_leave(port);
    port->state = PORT_LIMBO;
    port->space = NULL;
    port->name = MACH_PORT_NULL;
    port->seqno = 0;
    port->make_send_count = 0;
    (void)ipc_pset_remove_from_all(port);
    ipc_mqueue_wake_receivers(&port->receivers, told);
    if (port->watched)
        port->watcher(port);
}

/* The port is dead: what it held goes, and everyone hears who asked to. */
static void die(struct ipc_port *port)
{
    port->state = PORT_DEAD;
    ipc_mqueue_destroy(port);
    ipc_request_tell_dead(port);
    if (port->no_senders != NULL) {
        struct ipc_request *request = port->no_senders;

        port->no_senders = NULL;
        ipc_notify_send_once(request->kmsg, request->notify);
        request->kmsg = NULL;
        (void)ipc_request_free(request);
    }
}

static void destroy_now(struct defer *work)
{
    struct ipc_port *port = container_of(work, struct ipc_port, destroy);

    ipc_port_lock(port);
    kern_assert(port->state == PORT_LIMBO);
    struct ipc_request *request = port->port_destroyed;

    if (request == NULL) {
        die(port);
        ipc_port_unlock(port);
        vm_manager_died(port);
        ipc_port_release(port);
        return;
    }
    port->port_destroyed = NULL;
    ipc_port_unlock(port);
    ipc_notify_port_destroyed(request->kmsg, request->notify, port);
    request->kmsg = NULL;
    (void)ipc_request_free(request);
}

void ipc_port_destroy(struct ipc_port *port)
{
    defer(&port->destroy, destroy_now);
}
