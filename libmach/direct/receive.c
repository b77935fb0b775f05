/* SPDX-License-Identifier: BSD-2-Clause */
/* receive.c - receiving from channels: requests to a port, and the answer to one's own request.  See channel.h. */
#include <string.h>

#include <mach/mach.h>

#include "libmach/ring/os.h"
#include "libmach/ring/ring.h"
#include "machsim/hal/hosted/channel_copy.h"
#include "tables.h"
#include "steps.h"

/* What came of a look. */
enum looked { NOTHING, RECEIVED, BY_MACHSIM };

/* ---- what is received ------------------------------------------------------------------------------ */

static bool fits(const struct direct_receive *receive, uint32_t size)
{
    return round_msg(size) + ipc_trailer_size(receive->option) <= receive->room;
}

void direct_tell_origin(mach_msg_max_trailer_t *trailer, const struct ipc_origin *origin)
{
    const mach_msg_size_t head = sizeof(mach_msg_trailer_t);
    const mach_msg_max_trailer_t all = {.msgh_seqno = origin->seqno,
                                        .msgh_sender = *origin->sender,
                                        .msgh_audit = *origin->audit,
                                        .msgh_context = origin->context};

    memcpy((uint8_t *)trailer + head, (const uint8_t *)&all + head, trailer->msgh_trailer_size - head);
}

/* Completes a message whose bytes have been copied: nothing of its header is the sender's but the id. */
static void complete(const struct direct_receive *receive, mach_port_name_t port, uint32_t size,
                     mach_port_name_t reply, mach_msg_type_name_t type, struct channel_record *record,
                     const security_token_t *sender, const audit_token_t *audit)
{
    mach_msg_header_t *to = receive->to;

    to->msgh_bits = MACH_MSGH_BITS(reply == MACH_PORT_NULL ? 0 : MACH_MSG_TYPE_PORT_SEND_ONCE, type);
    to->msgh_size = size;
    to->msgh_remote_port = reply;
    to->msgh_local_port = port;
    to->msgh_voucher_port = MACH_PORT_NULL;
    if (size % 4 != 0)
        memset((uint8_t *)to + size, 0, round_msg(size) - size);
    direct_write_trailer((uint8_t *)to + round_msg(size), receive->option, record, sender, audit);
}

/* ---- requests -------------------------------------------------------------------------------------- */

/* A port that is received from, perhaps by a set that it is in. */
struct at_port {
    struct direct_receive *receive;
    mach_port_name_t name;
    uint32_t set; /* the set's bit in the record; 0: by its own name */
    struct channel_task *task;
    struct channel_record *record;
    unsigned number; /* of the record */
    struct receiving *receiving;
    struct channel_port *port;
    bool lacks_leases; /* a message could not be taken for want of a name for its reply right */
    unsigned quiet; /* a channel that is empty, but says still that it is not: the next message there is seen by itself */
};

#define NO_CHANNEL CHANNEL_INCOMING

/* `pulling` first: what was pulled before is queued. */
static bool must_trap(const struct channel_record *record, mach_port_name_t name)
{
    return atomic_load(&record->pulling) > 0 || atomic_load(&record->queued) > 0 || atomic_load(&record->name) != name;
}

/* A request on its way out of a channel. */
struct taken {
    uint32_t size, slot, sequence;
    unsigned lease;
};

/* Copies the oldest message of a locked channel, if there is one that fits. */
static enum looked copy_oldest(struct at_port *at, const struct incoming *channel, uint32_t head, struct taken *taken)
{
    const struct channel_forward *forward = channel->forward;
    const uint32_t tail = atomic_load(&forward->tail);
    const struct channel_entry *entry = &forward->entries[head % CHANNEL_ENTRIES];
    const uint32_t offset = atomic_load_explicit(&entry->offset, memory_order_relaxed);

    if (head == tail)
        return NOTHING;
    taken->size = atomic_load_explicit(&entry->size, memory_order_relaxed);
    taken->slot = atomic_load_explicit(&entry->slot, memory_order_relaxed);
    taken->sequence = atomic_load_explicit(&entry->sequence, memory_order_relaxed);
    if (!channel_is_message(offset, taken->size, CHANNEL_ROOM) || taken->slot > CHANNEL_SLOTS ||
        !fits(at->receive, taken->size))
        return BY_MACHSIM;
    channel_fetch(at->receive->to, forward->data + offset, taken->size);
    atomic_store_explicit(&at->receiving->sender,
                          atomic_load_explicit(&forward->processor, memory_order_relaxed) + 1, memory_order_relaxed);
    return RECEIVED;
}

