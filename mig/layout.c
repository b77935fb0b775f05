/* SPDX-License-Identifier: BSD-2-Clause */
/* layout.c - building a message field by field, and the untyped layout. */
#include "layout.h"

struct item *layout_add(struct builder *builder, enum item_kind kind, struct arg *arg, const char *name, uint64_t size)
{
    struct item *item = arena_new(builder->source->arena, struct item);
    struct message *message = builder->message;
    uint64_t padded = (size + builder->align - 1) / builder->align * builder->align;

    item->kind = kind;
    item->arg = arg;
    item->name = name;
    item->offset = (uint32_t)builder->offset;
    item->size = (uint32_t)size;
    item->padded = (uint32_t)padded;
    item->count = 1;
    item->shifted = message->variable;
    builder->offset += padded;
    message->min_size += kind == ITEM_VARRAY ? 0 : (uint32_t)padded;
    if (kind == ITEM_VARRAY)
        message->variable = true;
    *builder->end = item;
    builder->end = &item->next;
    return item;
}

bool layout_in_message(const struct builder *builder, const struct arg *arg)
{
    return builder->message == &builder->routine->request ? arg_in_request(arg) : arg_in_reply(arg);
}

static const char *derived(struct builder *builder, const struct arg *arg, const char *suffix)
{
    return arena_printf(builder->source->arena, "%s%s", arg->name, suffix);
}

/* ---- untyped --------------------------------------------------------------------------------------- */

static bool is_descriptor(const struct arg *arg)
{
    return type_holds_ports(arg->type) || arg->type->out_of_line || arg->type->indefinite;
}

static void add_descriptor(struct builder *builder, struct arg *arg)
{
    const struct type *type = arg->type;

    if (type->out_of_line || type->indefinite) {
        layout_add(builder, type_holds_ports(type) ? ITEM_OOL_PORTS : ITEM_OOL, arg, arg->name, OOL_DESCRIPTOR_SIZE);
        builder->message->descriptors++;
        return;
    }
    uint32_t count = type->kind == TYPE_ARRAY ? type->count : 1;
    struct item *item =
        layout_add(builder, ITEM_PORT, arg, arg->name, (uint64_t)count * PORT_DESCRIPTOR_SIZE);
    item->count = count;
    builder->message->descriptors += count;
}

/* What an argument adds behind the NDR record; called with `add` false it only tells whether there is any. */
static bool add_inline(struct builder *builder, struct arg *arg, bool add)
{
    bool request = builder->message == &builder->routine->request;
    bool capacity = request && (arg->flags & ARG_COUNT_IN_OUT) && arg_owns_count(arg);
    bool here = layout_in_message(builder, arg);
    bool counted = (here && arg_owns_count(arg)) || capacity;
    bool data = here && !is_descriptor(arg);
    bool string = data && arg->type->kind == TYPE_STRING && arg->type->variable;
    bool optional = data && arg->type->null_value != NULL;

    if (!add)
        return counted || data;
    if (string)
        layout_add(builder, ITEM_OFFSET, arg, derived(builder, arg, "Offset"), 4);
    if (counted || string || optional)
        layout_add(builder, ITEM_COUNT, arg, derived(builder, arg, "Cnt"), 4);
    if (data)
        layout_add(builder, arg->type->variable ? ITEM_VARRAY : ITEM_DATA, arg, arg->name, arg->type->size);
    return true;
}

void layout_untyped(struct builder *builder)
{
    struct message *message = builder->message;
    bool reply = message == &builder->routine->reply;
    bool has_inline = false;

    for (struct arg *arg = builder->routine->args; arg != NULL; arg = arg->next) {
        message->complex = message->complex || (layout_in_message(builder, arg) && is_descriptor(arg));
        has_inline = add_inline(builder, arg, false) || has_inline;
    }
    builder->align = 4;
    if (message->complex) {
        builder->offset += BODY_SIZE;
        message->min_size += BODY_SIZE;
    }
    for (struct arg *arg = builder->routine->args; arg != NULL; arg = arg->next) {
        if (layout_in_message(builder, arg) && is_descriptor(arg))
            add_descriptor(builder, arg);
    }
    if (has_inline || (reply && !message->complex))
        layout_add(builder, ITEM_NDR, NULL, "NDR", NDR_SIZE);
    if (reply && !message->complex)
        layout_add(builder, ITEM_RETCODE, NULL, "RetCode", 4);
    for (struct arg *arg = builder->routine->args; arg != NULL; arg = arg->next)
        add_inline(builder, arg, true);
}

/* ---- both ------------------------------------------------------------------------------------------ */

static void layout_message(struct source *source, struct interface *interface, struct routine *routine,
                           struct message *message)
{
    struct builder builder = {
        .source = source,
        .routine = routine,
        .message = message,
        .end = &message->items,
        .offset = HEADER_SIZE,
    };

    message->min_size = HEADER_SIZE;
    if (interface->typed)
        layout_typed(&builder);
    else
        layout_untyped(&builder);
    message->max_size = (uint32_t)builder.offset;
    if (builder.offset > TYPE_MAX_SIZE)
        diag_error(source, routine->pos, "the messages of '%s' are larger than a message can be (%u bytes)",
                   routine->name, TYPE_MAX_SIZE);
}

void layout_interface(struct source *source, struct interface *interface)
{
    for (struct routine *routine = interface->routines; routine != NULL; routine = routine->next) {
        layout_message(source, interface, routine, &routine->request);
        if (!routine->one_way)
            layout_message(source, interface, routine, &routine->reply);
    }
}
