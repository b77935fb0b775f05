/* SPDX-License-Identifier: BSD-2-Clause */
/* direct.c - tasks whose messages need not come through the daemon: their state, and their traps.  See direct.h. */
#include "hal/hosted/direct.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipc/mach_port.h"
#include "ipc/right.h"
#include "kern/trap.h"

/* ---- life ------------------------------------------------------------------------------------------ */

void direct_task_put(struct direct_task *direct)
{
    if (!ref_put(&direct->refs))
        return;
    if (direct->state != NULL)
        munmap(direct->state, sizeof *direct->state);
    if (direct->file >= 0)
        close(direct->file);
    task_release(direct->task);
    hal_free(direct, sizeof *direct);
}

static struct direct_task *new_task(struct task *task)
{
    struct direct_task *direct = hal_alloc(sizeof *direct);

    if (direct == NULL)
        return NULL;
    ref_init(&direct->refs);
    lock_init(&direct->settle_lock, RANK_SETTLE);
    lock_init(&direct->lock, RANK_LEAF);
    task_reference(direct->task = task);
    direct->file = os_shared_file("mach-task", sizeof *direct->state);
    if (direct->file >= 0 && fchmod(direct->file, 0600) == 0) {
        void *state = mmap(NULL, sizeof *direct->state, PROT_READ | PROT_WRITE, MAP_SHARED, direct->file, 0);

        direct->state = state == MAP_FAILED ? NULL : state;
    }
    if (direct->state == NULL) {
        direct_task_put(direct);
        return NULL;
    }
    return direct;
}

struct channel *direct_channel(struct direct_task *direct, struct channel *const *table, unsigned number)
{
    struct channel *channel = NULL;

    if (number >= (table == direct->incoming ? CHANNEL_INCOMING : CHANNEL_OUTGOING))
        return NULL;
    lock_acquire(&direct->lock);
    if (table[number] != NULL)
        ref_get(&(channel = table[number])->refs);
    lock_release(&direct->lock);
    return channel;
}

/* Ends the i-th channel of a table.  An answer that was there is given to whom it is for. */
static void end_channel(struct direct_task *direct, struct channel *const *table, unsigned i)
{
    struct channel *channel = direct_channel(direct, table, i);

    if (channel == NULL)
        return;
    channel_close(channel);
    if (table == direct->incoming)
        channel_receiver_ended(channel);
    channel_try_free(channel);
    channel_put(channel);
}

static void task_ended(struct task *task)
{
    struct direct_task *direct = task->machine;

    lock_acquire(&direct->lock);
    direct->ended = true;
    lock_release(&direct->lock);
    atomic_store(&direct->state->ended, 1);
    for (unsigned i = 0; i < CHANNEL_INCOMING; i++)
        end_channel(direct, direct->incoming, i);
    for (unsigned i = 0; i < CHANNEL_OUTGOING; i++)
        end_channel(direct, direct->outgoing, i);
    direct_fresh_end(direct);
    defer_drain();
    lock_acquire(&task->lock);
    task->machine = NULL;
    lock_release(&task->lock);
    direct_task_put(direct);
}

/* What a task has, with a reference. */
static struct direct_task *direct_of(struct task *task)
{
    lock_acquire(&task->lock);
    struct direct_task *direct = task->machine;

    if (direct != NULL)
        ref_get(&direct->refs);
    lock_release(&task->lock);
    return direct;
}

struct direct_task *direct_task_get(struct task *task)
{
    struct direct_task *direct = direct_of(task), *new = direct == NULL ? new_task(task) : NULL;

    if (new == NULL)
        return direct;
    lock_acquire(&task->lock);
    if (task->machine == NULL && task->active) {
        ref_get(&new->refs);
        task->machine = new;
        task->ended = task_ended;
    }
    lock_release(&task->lock);
    direct_task_put(new);
    return direct_of(task);
}

uint32_t direct_offers(struct task *task)
{
    uint32_t offers = 0;

    if (task->machine == NULL)
        return 0;
    lock_acquire(&task->lock); /* while it is held, what the task has stays */
    const struct direct_task *direct = task->machine;

    if (direct != NULL) {
        if (!task->active) /* who hears that its wait is over hears this too */
            atomic_store(&direct->state->ended, 1);
        offers = atomic_load(&direct->offers);
    }
    lock_release(&task->lock);
    return offers;
}

/* ---- reply rights that become real ----------------------------------------------------------------- */

/* The name that is set aside for a lease, which changes only under settle_lock while there is one. */
static mach_port_name_t lease_name(struct direct_task *direct, unsigned i)
{
    lock_acquire(&direct->lock);
    const mach_port_name_t name = direct->leases[i];

    lock_release(&direct->lock);
    return name;
}

