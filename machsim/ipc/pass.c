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
#include "kern/task.h"
#include "kern/thread.h"

/* ---- who gets it ----------------------------------------------------------------------------------- */

static bool fits(const struct thread *receiver, mach_msg_size_t size)
{
    return receiver->scatter == NULL && size + ipc_trailer_size(receiver->msg.option) <= receiver->msg.receive_size;
}

/* Takes the first of a locked list of those who wait, if a message fits him. */
static struct thread *take_first(struct list *waiters, mach_msg_size_t size)
{
    struct thread *receiver = container_of(waiters->next, struct thread, wait.link);

    if (list_empty(waiters) || !fits(receiver, size))
        return NULL;
    list_remove(&receiver->wait.link);
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
           port->queue_limit > 0 && list_empty(&port->senders) && ipc_trailer_exists(msg->option) && msg->scatter_size == 0 && fits(sender, size);
}

/* Whether a locked port is where messages may pass at all. */
static bool may_pass(const struct ipc_port *port)
{
    return port->state == PORT_ACTIVE && port->object_type == OBJECT_NONE && port->direct == NULL && list_empty(&port->messages);
}

/* Who has been taken out of those who wait for a message of a locked port's. */
static struct thread *take_receiver(struct ipc_port *port, struct thread *sender, mach_msg_size_t size)
{
    if (!may_pass(port))
        return NULL;
    struct thread *receiver = take_first(&port->receivers, size);

    if (receiver != NULL || !list_empty(&port->receivers))
        return receiver;
    list_for_each(at, &port->set_links)
        if ((receiver = take_at_set(container_of(at, struct ipc_set_link, port_link)->set, size)) != NULL)
            return receiver;
    return is_his_own(sender, port, size) ? sender : NULL;
}

/* ---- what he gets ---------------------------------------------------------------------------------- */

/* The name of a new send-once right for the answer; without room for it that is lost, and so is the message. */
static mach_port_name_t name_reply(struct thread *receiver, struct ipc_port *reply, struct ipc_parcel *parcel)
{
    struct ipc_space *space = receiver->task->space;
    mach_port_name_t name;

    ipc_space_lock(space);
    const kern_return_t result = ipc_right_copyout_once(space, reply, &name);

    ipc_space_unlock(space);
    if (result == KERN_SUCCESS)
        return name;
    parcel->result = MACH_RCV_HEADER_ERROR | ipc_kmsg_lack_of_names(result);
    ipc_port_release_send_once(reply);
    return MACH_PORT_NULL;
}

/* Completes the bytes. */
static void address_to(struct thread *receiver, struct ipc_parcel *parcel, bool once, struct ipc_port *reply,
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

struct thread *ipc_pass(struct thread *sender, struct ipc_parcel *parcel, struct ipc_kmsg **kmsg)
{
    struct ipc_space *space = sender->task->space;
    struct ipc_simple rights;

    *kmsg = NULL;
    if (parcel->header.msgh_bits & MACH_MSGH_BITS_COMPLEX)
        return NULL;
    ipc_space_lock(space);
    if (!ipc_simple_find(space, &parcel->header, &rights)) {
        ipc_space_unlock(space);
        return NULL;
    }
    ipc_port_lock(rights.port);
    struct thread *receiver = take_receiver(rights.port, sender, parcel->size);

    if (receiver == NULL) {
        ipc_port_unlock(rights.port);
        *kmsg = keep(sender, parcel, &rights);
        ipc_space_unlock(space);
        return NULL;
    }
    const mach_port_name_t received_name = rights.port->name;
    const struct ipc_origin origin = {.sender = &sender->task->security_token,
                                      .audit = &sender->task->audit_token,
                                      .seqno = rights.port->seqno++,
                                      .context = rights.port->context};

    if (rights.once)
        rights.port->send_once_rights--;
    ipc_port_unlock(rights.port);
    struct ipc_port *reply = ipc_simple_take(space, &parcel->header, &rights);

    ipc_space_unlock(space);
    if (rights.once)
        ipc_port_release(rights.port);
    if (receiver != sender)
        ipc_wait_taken(receiver);
    parcel->result = MACH_MSG_SUCCESS;
    address_to(receiver, parcel, rights.once, reply, received_name);
    if (parcel->result == MACH_MSG_SUCCESS)
        parcel->size += ipc_trailer_write(parcel->bytes + parcel->size, receiver->msg.option, &origin);
    else
        parcel->size = sizeof parcel->header; /* which tells what it was */
    return receiver;
}

bool ipc_pass_reply(struct thread *asker, struct ipc_kmsg *reply)
{
    struct ipc_port *port = reply->destination.port;

    if (reply->carries_receive)
        return false;
    ipc_port_lock(port);
    const bool passes = may_pass(port) && list_empty(&port->receivers) && list_empty(&port->set_links) && is_his_own(asker, port, round_msg(reply->size));

    if (passes)
        ipc_mqueue_take(port, reply);
    ipc_port_unlock(port);
    if (passes)
        asker->wait.kmsg = reply;
    return passes;
}
