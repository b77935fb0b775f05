/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mach_msg.c - the trap that sends and receives: arguments are in thread->msg.
 *
 *   short: to someone who waits for it (pass.h), or
 *   get, copyin -> (a kernel object: served here) or queue -> [wait for room] -> receive -> [wait for a message]
 *   -> copyout, trailer, put
 *
 * Each step either goes on to the next, or returns to the caller, or leaves a continuation that does.
 */
#include "ipc/mach_msg.h"

#include "ipc/direct.h"
#include "ipc/pass.h"
#include "ipc/right.h"
#include "ipc/transit.h"
#include "kern/kobject.h"
#include "kern/task.h"
#include "kern/thread.h"
#include "kern/string.h"

#define SCATTER_MAX_SIZE 4096u

static void receive(struct thread *thread);
static void receive_continue(struct thread *thread);
static void received(struct thread *thread, mach_msg_return_t result);

/* Where received messages go. */
static uint64_t receive_address(const struct thread *thread)
{
    return thread->msg.receive_message != 0 ? thread->msg.receive_message : thread->msg.message;
}

/* ---- sending --------------------------------------------------------------------------------------- */

static void receive_or_return(struct thread *thread)
{
    if (thread->msg.option & MACH_RCV_MSG)
        receive(thread);
    else
        thread_return(thread, MACH_MSG_SUCCESS);
}

/* The message was sent. */
static void sent(struct thread *thread)
{
    atomic_fetch_add_explicit(&thread->task->sent, 1, memory_order_relaxed);
    receive_or_return(thread);
}

/* The same for one to which the kernel has given its answer. */
static void sent_and_received(struct thread *thread)
{
    atomic_fetch_add_explicit(&thread->task->sent, 1, memory_order_relaxed);
    received(thread, MACH_MSG_SUCCESS);
}

/* A receive right of the thread's task, from which a notification port is made.  NULL: the name denotes none. */
static struct ipc_port *notify_port(struct thread *thread)
{
    uint32_t bits;
    void *port;

    if (ipc_right_find(thread->task->space, thread->msg.notify, MACH_PORT_TYPE_RECEIVE, &bits, &port) != KERN_SUCCESS)
        return NULL;
    struct ipc_port *notify = ipc_port_make_send_once(port);

    ipc_port_release(port);
    return notify;
}

/* The queue was full, and the sender wants to hear when it is not: MACH_SEND_NOTIFY. */
static void request_room(struct thread *thread, mach_port_name_t name)
{
    struct ipc_space *space = thread->task->space;
    struct ipc_port *notify = MACH_PORT_VALID(thread->msg.notify) ? notify_port(thread) : NULL;
    struct ipc_port *previous = NULL;
    struct ipc_entry *entry;

    ipc_space_lock(space);
    kern_return_t result = ipc_right_lookup(space, name, MACH_PORT_TYPE_SEND | MACH_PORT_TYPE_DEAD_NAME, &entry);
    if (result == KERN_SUCCESS && notify != NULL)
        result = ipc_right_request(space, name, entry, true, true, notify, &previous);
    else if (result == KERN_SUCCESS)
        ipc_right_arm(entry);
    ipc_space_unlock(space);
    ipc_port_release_send_once(previous);
    if (result != KERN_SUCCESS)
        ipc_port_release_send_once(notify);
}

/* The message could not be sent, and goes back to its sender. */
static void not_sent(struct thread *thread, struct ipc_kmsg *kmsg, mach_msg_return_t result)
{
    const uint64_t address = thread->msg.message;

    result |= ipc_kmsg_copyout_pseudo(kmsg, thread->task->space, thread);
    const mach_port_name_t destination = kmsg->message->msgh_remote_port;

    if (!hal_copyout_message(thread, kmsg->message, address, kmsg->size))
        result = MACH_SEND_INVALID_DATA;
    ipc_kmsg_free(kmsg);
    if ((thread->msg.option & MACH_SEND_NOTIFY) && (result & ~MACH_MSG_MASK) == MACH_SEND_TIMED_OUT)
        request_room(thread, destination);
    thread_return(thread, (uint32_t)result);
}

/* Woken from waiting for room: there was some, or time was up. */
static void send_continue(struct thread *thread)
{
    struct ipc_wait *wait = &thread->wait;

    if (wait->result == MACH_MSG_SUCCESS) {
        sent(thread);
        return;
    }
    ipc_transit_end(wait->kmsg);
    not_sent(thread, wait->kmsg, wait->result);
}