/* The lease is not in use any more, and another name may be set aside for it. */
static void end_lease(struct direct_task *direct, unsigned i)
{
    atomic_fetch_and(&direct->state->used, ~((uint64_t)1 << i));
    lock_acquire(&direct->lock);
    direct->leases[i] = MACH_PORT_NULL;
    lock_release(&direct->lock);
}

/* The right that a lease stands for; NULL: it is none. */
static struct ipc_port *leased_right(struct direct_task *direct, const struct channel_lease *lease)
{
    struct channel *channel = direct_channel(direct, direct->incoming, atomic_load(&lease->channel));
    const uint32_t slot = atomic_load(&lease->slot);
    struct ipc_port *right = NULL;

    if (channel == NULL)
        return NULL;
    if (slot < CHANNEL_SLOTS)
        right = channel_settle(channel, slot, atomic_load(&lease->sequence));
    channel_try_free(channel);
    channel_put(channel);
    return right;
}

static void give_leased(struct direct_task *direct, const struct channel_lease *lease, mach_port_name_t own)
{
    struct ipc_port *right = leased_right(direct, lease);
    const mach_port_name_t name = atomic_load(&lease->name);

    if (MACH_PORT_INDEX(name) != MACH_PORT_INDEX(own) || !ipc_right_copyout_lease(direct->task->space, right, name)) {
        (void)ipc_right_copyout_lease(direct->task->space, NULL, own);
        ipc_port_release_send_once(right);
    }
}

/*
 * Makes the i-th lease a real right, if it is in use and no one answers just now.  It counts as in use until it is one: a trap of
 * another thread's that needs it waits for settle_lock.
 */
static void settle_lease(struct direct_task *direct, unsigned i)
{
    struct channel_lease *lease = &direct->state->leases[i];
    uint32_t used = LEASE_USED;

    if (!atomic_compare_exchange_strong(&lease->state, &used, LEASE_NONE))
        return;
    const mach_port_name_t own = lease_name(direct, i);

    if (own != MACH_PORT_NULL)
        give_leased(direct, lease, own);
    end_lease(direct, i);
}

static void settle(struct direct_task *direct, const struct channel *channel)
{
    lock_acquire(&direct->settle_lock);
    uint64_t used = atomic_load(&direct->state->used);

    for (; used != 0; used &= used - 1) {
        const unsigned i = (unsigned)__builtin_ctzll(used);

        if (channel == NULL || atomic_load(&direct->state->leases[i].channel) == channel->incoming)
            settle_lease(direct, i);
    }
    lock_release(&direct->settle_lock);
}

void direct_settle_channel(struct direct_task *direct, const struct channel *channel)
{
    settle(direct, channel);
}

/* Whether a trap can use no name of a reply right: it only receives, or is one of some below. */
static bool uses_no_names(uint32_t number, const uint64_t *arguments)
{
    if (number == TRAP_MACH_MSG || number == TRAP_MACH_MSG_OVERWRITE)
        return !(arguments[1] & MACH_SEND_MSG);
    return number >= WIRE_TRAP_CHANNEL && number <= WIRE_TRAP_ANSWERED;
}

/* What a task has, with a reference, if it uses anything that was set aside for it. */
static struct direct_task *unsettled(struct task *task)
{
    lock_acquire(&task->lock);
    struct direct_task *direct = task->machine;

    if (direct != NULL && (atomic_load(&direct->state->used) != 0 || atomic_load(&direct->state->fresh_used) != 0))
        ref_get(&direct->refs);
    else
        direct = NULL;
    lock_release(&task->lock);
    return direct;
}

void direct_settle(struct task *task, uint32_t number, const uint64_t *arguments)
{
    direct_release_settle();
    struct direct_task *direct = task->machine == NULL ? NULL : unsettled(task);

    if (direct != NULL) {
        direct_fresh_settle(direct);
        if (!uses_no_names(number, arguments))
            settle(direct, NULL);
        direct_task_put(direct);
    }
    defer_drain();
}

/* ---- traps of senders ------------------------------------------------------------------------------ */

/* The port that a send right is for, if a program receives from it, and its receiver's task, each with a reference. */
static struct ipc_port *find_port(struct task *task, mach_port_name_t name, struct task **receiver)
{
    uint32_t bits;
    void *object;

    if (ipc_right_find(task->space, name, MACH_PORT_TYPE_SEND, &bits, &object) != KERN_SUCCESS)
        return NULL;
    struct ipc_port *port = object;

    ipc_port_lock(port);
    *receiver = port->state == PORT_ACTIVE && port->object_type == OBJECT_NONE ? port->space->task : NULL;
    if (*receiver != NULL)
        task_reference(*receiver);
    ipc_port_unlock(port);
    if (*receiver == NULL) {
        ipc_port_release(port);
        return NULL;
    }
    return port;
}

