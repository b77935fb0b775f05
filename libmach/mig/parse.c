/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parse.c - from a received message to values.
 *
 * Every size, count and descriptor is checked before it is used, with the errors that generated stubs
 * give; after success the slots point at what is there.
 */
#include "description.h"

#include <string.h>

struct parse {
    const struct routine *routine;
    const struct message *layout;
    struct slot *slots;
    const char *base;
    uint32_t delta;
    uint32_t left; /* bytes of the message that variable arrays may still take */
    bool typed, reply;
};

static const char *place(const struct parse *parse, const struct item *item)
{
    return parse->base + item->offset - parse->delta;
}

static kern_return_t bad(const struct parse *parse)
{
    return parse->reply ? MIG_TYPE_ERROR : MIG_BAD_ARGUMENTS;
}

static bool in_message(const struct parse *parse, const struct arg *arg)
{
    return parse->reply ? arg_out(arg) : arg_in(arg);
}

static struct slot *slot_of(const struct parse *parse, const struct item *item)
{
    return &parse->slots[item->arg];
}

static const struct type *type_of(const struct parse *parse, const struct item *item)
{
    return &parse->routine->args[item->arg].type;
}

static bool right_disposition(const struct type *type, mach_msg_type_name_t disposition)
{
    if (type->received == -1)
        return MACH_MSG_TYPE_PORT_ANY_RIGHT(disposition);
    return disposition == (mach_msg_type_name_t)type->received;
}

/* ---- descriptors ---------------------------------------------------------------------------------- */

static kern_return_t get_ports(const struct parse *parse, const struct item *item)
{
    for (uint32_t i = 0; i < item->count; i++) {
        mach_msg_port_descriptor_t descriptor;
        memcpy(&descriptor, place(parse, item) + i * sizeof descriptor, sizeof descriptor);
        if (descriptor.type != MACH_MSG_PORT_DESCRIPTOR ||
            !right_disposition(type_of(parse, item), descriptor.disposition))
            return MIG_TYPE_ERROR;
        slot_of(parse, item)->disposition = descriptor.disposition;
    }
    slot_of(parse, item)->data = (void *)place(parse, item);
    return KERN_SUCCESS;
}

static kern_return_t get_memory(const struct parse *parse, const struct item *item)
{
    mach_msg_ool_descriptor_t descriptor;

    memcpy(&descriptor, place(parse, item), sizeof descriptor);
    if (descriptor.type != MACH_MSG_OOL_DESCRIPTOR)
        return MIG_TYPE_ERROR;
    if (!type_has_count(type_of(parse, item)) && descriptor.size != type_of(parse, item)->size)
        return MIG_TYPE_ERROR;
    slot_of(parse, item)->data = descriptor.address;
    return KERN_SUCCESS;
}

static kern_return_t get_rights(const struct parse *parse, const struct item *item)
{
    mach_msg_ool_ports_descriptor_t descriptor;

    memcpy(&descriptor, place(parse, item), sizeof descriptor);
    if (descriptor.type != MACH_MSG_OOL_PORTS_DESCRIPTOR ||
        !right_disposition(type_of(parse, item), descriptor.disposition))
        return MIG_TYPE_ERROR;
    if (!type_has_count(type_of(parse, item)) && descriptor.count != type_of(parse, item)->count)
        return MIG_TYPE_ERROR;
    slot_of(parse, item)->data = descriptor.address;
    slot_of(parse, item)->disposition = descriptor.disposition;
    return KERN_SUCCESS;
}

/* With the counts known: descriptors must hold just as much, and inline rights no more. */
static kern_return_t check_counted(const struct parse *parse, const struct item *item)
{
    const struct type *type = type_of(parse, item);
    uint64_t count = slot_count(parse->routine, parse->slots, (size_t)item->arg);
    mach_msg_ool_descriptor_t memory;
    mach_msg_ool_ports_descriptor_t rights;
    mach_msg_port_descriptor_t port;

    if (!type_has_count(type))
        return KERN_SUCCESS;
    if (type->count != 0 && count > type->count)
        return bad(parse);
    if (item->kind == ITEM_OOL) {
        memcpy(&memory, place(parse, item), sizeof memory);
        return memory.size == count * element_size(type) ? KERN_SUCCESS : MIG_TYPE_ERROR;
    }
    if (item->kind == ITEM_OOL_PORTS) {
        memcpy(&rights, place(parse, item), sizeof rights);
        return rights.count == count ? KERN_SUCCESS : MIG_TYPE_ERROR;
    }
    for (uint64_t i = count; i < item->count; i++) {
        memcpy(&port, place(parse, item) + i * sizeof port, sizeof port);
        if (port.name != MACH_PORT_NULL)
            return MIG_TYPE_ERROR;
    }
    return KERN_SUCCESS;
}

