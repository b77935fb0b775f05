/* SPDX-License-Identifier: BSD-2-Clause */
/* kmsg.c - messages come and go: see kmsg.h. */
#include "ipc/kmsg.h"

#include "ipc/notify.h"
#include "ipc/transit.h"
#include "kern/string.h"
#include "kern/task.h"
#include "kern/thread.h"
#include "vm/vm_copy.h"

struct ipc_kmsg *ipc_kmsg_alloc(mach_msg_size_t size, struct task *charged)
{
    const size_t allocated = sizeof(struct ipc_kmsg) + round_msg(size) + MAX_TRAILER_SIZE;

    if (charged != NULL && !task_charge(charged, allocated))
        return NULL;
    struct ipc_kmsg *kmsg = hal_alloc_raw(allocated);

    if (kmsg == NULL) {
        if (charged != NULL)
            task_uncharge(charged, allocated);
        return NULL;
    }
    *kmsg = (struct ipc_kmsg){.size = size, .allocated = allocated};
    if (charged != NULL) {
        task_reference(charged);
        kmsg->charged = charged;
        kmsg->charge = allocated;
    }
    return kmsg;
}

void ipc_kmsg_free(struct ipc_kmsg *kmsg)
{
    if (kmsg->charged != NULL) {
        task_uncharge(kmsg->charged, kmsg->charge);
        task_release(kmsg->charged);
    }
    hal_free(kmsg->descriptors, kmsg->descriptor_room * sizeof *kmsg->descriptors);
    hal_free(kmsg, kmsg->allocated);
}

bool ipc_kmsg_alloc_descriptors(struct ipc_kmsg *kmsg, uint32_t count)
{
    kmsg->descriptors = hal_alloc(count * sizeof *kmsg->descriptors);
    if (kmsg->descriptors == NULL)
        return false;
    kmsg->descriptor_room = count;
    return true;
}

mach_msg_return_t ipc_kmsg_get(struct thread *thread, uint64_t address, const void *bytes, mach_msg_size_t size,
                               struct ipc_kmsg **kmsg)
{
    if (size < sizeof(mach_msg_header_t) || size % 4 != 0)
        return MACH_SEND_MSG_TOO_SMALL;
    if (size > IPC_KMSG_MAX_SIZE)
        return MACH_SEND_TOO_LARGE;
    *kmsg = ipc_kmsg_alloc(size, thread->task);
    if (*kmsg == NULL)
        return MACH_SEND_NO_BUFFER;
    if (bytes != NULL) {
        memcpy((*kmsg)->message, bytes, size);
    } else if (!hal_copyin_message(thread, address, (*kmsg)->message, size)) {
        ipc_kmsg_free(*kmsg);
        return MACH_SEND_INVALID_DATA;
    }
    (*kmsg)->id = (*kmsg)->message->msgh_id;
    (*kmsg)->priority = thread->priority;
    (*kmsg)->sender = thread->task->security_token;
    (*kmsg)->audit = thread->task->audit_token;
    return MACH_MSG_SUCCESS;
}

/* ---- destruction ----------------------------------------------------------------------------------- */

static void clean(struct ipc_kdescriptor *d)
{
    switch (d->kind) {
    case MACH_MSG_OOL_DESCRIPTOR:
    case MACH_MSG_OOL_VOLATILE_DESCRIPTOR: vm_map_copy_discard(d->memory); break;
    case MACH_MSG_OOL_PORTS_DESCRIPTOR:
        for (mach_msg_size_t i = 0; i < d->count; i++)
            ipc_right_release((struct ipc_right){.port = d->ports[i], .type = d->type});
        hal_free(d->ports, d->count * sizeof *d->ports);
        break;
    default: ipc_right_release((struct ipc_right){.port = d->port, .type = d->type});
    }
}

void ipc_kmsg_clean_body(struct ipc_kmsg *kmsg)
{
    ipc_transit_end(kmsg);
    for (uint32_t i = 0; i < kmsg->descriptor_count; i++)
        clean(&kmsg->descriptors[i]);
    kmsg->descriptor_count = 0;
    kmsg->carries_receive = false;
}

/* A reply right that is lost tells so; the message that it came with is reused to tell it, and no memory needed. */
static void destroy_now(struct defer *work)
{
    struct ipc_kmsg *kmsg = container_of(work, struct ipc_kmsg, work);
    const struct ipc_right destination = kmsg->destination, reply = kmsg->reply, voucher = kmsg->voucher;

    ipc_kmsg_clean_body(kmsg);
    kmsg->destination = kmsg->reply = kmsg->voucher = (struct ipc_right){.port = NULL};
    ipc_right_release(voucher);
    ipc_right_release(destination);
    if (reply.type == MACH_MSG_TYPE_PORT_SEND_ONCE && ipc_port_valid(reply.port)) {
        kmsg->bits = 0;
        ipc_notify_send_once(kmsg, reply.port);
        return;
    }
    ipc_right_release(reply);
    ipc_kmsg_free(kmsg);
}

void ipc_kmsg_destroy(struct ipc_kmsg *kmsg)
{
    defer(&kmsg->work, destroy_now);
}
