/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unpack.c - reading a message that verify.c's check has found to be well formed.
 *
 * Inline data first, since that gives the counts; then the descriptors, which may need them.
 */
#include "emit.h"

static bool is_user(const struct emitter *emitter)
{
    return emitter->who == WHO_USER;
}

/* Where C wants the value: the caller's variable, or the stub's. */
static const char *target(struct emitter *emitter, const struct arg *arg)
{
    const char *name = emit_local(emitter, arg);

    return is_user(emitter) && arg->role != ROLE_RETURN ? arena_printf(emitter->arena, "*%s", name) : name;
}

static const char *translated(struct emitter *emitter, const struct arg *arg, const char *value)
{
    if (!is_user(emitter) && arg->type->intran != NULL)
        return arena_printf(emitter->arena, "%s(%s)", arg->type->intran, value);
    return value;
}

/* variable = field, wherever the field is. */
static void load(struct emitter *emitter, const struct item *item, const char *variable, const char *type,
                 const struct arg *arg)
{
    const char *field = arena_printf(emitter->arena, "%s->%s", emitter->message, item->name);

    if (!item->shifted) {
        out_line(emitter->out, "%s = %s;", variable, arg != NULL ? translated(emitter, arg, field) : field);
        return;
    }
    out_open(emitter->out, "{");
    out_line(emitter->out, "%s Value;", type);
    out_line(emitter->out, "memcpy(&Value, %s, sizeof Value);", emit_place(emitter, item, true));
    out_line(emitter->out, "%s = %s;", variable, arg != NULL ? translated(emitter, arg, "Value") : "Value");
    out_close(emitter->out, "}");
}

/* Whether the server reads it where it is: what also goes out is copied into the reply first. */
static bool is_read_in_place(struct emitter *emitter, const struct arg *arg)
{
    return !is_user(emitter) && emit_in_place(emitter, arg) && arg->role != ROLE_INOUT;
}

/* Whether anybody asks how long a variable array was: to copy it, or to find what comes after it. */
static bool size_is_used(struct emitter *emitter, const struct item *item)
{
    const struct arg *arg = item->arg;
    bool only_pointed_at = !is_user(emitter) && arg->type->indefinite && arg->role != ROLE_INOUT;

    return item->next != NULL || !(only_pointed_at || is_read_in_place(emitter, arg));
}

/* A string tells its own length: its count is read only to find what lies behind it. */
static bool count_is_used(struct emitter *emitter, const struct item *varray)
{
    return varray->arg->type->kind != TYPE_STRING || size_is_used(emitter, varray);
}

bool emit_string_is_measured(struct emitter *emitter, const struct message *message, const struct arg *arg)
{
    for (const struct item *item = message->items; item != NULL; item = item->next) {
        if (item->arg == arg && item->kind == ITEM_VARRAY)
            return size_is_used(emitter, item);
    }
    return false;
}

static void unpack_count(struct emitter *emitter, const struct item *item)
{
    const struct arg *arg = item->arg;

    if (item->next != NULL && item->next->arg == arg && item->next->kind == ITEM_VARRAY &&
        !count_is_used(emitter, item->next))
        return;
    if (emitter->reply || arg_in_request(arg)) {
        load(emitter, item, emit_received_count(emitter, arg), "mach_msg_type_number_t", NULL);
        return;
    }
    /* countinout: what the caller has room for; never more than the reply has. */
    const char *count = emit_local_suffix(emitter, arg, "Cnt");
    load(emitter, item, count, "mach_msg_type_number_t", NULL);
    out_open(emitter->out, "if (%s > %u)", count, arg->type->count);
    out_line(emitter->out, "%s = %u;", count, arg->type->count);
    emitter->out->indent--;
}

/* ---- inline data ---------------------------------------------------------------------------------- */

