/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pass.c - messages that need no queue: see pass.h.
 *
 * Whoever takes a receiver out of the list in which he waits, under the lock of port or set, has woken him (mqueue.h), and works
 * for him alone until his trap ends.  The sender's space is locked from the look at his names until his rights are taken, the
 * receiver's only while the reply gets its name: never both.
 */
#include "ipc/pass.h"

#include "ipc/kmsg.h"
#include "ipc/mqueue.h"
#include "ipc/pset.h"
#include "ipc/right.h"
#include "ipc/simple.h"
#include "kern/kobject.h"
#include "kern/task.h"
#include "kern/thread.h"

/* ---- who gets it ----------------------------------------------------------------------------------- */

ALWAYS_INLINE bool fits(const struct thread *receiver, mach_msg_size_t size)
{
    return receiver->scatter == NULL && thread_has_room(receiver, size);
}

/* Takes the first of a locked list of those who wait, if a message fits him. */
ALWAYS_INLINE struct thread *take_first(struct list *waiters, mach_msg_size_t size)
{
    struct thread *receiver = container_of(waiters->next, struct thread, wait.link);

    if (UNLIKELY(list_empty(waiters) || !fits(receiver, size)))
        return NULL;
    ipc_wait_take(&receiver->wait);
    return receiver;
}

static struct thread *take_at_set(struct ipc_pset *set, mach_msg_size_t size)
{
    ipc_pset_lock(set);
    struct thread *receiver = set->direct == NULL ? take_first(&set->waiters, size) : NULL;

    ipc_pset_unlock(set);
    return receiver;
}

/* Whether the sender himself is to receive next from a locked port where no one waits. */
static bool is_his_own(const struct thread *sender, const struct ipc_port *port, mach_msg_size_t size)
{
    const struct mach_msg_arguments *msg = &sender->msg;

    return (msg->option & MACH_RCV_MSG) && port->space == sender->task->space && port->name == msg->receive_name &&
           port->queue_limit > 0 && list_empty(&port->senders) && ipc_trailer_exists(msg->option) &&
           msg->scatter_size == 0 && fits(sender, size);
}

/* Whether a locked port is where messages may pass at all. */
ALWAYS_INLINE bool may_pass(const struct ipc_port *port)
{
    return port->state == PORT_ACTIVE && port->object_type == OBJECT_NONE && port->direct == NULL && list_empty(&port->messages);
}

/* No one waits at the port itself. */
static struct thread *take_elsewhere(struct ipc_port *port, struct thread *sender, mach_msg_size_t size)
{
    struct thread *receiver;

    list_for_each(at, &port->set_links)
        if ((receiver = take_at_set(container_of(at, struct ipc_set_link, port_link)->set, size)) != NULL)
            return receiver;
    return is_his_own(sender, port, size) ? sender : NULL;
}

/* Who has been taken out of those who wait for a message of a locked port's. */
ALWAYS_INLINE struct thread *take_receiver(struct ipc_port *port, struct thread *sender, mach_msg_size_t size)
{
    if (UNLIKELY(!may_pass(port)))
        return NULL;
    return list_empty(&port->receivers) ? take_elsewhere(port, sender, size) : take_first(&port->receivers, size);
}

/* ---- what he gets ---------------------------------------------------------------------------------- */

/* The name of a new send-once right for the answer in a locked space where that is not had at once; without, it is lost. */
RARELY static mach_port_name_t name_slowly(struct ipc_space *space, struct ipc_port *reply, struct ipc_parcel *parcel)
{
    mach_port_name_t name;
    const kern_return_t result = ipc_right_copyout_once(space, reply, &name);

    if (result != KERN_SUCCESS)
        parcel->result = MACH_RCV_HEADER_ERROR | ipc_kmsg_lack_of_names(result);
    return name;
}

