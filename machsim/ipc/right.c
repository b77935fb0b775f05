/* SPDX-License-Identifier: BSD-2-Clause */
/* right.c - names that come and go, and their user references: see right.h. */
#include "ipc/right.h"

#include "ipc/direct.h"
#include "ipc/mqueue.h"
#include "ipc/request.h"

#include <mach/notify.h>

#define PORT_RIGHTS (MACH_PORT_TYPE_SEND_RECEIVE | MACH_PORT_TYPE_SEND_ONCE)

mach_msg_type_name_t ipc_right_result(mach_msg_type_name_t disposition)
{
    switch (disposition) {
    case MACH_MSG_TYPE_MOVE_RECEIVE: return MACH_MSG_TYPE_PORT_RECEIVE;
    case MACH_MSG_TYPE_MOVE_SEND:
    case MACH_MSG_TYPE_COPY_SEND:
    case MACH_MSG_TYPE_MAKE_SEND: return MACH_MSG_TYPE_PORT_SEND;
    case MACH_MSG_TYPE_MOVE_SEND_ONCE:
    case MACH_MSG_TYPE_MAKE_SEND_ONCE: return MACH_MSG_TYPE_PORT_SEND_ONCE;
    default: return 0;
    }
}

/* ---- looking --------------------------------------------------------------------------------------- */

/* The entry's port has died.  Counts of a dead port no longer matter; the reference does. */
static uint32_t become_dead_name(struct ipc_space *space, struct ipc_entry *entry)
{
    struct ipc_port *port = entry_object(entry);
    uint32_t bits = entry_bits(entry);
    uint32_t urefs = bits & MACH_PORT_TYPE_SEND ? bits & ENTRY_UREFS_MASK : 1;

    if (bits & MACH_PORT_TYPE_SEND) {
        ipc_hash_remove(&space->hash, port);
        ipc_port_release_send(port);
    } else {
        ipc_port_consume_send_once(port);
    }
    if (entry->request != NULL) {
        /* The notification that was sent carries the name, and so a reference to it. */
        (void)ipc_request_free(entry->request);
        entry->request = NULL;
        if (urefs < ENTRY_UREFS_MAX)
            urefs++;
    }
    bits = (bits & ENTRY_GEN_MASK) | MACH_PORT_TYPE_DEAD_NAME | urefs;
    entry_set(entry, bits, NULL);
    return bits;
}

uint32_t ipc_right_check(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry)
{
    const uint32_t bits = entry_bits(entry);

    (void)name;
    if (!(bits & MACH_PORT_TYPE_SEND_RIGHTS) || (bits & MACH_PORT_TYPE_RECEIVE) || !ipc_port_is_dead(entry_object(entry)))
        return bits;
    return become_dead_name(space, entry);
}

kern_return_t ipc_right_lookup(struct ipc_space *space, mach_port_name_t name, mach_port_type_t types,
                               struct ipc_entry **entry)
{
    *entry = ipc_space_lookup(space, name);
    if (*entry == NULL)
        return KERN_INVALID_NAME;
    return ipc_right_check(space, name, *entry) & types ? KERN_SUCCESS : KERN_INVALID_RIGHT;
}

mach_port_type_t ipc_right_info(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry)
{
    mach_port_type_t type = ipc_right_check(space, name, entry) & ENTRY_TYPE_MASK;
    struct ipc_request *request = type & PORT_RIGHTS ? entry->request : NULL;

    if (request != NULL && !ipc_request_told(entry_object(entry), request)) {
        type |= MACH_PORT_TYPE_DNREQUEST;
        if (request->send_possible)
            type |= request->armed ? MACH_PORT_TYPE_SPREQUEST : MACH_PORT_TYPE_SPREQUEST_DELAYED;
    }
    return type;
}

mach_port_urefs_t ipc_right_urefs(uint32_t bits, mach_port_right_t right)
{
    if (right >= MACH_PORT_RIGHT_LABELH || !(bits & MACH_PORT_TYPE(right)))
        return 0;
    switch (right) {
    case MACH_PORT_RIGHT_SEND:
    case MACH_PORT_RIGHT_DEAD_NAME: return bits & ENTRY_UREFS_MASK;
    default: return 1;
    }
}

