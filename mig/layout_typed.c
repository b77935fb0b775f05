/* SPDX-License-Identifier: BSD-2-Clause */
/* layout_typed.c - the typed layout: each argument behind a mach_msg_type_t that tells its type and number. */
#include "layout.h"

static const char *type_field(struct builder *builder, const char *name)
{
    return arena_printf(builder->source->arena, "%sType", name);
}

/* The short descriptor has room for everything; the long one is there for those who ask for it. */
static bool wants_long(const struct arg *arg)
{
    return (arg->flags & ARG_LONG) || (arg->type->long_form && !(arg->flags & ARG_NOT_LONG));
}

static void check_typed_arg(struct builder *builder, const struct arg *arg)
{
    if (arg->type->bits > UINT16_MAX)
        diag_error(builder->source, arg->pos, "argument '%s' has items of %u bits; a typed message allows %u", arg->name,
                   arg->type->bits, UINT16_MAX);
}

static void add_typed_arg(struct builder *builder, struct arg *arg)
{
    const struct type *type = arg->type;
    uint64_t size = type->size;
    bool variable = type->variable;

    check_typed_arg(builder, arg);
    layout_add(builder, ITEM_TYPE, arg, type_field(builder, arg->name),
               wants_long(arg) ? TYPED_LONG_DESCRIPTOR_SIZE : TYPED_DESCRIPTOR_SIZE);
    if (type->out_of_line) {
        size = sizeof(uint64_t);
        variable = false;
    } else if (type->indefinite) {
        size = TYPED_INLINE_MAX;
    }
    if (type->out_of_line || type->indefinite || type_holds_ports(type))
        builder->message->complex = true;
    layout_add(builder, variable ? ITEM_VARRAY : ITEM_DATA, arg, arg->name, size);
}

/* How much room the caller has, for an out argument with countinout. */
static void add_capacity(struct builder *builder, struct arg *arg)
{
    const char *name = arena_printf(builder->source->arena, "%sCnt", arg->name);

    layout_add(builder, ITEM_TYPE, arg, type_field(builder, name), TYPED_DESCRIPTOR_SIZE);
    layout_add(builder, ITEM_COUNT, arg, name, 4);
}

void layout_typed(struct builder *builder)
{
    bool request = builder->message == &builder->routine->request;

    builder->align = 8;
    if (!request) {
        layout_add(builder, ITEM_TYPE, NULL, "RetCodeType", TYPED_DESCRIPTOR_SIZE);
        layout_add(builder, ITEM_RETCODE, NULL, "RetCode", 4);
    }
    for (struct arg *arg = builder->routine->args; arg != NULL; arg = arg->next) {
        if (layout_in_message(builder, arg))
            add_typed_arg(builder, arg);
        else if (request && (arg->flags & ARG_COUNT_IN_OUT) && arg_owns_count(arg))
            add_capacity(builder, arg);
    }
}
