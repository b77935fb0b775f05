/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pack.c - writing a message: first every bound is checked, then field after field is filled.
 *
 * Nothing has been taken from the caller while a bound can still fail, so that failing needs no undoing.
 */
#include "emit.h"

/* field = value, wherever the field is. */
static void store(struct emitter *emitter, const struct item *item, const char *type, const char *value)
{
    if (!item->shifted) {
        out_line(emitter->out, "%s->%s = %s;", emitter->message, item->name, value);
        return;
    }
    out_open(emitter->out, "{");
    out_line(emitter->out, "%s Value = %s;", type, value);
    out_line(emitter->out, "memcpy(%s, &Value, sizeof Value);", emit_place(emitter, item, true));
    out_close(emitter->out, "}");
}

/* ---- bounds --------------------------------------------------------------------------------------- */

static bool is_string(const struct item *item)
{
    return item->arg != NULL && item->arg->type->kind == TYPE_STRING &&
           (item->kind == ITEM_DATA || item->kind == ITEM_VARRAY);
}

static void check_string(struct emitter *emitter, const struct item *item)
{
    const struct arg *arg = item->arg;
    const char *name = emit_local(emitter, arg);

    if (arg->type->variable) {
        out_line(emitter->out, "%sCnt = (mach_msg_type_number_t)strnlen(%s, %u) + 1;", name, name, arg->type->count);
        emit_fail(emitter, arena_printf(emitter->arena, "%sCnt > %u", name, arg->type->count), "MIG_ARRAY_TOO_LARGE");
    } else {
        emit_fail(emitter,
                  arena_printf(emitter->arena, "strnlen(%s, %u) == %u", name, arg->type->count, arg->type->count),
                  "MIG_ARRAY_TOO_LARGE");
    }
}

static void check_bound(struct emitter *emitter, const struct arg *arg)
{
    const struct type *type = arg->type;
    uint64_t size = emit_item_size(type);
    uint64_t most = type->count != 0 ? type->count : UINT32_MAX / size;

    if (!arg_has_count(arg) || most >= UINT32_MAX || emit_bound_is_checked(arg))
        return;
    emit_fail(emitter,
              arena_printf(emitter->arena, "%s > %llu", emit_count(emitter, arg), (unsigned long long)most),
              "MIG_ARRAY_TOO_LARGE");
}

static void check_bounds(struct emitter *emitter, const struct message *message)
{
    for (const struct item *item = message->items; item != NULL; item = item->next) {
        if (is_string(item))
            check_string(emitter, item);
        else if (item->arg != NULL && item->kind != ITEM_COUNT && item->kind != ITEM_OFFSET &&
                 item->kind != ITEM_TYPE)
            check_bound(emitter, item->arg);
    }
}

/* ---- descriptors ---------------------------------------------------------------------------------- */

static void pack_port(struct emitter *emitter, const struct item *item)
{
    const struct arg *arg = item->arg;
    struct out *out = emitter->out;
    bool array = arg->type->kind == TYPE_ARRAY;
    const char *name = emit_value(emitter, arg);

    if (array) {
        out_open(out, "for (mach_msg_type_number_t Index = 0; Index < %u; Index++) {", item->count);
        name = arg_has_count(arg) ? arena_printf(emitter->arena, "Index < %s ? %s[Index] : MACH_PORT_NULL",
                                                 emit_count(emitter, arg), name)
                                  : arena_printf(emitter->arena, "%s[Index]", name);
    }
    out_open(out, "%s->%s%s = (mach_msg_port_descriptor_t){", emitter->message, item->name, array ? "[Index]" : "");
    out_line(out, ".name = %s,", name);
    out_line(out, ".disposition = %s,", emit_sent_disposition(emitter, arg));
    out_line(out, ".type = MACH_MSG_PORT_DESCRIPTOR,");
    out_close(out, "};");
    if (array)
        out_close(out, "}");
}

static const char *ool_bytes(struct emitter *emitter, const struct arg *arg)
{
    if (!arg_has_count(arg))
        return arena_printf(emitter->arena, "%llu", (unsigned long long)arg->type->size);
    return emit_bytes(emitter, arg, emit_count(emitter, arg));
}

static const char *ool_count(struct emitter *emitter, const struct arg *arg)
{
    return arg_has_count(arg) ? emit_count(emitter, arg) : arena_printf(emitter->arena, "%u", arg->type->count);
}

