/* SPDX-License-Identifier: BSD-2-Clause */
/* send.c - sending by channels: requests to ports, and answers to those who wait for them.  See channel.h. */
#include <string.h>

#include <mach/mach.h>

#include "libmach/ring/os.h"
#include "libmach/ring/ring.h"
#include "machsim/hal/hosted/channel_copy.h"
#include "tables.h"
#include "steps.h"

#define REQUEST_BITS MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0)
#define RPC_BITS MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE)
#define ANSWER_BITS MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0)

/* ---- room ------------------------------------------------------------------------------------------ */

/* Where `size` bytes can lie among those of messages that no one has taken; false: nowhere. */
static bool find_room(struct outgoing *channel, uint32_t head, uint32_t size, uint32_t *at)
{
    const uint32_t oldest = channel->starts[head % CHANNEL_ENTRIES];

    if (channel->tail == head)
        channel->next = 0;
    *at = channel->next;
    if (channel->tail == head || channel->next > oldest) {
        if (size <= CHANNEL_ROOM - channel->next)
            return true;
        *at = 0;
        return channel->tail != head && size < oldest;
    }
    return size < oldest - channel->next;
}

/* Room in the port's queue, which is the sender's then. */
static bool take_credit(struct channel_port *port)
{
    int32_t credits = atomic_load_explicit(&port->credits, memory_order_relaxed);

    while (credits > 0)
        if (atomic_compare_exchange_weak(&port->credits, &credits, credits - 1))
            return true;
    return false;
}

/* ---- requests -------------------------------------------------------------------------------------- */

/* What a request is about to use. */
struct request {
    const mach_msg_header_t *msg;
    uint32_t size;
    struct channel_record *reply; /* of the port that the answer is for; NULL: it wants none */
    unsigned reply_record;
    unsigned slot;
    uint32_t sequence;
};

/* Whether the answer that a port waits for may still come by a channel's slot. */
static bool may_come(const struct outgoing *channel, uint32_t waiting, mach_port_name_t name)
{
    const struct channel_slot *slot = &channel->forward->slots[((waiting & 0xff) - 1) % CHANNEL_SLOTS];

    return SLOT_STATE(atomic_load(&slot->state)) == SLOT_OUTSTANDING && atomic_load(&slot->reply) == name;
}

/* The same for whichever channel that is; one is locked. */
static bool is_awaited(struct outgoing *locked, uint32_t waiting, mach_port_name_t name)
{
    if (locked->number == waiting >> 8)
        return may_come(locked, waiting, name);
    for (unsigned i = 0; i < CHANNEL_OUTGOING; i++) {
        struct outgoing *at = &direct_outgoing[i];

        if (at == locked || at->forward == NULL)
            continue;
        if (!direct_try_lock(&at->lock))
            return true;
        const bool here = at->forward != NULL && at->number == waiting >> 8, comes = here && may_come(at, waiting, name);

        direct_unlock(&at->lock);
        if (here)
            return comes;
    }
    return false;
}

/* Whether the answer to a request can come by the channel, which is locked. */
static bool find_reply(struct outgoing *channel, struct request *request)
{
    const mach_port_name_t name = request->msg->msgh_local_port;

    request->reply = direct_record(name, &request->reply_record);
    if (request->reply == NULL || (atomic_load(&request->reply->flags) & RECORD_PARKED) ||
        atomic_load(&request->reply->page) != 0) /* who receives requests there does not look into slots */
        return false;
    uint32_t waiting = atomic_load(&request->reply->waiting);

    if (waiting != 0 && is_awaited(channel, waiting, name))
        return false;
    return waiting == 0 || atomic_compare_exchange_strong(&request->reply->waiting, &waiting, 0);
}

/* Takes a slot for the answer. */
static bool take_slot(struct outgoing *channel, struct request *request)
{
    for (unsigned i = 0; i < CHANNEL_SLOTS; i++) {
        struct channel_slot *slot = &channel->forward->slots[i];
        const uint32_t word = atomic_load(&slot->state);

        if (SLOT_STATE(word) == SLOT_OUTSTANDING || SLOT_STATE(word) == SLOT_KEPT)
            continue;
        uint32_t none = 0;

        if (!atomic_compare_exchange_strong(&request->reply->waiting, &none, SLOT_OF(channel->number, i)))
            return false;
        request->slot = i;
        request->sequence = (SLOT_SEQUENCE(word) + 1) & SLOT_SEQUENCE_MASK;
        atomic_store_explicit(&slot->reply, request->msg->msgh_local_port, memory_order_relaxed);
        atomic_store_explicit(&slot->parked, 0, memory_order_relaxed);
        atomic_store_explicit(&slot->sleeping, 0, memory_order_relaxed);
        atomic_store_explicit(&slot->state, SLOT_WORD(request->sequence, SLOT_OUTSTANDING), memory_order_release);
        return true;
    }
    return false;
}