/* The same in any space; without, the message is lost too. */
ALWAYS_INLINE mach_port_name_t name_reply(struct thread *receiver, struct ipc_port *reply, struct ipc_parcel *parcel)
{
    struct ipc_space *space = receiver->task->space;
    mach_port_name_t name;

    ipc_space_lock(space);
    if (UNLIKELY(!ipc_space_put(space, MACH_PORT_TYPE_SEND_ONCE, reply, &name)))
        name = name_slowly(space, reply, parcel);
    ipc_space_unlock(space);
    if (UNLIKELY(name == MACH_PORT_NULL))
        ipc_port_release_send_once(reply);
    return name;
}

/* Completes the bytes. */
ALWAYS_INLINE void address_to(struct thread *receiver, struct ipc_parcel *parcel, bool once, struct ipc_port *reply,
                       mach_port_name_t received_name)
{
    const mach_port_name_t name = reply == NULL ? MACH_PORT_NULL : name_reply(receiver, reply, parcel);
    const mach_msg_type_name_t type = once ? MACH_MSG_TYPE_PORT_SEND_ONCE : MACH_MSG_TYPE_PORT_SEND;

    parcel->header.msgh_bits = MACH_MSGH_BITS(name == MACH_PORT_NULL ? 0 : MACH_MSG_TYPE_PORT_SEND_ONCE, type);
    parcel->header.msgh_size = parcel->size;
    parcel->header.msgh_remote_port = name;
    parcel->header.msgh_local_port = received_name;
    parcel->header.msgh_voucher_port = MACH_PORT_NULL;
}

/* No one waits for it: what was found of its rights, in the locked space, goes into a message.  NULL: that cannot be. */
static struct ipc_kmsg *keep(struct thread *sender, const struct ipc_parcel *parcel, const struct ipc_simple *rights)
{
    struct ipc_kmsg *kmsg;

    if (ipc_kmsg_get(sender, 0, parcel->bytes, parcel->size, &kmsg) != MACH_MSG_SUCCESS)
        return NULL;
    if (ipc_kmsg_copyin_simple(kmsg, sender->task->space, rights))
        return kmsg;
    ipc_kmsg_free(kmsg);
    return NULL;
}

/* A port of a locked space where a sender is to wait for as long as it takes; NULL: he is not, or must be told. */
ALWAYS_INLINE struct ipc_port *next_port(struct ipc_space *space, const struct thread *sender,
                                         const struct ipc_parcel *parcel, struct ipc_port *reply)
{
    const struct mach_msg_arguments *msg = &sender->msg;

    if ((msg->option & (MACH_RCV_MSG | MACH_RCV_TIMEOUT)) != MACH_RCV_MSG || !ipc_trailer_exists(msg->option) ||
        msg->scatter_size != 0)
        return NULL;
    if (reply == NULL || msg->receive_name != parcel->header.msgh_local_port) {
        struct ipc_entry *entry = ipc_space_lookup_type(space, msg->receive_name, MACH_PORT_TYPE_RECEIVE);

        if (entry == NULL)
            return NULL;
        return entry_object(entry);
    }
    return reply;
}

/* Whether a request to the kernel, whose answer its sender is to receive, is to be served at once: by which routine. */
static const struct routine_descriptor *find_routine(const struct thread *sender, const struct ipc_parcel *parcel,
                                                     const struct ipc_simple *rights)
{
    const struct mach_msg_arguments *msg = &sender->msg;

    if (!kobject_is(rights->port) || rights->reply == NULL || !(msg->option & MACH_RCV_MSG) || msg->scatter_size != 0 ||
        msg->receive_name != parcel->header.msgh_local_port || !ipc_trailer_exists(msg->option))
        return NULL;
    return kobject_routine_at_once(rights->port, parcel->header.msgh_id);
}

/* No one waits for a message, which is unlocked, in the locked space of its sender. */
static void go_elsewhere(struct thread *sender, const struct ipc_parcel *parcel, const struct ipc_simple *rights,
                         struct ipc_passage *passage)
{
    passage->routine = find_routine(sender, parcel, rights);
    if (passage->routine != NULL) {
        ipc_port_reference(passage->port = rights->port);
        passage->reply = ipc_port_make_send_once(rights->reply);
    } else {
        passage->kmsg = keep(sender, parcel, rights);
    }
}