/* The message is this receiver's: its reply right gets its name, and the message its header. */
static void keep(struct at_port *at, unsigned number, const struct taken *taken)
{
    const struct channel_incoming *from = &at->task->incoming[number];
    mach_port_name_t reply = MACH_PORT_NULL;

    if (taken->slot != 0) {
        struct channel_lease *lease = &at->task->leases[taken->lease];

        reply = atomic_load_explicit(&lease->name, memory_order_relaxed);
        atomic_fetch_or(&at->task->used, (uint64_t)1 << taken->lease);
        atomic_store_explicit(&lease->state, LEASE_USED, memory_order_release);
    }
    complete(at->receive, at->name, taken->size, reply, MACH_MSG_TYPE_PORT_SEND, at->record, &from->sender,
             &from->audit);
}

/* Takes the oldest message of a locked channel. */
static enum looked take_oldest(struct at_port *at, struct incoming *channel, unsigned number)
{
    uint32_t head = atomic_load(&channel->backward->head);
    struct taken taken;
    enum looked looked = copy_oldest(at, channel, head, &taken);

    if (looked != RECEIVED)
        return looked;
    if (taken.slot != 0 &&
        !direct_take_lease(number, taken.slot - 1, taken.sequence, channel->generation, &taken.lease)) {
        at->lacks_leases = true;
        return BY_MACHSIM;
    }
    /* What this sender sent by machsim before is there by now, and is received before. */
    const bool first = !must_trap(at->record, at->name) && atomic_load(&at->task->incoming[number].open) &&
                       (at->set == 0 || (atomic_load(&at->record->sets) & at->set));

    atomic_store_explicit(&channel->backward->taking, 1, memory_order_relaxed); /* seen before what follows, which moves the head */
    const bool taken_by_us = first && atomic_compare_exchange_strong(&channel->backward->head, &head, head + 1);

    if (taken_by_us)
        atomic_fetch_add(&at->port->credits, 1);
    atomic_store_explicit(&channel->backward->taking, 0, memory_order_release);
    if (!taken_by_us) {
        if (taken.slot != 0)
            direct_drop_lease(taken.lease);
        return BY_MACHSIM;
    }
    if (atomic_load(&channel->forward->blocked) && head + 1 == atomic_load(&channel->forward->tail)) {
        atomic_fetch_add(&channel->backward->emptied, 1);
        mach_os_wake(&channel->backward->emptied);
    }
    atomic_store_explicit(&channel->backward->processor, direct_processor(), memory_order_relaxed);
    keep(at, number, &taken);
    return RECEIVED;
}

/* Looks into a channel that has said that there is something. */
static enum looked look_into(struct at_port *at, unsigned number)
{
    struct incoming *channel = &direct_incoming[number];
    _Atomic uint64_t *ready = &at->port->ready[number / 64];
    const uint64_t bit = (uint64_t)1 << number % 64;
    enum looked looked = BY_MACHSIM;

    if (!direct_lock(&channel->lock))
        return BY_MACHSIM;
    if (channel->forward != NULL && channel->record == at->number && atomic_load(&at->task->incoming[number].open)) {
        looked = take_oldest(at, channel, number);
        if (looked == NOTHING && at->quiet != number) {
            atomic_fetch_and(ready, ~bit);
            looked = take_oldest(at, channel, number); /* a sender that saw the bit has published before */
            if (looked != NOTHING)
                atomic_fetch_or(ready, bit);
        }
    }
    direct_unlock(&channel->lock);
    return looked;
}

/* Looks into all channels that have said so, in turns. */
static enum looked look(struct at_port *at)
{
    const uint32_t turn = atomic_load_explicit(&at->receiving->turn, memory_order_relaxed);

    for (unsigned i = 0; i <= CHANNEL_INCOMING / 64; i++) {
        const unsigned word = (turn / 64 + i) % (CHANNEL_INCOMING / 64);
        uint64_t ready = atomic_load(&at->port->ready[word]);

        if (i == 0)
            ready &= ~(uint64_t)0 << turn % 64;
        for (; ready != 0; ready &= ready - 1) {
            const unsigned number = word * 64 + (unsigned)__builtin_ctzll(ready);
            const enum looked looked = look_into(at, number);

            if (looked == NOTHING)
                continue;
            atomic_store_explicit(&at->receiving->turn, (number + 1) % CHANNEL_INCOMING, memory_order_relaxed);
            return looked;
        }
    }
    return NOTHING;
}

