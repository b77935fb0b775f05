/* SPDX-License-Identifier: BSD-2-Clause */
/* direct_port.c - ports that messages reach by channels: what the core tells of them, and pulling.  See direct.h. */
#include <limits.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hal/hosted/direct.h"
#include "ipc/mqueue.h"

/* Room that is taken is used sooner. */
#define MENDING_NANOSECONDS 100000000u

/* What is to be done when no locks are held. */
enum { WANT_PULL = 1, WANT_CHECK = 2, WANT_CLOSE = 4 };

static struct direct_port *direct_of(struct ipc_direct *core)
{
    return container_of(core, struct direct_port, core);
}

static struct channel_record *record_of(const struct direct_port *direct)
{
    return &direct->owner->state->records[direct->record];
}

/* ---- life ------------------------------------------------------------------------------------------ */

void direct_port_reference(struct direct_port *direct)
{
    ref_get(&direct->refs);
}

void direct_port_put(struct direct_port *direct)
{
    if (!ref_put(&direct->refs))
        return;
    if (direct->page != NULL)
        munmap(direct->page, CHANNEL_PORT_SIZE);
    if (direct->file >= 0)
        close(direct->file);
    ipc_port_release(direct->port);
    direct_task_put(direct->owner);
    hal_free(direct, sizeof *direct);
}

bool direct_port_page(struct direct_port *direct)
{
    if (direct->page != NULL)
        return true;
    if (direct->file < 0)
        direct->file = os_shared_file("mach-port", CHANNEL_PORT_SIZE);
    if (direct->file < 0)
        return false;
    struct channel_port *page = mmap(NULL, CHANNEL_PORT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, direct->file, 0);

    if (page == MAP_FAILED)
        return false;
    ipc_port_lock(direct->port);
    direct->page = page;
    direct->page_number = atomic_fetch_add(&direct->owner->pages, 1) + 1;
    direct->room = 0;
    atomic_store(&page->parked, direct->left || (direct->flags & RECORD_PARKED));
    if (!direct->left) {
        atomic_store(&record_of(direct)->page, direct->page_number);
        direct->core.update(&direct->core, direct->port);
    }
    ipc_port_unlock(direct->port);
    return true;
}

/* ---- what the core tells --------------------------------------------------------------------------- */

static void work_now(struct defer *work);

/* Has something done when no locks are held. */
static void want(struct direct_port *direct, uint32_t bits)
{
    if (atomic_fetch_or(&direct->wanted, bits) != 0)
        return;
    direct_port_reference(direct);
    defer(&direct->work, work_now);
}

/* Wakes one of those who wait for the port's messages, or for an answer that is to come to it. */
static void wake(struct direct_port *direct)
{
    const uint32_t waiting = atomic_load(&record_of(direct)->waiting);
    struct channel *channel;

    if (direct->page != NULL && channel_ring(direct->page))
        os_futex_wake(&direct->page->bell, 1);
    if (waiting == 0 || (channel = direct_channel(direct->owner, direct->owner->outgoing, waiting >> 8)) == NULL)
        return;
    channel_ring_slot(channel, (waiting & 0xff) - 1);
    channel_put(channel);
}

/*
 * Whether someone waits in the core at one of the sets that the port is in; the others learn that it is in them.  A port that
 * only answers come to is no other's, when it is in a set: who waits there does not look into slots.
 */
static bool look_at_sets(struct direct_port *direct, struct ipc_port *port)
{
    uint32_t sets = 0;
    bool waited = false;

    list_for_each(at, &port->set_links) {
        struct ipc_pset *set = container_of(at, struct ipc_set_link, port_link)->set;

        ipc_pset_lock(set);
        const unsigned number = direct_set_number(direct->owner, set);

        waited |= number == CHANNEL_SETS || direct->page == NULL || ipc_pset_is_waited_at(set);
        ipc_pset_unlock(set);
        if (number < CHANNEL_SETS)
            sets |= 1u << number;
    }
    atomic_store(&record_of(direct)->sets, sets);
    for (; sets != 0; sets &= sets - 1) /* the port first, then the set: who finds it there finds it is so */
        atomic_fetch_or(&direct->owner->state->sets[__builtin_ctz(sets)].members[direct->record / 64],
                        (uint64_t)1 << direct->record % 64);
    return waited;
}