static void copy_in(struct emitter *emitter, const struct item *item, const char *size)
{
    const struct arg *arg = item->arg;
    const char *name = emit_local(emitter, arg);

    if (is_read_in_place(emitter, arg)) {
        out_line(emitter->out, "%s = %s;", name, emit_place(emitter, item, false));
    } else {
        if (item->kind == ITEM_VARRAY)
            out_open(emitter->out, "if (Size != 0)");
        out_line(emitter->out, "memcpy(%s, %s, %s);", name, emit_place(emitter, item, false), size);
        if (item->kind == ITEM_VARRAY)
            emitter->out->indent--;
    }
}

static void unpack_data(struct emitter *emitter, const struct item *item)
{
    const struct arg *arg = item->arg;
    const struct type *type = arg->type;

    if (type->out_of_line) {
        const char *c_type = is_user(emitter) ? type->user_type : type->server_type;
        out_open(emitter->out, "{");
        out_line(emitter->out, "void *Address;");
        out_line(emitter->out, "memcpy(&Address, %s, sizeof Address);", emit_place(emitter, item, true));
        out_line(emitter->out, "%s = (%s)(Address);", target(emitter, arg), c_type);
        out_close(emitter->out, "}");
    } else if (type->kind == TYPE_STRING && is_user(emitter)) {
        out_line(emitter->out, "mig_strncpy(%s, %s, %u);", arg->name, emit_place(emitter, item, false), item->size);
    } else if (type->kind == TYPE_ARRAY || type->kind == TYPE_STRING) {
        copy_in(emitter, item, arena_printf(emitter->arena, "%u", item->size));
    } else {
        load(emitter, item, target(emitter, arg), type_wire_ctype(emitter->source, type), arg);
    }
}

bool emit_unpack_uses_size(struct emitter *emitter, const struct message *message)
{
    for (const struct item *item = message->items; item != NULL; item = item->next) {
        if (item->kind == ITEM_VARRAY && size_is_used(emitter, item))
            return true;
    }
    return false;
}

/* The caller said how much room there is, and it is not enough: what fits, and how many there were. */
static void unpack_too_many(struct emitter *emitter, const struct item *item)
{
    struct out *out = emitter->out;
    const struct arg *arg = item->arg;
    const char *got = emit_received_count(emitter, arg);

    if (!is_user(emitter) || !(arg->flags & ARG_COUNT_IN_OUT) || !arg_owns_count(arg))
        return;
    out_open(out, "if (%s > *%sCnt) {", got, arg->name);
    out_open(out, "if (*%sCnt != 0)", arg->name);
    out_line(out, "memcpy(%s, %s, %s);", arg->name, emit_place(emitter, item, false),
             emit_bytes(emitter, arg, arena_printf(emitter->arena, "*%sCnt", arg->name)));
    out->indent--;
    out_line(out, "*%sCnt = %s;", arg->name, got);
    emit_destroy(emitter, "OutP");
    out_line(out, "msg_result = MIG_ARRAY_TOO_LARGE;");
    out_line(out, "goto done;");
    out_close(out, "}");
    emitter->failed = true;
}

static void unpack_optional(struct emitter *emitter, const struct item *item)
{
    const struct arg *arg = item->arg;
    const char *name = emit_local(emitter, arg);
    const char *got = emit_received_count(emitter, arg);

    if (is_user(emitter)) {
        out_open(emitter->out, "if (%s != %s && %s != 0)", name, arg->type->null_value, got);
        out_line(emitter->out, "memcpy(%s, %s, Size);", name, emit_place(emitter, item, false));
        emitter->out->indent--;
        return;
    }
    out_open(emitter->out, "if (%s != 0) {", got);
    out_line(emitter->out, "memcpy(&%sValue, %s, Size);", name, emit_place(emitter, item, false));
    out_line(emitter->out, "%s = &%sValue;", name, name);
    out_close(emitter->out, "} else {");
    emitter->out->indent++;
    out_line(emitter->out, "%s = %s;", name, arg->type->null_value);
    out_close(emitter->out, "}");
}

