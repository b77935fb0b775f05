/* SPDX-License-Identifier: BSD-2-Clause */
/* vm_manager.c - messages to memory managers, in order: see vm_manager.h. */
#include "vm/vm_manager.h"

#include "ipc/mqueue.h"
#include "kern/string.h"
#include "vm/vm_copy.h"
#include "vm/vm_pager.h"

/* ---- life ------------------------------------------------------------------------------------------ */

struct vm_manager *vm_manager_of(struct ipc_port **port)
{
    struct vm_manager *manager = (*port)->manager;

    if (manager != NULL) {
        manager->refs++;
        return manager;
    }
    manager = hal_alloc(sizeof *manager);
    if (manager == NULL)
        return NULL;
    *manager = (struct vm_manager){.refs = 1, .port = *port};
    list_init(&manager->outgoing);
    (*port)->manager = manager;
    *port = NULL;
    return manager;
}

/* Without locks: the port may have waited for this. */
static void end_now(struct defer *work)
{
    struct vm_manager *manager = container_of(work, struct vm_manager, work);

    ipc_port_release_send(manager->port);
    hal_free(manager, sizeof *manager);
}

void vm_manager_release(struct vm_manager *manager)
{
    kern_assert(manager->refs > 0);
    if (--manager->refs > 0)
        return;
    kern_assert(list_empty(&manager->outgoing) && !manager->sending);
    manager->port->manager = NULL;
    defer(&manager->work, end_now);
}

/* ---- messages -------------------------------------------------------------------------------------- */

struct ipc_kmsg *vm_manager_message(mach_msg_id_t id, mach_msg_size_t size, struct ipc_port *control,
                                    struct vm_map_copy *memory)
{
    struct ipc_kmsg *message = ipc_kmsg_alloc(size, NULL);

    if (message == NULL)
        return NULL;
    if (!ipc_kmsg_alloc_descriptors(message, 2)) {
        ipc_kmsg_free(message);
        return NULL;
    }
    memset(message->message, 0, size);
    message->id = id;
    message->bits = MACH_MSGH_BITS_COMPLEX;
    message->sender = (security_token_t){{0, 1}};
    ipc_port_reference(control);
    message->descriptors[0] = (struct ipc_kdescriptor){.kind = MACH_MSG_PORT_DESCRIPTOR, .port = control};
    message->descriptor_count = 1;
    if (memory != NULL) {
        message->descriptors[1] = (struct ipc_kdescriptor){.kind = MACH_MSG_OOL_DESCRIPTOR,
                                                           .copy = MACH_MSG_VIRTUAL_COPY,
                                                           .count = (mach_msg_size_t)memory->size,
                                                           .memory = memory};
        message->descriptor_count = 2;
    }
    mach_msg_base_t *base = (mach_msg_base_t *)message->message;
    mach_msg_port_descriptor_t *first = (mach_msg_port_descriptor_t *)(base + 1);

    base->body.msgh_descriptor_count = message->descriptor_count;
    first->type = MACH_MSG_PORT_DESCRIPTOR;
    if (memory != NULL)
        ((mach_msg_ool_descriptor_t *)(first + 1))->type = MACH_MSG_OOL_DESCRIPTOR;
    return message;
}

void vm_manager_discard(struct ipc_kmsg *message)
{
    for (uint32_t i = 0; i < message->descriptor_count; i++)
        if (message->descriptors[i].kind == MACH_MSG_PORT_DESCRIPTOR)
            ipc_port_release(message->descriptors[i].port);
    ipc_kmsg_free(message);
}

/* A port of the kernel's, of which the message had a mere reference, becomes the right that it carries. */
static void give_right(struct ipc_kdescriptor *descriptor)
{
    struct ipc_port *port = descriptor->port;

    if (descriptor->type == MACH_MSG_TYPE_PORT_RECEIVE) {
        bool taken;
        struct vm_pager *pager = ipc_port_take_kernel(port, &taken);

        if (pager != NULL)
            vm_pager_release(pager);
        if (!taken)
            descriptor->port = IPC_PORT_DEAD;
    } else {
        descriptor->type = MACH_MSG_TYPE_PORT_SEND;
        descriptor->port = ipc_port_make_send(port);
    }
    ipc_port_release(port);
}

static void send(struct vm_manager *manager, struct ipc_kmsg *message)
{
    for (uint32_t i = 0; i < message->descriptor_count; i++)
        if (message->descriptors[i].kind == MACH_MSG_PORT_DESCRIPTOR)
            give_right(&message->descriptors[i]);
    if (message->destination.port == NULL)
        message->destination =
            (struct ipc_right){.port = ipc_port_copy_send(manager->port), .type = MACH_MSG_TYPE_PORT_SEND};
    if (ipc_port_valid(message->destination.port))
        (void)ipc_mqueue_send(message, NULL, MACH_MSG_OPTION_NONE, MACH_MSG_TIMEOUT_NONE);
    else
        ipc_kmsg_destroy(message);
}

static void send_all(struct defer *work)
{
    struct vm_manager *manager = container_of(work, struct vm_manager, work);
    struct list *link;

    lock_acquire(&vm_lock);
    while ((link = list_pop(&manager->outgoing)) != NULL) {
        lock_release(&vm_lock);
        send(manager, container_of(link, struct ipc_kmsg, link));
        lock_acquire(&vm_lock);
    }
    manager->sending = false;
    vm_manager_release(manager);
    lock_release(&vm_lock);
}

void vm_manager_post(struct vm_manager *manager, struct ipc_kmsg *message)
{
    list_append(&manager->outgoing, &message->link);
    if (manager->sending)
        return;
    manager->sending = true;
    manager->refs++;
    defer(&manager->work, send_all);
}

void vm_manager_died(struct ipc_port *port)
{
    if (atomic_load_explicit(&port->manager, memory_order_relaxed) == NULL)
        return;
    lock_acquire(&vm_lock);
    struct vm_manager *manager = port->manager;

    if (manager != NULL && manager->pager != NULL)
        vm_pager_fail(manager->pager, KERN_MEMORY_FAILURE);
    lock_release(&vm_lock);
}
