/* SPDX-License-Identifier: BSD-2-Clause */
/* mach_port_attributes.c - what a receiver may know of its port, and set. */
#include <mach/mach_types.h>

#include "ipc/direct.h"
#include "ipc/mach_port.h"
#include "ipc/right.h"
#include "kern/string.h"

static mach_port_status_t status_of(struct ipc_port *port)
{
    mach_port_status_t status = {
        .mps_seqno = ipc_port_seqno(port),
        .mps_mscount = port->make_send_count,
        .mps_qlimit = port->queue_limit,
        .mps_msgcount = port->message_count,
        .mps_sorights = port->send_once_rights,
        .mps_srights = port->send_rights > 0,
        .mps_pdrequest = port->port_destroyed != NULL,
        .mps_nsrequest = port->no_senders != NULL,
    };

    list_for_each(link, &port->set_links)
        status.mps_pset++;
    if (port->temporary_owner)
        status.mps_flags |= MACH_PORT_STATUS_FLAG_TEMPOWNER;
    if (port->guarded)
        status.mps_flags |= MACH_PORT_STATUS_FLAG_GUARDED;
    if (port->guarded && port->strict_guard)
        status.mps_flags |= MACH_PORT_STATUS_FLAG_STRICT_GUARD;
    if (port->guarded && port->immovable)
        status.mps_flags |= MACH_PORT_STATUS_FLAG_GUARD_IMMOVABLE_RECEIVE;
    return status;
}

static natural_t requests_of(struct ipc_port *port)
{
    natural_t count = 0;

    list_for_each(link, &port->requests)
        count++;
    return count;
}

/* Words of what a flavor gives; 0: there is no such flavor to get. */
static mach_msg_type_number_t flavor_count(mach_port_flavor_t flavor)
{
    switch (flavor) {
    case MACH_PORT_LIMITS_INFO: return MACH_PORT_LIMITS_INFO_COUNT;
    case MACH_PORT_RECEIVE_STATUS: return MACH_PORT_RECEIVE_STATUS_COUNT;
    case MACH_PORT_DNREQUESTS_SIZE: return MACH_PORT_DNREQUESTS_SIZE_COUNT;
    case MACH_PORT_INFO_EXT: return MACH_PORT_INFO_EXT_COUNT;
    case MACH_PORT_GUARD_INFO: return MACH_PORT_GUARD_INFO_COUNT;
    default: return 0;
    }
}

/* Has all messages in a port's queue that were sent to it. */
static void pull(struct ipc_space *space, mach_port_name_t name)
{
    uint32_t bits;
    void *port;

    if (space == NULL || ipc_right_find(space, name, MACH_PORT_TYPE_RECEIVE, &bits, &port) != KERN_SUCCESS)
        return;
    ipc_direct_pull(port);
    ipc_port_release(port);
}

kern_return_t kernel_mach_port_get_attributes(space_ref_t space, mach_port_name_t name, mach_port_flavor_t flavor,
                                              mach_port_info_t info, mach_msg_type_number_t *count)
{
    const mach_msg_type_number_t needed = flavor_count(flavor);
    struct ipc_port *port;
    union {
        mach_port_limits_t limits;
        mach_port_status_t status;
        natural_t requests;
        mach_port_info_ext_t extended;
        mach_port_guard_info_t guard;
    } got;

    if (needed == 0)
        return KERN_INVALID_ARGUMENT;
    if (*count < needed)
        return KERN_FAILURE;
    pull(space, name);
    kern_return_t result = mach_port_find_receive(space, name, &port);
    if (result != KERN_SUCCESS)
        return result;
    memset(&got, 0, sizeof got);
    switch (flavor) {
    case MACH_PORT_LIMITS_INFO: got.limits.mpl_qlimit = port->queue_limit; break;
    case MACH_PORT_RECEIVE_STATUS: got.status = status_of(port); break;
    case MACH_PORT_DNREQUESTS_SIZE: got.requests = requests_of(port); break;
    case MACH_PORT_INFO_EXT: got.extended.mpie_status = status_of(port); break;
    default: got.guard.mpgi_guard = port->guard;
    }
    ipc_port_unlock(port);
    memcpy(info, &got, needed * sizeof *info);
    *count = needed;
    return KERN_SUCCESS;
}

static kern_return_t set_limit(struct ipc_space *space, mach_port_name_t name, mach_port_msgcount_t limit)
{
    struct ipc_port *port;

    if (limit > MACH_PORT_QLIMIT_MAX)
        return KERN_INVALID_VALUE;
    kern_return_t result = mach_port_find_receive(space, name, &port);
    if (result != KERN_SUCCESS)
        return result;
    port->queue_limit = limit;
    ipc_mqueue_room(port); /* tells ipc_direct too */
    ipc_port_unlock(port);
    return KERN_SUCCESS;
}

static kern_return_t set_temporary_owner(struct ipc_space *space, mach_port_name_t name)
{
    struct ipc_port *port;
    kern_return_t result = mach_port_find_receive(space, name, &port);

    if (result != KERN_SUCCESS)
        return result;
    port->temporary_owner = true;
    ipc_port_unlock(port);
    return KERN_SUCCESS;
}

/* Whether a space has this receive right: for attributes that promise nothing. */
static kern_return_t check_receive(struct ipc_space *space, mach_port_name_t name)
{
    struct ipc_port *port;
    kern_return_t result = mach_port_find_receive(space, name, &port);

    if (result == KERN_SUCCESS)
        ipc_port_unlock(port);
    return result;
}