/* array[] in a typed message: a pointer is all that C gets, into the message or out of line. */
static void unpack_indefinite(struct emitter *emitter, const struct item *item)
{
    struct out *out = emitter->out;
    const struct arg *arg = item->arg;
    const char *c_type = is_user(emitter) ? arg->type->user_type : arg->type->server_type;
    const char *in_line = emit_local_suffix(emitter, arg, "SCopy");

    out_open(out, "if (%s) {", in_line);
    if (is_user(emitter)) {
        out_line(out, "vm_address_t Address = 0;");
        out_open(out, "if (Size != 0)");
        out_line(out, "mig_allocate(&Address, Size);");
        out->indent--;
        out_open(out, "if (Size != 0 && Address == 0) {");
        emit_destroy(emitter, "OutP");
        out_line(out, "msg_result = KERN_RESOURCE_SHORTAGE;");
        out_line(out, "goto done;");
        out_close(out, "}");
        out_open(out, "if (Size != 0)");
        out_line(out, "memcpy((void *)Address, %s, Size);", emit_place(emitter, item, false));
        out->indent--;
        out_line(out, "%s = (%s)Address;", target(emitter, arg), c_type);
        emitter->failed = true;
    } else {
        out_line(out, "%s = (%s)(void *)(%s);", target(emitter, arg), c_type, emit_place(emitter, item, false));
    }
    if (item->next != NULL)
        emit_slack(emitter, item);
    out_close(out, "} else {");
    out->indent++;
    out_line(out, "void *Address;");
    out_line(out, "memcpy(&Address, %s, sizeof Address);", emit_place(emitter, item, false));
    out_line(out, "%s = (%s)(Address);", target(emitter, arg), c_type);
    if (item->next != NULL)
        out_line(out, "Delta += %u - sizeof Address;", item->padded);
    out_close(out, "}");
}

static void unpack_varray(struct emitter *emitter, const struct item *item)
{
    const struct arg *arg = item->arg;

    if (size_is_used(emitter, item))
        out_line(emitter->out, "Size = %s;", emit_bytes(emitter, arg, emit_received_count(emitter, arg)));
    if (arg->type->indefinite) {
        unpack_indefinite(emitter, item);
        return;
    }
    unpack_too_many(emitter, item);
    if (arg->type->null_value != NULL)
        unpack_optional(emitter, item);
    else
        copy_in(emitter, item, "Size");
    if (item->next != NULL)
        emit_slack(emitter, item);
}

/* ---- type descriptors ----------------------------------------------------------------------------- */

/* What a mach_msg_type_t tells besides what verify.c has compared: the number, the right, the way. */
static void unpack_type(struct emitter *emitter, const struct item *item)
{
    struct out *out = emitter->out;
    const struct arg *arg = item->arg;
    bool is_long = item->size == TYPED_LONG_DESCRIPTOR_SIZE;

    if (arg == NULL || item->next->kind == ITEM_COUNT)
        return;
    bool count = emit_counts_here(arg) && (item->next->kind != ITEM_VARRAY || count_is_used(emitter, item->next));
    bool poly = emit_receives_poly(arg), way = arg->type->indefinite;
    bool scopy = !is_user(emitter) && (arg->flags & ARG_SERVER_COPY);
    if (!count && !poly && !way && !scopy)
        return;
    out_open(out, "{");
    out_line(out, "%s Type;", is_long ? "mach_msg_type_long_t" : "mach_msg_type_t");
    out_line(out, "memcpy(&Type, %s, sizeof Type);", emit_place(emitter, item, true));
    if (count) {
        const char *number = is_long ? "Type.msgtl_number" : "Type.msgt_number";
        uint32_t units = arg->type->kind == TYPE_ARRAY ? arg->type->units : 1;
        if (units == 1)
            out_line(out, "%s = %s;", emit_received_count(emitter, arg), number);
        else
            out_line(out, "%s = %s / %u;", emit_received_count(emitter, arg), number, units);
    }
    if (poly)
        out_line(out, "%s%sPoly = %s;", is_user(emitter) ? "*" : "", emit_local(emitter, arg),
                 is_long ? "Type.msgtl_name" : "Type.msgt_name");
    if (way || scopy)
        out_line(out, "%s = %s;", emit_local_suffix(emitter, arg, "SCopy"),
                 is_long ? "Type.msgtl_header.msgt_inline" : "Type.msgt_inline");
    out_close(out, "}");
}

