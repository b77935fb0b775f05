/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * direct.h - the daemon's side of messages that do not come through it: see channel.h.
 *
 * A direct_task is a task's part, a direct_port that of a port which messages reach by channels (and of one that
 * answers reach so), a channel leads from a task to a port.  A channel is closed when its sender has no send right under
 * its name any more, or the receive right leaves its name, or one of the tasks ends; what is in it is pulled then.  It is
 * freed when, besides, no answer can come by it any more.
 *
 * Locks: settle_lock of a task (RANK_SETTLE) while what it has done without a trap becomes so: a trap of another thread's
 * finds that all of it has, or waits.  pull_lock of a port (RANK_CHANNEL) while messages go from its channels into its queue;
 * it guards the list of channels too.  What the core tells with its own locks held is done later, as deferred work.  The
 * locks of tasks and channels are leaves.
 */
#ifndef HOSTED_DIRECT_H
#define HOSTED_DIRECT_H

#include "hal/hosted/channel.h"
#include "hal/hosted/hosted.h"
#include "ipc/direct.h"
#include "kern/timer.h"

struct channel;

struct direct_task {
    struct ref refs;
    struct task *task; /* referenced */
    int file;
    struct channel_task *state;
    _Atomic uint32_t pages;  /* how many its ports have had */
    _Atomic uint32_t offers; /* channels that it has not accepted yet */
    _Atomic bool releases;   /* its window is not closed, and the timer is armed, with a reference */
    struct timer release_timer;
    struct lock settle_lock; /* leases and ports that were in use become real, and names that were let go of go */
    struct lock lock;        /* guards all below */
    _Atomic bool ended;
    struct channel *incoming[CHANNEL_INCOMING], *outgoing[CHANNEL_OUTGOING];
    struct direct_port *ports[CHANNEL_PORTS];
    struct direct_set *sets[CHANNEL_SETS];
    mach_port_name_t leases[CHANNEL_LEASES]; /* what was set aside for each; 0: nothing */
    struct direct_fresh {
        mach_port_name_t name;
        struct ipc_port *port; /* in limbo; NULL: none */
    } fresh[CHANNEL_FRESH];
};

struct direct_port {
    struct ipc_direct core;
    struct ref refs;
    struct defer work;
    _Atomic uint32_t wanted;   /* bits of what the work is */
    struct ipc_port *port;     /* referenced */
    struct direct_task *owner; /* referenced */
    unsigned record;
    bool left;                 /* under the port's lock: the receive right has left its name */
    uint32_t flags;            /* and what was told last */
    int32_t room, moving; /* messages that are neither in a channel nor in the queue */
    bool mending; /* the same: the timer is armed, and has a reference */
    struct timer timer;
    struct lock pull_lock;
    struct list channels;
    int file; /* of the page; -1: no channel has come yet */
    struct channel_port *page;
    uint32_t page_number; /* of all that the task has had */
};

struct channel {
    struct ref refs;
    struct list link; /* in port->channels */
    struct direct_port *port;
    struct direct_task *sender, *receiver;
    mach_port_name_t name; /* of the sender's right */
    unsigned outgoing, incoming;
    int forward_file, backward_file; /* -1: both sides have them */
    struct channel_forward *forward;
    struct channel_backward *backward;
    bool closed;      /* under pull_lock; while not, a send right to the port is the channel's */
    bool broken;      /* the same: what its sender has put there makes no sense */
    struct lock lock; /* guards all below */
    bool accepted, freed; /* accepted: or not offered yet */
    struct kept {
        struct ipc_port *port; /* a send-once right for the answer, if its port has left its name */
        uint32_t sequence;
    } kept[CHANNEL_SLOTS];
};

/* ---- tasks (direct.c) -------------------------------------------------------------------------------- */

/* The task's part, with a reference, made if need be; NULL: no memory, or the task has ended. */
struct direct_task *direct_task_get(struct task *task);
void direct_task_put(struct direct_task *direct);
/* A channel of a task's table, with a reference, or NULL. */
struct channel *direct_channel(struct direct_task *direct, struct channel *const *table, unsigned number);

