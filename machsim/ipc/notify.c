/* SPDX-License-Identifier: BSD-2-Clause */
/* notify.c - notifications, with the layouts of mach/notify.h. */
#include "ipc/notify.h"

#include "ipc/mqueue.h"
#include "kern/kobject.h"

#include <mach/notify.h>

#define NOTIFY_SIZE(type) ((mach_msg_size_t)(sizeof(type) - sizeof(mach_msg_format_0_trailer_t)))
#define NOTIFY_MAX_SIZE ((mach_msg_size_t)sizeof(mach_port_destroyed_notification_t))

struct ipc_kmsg *ipc_notify_alloc(void)
{
    struct ipc_kmsg *kmsg = ipc_kmsg_alloc(NOTIFY_MAX_SIZE, NULL);

    /* Room for the one descriptor of port-destroyed: that must not fail later either. */
    if (kmsg != NULL && !ipc_kmsg_alloc_descriptors(kmsg, 1)) {
        ipc_kmsg_free(kmsg);
        return NULL;
    }
    return kmsg;
}

static void send_now(struct defer *work)
{
    struct ipc_kmsg *kmsg = container_of(work, struct ipc_kmsg, work);

    if (kobject_is(kmsg->destination.port))
        (void)kobject_serve(kmsg, NULL);
    else
        (void)ipc_mqueue_send(kmsg, NULL, MACH_MSG_OPTION_NONE, MACH_MSG_TIMEOUT_NONE);
}

static void notify_send(struct ipc_kmsg *kmsg, struct ipc_port *notify, mach_msg_id_t id, mach_msg_size_t size)
{
    kmsg->destination = (struct ipc_right){.port = notify, .type = MACH_MSG_TYPE_PORT_SEND_ONCE};
    kmsg->id = id;
    kmsg->size = size;
    kmsg->sender = (security_token_t){{0, 1}}; /* the kernel's */
    kmsg->audit = (audit_token_t){{0}};
    defer(&kmsg->work, send_now);
}

void ipc_notify_name(struct ipc_kmsg *kmsg, struct ipc_port *notify, mach_msg_id_t id, mach_port_name_t name)
{
    mach_dead_name_notification_t *message = (void *)kmsg->message;

    message->NDR = NDR_record;
    message->not_port = name;
    notify_send(kmsg, notify, id, NOTIFY_SIZE(mach_dead_name_notification_t));
}

void ipc_notify_no_senders(struct ipc_kmsg *kmsg, struct ipc_port *notify, mach_port_mscount_t count)
{
    mach_no_senders_notification_t *message = (void *)kmsg->message;

    message->NDR = NDR_record;
    message->not_count = count;
    notify_send(kmsg, notify, MACH_NOTIFY_NO_SENDERS, NOTIFY_SIZE(mach_no_senders_notification_t));
}

void ipc_notify_port_destroyed(struct ipc_kmsg *kmsg, struct ipc_port *notify, struct ipc_port *port)
{
    mach_port_destroyed_notification_t *message = (void *)kmsg->message;

    message->not_body.msgh_descriptor_count = 1;
    message->not_port = (mach_msg_port_descriptor_t){.type = MACH_MSG_PORT_DESCRIPTOR};
    kmsg->bits = MACH_MSGH_BITS_COMPLEX;
    kmsg->descriptors[0] = (struct ipc_kdescriptor){
        .kind = MACH_MSG_PORT_DESCRIPTOR, .type = MACH_MSG_TYPE_PORT_RECEIVE, .port = port};
    kmsg->descriptor_count = 1;
    kmsg->carries_receive = true;
    notify_send(kmsg, notify, MACH_NOTIFY_PORT_DESTROYED, NOTIFY_SIZE(mach_port_destroyed_notification_t));
}

void ipc_notify_send_once(struct ipc_kmsg *kmsg, struct ipc_port *notify)
{
    notify_send(kmsg, notify, MACH_NOTIFY_SEND_ONCE, NOTIFY_SIZE(mach_send_once_notification_t));
}
