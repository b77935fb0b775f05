/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * channel.h - messages from one task to another without machsim between them: what the two, and machsim, share.
 *
 * A channel is for one sender (a task) and one port.  Its memory is in two parts: the sender writes `forward`, the
 * receiver writes `backward`, and each can only read the other's.  Requests lie in a ring in `forward`; the answer to
 * one lies in a slot in `backward`.  machsim maps both, and can take any message out, at any time, and put it into the
 * port's queue as if it had been sent through it.  So there is one rule for all that is rare (a message with rights, a
 * receiver that sleeps long or waits at a set, a port that goes to another task, a task that dies): machsim pulls
 * what is in the channel, and goes on as it always does.
 *
 * A slot that is KEPT is SETTLED, but for a right that machsim has still to give to someone: it is not used anew yet.
 *
 * Whoever takes a request, receiver or machsim, copies it and then moves `head` by compare-and-swap: what was copied
 * meanwhile counts only if that succeeds.  A slot goes from OUTSTANDING to FREE (its sender has taken the answer) or
 * to SETTLED (machsim has made the reply a real right, once) by compare-and-swap on `state`, whichever comes first.
 *
 * Order.  machsim pulls a sender's channel before it queues another message of that sender's; a receiver that has
 * read a request looks whether machsim is pulling (`pulling`), then whether it has messages for the port (`queued`),
 * before it takes it, and if so asks there.
 * So what a task sent first is received first, whichever way each message went.
 *
 * Sleeping.  Who waits counts itself in `sleeping` (of a slot: sets it), looks once more, then waits for `bell` to
 * change.  Who has something makes it visible, then looks at `sleeping`, then changes `bell`.  A receiver in machsim
 * sets `parked` instead, then pulls; a sender that sees `parked` after its message is visible asks machsim to pull.
 * All of these are sequentially consistent: of two who each write one word and read the other's, one sees the other.
 * tests/model/channel.pml has it.
 *
 * All here may be written by hostile programs at any time: it is read once, and checked.
 */
#ifndef HOSTED_CHANNEL_H
#define HOSTED_CHANNEL_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <mach/message.h>

/* ---- of one sender and one port ---------------------------------------------------------------------- */

#define CHANNEL_ENTRIES 128u
#define CHANNEL_SLOTS 16u
#define CHANNEL_LARGEST (40u * 1024) /* bytes of a message */
#define CHANNEL_ROOM (128u * 1024)   /* bytes of messages that are on their way to the receiver */

struct channel_entry {
    _Atomic uint32_t offset, size; /* in `data` */
    _Atomic uint32_t slot;         /* 1 + the slot for the answer, or 0 */
    _Atomic uint32_t sequence;     /* of that slot */
};

enum channel_slot_state { SLOT_FREE, SLOT_OUTSTANDING, SLOT_SETTLED, SLOT_KEPT };
/* A slot's state and how often it was used before, in one word. */
#define SLOT_WORD(sequence, state) ((uint32_t)(sequence) << 2 | (uint32_t)(state))
#define SLOT_SEQUENCE(word) ((word) >> 2)
#define SLOT_STATE(word) ((enum channel_slot_state)((word)&3))
#define SLOT_SEQUENCE_MASK 0x3fffffffu

struct channel_slot {
    _Atomic uint32_t state;
    _Atomic uint32_t reply;    /* the sender's name for the port that the answer is for */
    _Atomic uint32_t sleeping; /* someone waits for the answer, or is about to */
    _Atomic uint32_t parked;   /* the answer is to be pulled */
};

/*
 * Lines: what one side writes often and the other looks at all the time has a line of its own, as has what only machsim reads.
 */
