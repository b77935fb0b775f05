/* SPDX-License-Identifier: BSD-2-Clause */
/* right_destroy.h - letting go of one right that came in a message, or was to be moved by one. */
#ifndef LIBMACH_RIGHT_DESTROY_H
#define LIBMACH_RIGHT_DESTROY_H

#include <mach/mach_interface.h>

/* Rights that would have been copied or made have not been: of those there is nothing to let go of. */
static inline void right_destroy(mach_port_t port, mach_msg_type_name_t disposition)
{
    if (!MACH_PORT_VALID(port))
        return;
    if (disposition == MACH_MSG_TYPE_MOVE_RECEIVE)
        mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1);
    else if (disposition == MACH_MSG_TYPE_MOVE_SEND || disposition == MACH_MSG_TYPE_MOVE_SEND_ONCE)
        mach_port_deallocate(mach_task_self(), port);
}

#endif
