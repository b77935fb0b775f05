/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mach_msg_destroy_typed.c - letting go of what a typed message holds: the same as mach_msg_destroy, for
 * messages in which a mach_msg_type_t stands before each item.  Source: GNU Mach's mach_msg_destroy.
 */
#include <mach/mach_interface.h>
#include <mach/typed_message.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "right_destroy.h"

#define ALIGN 8u

struct item {
    mach_msg_type_name_t name;
    uint64_t bytes;
    mach_msg_type_number_t number;
    bool is_inline;
};

static void destroy_data(const struct item *item, const char *data)
{
    if (!MACH_MSG_TYPE_PORT_ANY(item->name))
        return;
    for (mach_msg_type_number_t i = 0; i < item->number; i++) {
        mach_port_t port;
        memcpy(&port, data + i * sizeof port, sizeof port);
        right_destroy(port, item->name);
    }
}

/* Reads a descriptor of either form; returns its size. */
static size_t read_type(const char *at, struct item *item)
{
    mach_msg_type_t type;
    mach_msg_type_long_t wide;

    memcpy(&type, at, sizeof type);
    item->is_inline = type.msgt_inline;
    if (!type.msgt_longform) {
        item->name = type.msgt_name;
        item->number = type.msgt_number;
        item->bytes = ((uint64_t)type.msgt_size * type.msgt_number + 7) / 8;
        return sizeof type;
    }
    memcpy(&wide, at, sizeof wide);
    item->name = wide.msgtl_name;
    item->number = wide.msgtl_number;
    item->bytes = ((uint64_t)wide.msgtl_size * wide.msgtl_number + 7) / 8;
    return sizeof wide;
}

void mach_msg_destroy_typed(mach_msg_header_t *msg)
{
    const char *at = (const char *)(msg + 1);
    const char *end = (const char *)msg + msg->msgh_size;

    right_destroy(msg->msgh_remote_port, MACH_MSGH_BITS_REMOTE(msg->msgh_bits));
    if (!(msg->msgh_bits & MACH_MSGH_BITS_COMPLEX))
        return;
    while (end - at >= (ptrdiff_t)sizeof(mach_msg_type_t)) {
        struct item item;
        void *address;

        at += read_type(at, &item);
        if (item.is_inline) {
            destroy_data(&item, at);
            at += (item.bytes + ALIGN - 1) / ALIGN * ALIGN;
            continue;
        }
        memcpy(&address, at, sizeof address);
        at += sizeof address;
        if (item.bytes != 0) {
            destroy_data(&item, address);
            vm_deallocate(mach_task_self(), (vm_address_t)address, item.bytes);
        }
    }
}
