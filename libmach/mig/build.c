/* SPDX-License-Identifier: BSD-2-Clause */
/* build.c - from values to a message: the same bytes that a generated stub would send. */
#include "description.h"

#include <stdint.h>
#include <string.h>

struct build {
    const struct mig_interface *interface;
    const struct routine *routine;
    const struct message *layout;
    struct slot *slots;
    char *base;
    uint32_t delta; /* how much nearer to the head a field lies than in the largest message */
    bool reply;
};

static char *place(const struct build *build, const struct item *item)
{
    return build->base + item->offset - build->delta;
}

static uint32_t padded(const struct build *build, uint64_t size)
{
    uint32_t align = build->interface->typed ? 8 : 4;

    return (uint32_t)((size + align - 1) / align * align);
}

static bool in_message(const struct build *build, const struct arg *arg)
{
    return build->reply ? arg_out(arg) : arg_in(arg);
}

/* ---- bounds --------------------------------------------------------------------------------------- */

static kern_return_t check_slot(const struct build *build, size_t index)
{
    const struct arg *arg = &build->routine->args[index];
    struct slot *slot = &build->slots[index];
    const struct type *type = &arg->type;

    if (type->kind == KIND_STRING) {
        size_t length = strnlen(slot->data, type->count);
        if (length == type->count)
            return MIG_ARRAY_TOO_LARGE;
        slot->count = type->variable ? (mach_msg_type_number_t)length + 1 : type->count;
        return KERN_SUCCESS;
    }
    if (type->optional) {
        slot->count = slot->data != NULL;
        return KERN_SUCCESS;
    }
    if (!type_has_count(type))
        return KERN_SUCCESS;
    uint64_t count = slot_count(build->routine, build->slots, index);
    uint64_t most = type->count != 0 ? type->count : UINT32_MAX / element_size(type);
    return count > most ? MIG_ARRAY_TOO_LARGE : KERN_SUCCESS;
}

/* ---- fields --------------------------------------------------------------------------------------- */

static mach_msg_type_name_t sent_as(const struct arg *arg, const struct slot *slot)
{
    return arg->type.sent == -1 ? slot->disposition : (mach_msg_type_name_t)arg->type.sent;
}

static boolean_t deallocates(const struct arg *arg, const struct slot *slot)
{
    return arg->dealloc == 2 ? slot->deallocate : arg->dealloc == 1;
}

static void put_ports(const struct build *build, const struct item *item)
{
    const struct arg *arg = &build->routine->args[item->arg];
    const struct slot *slot = &build->slots[item->arg];
    const mach_port_t *ports = slot->data;
    uint32_t count = type_has_count(&arg->type) ? slot_count(build->routine, build->slots, (size_t)item->arg)
                                                : item->count;

    for (uint32_t i = 0; i < item->count; i++) {
        mach_msg_port_descriptor_t descriptor = {
            .name = i < count ? ports[i] : MACH_PORT_NULL,
            .disposition = sent_as(arg, slot) & 0xff,
            .type = MACH_MSG_PORT_DESCRIPTOR,
        };
        memcpy(place(build, item) + i * sizeof descriptor, &descriptor, sizeof descriptor);
    }
}

static uint64_t outside_count(const struct build *build, const struct item *item)
{
    const struct type *type = &build->routine->args[item->arg].type;

    return type_has_count(type) ? slot_count(build->routine, build->slots, (size_t)item->arg)
                                : type->size / element_size(type);
}

static void put_memory(const struct build *build, const struct item *item)
{
    const struct arg *arg = &build->routine->args[item->arg];
    const struct slot *slot = &build->slots[item->arg];
    mach_msg_ool_descriptor_t descriptor = {
        .address = slot->data,
        .deallocate = deallocates(arg, slot) & 1,
        .copy = arg->physicalcopy ? MACH_MSG_PHYSICAL_COPY : MACH_MSG_VIRTUAL_COPY,
        .type = MACH_MSG_OOL_DESCRIPTOR,
        .size = (mach_msg_size_t)(outside_count(build, item) * element_size(&arg->type)),
    };

    memcpy(place(build, item), &descriptor, sizeof descriptor);
}

static void put_rights(const struct build *build, const struct item *item)
{
    const struct arg *arg = &build->routine->args[item->arg];
    const struct slot *slot = &build->slots[item->arg];
    mach_msg_ool_ports_descriptor_t descriptor = {
        .address = slot->data,
        .deallocate = deallocates(arg, slot) & 1,
        .copy = MACH_MSG_VIRTUAL_COPY,
        .disposition = sent_as(arg, slot) & 0xff,
        .type = MACH_MSG_OOL_PORTS_DESCRIPTOR,
        .count = (mach_msg_size_t)outside_count(build, item),
    };

    memcpy(place(build, item), &descriptor, sizeof descriptor);
}