kern_return_t ipc_right_find(struct ipc_space *space, mach_port_name_t name, mach_port_type_t types, uint32_t *bits,
                             void **object)
{
    kern_return_t result = KERN_SUCCESS;

    hal_rcu_read_lock();
    if (ipc_space_snapshot(space, name, bits, object) && (*bits & types) &&
        ref_try_get(*bits & MACH_PORT_TYPE_PORT_SET ? &((struct ipc_pset *)*object)->refs
                                                    : &((struct ipc_port *)*object)->refs)) {
        hal_rcu_read_unlock();
        return KERN_SUCCESS;
    }
    hal_rcu_read_unlock();
    ipc_space_lock(space);
    struct ipc_entry *entry = ipc_space_lookup(space, name);

    *bits = entry == NULL ? 0 : ipc_right_check(space, name, entry);
    if (entry == NULL)
        result = KERN_INVALID_NAME;
    else if (!(*bits & types))
        result = KERN_INVALID_RIGHT;
    else if (*bits & MACH_PORT_TYPE_PORT_SET)
        ipc_pset_reference(*object = entry_object(entry));
    else
        ipc_port_reference(*object = entry_object(entry));
    ipc_space_unlock(space);
    return result;
}

/* ---- letting go ------------------------------------------------------------------------------------ */

/* The name's rights to send are about to go: whoever asked about them hears that, and not of more. */
static void request_deleted(struct ipc_entry *entry)
{
    if (entry->request != NULL)
        ipc_request_tell_deleted(entry_object(entry), entry->request);
    entry->request = NULL;
}

/* Takes the receive right out of the entry: the port is in limbo, with the right's reference the caller's. */
static void drop_receive(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry,
                         mach_msg_return_t told)
{
    struct ipc_port *port = entry_object(entry);
    const uint32_t bits = entry_bits(entry);

    ipc_port_lock(port);
    ipc_port_leave_space(port, told);
    ipc_port_unlock(port);
    space->receives--;
    if (bits & MACH_PORT_TYPE_SEND) {
        /* One reference was the receive right's, one is the send right's. */
        ipc_hash_insert(&space->hash, port, MACH_PORT_INDEX(name));
        entry_set_bits(entry, bits & ~MACH_PORT_TYPE_RECEIVE);
    } else {
        request_deleted(entry);
        ipc_space_free(space, name, entry);
    }
}

/* The receive right can leave an entry that keeps send rights only if the hash has room for them. */
static bool receive_can_go(struct ipc_space *space, uint32_t bits)
{
    return !(bits & MACH_PORT_TYPE_SEND) || ipc_hash_reserve(&space->hash);
}

/* Takes the send right out of the entry, with all its references; the right is the caller's. */
static void drop_send(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry)
{
    const uint32_t bits = entry_bits(entry);

    ipc_direct_check(entry_object(entry));
    if (bits & MACH_PORT_TYPE_RECEIVE) {
        entry_set_bits(entry, bits & ~(MACH_PORT_TYPE_SEND | ENTRY_UREFS_MASK));
        return;
    }
    ipc_hash_remove(&space->hash, entry_object(entry));
    request_deleted(entry);
    ipc_space_free(space, name, entry);
}

static void drop_send_once(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry)
{
    request_deleted(entry);
    ipc_space_free(space, name, entry);
}

void ipc_right_destroy(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry)
{
    const uint32_t bits = ipc_right_check(space, name, entry);
    void *object = entry_object(entry);

    if (bits & MACH_PORT_TYPE_SEND) {
        drop_send(space, name, entry);
        ipc_port_release_send(object);
    }
    if (bits & MACH_PORT_TYPE_RECEIVE) {
        drop_receive(space, name, entry, MACH_RCV_PORT_DIED);
        ipc_port_destroy(object);
    } else if (bits & MACH_PORT_TYPE_SEND_ONCE) {
        drop_send_once(space, name, entry);
        ipc_port_release_send_once(object);
    } else if (bits & MACH_PORT_TYPE_PORT_SET) {
        ipc_space_free(space, name, entry);
        ipc_pset_destroy(object);
    } else if (bits & MACH_PORT_TYPE_DEAD_NAME) {
        ipc_space_free(space, name, entry);
    }
}