/* Whether there is something in the quiet channel, or there may be.  It may be no more, or another port's. */
static bool has_more(const struct at_port *at)
{
    struct incoming *channel = &direct_incoming[at->quiet];

    if (!direct_try_lock(&channel->lock))
        return true;
    const bool more = channel->forward != NULL && channel->record == at->number &&
                      atomic_load(&channel->forward->tail) != atomic_load(&channel->backward->head);

    direct_unlock(&channel->lock);
    return more;
}

static bool something_at_port(const void *context)
{
    const struct at_port *at = context;

    for (unsigned i = 0; i < CHANNEL_INCOMING / 64; i++) {
        const uint64_t ready = atomic_load(&at->port->ready[i]);
        const uint64_t quiet = at->quiet / 64 == i ? (uint64_t)1 << at->quiet % 64 : 0;

        if ((ready & ~quiet) != 0 || ((ready & quiet) != 0 && has_more(at)))
            return true;
    }
    return must_trap(at->record, at->name);
}

static void wait_begin(struct direct_wait *wait, const struct direct_receive *receive)
{
    wait->deadline = UINT64_MAX;
    wait->interruptible = (receive->option & MACH_RCV_INTERRUPT) != 0;
    wait->only_look = (receive->option & MACH_RCV_TIMEOUT) && receive->timeout == 0;
    if (receive->option & MACH_RCV_TIMEOUT) {
        wait->start = direct_now();
        wait->deadline = wait->start + (uint64_t)receive->timeout * 1000000;
    }
}

/* The wait has ended without a message.  False: machsim is to go on with it. */
static bool wait_end(const struct direct_wait *wait, enum direct_waited how, struct direct_receive *receive,
                     mach_msg_return_t *result)
{
    if (receive->option & MACH_RCV_TIMEOUT)
        receive->timeout = direct_left(wait);
    *result = how == WAITED_OUT ? MACH_RCV_TIMED_OUT : MACH_RCV_INTERRUPTED;
    return how == WAITED_OUT || how == WAITED_INTERRUPTED;
}

/* Sleeps until there is something at the port. */
static enum direct_waited sleep_at_port(struct at_port *at, struct direct_wait *wait)
{
    const uint32_t bell = atomic_load(&at->port->bell);

    atomic_fetch_add(&at->port->sleeping, 1);
    return something_at_port(at) ? direct_sleep_not(wait) : direct_sleep(wait, &at->port->bell, bell);
}

/* After a message was taken: senders who wait for room in machsim go on. */
static void after_taking(struct at_port *at)
{
    if (atomic_load(&at->record->flags) & RECORD_BLOCKED)
        direct_do(WIRE_TRAP_PULL, at->number, 0);
}

/*
 * Whether to wait for messages of channels.  They keep coming through machsim if that is where the receiver waits, so a
 * sender whose message would have come by a channel leaves word.
 */
static bool prefers_channels(struct receiving *receiving, struct channel_port *port)
{
    if (!atomic_load_explicit(&receiving->through_machsim, memory_order_relaxed))
        return true;
    if (atomic_load_explicit(&port->wanted, memory_order_relaxed) == 0)
        return false;
    atomic_store_explicit(&port->wanted, 0, memory_order_relaxed);
    atomic_store_explicit(&receiving->through_machsim, false, memory_order_relaxed);
    return true;
}

/*
 * Where the last message came from another processor, it is worth while to wait a little for the next.  The channel that it came by
 * may say meanwhile that it has more: so there is nothing to change when it has, and neither side waits for the other's line.
 */
static unsigned quiet_channel(const struct at_port *at)
{
    const uint32_t sender = atomic_load_explicit(&at->receiving->sender, memory_order_relaxed);

    if (sender == 0 || sender - 1 == direct_processor())
        return NO_CHANNEL;
    return (atomic_load_explicit(&at->receiving->turn, memory_order_relaxed) - 1) % CHANNEL_INCOMING;
}

static void spin_at_port(struct at_port *at, struct direct_wait *wait)
{
    const uint32_t sender = atomic_load_explicit(&at->receiving->sender, memory_order_relaxed);

    (void)direct_spin_once(wait, &at->receiving->spin, sender - 1, something_at_port, at);
    at->quiet = NO_CHANNEL;
}