/* Hands a message to its destination. */
static void send(struct thread *thread, struct ipc_kmsg *kmsg)
{
    if (kobject_is(kmsg->destination.port)) {
        const bool answered = kobject_serve(kmsg, thread);

        defer_drain();
        if (answered)
            sent_and_received(thread);
        else
            sent(thread);
        return;
    }
    ipc_direct_pull(kmsg->destination.port);
    thread->continuation = send_continue;
    const mach_msg_option_t option = thread->msg.option;
    mach_msg_return_t result = ipc_mqueue_send(kmsg, thread, option, thread->msg.timeout);

    if (result == MACH_MSG_SUCCESS)
        sent(thread);
    else if (result != MACH_SEND_IN_PROGRESS)
        not_sent(thread, kmsg, result);
}

/* What is wrong with options that few use, before anything is looked at. */
RARELY static mach_msg_return_t check_send(struct thread *thread)
{
    const struct mach_msg_arguments *msg = &thread->msg;

    if (msg->option & MACH_SEND_TRAILER) /* senders do not say who they are */
        return MACH_SEND_INVALID_TRAILER;
    if ((msg->option & MACH_SEND_NOTIFY) && MACH_PORT_VALID(msg->notify)) {
        struct ipc_port *notify = notify_port(thread);

        if (notify == NULL)
            return MACH_SEND_INVALID_NOTIFY;
        ipc_port_consume_send_once(notify);
    }
    return MACH_MSG_SUCCESS;
}

/* Sends a message of the kernel's, or one that is to become that, of which the bytes are there or to be read. */
static void send_queued(struct thread *thread, struct ipc_kmsg *kmsg, const void *bytes)
{
    const struct mach_msg_arguments *msg = &thread->msg;
    mach_msg_return_t result = MACH_MSG_SUCCESS;

    if (kmsg == NULL) {
        result = ipc_kmsg_get(thread, msg->message, bytes, msg->send_size, &kmsg);
        if (result == MACH_MSG_SUCCESS)
            result = ipc_kmsg_copyin(kmsg, thread->task->space, thread);
    }
    if (result == MACH_MSG_SUCCESS)
        send(thread, kmsg);
    else
        thread_return(thread, (uint32_t)result);
}

/* The receiver of a message that passes to him gets it, and his trap ends. */
ALWAYS_INLINE void deliver(struct thread *receiver, const struct ipc_parcel *parcel)
{
    mach_msg_return_t result = parcel->result;

    if (parcel->size <= receiver->msg.receive_size &&
        !hal_copyout_message(receiver, parcel->bytes, receive_address(receiver), parcel->size))
        result = MACH_RCV_INVALID_DATA;
    atomic_fetch_add_explicit(&receiver->task->received, 1, memory_order_relaxed);
    thread_return(receiver, (uint32_t)result);
}

/* Lets a sender begin to wait; as soon as he does, others may go on with him.  False: he does not. */
ALWAYS_INLINE bool wait_at(struct thread *thread, struct ipc_port *port)
{
    thread->wait.kmsg = NULL;
    thread->continuation = receive_continue;
    ipc_port_lock(port);
    const bool waits = ipc_mqueue_wait_at(port, &thread->wait);

    ipc_port_unlock(port);
    return waits;
}

/* The kernel serves a request at once. */
__attribute__((noinline)) static void serve_at_once(struct thread *thread, const struct ipc_passage *passage,
                                                    struct ipc_parcel *request)
{
    struct ipc_parcel answer;

    answer.result = MACH_MSG_SUCCESS;
    switch (kobject_answer(thread, passage, request, &answer)) {
    case ANSWER_HERE:
        atomic_fetch_add_explicit(&thread->task->sent, 1, memory_order_relaxed);
        deliver(thread, &answer);
        break;
    case ANSWER_TAKEN:
        defer_drain();
        sent_and_received(thread);
        break;
    case ANSWER_SENT:
        defer_drain();
        sent(thread);
    }
}

/* A message goes to someone who waits for it.  The sender goes on first: he may run already while the other still waits. */
ALWAYS_INLINE void pass(struct thread *thread, struct ipc_parcel *parcel)
{
    struct ipc_passage passage;

    hal_rcu_read_lock();
    ipc_pass(thread, parcel, &passage);
    if (passage.receiver != NULL)
        atomic_fetch_add_explicit(&thread->task->sent, 1, memory_order_relaxed);
    const bool waits = passage.next != NULL && wait_at(thread, passage.next);

    hal_rcu_read_unlock();
    if (passage.receiver != NULL) {
        if (!waits && passage.receiver != thread)
            receive_or_return(thread);
        deliver(passage.receiver, parcel);
    } else if (passage.routine != NULL) {
        serve_at_once(thread, &passage, parcel);
    } else {
        send_queued(thread, passage.kmsg, parcel->bytes);
    }
}

