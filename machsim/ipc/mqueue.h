/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mqueue.h - sending to a port's queue and receiving from it, with threads that wait on either side.
 *
 * A thread waits in one list at most: senders or receivers of a port, or waiters of a set.  Whoever takes its link
 * out of that list, under the lock of that port or set, has woken it and alone fills in the result: a message, room
 * in the queue, a timeout, an abort, or the death of what it waits on.
 */
#ifndef IPC_MQUEUE_H
#define IPC_MQUEUE_H

#include "ipc/kmsg.h"
#include "ipc/pset.h"
#include "kern/timer.h"

/* A thread's wait for a message or for room; part of struct thread. */
struct ipc_wait {
    struct list link;      /* guarded by the lock of what it waits on */
    struct lock lock;      /* guards port, set, aborted and ended */
    _Atomic bool aborted;  /* the trap in progress is not to wait any more */
    bool ended;            /* no trap is */
    struct ipc_port *port; /* what it waits on, referenced; NULL: it does not, or on a set */
    struct ipc_pset *set;
    struct ipc_kmsg *kmsg;            /* the message to send, or the one received */
    mach_msg_return_t result;         /* written by who wakes */
    mach_msg_size_t room;             /* receiver: bytes for message and trailer */
    mach_msg_size_t needed;           /* receiver: with MACH_RCV_TOO_LARGE, bytes of the message that stayed */
    mach_port_name_t large_name;      /* receiver: with MACH_RCV_TOO_LARGE, the port that has it */
    mach_msg_option_t option;
    bool sending;
    _Atomic uint64_t deadline; /* 0: none */
    struct timer timer;
};

void ipc_wait_init(struct ipc_wait *wait);

/* ---- sending --------------------------------------------------------------------------------------- */

/*
 * Sends a message to its destination.  MACH_MSG_SUCCESS: it is in the queue, or with its receiver, or the port is
 * dead and it is gone.  With `thread`, if there is no room and the options allow no other way:
 * MACH_SEND_TIMED_OUT: its time is 0; MACH_SEND_INTERRUPTED: it was aborted; the message is still the caller's.
 * MACH_SEND_IN_PROGRESS: the thread waits now; its continuation finds the result in thread->wait.
 * Without a thread, the queue takes it whatever its limit.
 */
mach_msg_return_t ipc_mqueue_send(struct ipc_kmsg *kmsg, struct thread *thread, mach_msg_option_t option,
                                  mach_msg_timeout_t timeout);

/* ---- receiving ------------------------------------------------------------------------------------- */

/*
 * Takes the next message for thread->wait (option, room) from a port or a set, with a reference to it that the
 * call consumes.  MACH_MSG_SUCCESS: it is in wait.kmsg.  MACH_RCV_TOO_LARGE: with MACH_RCV_LARGE it stayed, and
 * wait.needed tells its size; else it is in wait.kmsg.  MACH_RCV_TIMED_OUT, _INTERRUPTED, _PORT_DIED.
 * MACH_RCV_IN_PROGRESS: the thread waits.
 */
mach_msg_return_t ipc_mqueue_receive_port(struct ipc_port *port, struct thread *thread, mach_msg_timeout_t timeout);
mach_msg_return_t ipc_mqueue_receive_set(struct ipc_pset *set, struct thread *thread, mach_msg_timeout_t timeout);

/* Called by the continuation of a thread that was woken: what it waited on is let go of. */
void ipc_wait_finish(struct thread *thread);

/* The same for one who was taken out of the list that he waited in, and goes on at once: no continuation is called. */
void ipc_wait_taken(struct thread *thread);

/* A trap begins: an abort of the one before does not concern it. */
void ipc_wait_start(struct thread *thread);
/* Ends the wait of a thread's trap, now or when it would begin, with MACH_*_INTERRUPTED; with `forever`, of all. */
void ipc_wait_abort(struct thread *thread, bool forever);

/* ---- for ports and sets ---------------------------------------------------------------------------- */

/* A message is received from a locked port, in whose queue it is not: it learns where, and as which. */
void ipc_mqueue_take(struct ipc_port *port, struct ipc_kmsg *kmsg);
/* Wakes all receivers of a locked port, or all waiters of a locked set. */
void ipc_mqueue_wake_receivers(struct list *receivers, mach_msg_return_t result);
/* Empties a locked port that dies: messages are destroyed, and senders that wait find theirs gone as well. */
void ipc_mqueue_destroy(struct ipc_port *port);
/* There may be room in a locked port: senders that wait go on. */
void ipc_mqueue_room(struct ipc_port *port);
/* A locked port has come into a set: its messages may have someone waiting there. */
void ipc_mqueue_joined(struct ipc_port *port, struct ipc_pset *set);

#endif