static bool receive_requests(struct at_port *at, mach_msg_return_t *result)
{
    struct direct_wait wait = {.start = 0};

    wait_begin(&wait, at->receive);
    at->quiet = wait.only_look ? NO_CHANNEL : quiet_channel(at);
    for (;;) {
        const bool queued = must_trap(at->record, at->name);
        enum looked looked = queued ? BY_MACHSIM : look(at);

        if (at->lacks_leases) {
            at->lacks_leases = false;
            direct_fill_leases();
            looked = look(at);
        }

        if (looked == RECEIVED) {
            after_taking(at);
            *result = MACH_MSG_SUCCESS;
            return true;
        }
        if (queued)
            atomic_store_explicit(&at->receiving->through_machsim, true, memory_order_relaxed);
        if (looked == BY_MACHSIM || !prefers_channels(at->receiving, at->port) ||
            (atomic_load(&at->record->flags) & (RECORD_PARKED | RECORD_BLOCKED))) /* or a sender waits there */
            return wait_end(&wait, WAITED_LONG, at->receive, result);
        if (wait.only_look)
            return wait_end(&wait, WAITED_OUT, at->receive, result);
        if (at->quiet != NO_CHANNEL) {
            spin_at_port(at, &wait);
            continue;
        }
        const enum direct_waited how = sleep_at_port(at, &wait);

        if (how != WAITED)
            return wait_end(&wait, how, at->receive, result);
    }
}

/* ---- sets ------------------------------------------------------------------------------------------ */

/* A set that is received from. */
struct at_set {
    struct direct_receive *receive;
    struct channel_task *task;
    struct channel_set *set;
    uint32_t bit;   /* in records */
    unsigned count; /* ports of it that messages may come to by channels */
    struct at_port ports[DIRECT_MANY - 1];
};

/* Whether a port is in the set still, as its record says; else the set is told. */
static bool is_member(struct at_set *at, unsigned record)
{
    _Atomic uint64_t *members = &at->set->members[record / 64];
    const uint64_t bit = (uint64_t)1 << record % 64;

    if (atomic_load(&at->task->records[record].sets) & at->bit)
        return true;
    atomic_fetch_and(members, ~bit);
    if (!(atomic_load(&at->task->records[record].sets) & at->bit))
        return false;
    atomic_fetch_or(members, bit); /* it has just come back */
    return true;
}

static void add_member(struct at_set *at, unsigned record)
{
    struct at_port *port = &at->ports[at->count];

    *port = (struct at_port){.receive = at->receive, .task = at->task, .record = &at->task->records[record],
                             .number = record, .receiving = &direct_receiving[record], .set = at->bit, .quiet = NO_CHANNEL};
    port->name = atomic_load(&port->record->name);
    port->port = direct_page(port->record, record);
    at->count += port->port != NULL && port->name != MACH_PORT_NULL;
}

/* Finds the set's ports.  False: they are too many. */
static bool find_members(struct at_set *at)
{
    at->count = 0;
    for (unsigned word = 0; word < CHANNEL_PORTS / 64; word++) {
        uint64_t members = atomic_load(&at->set->members[word]);

        for (; members != 0; members &= members - 1) {
            const unsigned record = word * 64 + (unsigned)__builtin_ctzll(members);

            if (!is_member(at, record))
                continue;
            if (at->count == DIRECT_MANY - 1)
                return false;
            add_member(at, record);
        }
    }
    return true;
}

static bool set_must_trap(const struct at_set *at)
{
    return atomic_load(&at->set->queued) || atomic_load(&at->set->parked) ||
           atomic_load(&at->set->name) != at->receive->name;
}

static bool something_at_set(const void *context)
{
    const struct at_set *at = context;

    for (unsigned i = 0; i < at->count; i++)
        if (something_at_port(&at->ports[i]))
            return true;
    return set_must_trap(at);
}

/* Looks at all ports, in turns. */
static enum looked look_at_members(struct at_set *at)
{
    static __thread unsigned turn;

    for (unsigned i = 0; i < at->count; i++) {
        struct at_port *port = &at->ports[(turn + i) % at->count];
        enum looked looked = must_trap(port->record, port->name) ? BY_MACHSIM : look(port);

        if (looked == NOTHING && (atomic_load(&port->record->flags) & RECORD_BLOCKED))
            looked = BY_MACHSIM; /* a sender waits there */

        if (looked == RECEIVED)
            after_taking(port);
        if (looked != NOTHING) {
            turn = (turn + i + 1) % at->count;
            return looked;
        }
    }
    return NOTHING;
}

