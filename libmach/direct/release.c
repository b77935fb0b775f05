/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * release.c - letting go of rights that came in messages: machsim need not hear of each at once.
 *
 * A message that has arrived gives a name a user reference for certain.  If all that this task has done since leaves rights where
 * they are, mach_port_deallocate must succeed, and nothing is to be asked: the name is left in a table, which machsim reads before
 * anyone can ask it (struct channel_task).  `epoch` changes with each trap that may take rights away.
 */
#include <mach/mach.h>

#include "gen/port/kernelrpc.h"
#include "libmach/ring/ring.h"
#include "steps.h"
#include "tables.h"

static _Atomic uint32_t epoch;
static struct direct_lock lock; /* of the table's end */

/* named->granted: a name, the epoch, and how many references it was given in that. */
#define GRANTED(name, epoch, count) ((uint64_t)(name) << 32 | (uint64_t)((epoch)&0xffff) << 16 | (uint64_t)(count))
#define GRANTED_COUNT(granted) ((uint32_t)(granted)&0xffff)

/* ---- what is known --------------------------------------------------------------------------------- */

uint32_t direct_rights_epoch(void)
{
    return atomic_load_explicit(&epoch, memory_order_relaxed);
}

void direct_rights_change(void)
{
    atomic_fetch_add(&epoch, 1);
}

bool direct_changes_rights(const mach_msg_header_t *msg)
{
    return direct_named(0) != NULL && (msg->msgh_remote_port == mach_task_self() || (msg->msgh_bits & MACH_MSGH_BITS_COMPLEX) ||
                                       MACH_MSGH_BITS_REMOTE(msg->msgh_bits) == MACH_MSG_TYPE_MOVE_SEND ||
                                       MACH_MSGH_BITS_LOCAL(msg->msgh_bits) == MACH_MSG_TYPE_MOVE_SEND);
}

static void grant(mach_port_name_t name, uint32_t since)
{
    struct named *named = MACH_PORT_VALID(name) ? direct_named(name) : NULL;

    if (named == NULL)
        return;
    uint64_t former = atomic_load(&named->granted);
    const uint64_t none = GRANTED(name, since, 0);
    uint64_t now;

    do {
        now = former >= none && GRANTED_COUNT(former) < UINT16_MAX && former - GRANTED_COUNT(former) == none ? former : none;
        now++;
    } while (!atomic_compare_exchange_weak(&named->granted, &former, now));
}

void direct_granted(const mach_msg_header_t *msg, uint32_t since)
{
    const mach_msg_base_t *base = (const void *)msg;
    const uint8_t *at = (const uint8_t *)(base + 1);

    for (mach_msg_size_t i = 0; i < base->body.msgh_descriptor_count; i++) {
        const mach_msg_port_descriptor_t *port = (const void *)at;

        if (port->type == MACH_MSG_PORT_DESCRIPTOR && port->disposition == MACH_MSG_TYPE_PORT_SEND)
            grant(port->name, since);
        at += port->type == MACH_MSG_PORT_DESCRIPTOR ? sizeof *port : sizeof(mach_msg_ool_descriptor_t);
    }
}

/* Whether a name has a reference for certain, which is no more counted then. */
static bool take_grant(struct named *named, mach_port_name_t name)
{
    uint64_t granted = atomic_load(&named->granted);

    do
        if (GRANTED_COUNT(granted) == 0 || granted - GRANTED_COUNT(granted) != GRANTED(name, direct_rights_epoch(), 0))
            return false;
    while (!atomic_compare_exchange_weak(&named->granted, &granted, granted - 1));
    return true;
}

/* ---- the table ------------------------------------------------------------------------------------- */

/* Puts a name into the table.  False: that is full, for machsim has not read it lately. */
static bool put(struct channel_task *task, mach_port_name_t name)
{
    if (!direct_lock(&lock))
        return false;
    const uint32_t tail = atomic_load_explicit(&task->release_tail, memory_order_relaxed);
    const bool room = tail - atomic_load(&task->release_head) < CHANNEL_RELEASES;

    if (room) {
        atomic_store_explicit(&task->releases[tail % CHANNEL_RELEASES], name, memory_order_relaxed);
        atomic_store(&task->release_tail, tail + 1);
    }
    direct_unlock(&lock);
    return room;
}

/* Leaves a name for machsim.  False: it is to be told. */
static bool leave(mach_port_name_t name)
{
    struct channel_task *task = atomic_load_explicit(&direct_task, memory_order_acquire);
    uint32_t window = WINDOW_OPEN;

    if (task == NULL || atomic_load_explicit(&task->ended, memory_order_relaxed) ||
        atomic_load_explicit(&task->release_window, memory_order_relaxed) == WINDOW_CLOSED || !put(task, name))
        return false;
    /* It closes before the table is read for the last time. */
    if (!atomic_compare_exchange_strong(&task->release_window, &window, WINDOW_USED) && window == WINDOW_CLOSED)
        direct_do(WIRE_TRAP_RELEASE, MACH_PORT_NULL, 0);
    return true;
}

/* So many references are let go of by traps before it seems worth while to have a table. */
#define OFTEN 16

/* A reference is let go of by a trap. */
static void count_trap(void)
{
    static _Atomic uint32_t traps;
    const uint32_t often = direct_mode == DIRECT_AUTO ? OFTEN : 1;

    if (atomic_load_explicit(&direct_task, memory_order_relaxed) == NULL &&
        (atomic_fetch_add_explicit(&traps, 1, memory_order_relaxed) + 1) % often == 0)
        direct_make_task();
}

kern_return_t mach_port_deallocate(task_t task, mach_port_name_t name)
{
    struct named *named = task == mach_task_self() ? direct_named(name) : NULL;
    const uint64_t arguments[] = {name};
    uint64_t result;

    if (named != NULL && take_grant(named, name) && leave(name))
        return KERN_SUCCESS;
    if (named != NULL)
        count_trap();
    direct_rights_change();
    const bool asked = named != NULL && ring_simple_trap(WIRE_TRAP_RELEASE, arguments, 1, &result, NULL);

    if (!asked)
        result = (uint64_t)_kernelrpc_mach_port_deallocate(task, name);
    direct_rights_change();
    return (kern_return_t)result;
}

void direct_release_after_fork(void)
{
    atomic_store(&lock.word, 0);
}