static void put_data(const struct build *build, const struct item *item)
{
    const struct arg *arg = &build->routine->args[item->arg];
    const struct slot *slot = &build->slots[item->arg];
    char *to = place(build, item);

    memset(to, 0, item->padded);
    if (arg->type.out_of_line)
        memcpy(to, &slot->data, sizeof slot->data);
    else if (arg->type.kind == KIND_STRING)
        memcpy(to, slot->data, strlen(slot->data));
    else
        memcpy(to, slot->data, item->size);
}

static void put_variable(struct build *build, const struct item *item)
{
    const struct type *type = &build->routine->args[item->arg].type;
    const struct slot *slot = &build->slots[item->arg];
    uint64_t size = (uint64_t)slot_count(build->routine, build->slots, (size_t)item->arg) * element_size(type);
    char *to = place(build, item);

    if (type->out_of_line && size > item->size) {
        memcpy(to, &slot->data, sizeof slot->data);
        build->delta += item->padded - (uint32_t)sizeof slot->data;
        return;
    }
    memset(to, 0, padded(build, size));
    if (size > 0)
        memcpy(to, slot->data, size);
    build->delta += item->padded - padded(build, size);
}

static void put_count(const struct build *build, const struct item *item)
{
    const struct arg *arg = &build->routine->args[item->arg];
    mach_msg_type_number_t count = build->slots[item->arg].count;

    if (!in_message(build, arg) && count > arg->type.count)
        count = arg->type.count;
    memset(place(build, item), 0, item->padded);
    memcpy(place(build, item), &count, sizeof count);
}

/* ---- type descriptors ------------------------------------------------------------------------------- */

static void put_type(const struct build *build, const struct item *item)
{
    mach_msg_type_name_t name = MACH_MSG_TYPE_INTEGER_32;
    uint32_t bits = 32;
    uint64_t number = 1;
    bool in_line = true;
    boolean_t dealloc = FALSE;

    if (item->arg >= 0 && item[1].kind != ITEM_COUNT) {
        const struct arg *arg = &build->routine->args[item->arg];
        const struct slot *slot = &build->slots[item->arg];
        uint64_t elements = arg->type.variable ? slot_count(build->routine, build->slots, (size_t)item->arg)
                                               : arg->type.size / element_size(&arg->type);
        bool either = item[1].kind == ITEM_VARIABLE && arg->type.out_of_line;
        name = sent_as(arg, slot);
        bits = arg->type.bits;
        number = elements * element_units(&arg->type);
        in_line = either ? elements * element_size(&arg->type) <= item[1].size : !arg->type.out_of_line;
        dealloc = !in_line && deallocates(arg, slot);
    }
    if (item->size == sizeof(mach_msg_type_long_t)) {
        mach_msg_type_long_t type = MIG_TYPE_LONG(name, (unsigned short)bits, (unsigned)number, in_line, dealloc);
        memcpy(place(build, item), &type, sizeof type);
    } else {
        mach_msg_type_t type = MIG_TYPE(name, bits & 0xffff, (unsigned)number, in_line, dealloc);
        memcpy(place(build, item), &type, sizeof type);
    }
}

/* ---- the message ---------------------------------------------------------------------------------- */

static void put_item(struct build *build, const struct item *item)
{
    switch (item->kind) {
    case ITEM_PORT: put_ports(build, item); break;
    case ITEM_OOL: put_memory(build, item); break;
    case ITEM_OOL_PORTS: put_rights(build, item); break;
    case ITEM_NDR: memcpy(place(build, item), &NDR_record, sizeof NDR_record); break;
    case ITEM_RETCODE:
    case ITEM_OFFSET: memset(place(build, item), 0, item->padded); break;
    case ITEM_DATA: put_data(build, item); break;
    case ITEM_COUNT: put_count(build, item); break;
    case ITEM_VARIABLE: put_variable(build, item); break;
    case ITEM_TYPE: put_type(build, item); break;
    }
}

kern_return_t message_build(const struct mig_interface *interface, const struct routine *routine, bool reply,
                            struct slot *slots, mach_msg_header_t *message)
{
    struct build build = {
        .interface = interface,
        .routine = routine,
        .layout = reply ? &routine->reply : &routine->request,
        .slots = slots,
        .base = (char *)message,
        .reply = reply,
    };

    for (size_t i = 0; i < routine->arg_count; i++) {
        kern_return_t result = in_message(&build, &routine->args[i]) ? check_slot(&build, i) : KERN_SUCCESS;
        if (result != KERN_SUCCESS)
            return result;
    }
    if (build.layout->descriptors > 0)
        ((mach_msg_base_t *)message)->body.msgh_descriptor_count = build.layout->descriptors;
    for (size_t i = 0; i < build.layout->count; i++)
        put_item(&build, &build.layout->items[i]);
    message->msgh_size = build.layout->size - build.delta;
    if (build.layout->complex)
        message->msgh_bits |= MACH_MSGH_BITS_COMPLEX;
    return KERN_SUCCESS;
}