static uint32_t flags_of(struct direct_port *direct, struct ipc_port *port)
{
    const bool parked = look_at_sets(direct, port) || !list_empty(&port->receivers) || port->watched;
    const bool blocked = !list_empty(&port->senders) || port->armed_requests > 0;

    return (parked ? RECORD_PARKED : 0) | (blocked ? RECORD_BLOCKED : 0);
}

/* Senders that need no room of machsim's count down what there is. */
static void tell_room(struct direct_port *direct, const struct ipc_port *port)
{
    const int32_t room = (int32_t)port->queue_limit - (int32_t)port->message_count - direct->moving;

    if (direct->page != NULL)
        atomic_fetch_add(&direct->page->credits, room - direct->room);
    direct->room = room;
}

/* Whether nothing is queued, nor seems to be in the channels, and yet there is no room: someone has taken it. */
static bool is_stuck(const struct direct_port *direct, const struct ipc_port *port)
{
    uint64_t ready = 0;

    for (unsigned i = 0; i < CHANNEL_INCOMING / 64; i++)
        ready |= atomic_load(&direct->page->ready[i]);
    return port->message_count == 0 && ready == 0 && atomic_load(&direct->page->credits) <= 0;
}

/*
 * Room that a sender has taken, and has put no message into for so long, is taken back: it was killed, or counts as it
 * likes.  One that was only slow puts its message in beyond the limit.
 */
static void mend(struct timer *timer)
{
    struct direct_port *direct = container_of(timer, struct direct_port, timer);
    struct ipc_port *port = direct->port;

    ipc_port_lock(port);
    direct->mending = false;
    if (!direct->left && is_stuck(direct, port)) {
        atomic_store(&direct->page->credits, direct->room);
        ipc_mqueue_room(port);
    }
    ipc_port_unlock(port);
    direct_port_put(direct);
}

static bool take_room(struct ipc_direct *core, struct ipc_port *port)
{
    struct direct_port *direct = direct_of(core);
    int32_t credits = direct->page == NULL ? 1 : atomic_load(&direct->page->credits);

    while (direct->page != NULL && credits > 0 &&
           !atomic_compare_exchange_weak(&direct->page->credits, &credits, credits - 1))
        ;
    if (credits > 0) {
        direct->room--;
        return true;
    }
    if (!direct->mending && is_stuck(direct, port)) {
        direct->mending = true;
        direct_port_reference(direct);
        timer_set(&direct->timer, hal_now() + MENDING_NANOSECONDS);
    }
    return false;
}

static void update(struct ipc_direct *core, struct ipc_port *port)
{
    struct direct_port *direct = direct_of(core);
    struct channel_record *record = record_of(direct);
    const uint32_t flags = flags_of(direct, port), former = direct->flags;
    const uint32_t queued = atomic_load(&record->queued);

    direct->flags = flags;
    atomic_store(&record->context, port->context);
    atomic_store(&record->flags, flags);
    if (direct->page != NULL)
        atomic_store(&direct->page->parked, (flags & RECORD_PARKED) != 0);
    tell_room(direct, port);
    atomic_store(&record->queued, port->message_count);
    if (port->message_count > queued)
        wake(direct);
    if (flags & ~former) /* who did not see that in time has left something there */
        want(direct, WANT_PULL);
}

void direct_port_move(struct direct_port *direct, bool begins)
{
    struct ipc_port *port = direct->port;

    ipc_port_lock(port);
    if (begins) {
        port->send_rights++;
        ipc_port_reference(port);
        direct->moving++;
        direct->room--;
    } else {
        direct->moving--;
        if (!direct->left)
            tell_room(direct, port);
    }
    ipc_port_unlock(port);
}

static void check(struct ipc_direct *core)
{
    want(direct_of(core), WANT_CHECK);
}

/* The one answer that may come to the port is to come as a message of the right that it stands for. */
static void keep_reply(struct direct_port *direct, struct ipc_port *port)
{
    const uint32_t waiting = atomic_load(&record_of(direct)->waiting);
    struct channel *channel;

    if (waiting == 0 || (channel = direct_channel(direct->owner, direct->owner->outgoing, waiting >> 8)) == NULL)
        return;
    channel_keep(channel, (waiting & 0xff) - 1, port);
    channel_put(channel);
}