/* ---- inline data ---------------------------------------------------------------------------------- */

static bool ends(const char *string, size_t size)
{
    return memchr(string, 0, size) != NULL;
}

static kern_return_t get_data(const struct parse *parse, const struct item *item)
{
    const struct type *type = type_of(parse, item);
    struct slot *slot = slot_of(parse, item);

    if (type->out_of_line) {
        memcpy(&slot->data, place(parse, item), sizeof slot->data);
        return KERN_SUCCESS;
    }
    slot->data = (void *)place(parse, item);
    return type->kind == KIND_STRING && !ends(slot->data, item->size) ? bad(parse) : KERN_SUCCESS;
}

static kern_return_t get_count(const struct parse *parse, const struct item *item)
{
    const struct arg *arg = &parse->routine->args[item->arg];
    struct slot *slot = slot_of(parse, item);

    memcpy(&slot->count, place(parse, item), sizeof slot->count);
    if (!in_message(parse, arg) && slot->count > arg->type.count)
        slot->count = arg->type.count;
    return KERN_SUCCESS;
}

static kern_return_t get_variable(struct parse *parse, const struct item *item)
{
    const struct type *type = type_of(parse, item);
    struct slot *slot = slot_of(parse, item);
    uint64_t count = slot_count(parse->routine, parse->slots, (size_t)item->arg);
    uint64_t size = count * element_size(type);
    uint64_t align = parse->typed ? 8 : 4;
    uint64_t padded = (size + align - 1) / align * align;
    bool outside = type->out_of_line && !slot->in_line;

    if (outside)
        padded = sizeof slot->data;
    else if (size > item->size)
        return bad(parse);
    if (padded > parse->left)
        return bad(parse);
    if (outside)
        memcpy(&slot->data, place(parse, item), sizeof slot->data);
    else
        slot->data = type->optional && count == 0 ? NULL : (void *)place(parse, item);
    if (type->kind == KIND_STRING && !ends(slot->data, size))
        return bad(parse);
    parse->left -= (uint32_t)padded;
    parse->delta += item->padded - (uint32_t)padded;
    return KERN_SUCCESS;
}

/* ---- type descriptors ------------------------------------------------------------------------------- */

struct wire {
    mach_msg_type_name_t name;
    uint32_t bits, number;
    bool in_line, is_long;
};

static struct wire read_wire(const struct parse *parse, const struct item *item)
{
    mach_msg_type_long_t wide;
    mach_msg_type_t type;

    if (item->size == sizeof wide) {
        memcpy(&wide, place(parse, item), sizeof wide);
        return (struct wire){wide.msgtl_name, wide.msgtl_size, wide.msgtl_number, wide.msgtl_header.msgt_inline,
                             wide.msgtl_header.msgt_longform};
    }
    memcpy(&type, place(parse, item), sizeof type);
    return (struct wire){type.msgt_name, type.msgt_size, type.msgt_number, type.msgt_inline, type.msgt_longform};
}

static kern_return_t get_number(const struct parse *parse, const struct item *item, uint32_t number)
{
    const struct arg *arg = &parse->routine->args[item->arg];
    const struct type *type = &arg->type;
    uint32_t units = element_units(type);

    if (!type->variable)
        return number == type->size / element_size(type) * units ? KERN_SUCCESS : MIG_TYPE_ERROR;
    if (number % units != 0)
        return MIG_TYPE_ERROR;
    if (arg->counted_by >= 0 && arg->counted_by != item->arg)
        return number / units == parse->slots[arg->counted_by].count ? KERN_SUCCESS : MIG_TYPE_ERROR;
    slot_of(parse, item)->count = number / units;
    return type->count != 0 && number / units > type->count ? bad(parse) : KERN_SUCCESS;
}