/* Lets go of `count` references to a send right or dead name, of which there are at least as many. */
static void drop_urefs(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry, uint32_t count)
{
    const uint32_t bits = entry_bits(entry);
    struct ipc_port *port = entry_object(entry);

    if ((bits & ENTRY_UREFS_MASK) > count) {
        entry_set_bits(entry, bits - count);
    } else if (bits & MACH_PORT_TYPE_SEND) {
        drop_send(space, name, entry);
        ipc_port_release_send(port);
    } else {
        ipc_space_free(space, name, entry);
    }
}

kern_return_t ipc_right_deallocate(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry)
{
    const uint32_t bits = ipc_right_check(space, name, entry);

    if (bits & (MACH_PORT_TYPE_SEND | MACH_PORT_TYPE_DEAD_NAME)) {
        drop_urefs(space, name, entry, 1);
        return KERN_SUCCESS;
    }
    if (bits & MACH_PORT_TYPE_SEND_ONCE) {
        ipc_right_destroy(space, name, entry);
        return KERN_SUCCESS;
    }
    return KERN_INVALID_RIGHT;
}

/* Adds or takes references of a send right or dead name. */
static kern_return_t delta_urefs(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry,
                                 mach_port_delta_t delta)
{
    const uint32_t bits = entry_bits(entry), urefs = bits & ENTRY_UREFS_MASK;

    if (delta < 0 && (uint32_t)-(int64_t)delta > urefs)
        return KERN_INVALID_VALUE;
    if (delta > 0 && (uint32_t)delta > ENTRY_UREFS_MAX - urefs)
        return KERN_UREFS_OVERFLOW;
    if (delta < 0)
        drop_urefs(space, name, entry, (uint32_t)-(int64_t)delta);
    else
        entry_set_bits(entry, bits + (uint32_t)delta);
    return KERN_SUCCESS;
}

/* Lets go of the receive right alone. */
static kern_return_t destroy_receive(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry)
{
    struct ipc_port *port = entry_object(entry);

    if (!receive_can_go(space, entry_bits(entry)))
        return KERN_RESOURCE_SHORTAGE;
    drop_receive(space, name, entry, MACH_RCV_PORT_DIED);
    ipc_port_destroy(port);
    return KERN_SUCCESS;
}

kern_return_t ipc_right_delta(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry,
                              mach_port_right_t right, mach_port_delta_t delta)
{
    const uint32_t bits = ipc_right_check(space, name, entry);

    if (right >= MACH_PORT_RIGHT_LABELH)
        return KERN_INVALID_VALUE;
    if (!(bits & MACH_PORT_TYPE(right)))
        return KERN_INVALID_RIGHT;
    if (right == MACH_PORT_RIGHT_SEND || right == MACH_PORT_RIGHT_DEAD_NAME)
        return delta_urefs(space, name, entry, delta);
    if (delta == 0)
        return KERN_SUCCESS;
    if (delta != -1)
        return KERN_INVALID_VALUE;
    if (right == MACH_PORT_RIGHT_RECEIVE) {
        if (((struct ipc_port *)entry_object(entry))->guarded)
            return KERN_INVALID_ARGUMENT;
        return destroy_receive(space, name, entry);
    }
    ipc_right_destroy(space, name, entry);
    return KERN_SUCCESS;
}

kern_return_t ipc_right_destruct(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry,
                                 mach_port_delta_t send_delta, mach_port_context_t guard)
{
    const uint32_t bits = ipc_right_check(space, name, entry);
    struct ipc_port *port = entry_object(entry);

    if (!(bits & MACH_PORT_TYPE_RECEIVE))
        return KERN_INVALID_RIGHT;
    if (port->guarded && port->guard != guard)
        return KERN_INVALID_ARGUMENT;
    if (send_delta != 0 && !(bits & MACH_PORT_TYPE_SEND))
        return KERN_INVALID_RIGHT;
    if (send_delta > 0 || (uint32_t)-(int64_t)send_delta > (bits & ENTRY_UREFS_MASK))
        return KERN_INVALID_VALUE;
    if (!receive_can_go(space, bits))
        return KERN_RESOURCE_SHORTAGE;
    if (send_delta < 0)
        drop_urefs(space, name, entry, (uint32_t)-(int64_t)send_delta);
    return destroy_receive(space, name, entry);
}