/*
 * What was taken is not used.  False: machsim has used it, for the receiver has just ended, and tells that there will be no answer:
 * that is what becomes of a request that was sent a moment before, and so this one was.
 */
static bool drop_slot(struct outgoing *channel, struct request *request)
{
    uint32_t word = SLOT_WORD(request->sequence, SLOT_OUTSTANDING);

    if (request->reply == NULL)
        return true;
    if (!atomic_compare_exchange_strong(&channel->forward->slots[request->slot].state, &word,
                                        SLOT_WORD(request->sequence, SLOT_FREE)))
        return false;
    atomic_store(&request->reply->waiting, 0);
    return true;
}

/* Writes the message, and makes it visible. */
static void publish(struct outgoing *channel, const struct request *request, uint32_t at)
{
    struct channel_forward *forward = channel->forward;
    struct channel_entry *entry = &forward->entries[channel->tail % CHANNEL_ENTRIES];

    channel_copy(forward->data + at, request->msg, request->size);
    atomic_store_explicit(&entry->offset, at, memory_order_relaxed);
    atomic_store_explicit(&entry->size, request->size, memory_order_relaxed);
    atomic_store_explicit(&entry->slot, request->reply != NULL ? request->slot + 1 : 0, memory_order_relaxed);
    atomic_store_explicit(&entry->sequence, request->sequence, memory_order_relaxed);
    atomic_store_explicit(&forward->processor, direct_processor(), memory_order_relaxed);
    channel->starts[channel->tail % CHANNEL_ENTRIES] = at;
    channel->next = at + ((request->size + 63) & ~63u);
    atomic_store(&forward->tail, ++channel->tail);
}

/* Sees to it that someone looks.  The channel is locked. */
static void announce(struct outgoing *channel, unsigned incoming)
{
    _Atomic uint64_t *ready = &channel->port->ready[incoming / 64];
    const uint64_t bit = (uint64_t)1 << incoming % 64;

    if (!(atomic_load(ready) & bit))
        atomic_fetch_or(ready, bit);
}

enum put { PUT, FULL, CANNOT };

static enum put put(struct outgoing *channel, struct request *request)
{
    const uint32_t head = atomic_load_explicit(&channel->backward->head, memory_order_acquire);
    const enum put full = channel->tail == head ? CANNOT : FULL;
    uint32_t at;

    if (atomic_load(&channel->port->parked)) {
        atomic_store_explicit(&channel->port->wanted, 1, memory_order_relaxed);
        return CANNOT;
    }
    if (channel->tail - head >= CHANNEL_ENTRIES || !find_room(channel, head, request->size, &at))
        return full;
    if (request->reply != NULL && !take_slot(channel, request))
        return CANNOT;
    atomic_store_explicit(&channel->forward->sending, 1, memory_order_relaxed); /* seen before what follows, which takes room */
    const bool fits = take_credit(channel->port);

    if (fits)
        publish(channel, request, at);
    atomic_store_explicit(&channel->forward->sending, 0, memory_order_release);
    if (!fits)
        return drop_slot(channel, request) ? full : PUT;
    announce(channel, atomic_load_explicit(&channel->forward->incoming, memory_order_relaxed) % CHANNEL_INCOMING);
    return PUT;
}

/* ---- a channel that is full ------------------------------------------------------------------------ */

static bool is_empty(const void *context)
{
    const struct outgoing *channel = context;

    return atomic_load(&channel->backward->head) == atomic_load_explicit(&channel->forward->tail, memory_order_relaxed) ||
           atomic_load(&channel->port->parked) || !atomic_load(&channel->forward->open);
}

/*
 * Waits until the receiver has taken all that is in the channel: then it has found all of this sender's at once, and so does
 * the next time.  The channel is not locked meanwhile.
 */
