/* SPDX-License-Identifier: BSD-2-Clause */
/* channel.c - channels: how they open and close, and how machsim takes messages out of them.  See direct.h. */
#include "hal/hosted/channel.h"

#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hal/hosted/channel_copy.h"
#include "hal/hosted/direct.h"
#include "ipc/right.h"
#include "kern/string.h"

/* ---- life ------------------------------------------------------------------------------------------ */

/* Memory that two tasks share with the daemon: whoever has a descriptor for reading cannot make another from it. */
static void *new_memory(const char *name, size_t size, int *file)
{
    *file = os_shared_file(name, size);
    if (*file < 0 || fchmod(*file, 0600) < 0)
        return NULL;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, *file, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

static void close_files(struct channel *channel)
{
    if (channel->forward_file >= 0)
        close(channel->forward_file);
    if (channel->backward_file >= 0)
        close(channel->backward_file);
    channel->forward_file = channel->backward_file = -1;
}

void channel_put(struct channel *channel)
{
    if (!ref_put(&channel->refs))
        return;
    if (channel->forward != NULL)
        munmap(channel->forward, sizeof *channel->forward);
    if (channel->backward != NULL)
        munmap(channel->backward, sizeof *channel->backward);
    close_files(channel);
    direct_task_put(channel->sender);
    direct_task_put(channel->receiver);
    direct_port_put(channel->port);
    hal_free(channel, sizeof *channel);
}

void channel_close_files(struct channel *channel)
{
    lock_acquire(&channel->lock);
    close_files(channel);
    lock_release(&channel->lock);
}

static struct channel *new_channel(struct direct_task *sender, struct direct_port *port, mach_port_name_t name)
{
    struct channel *channel = hal_alloc(sizeof *channel);

    if (channel == NULL)
        return NULL;
    ref_init(&channel->refs);
    lock_init(&channel->lock, RANK_LEAF);
    channel->name = name;
    channel->outgoing = CHANNEL_OUTGOING;
    channel->incoming = CHANNEL_INCOMING;
    ref_get(&(channel->sender = sender)->refs);
    ref_get(&(channel->receiver = port->owner)->refs);
    direct_port_reference(channel->port = port);
    channel->accepted = true; /* until it is offered */
    channel->forward_file = channel->backward_file = -1;
    channel->forward = new_memory("mach-channel", sizeof *channel->forward, &channel->forward_file);
    channel->backward = new_memory("mach-answers", sizeof *channel->backward, &channel->backward_file);
    if (channel->forward == NULL || channel->backward == NULL) {
        channel_put(channel);
        return NULL;
    }
    channel->forward->sender = channel->receiver->task->security_token;
    channel->forward->audit = channel->receiver->task->audit_token;
    return channel;
}

/* Puts it into a task's table, which has a reference then.  False: there is no room, or the task has ended. */
static bool enter(struct direct_task *direct, struct channel **table, unsigned size, struct channel *channel,
                  unsigned *number)
{
    lock_acquire(&direct->lock);
    for (unsigned i = 0; i < size && !direct->ended && *number == size; i++)
        if (table[i] == NULL) {
            ref_get(&channel->refs);
            table[i] = channel;
            *number = i;
        }
    lock_release(&direct->lock);
    return *number != size;
}

static void leave_table(struct direct_task *direct, struct channel **table, struct channel *channel, unsigned number)
{
    lock_acquire(&direct->lock);
    const bool was_there = table[number] == channel;

    if (was_there)
        table[number] = NULL;
    lock_release(&direct->lock);
    if (was_there)
        channel_put(channel);
}

static void leave_tables(struct channel *channel)
{
    if (channel->outgoing < CHANNEL_OUTGOING)
        leave_table(channel->sender, channel->sender->outgoing, channel, channel->outgoing);
    if (channel->incoming < CHANNEL_INCOMING)
        leave_table(channel->receiver, channel->receiver->incoming, channel, channel->incoming);
}

/* The channel's own send right: messages in it hold the port up as those in its queue do. */
static bool take_send_right(struct direct_port *port)
{
    ipc_port_lock(port->port);
    const bool fine = !port->left;

    if (fine) {
        port->port->send_rights++;
        ipc_port_reference(port->port);
    }
    ipc_port_unlock(port->port);
    return fine;
}

static bool is_known(const struct direct_port *port, const struct direct_task *sender)
{
    list_for_each(link, &port->channels)
        if (container_of(link, struct channel, link)->sender == sender)
            return true;
    return false;
}

/* The receiver may accept it from now on: all of it is there. */
static void offer(struct channel *channel)
{
    atomic_fetch_add(&channel->receiver->offers, 1);
    lock_acquire(&channel->lock);
    channel->accepted = false;
    lock_release(&channel->lock);
}

struct channel *channel_open(struct direct_task *sender, struct direct_port *port, mach_port_name_t name)
{
    struct channel *channel = new_channel(sender, port, name);

    if (channel == NULL)
        return NULL;
    bool fine = enter(sender, sender->outgoing, CHANNEL_OUTGOING, channel, &channel->outgoing) &&
                enter(port->owner, port->owner->incoming, CHANNEL_INCOMING, channel, &channel->incoming);

    atomic_store(&channel->forward->incoming, channel->incoming);
    lock_acquire(&port->pull_lock);
    fine = fine && direct_port_page(port) && !is_known(port, sender) && take_send_right(port);
    if (fine) {
        list_append(&port->channels, &channel->link);
        offer(channel);
    }
    lock_release(&port->pull_lock);
    if (fine) {
        port->core.check(&port->core); /* the right may have gone meanwhile, or the port */
        return channel;
    }
    leave_tables(channel);
    channel_put(channel);
    return NULL;
}

/* ---- taking messages out --------------------------------------------------------------------------- */

static struct ipc_kmsg *new_message(const struct task *from, uint32_t size)
{
    struct ipc_kmsg *kmsg = ipc_kmsg_alloc(size, (struct task *)(uintptr_t)from);

    /* It has been sent already: no allowance keeps it back. */
    if (kmsg == NULL)
        kmsg = ipc_kmsg_alloc(size, NULL);
    if (kmsg != NULL) {
        kmsg->sender = from->security_token;
        kmsg->audit = from->audit_token;
    }
    return kmsg;
}

/* The reply right of a request that is taken out; none if it wants no answer. */
static struct ipc_right reply_of(struct channel *channel, uint32_t slot, uint32_t sequence)
{
    struct ipc_right right = {.port = NULL};

    if (slot == 0)
        return right;
    right.type = MACH_MSG_TYPE_PORT_SEND_ONCE;
    right.port = slot <= CHANNEL_SLOTS ? channel_settle(channel, slot - 1, sequence) : NULL;
    if (right.port == NULL)
        right.port = IPC_PORT_DEAD;
    return right;
}

static void queue_request(struct channel *channel, struct ipc_kmsg *kmsg, uint32_t slot, uint32_t sequence)
{
    struct ipc_port *port = channel->port->port;

    kmsg->id = kmsg->message->msgh_id;
    kmsg->reply = reply_of(channel, slot, sequence);
    kmsg->destination = (struct ipc_right){.port = port, .type = MACH_MSG_TYPE_PORT_SEND};
    direct_port_move(channel->port, true);
    (void)ipc_mqueue_send(kmsg, NULL, MACH_MSG_OPTION_NONE, MACH_MSG_TIMEOUT_NONE);
    direct_port_move(channel->port, false);
}

/* Takes the oldest message; false: there is none, or no memory for it, or what is there is none. */
static bool drain_one(struct channel *channel)
{
    struct channel_forward *forward = channel->forward;
    uint32_t head = atomic_load(&channel->backward->head);
    const uint32_t tail = atomic_load(&forward->tail);
    struct channel_entry *entry = &forward->entries[head % CHANNEL_ENTRIES];
    const uint32_t offset = atomic_load(&entry->offset), size = atomic_load(&entry->size);
    const uint32_t slot = atomic_load(&entry->slot), sequence = atomic_load(&entry->sequence);

    if (head == tail)
        return false;
    if (tail - head > CHANNEL_ENTRIES || !channel_is_message(offset, size, CHANNEL_ROOM)) {
        /* Unless the receiver has just taken it, and another lies there half written. */
        channel->broken |= head == atomic_load(&channel->backward->head);
        return !channel->broken;
    }
    struct ipc_kmsg *kmsg = new_message(channel->sender->task, size);

    if (kmsg == NULL)
        return false;
    channel_fetch(kmsg->message, forward->data + offset, size);
    if (!atomic_compare_exchange_strong(&channel->backward->head, &head, head + 1)) {
        ipc_kmsg_free(kmsg);
        return true;
    }
    queue_request(channel, kmsg, slot, sequence);
    return true;
}

/* Those who wait for the channel to be empty look again. */
static void channel_wake_sender(struct channel *channel)
{
    if (!atomic_load(&channel->forward->blocked))
        return;
    atomic_fetch_add(&channel->backward->emptied, 1);
    os_futex_wake(&channel->backward->emptied, INT_MAX);
}

void channel_drain(struct channel *channel)
{
    struct channel_record *record = &channel->receiver->state->records[channel->port->record];

    /* The receiver takes nothing while a message is neither in the ring nor in the queue. */
    atomic_fetch_add(&record->pulling, 1);
    /* A sender that goes on sending is not followed for ever. */
    for (unsigned i = 0; i < 2 * CHANNEL_ENTRIES && !channel->broken && drain_one(channel); i++)
        ;
    atomic_fetch_sub(&record->pulling, 1);
    channel_wake_sender(channel);
    if (channel->broken && !channel->closed)
        channel->port->core.check(&channel->port->core);
}

/* ---- reply rights ---------------------------------------------------------------------------------- */

/* A send-once right for a port that a task names; IPC_PORT_DEAD: it is none of its receive rights. */
static struct ipc_port *make_reply(struct direct_task *direct, mach_port_name_t name)
{
    uint32_t bits;
    void *port;

    if (ipc_right_find(direct->task->space, name, MACH_PORT_TYPE_RECEIVE, &bits, &port) != KERN_SUCCESS)
        return IPC_PORT_DEAD;
    struct ipc_port *right = ipc_port_make_send_once(port);

    ipc_port_release(port);
    return right;
}

static struct ipc_port *take_kept(struct channel *channel, unsigned slot, uint32_t sequence)
{
    struct kept *kept = &channel->kept[slot];

    lock_acquire(&channel->lock);
    struct ipc_port *port = kept->sequence == sequence ? kept->port : NULL;

    if (port != NULL) {
        kept->port = NULL;
        atomic_store(&channel->forward->slots[slot].state, SLOT_WORD(sequence, SLOT_SETTLED));
    }
    lock_release(&channel->lock);
    return port;
}

struct ipc_port *channel_settle(struct channel *channel, unsigned slot, uint32_t sequence)
{
    struct channel_slot *of = &channel->forward->slots[slot];
    uint32_t word = SLOT_WORD(sequence, SLOT_OUTSTANDING);

    if (!atomic_compare_exchange_strong(&of->state, &word, SLOT_WORD(sequence, SLOT_SETTLED)))
        return take_kept(channel, slot, sequence);
    return make_reply(channel->sender, atomic_load(&of->reply));
}

void channel_keep(struct channel *channel, unsigned slot, struct ipc_port *port)
{
    if (slot >= CHANNEL_SLOTS)
        return;
    struct channel_slot *of = &channel->forward->slots[slot];
    uint32_t word = atomic_load(&of->state);

    if (SLOT_STATE(word) != SLOT_OUTSTANDING || atomic_load(&of->reply) != port->name)
        return;
    lock_acquire(&channel->lock);
    /* A sender that uses anew what is kept loses the new one. */
    if (channel->kept[slot].port == NULL &&
        atomic_compare_exchange_strong(&of->state, &word, SLOT_WORD(SLOT_SEQUENCE(word), SLOT_KEPT))) {
        port->send_once_rights++;
        ipc_port_reference(port);
        channel->kept[slot] = (struct kept){.port = port, .sequence = SLOT_SEQUENCE(word)};
    }
    lock_release(&channel->lock);
}

/* ---- answers --------------------------------------------------------------------------------------- */

void channel_ring_slot(struct channel *channel, unsigned slot)
{
    if (slot >= CHANNEL_SLOTS)
        return;
    atomic_fetch_add(&channel->backward->answers[slot].bell, 1);
    if (atomic_load(&channel->forward->slots[slot].sleeping))
        os_futex_wake(&channel->backward->answers[slot].bell, INT_MAX);
}

void channel_answer(struct channel *channel, unsigned slot)
{
    struct channel_answer *answer = &channel->backward->answers[slot];
    const uint64_t answered = atomic_load(&answer->answered);
    const uint32_t sequence = ANSWERED_SEQUENCE(answered), size = ANSWERED_SIZE(answered);
    struct ipc_port *right = channel_settle(channel, slot, sequence);

    if (!ipc_port_valid(right))
        return;
    struct ipc_kmsg *kmsg = channel_is_message(0, size, CHANNEL_LARGEST) ? new_message(channel->receiver->task, size) : NULL;

    if (kmsg == NULL) {
        ipc_port_release_send_once(right);
        return;
    }
    channel_fetch(kmsg->message, channel->backward->data[slot], size);
    kmsg->id = kmsg->message->msgh_id;
    kmsg->destination = (struct ipc_right){.port = right, .type = MACH_MSG_TYPE_PORT_SEND_ONCE};
    (void)ipc_mqueue_send(kmsg, NULL, MACH_MSG_OPTION_NONE, MACH_MSG_TIMEOUT_NONE);
}

void channel_answer_all(struct channel *channel)
{
    for (unsigned slot = 0; slot < CHANNEL_SLOTS; slot++) {
        if (SLOT_STATE(atomic_load(&channel->forward->slots[slot].state)) == SLOT_OUTSTANDING)
            atomic_store(&channel->forward->slots[slot].parked, 1);
        channel_answer(channel, slot);
        channel_ring_slot(channel, slot);
    }
}

void channel_receiver_ended(struct channel *channel)
{
    channel_answer_all(channel);
    for (unsigned slot = 0; slot < CHANNEL_SLOTS; slot++) {
        const uint32_t word = atomic_load(&channel->forward->slots[slot].state);
        struct ipc_port *right = NULL;

        if (SLOT_STATE(word) == SLOT_OUTSTANDING)
            right = channel_settle(channel, slot, SLOT_SEQUENCE(word));
        if (ipc_port_valid(right))
            ipc_port_release_send_once(right);
        lock_acquire(&channel->lock);
        right = channel->kept[slot].port;
        channel->kept[slot].port = NULL;
        lock_release(&channel->lock);
        if (ipc_port_valid(right))
            ipc_port_release_send_once(right);
        channel_ring_slot(channel, slot);
    }
}

/* ---- the end --------------------------------------------------------------------------------------- */

bool channel_is_backed(const struct channel *channel)
{
    struct ipc_space *space = channel->sender->task->space;

    if (channel->broken)
        return false;
    ipc_space_lock(space);
    struct ipc_entry *entry = ipc_space_lookup(space, channel->name);
    const bool backed = entry != NULL && (entry_type(entry) & MACH_PORT_TYPE_SEND) &&
                        entry_object(entry) == channel->port->port;

    ipc_space_unlock(space);
    return backed;
}

/* No message gets in or out any more but by machsim. */
static void shut(struct channel *channel)
{
    atomic_store(&channel->forward->open, 0);
    atomic_store(&channel->receiver->state->incoming[channel->incoming].open, 0);
}

static bool close_locked(struct channel *channel)
{
    const bool first = !channel->closed;

    if (first) {
        channel->closed = true;
        shut(channel);
        channel_drain(channel);
        list_remove(&channel->link);
        direct_port_mend(channel->port);
    }
    return first;
}

void channel_close(struct channel *channel)
{
    lock_acquire(&channel->port->pull_lock);
    const bool first = close_locked(channel);

    lock_release(&channel->port->pull_lock);
    if (!first)
        return;
    lock_acquire(&channel->lock);
    const bool offered = !channel->accepted;

    channel->accepted = true;
    lock_release(&channel->lock);
    if (offered)
        atomic_fetch_sub(&channel->receiver->offers, 1);
    direct_settle_channel(channel->receiver, channel);
    channel_answer_all(channel);
    ipc_port_release_send(channel->port->port);
    channel_try_free(channel);
}

static bool is_needed(const struct channel *channel)
{
    if (channel->sender->ended || channel->receiver->ended)
        return false;
    for (unsigned slot = 0; slot < CHANNEL_SLOTS; slot++)
        if (SLOT_STATE(atomic_load(&channel->forward->slots[slot].state)) == SLOT_OUTSTANDING ||
            channel->kept[slot].port != NULL)
            return true;
    return false;
}

void channel_try_free(struct channel *channel)
{
    lock_acquire(&channel->port->pull_lock);
    const bool closed = channel->closed;

    lock_release(&channel->port->pull_lock);
    lock_acquire(&channel->lock);
    const bool frees = closed && !channel->freed && !is_needed(channel);

    channel->freed |= frees;
    lock_release(&channel->lock);
    if (frees)
        leave_tables(channel);
}
