/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mqueue.c - queues of messages: see mqueue.h.
 *
 * While a queue has messages, no one waits for them: a message goes to a waiting receiver at once, and a receiver
 * waits only at an empty queue.  While there is room, no sender waits: whoever makes room moves their messages in.
 * Lock order: the port, then one set after the other.
 */
#include "ipc/mqueue.h"

#include "ipc/direct.h"
#include "ipc/request.h"
#include "ipc/transit.h"
#include "kern/thread.h"

#define NANOSECONDS_PER_MS 1000000u

/* ---- waiting --------------------------------------------------------------------------------------- */

static struct thread *thread_of(struct ipc_wait *wait)
{
    return container_of(wait, struct thread, wait);
}

/* Wakes a thread that waits in a locked list. */
static void wake(struct ipc_wait *wait, mach_msg_return_t result)
{
    struct ipc_port *port = wait->port;
    struct ipc_pset *set = wait->set;

    ipc_wait_take(wait);
    if (port != NULL)
        ipc_direct_update(port);
    else if (set != NULL && set->direct != NULL)
        set->direct->update(set->direct, set);
    wait->result = result;
    thread_go(thread_of(wait));
}

/* Lets the thread wait in a list whose port or set is locked, for a time.  False: the thread was aborted. */
static bool wait_begin(struct thread *thread, struct list *queue, struct ipc_port *port, struct ipc_pset *set,
                       bool timed, mach_msg_timeout_t timeout)
{
    struct ipc_wait *wait = &thread->wait;

    if (!ipc_wait_enter(wait, queue, port, set))
        return false;
    if (port != NULL)
        ipc_direct_update(port);
    else if (set->direct != NULL)
        set->direct->update(set->direct, set);
    if (timed) {
        wait->deadline = hal_now() + (uint64_t)timeout * NANOSECONDS_PER_MS;
        thread_reference(thread);
        timer_set(&wait->timer, wait->deadline);
    }
    return true;
}

RARELY void ipc_wait_disarm(struct thread *thread)
{
    if (timer_cancel(&thread->wait.timer))
        thread_release(thread); /* the timer's; the trap in progress has another */
}

/* Ends a wait in a locked port or set that has lasted until its deadline, or (not `timeout`) any. */
static void interrupt_here(struct ipc_wait *wait, bool timeout)
{
    const bool due = !timeout || (wait->deadline != 0 && wait->deadline <= hal_now());

    if (!list_linked(&wait->link) || !due)
        return;
    if (wait->sending)
        wake(wait, timeout ? MACH_SEND_TIMED_OUT : MACH_SEND_INTERRUPTED);
    else
        wake(wait, timeout ? MACH_RCV_TIMED_OUT : MACH_RCV_INTERRUPTED);
}

/* If it waits on something else when that is locked, it has been woken since. */
static void interrupt(struct thread *thread, bool timeout)
{
    struct ipc_wait *wait = &thread->wait;

    hal_rcu_read_lock();
    struct ipc_port *port = atomic_load(&wait->port);
    struct ipc_pset *set = atomic_load(&wait->set);

    if (port != NULL) {
        ipc_port_lock(port);
        if (wait->port == port)
            interrupt_here(wait, timeout);
        ipc_port_unlock(port);
    } else if (set != NULL) {
        ipc_pset_lock(set);
        if (wait->set == set)
            interrupt_here(wait, timeout);
        ipc_pset_unlock(set);
    }
    hal_rcu_read_unlock();
}

void ipc_wait_abort(struct thread *thread, bool forever)
{
    atomic_fetch_or(&thread->wait.stopped, WAIT_ABORTED | (forever ? WAIT_ENDED : 0));
    interrupt(thread, false);
}

static void timer_fired(struct timer *timer)
{
    struct thread *thread = thread_of(container_of(timer, struct ipc_wait, timer));

    interrupt(thread, true);
    thread_release(thread);
}

void ipc_wait_init(struct ipc_wait *wait)
{
    wait->timer.function = timer_fired;
}

/* ---- handing a message to a receiver --------------------------------------------------------------- */

void ipc_mqueue_take(struct ipc_port *port, struct ipc_kmsg *kmsg)
{
    kmsg->seqno = ipc_port_take_seqno(port);
    kmsg->context = port->context;
    kmsg->received_name = port->name;
}