static void pack_ool(struct emitter *emitter, const struct item *item)
{
    const struct arg *arg = item->arg;
    struct out *out = emitter->out;
    bool ports = item->kind == ITEM_OOL_PORTS;

    out_open(out, "%s->%s = (mach_msg_ool%s_descriptor_t){", emitter->message, item->name, ports ? "_ports" : "");
    out_line(out, ".address = (void *)(%s),", emit_value(emitter, arg));
    if (ports)
        out_line(out, ".count = %s,", ool_count(emitter, arg));
    else
        out_line(out, ".size = %s,", ool_bytes(emitter, arg));
    out_line(out, ".deallocate = %s,", emit_dealloc(emitter, arg));
    out_line(out, ".copy = %s,",
             arg->flags & ARG_PHYSICAL_COPY ? "MACH_MSG_PHYSICAL_COPY" : "MACH_MSG_VIRTUAL_COPY");
    if (ports)
        out_line(out, ".disposition = %s,", emit_sent_disposition(emitter, arg));
    out_line(out, ".type = MACH_MSG_OOL%s_DESCRIPTOR,", ports ? "_PORTS" : "");
    out_close(out, "};");
}

/* ---- inline data ---------------------------------------------------------------------------------- */

static void pack_padding(struct emitter *emitter, const struct item *item)
{
    if (item->padded == item->size)
        return;
    if (item->shifted)
        out_line(emitter->out, "memset((char *)%s->%sPad - Delta, 0, %u);", emitter->message, item->name,
                 item->padded - item->size);
    else
        out_line(emitter->out, "memset(%s->%sPad, 0, %u);", emitter->message, item->name, item->padded - item->size);
}

/* The server has worked in the message: what did not move is there already. */
static bool is_there(struct emitter *emitter, const struct item *item)
{
    return emitter->who == WHO_SERVER && emit_in_place(emitter, item->arg);
}

static void copy_array(struct emitter *emitter, const struct item *item, const char *size)
{
    bool there = is_there(emitter, item);

    if (there && !item->shifted)
        return;
    /* An array of no elements may well have no address. */
    bool may_be_empty = item->kind == ITEM_VARRAY && !there;
    if (may_be_empty)
        out_open(emitter->out, "if (Size != 0)");
    out_line(emitter->out, "%s(%s, %s, %s);", there ? "memmove" : "memcpy", emit_place(emitter, item, false),
             emit_local(emitter, item->arg), size);
    if (may_be_empty)
        emitter->out->indent--;
}

static void pack_fixed_string(struct emitter *emitter, const struct item *item)
{
    const char *name = emit_local(emitter, item->arg);

    if (!is_there(emitter, item)) {
        out_line(emitter->out, "mig_strncpy_zerofill(%s, %s, %u);", emit_place(emitter, item, false), name, item->size);
        return;
    }
    out_line(emitter->out, "Size = (mach_msg_size_t)strlen(%s);", name);
    out_line(emitter->out, "memset((char *)%s + Size, 0, %u - Size);", name, item->size);
    copy_array(emitter, item, arena_printf(emitter->arena, "%u", item->size));
}

static void pack_data(struct emitter *emitter, const struct item *item)
{
    const struct type *type = item->arg->type;

    if (type->out_of_line)
        store(emitter, item, "void *", arena_printf(emitter->arena, "(void *)(%s)", emit_value(emitter, item->arg)));
    else if (type->kind == TYPE_STRING)
        pack_fixed_string(emitter, item);
    else if (type->kind == TYPE_ARRAY)
        copy_array(emitter, item, arena_printf(emitter->arena, "%u", item->size));
    else
        store(emitter, item, type_wire_ctype(emitter->source, type), emit_value(emitter, item->arg));
    pack_padding(emitter, item);
}

static void pack_inline_varray(struct emitter *emitter, const struct item *item)
{
    unsigned pad = emit_alignment(emitter);

    copy_array(emitter, item, "Size");
    if (emit_item_size(item->arg->type) % pad != 0)
        out_line(emitter->out, "memset((char *)%s + Size, 0, (0 - Size) & %u);",
                 item->shifted ? arena_printf(emitter->arena, "%s->%s - Delta", emitter->message, item->name)
                               : arena_printf(emitter->arena, "%s->%s", emitter->message, item->name),
                 pad - 1);
    emit_slack(emitter, item);
}

static void pack_varray(struct emitter *emitter, const struct item *item)
{
    struct out *out = emitter->out;

    out_line(out, "Size = %s;", emit_bytes(emitter, item->arg, emit_count(emitter, item->arg)));
    if (!item->arg->type->indefinite) {
        pack_inline_varray(emitter, item);
        return;
    }
    out_open(out, "if (Size <= %u) {", TYPED_INLINE_MAX);
    pack_inline_varray(emitter, item);
    out_close(out, "} else {");
    out->indent++;
    out_line(out, "void *Address = (void *)(%s);", emit_value(emitter, item->arg));
    out_line(out, "memcpy(%s, &Address, sizeof Address);", emit_place(emitter, item, false));
    out_line(out, "Delta += %u - sizeof Address;", item->padded);
    out_close(out, "}");
}

