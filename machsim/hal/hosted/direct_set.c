/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * direct_set.c - sets whose ports' messages come by channels.  A set's part is guarded by the set's lock; that of its ports is
 * told to them later, for a port's lock comes before a set's.
 */
#include <limits.h>

#include "hal/hosted/direct.h"
#include "ipc/mqueue.h"

struct direct_set {
    struct ipc_direct_set core;
    struct ref refs;
    struct defer work;
    _Atomic uint32_t wanted;
    struct ipc_pset *set;      /* referenced */
    struct direct_task *owner; /* referenced */
    unsigned number;
    bool waited; /* and what was told last */
};

enum { WANT_MEMBERS = 1, WANT_FORGET = 2 };

static struct direct_set *direct_of(struct ipc_direct_set *core)
{
    return container_of(core, struct direct_set, core);
}

static void put(struct direct_set *direct)
{
    if (!ref_put(&direct->refs))
        return;
    ipc_pset_release(direct->set);
    direct_task_put(direct->owner);
    hal_free(direct, sizeof *direct);
}

/* ---- deferred work --------------------------------------------------------------------------------- */

/* The i-th port of the set, with a reference, or NULL. */
static struct ipc_port *member(struct ipc_pset *set, unsigned i)
{
    struct ipc_port *port = NULL;

    ipc_pset_lock(set);
    list_for_each(at, &set->links)
        if (i-- == 0) {
            port = container_of(at, struct ipc_set_link, set_link)->port;
            ipc_port_reference(port); /* it lives: it takes its links along when it goes */
            break;
        }
    ipc_pset_unlock(set);
    return port;
}

/* Ports that come meanwhile are told as they come. */
static void tell_members(struct ipc_pset *set)
{
    unsigned i = 0;

    for (struct ipc_port *port; (port = member(set, i)) != NULL; i++) {
        ipc_port_lock(port);
        ipc_direct_update(port);
        ipc_port_unlock(port);
        ipc_port_release(port);
    }
}

static void forget(struct direct_set *direct)
{
    lock_acquire(&direct->owner->lock);
    const bool was_there = direct->owner->sets[direct->number] == direct;

    if (was_there)
        direct->owner->sets[direct->number] = NULL;
    lock_release(&direct->owner->lock);
    if (was_there)
        put(direct);
}

static void work_now(struct defer *work)
{
    struct direct_set *direct = container_of(work, struct direct_set, work);
    const uint32_t wanted = atomic_exchange(&direct->wanted, 0);

    tell_members(direct->set);
    if (wanted & WANT_FORGET)
        forget(direct);
    put(direct);
}

static void want(struct direct_set *direct, uint32_t bits)
{
    if (atomic_fetch_or(&direct->wanted, bits) != 0)
        return;
    ref_get(&direct->refs);
    defer(&direct->work, work_now);
}

/* ---- what the core tells --------------------------------------------------------------------------- */

static void ring(struct channel_set *state)
{
    atomic_fetch_add(&state->bell, 1);
    os_futex_wake(&state->bell, INT_MAX);
}

static void update(struct ipc_direct_set *core, struct ipc_pset *set)
{
    struct direct_set *direct = direct_of(core);
    struct channel_set *state = &direct->owner->state->sets[direct->number];
    const bool ready = !list_empty(&set->ready), waited = ipc_pset_is_waited_at(set);

    atomic_store(&state->parked, waited);
    if (atomic_exchange(&state->queued, ready) != ready && ready)
        ring(state);
    if (waited != direct->waited)
        want(direct, WANT_MEMBERS);
    direct->waited = waited;
}

static void leave(struct ipc_direct_set *core, struct ipc_pset *set)
{
    struct direct_set *direct = direct_of(core);
    struct channel_set *state = &direct->owner->state->sets[direct->number];

    (void)set;
    atomic_store(&state->name, MACH_PORT_NULL);
    ring(state);
    want(direct, WANT_FORGET);
}

unsigned direct_set_number(const struct direct_task *owner, const struct ipc_pset *set)
{
    const struct direct_set *direct = set->direct == NULL ? NULL : direct_of(set->direct);

    return direct == NULL || direct->owner != owner ? CHANNEL_SETS : direct->number;
}

/* ---- making ---------------------------------------------------------------------------------------- */

/* Puts it into its owner's table, which has a reference then. */
static bool take_number(struct direct_set *direct)
{
    struct direct_task *owner = direct->owner;

    lock_acquire(&owner->lock);
    for (unsigned i = 0; i < CHANNEL_SETS && !owner->ended && direct->number == CHANNEL_SETS; i++)
        if (owner->sets[i] == NULL) {
            ref_get(&direct->refs);
            owner->sets[i] = direct;
            direct->number = i;
        }
    lock_release(&owner->lock);
    return direct->number != CHANNEL_SETS;
}

static struct direct_set *new_set(struct direct_task *owner, struct ipc_pset *set)
{
    struct direct_set *direct = hal_alloc(sizeof *direct);

    if (direct == NULL)
        return NULL;
    ref_init(&direct->refs);
    direct->core = (struct ipc_direct_set){.update = update, .leave = leave};
    direct->number = CHANNEL_SETS;
    direct->waited = true;
    ref_get(&(direct->owner = owner)->refs);
    ipc_pset_reference(direct->set = set);
    return direct;
}

/* False: the set has gone, or has one. */
static bool tie(struct direct_set *direct, struct ipc_pset *set, mach_port_name_t name)
{
    struct channel_set *state = &direct->owner->state->sets[direct->number];

    ipc_pset_lock(set);
    const bool fine = set->active && set->direct == NULL;

    if (fine) {
        for (unsigned i = 0; i < CHANNEL_PORTS / 64; i++)
            atomic_store(&state->members[i], 0);
        set->direct = &direct->core;
        update(&direct->core, set);
        want(direct, WANT_MEMBERS);
        atomic_store(&state->name, name);
    }
    ipc_pset_unlock(set);
    return fine;
}

unsigned direct_set_make(struct direct_task *owner, struct ipc_pset *set, mach_port_name_t name)
{
    struct direct_set *direct = new_set(owner, set);
    unsigned number = CHANNEL_SETS;

    if (direct != NULL && take_number(direct)) {
        if (tie(direct, set, name))
            number = direct->number;
        else
            forget(direct);
    }
    if (direct != NULL)
        put(direct);
    if (number == CHANNEL_SETS) { /* another thread may have been first */
        ipc_pset_lock(set);
        number = direct_set_number(owner, set);
        ipc_pset_unlock(set);
    }
    return number;
}