struct channel_forward {
    alignas(64) _Atomic uint32_t tail; /* messages so far */
    _Atomic uint32_t processor;        /* where the sender ran last */
    _Atomic uint32_t blocked;          /* how many threads wait for the channel to be empty, or are about to */
    alignas(64) _Atomic uint32_t sending; /* room may have been taken for a message that is not there yet */
    alignas(64) _Atomic uint32_t open; /* machsim: messages may go this way */
    _Atomic uint32_t incoming;         /* machsim: the number that the channel has with its receiver */
    security_token_t sender;           /* machsim: who answers */
    audit_token_t audit;
    alignas(64) struct channel_entry entries[CHANNEL_ENTRIES];
    struct channel_slot slots[CHANNEL_SLOTS];
    alignas(4096) uint8_t data[CHANNEL_ROOM];
};

struct channel_answer {
    _Atomic uint64_t answered; /* ANSWERED, once the answer is there */
    _Atomic uint32_t bell;     /* futex of whoever waits for it */
    uint32_t reserved;
};

/* The slot's sequence, and the answer's bytes. */
#define ANSWERED(sequence, size) ((uint64_t)(size) << 32 | (uint32_t)(sequence))
#define ANSWERED_SEQUENCE(word) ((uint32_t)(word))
#define ANSWERED_SIZE(word) ((uint32_t)((word) >> 32))

struct channel_backward {
    alignas(64) _Atomic uint32_t head; /* messages taken so far */
    _Atomic uint32_t processor;        /* where the receiver ran last */
    _Atomic uint32_t taking;           /* room for a message that was taken has perhaps not been given back */
    _Atomic uint32_t emptied;          /* futex of senders that are blocked: changes when the channel is empty */
    alignas(64) struct channel_answer answers[CHANNEL_SLOTS];
    alignas(4096) uint8_t data[CHANNEL_SLOTS][CHANNEL_LARGEST];
};

/* ---- of one port, for its receiver and all senders ------------------------------------------------------ */

/* At most so many channels lead to one task. */
#define CHANNEL_INCOMING 256u

struct channel_port {
    alignas(64) _Atomic uint32_t bell; /* futex of those who wait for messages */
    _Atomic uint32_t sleeping; /* how many do, or more */
    _Atomic uint32_t parked;   /* messages are to go through machsim */
    _Atomic uint32_t wanted;   /* a message that could go by a channel had to go through machsim, for it was parked */
    _Atomic uint64_t ready[CHANNEL_INCOMING / 64]; /* channels in which there may be something */
    alignas(64) _Atomic int32_t credits; /* how many more may be sent: the queue's limit less what is queued */
};

#define CHANNEL_PORT_SIZE 4096u

/* ---- of one task, for it and machsim ---------------------------------------------------------------------- */

#define CHANNEL_PORTS 128u
#define CHANNEL_OUTGOING 256u
#define CHANNEL_LEASES 64u

enum channel_record_flags {
    RECORD_PARKED = 1,     /* someone waits for messages in machsim, or the port is in a set */
    RECORD_BLOCKED = 2,    /* senders wait for room, or want to hear of it: tell machsim of each message taken */
};

/* A port that the task receives from, and that messages reach by channels. */
struct channel_record {
    alignas(64) _Atomic uint32_t name; /* 0: none */
    _Atomic uint32_t queued;  /* messages that machsim has */
    _Atomic uint32_t flags;
    _Atomic uint32_t seqno;   /* of the next message */
    _Atomic uint64_t context;
    _Atomic uint32_t waiting; /* the one slot in which an answer for this port may come: SLOT_OF, or 0 */
    _Atomic uint32_t sets;    /* of the task's sets below, those that the port is in: bits */
    _Atomic uint32_t page;    /* the number of the port's page; 0: it has none, as no channel leads to it */
    _Atomic uint32_t pulling; /* not 0: machsim is at it, and `queued` is about to change */
};

#define SLOT_OF(outgoing, slot) ((uint32_t)(outgoing) << 8 | ((uint32_t)(slot) + 1))

#define CHANNEL_SETS 16u

/* A set that the task receives from.  Who waits for its messages waits at the bells of all its ports, and at this one. */
struct channel_set {
    _Atomic uint32_t name;   /* 0: none */
    _Atomic uint32_t queued; /* machsim has messages for some port of it */
    _Atomic uint32_t parked; /* someone waits for its messages in machsim */
    _Atomic uint32_t bell;   /* futex: changes when machsim has messages, or the set goes */
    _Atomic uint64_t members[CHANNEL_PORTS / 64]; /* records of ports that are in it, or were: bits */
};