/* Whether a message fits a receiver; if not and it is to stay, the receiver learns what it needs. */
static mach_msg_return_t fit(struct ipc_wait *wait, const struct ipc_port *port, const struct ipc_kmsg *kmsg)
{
    if (thread_has_room(thread_of(wait), round_msg(kmsg->size)))
        return MACH_MSG_SUCCESS;
    wait->needed = kmsg->size;
    wait->large_name = port->name;
    return MACH_RCV_TOO_LARGE;
}

static bool stays(mach_msg_return_t fit, struct ipc_wait *wait)
{
    return fit != MACH_MSG_SUCCESS && (thread_of(wait)->msg.option & MACH_RCV_LARGE);
}

/* Offers a message to those who wait in a locked list.  True: someone has it. */
static bool offer(struct list *waiters, struct ipc_port *port, struct ipc_kmsg *kmsg)
{
    while (!list_empty(waiters)) {
        struct ipc_wait *wait = container_of(waiters->next, struct ipc_wait, link);
        const mach_msg_return_t result = fit(wait, port, kmsg);
        const bool given = !stays(result, wait);

        if (given) {
            ipc_mqueue_take(port, kmsg);
            wait->kmsg = kmsg;
        }
        wake(wait, result);
        if (given)
            return true;
    }
    return false;
}

/* Offers a message that is in no queue to those who wait at an unlocked set. */
static bool offer_to_set(struct ipc_pset *set, struct ipc_port *port, struct ipc_kmsg *kmsg)
{
    ipc_pset_lock(set);
    const bool given = offer(&set->waiters, port, kmsg);

    ipc_pset_unlock(set);
    return given;
}

/* Gives a message to whoever waits for one of this locked port. */
static bool hand_over(struct ipc_port *port, struct ipc_kmsg *kmsg)
{
    if (offer(&port->receivers, port, kmsg))
        return true;
    list_for_each(at, &port->set_links)
        if (offer_to_set(container_of(at, struct ipc_set_link, port_link)->set, port, kmsg))
            return true;
    return false;
}

/* ---- the queue ------------------------------------------------------------------------------------- */

/* The locked port's queue has its first message, or has lost its last: its sets and watchers learn that. */
static void changed(struct ipc_port *port)
{
    const bool ready = !list_empty(&port->messages);

    list_for_each(at, &port->set_links) {
        struct ipc_set_link *link = container_of(at, struct ipc_set_link, port_link);

        ipc_pset_lock(link->set);
        if (ready)
            list_append(&link->set->ready, &link->ready_link);
        else
            list_remove(&link->ready_link);
        ipc_pset_changed(link->set);
        ipc_pset_unlock(link->set);
    }
    if (port->watched)
        port->watcher(port);
}

static bool has_waiters(struct ipc_pset *set)
{
    ipc_pset_lock(set);
    const bool waiters = !list_empty(&set->waiters);

    ipc_pset_unlock(set);
    return waiters;
}

static void dequeue(struct ipc_port *port, struct ipc_kmsg *kmsg)
{
    list_remove(&kmsg->link);
    if (--port->message_count == 0)
        changed(port);
    ipc_direct_update(port);
}

/* Gives messages of a locked port's queue to those who wait at one of its sets. */
static void offer_queued(struct ipc_port *port, struct ipc_pset *set)
{
    while (!list_empty(&port->messages) && has_waiters(set)) {
        struct ipc_kmsg *kmsg = container_of(port->messages.next, struct ipc_kmsg, link);

        dequeue(port, kmsg);
        if (!offer_to_set(set, port, kmsg)) {
            list_prepend(&port->messages, &kmsg->link);
            if (port->message_count++ == 0)
                changed(port);
        }
    }
}

/*
 * Behind all messages of its priority or more: nearly always that is the end.
 *
 * No one waited when the message was offered, or it would not come here; but the set's lock has been let go of since, and
 * a receiver may have found the set empty then, and wait.  Now that the set has the port among those with messages, no
 * receiver begins to wait any more: those who do are looked for once more.
 */
static void enqueue(struct ipc_port *port, struct ipc_kmsg *kmsg)
{
    struct list *behind = port->messages.previous;

    while (behind != &port->messages && container_of(behind, struct ipc_kmsg, link)->priority < kmsg->priority)
        behind = behind->previous;
    list_prepend(behind, &kmsg->link);
    port->message_count++;
    ipc_direct_update(port);
    if (port->message_count > 1)
        return;
    changed(port);
    list_for_each(at, &port->set_links)
        offer_queued(port, container_of(at, struct ipc_set_link, port_link)->set);
}

