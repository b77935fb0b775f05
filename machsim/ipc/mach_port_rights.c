/* SPDX-License-Identifier: BSD-2-Clause */
/* mach_port_rights.c - rights that are given to a space, or taken from it, and what it wants to hear of them. */
#include <mach/notify.h>

#include "ipc/mach_port.h"
#include "ipc/notify.h"
#include "ipc/request.h"

kern_return_t kernel_mach_port_insert_right(space_ref_t space, mach_port_name_t name, mach_port_t poly,
                                            mach_msg_type_name_t type)
{
    if (space == NULL)
        return KERN_INVALID_TASK;
    if (!MACH_PORT_VALID(name) || !MACH_MSG_TYPE_PORT_ANY_RIGHT(type))
        return KERN_INVALID_VALUE;
    if (!MACH_PORT_VALID(poly))
        return KERN_INVALID_CAPABILITY;
    const struct ipc_right right = kobject_right(poly, type);

    if (!ipc_port_valid(right.port))
        return KERN_INVALID_CAPABILITY;
    ipc_space_lock(space);
    const kern_return_t result = ipc_right_copyout_name(space, right, name);

    ipc_space_unlock(space);
    if (result != KERN_SUCCESS)
        ipc_right_release(right);
    return result;
}

kern_return_t kernel_mach_port_extract_right(space_ref_t space, mach_port_name_t name,
                                             mach_msg_type_name_t disposition, mach_port_t *poly,
                                             mach_msg_type_name_t *type)
{
    struct ipc_right right;
    struct ipc_entry *entry;

    if (!MACH_MSG_TYPE_PORT_ANY(disposition))
        return KERN_INVALID_VALUE;
    kern_return_t result = mach_port_find(space, name, MACH_PORT_TYPE_ALL_RIGHTS, &entry);
    if (result != KERN_SUCCESS)
        return result;
    result = ipc_right_copyin(space, name, entry, disposition, false, &right);
    ipc_space_unlock(space);
    if (result != KERN_SUCCESS)
        return result;
    *type = right.type;
    return kobject_name(right, poly);
}

kern_return_t kernel_mach_port_get_srights(space_ref_t space, mach_port_name_t name, mach_port_rights_t *rights)
{
    struct ipc_port *port;
    kern_return_t result = mach_port_find_receive(space, name, &port);

    if (result != KERN_SUCCESS)
        return result;
    *rights = port->send_rights;
    ipc_port_unlock(port);
    return KERN_SUCCESS;
}

/* ---- notifications --------------------------------------------------------------------------------- */

/* No-senders: at once if there are none and as many were made as the caller knows of; else when there are none. */
static void request_no_senders(struct ipc_port *port, mach_port_mscount_t sync, struct ipc_request *new,
                               struct ipc_request **old)
{
    *old = port->no_senders;
    port->no_senders = new;
    if (new != NULL && port->send_rights == 0 && sync <= port->make_send_count) {
        ipc_notify_no_senders(new->kmsg, new->notify, port->make_send_count);
        new->kmsg = NULL;
        port->no_senders = NULL;
        (void)ipc_request_free(new);
    }
}

/* The two requests that are about a receive right. */
static kern_return_t request_receive(struct ipc_space *space, mach_port_name_t name, mach_msg_id_t id,
                                     mach_port_mscount_t sync, mach_port_t notify, struct ipc_port **previous)
{
    struct ipc_request *new = NULL, *old;
    struct ipc_port *port;

    if (notify != MACH_PORT_NULL && (new = ipc_request_create(NULL, MACH_PORT_NULL, false)) == NULL)
        return KERN_RESOURCE_SHORTAGE;
    kern_return_t result = mach_port_find_receive(space, name, &port);
    if (result != KERN_SUCCESS) {
        if (new != NULL)
            (void)ipc_request_free(new);
        return result;
    }
    ipc_port_reference(port);
    ipc_port_unlock(port);
    if (new != NULL)
        new->notify = kobject_right(notify, MACH_MSG_TYPE_PORT_SEND_ONCE).port;
    ipc_port_lock(port);
    if (id == MACH_NOTIFY_NO_SENDERS) {
        request_no_senders(port, sync, new, &old);
    } else {
        old = port->port_destroyed;
        port->port_destroyed = new;
    }
    ipc_port_unlock(port);
    ipc_port_release(port);
    *previous = old == NULL ? NULL : ipc_request_free(old);
    return KERN_SUCCESS;
}

/* The requests that are about a right to send. */
static kern_return_t request_send(struct ipc_space *space, mach_port_name_t name, mach_msg_id_t id,
                                  mach_port_mscount_t sync, mach_port_t notify, struct ipc_port **previous)
{
    struct ipc_port *port = notify == MACH_PORT_NULL ? NULL : kobject_right(notify, MACH_MSG_TYPE_PORT_SEND_ONCE).port;
    struct ipc_entry *entry;
    kern_return_t result = mach_port_find(space, name, MACH_PORT_TYPE_ALL_RIGHTS, &entry);

    if (result == KERN_SUCCESS) {
        result = ipc_right_request(space, name, entry, sync != 0, id == MACH_NOTIFY_SEND_POSSIBLE, port, previous);
        ipc_space_unlock(space);
    }
    if (result != KERN_SUCCESS)
        ipc_port_release_send_once(port);
    return result;
}

kern_return_t kernel_mach_port_request_notification(space_ref_t space, mach_port_name_t name, mach_msg_id_t id,
                                                    mach_port_mscount_t sync, mach_port_t notify,
                                                    mach_port_t *previous)
{
    struct ipc_port *former = NULL;
    kern_return_t result;

    if (space == NULL)
        return KERN_INVALID_TASK;
    if (notify == MACH_PORT_DEAD)
        return KERN_INVALID_CAPABILITY;
    switch (id) {
    case MACH_NOTIFY_PORT_DESTROYED:
        if (sync != 0)
            return KERN_INVALID_VALUE;
        result = request_receive(space, name, id, sync, notify, &former);
        break;
    case MACH_NOTIFY_NO_SENDERS: result = request_receive(space, name, id, sync, notify, &former); break;
    case MACH_NOTIFY_DEAD_NAME:
    case MACH_NOTIFY_SEND_POSSIBLE: result = request_send(space, name, id, sync, notify, &former); break;
    default: return KERN_INVALID_VALUE;
    }
    if (result != KERN_SUCCESS)
        return result;
    return kobject_name((struct ipc_right){.port = former, .type = MACH_MSG_TYPE_PORT_SEND_ONCE}, previous);
}

kern_return_t kernel_mach_port_dnrequest_info(space_ref_t space, mach_port_name_t name, unsigned *total,
                                              unsigned *used)
{
    struct ipc_port *port;
    kern_return_t result = mach_port_find_receive(space, name, &port);

    if (result != KERN_SUCCESS)
        return result;
    *used = 0;
    list_for_each(link, &port->requests)
        ++*used;
    *total = *used; /* there is no table with room to spare */
    ipc_port_unlock(port);
    return KERN_SUCCESS;
}