static enum direct_waited wait_for_room(struct outgoing *channel, struct direct_wait *wait)
{
    _Atomic uint32_t *word = (_Atomic uint32_t *)(uintptr_t)&channel->backward->emptied;
    const uint32_t value = atomic_load(word);
    const uint32_t receiver = atomic_load_explicit(&channel->backward->processor, memory_order_relaxed);

    if (direct_spin(&channel->spin, receiver, is_empty, channel))
        return WAITED;
    atomic_fetch_add(&channel->forward->blocked, 1);
    const enum direct_waited how = is_empty(channel) ? WAITED : direct_sleep(wait, word, value);

    atomic_fetch_sub(&channel->forward->blocked, 1);
    return how;
}

/* Puts a request into a locked channel, when there is room, if that is soon.  The channel may change meanwhile. */
static bool put_in_time(struct outgoing *channel, struct request *request, bool timed)
{
    struct direct_wait wait = {.deadline = UINT64_MAX};
    const mach_port_name_t name = request->msg->msgh_remote_port;
    enum direct_waited how = WAITED;
    enum put result;

    while ((result = put(channel, request)) == FULL && !timed && how == WAITED) {
        channel->waiting++;
        direct_unlock(&channel->lock);
        how = wait_for_room(channel, &wait);
        while (!direct_lock(&channel->lock))
            ;
        channel->waiting--;
        if (channel->name != name || !atomic_load(&channel->forward->open))
            return false;
    }
    return result == PUT;
}

/* ---- telling --------------------------------------------------------------------------------------- */

/* The channel was closed just when a message was put into it: whether that was taken out all the same. */
static bool was_taken(struct outgoing *channel, struct request *request)
{
    direct_do(WIRE_TRAP_DRAIN, channel->number, 0); /* returns when the closing is over */
    if (atomic_load(&channel->backward->head) == channel->tail)
        return true;
    return !drop_slot(channel, request);
}

/* After a message is visible: whoever is to take it is told.  False: no one will.  Unlocks the channel. */
static bool tell(struct outgoing *channel, struct request *request)
{
    struct channel_port *port = channel->port;
    const unsigned number = channel->number;
    const bool open = atomic_load(&channel->forward->open) || was_taken(channel, request);
    const bool parked = open && atomic_load(&port->parked);

    if (open && !parked && channel_ring(port))
        mach_os_wake(&port->bell);
    direct_unlock_outgoing(channel);
    if (parked)
        direct_do(WIRE_TRAP_DRAIN, number, 0);
    if (open && request->reply != NULL && (atomic_load(&request->reply->flags) & RECORD_PARKED))
        direct_do(WIRE_TRAP_PULL, request->reply_record, 0);
    return open;
}

/* Whether a reply port has served before: one that is made for each request is not worth a record. */
static bool is_used_again(mach_port_name_t reply)
{
    struct named *named = direct_named(reply);

    return named != NULL && (atomic_exchange(&named->reply, reply) == reply || direct_mode != DIRECT_AUTO);
}

static bool send_request(const mach_msg_header_t *msg, mach_msg_option_t option, mach_msg_size_t size)
{
    struct request request = {.msg = msg, .size = size};
    struct outgoing *channel = direct_find_outgoing(msg->msgh_remote_port);

    if (channel == NULL)
        return false;
    if (msg->msgh_bits == RPC_BITS && !find_reply(channel, &request)) {
        direct_unlock_outgoing(channel);
        if (request.reply == NULL && is_used_again(msg->msgh_local_port)) /* for the next time */
            (void)direct_make_record(msg->msgh_local_port, &request.reply_record);
        return false;
    }
    if (put_in_time(channel, &request, (option & (MACH_SEND_TIMEOUT | MACH_SEND_INTERRUPT)) != 0))
        return tell(channel, &request);
    direct_unlock_outgoing(channel);
    return false;
}

/* ---- answers --------------------------------------------------------------------------------------- */

/* The lease that a name is one of, which no one else answers by now; NULL. */
static struct channel_lease *begin_answer(mach_port_name_t name, unsigned *number)
{
    struct named *named = direct_named(name);
    struct channel_task *task = atomic_load_explicit(&direct_task, memory_order_acquire);
    const uint32_t lease = named == NULL || task == NULL ? 0 : atomic_load_explicit(&named->lease, memory_order_relaxed);