/* Sleeps until there is something at one of the ports, or at the set. */
static enum direct_waited sleep_at_set(struct at_set *at, struct direct_wait *wait)
{
    _Atomic uint32_t *words[DIRECT_MANY];
    uint32_t values[DIRECT_MANY];

    words[at->count] = &at->set->bell;
    for (unsigned i = 0; i < at->count; i++)
        words[i] = &at->ports[i].port->bell;
    for (unsigned i = 0; i <= at->count; i++)
        values[i] = atomic_load(words[i]);
    for (unsigned i = 0; i < at->count; i++)
        atomic_fetch_add(&at->ports[i].port->sleeping, 1);
    return something_at_set(at) ? direct_sleep_not(wait) : direct_sleep_many(wait, words, values, at->count + 1);
}

/* Waits a little where the last messages came from another processor. */
static bool spin_at_set(struct at_set *at, struct direct_wait *wait)
{
    for (unsigned i = 0; i < at->count; i++) {
        const uint32_t sender = atomic_load_explicit(&at->ports[i].receiving->sender, memory_order_relaxed);

        if (sender != 0 && sender - 1 != direct_processor())
            return direct_spin_once(wait, &at->ports[i].receiving->spin, sender - 1, something_at_set, at);
    }
    return false;
}

static bool receive_set(struct direct_receive *receive, struct channel_set *set, unsigned number,
                        mach_msg_return_t *result)
{
    struct at_set at = {.receive = receive, .set = set, .bit = 1u << number, .task = atomic_load(&direct_task)};
    struct direct_wait wait = {.start = 0};

    wait_begin(&wait, receive);
    for (;;) {
        if (set_must_trap(&at) || !find_members(&at) || at.count == 0)
            return wait_end(&wait, WAITED_LONG, receive, result);
        const enum looked looked = look_at_members(&at);

        if (looked == RECEIVED) {
            *result = MACH_MSG_SUCCESS;
            return true;
        }
        if (looked == BY_MACHSIM)
            return wait_end(&wait, WAITED_LONG, receive, result);
        if (wait.only_look)
            return wait_end(&wait, WAITED_OUT, receive, result);
        if (spin_at_set(&at, &wait))
            continue;
        const enum direct_waited how = sleep_at_set(&at, &wait);

        if (how != WAITED)
            return wait_end(&wait, how, receive, result);
    }
}

/* ---- answers --------------------------------------------------------------------------------------- */

/* The answer that is waited for. */
struct at_slot {
    struct direct_receive *receive;
    struct outgoing *channel;
    struct channel_record *record;
    unsigned slot;
    uint32_t sequence;
};

static bool something_at_slot(const void *context)
{
    const struct at_slot *at = context;

    return ANSWERED_SEQUENCE(atomic_load(&at->channel->backward->answers[at->slot].answered)) == at->sequence ||
           atomic_load(&at->channel->forward->slots[at->slot].state) != SLOT_WORD(at->sequence, SLOT_OUTSTANDING) ||
           must_trap(at->record, at->receive->name);
}

/* Takes the answer, if it is there. */
static enum looked take_answer(struct at_slot *at)
{
    const struct channel_backward *backward = at->channel->backward;
    struct channel_forward *forward = at->channel->forward;
    uint32_t word = SLOT_WORD(at->sequence, SLOT_OUTSTANDING);

    if (atomic_load(&forward->slots[at->slot].state) != word)
        return BY_MACHSIM;
    const uint64_t answered = atomic_load(&backward->answers[at->slot].answered);
    const uint32_t size = ANSWERED_SIZE(answered);

    if (ANSWERED_SEQUENCE(answered) != at->sequence)
        return must_trap(at->record, at->receive->name) ? BY_MACHSIM : NOTHING;

    if (!channel_is_message(0, size, CHANNEL_LARGEST) || !fits(at->receive, size))
        return BY_MACHSIM;
    channel_fetch(at->receive->to, backward->data[at->slot], size);
    if (must_trap(at->record, at->receive->name) ||
        !atomic_compare_exchange_strong(&forward->slots[at->slot].state, &word, SLOT_WORD(at->sequence, SLOT_FREE)))
        return BY_MACHSIM;
    atomic_store_explicit(&at->record->waiting, 0, memory_order_release);
    complete(at->receive, at->receive->name, size, MACH_PORT_NULL, MACH_MSG_TYPE_PORT_SEND_ONCE, at->record,
             &forward->sender, &forward->audit);
    return RECEIVED;
}

