/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * direct_fresh.c - ports that are made before a task asks for them: see struct channel_fresh.
 *
 * They are in limbo, and count among the space's receive rights.
 */
#include "hal/hosted/direct.h"
#include "ipc/right.h"

/* Room for a receive right; a space that is more than half full keeps what is left for those who ask. */
static bool take_room(struct ipc_space *space)
{
    ipc_space_lock(space);
    const bool fine = space->active && space->receives < space->max_receives / 2;

    space->receives += fine;
    ipc_space_unlock(space);
    return fine;
}

static void give_room(struct ipc_space *space)
{
    ipc_space_lock(space);
    space->receives--;
    ipc_space_unlock(space);
}

/* A port in limbo, and a name that is set aside.  False: there is no memory, or no name. */
static bool make(struct ipc_space *space, struct direct_fresh *fresh)
{
    fresh->port = ipc_port_create(space, MACH_PORT_NULL);
    if (fresh->port == NULL)
        return false;
    fresh->port->state = PORT_LIMBO;
    fresh->port->space = NULL;
    ipc_space_lock(space);
    const kern_return_t result = ipc_space_lease(space, &fresh->name);

    ipc_space_unlock(space);
    if (result == KERN_SUCCESS)
        return true;
    ipc_port_destroy(fresh->port);
    return false;
}

/* Has the i-th in the table; false: another thread was first. */
static bool publish(struct direct_task *direct, unsigned i, const struct direct_fresh *fresh)
{
    lock_acquire(&direct->lock);
    const bool first = !direct->ended && direct->fresh[i].port == NULL;

    if (first) {
        direct->fresh[i] = *fresh;
        atomic_store(&direct->state->fresh[i].name, fresh->name);
        atomic_store(&direct->state->fresh[i].state, LEASE_FREE);
    }
    lock_release(&direct->lock);
    return first;
}

static void unmake(struct ipc_space *space, const struct direct_fresh *fresh)
{
    ipc_port_destroy(fresh->port);
    (void)ipc_right_copyout_lease(space, NULL, fresh->name);
    give_room(space);
}

void direct_fresh_fill(struct direct_task *direct)
{
    struct ipc_space *space = direct->task->space;

    for (unsigned i = 0; i < CHANNEL_FRESH; i++) {
        struct direct_fresh fresh;

        lock_acquire(&direct->lock);
        const bool wanted = direct->fresh[i].port == NULL;
        lock_release(&direct->lock);
        if (!wanted)
            continue;
        if (!take_room(space))
            return;
        if (!make(space, &fresh)) {
            give_room(space);
            return;
        }
        if (!publish(direct, i, &fresh))
            unmake(space, &fresh);
    }
}

/* What the i-th is, which changes only under settle_lock while there is one. */
static struct direct_fresh fresh_of(struct direct_task *direct, unsigned i)
{
    lock_acquire(&direct->lock);
    const struct direct_fresh fresh = direct->fresh[i];

    lock_release(&direct->lock);
    return fresh;
}

/* There may be another. */
static void clear(struct direct_task *direct, unsigned i)
{
    lock_acquire(&direct->lock);
    direct->fresh[i].port = NULL;
    lock_release(&direct->lock);
}

/* Gives the task a port, if it names it by what was set aside for it. */
static void give(struct ipc_space *space, const struct direct_fresh *own, mach_port_name_t name)
{
    give_room(space);
    if (MACH_PORT_INDEX(name) == MACH_PORT_INDEX(own->name) && ipc_right_copyout_lease_receive(space, own->port, name))
        return;
    ipc_port_destroy(own->port);
    (void)ipc_right_copyout_lease(space, NULL, own->name);
}

/*
 * The task has allocated the i-th.  It counts as in use until it is a right: a trap of another thread's that needs it waits for
 * settle_lock.
 */
static void settle(struct direct_task *direct, unsigned i)
{
    struct channel_fresh *fresh = &direct->state->fresh[i];
    uint32_t used = LEASE_USED;

    if (!atomic_compare_exchange_strong(&fresh->state, &used, LEASE_NONE))
        return;
    const struct direct_fresh own = fresh_of(direct, i);

    if (own.port != NULL)
        give(direct->task->space, &own, atomic_load(&fresh->name));
    atomic_fetch_and(&direct->state->fresh_used, ~(1u << i));
    clear(direct, i);
}

void direct_fresh_settle(struct direct_task *direct)
{
    lock_acquire(&direct->settle_lock);
    for (uint32_t used = atomic_load(&direct->state->fresh_used); used != 0; used &= used - 1)
        settle(direct, (unsigned)__builtin_ctz(used));
    lock_release(&direct->settle_lock);
}

void direct_fresh_end(struct direct_task *direct)
{
    lock_acquire(&direct->settle_lock);
    for (unsigned i = 0; i < CHANNEL_FRESH; i++) {
        const struct direct_fresh own = fresh_of(direct, i);

        clear(direct, i);
        if (own.port != NULL)
            ipc_port_destroy(own.port);
    }
    lock_release(&direct->settle_lock);
}