void ipc_right_rename(struct ipc_space *space, mach_port_name_t old_name, struct ipc_entry *old,
                      mach_port_name_t new_name, struct ipc_entry *new)
{
    const uint32_t bits = ipc_right_check(space, old_name, old);
    void *object = entry_object(old);

    new->request = old->request;
    old->request = NULL;
    if (new->request != NULL) {
        ipc_port_lock(object);
        new->request->name = new_name;
        ipc_port_unlock(object);
    }
    if (bits & MACH_PORT_TYPE_PORT_SET)
        ipc_pset_renamed(object);
    if (bits & MACH_PORT_TYPE_RECEIVE) {
        ipc_port_lock(object);
        ipc_direct_leave(object);
        ((struct ipc_port *)object)->name = new_name;
        ipc_port_unlock(object);
    } else if (bits & MACH_PORT_TYPE_SEND) {
        ipc_hash_move(&space->hash, object, MACH_PORT_INDEX(new_name));
        ipc_direct_check(object);
    }
    entry_set(new, (entry_bits(new) & ENTRY_GEN_MASK) | (bits & ~ENTRY_GEN_MASK), object);
    ipc_space_free(space, old_name, old);
}

/* ---- copyin ---------------------------------------------------------------------------------------- */

static mach_port_type_t needed_type(mach_msg_type_name_t disposition)
{
    switch (disposition) {
    case MACH_MSG_TYPE_MOVE_RECEIVE:
    case MACH_MSG_TYPE_MAKE_SEND:
    case MACH_MSG_TYPE_MAKE_SEND_ONCE: return MACH_PORT_TYPE_RECEIVE;
    case MACH_MSG_TYPE_MOVE_SEND:
    case MACH_MSG_TYPE_COPY_SEND: return MACH_PORT_TYPE_SEND;
    case MACH_MSG_TYPE_MOVE_SEND_ONCE: return MACH_PORT_TYPE_SEND_ONCE;
    default: return MACH_PORT_TYPE_NONE;
    }
}

/* A dead name stands for the send or send-once right that it was. */
static bool dead_name_does(mach_port_type_t needed)
{
    return (needed & MACH_PORT_TYPE_SEND_RIGHTS) != 0;
}

bool ipc_right_copyin_check(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry,
                            mach_msg_type_name_t disposition, bool dead_ok)
{
    const uint32_t bits = ipc_right_check(space, name, entry);
    const mach_port_type_t needed = needed_type(disposition);

    if (bits & MACH_PORT_TYPE_DEAD_NAME)
        return dead_ok && dead_name_does(needed);
    if (!(bits & needed))
        return false;
    return disposition != MACH_MSG_TYPE_MOVE_RECEIVE || !((struct ipc_port *)entry_object(entry))->guarded;
}

static struct ipc_port *move_send(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry)
{
    struct ipc_port *port = entry_object(entry);

    if (entry_urefs(entry) > 1) {
        entry_set_bits(entry, entry_bits(entry) - 1);
        return ipc_port_copy_send(port);
    }
    drop_send(space, name, entry);
    return port;
}

static kern_return_t copyin_dead(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry,
                                 mach_msg_type_name_t disposition)
{
    if (disposition != MACH_MSG_TYPE_COPY_SEND)
        drop_urefs(space, name, entry, 1);
    return KERN_SUCCESS;
}