    if (lease == 0 || lease > CHANNEL_LEASES)
        return NULL;
    *number = lease - 1;
    struct channel_lease *found = &task->leases[lease - 1];

    return direct_claim(&found->state, &found->name, name) ? found : NULL;
}

/* Puts the answer where it is waited for.  False: it must go by machsim. */
static bool put_answer(struct incoming *channel, unsigned slot, uint32_t sequence, const mach_msg_header_t *msg,
                       mach_msg_size_t size)
{
    const struct channel_slot *of = &channel->forward->slots[slot];
    struct channel_answer *answer = &channel->backward->answers[slot];

    if (atomic_load(&of->state) != SLOT_WORD(sequence, SLOT_OUTSTANDING) || atomic_load(&of->parked))
        return false;
    channel_copy(channel->backward->data[slot], msg, size);
    atomic_store_explicit(&channel->backward->processor, direct_processor(), memory_order_relaxed);
    atomic_store(&answer->answered, ANSWERED(sequence, size));
    return true;
}

/* Wakes who waits for an answer that is there, or has machsim take it on.  True: machsim is to. */
static bool tell_answer(struct incoming *channel, unsigned slot, uint32_t sequence)
{
    const struct channel_slot *of = &channel->forward->slots[slot];
    struct channel_answer *answer = &channel->backward->answers[slot];
    const uint32_t word = atomic_load(&of->state);

    if (atomic_load(&of->parked) ||
        (SLOT_SEQUENCE(word) == sequence && (SLOT_STATE(word) == SLOT_SETTLED || SLOT_STATE(word) == SLOT_KEPT)))
        return true;
    if (atomic_load(&of->sleeping)) {
        atomic_fetch_add(&answer->bell, 1);
        mach_os_wake(&answer->bell);
    }
    return false;
}

static bool send_answer(const mach_msg_header_t *msg, mach_msg_size_t size)
{
    unsigned number;
    struct channel_lease *lease = begin_answer(msg->msgh_remote_port, &number);

    if (lease == NULL)
        return false;
    const unsigned at = atomic_load_explicit(&lease->channel, memory_order_relaxed) % CHANNEL_INCOMING;
    const unsigned slot = atomic_load_explicit(&lease->slot, memory_order_relaxed) % CHANNEL_SLOTS;
    const uint32_t sequence = atomic_load_explicit(&lease->sequence, memory_order_relaxed);
    struct incoming *channel = &direct_incoming[at];
    bool sent = false, by_machsim = false;

    if (direct_lock(&channel->lock)) {
        sent = channel->forward != NULL && channel->generation == direct_lease_generation[number] &&
               put_answer(channel, slot, sequence, msg, size);
        by_machsim = sent && tell_answer(channel, slot, sequence);
        direct_unlock(&channel->lock);
    }
    if (sent)
        direct_drop_lease(number);
    else
        atomic_store(&lease->state, LEASE_USED);
    if (by_machsim)
        direct_do(WIRE_TRAP_ANSWERED, at, slot);
    return sent;
}

/* ---- the door -------------------------------------------------------------------------------------- */

static bool by_chance(void)
{
    static __thread uint32_t state;

    if (state == 0)
        state = (uint32_t)(uintptr_t)&state ^ (uint32_t)direct_now() ^ 0x9e3779b9u;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state & 1;
}

bool direct_send(const mach_msg_header_t *msg, mach_msg_option_t option, mach_msg_size_t size)
{
    if (size < sizeof *msg || size > CHANNEL_LARGEST || size % 4 != 0 || msg->msgh_voucher_port != MACH_PORT_NULL ||
        (option & (MACH_SEND_TRAILER | MACH_SEND_NOTIFY)) || direct_named(msg->msgh_remote_port) == NULL)
        return false;
    if (direct_mode == DIRECT_RANDOM && by_chance())
        return false;
    switch (msg->msgh_bits) {
    case RPC_BITS: return MACH_PORT_VALID(msg->msgh_local_port) && send_request(msg, option, size);
    case REQUEST_BITS: return msg->msgh_local_port == MACH_PORT_NULL && send_request(msg, option, size);
    case ANSWER_BITS: return msg->msgh_local_port == MACH_PORT_NULL && send_answer(msg, size);
    default: return false;
    }
}