static void start_send(struct thread *thread)
{
    const mach_msg_size_t size = thread->msg.send_size;
    struct ipc_parcel parcel;

    if (UNLIKELY(thread->msg.option & (MACH_SEND_TRAILER | MACH_SEND_NOTIFY))) {
        const mach_msg_return_t result = check_send(thread);

        if (result != MACH_MSG_SUCCESS) {
            thread_return(thread, (uint32_t)result);
            return;
        }
    }
    if (UNLIKELY(size - sizeof(mach_msg_header_t) > IPC_PASS_MAX - sizeof(mach_msg_header_t) || size % 4 != 0)) {
        send_queued(thread, NULL, NULL);
        return;
    }
    parcel.size = size;
    if (UNLIKELY(!hal_copyin_message(thread, thread->msg.message, parcel.bytes, size)))
        thread_return(thread, (uint32_t)MACH_SEND_INVALID_DATA);
    else
        pass(thread, &parcel);
}

/* ---- receiving ------------------------------------------------------------------------------------- */

static size_t scatter_bytes(uint32_t count)
{
    return sizeof(struct ipc_scatter) + count * sizeof(mach_msg_descriptor_t);
}

static void free_scatter(struct thread *thread)
{
    if (thread->scatter != NULL)
        hal_free(thread->scatter, scatter_bytes(thread->scatter->count));
    thread->scatter = NULL;
}

/* Takes the descriptors apart: they are of two sizes. */
static bool parse_scatter(const unsigned char *bytes, mach_msg_size_t size, struct ipc_scatter *scatter)
{
    mach_msg_size_t at = sizeof(mach_msg_base_t);

    for (uint32_t i = 0; i < scatter->count; i++) {
        if (size - at < sizeof(mach_msg_type_descriptor_t))
            return false;
        const bool port = ((const mach_msg_type_descriptor_t *)(bytes + at))->type == MACH_MSG_PORT_DESCRIPTOR;
        const mach_msg_size_t length =
            port ? sizeof(mach_msg_port_descriptor_t) : sizeof(mach_msg_ool_descriptor_t);

        if (size - at < length)
            return false;
        memcpy(&scatter->descriptors[i], bytes + at, length);
        at += length;
    }
    return true;
}

static bool has_scatter(const struct mach_msg_arguments *msg)
{
    return msg->receive_message != 0 && msg->scatter_size >= sizeof(mach_msg_base_t);
}

/* Reads the list of places for out-of-line memory that the caller gave. */
static mach_msg_return_t read_scatter(struct thread *thread)
{
    const mach_msg_size_t size = thread->msg.scatter_size;
    unsigned char bytes[SCATTER_MAX_SIZE];

    if (size > sizeof bytes || !hal_copyin_message(thread, thread->msg.receive_message, bytes, size))
        return MACH_RCV_INVALID_DATA;
    const uint32_t count = ((const mach_msg_base_t *)bytes)->body.msgh_descriptor_count;

    if (count > size / sizeof(mach_msg_port_descriptor_t))
        return MACH_RCV_INVALID_TYPE;
    thread->scatter = hal_alloc(scatter_bytes(count));
    if (thread->scatter == NULL)
        return MACH_RCV_INVALID_DATA | MACH_MSG_VM_KERNEL;
    thread->scatter->count = count;
    return parse_scatter(bytes, size, thread->scatter) ? MACH_MSG_SUCCESS : MACH_RCV_INVALID_TYPE;
}

static void return_received(struct thread *thread, mach_msg_return_t result)
{
    free_scatter(thread);
    thread_return(thread, (uint32_t)result);
}

/* Writes a message, with its trailer if there is room, and frees it. */
static mach_msg_return_t put(struct thread *thread, struct ipc_kmsg *kmsg, mach_msg_return_t result)
{
    mach_msg_size_t size = round_msg(kmsg->size);

    size += ipc_kmsg_add_trailer(kmsg, thread->msg.option);
    if (!hal_copyout_message(thread, kmsg->message, receive_address(thread), size))
        result = MACH_RCV_INVALID_DATA;
    ipc_kmsg_free(kmsg);
    return result;
}