kern_return_t ipc_right_copyin(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry,
                               mach_msg_type_name_t disposition, bool dead_ok, struct ipc_right *right)
{
    struct ipc_port *port = entry_object(entry);

    if (ipc_right_result(disposition) == 0)
        return KERN_INVALID_VALUE;
    if (!ipc_right_copyin_check(space, name, entry, disposition, dead_ok))
        return KERN_INVALID_RIGHT;
    *right = (struct ipc_right){.port = IPC_PORT_DEAD, .type = ipc_right_result(disposition)};
    if (entry_type(entry) == MACH_PORT_TYPE_DEAD_NAME)
        return copyin_dead(space, name, entry, disposition);
    switch (disposition) {
    case MACH_MSG_TYPE_MAKE_SEND: right->port = ipc_port_make_send(port); break;
    case MACH_MSG_TYPE_MAKE_SEND_ONCE: right->port = ipc_port_make_send_once(port); break;
    case MACH_MSG_TYPE_COPY_SEND: right->port = ipc_port_copy_send(port); break;
    case MACH_MSG_TYPE_MOVE_SEND: right->port = move_send(space, name, entry); break;
    case MACH_MSG_TYPE_MOVE_SEND_ONCE:
        right->port = port;
        drop_send_once(space, name, entry);
        break;
    case MACH_MSG_TYPE_MOVE_RECEIVE:
        if (!receive_can_go(space, entry_bits(entry)))
            return KERN_RESOURCE_SHORTAGE;
        right->port = port;
        drop_receive(space, name, entry, MACH_RCV_PORT_CHANGED);
        break;
    default: kern_assert(!"a disposition");
    }
    return KERN_SUCCESS;
}

/* ---- copyout --------------------------------------------------------------------------------------- */

/* The name under which the space has the port's send or receive right; 0: none. */
static mach_port_name_t name_of(struct ipc_space *space, struct ipc_port *port)
{
    ipc_port_lock(port);
    const mach_port_name_t name = port->state == PORT_ACTIVE && port->space == space ? port->name : MACH_PORT_NULL;

    ipc_port_unlock(port);
    if (name != MACH_PORT_NULL)
        return name;
    const uint32_t index = ipc_hash_find(&space->hash, port);

    return index == 0 ? MACH_PORT_NULL : ipc_space_name(index, ipc_space_entry(space, index));
}

/* Adds a send right to an entry that has none yet. */
static void first_send(struct ipc_space *space, struct ipc_right right, mach_port_name_t name,
                       struct ipc_entry *entry)
{
    const uint32_t bits = entry_bits(entry) | MACH_PORT_TYPE_SEND | 1;

    if (bits & MACH_PORT_TYPE_RECEIVE) {
        entry_set_bits(entry, bits);
        return;
    }
    ipc_hash_insert(&space->hash, right.port, MACH_PORT_INDEX(name));
    entry_set(entry, bits, right.port);
}

/* Adds a send right to an entry: as the first, or as one more reference, up to a limit where they stay. */
static void add_send(struct ipc_space *space, struct ipc_right right, mach_port_name_t name, struct ipc_entry *entry)
{
    if (!(entry_type(entry) & MACH_PORT_TYPE_SEND)) {
        first_send(space, right, name, entry);
        return;
    }
    if (entry_urefs(entry) < ENTRY_UREFS_MAX)
        entry_set_bits(entry, entry_bits(entry) + 1);
    ipc_port_release_send(right.port);
}

static void add_receive(struct ipc_space *space, struct ipc_right right, mach_port_name_t name,
                        struct ipc_entry *entry)
{
    struct ipc_port *port = right.port;

    ipc_port_lock(port);
    kern_assert(port->state == PORT_LIMBO);
    port->state = PORT_ACTIVE;
    port->space = space;
    port->name = name;
    ipc_port_unlock(port);
    space->receives++;
    if (entry_type(entry) & MACH_PORT_TYPE_SEND) {
        ipc_hash_remove(&space->hash, port);
        entry_set_bits(entry, entry_bits(entry) | MACH_PORT_TYPE_RECEIVE);
    } else {
        entry_set(entry, entry_bits(entry) | MACH_PORT_TYPE_RECEIVE, port);
    }
}

static void add_right(struct ipc_space *space, struct ipc_right right, mach_port_name_t name,
                      struct ipc_entry *entry)
{
    switch (right.type) {
    case MACH_MSG_TYPE_PORT_SEND: add_send(space, right, name, entry); break;
    case MACH_MSG_TYPE_PORT_RECEIVE: add_receive(space, right, name, entry); break;
    default: entry_set(entry, entry_bits(entry) | MACH_PORT_TYPE_SEND_ONCE | 1, right.port);
    }
}

/* Whether the space may have one more right of this type under a new or old name. */
static kern_return_t may_add(struct ipc_space *space, struct ipc_right right)
{
    if (!space->active)
        return KERN_INVALID_TASK;
    if (right.type == MACH_MSG_TYPE_PORT_RECEIVE && space->receives >= space->max_receives)
        return KERN_NO_SPACE;
    return ipc_hash_reserve(&space->hash) ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE;
}