/* A channel that leads to the task. */
struct channel_incoming {
    _Atomic uint32_t open;
    uint32_t reserved;
    security_token_t sender;
    audit_token_t audit;
};

enum channel_lease_state { LEASE_NONE, LEASE_FREE, LEASE_USED, LEASE_REPLYING };

/*
 * A name that machsim has set aside: the task gives it to a reply right that came by a channel.  It may have any
 * generation.  machsim makes it a real right as soon as the task does anything but answer.
 */
struct channel_lease {
    alignas(64) _Atomic uint32_t state; /* USED to REPLYING by the task, to NONE by machsim, whichever comes first */
    _Atomic uint32_t name;
    _Atomic uint32_t channel, slot, sequence; /* what it stands for */
};

/*
 * A port that machsim has made in advance, and a name that it has set aside for its receive right: the task can allocate it,
 * and destroy it while no one else has heard of it.  machsim makes it a real right at the task's next trap.
 */
struct channel_fresh {
    _Atomic uint32_t state; /* LEASE_FREE to USED and back by the task, USED to NONE by machsim */
    _Atomic uint32_t name;
};

#define CHANNEL_FRESH 32u

/*
 * User references that the task lets go of without a trap: names, in a ring that machsim reads before each trap of anyone's, while
 * its window is not CLOSED.  The task puts a name there, then makes an OPEN window USED; if it finds it CLOSED, it makes a trap.
 * machsim closes it, reads the ring, and opens it again only if it was USED.
 */
#define CHANNEL_RELEASES 64u
enum channel_release_window { WINDOW_CLOSED, WINDOW_OPEN, WINDOW_USED };

struct channel_task {
    alignas(64) _Atomic uint64_t used; /* leases that may be in use */
    alignas(64) _Atomic uint32_t fresh_used; /* and ports */
    _Atomic uint32_t ended; /* the task has, or machsim */
    _Atomic uint32_t release_window, release_head, release_tail;
    _Atomic uint32_t releases[CHANNEL_RELEASES];
    struct channel_record records[CHANNEL_PORTS];
    struct channel_set sets[CHANNEL_SETS];
    struct channel_lease leases[CHANNEL_LEASES];
    struct channel_fresh fresh[CHANNEL_FRESH];
    struct channel_incoming incoming[CHANNEL_INCOMING];
};

/* ---- messages ---------------------------------------------------------------------------------------------- */

/* Whether what someone says of a message can be: where it lies in so much room, and its bytes. */
static inline int channel_is_message(uint32_t offset, uint32_t size, uint32_t room)
{
    return size >= sizeof(mach_msg_header_t) && size % 4 == 0 && size <= CHANNEL_LARGEST && offset <= room &&
           size <= room - offset;
}

/* ---- bells ------------------------------------------------------------------------------------------------- */

/*
 * Whether someone who sleeps at the port is to be woken, after something was made visible: then its bell has changed,
 * and the caller wakes one.  One wake is for one sleeper, so a burst of messages wakes each once.  Who gives up its
 * sleep does not take back its count: one wake too many costs little, one too few a message.
 */
static inline int channel_ring(struct channel_port *port)
{
    uint32_t sleeping = atomic_load(&port->sleeping);

    while (sleeping > 0)
        if (atomic_compare_exchange_weak(&port->sleeping, &sleeping, sleeping - 1)) {
            atomic_fetch_add(&port->bell, 1);
            return 1;
        }
    return 0;
}

_Static_assert(offsetof(struct channel_forward, data) == 4096, "the head of forward is a page");
_Static_assert(offsetof(struct channel_backward, data) == 4096, "the head of backward is a page");
_Static_assert(sizeof(struct channel_port) <= CHANNEL_PORT_SIZE, "a port's part is a page");

#endif
