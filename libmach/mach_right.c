/* SPDX-License-Identifier: BSD-2-Clause */
/* mach_right.c - rights with types: mach/mach_right.h. */
#include <stdio.h>
#include <stdlib.h>

#include <mach/mach.h>

static void must(kern_return_t result, const char *what)
{
    if (result == KERN_SUCCESS)
        return;
    mach_error(what, result);
    abort();
}

mach_right_recv_t mach_right_recv_construct(mach_right_flags_t flags, mach_right_send_t *send, uintptr_t context)
{
    mach_port_options_t options = {.flags = 0};
    mach_right_recv_t right;

    if (!(flags & MACH_RIGHT_RECV_FLAG_UNGUARDED))
        options.flags |= MPO_CONTEXT_AS_GUARD | MPO_STRICT;
    if (send != NULL)
        options.flags |= MPO_INSERT_SEND_RIGHT;
    must(mach_port_construct(mach_task_self(), &options, context, &right.mrr_name), "mach_right_recv_construct");
    if (send != NULL)
        send->mrs_name = right.mrr_name;
    return right;
}

void mach_right_recv_destruct(mach_right_recv_t right, mach_right_send_t *send, uintptr_t context)
{
    const mach_port_delta_t delta = send != NULL && send->mrs_name == right.mrr_name ? -1 : 0;

    must(mach_port_destruct(mach_task_self(), right.mrr_name, delta, context), "mach_right_recv_destruct");
    if (send != NULL && delta == 0)
        mach_right_send_release(*send);
}

mach_right_send_t mach_right_send_create(mach_right_recv_t right)
{
    must(mach_port_insert_right(mach_task_self(), right.mrr_name, right.mrr_name, MACH_MSG_TYPE_MAKE_SEND),
         "mach_right_send_create");
    return (mach_right_send_t){.mrs_name = right.mrr_name};
}

mach_right_send_t mach_right_send_retain(mach_right_send_t right)
{
    kern_return_t result = mach_port_mod_refs(mach_task_self(), right.mrs_name, MACH_PORT_RIGHT_SEND, 1);

    if (result == KERN_INVALID_RIGHT)
        return (mach_right_send_t){.mrs_name = MACH_PORT_DEAD};
    must(result, "mach_right_send_retain");
    return right;
}

void mach_right_send_release(mach_right_send_t right)
{
    kern_return_t result = mach_port_mod_refs(mach_task_self(), right.mrs_name, MACH_PORT_RIGHT_SEND, -1);

    if (result == KERN_INVALID_RIGHT)
        result = mach_port_mod_refs(mach_task_self(), right.mrs_name, MACH_PORT_RIGHT_DEAD_NAME, -1);
    must(result, "mach_right_send_release");
}

mach_right_send_once_t mach_right_send_once_create(mach_right_recv_t right)
{
    mach_right_send_once_t once;
    mach_msg_type_name_t type;

    must(mach_port_extract_right(mach_task_self(), right.mrr_name, MACH_MSG_TYPE_MAKE_SEND_ONCE, &once.mrso_name, &type),
         "mach_right_send_once_create");
    return once;
}

void mach_right_send_once_consume(mach_right_send_once_t right)
{
    must(mach_port_mod_refs(mach_task_self(), right.mrso_name, MACH_PORT_RIGHT_SEND_ONCE, -1),
         "mach_right_send_once_consume");
}
