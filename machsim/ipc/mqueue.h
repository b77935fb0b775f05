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

enum { WAIT_ABORTED = 1, WAIT_ENDED = 2 };

/*
 * A thread's wait for a message or for room; part of struct thread.
 *
 * What it waits on is not referenced: port and set wake all who wait before they go.  Whoever finds it here without the lock that
 * guards it takes that, within an RCU section, and looks again.
 */
struct ipc_wait {
    struct list link;               /* guarded by the lock of what it waits on, as are the next two */
    struct ipc_port *_Atomic port;  /* what it waits on; NULL: it does not, or on a set */
    struct ipc_pset *_Atomic set;
    _Atomic uint32_t stopped;       /* WAIT_ABORTED: the trap in progress is not to wait any more; WAIT_ENDED: no trap is */
    struct ipc_kmsg *kmsg;            /* the message to send, or the one received */
    mach_msg_return_t result;         /* written by who wakes */
    mach_msg_size_t needed;           /* receiver: with MACH_RCV_TOO_LARGE, bytes of the message that stayed */
    mach_port_name_t large_name;      /* receiver: with MACH_RCV_TOO_LARGE, the port that has it */
    bool sending;
    _Atomic uint64_t deadline; /* 0: none */
    struct timer timer;
};

void ipc_wait_init(struct ipc_wait *wait);

/*
 * Lets a thread wait in a list of a locked port or set.  From when that is unlocked, another processor may wake the thread and run
 * its continuation: the caller touches it no more.  False: the thread was aborted.
 *
 * Whoever aborts it says so, and then looks where it waits; here it is written where it waits, and then looked whether it was
 * aborted.  One of the two sees the other: both are in one order of all processors'.
 */
ALWAYS_INLINE bool ipc_wait_enter(struct ipc_wait *wait, struct list *queue, struct ipc_port *port, struct ipc_pset *set)
{
    if (port != NULL)
        atomic_store(&wait->port, port);
    else
        atomic_store(&wait->set, set);
    if (UNLIKELY(atomic_load(&wait->stopped) != 0)) {
        wait->port = NULL;
        wait->set = NULL;
        atomic_fetch_and(&wait->stopped, ~(uint32_t)WAIT_ABORTED);
        return false;
    }
    atomic_store_explicit(&wait->deadline, 0, memory_order_relaxed);
    list_append(queue, &wait->link);
    return true;
}

/* Takes a thread out of the locked list that it waits in: whoever does that has woken it. */
ALWAYS_INLINE void ipc_wait_take(struct ipc_wait *wait)
{
    list_remove(&wait->link);
    atomic_store_explicit(&wait->port, NULL, memory_order_relaxed);
    atomic_store_explicit(&wait->set, NULL, memory_order_relaxed);
}

/* One who was taken out goes on: its time no longer runs.  Locks may be held. */
void ipc_wait_disarm(struct thread *thread);

ALWAYS_INLINE void ipc_wait_over(struct ipc_wait *wait, struct thread *thread)
{
    if (UNLIKELY(atomic_load_explicit(&wait->deadline, memory_order_relaxed) != 0))
        ipc_wait_disarm(thread);
}

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
 * Takes the next message for the thread, as its arguments (thread->msg) say, from a port or a set, with a reference to it that the
 * call consumes.  MACH_MSG_SUCCESS: it is in wait.kmsg.  MACH_RCV_TOO_LARGE: with MACH_RCV_LARGE it stayed, and
 * wait.needed tells its size; else it is in wait.kmsg.  MACH_RCV_TIMED_OUT, _INTERRUPTED, _PORT_DIED.
 * MACH_RCV_IN_PROGRESS: the thread waits.
 */
mach_msg_return_t ipc_mqueue_receive_port(struct ipc_port *port, struct thread *thread, mach_msg_timeout_t timeout);
mach_msg_return_t ipc_mqueue_receive_set(struct ipc_pset *set, struct thread *thread, mach_msg_timeout_t timeout);

/*
 * Lets the thread begin to wait for a message of a locked port, for as long as it takes, if all is as it mostly is: there is none,
 * nor anyone with one.  False: ipc_mqueue_receive_port tells what to do, and nothing has changed.
 */
ALWAYS_INLINE bool ipc_mqueue_wait_at(struct ipc_port *port, struct ipc_wait *wait)
{
    wait->sending = false;
    return port->state == PORT_ACTIVE && list_empty(&port->messages) && list_empty(&port->senders) && port->direct == NULL &&
           ipc_wait_enter(wait, &port->receivers, port, NULL);
}

/* A trap begins: an abort of the one before does not concern it. */
ALWAYS_INLINE void ipc_wait_start(struct ipc_wait *wait)
{
    if (UNLIKELY(atomic_load_explicit(&wait->stopped, memory_order_relaxed) & WAIT_ABORTED))
        atomic_fetch_and(&wait->stopped, ~(uint32_t)WAIT_ABORTED); /* an abort that comes just now is for this trap */
}
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