/* A receive right is never dead: whoever holds it keeps the port from dying. */
static bool right_is_dead(struct ipc_right right)
{
    return right.type != MACH_MSG_TYPE_PORT_RECEIVE && ipc_port_is_dead(right.port);
}

kern_return_t ipc_right_copyout_once(struct ipc_space *space, struct ipc_port *port, mach_port_name_t *name)
{
    struct ipc_entry *entry;

    if (ipc_space_put(space, MACH_PORT_TYPE_SEND_ONCE, port, name))
        return KERN_SUCCESS;
    const kern_return_t result = ipc_space_alloc(space, name, &entry);

    if (result == KERN_SUCCESS)
        entry_set(entry, entry_bits(entry) | MACH_PORT_TYPE_SEND_ONCE | 1, port);
    else
        *name = MACH_PORT_NULL;
    return result;
}

kern_return_t ipc_right_copyout(struct ipc_space *space, struct ipc_right right, mach_port_name_t *name)
{
    struct ipc_entry *entry;

    *name = right.port == NULL ? MACH_PORT_NULL : MACH_PORT_DEAD;
    if (!ipc_port_valid(right.port))
        return KERN_SUCCESS;
    if (right_is_dead(right)) {
        ipc_right_release(right);
        return KERN_SUCCESS;
    }
    if (right.type == MACH_MSG_TYPE_PORT_SEND_ONCE)
        return ipc_right_copyout_once(space, right.port, name);
    kern_return_t result = may_add(space, right);
    const mach_port_name_t known = name_of(space, right.port);

    if (result == KERN_SUCCESS && known == MACH_PORT_NULL)
        result = ipc_space_alloc(space, name, &entry);
    if (result != KERN_SUCCESS) {
        *name = MACH_PORT_NULL;
        return result;
    }
    if (known != MACH_PORT_NULL) {
        *name = known;
        entry = ipc_space_lookup(space, known);
    }
    add_right(space, right, *name, entry);
    return KERN_SUCCESS;
}

kern_return_t ipc_right_give(struct ipc_space *space, struct ipc_right right, mach_port_name_t *name)
{
    ipc_space_lock(space);
    const kern_return_t result = ipc_right_copyout(space, right, name);

    ipc_space_unlock(space);
    if (result != KERN_SUCCESS)
        ipc_right_release(right);
    return result;
}

/* The entry under a given name where a right may go: a new one, or the one where the port's rights are. */
static kern_return_t entry_for_name(struct ipc_space *space, struct ipc_right right, mach_port_name_t name,
                                    struct ipc_entry **entry)
{
    const mach_port_name_t known =
        right.type == MACH_MSG_TYPE_PORT_SEND_ONCE ? MACH_PORT_NULL : name_of(space, right.port);

    if (known == MACH_PORT_NULL)
        return ipc_space_alloc_name(space, name, entry);
    if (known != name)
        return KERN_RIGHT_EXISTS;
    *entry = ipc_space_lookup(space, name);
    if (right.type == MACH_MSG_TYPE_PORT_SEND && entry_urefs(*entry) == ENTRY_UREFS_MAX)
        return KERN_UREFS_OVERFLOW;
    return KERN_SUCCESS;
}

kern_return_t ipc_right_copyout_name(struct ipc_space *space, struct ipc_right right, mach_port_name_t name)
{
    struct ipc_entry *entry = ipc_space_lookup(space, name);
    kern_return_t result;

    if (right_is_dead(right))
        return KERN_INVALID_CAPABILITY;
    if (entry != NULL)
        (void)ipc_right_check(space, name, entry);
    result = may_add(space, right);
    if (result == KERN_SUCCESS)
        result = entry_for_name(space, right, name, &entry);
    if (result == KERN_SUCCESS)
        add_right(space, right, name, entry);
    return result;
}

