/* SPDX-License-Identifier: BSD-2-Clause */
/* simple.c - the headers that most messages have: see simple.h. */
#include "ipc/simple.h"

static bool is_simple(const mach_msg_header_t *header)
{
    switch (header->msgh_bits & ~MACH_MSGH_BITS_COMPLEX) {
    case MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE): return MACH_PORT_VALID(header->msgh_local_port);
    case MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0):
    case MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0): return header->msgh_local_port == MACH_PORT_NULL;
    default: return false;
    }
}

bool ipc_simple_find(struct ipc_space *space, const mach_msg_header_t *header, struct ipc_simple *found)
{
    const bool once = MACH_MSGH_BITS_REMOTE(header->msgh_bits) == MACH_MSG_TYPE_MOVE_SEND_ONCE;

    if (!is_simple(header))
        return false;
    struct ipc_entry *entry = ipc_space_lookup(space, header->msgh_remote_port);

    if (entry == NULL || !(entry_type(entry) & (once ? MACH_PORT_TYPE_SEND_ONCE : MACH_PORT_TYPE_SEND)) ||
        (once && entry->request != NULL))
        return false;
    *found = (struct ipc_simple){.entry = entry, .port = entry_object(entry), .once = once};
    if (header->msgh_local_port == MACH_PORT_NULL)
        return true;
    entry = ipc_space_lookup(space, header->msgh_local_port);
    if (entry == NULL || !(entry_type(entry) & MACH_PORT_TYPE_RECEIVE))
        return false;
    found->reply = entry_object(entry);
    return true;
}

struct ipc_port *ipc_simple_take(struct ipc_space *space, const mach_msg_header_t *header, const struct ipc_simple *found)
{
    if (found->once)
        ipc_space_free(space, header->msgh_remote_port, found->entry);
    return found->reply == NULL ? NULL : ipc_port_make_send_once(found->reply);
}