static struct channel *open_to(struct direct_task *sender, struct task *receiver, struct ipc_port *port,
                               mach_port_name_t name)
{
    struct direct_task *owner = direct_task_get(receiver);
    struct direct_port *direct = owner == NULL ? NULL : direct_port_get(owner, port);
    struct channel *channel = direct == NULL ? NULL : channel_open(sender, direct, name);

    if (direct != NULL)
        direct_port_put(direct);
    if (owner != NULL)
        direct_task_put(owner);
    return channel;
}

/* Gives both sides their parts: each may write its own. */
static bool attach_channel(struct hosted_thread *t, struct channel *channel, bool sender)
{
    lock_acquire(&channel->lock);
    t->attach[0] = os_file_again(channel->forward_file, sender);
    t->attach[1] = t->attach[0] < 0 ? -1 : os_file_again(channel->backward_file, !sender);
    t->attach[2] = t->attach[1] < 0 ? -1 : os_file_again(channel->port->file, true);
    lock_release(&channel->lock);
    return t->attach[2] >= 0;
}

static uint64_t open_channel(struct hosted_thread *t, struct direct_task *direct, mach_port_name_t name)
{
    struct task *receiver;
    struct ipc_port *port = find_port(t->thread->task, name, &receiver);

    if (port == NULL)
        return KERN_INVALID_CAPABILITY;
    struct channel *channel = open_to(direct, receiver, port, name);
    uint64_t result = KERN_RESOURCE_SHORTAGE;

    task_release(receiver);
    ipc_port_release(port);
    if (channel == NULL)
        return result;
    t->thread->out = channel->outgoing;
    if (attach_channel(t, channel, true))
        result = KERN_SUCCESS;
    else
        channel_close(channel);
    channel_put(channel);
    return result;
}

static uint64_t drain(struct direct_task *direct, uint64_t number)
{
    struct channel *channel = direct_channel(direct, direct->outgoing, (unsigned)number);

    if (channel == NULL)
        return KERN_INVALID_ARGUMENT;
    direct_port_pull(channel->port);
    channel_put(channel);
    return KERN_SUCCESS;
}

static uint64_t make_record(struct hosted_thread *t, struct direct_task *direct, mach_port_name_t name)
{
    uint32_t bits;
    void *port;

    if (ipc_right_find(t->thread->task->space, name, MACH_PORT_TYPE_RECEIVE, &bits, &port) != KERN_SUCCESS)
        return KERN_INVALID_NAME;
    struct direct_port *made = direct_port_get(direct, port);

    ipc_port_release(port);
    if (made == NULL)
        return KERN_RESOURCE_SHORTAGE;
    t->thread->out = made->record;
    direct_port_put(made);
    return KERN_SUCCESS;
}

static uint64_t make_set(struct hosted_thread *t, struct direct_task *direct, mach_port_name_t name)
{
    uint32_t bits;
    void *set;

    if (ipc_right_find(t->thread->task->space, name, MACH_PORT_TYPE_PORT_SET, &bits, &set) != KERN_SUCCESS)
        return KERN_INVALID_RIGHT;
    t->thread->out = direct_set_make(direct, set, name);
    ipc_pset_release(set);
    return t->thread->out < CHANNEL_SETS ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE;
}

/* ---- traps of receivers ---------------------------------------------------------------------------- */

/* A channel that the task has not accepted, which it does now; with a reference, or NULL. */
static struct channel *next_offer(struct direct_task *direct)
{
    for (unsigned i = 0; i < CHANNEL_INCOMING; i++) {
        struct channel *channel = direct_channel(direct, direct->incoming, i);

        if (channel == NULL)
            continue;
        lock_acquire(&channel->lock);
        const bool offered = !channel->accepted && channel->incoming == i;

        channel->accepted = true;
        lock_release(&channel->lock);
        if (offered)
            return channel;
        channel_put(channel);
    }
    return NULL;
}

/* Messages may come by it from now on. */
static void let_in(struct channel *channel)
{
    struct channel_incoming *incoming = &channel->receiver->state->incoming[channel->incoming];

    lock_acquire(&channel->port->pull_lock);
    if (!channel->closed) {
        incoming->sender = channel->sender->task->security_token;
        incoming->audit = channel->sender->task->audit_token;
        atomic_store(&incoming->open, 1);
        atomic_store(&channel->forward->open, 1);
    }
    lock_release(&channel->port->pull_lock);
}

static uint64_t accept_channel(struct hosted_thread *t, struct direct_task *direct)
{
    struct channel *channel = next_offer(direct);

    if (channel == NULL)
        return KERN_NOT_RECEIVER;
    atomic_fetch_sub(&direct->offers, 1);
    t->thread->out =
        channel->incoming | (uint64_t)channel->port->record << 16 | (uint64_t)channel->port->page_number << 32;
    const bool fine = attach_channel(t, channel, false);

    channel_close_files(channel);
    if (fine)
        let_in(channel);
    else
        channel_close(channel);
    channel_put(channel);
    return fine ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE;
}