/* Puts a message where it belongs: with a receiver, or at the queue's end. */
static void post(struct ipc_port *port, struct ipc_kmsg *kmsg)
{
    if (!list_empty(&port->messages) || !hand_over(port, kmsg))
        enqueue(port, kmsg);
}

static bool has_room(const struct ipc_port *port)
{
    return port->message_count < port->queue_limit;
}

/* The same for a message that is about to be posted. */
static bool take_room(struct ipc_port *port)
{
    return has_room(port) && (port->direct == NULL || port->direct->take_room(port->direct, port));
}

void ipc_mqueue_room(struct ipc_port *port)
{
    while (!list_empty(&port->senders) && take_room(port)) {
        struct ipc_wait *wait = container_of(port->senders.next, struct ipc_wait, link);
        struct ipc_kmsg *kmsg = wait->kmsg;

        wait->kmsg = NULL;
        post(port, kmsg);
        wake(wait, MACH_MSG_SUCCESS);
    }
    if (has_room(port) && port->armed_requests > 0)
        ipc_request_tell_possible(port);
    ipc_direct_update(port);
}

void ipc_mqueue_joined(struct ipc_port *port, struct ipc_pset *set)
{
    offer_queued(port, set);
    ipc_mqueue_room(port);
}

void ipc_mqueue_wake_receivers(struct list *receivers, mach_msg_return_t result)
{
    while (!list_empty(receivers))
        wake(container_of(receivers->next, struct ipc_wait, link), result);
}

void ipc_mqueue_destroy(struct ipc_port *port)
{
    for (struct list *link; (link = list_pop(&port->messages)) != NULL;)
        ipc_kmsg_destroy(container_of(link, struct ipc_kmsg, link));
    port->message_count = 0;
    while (!list_empty(&port->senders)) {
        struct ipc_wait *wait = container_of(port->senders.next, struct ipc_wait, link);

        ipc_kmsg_destroy(wait->kmsg);
        wait->kmsg = NULL;
        wake(wait, MACH_MSG_SUCCESS);
    }
}

/* ---- sending --------------------------------------------------------------------------------------- */

/* The sender may not put its message into a full queue: what becomes of it. */
static mach_msg_return_t no_room(struct ipc_kmsg *kmsg, struct thread *thread, mach_msg_option_t option,
                                 mach_msg_timeout_t timeout)
{
    struct ipc_port *port = kmsg->destination.port;
    const bool timed = (option & MACH_SEND_TIMEOUT) != 0;

    if (timed && timeout == 0)
        return MACH_SEND_TIMED_OUT;
    thread->wait.kmsg = kmsg;
    thread->wait.sending = true;
    return wait_begin(thread, &port->senders, port, NULL, timed, timeout) ? MACH_SEND_IN_PROGRESS : MACH_SEND_INTERRUPTED;
}

mach_msg_return_t ipc_mqueue_send(struct ipc_kmsg *kmsg, struct thread *thread, mach_msg_option_t option,
                                  mach_msg_timeout_t timeout)
{
    struct ipc_port *port = kmsg->destination.port;
    const bool limited = thread != NULL && kmsg->destination.type == MACH_MSG_TYPE_PORT_SEND;
    mach_msg_return_t result = MACH_MSG_SUCCESS;

    if (!ipc_transit_begin(kmsg)) {
        ipc_kmsg_destroy(kmsg);
        return MACH_MSG_SUCCESS;
    }
    ipc_port_lock(port);
    if (port->state == PORT_DEAD)
        ipc_kmsg_destroy(kmsg);
    else if (list_empty(&port->messages) && hand_over(port, kmsg))
        ;
    else if (limited && !take_room(port))
        result = no_room(kmsg, thread, option, timeout);
    else
        enqueue(port, kmsg);
    ipc_port_unlock(port);
    if (result == MACH_SEND_TIMED_OUT || result == MACH_SEND_INTERRUPTED)
        ipc_transit_end(kmsg);
    return result;
}

/* ---- receiving ------------------------------------------------------------------------------------- */