kern_return_t kernel_mach_port_set_attributes(space_ref_t space, mach_port_name_t name, mach_port_flavor_t flavor,
                                              mach_port_info_t info, mach_msg_type_number_t count)
{
    switch (flavor) {
    case MACH_PORT_LIMITS_INFO:
        if (count < MACH_PORT_LIMITS_INFO_COUNT)
            return KERN_FAILURE;
        return set_limit(space, name, ((const mach_port_limits_t *)(const void *)info)->mpl_qlimit);
    case MACH_PORT_DNREQUESTS_SIZE: /* a hint: requests are not kept in a table */
        if (count < MACH_PORT_DNREQUESTS_SIZE_COUNT)
            return KERN_FAILURE;
        return check_receive(space, name);
    case MACH_PORT_TEMPOWNER: return set_temporary_owner(space, name);
    default: return KERN_INVALID_ARGUMENT;
    }
}

kern_return_t kernel_mach_port_assert_attributes(space_ref_t space, mach_port_name_t name, mach_port_flavor_t flavor,
                                                 mach_port_info_t info, mach_msg_type_number_t count)
{
    struct ipc_port *port;

    if (flavor != MACH_PORT_GUARD_INFO)
        return KERN_INVALID_ARGUMENT;
    if (count < MACH_PORT_GUARD_INFO_COUNT)
        return KERN_FAILURE;
    kern_return_t result = mach_port_find_receive(space, name, &port);
    if (result != KERN_SUCCESS)
        return result;
    mach_port_guard_info_t expected;

    memcpy(&expected, info, sizeof expected);
    if (!port->guarded || port->guard != expected.mpgi_guard)
        result = KERN_INVALID_ARGUMENT;
    ipc_port_unlock(port);
    return result;
}

/* ---- single values --------------------------------------------------------------------------------- */

kern_return_t kernel_mach_port_set_mscount(space_ref_t space, mach_port_name_t name, mach_port_mscount_t count)
{
    struct ipc_port *port;
    kern_return_t result = mach_port_find_receive(space, name, &port);

    if (result != KERN_SUCCESS)
        return result;
    port->make_send_count = count;
    ipc_port_unlock(port);
    return KERN_SUCCESS;
}

kern_return_t kernel_mach_port_set_seqno(space_ref_t space, mach_port_name_t name, mach_port_seqno_t seqno)
{
    struct ipc_port *port;
    kern_return_t result = mach_port_find_receive(space, name, &port);

    if (result != KERN_SUCCESS)
        return result;
    ipc_port_set_seqno(port, seqno);
    ipc_port_unlock(port);
    return KERN_SUCCESS;
}

kern_return_t kernel_mach_port_get_context(space_ref_t space, mach_port_name_t name, mach_port_context_t *context)
{
    struct ipc_port *port;
    kern_return_t result = mach_port_find_receive(space, name, &port);

    if (result != KERN_SUCCESS)
        return result;
    *context = port->strict_guard ? 0 : port->context; /* a strict guard is not told */
    ipc_port_unlock(port);
    return KERN_SUCCESS;
}

kern_return_t kernel_mach_port_set_context(space_ref_t space, mach_port_name_t name, mach_port_context_t context)
{
    struct ipc_port *port;
    kern_return_t result = mach_port_find_receive(space, name, &port);

    if (result != KERN_SUCCESS)
        return result;
    if (port->guarded && port->strict_guard)
        result = KERN_INVALID_ARGUMENT;
    else
        port->context = context;
    ipc_direct_update(port);
    ipc_port_unlock(port);
    return result;
}

/* ---- the queue ------------------------------------------------------------------------------------- */

/* The message with a sequence number, or the first for 0.  Port locked. */
static struct ipc_kmsg *message_with(struct ipc_port *port, mach_port_seqno_t *seqno)
{
    mach_port_seqno_t next = ipc_port_seqno(port);

    list_for_each(link, &port->messages) {
        if (*seqno == 0 || *seqno == next) {
            *seqno = next;
            return container_of(link, struct ipc_kmsg, link);
        }
        next++;
    }
    return NULL;
}

kern_return_t kernel_mach_port_peek(space_ref_t space, mach_port_name_t name, natural_t trailer_type,
                                    mach_port_seqno_t *seqno, natural_t *size, mach_msg_id_t *id,
                                    mach_msg_trailer_info_t trailer, mach_msg_type_number_t *trailer_size)
{
    const mach_msg_option_t option = (mach_msg_option_t)trailer_type;
    struct ipc_port *port;

    pull(space, name);
    kern_return_t result = mach_port_find_receive(space, name, &port);
    if (result != KERN_SUCCESS)
        return result;
    struct ipc_kmsg *kmsg = message_with(port, seqno);

    if (kmsg == NULL || *trailer_size < ipc_trailer_size(option)) {
        result = KERN_FAILURE;
    } else {
        kmsg->seqno = *seqno;
        kmsg->context = port->context;
        *size = kmsg->size;
        *id = kmsg->id;
        *trailer_size = ipc_kmsg_add_trailer(kmsg, option);
        memcpy(trailer, (const unsigned char *)kmsg->message + round_msg(kmsg->size), *trailer_size);
    }
    ipc_port_unlock(port);
    return result;
}