static void leave(struct ipc_direct *core, struct ipc_port *port)
{
    struct direct_port *direct = direct_of(core);
    struct channel_record *record = record_of(direct);

    keep_reply(direct, port);
    port->seqno = atomic_load(core->seqno);
    port->direct = NULL;
    atomic_store(&port->has_direct, false);
    direct->left = true;
    atomic_store(&record->name, MACH_PORT_NULL);
    atomic_store(&record->sets, 0);
    if (direct->page != NULL) {
        atomic_store(&direct->page->parked, 1);
        atomic_fetch_add(&direct->page->bell, 1);
        os_futex_wake(&direct->page->bell, INT_MAX);
    }
    wake(direct);
    want(direct, WANT_CLOSE);
}

/* ---- pulling --------------------------------------------------------------------------------------- */

/* Whether a message is just being put into a channel, or taken. */
static bool is_moving(const struct channel *channel)
{
    return atomic_load(&channel->forward->sending) || atomic_load(&channel->backward->taking);
}

/* Messages in a channel; < 0: that changes just now, or has while it was looked. */
static int32_t waiting_in(const struct channel *channel)
{
    if (is_moving(channel))
        return -1;
    const uint32_t waiting = atomic_load(&channel->forward->tail) - atomic_load(&channel->backward->head);

    if (is_moving(channel))
        return -1;
    return (int32_t)(waiting > CHANNEL_ENTRIES ? CHANNEL_ENTRIES : waiting);
}

void direct_port_mend(struct direct_port *direct)
{
    int32_t waiting = 0, credits;

    if (direct->page == NULL)
        return;
    credits = atomic_load(&direct->page->credits);
    list_for_each(link, &direct->channels) {
        const int32_t here = waiting_in(container_of(link, struct channel, link));

        if (here < 0)
            return;
        waiting += here;
    }
    ipc_port_lock(direct->port);
    /* Whoever sends or receives meanwhile has changed it, and it stays. */
    (void)atomic_compare_exchange_strong(&direct->page->credits, &credits, direct->room - waiting);
    ipc_port_unlock(direct->port);
}

/*
 * Pulls all channels, whether they say that there is something or not: a receiver that takes that back looks once more
 * afterwards, and so there may be something in between.
 */
static void drain_all(struct direct_port *direct)
{
    for (unsigned i = 0; direct->page != NULL && i < CHANNEL_INCOMING / 64; i++)
        if (atomic_load(&direct->page->ready[i]) != 0)
            atomic_store(&direct->page->ready[i], 0);
    list_for_each(link, &direct->channels)
        channel_drain(container_of(link, struct channel, link));
    direct_port_mend(direct);
}

/* An answer that is to come to the port comes by machsim from now on. */
static void pull_answer(struct direct_port *direct)
{
    ipc_port_lock(direct->port);
    const uint32_t waiting = direct->left ? 0 : atomic_load(&record_of(direct)->waiting);
    ipc_port_unlock(direct->port);
    const unsigned slot = (waiting & 0xff) - 1;
    struct channel *channel;

    if (waiting == 0 || slot >= CHANNEL_SLOTS ||
        (channel = direct_channel(direct->owner, direct->owner->outgoing, waiting >> 8)) == NULL)
        return;
    atomic_store(&channel->forward->slots[slot].parked, 1);
    channel_answer(channel, slot);
    channel_try_free(channel);
    channel_put(channel);
}

static void pull(struct direct_port *direct)
{
    lock_acquire(&direct->pull_lock);
    drain_all(direct);
    lock_release(&direct->pull_lock);
    pull_answer(direct);
}

void direct_port_pull(struct direct_port *direct)
{
    pull(direct);
    ipc_port_lock(direct->port);
    if (!direct->left)
        ipc_mqueue_room(direct->port);
    ipc_port_unlock(direct->port);
    defer_drain();
}

static void core_pull(struct ipc_direct *core)
{
    pull(direct_of(core));
    direct_port_put(direct_of(core));
}

static void core_reference(struct ipc_direct *core)
{
    direct_port_reference(direct_of(core));
}

/* ---- deferred work --------------------------------------------------------------------------------- */