static void pack_count(struct emitter *emitter, const struct item *item)
{
    const struct arg *arg = item->arg;
    const char *count = emit_count(emitter, arg);

    if (!emitter->reply && !arg_in_request(arg))
        count = arena_printf(emitter->arena, "%s < %u ? %s : %u", count, arg->type->count, count, arg->type->count);
    store(emitter, item, "mach_msg_type_number_t", count);
    pack_padding(emitter, item);
}

/* ---- type descriptors ----------------------------------------------------------------------------- */

static const char *typed_number(struct emitter *emitter, const struct arg *arg)
{
    const struct type *type = arg->type;

    if (type->kind == TYPE_STRING)
        return type->variable ? emit_count(emitter, arg) : arena_printf(emitter->arena, "%u", type->count);
    if (type->kind != TYPE_ARRAY)
        return arena_printf(emitter->arena, "%u", type->units);
    if (!type->variable)
        return arena_printf(emitter->arena, "%llu", (unsigned long long)type->units * type->count);
    if (type->units == 1)
        return emit_count(emitter, arg);
    return arena_printf(emitter->arena, "%s * %u", emit_count(emitter, arg), type->units);
}

static void pack_type(struct emitter *emitter, const struct item *item)
{
    const struct arg *arg = item->arg;
    const char *name = "MACH_MSG_TYPE_INTEGER_32", *number = "1", *dealloc = "FALSE", *inline_ = "TRUE";
    uint32_t bits = 32;

    if (arg != NULL && item->next->kind != ITEM_COUNT) {
        name = type_holds_ports(arg->type) ? emit_sent_disposition(emitter, arg) : wire_spelling(arg->type->wire_sent);
        number = typed_number(emitter, arg);
        bits = arg->type->bits;
        if (arg->type->out_of_line) {
            inline_ = "FALSE";
            dealloc = emit_dealloc(emitter, arg);
        } else if (arg->type->indefinite) {
            const char *bytes = emit_bytes(emitter, arg, emit_count(emitter, arg));
            inline_ = arena_printf(emitter->arena, "%s <= %u", bytes, TYPED_INLINE_MAX);
            if (arg->dealloc != DEALLOC_NO)
                dealloc = arena_printf(emitter->arena, "%s > %u && %s", bytes, TYPED_INLINE_MAX,
                                       emit_dealloc(emitter, arg));
        }
    }
    if (item->size == TYPED_LONG_DESCRIPTOR_SIZE)
        store(emitter, item, "mach_msg_type_long_t",
              arena_printf(emitter->arena, "MIG_TYPE_LONG(%s, %u, %s, %s, %s)", name, bits, number, inline_,
                           dealloc));
    else
        store(emitter, item, "mach_msg_type_t",
              arena_printf(emitter->arena, "MIG_TYPE(%s, %u, %s, %s, %s)", name, bits, number, inline_,
                           dealloc));
}

/* ---- the message ---------------------------------------------------------------------------------- */

static void pack_item(struct emitter *emitter, const struct item *item)
{
    switch (item->kind) {
    case ITEM_PORT: pack_port(emitter, item); break;
    case ITEM_OOL:
    case ITEM_OOL_PORTS: pack_ool(emitter, item); break;
    case ITEM_NDR: out_line(emitter->out, "%s->NDR = NDR_record;", emitter->message); break;
    case ITEM_RETCODE:
        out_line(emitter->out, "%s->RetCode = KERN_SUCCESS;", emitter->message);
        pack_padding(emitter, item);
        break;
    case ITEM_DATA: pack_data(emitter, item); break;
    case ITEM_COUNT: pack_count(emitter, item); break;
    case ITEM_OFFSET: store(emitter, item, "mach_msg_type_number_t", "0"); break;
    case ITEM_VARRAY: pack_varray(emitter, item); break;
    case ITEM_TYPE: pack_type(emitter, item); break;
    }
}

void emit_pack(struct emitter *emitter, const struct message *message)
{
    check_bounds(emitter, message);
    if (message->descriptors > 0)
        out_line(emitter->out, "%s->msgh_body.msgh_descriptor_count = %u;", emitter->message, message->descriptors);
    for (const struct item *item = message->items; item != NULL; item = item->next)
        pack_item(emitter, item);
}