bool ipc_right_copyout_lease(struct ipc_space *space, struct ipc_port *send_once, mach_port_name_t name)
{
    ipc_space_lock(space);
    struct ipc_entry *entry = space->active ? ipc_space_take_lease(space, name) : NULL;

    if (entry != NULL && send_once == NULL)
        ipc_space_free(space, name, entry);
    else if (entry != NULL && send_once == IPC_PORT_DEAD)
        entry_set(entry, entry_bits(entry) | MACH_PORT_TYPE_DEAD_NAME | 1, NULL);
    else if (entry != NULL)
        entry_set(entry, entry_bits(entry) | MACH_PORT_TYPE_SEND_ONCE | 1, send_once);
    ipc_space_unlock(space);
    return entry != NULL;
}

bool ipc_right_copyout_lease_receive(struct ipc_space *space, struct ipc_port *port, mach_port_name_t name)
{
    const struct ipc_right right = {.port = port, .type = MACH_MSG_TYPE_PORT_RECEIVE};

    ipc_space_lock(space);
    struct ipc_entry *entry = space->active ? ipc_space_take_lease(space, name) : NULL;

    if (entry != NULL)
        add_receive(space, right, name, entry);
    ipc_space_unlock(space);
    return entry != NULL;
}

/* ---- requests -------------------------------------------------------------------------------------- */

/* The right is dead already: whoever asks hears at once, with a reference to the name. */
static kern_return_t request_on_dead(struct ipc_entry *entry, mach_port_name_t name, bool immediate,
                                     struct ipc_port *notify)
{
    if (notify == NULL || !immediate)
        return KERN_INVALID_ARGUMENT;
    if (entry_urefs(entry) == ENTRY_UREFS_MAX)
        return KERN_UREFS_OVERFLOW;
    struct ipc_request *request = ipc_request_create(notify, name, false);

    if (request == NULL)
        return KERN_RESOURCE_SHORTAGE;
    entry_set_bits(entry, entry_bits(entry) + 1);
    ipc_request_tell(request, MACH_NOTIFY_DEAD_NAME);
    (void)ipc_request_free(request);
    return KERN_SUCCESS;
}

/* Takes the entry's request off its port, and gives its right to notify. */
static struct ipc_port *take_request(struct ipc_entry *entry, struct ipc_port *port)
{
    struct ipc_request *old = entry->request;

    entry->request = NULL;
    return old == NULL ? NULL : ipc_request_cancel(port, old);
}

/* Adds a request to a port that may have died since.  False: it has. */
static bool add_request(struct ipc_port *port, struct ipc_request *request, bool immediate)
{
    ipc_port_lock(port);
    const bool alive = port->state != PORT_DEAD;

    if (alive) {
        ipc_request_add(port, request);
        if (request->send_possible && immediate) {
            ipc_request_arm(port, request);
            ipc_mqueue_room(port);
        }
    }
    ipc_port_unlock(port);
    return alive;
}

kern_return_t ipc_right_request(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry,
                                bool immediate, bool send_possible, struct ipc_port *notify,
                                struct ipc_port **previous)
{
    *previous = NULL;
    for (;;) {
        const uint32_t bits = ipc_right_check(space, name, entry);
        struct ipc_port *port = entry_object(entry);
        struct ipc_request *request = NULL;

        if (bits & MACH_PORT_TYPE_DEAD_NAME)
            return request_on_dead(entry, name, immediate, notify);
        if (!(bits & PORT_RIGHTS))
            return KERN_INVALID_RIGHT;
        if (notify != NULL && (request = ipc_request_create(notify, name, send_possible)) == NULL)
            return KERN_RESOURCE_SHORTAGE;
        struct ipc_port *old = take_request(entry, port);

        if (old != NULL)
            *previous = old;
        if (request == NULL)
            return KERN_SUCCESS;
        entry->request = request;
        if (add_request(port, request, immediate))
            return KERN_SUCCESS;
        entry->request = NULL; /* the port died just now: as if it had been dead all along */
        (void)ipc_request_free(request);
    }
}

void ipc_right_arm(struct ipc_entry *entry)
{
    struct ipc_port *port = entry_object(entry);
    struct ipc_request *request = entry_type(entry) & PORT_RIGHTS ? entry->request : NULL;

    if (request == NULL || !request->send_possible)
        return;
    ipc_port_lock(port);
    if (list_linked(&request->link)) {
        ipc_request_arm(port, request);
        ipc_mqueue_room(port);
    }
    ipc_port_unlock(port);
}
