/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fresh.c - ports that come and go without machsim: it has made some in advance, and as long as no one has heard of one there
 * is nothing to tell.  See struct channel_fresh.
 */
#include <mach/mach.h>

#include "gen/port/kernelrpc.h"
#include "tables.h"

#include "steps.h"

/* So many ports are allocated by traps before it seems worth while to have some in advance. */
#define OFTEN 16

static _Atomic uint32_t misses;

/* Takes a port that is there, each in its turn: so a name comes back late.  False: none is. */
static bool take(mach_port_name_t *name)
{
    struct channel_task *task = atomic_load_explicit(&direct_task, memory_order_acquire);

    static _Atomic uint32_t turn;
    const uint32_t first = atomic_fetch_add_explicit(&turn, 1, memory_order_relaxed);

    if (task == NULL || atomic_load_explicit(&task->ended, memory_order_relaxed))
        return false;
    for (unsigned n = 0; n < CHANNEL_FRESH; n++) {
        const unsigned i = (first + n) % CHANNEL_FRESH;
        struct channel_fresh *fresh = &task->fresh[i];
        uint32_t free = LEASE_FREE;
        struct named *named = direct_named(atomic_load_explicit(&fresh->name, memory_order_relaxed));

        if (atomic_load_explicit(&fresh->state, memory_order_relaxed) != LEASE_FREE || named == NULL ||
            !atomic_compare_exchange_strong(&fresh->state, &free, LEASE_REPLYING))
            continue;
        *name = atomic_load_explicit(&fresh->name, memory_order_relaxed);
        atomic_store_explicit(&named->fresh, i + 1, memory_order_relaxed);
        atomic_fetch_or(&task->fresh_used, 1u << i);
        atomic_store(&fresh->state, LEASE_USED);
        return true;
    }
    return false;
}

/* Gives back a port that no one has heard of.  False: it is none. */
static bool drop(mach_port_name_t name)
{
    struct channel_task *task = atomic_load_explicit(&direct_task, memory_order_acquire);
    struct named *named = direct_named(name);
    const uint32_t number = task == NULL || named == NULL ? 0 : atomic_load_explicit(&named->fresh, memory_order_relaxed);

    if (number == 0 || number > CHANNEL_FRESH)
        return false;
    struct channel_fresh *fresh = &task->fresh[number - 1];

    if (!direct_claim(&fresh->state, &fresh->name, name))
        return false;
    atomic_fetch_and(&task->fresh_used, ~(1u << (number - 1)));
    atomic_store_explicit(&fresh->name, direct_next_name(name), memory_order_relaxed);
    atomic_store(&fresh->state, LEASE_FREE);
    return true;
}

kern_return_t mach_port_allocate(task_t task, mach_port_right_t right, mach_port_name_t *name)
{
    if (task != mach_task_self() || right != MACH_PORT_RIGHT_RECEIVE || direct_named(0) == NULL)
        return _kernelrpc_mach_port_allocate(task, right, name);
    if (take(name))
        return KERN_SUCCESS;
    const uint32_t often = direct_mode == DIRECT_AUTO ? OFTEN : 1;

    if ((atomic_fetch_add_explicit(&misses, 1, memory_order_relaxed) + 1) % often == 0)
        direct_fill_fresh();
    return _kernelrpc_mach_port_allocate(task, right, name);
}

kern_return_t mach_port_destroy(task_t task, mach_port_name_t name)
{
    return task == mach_task_self() && drop(name) ? KERN_SUCCESS : _kernelrpc_mach_port_destroy(task, name);
}

kern_return_t mach_port_mod_refs(task_t task, mach_port_name_t name, mach_port_right_t right, mach_port_delta_t delta)
{
    return task == mach_task_self() && right == MACH_PORT_RIGHT_RECEIVE && delta == -1 && drop(name)
               ? KERN_SUCCESS
               : _kernelrpc_mach_port_mod_refs(task, name, right, delta);
}