/* ---- descriptors ---------------------------------------------------------------------------------- */

static void unpack_poly(struct emitter *emitter, const struct item *item, const char *index)
{
    if (emit_receives_poly(item->arg))
        out_line(emitter->out, "%s%sPoly = %s->%s%s.disposition;", is_user(emitter) ? "*" : "",
                 emit_local(emitter, item->arg), emitter->message, item->name, index);
}

static void unpack_port(struct emitter *emitter, const struct item *item)
{
    struct out *out = emitter->out;
    const struct arg *arg = item->arg;

    if (arg->type->kind != TYPE_ARRAY) {
        out_line(out, "%s = %s;", target(emitter, arg),
                 translated(emitter, arg, arena_printf(emitter->arena, "%s->%s.name", emitter->message, item->name)));
        unpack_poly(emitter, item, "");
        return;
    }
    out_open(out, "for (mach_msg_type_number_t Index = 0; Index < %s; Index++)",
             arg_has_count(arg) ? emit_received_count(emitter, arg)
                                : arena_printf(emitter->arena, "%u", item->count));
    out_line(out, "%s[Index] = %s->%s[Index].name;", emit_local(emitter, arg), emitter->message, item->name);
    out->indent--;
    unpack_poly(emitter, item, "[0]");
}

static void unpack_ool(struct emitter *emitter, const struct item *item)
{
    const struct arg *arg = item->arg;
    const char *c_type = is_user(emitter) ? arg->type->user_type : arg->type->server_type;

    out_line(emitter->out, "%s = (%s)(%s->%s.address);", target(emitter, arg), c_type, emitter->message, item->name);
    if (item->kind == ITEM_OOL_PORTS)
        unpack_poly(emitter, item, "");
    if (!is_user(emitter) && (arg->flags & ARG_SERVER_COPY))
        out_line(emitter->out, "%s = FALSE;", emit_local_suffix(emitter, arg, "SCopy"));
}

/* ---- the message ---------------------------------------------------------------------------------- */

static void unpack_inline(struct emitter *emitter, const struct item *item)
{
    switch (item->kind) {
    case ITEM_COUNT: unpack_count(emitter, item); break;
    case ITEM_DATA: unpack_data(emitter, item); break;
    case ITEM_VARRAY: unpack_varray(emitter, item); break;
    case ITEM_TYPE: unpack_type(emitter, item); break;
    default: break;
    }
}

/* The caller learns how many; an argument that counts with another has no parameter of its own. */
static void give_count(struct emitter *emitter, const struct arg *arg)
{
    if (is_user(emitter) && arg_owns_count(arg))
        out_line(emitter->out, "*%sCnt = %s;", arg->name, emit_received_count(emitter, arg));
}

void emit_unpack(struct emitter *emitter, const struct message *message)
{
    for (const struct item *item = message->items; item != NULL; item = item->next)
        unpack_inline(emitter, item);
    for (const struct item *item = message->items; item != NULL; item = item->next) {
        if (item->kind == ITEM_PORT)
            unpack_port(emitter, item);
        else if (item->kind == ITEM_OOL || item->kind == ITEM_OOL_PORTS)
            unpack_ool(emitter, item);
    }
    for (const struct item *item = message->items; item != NULL; item = item->next) {
        bool data = item->kind != ITEM_COUNT && item->kind != ITEM_OFFSET && item->kind != ITEM_TYPE;
        if (item->arg != NULL && data)
            give_count(emitter, item->arg);
    }
}