/* A channel of the port that is to be closed, with a reference, or NULL. */
static struct channel *next_to_close(struct direct_port *direct, bool all)
{
    struct channel *found = NULL;

    lock_acquire(&direct->pull_lock);
    list_for_each(link, &direct->channels) {
        struct channel *channel = container_of(link, struct channel, link);

        if (all || !channel_is_backed(channel)) {
            ref_get(&channel->refs);
            found = channel;
            break;
        }
    }
    lock_release(&direct->pull_lock);
    return found;
}

static void close_channels(struct direct_port *direct, bool all)
{
    for (struct channel *channel; (channel = next_to_close(direct, all)) != NULL;) {
        channel_close(channel);
        channel_put(channel);
    }
}

/* The record can be another port's. */
static void forget(struct direct_port *direct)
{
    lock_acquire(&direct->owner->lock);
    const bool was_there = direct->owner->ports[direct->record] == direct;

    if (was_there)
        direct->owner->ports[direct->record] = NULL;
    lock_release(&direct->owner->lock);
    if (was_there)
        direct_port_put(direct);
}

static void work_now(struct defer *work)
{
    struct direct_port *direct = container_of(work, struct direct_port, work);
    const uint32_t wanted = atomic_exchange(&direct->wanted, 0);

    if (wanted & WANT_CLOSE) {
        close_channels(direct, true);
        forget(direct);
    } else {
        if (wanted & WANT_CHECK)
            close_channels(direct, false);
        if (wanted & WANT_PULL)
            direct_port_pull(direct);
    }
    direct_port_put(direct);
}

/* ---- making ---------------------------------------------------------------------------------------- */

static struct direct_port *new_port(struct direct_task *owner, struct ipc_port *port)
{
    struct direct_port *direct = hal_alloc(sizeof *direct);

    if (direct == NULL)
        return NULL;
    ref_init(&direct->refs);
    direct->core = (struct ipc_direct){
        .update = update, .take_room = take_room, .check = check, .leave = leave, .pull = core_pull, .reference = core_reference};
    direct->timer.function = mend;
    direct->file = -1;
    direct->record = CHANNEL_PORTS;
    lock_init(&direct->pull_lock, RANK_CHANNEL);
    list_init(&direct->channels);
    ipc_port_reference(direct->port = port);
    ref_get(&(direct->owner = owner)->refs);
    return direct;
}

/* Gives it a record of its owner's, which has a reference then. */
static bool take_record(struct direct_port *direct)
{
    struct direct_task *owner = direct->owner;

    lock_acquire(&owner->lock);
    for (unsigned i = 0; i < CHANNEL_PORTS && !owner->ended && direct->record == CHANNEL_PORTS; i++)
        if (owner->ports[i] == NULL) {
            direct_port_reference(owner->ports[i] = direct);
            direct->record = i;
        }
    lock_release(&owner->lock);
    return direct->record != CHANNEL_PORTS;
}

/* Ties it to its port, unless that has one already, or is not the task's any more; locked. */
static bool tie(struct direct_port *direct, struct ipc_port *port)
{
    if (port->direct != NULL || port->state != PORT_ACTIVE || port->space != direct->owner->task->space)
        return false;
    struct channel_record *record = record_of(direct);

    atomic_store(&record->waiting, 0);
    atomic_store(&record->page, 0);
    atomic_store(&record->queued, port->message_count);
    atomic_store(&record->seqno, port->seqno);
    direct->core.seqno = &record->seqno;
    port->direct = &direct->core;
    atomic_store(&port->has_direct, true);
    update(&direct->core, port);
    atomic_store(&record->name, port->name);
    return true;
}

struct direct_port *direct_port_get(struct direct_task *owner, struct ipc_port *port)
{
    struct direct_port *new = port->has_direct ? NULL : new_port(owner, port), *direct = NULL;
    bool tied = false;

    if (new != NULL && !take_record(new)) {
        direct_port_put(new);
        new = NULL;
    }
    ipc_port_lock(port);
    if (new != NULL)
        tied = tie(new, port);
    if (port->direct != NULL && direct_of(port->direct)->owner == owner)
        direct_port_reference(direct = direct_of(port->direct));
    ipc_port_unlock(port);
    if (new != NULL && !tied)
        forget(new);
    if (new != NULL)
        direct_port_put(new);
    return direct;
}
