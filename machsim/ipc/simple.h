/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * simple.h - the headers of calls and of their answers, which most messages have: a send right that stays or a send-once right
 * that goes, and a send-once right made for the answer, or none.  They need none of the checks that others do.
 */
#ifndef IPC_SIMPLE_H
#define IPC_SIMPLE_H

#include "ipc/port.h"
#include "kern/inline.h"

struct ipc_simple {
    struct ipc_entry *entry; /* the destination's */
    struct ipc_port *port;
    bool once;              /* it is a send-once right, which goes */
    struct ipc_port *reply; /* whose receive right the space has; NULL: no answer is wanted */
};

ALWAYS_INLINE bool ipc_simple_is(const mach_msg_header_t *header)
{
    switch (header->msgh_bits & ~MACH_MSGH_BITS_COMPLEX) {
    case MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE): return MACH_PORT_VALID(header->msgh_local_port);
    case MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0):
    case MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0): return header->msgh_local_port == MACH_PORT_NULL;
    default: return false;
    }
}

/* What a header names in a locked space.  False: it is another kind of header, or names what it must not. */
ALWAYS_INLINE bool ipc_simple_find(struct ipc_space *space, const mach_msg_header_t *header, struct ipc_simple *found)
{
    if (UNLIKELY(!ipc_simple_is(header)))
        return false;
    const bool once = MACH_MSGH_BITS_REMOTE(header->msgh_bits) == MACH_MSG_TYPE_MOVE_SEND_ONCE;
    struct ipc_entry *entry =
        ipc_space_lookup_type(space, header->msgh_remote_port, once ? MACH_PORT_TYPE_SEND_ONCE : MACH_PORT_TYPE_SEND);

    if (UNLIKELY(entry == NULL || (once && entry->request != NULL)))
        return false;
    found->entry = entry;
    found->port = entry_object(entry);
    found->once = once;
    found->reply = NULL;
    if (header->msgh_local_port == MACH_PORT_NULL)
        return true;
    entry = ipc_space_lookup_type(space, header->msgh_local_port, MACH_PORT_TYPE_RECEIVE);
    if (UNLIKELY(entry == NULL))
        return false;
    found->reply = entry_object(entry);
    return true;
}

/*
 * Takes those rights out of the space.  The name of a send-once right goes; what it has of its port is left to the caller.
 * Gives the right for the answer, or NULL.
 */
ALWAYS_INLINE struct ipc_port *ipc_simple_take(struct ipc_space *space, const mach_msg_header_t *header,
                                               const struct ipc_simple *found)
{
    if (found->once)
        ipc_space_free(space, header->msgh_remote_port, found->entry);
    return found->reply == NULL ? NULL : ipc_port_make_send_once(found->reply);
}

#endif