static uint64_t refuse(struct direct_task *direct, uint64_t number)
{
    struct channel *channel = direct_channel(direct, direct->incoming, (unsigned)number);

    if (channel == NULL)
        return KERN_INVALID_ARGUMENT;
    channel_close(channel);
    channel_put(channel);
    return KERN_SUCCESS;
}

/* Sets names aside for leases that have none. */
static uint64_t fill_leases(struct direct_task *direct)
{
    struct ipc_space *space = direct->task->space;

    for (unsigned i = 0; i < CHANNEL_LEASES; i++) {
        mach_port_name_t name = MACH_PORT_NULL;

        ipc_space_lock(space);
        lock_acquire(&direct->lock);
        const bool wanted = direct->leases[i] == MACH_PORT_NULL;
        lock_release(&direct->lock);
        if (wanted && ipc_space_lease(space, &name) == KERN_SUCCESS) {
            lock_acquire(&direct->lock);
            direct->leases[i] = name;
            lock_release(&direct->lock);
        }
        ipc_space_unlock(space);
        if (name != MACH_PORT_NULL) {
            atomic_store(&direct->state->leases[i].name, name);
            atomic_store(&direct->state->leases[i].state, LEASE_FREE);
        }
    }
    return KERN_SUCCESS;
}

static uint64_t pull(struct direct_task *direct, uint64_t number)
{
    struct direct_port *port = NULL;

    lock_acquire(&direct->lock);
    if (number < CHANNEL_PORTS && direct->ports[number] != NULL)
        direct_port_reference(port = direct->ports[number]);
    lock_release(&direct->lock);
    if (port == NULL)
        return KERN_INVALID_ARGUMENT;
    direct_port_pull(port);
    direct_port_put(port);
    return KERN_SUCCESS;
}

static uint64_t answered(struct direct_task *direct, uint64_t number, uint64_t slot)
{
    struct channel *channel = direct_channel(direct, direct->incoming, (unsigned)number);

    if (channel == NULL)
        return KERN_INVALID_ARGUMENT;
    if (slot < CHANNEL_SLOTS)
        channel_answer(channel, (unsigned)slot);
    channel_try_free(channel);
    channel_put(channel);
    return KERN_SUCCESS;
}

/* MACH_PORT_NULL: a name was left when the window had just been closed, and is gone by now. */
static uint64_t release(struct direct_task *direct, mach_port_name_t name)
{
    if (name == MACH_PORT_NULL)
        return KERN_SUCCESS;
    direct_release_open(direct);
    return (uint64_t)kernel_mach_port_deallocate(direct->task->space, name);
}

/* ---- the door -------------------------------------------------------------------------------------- */

static uint64_t task_state(struct hosted_thread *t, struct direct_task *direct)
{
    t->attach[0] = os_file_again(direct->file, true);
    return t->attach[0] < 0 ? KERN_RESOURCE_SHORTAGE : KERN_SUCCESS;
}

static uint64_t do_trap(struct hosted_thread *t, struct direct_task *direct, uint32_t number, const uint64_t *a)
{
    switch (number) {
    case WIRE_TRAP_CHANNEL: return open_channel(t, direct, (mach_port_name_t)a[0]);
    case WIRE_TRAP_TASK_STATE: return task_state(t, direct);
    case WIRE_TRAP_ACCEPT: return accept_channel(t, direct);
    case WIRE_TRAP_REFUSE: return refuse(direct, a[0]);
    case WIRE_TRAP_RECORD: return make_record(t, direct, (mach_port_name_t)a[0]);
    case WIRE_TRAP_LEASE: return fill_leases(direct);
    case WIRE_TRAP_SET: return make_set(t, direct, (mach_port_name_t)a[0]);
    case WIRE_TRAP_FRESH: direct_fresh_fill(direct); return KERN_SUCCESS;
    case WIRE_TRAP_DRAIN: return drain(direct, a[0]);
    case WIRE_TRAP_PULL: return pull(direct, a[0]);
    case WIRE_TRAP_RELEASE: return release(direct, (mach_port_name_t)a[0]);
    default: return answered(direct, a[0], a[1]);
    }
}

bool direct_trap(struct hosted_thread *t, uint32_t number, const uint64_t *arguments)
{
    if (number < WIRE_TRAP_CHANNEL || number > WIRE_TRAP_RELEASE)
        return false;
    struct direct_task *direct = direct_task_get(t->thread->task);
    uint64_t result = KERN_RESOURCE_SHORTAGE;

    if (direct != NULL) {
        result = do_trap(t, direct, number, arguments);
        direct_task_put(direct);
    }
    defer_drain();
    thread_return(t->thread, result);
    return true;
}