static kern_return_t get_type(const struct parse *parse, const struct item *item)
{
    struct wire wire = read_wire(parse, item);

    if (wire.is_long != (item->size == sizeof(mach_msg_type_long_t)))
        return MIG_TYPE_ERROR;
    if (item->arg < 0 || item[1].kind == ITEM_COUNT)
        return wire.name == MACH_MSG_TYPE_INTEGER_32 && wire.bits == 32 && wire.number == 1 && wire.in_line
                   ? KERN_SUCCESS
                   : MIG_TYPE_ERROR;
    const struct type *type = type_of(parse, item);
    struct slot *slot = slot_of(parse, item);
    bool either = item[1].kind == ITEM_VARIABLE && type->out_of_line;
    bool right_name = type->ports ? right_disposition(type, wire.name)
                                  : wire.name == (mach_msg_type_name_t)type->received;

    if (!right_name || wire.bits != type->bits || (!either && wire.in_line == type->out_of_line))
        return MIG_TYPE_ERROR;
    slot->disposition = wire.name;
    slot->in_line = wire.in_line;
    return get_number(parse, item, wire.number);
}

/* ---- the message ---------------------------------------------------------------------------------- */

static kern_return_t get_item(struct parse *parse, const struct item *item)
{
    switch (item->kind) {
    case ITEM_PORT: return get_ports(parse, item);
    case ITEM_OOL: return get_memory(parse, item);
    case ITEM_OOL_PORTS: return get_rights(parse, item);
    case ITEM_DATA: return get_data(parse, item);
    case ITEM_COUNT: return get_count(parse, item);
    case ITEM_VARIABLE: return get_variable(parse, item);
    case ITEM_TYPE: return get_type(parse, item);
    case ITEM_NDR:
    case ITEM_RETCODE:
    case ITEM_OFFSET: return KERN_SUCCESS;
    }
    return MIG_TYPE_ERROR;
}

static kern_return_t check_header(struct parse *parse, const mach_msg_header_t *message)
{
    const struct message *layout = parse->layout;
    bool complex = (message->msgh_bits & MACH_MSGH_BITS_COMPLEX) != 0;

    if (complex != layout->complex || message->msgh_size < layout->min_size || message->msgh_size > layout->size)
        return bad(parse);
    if (layout->descriptors > 0 &&
        ((const mach_msg_base_t *)message)->body.msgh_descriptor_count != layout->descriptors)
        return bad(parse);
    parse->left = message->msgh_size - layout->min_size;
    return KERN_SUCCESS;
}

kern_return_t message_parse(const struct mig_interface *interface, const struct routine *routine, bool reply,
                            const mach_msg_header_t *message, struct slot *slots)
{
    struct parse parse = {
        .routine = routine,
        .layout = reply ? &routine->reply : &routine->request,
        .slots = slots,
        .base = (const char *)message,
        .typed = interface->typed,
        .reply = reply,
    };
    kern_return_t result = check_header(&parse, message);

    for (size_t i = 0; result == KERN_SUCCESS && i < parse.layout->count; i++)
        result = get_item(&parse, &parse.layout->items[i]);
    if (result == KERN_SUCCESS && parse.left != 0)
        result = bad(&parse);
    parse.delta = 0; /* descriptors never move */
    for (size_t i = 0; result == KERN_SUCCESS && i < parse.layout->count; i++) {
        if (parse.layout->items[i].kind <= ITEM_OOL_PORTS)
            result = check_counted(&parse, &parse.layout->items[i]);
    }
    return result;
}

kern_return_t message_error(const struct mig_interface *interface, const mach_msg_header_t *message)
{
    mig_typed_reply_error_t typed;
    mig_reply_error_t untyped;

    if (message->msgh_bits & MACH_MSGH_BITS_COMPLEX)
        return KERN_SUCCESS;
    if (interface->typed && message->msgh_size == sizeof typed) {
        memcpy(&typed, message, sizeof typed);
        return typed.RetCode;
    }
    if (!interface->typed && message->msgh_size == sizeof untyped) {
        memcpy(&untyped, message, sizeof untyped);
        return untyped.RetCode;
    }
    return KERN_SUCCESS;
}

void message_destroy(const struct mig_interface *interface, mach_msg_header_t *message)
{
    if (interface->typed)
        mach_msg_destroy_typed(message);
    else
        mach_msg_destroy(message);
}