void ipc_pass(struct thread *sender, struct ipc_parcel *parcel, struct ipc_passage *passage)
{
    struct ipc_space *space = sender->task->space;
    struct ipc_simple rights;

    passage->receiver = NULL;
    passage->kmsg = NULL;
    passage->routine = NULL;
    passage->next = NULL;
    if (UNLIKELY(parcel->header.msgh_bits & MACH_MSGH_BITS_COMPLEX))
        return;
    ipc_space_lock(space);
    if (UNLIKELY(!ipc_simple_find(space, &parcel->header, &rights))) {
        ipc_space_unlock(space);
        return;
    }
    ipc_port_lock(rights.port);
    struct thread *receiver = take_receiver(rights.port, sender, parcel->size);

    if (receiver == NULL) {
        ipc_port_unlock(rights.port);
        go_elsewhere(sender, parcel, &rights, passage);
        ipc_space_unlock(space);
        return;
    }
    const mach_port_name_t received_name = rights.port->name;
    const struct ipc_origin origin = {.sender = &sender->task->security_token,
                                      .audit = &sender->task->audit_token,
                                      .seqno = rights.port->seqno++,
                                      .context = rights.port->context};

    if (rights.once)
        rights.port->send_once_rights--;
    ipc_port_unlock(rights.port);
    passage->receiver = receiver;
    if (receiver != sender)
        passage->next = next_port(space, sender, parcel, rights.reply);
    struct ipc_port *reply = ipc_simple_take(space, &parcel->header, &rights);

    ipc_space_unlock(space);
    if (rights.once)
        ipc_port_release(rights.port);
    if (receiver != sender)
        ipc_wait_over(&receiver->wait, receiver);
    parcel->result = MACH_MSG_SUCCESS;
    address_to(receiver, parcel, rights.once, reply, received_name);
    if (!UNLIKELY(parcel->result != MACH_MSG_SUCCESS))
        parcel->size += ipc_trailer_write(parcel->bytes + parcel->size, receiver->msg.option, &origin);
    else
        parcel->size = sizeof parcel->header; /* which tells what it was */
}

/* ---- the kernel's answers -------------------------------------------------------------------------- */

/* Whether whoever asks the kernel is the only one who can get a message of a locked port's, and is to get it. */
static bool is_for_asker(const struct thread *asker, const struct ipc_port *port, mach_msg_size_t size)
{
    return may_pass(port) && list_empty(&port->receivers) && list_empty(&port->set_links) &&
           is_his_own(asker, port, round_msg(size));
}

bool ipc_pass_reply(struct thread *asker, struct ipc_kmsg *reply)
{
    struct ipc_port *port = reply->destination.port;

    if (reply->carries_receive)
        return false;
    ipc_port_lock(port);
    const bool passes = is_for_asker(asker, port, reply->size);

    if (passes)
        ipc_mqueue_take(port, reply);
    ipc_port_unlock(port);
    if (passes)
        asker->wait.kmsg = reply;
    return passes;
}

bool ipc_pass_answer(struct thread *asker, struct ipc_parcel *parcel, struct ipc_port *reply)
{
    static const security_token_t sender = {{0, 1}};
    static const audit_token_t audit;
    const mach_msg_bits_t complex = parcel->header.msgh_bits & MACH_MSGH_BITS_COMPLEX;
    struct ipc_origin origin = {.sender = &sender, .audit = &audit};

    ipc_port_lock(reply);
    const bool passes = is_for_asker(asker, reply, parcel->size);

    if (passes) {
        reply->send_once_rights--;
        origin.seqno = reply->seqno++;
        origin.context = reply->context;
        address_to(asker, parcel, true, NULL, reply->name);
        parcel->header.msgh_bits |= complex;
    }
    ipc_port_unlock(reply);
    if (!passes)
        return false;
    ipc_port_release(reply);
    while (parcel->size % 4 != 0)
        parcel->bytes[parcel->size++] = 0;
    parcel->size += ipc_trailer_write(parcel->bytes + parcel->size, asker->msg.option, &origin);
    return true;
}
