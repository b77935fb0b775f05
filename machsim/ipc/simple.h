/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * simple.h - the headers of calls and of their answers, which most messages have: a send right that stays or a send-once right
 * that goes, and a send-once right made for the answer, or none.  They need none of the checks that others do.
 */
#ifndef IPC_SIMPLE_H
#define IPC_SIMPLE_H

#include "ipc/port.h"

struct ipc_simple {
    struct ipc_entry *entry; /* the destination's */
    struct ipc_port *port;
    bool once;              /* it is a send-once right, which goes */
    struct ipc_port *reply; /* whose receive right the space has; NULL: no answer is wanted */
};

/* What a header names in a locked space.  False: it is another kind of header, or names what it must not. */
bool ipc_simple_find(struct ipc_space *space, const mach_msg_header_t *header, struct ipc_simple *found);

/*
 * Takes those rights out of the space.  The name of a send-once right goes; what it has of its port is left to the caller.
 * Gives the right for the answer, or NULL.
 */
struct ipc_port *ipc_simple_take(struct ipc_space *space, const mach_msg_header_t *header, const struct ipc_simple *found);

#endif
