/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tables.h - what this process knows of its channels.
 *
 * All of it lies in tables that are there until the process ends, so that who finds something by a name may look at it,
 * and locks it to be sure: a channel's mapping changes only with its lock held.  Locks are of the kind that tells a
 * thread which has one already: that is a signal handler's call, which goes by a trap.
 *
 * What stands for one port or channel has cache lines of its own: threads on other processors use others.
 */
#ifndef LIBMACH_DIRECT_TABLES_H
#define LIBMACH_DIRECT_TABLES_H

#include <stdalign.h>
#include <stdbool.h>

#include "direct.h"
#include "lock.h"
#include "machsim/hal/hosted/channel.h"
#include "machsim/ipc/trailer.h"

#pragma GCC visibility push(hidden)

/* A channel that this task sends by. */
struct outgoing {
    alignas(64) struct direct_lock lock; /* guards all below */
    _Atomic uint32_t name; /* of the send right; 0: no channel is here */
    _Atomic unsigned number;
    struct channel_forward *_Atomic forward;
    const struct channel_backward *backward;
    struct channel_port *port;
    bool was_open;
    unsigned waiting;         /* threads that wait for answers, or for room: the mappings stay */
    _Atomic uint32_t spin;
    uint32_t tail;            /* messages so far */
    uint32_t next;            /* where the next one's bytes go */
    uint32_t starts[CHANNEL_ENTRIES]; /* where those of each lie */
};

/* A channel that leads to this task. */
struct incoming {
    alignas(64) struct direct_lock lock;
    const struct channel_forward *_Atomic forward; /* NULL: none is here */
    struct channel_backward *backward;
    unsigned record;
    uint32_t generation; /* changes when it becomes another channel */
};

/* A port that this task receives from by channels. */
struct receiving {
    alignas(64) struct channel_port *_Atomic port; /* mapped; another port's, unless its number is the record's */
    _Atomic uint32_t page;
    _Atomic bool through_machsim; /* messages seem to come that way: it is better to wait there */
    _Atomic uint32_t spin;  /* how long it is worth while to wait without sleeping */
    _Atomic uint32_t turn;  /* where to look first */
    _Atomic uint32_t sender; /* 1 + the processor that the last message came from; 0: none has */
};

/* What stands behind an index of a name. */
struct named {
    alignas(64) _Atomic uint32_t name; /* the last one of that index that was sent to */
    _Atomic int32_t uses;     /* messages that went to it; < 0: it can have no channel for so many more */
    struct outgoing *_Atomic outgoing;
    _Atomic uint32_t reply;   /* the last one that an answer was wanted for */
    _Atomic uint32_t record;  /* 1 + the number of its record, or 0 */
    _Atomic uint32_t lease;   /* 1 + the number of a lease of that index, or 0 */
    _Atomic uint32_t set;     /* 1 + the number of the set that it was, or 0 */
    _Atomic int32_t receives; /* from what may be a set; < 0: it cannot be one for so many more */
    _Atomic uint32_t fresh;   /* 1 + the number of a port of that index that was made in advance, or 0 */
    _Atomic uint64_t granted; /* release.c */
};

enum direct_mode { DIRECT_NEVER, DIRECT_ALWAYS, DIRECT_AUTO, DIRECT_RANDOM };
extern enum direct_mode direct_mode;

extern struct channel_task *_Atomic direct_task;
extern struct outgoing direct_outgoing[CHANNEL_OUTGOING];
extern struct incoming direct_incoming[CHANNEL_INCOMING];
extern struct receiving direct_receiving[CHANNEL_PORTS];

/* Names of higher indexes go by traps. */
#define DIRECT_NAMES 8192u
extern struct named *_Atomic direct_names;
/* Reads MACH_DIRECT, and makes the table: NULL, if there is to be none. */
struct named *direct_prepare(void);

/* The entry for a name; NULL: it has none. */
static inline struct named *direct_named(mach_port_name_t name)
{
    const uint32_t index = MACH_PORT_INDEX(name);
    struct named *table = atomic_load_explicit(&direct_names, memory_order_acquire);

    if (table == NULL)
        table = direct_prepare();
    return table == NULL || index >= DIRECT_NAMES ? NULL : &table[index];
}
/* The record of a receive right of this task's that has one; NULL. */
struct channel_record *direct_record(mach_port_name_t name, unsigned *number);
/* The page of a port that has one, as far as it is mapped; NULL. */
struct channel_port *direct_page(const struct channel_record *record, unsigned number);
/* A set of this task's whose ports' messages may come by channels; NULL. */
struct channel_set *direct_set(mach_port_name_t name, unsigned *number);
/* Gives one to a receive right that has none. */
struct channel_record *direct_make_record(mach_port_name_t name, unsigned *number);

