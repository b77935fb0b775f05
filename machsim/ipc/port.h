/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * port.h - ports: a queue of messages, one receive right, and counts of the rights to send.
 *
 * States, and what leads from one to another:
 *
 *   from        to          by
 *   (new)       ACTIVE      ipc_port_create: into a space, under a name
 *   ACTIVE      LIMBO       ipc_right_copyin of the receive right; ipc_right_destroy, mod_refs: about to be destroyed
 *   LIMBO       IN_TRANSIT  ipc_transit_begin: its message is queued, or its sender waits for room
 *   IN_TRANSIT  LIMBO       ipc_transit_end: its message was received or destroyed
 *   LIMBO       ACTIVE      ipc_right_copyout
 *   LIMBO       DEAD        ipc_port_destroy: no one will receive any more
 *
 * A dead port is freed when the last right to it is gone.
 */
#ifndef IPC_PORT_H
#define IPC_PORT_H

#include <mach/message.h>
#include <mach/port.h>

#include "ipc/space.h"
#include "kern/defer.h"
#include "kern/list.h"

struct ipc_direct;
struct ipc_kmsg;
struct ipc_request;

enum ipc_port_state { PORT_ACTIVE, PORT_LIMBO, PORT_IN_TRANSIT, PORT_DEAD };

/* What a port of the kernel's stands for. */
enum ipc_object_type {
    OBJECT_NONE,
    OBJECT_HOST,
    OBJECT_HOST_PRIV,
    OBJECT_TASK,
    OBJECT_TASK_NAME,
    OBJECT_THREAD,
    OBJECT_FILE,
    OBJECT_NAMED_ENTRY,
    OBJECT_MEMORY_CONTROL,
    OBJECT_CLOCK,
    OBJECT_DEVICE,
    OBJECT_DEVICE_MASTER,
    OBJECT_EXCEPTION, /* a thread's, for answers about its exceptions */
    OBJECT_TYPES
};

struct ipc_port {
    struct ref refs; /* each right, request and waiting thread has one */
    struct hal_rcu rcu;
    struct defer destroy;
    struct lock lock; /* guards all below */
    enum ipc_port_state state;
    struct ipc_space *space;      /* ACTIVE: not referenced; a space outlives its receive rights */
    mach_port_name_t name;        /* ACTIVE */
    struct ipc_port *destination; /* IN_TRANSIT: referenced; changes also need the transit lock */
    _Atomic enum ipc_object_type object_type; /* read without the lock to tell kernel objects apart */
    void *object; /* what the kernel's port stands for; not referenced */
    _Atomic(struct vm_manager *) manager; /* of the memory object that a program's port stands for; the memory lock guards it */

    mach_port_rights_t send_rights;
    mach_port_rights_t send_once_rights;
    mach_port_mscount_t make_send_count;
    struct ipc_request *no_senders;     /* who wants to hear that the last send right is gone, or NULL */
    struct ipc_request *port_destroyed; /* who wants the receive right when it is let go of, or NULL */
    struct list requests;               /* of ipc_request: who wants to hear of death or of room */

    struct list messages; /* of ipc_kmsg, oldest first */
    mach_port_msgcount_t message_count;
    mach_port_msgcount_t queue_limit;
    mach_port_seqno_t seqno; /* ipc_port_seqno */
    struct list senders;    /* of ipc_wait: threads with a message that found no room */
    struct list receivers;  /* of ipc_wait */
    struct list set_links;  /* of ipc_set_link */
    mach_port_rights_t owed; /* of the send-once rights, those whose end is still to be told: owed.c has the lock */
    struct list owed_link;
    uint32_t armed_requests; /* send-possible requests to tell when there is room */

    mach_port_context_t context;
    mach_port_context_t guard;
    bool guarded, strict_guard, immovable, temporary_owner, watched; /* immovable, strict: only if guarded */
    void (*watcher)(struct ipc_port *port); /* with `watched`: a message has come or gone, or the port */
    void *watch;
    struct ipc_direct *direct; /* NULL: all messages come through the core; see direct.h */
    _Atomic bool has_direct;   /* read without the lock: whether to look */
};

/* A right in the kernel's hands: type is MACH_MSG_TYPE_PORT_RECEIVE, _SEND or _SEND_ONCE, or 0 for none. */
struct ipc_right {
    struct ipc_port *port; /* NULL, IPC_PORT_DEAD or a reference */
    mach_msg_type_name_t type;
};

#define IPC_PORT_DEAD ((struct ipc_port *)-1)

static inline bool ipc_port_valid(const struct ipc_port *port)
{
    return port != NULL && port != IPC_PORT_DEAD;
}

static inline void ipc_port_lock(struct ipc_port *port)
{
    lock_acquire(&port->lock);
}

static inline void ipc_port_unlock(struct ipc_port *port)
{
    lock_release(&port->lock);
}

/* The queue limit of new ports: MACH_PORT_QLIMIT_DEFAULT, or what the machine sets before the core starts. */
extern mach_port_msgcount_t ipc_port_default_limit;

/* A port whose receive right is in `space` as `name`; the caller puts it there.  NULL: no memory. */
struct ipc_port *ipc_port_create(struct ipc_space *space, mach_port_name_t name);
void ipc_port_reference(struct ipc_port *port);
void ipc_port_release(struct ipc_port *port);

/* A port for a kernel object, with the receive right in the kernel's space.  NULL: no memory. */
struct ipc_port *ipc_port_create_kernel(enum ipc_object_type type, void *object);
/* Its object, which is given back, is gone: the receive right is the caller's, or without memory for that dies. */
void *ipc_port_take_kernel(struct ipc_port *port, bool *taken);
/* Its object is gone: destroys it. */
void ipc_port_destroy_kernel(struct ipc_port *port);

/* ---- rights that the kernel makes, without names --------------------------------------------------- */

/* A new send right from the receive right, which the caller is sure of.  Gives back port, or IPC_PORT_DEAD. */
struct ipc_port *ipc_port_make_send(struct ipc_port *port);
struct ipc_port *ipc_port_make_send_once(struct ipc_port *port);
/* Another send right.  Takes NULL and IPC_PORT_DEAD too; gives IPC_PORT_DEAD for a dead port. */
struct ipc_port *ipc_port_copy_send(struct ipc_port *port);
/* The same for a place that a lock guards, which this takes: what stands there may change, and go, meanwhile. */
struct ipc_port *ipc_port_copy_send_at(struct ipc_port *const *place, struct lock *lock);
/* Whether no one will receive from it any more. */
bool ipc_port_is_dead(struct ipc_port *port);
/* Lets go of a send right: the last one tells whoever asked to hear of no senders. */
void ipc_port_release_send(struct ipc_port *port);
/* Lets go of a send-once right without using it: its receiver hears of that. */
void ipc_port_release_send_once(struct ipc_port *port);
/* A send-once right was used up by a message. */
void ipc_port_consume_send_once(struct ipc_port *port);
/* Lets go of any right. */
void ipc_right_release(struct ipc_right right);

/*
 * Lets go of the receive right, with its reference, of a port in limbo: soon the port is sent to whoever asked for
 * it, or dies.  May be called with locks held.
 */
void ipc_port_destroy(struct ipc_port *port);

/* The receive right has left its space: no longer in sets, and who waits for messages is told.  Locked; ACTIVE. */
void ipc_port_leave_space(struct ipc_port *port, mach_msg_return_t told);

#endif