/* A message that the receiver cannot have is destroyed; its header tells what it was, where there is room. */
static mach_msg_return_t put_header(struct thread *thread, struct ipc_kmsg *kmsg, mach_msg_return_t result)
{
    ipc_kmsg_copyout_destination(kmsg);
    const mach_msg_header_t header = *kmsg->message;

    ipc_kmsg_destroy(kmsg);
    if (thread->msg.receive_size >= sizeof header &&
        !hal_copyout_message(thread, &header, receive_address(thread), sizeof header))
        return MACH_RCV_INVALID_DATA;
    return result;
}

/* MACH_RCV_LARGE: the message stayed; the caller learns how large it is, and if it wants, where. */
static mach_msg_return_t put_size(struct thread *thread)
{
    const struct ipc_wait *wait = &thread->wait;
    const uint64_t header = receive_address(thread);
    const mach_port_name_t name = wait->large_name;
    const mach_msg_size_t size = wait->needed;

    if (thread->msg.receive_size < sizeof(mach_msg_header_t))
        return MACH_RCV_TOO_LARGE;
    if (!hal_copyout_message(thread, &size, header + offsetof(mach_msg_header_t, msgh_size), sizeof size))
        return MACH_RCV_INVALID_DATA;
    if ((thread->msg.option & MACH_RCV_LARGE_IDENTITY) &&
        !hal_copyout_message(thread, &name, header + offsetof(mach_msg_header_t, msgh_local_port), sizeof name))
        return MACH_RCV_INVALID_DATA;
    return MACH_RCV_TOO_LARGE;
}

/* Whether a result says that nothing of the message was given out. */
static bool is_lost(mach_msg_return_t result)
{
    result &= ~MACH_MSG_MASK;
    return result != MACH_MSG_SUCCESS && result != MACH_RCV_BODY_ERROR;
}

/* There is a message, or there will be none. */
static void received(struct thread *thread, mach_msg_return_t result)
{
    struct ipc_kmsg *kmsg = thread->wait.kmsg;
    const bool voucher = (thread->msg.option & MACH_RCV_VOUCHER) != 0;

    thread->wait.kmsg = NULL;
    if (result == MACH_RCV_TOO_LARGE) {
        result = kmsg == NULL ? put_size(thread) : put_header(thread, kmsg, result);
    } else if (result == MACH_MSG_SUCCESS) {
        result = ipc_kmsg_check_scatter(kmsg, thread->scatter);
        if (result == MACH_MSG_SUCCESS)
            result = ipc_kmsg_copyout(kmsg, thread->task->space, thread, voucher, thread->scatter);
        if (is_lost(result))
            result = put_header(thread, kmsg, result);
        else
            result = put(thread, kmsg, result);
        atomic_fetch_add_explicit(&thread->task->received, 1, memory_order_relaxed);
    }
    return_received(thread, result);
}

static void receive_continue(struct thread *thread)
{
    received(thread, thread->wait.result);
}

static void receive(struct thread *thread)
{
    const struct mach_msg_arguments *msg = &thread->msg;
    mach_msg_return_t result = ipc_trailer_exists(msg->option) ? MACH_MSG_SUCCESS : MACH_RCV_INVALID_TRAILER;
    uint32_t bits;
    void *object;

    if (result == MACH_MSG_SUCCESS && has_scatter(msg))
        result = read_scatter(thread);
    if (result == MACH_MSG_SUCCESS &&
        ipc_right_find(thread->task->space, msg->receive_name, MACH_PORT_TYPE_RECEIVE | MACH_PORT_TYPE_PORT_SET,
                       &bits, &object) != KERN_SUCCESS)
        result = MACH_RCV_INVALID_NAME;
    if (result != MACH_MSG_SUCCESS) {
        return_received(thread, result);
        return;
    }
    if (!(bits & MACH_PORT_TYPE_PORT_SET))
        ipc_direct_pull(object);
    thread->wait.kmsg = NULL;
    thread->continuation = receive_continue;
    if (bits & MACH_PORT_TYPE_PORT_SET)
        result = ipc_mqueue_receive_set(object, thread, msg->timeout);
    else
        result = ipc_mqueue_receive_port(object, thread, msg->timeout);
    if (result != MACH_RCV_IN_PROGRESS)
        received(thread, result);
}

void mach_msg_trap(struct thread *thread)
{
    if (thread->msg.option & MACH_SEND_MSG)
        start_send(thread);
    else if (thread->msg.option & MACH_RCV_MSG)
        receive(thread);
    else
        thread_return(thread, MACH_MSG_SUCCESS);
}