/* How many channels wait for a task to accept them. */
uint32_t direct_offers(struct task *task);
/* A trap begins: reply rights whose names it could use become real, all of them. */
void direct_settle(struct task *task, uint32_t number, const uint64_t *arguments);
/* The same for those that came by one channel. */
void direct_settle_channel(struct direct_task *direct, const struct channel *channel);
/* The traps of direct messages; false: it is none of them. */
bool direct_trap(struct hosted_thread *t, uint32_t number, const uint64_t *arguments);

/* ---- ports made in advance (direct_fresh.c) ------------------------------------------------------------ */

/* Makes ports, and sets names aside, for those of a task's table that have none. */
void direct_fresh_fill(struct direct_task *direct);
/* Those that the task has allocated are its own now. */
void direct_fresh_settle(struct direct_task *direct);
/* The task has ended. */
void direct_fresh_end(struct direct_task *direct);

/* ---- references let go of without a trap (direct_release.c) -------------------------------------------- */

/* The task may leave some in its table. */
void direct_release_open(struct direct_task *direct);
/* All that tasks have left are let go of. */
void direct_release_settle(void);

/* ---- ports (direct_port.c) --------------------------------------------------------------------------- */

/*
 * Lets messages reach a port of a task's other ways too.  With a reference.  NULL: it cannot be now, or the port is no
 * longer the task's.
 */
struct direct_port *direct_port_get(struct direct_task *owner, struct ipc_port *port);
void direct_port_reference(struct direct_port *direct);
void direct_port_put(struct direct_port *direct);
/* Sees to it that the port has a page.  Under pull_lock. */
bool direct_port_page(struct direct_port *direct);
/*
 * A message is on its way from a channel into the queue, with a send right that this makes (`begins`), or has arrived:
 * the room that it takes is taken all the time.
 */
void direct_port_move(struct direct_port *direct, bool begins);
/*
 * Counts room anew, under pull_lock: a sender may have been killed when it had taken some, or have counted as it liked.
 * While some task is just at it, nothing changes.
 */
void direct_port_mend(struct direct_port *direct);
/* Pulls all that may wait, and lets senders go on.  No locks are held. */
void direct_port_pull(struct direct_port *direct);

/* ---- sets (direct_set.c) ------------------------------------------------------------------------------- */

/* Lets messages reach a task's set by its ports' channels.  Its number, or CHANNEL_SETS: it cannot be. */
unsigned direct_set_make(struct direct_task *owner, struct ipc_pset *set, mach_port_name_t name);
/* The locked set's number among a task's; CHANNEL_SETS: it has none. */
unsigned direct_set_number(const struct direct_task *owner, const struct ipc_pset *set);

/* ---- channels (channel.c) ---------------------------------------------------------------------------- */

/* Opens a channel from a task to a port under one of its names.  With a reference; NULL: it cannot be. */
struct channel *channel_open(struct direct_task *sender, struct direct_port *port, mach_port_name_t name);
void channel_put(struct channel *channel);
/* Puts what is in the channel into the port's queue.  Under the port's pull_lock. */
void channel_drain(struct channel *channel);
/* Ends the channel, if it is not closed yet.  No locks are held. */
void channel_close(struct channel *channel);
/* Whether the sender still has the right that the channel stands for. */
bool channel_is_backed(const struct channel *channel);
/* Has the answer in a slot, if there is one that no one has taken, queued at the port that it is for. */
void channel_answer(struct channel *channel, unsigned slot);
/* The same for all slots; answers that do not come yet are to be pulled. */
void channel_answer_all(struct channel *channel);
/* Makes the reply right of a slot real, once: NULL (it was, or is not there), IPC_PORT_DEAD, or a send-once right. */
struct ipc_port *channel_settle(struct channel *channel, unsigned slot, uint32_t sequence);
/* Keeps the reply right of a slot, whose locked port is about to leave its name. */
void channel_keep(struct channel *channel, unsigned slot, struct ipc_port *port);
/* The receiver has ended: those who wait for its answers hear that. */
void channel_receiver_ended(struct channel *channel);
/* Frees what no one needs any more. */
void channel_try_free(struct channel *channel);
/* Both sides have the channel's descriptors: the daemon needs them no more. */
void channel_close_files(struct channel *channel);
/* Wakes those who wait for an answer in a slot. */
void channel_ring_slot(struct channel *channel, unsigned slot);

#endif