static enum direct_waited sleep_at_slot(struct at_slot *at, struct direct_wait *wait)
{
    struct channel_slot *slot = &at->channel->forward->slots[at->slot];
    _Atomic uint32_t *bell = (_Atomic uint32_t *)(uintptr_t)&at->channel->backward->answers[at->slot].bell;
    const uint32_t value = atomic_load(bell);

    atomic_store(&slot->sleeping, 1);
    const enum direct_waited how = something_at_slot(at) ? direct_sleep_not(wait) : direct_sleep(wait, bell, value);

    atomic_store_explicit(&slot->sleeping, 0, memory_order_relaxed); /* one wake too many costs little */
    return how;
}

static bool await_answer(struct at_slot *at, mach_msg_return_t *result)
{
    static _Atomic uint32_t spin;
    struct direct_wait wait = {.start = 0};

    wait_begin(&wait, at->receive);
    for (;;) {
        const enum looked looked = take_answer(at);

        if (looked == RECEIVED) {
            *result = MACH_MSG_SUCCESS;
            return true;
        }
        if (looked == BY_MACHSIM)
            return wait_end(&wait, WAITED_LONG, at->receive, result);
        const uint32_t processor = atomic_load_explicit(&at->channel->backward->processor, memory_order_relaxed);

        if (wait.only_look)
            return wait_end(&wait, WAITED_OUT, at->receive, result);
        if (direct_spin_once(&wait, &spin, processor, something_at_slot, at))
            continue;
        const enum direct_waited how = sleep_at_slot(at, &wait);

        if (how != WAITED)
            return wait_end(&wait, how, at->receive, result);
    }
}

/* The channel whose slot a port's answer is to come in, which stays while it is waited at; NULL. */
static struct outgoing *find_awaited(uint32_t waiting)
{
    for (unsigned i = 0; i < CHANNEL_OUTGOING; i++) {
        struct outgoing *at = &direct_outgoing[i];

        if (atomic_load(&at->forward) == NULL || at->number != waiting >> 8 || !direct_lock(&at->lock))
            continue;
        const bool here = at->forward != NULL && at->number == waiting >> 8;

        at->waiting += here;
        direct_unlock(&at->lock);
        if (here)
            return at;
    }
    return NULL;
}

static bool receive_answer(struct direct_receive *receive, struct channel_record *record, uint32_t waiting,
                           mach_msg_return_t *result)
{
    struct outgoing *channel = find_awaited(waiting);
    struct at_slot at = {
        .receive = receive, .channel = channel, .record = record, .slot = ((waiting & 0xff) - 1) % CHANNEL_SLOTS};

    if (channel == NULL)
        return false;
    const struct channel_slot *slot = &channel->forward->slots[at.slot];
    const uint32_t word = atomic_load(&slot->state);

    at.sequence = SLOT_SEQUENCE(word);
    const bool done = SLOT_STATE(word) == SLOT_OUTSTANDING && atomic_load(&slot->reply) == receive->name &&
                      await_answer(&at, result);

    if (direct_lock(&channel->lock)) {
        channel->waiting--;
        direct_unlock_outgoing(channel);
    }
    return done;
}

/* ---- the door -------------------------------------------------------------------------------------- */

bool direct_receives(mach_port_name_t name)
{
    unsigned number;
    const struct channel_record *record = direct_record(name, &number);

    if (record == NULL) {
        const struct channel_set *set = direct_set(name, &number);

        return set != NULL && !atomic_load(&set->parked);
    }
    struct channel_port *port = direct_page(record, number);

    return port != NULL && !(atomic_load(&record->flags) & RECORD_PARKED) &&
           prefers_channels(&direct_receiving[number], port);
}

bool direct_receive(struct direct_receive *receive, mach_msg_return_t *result)
{
    struct at_port at = {.receive = receive};
    struct channel_record *record = direct_record(receive->name, &at.number);

    if (!ipc_trailer_exists(receive->option))
        return false;
    if (record == NULL) {
        struct channel_set *set = direct_set(receive->name, &at.number);

        return set != NULL && receive_set(receive, set, at.number, result);
    }
    if (atomic_load(&record->flags) & RECORD_PARKED)
        return false;
    const uint32_t waiting = atomic_load(&record->waiting);

    at.receiving = &direct_receiving[at.number];
    at.port = direct_page(record, at.number);
    if (waiting != 0)
        return at.port == NULL && receive_answer(receive, record, waiting, result);
    if (at.port == NULL)
        return false;
    at.task = atomic_load(&direct_task);
    at.name = receive->name;
    at.record = record;
    return receive_requests(&at, result);
}