/* Takes the oldest message of a locked port that has one, if it fits. */
static mach_msg_return_t take_first(struct ipc_port *port, struct ipc_wait *wait)
{
    struct ipc_kmsg *kmsg = container_of(port->messages.next, struct ipc_kmsg, link);
    const mach_msg_return_t result = fit(wait, port, kmsg);

    if (stays(result, wait))
        return result;
    dequeue(port, kmsg);
    ipc_mqueue_take(port, kmsg);
    wait->kmsg = kmsg;
    ipc_mqueue_room(port);
    return result;
}

/* With a limit of 0, messages pass only from a waiting sender to a receiver. */
static void pull_sender(struct ipc_port *port)
{
    if (!list_empty(&port->messages) || list_empty(&port->senders))
        return;
    struct ipc_wait *wait = container_of(port->senders.next, struct ipc_wait, link);
    struct ipc_kmsg *kmsg = wait->kmsg;

    wait->kmsg = NULL;
    wake(wait, MACH_MSG_SUCCESS);
    enqueue(port, kmsg);
}

mach_msg_return_t ipc_mqueue_receive_port(struct ipc_port *port, struct thread *thread, mach_msg_timeout_t timeout)
{
    struct ipc_wait *wait = &thread->wait;
    const bool timed = (thread->msg.option & MACH_RCV_TIMEOUT) != 0;
    mach_msg_return_t result;

    wait->sending = false;
    ipc_port_lock(port);
    pull_sender(port);
    if (port->state != PORT_ACTIVE) {
        result = MACH_RCV_PORT_DIED;
    } else if (!list_empty(&port->messages)) {
        result = take_first(port, wait);
    } else if (timed && timeout == 0) {
        result = MACH_RCV_TIMED_OUT;
    } else {
        result = wait_begin(thread, &port->receivers, port, NULL, timed, timeout) ? MACH_RCV_IN_PROGRESS : MACH_RCV_INTERRUPTED;
    }
    ipc_port_unlock(port);
    ipc_port_release(port);
    return result;
}

/* The set's port whose turn it is, with a reference; NULL: none has a message.  Set locked. */
static struct ipc_port *next_ready(struct ipc_pset *set)
{
    struct list *first = list_pop(&set->ready);

    if (first == NULL)
        return NULL;
    list_append(&set->ready, first);
    struct ipc_port *port = container_of(first, struct ipc_set_link, ready_link)->port;

    ipc_port_reference(port); /* it lives while it is in the set */
    return port;
}

/* Tries a port that had a message just now.  MACH_RCV_IN_PROGRESS: someone else was first. */
static mach_msg_return_t try_member(struct ipc_port *port, struct ipc_wait *wait)
{
    mach_msg_return_t result = MACH_RCV_IN_PROGRESS;

    ipc_port_lock(port);
    if (port->state == PORT_ACTIVE && !list_empty(&port->messages))
        result = take_first(port, wait);
    ipc_port_unlock(port);
    ipc_port_release(port);
    return result;
}

/* Waits at a locked set without messages. */
static mach_msg_return_t wait_at_set(struct ipc_pset *set, struct thread *thread, mach_msg_timeout_t timeout)
{
    const bool timed = (thread->msg.option & MACH_RCV_TIMEOUT) != 0;

    if (!set->active)
        return MACH_RCV_PORT_DIED;
    if (timed && timeout == 0)
        return MACH_RCV_TIMED_OUT;
    return wait_begin(thread, &set->waiters, NULL, set, timed, timeout) ? MACH_RCV_IN_PROGRESS : MACH_RCV_INTERRUPTED;
}

mach_msg_return_t ipc_mqueue_receive_set(struct ipc_pset *set, struct thread *thread, mach_msg_timeout_t timeout)
{
    mach_msg_return_t result;

    thread->wait.sending = false;
    for (;;) {
        ipc_pset_lock(set);
        struct ipc_port *port = next_ready(set);

        if (port == NULL) {
            result = wait_at_set(set, thread, timeout);
            ipc_pset_unlock(set);
            break;
        }
        /* The port's lock comes before the set's.  Whatever happens between, its ready link stays true. */
        ipc_pset_unlock(set);
        result = try_member(port, &thread->wait);
        if (result != MACH_RCV_IN_PROGRESS)
            break;
    }
    ipc_pset_release(set);
    return result;
}