/* The channel to send by to a name, locked; NULL: there is none, or it is not ready.  It counts what asks for one. */
struct outgoing *direct_find_outgoing(mach_port_name_t name);
void direct_unlock_outgoing(struct outgoing *channel);

/*
 * Takes what machsim has set aside, and this task uses under a name, so that machsim leaves it alone.  False: it is not in
 * use, or under another name.
 */
bool direct_claim(_Atomic uint32_t *state, const _Atomic uint32_t *current, mach_port_name_t name);
/* Gives a reply right a name, for the caller to make known.  False: there is none left: direct_fill_leases. */
bool direct_take_lease(unsigned channel, unsigned slot, uint32_t sequence, uint32_t generation, unsigned *lease);
void direct_drop_lease(unsigned lease);
/* Has machsim set aside more names.  No channel is locked. */
void direct_fill_leases(void);
extern uint32_t direct_lease_generation[CHANNEL_LEASES];

/* Has machsim make ports in advance. */
void direct_fill_fresh(void);
/* The next name of the same index: what was named so before is not meant. */
mach_port_name_t direct_next_name(mach_port_name_t name);

/* Writes behind a trailer's head as much of the rest as it has room for. */
void direct_tell_origin(mach_msg_max_trailer_t *trailer, const struct ipc_origin *origin);

/* Has machsim make the task's part, if it has none. */
void direct_make_task(void);

/* The child's locks are its own. */
void direct_release_after_fork(void);

/* A trap of WIRE_TRAP_*, for its effect alone. */
void direct_do(uint32_t number, uint64_t first, uint64_t second);

/* Writes the trailer that receive options ask for, and gives the message its number: that is when it is received. */
static inline void direct_write_trailer(uint8_t *to, mach_msg_option_t option, struct channel_record *record,
                                        const security_token_t *sender, const audit_token_t *audit)
{
    const struct ipc_origin origin = {.sender = sender,
                                      .audit = audit,
                                      .seqno = atomic_fetch_add(&record->seqno, 1),
                                      .context = atomic_load_explicit(&record->context, memory_order_relaxed)};
    mach_msg_max_trailer_t *trailer = (void *)to;

    trailer->msgh_trailer_type = MACH_MSG_TRAILER_FORMAT_0;
    trailer->msgh_trailer_size = ipc_trailer_size(option);
    if (trailer->msgh_trailer_size > sizeof(mach_msg_trailer_t))
        direct_tell_origin(trailer, &origin);
}

/* ---- waiting (wait.c) ---------------------------------------------------------------------------------- */

/* How long a receive has waited, and may. */
struct direct_wait {
    uint64_t start;    /* 0: not looked yet */
    uint64_t deadline; /* of the clock; UINT64_MAX: none */
    bool interruptible;
    bool only_look; /* there is no time to wait */
    bool spun;      /* direct_spin_once has */
};

enum direct_waited { WAITED, WAITED_LONG, WAITED_OUT, WAITED_INTERRUPTED };

/* A word has been seen as `value`: waits for it to change, but not long. */
enum direct_waited direct_sleep(struct direct_wait *wait, _Atomic uint32_t *word, uint32_t value);
/* The same for several words: any. */
#define DIRECT_MANY 16u
enum direct_waited direct_sleep_many(struct direct_wait *wait, _Atomic uint32_t *const *words, const uint32_t *values,
                                     unsigned count);
/* There seems to be something already: only the time is looked at, for the other side may say so again and again. */
enum direct_waited direct_sleep_not(struct direct_wait *wait);
/* Waits while `ready` says no, if the other side runs on another processor, for a time that pays. */
bool direct_spin(_Atomic uint32_t *spin, uint32_t processor, bool (*ready)(const void *), const void *context);
/* The same once for each receive: what others write does not keep it from its end. */
bool direct_spin_once(struct direct_wait *wait, _Atomic uint32_t *spin, uint32_t processor, bool (*ready)(const void *),
                      const void *context);
uint32_t direct_processor(void);
/* Milliseconds that are left of a receive's time. */
mach_msg_timeout_t direct_left(const struct direct_wait *wait);
uint64_t direct_now(void);

#pragma GCC visibility pop

#endif
