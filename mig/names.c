/* SPDX-License-Identifier: BSD-2-Clause */
/* names.c - how C names what a stub handles. */
#include "emit.h"

#include <string.h>

const char *emit_request_type(struct emitter *emitter, const struct routine *routine)
{
    return arena_printf(emitter->arena, "__Request__%s_t", routine->name);
}

const char *emit_reply_type(struct emitter *emitter, const struct routine *routine)
{
    return arena_printf(emitter->arena, "__Reply__%s_t", routine->name);
}

const char *emit_message_type(struct emitter *emitter)
{
    return emitter->reply ? emit_reply_type(emitter, emitter->routine) : emit_request_type(emitter, emitter->routine);
}

/* A server stub calls a function; an argument of that very name steps aside. */
const char *emit_local(struct emitter *emitter, const struct arg *arg)
{
    const struct routine *routine = emitter->routine;

    if (emitter->who == WHO_SERVER &&
        strcmp(arg->name, emit_function_name(emitter, routine, WHO_SERVER)) == 0)
        return arena_printf(emitter->arena, "%s_", arg->name);
    if (arg->role == ROLE_RETURN)
        return "Result";
    return arg->name;
}

const char *emit_local_suffix(struct emitter *emitter, const struct arg *arg, const char *suffix)
{
    return arena_printf(emitter->arena, "%s%s", emit_local(emitter, arg), suffix);
}

bool emit_by_reference(struct emitter *emitter, const struct arg *arg)
{
    int64_t limit = emitter->interface->user_type_limit;

    return arg->role == ROLE_IN && arg->type->kind == TYPE_STRUCT && !arg->type->out_of_line &&
           arg->type->target == NULL && limit >= 0 && (int64_t)arg->type->size > limit;
}

static bool is_pointer(struct emitter *emitter, const struct arg *arg)
{
    if (emitter->who == WHO_SERVER || arg_is_array(arg))
        return false;
    if (arg->type->target != NULL)
        return true;
    if (emitter->who == WHO_REPLY)
        return false;
    return arg->role == ROLE_INOUT || arg->role == ROLE_OUT || emit_by_reference(emitter, arg);
}

const char *emit_value(struct emitter *emitter, const struct arg *arg)
{
    const char *local = emit_local(emitter, arg);
    const char *value = is_pointer(emitter, arg) && arg->type->null_value == NULL
                            ? arena_printf(emitter->arena, "*%s", local)
                            : local;

    if (emitter->who != WHO_USER && emitter->reply && arg->type->outtran != NULL && !arg_is_array(arg))
        return arena_printf(emitter->arena, "%s(%s)", arg->type->outtran, value);
    return value;
}

/* How many elements are sent. */
const char *emit_count(struct emitter *emitter, const struct arg *arg)
{
    const struct arg *owner = arg->count_owner;

    if (arg->type->null_value != NULL && emitter->who != WHO_SERVER)
        return arena_printf(emitter->arena, "(mach_msg_type_number_t)(%s != %s)", arg->name, arg->type->null_value);
    if (owner == NULL)
        return emit_local_suffix(emitter, arg, "Cnt");
    return arena_printf(emitter->arena, "%s%s", emitter->who == WHO_USER && owner->role != ROLE_IN ? "*" : "",
                        emit_local_suffix(emitter, owner, "Cnt"));
}

/* How many elements have been received: a local variable of either stub. */
const char *emit_received_count(struct emitter *emitter, const struct arg *arg)
{
    const struct arg *owner = arg->count_owner != NULL ? arg->count_owner : arg;

    return emit_local_suffix(emitter, owner, emitter->who == WHO_USER ? "Got" : "Cnt");
}

bool emit_counts_here(const struct arg *arg)
{
    return arg_owns_count(arg) || arg->type->null_value != NULL ||
           (arg->type->kind == TYPE_STRING && arg->type->variable);
}

bool emit_sends_poly(const struct arg *arg)
{
    return type_holds_ports(arg->type) && arg->type->wire_sent == WIRE_POLYMORPHIC;
}

bool emit_receives_poly(const struct arg *arg)
{
    return type_holds_ports(arg->type) && arg->type->wire_received == WIRE_POLYMORPHIC;
}

const char *emit_poly(struct emitter *emitter, const struct arg *arg)
{
    bool pointer = emitter->who == WHO_USER && arg_in_reply(arg) && emit_receives_poly(arg);

    return arena_printf(emitter->arena, "%s%s", pointer ? "*" : "", emit_local_suffix(emitter, arg, "Poly"));
}

const char *emit_sent_disposition(struct emitter *emitter, const struct arg *arg)
{
    return emit_sends_poly(arg) ? emit_poly(emitter, arg) : wire_spelling(arg->type->wire_sent);
}

const char *emit_dealloc(struct emitter *emitter, const struct arg *arg)
{
    if (arg->dealloc == DEALLOC_MAYBE)
        return emit_local_suffix(emitter, arg, "Dealloc");
    return arg->dealloc == DEALLOC_YES ? "TRUE" : "FALSE";
}

uint64_t emit_item_size(const struct type *type)
{
    return type->kind == TYPE_ARRAY ? type->element->size : type->kind == TYPE_STRING ? 1 : type->size;
}

unsigned emit_alignment(const struct emitter *emitter)
{
    return emitter->interface->typed ? 8 : 4;
}

/* The member, or the member's address less Delta. */
const char *emit_place(struct emitter *emitter, const struct item *item, bool address)
{
    const char *and = address ? "&" : "";

    if (item->shifted)
        return arena_printf(emitter->arena, "(char *)%s%s->%s - Delta", and, emitter->message, item->name);
    return arena_printf(emitter->arena, "%s%s->%s", and, emitter->message, item->name);
}

void emit_slack(struct emitter *emitter, const struct item *item)
{
    unsigned align = emit_alignment(emitter);

    if (emit_item_size(item->arg->type) % align == 0)
        out_line(emitter->out, "Delta += %u - Size;", item->padded);
    else
        out_line(emitter->out, "Delta += %u - ((Size + %u) & ~%uu);", item->padded, align - 1, align - 1);
}

bool emit_bound_is_checked(const struct arg *arg)
{
    const struct arg *owner = arg->count_owner;

    return owner != NULL && owner != arg && owner->type->count != 0 &&
           (arg->type->count == 0 || owner->type->count <= arg->type->count);
}

bool emit_shifts(const struct message *message)
{
    for (const struct item *item = message->items; item != NULL; item = item->next) {
        if (item->shifted)
            return true;
    }
    return false;
}

const char *emit_bytes(struct emitter *emitter, const struct arg *arg, const char *count)
{
    uint64_t size = emit_item_size(arg->type);

    return size == 1 ? count : arena_printf(emitter->arena, "%s * %llu", count, (unsigned long long)size);
}

static bool is_plain_element(const struct type *type)
{
    while (type->kind == TYPE_ARRAY)
        type = type->element;
    return type->kind == TYPE_STRING || (type->kind == TYPE_SCALAR && type->size <= 4);
}

/*
 * Messages guarantee an alignment of 4.  An array of anything that may need more is copied into a
 * variable of the stub, unless that would be too large for the stack.
 */
bool emit_in_place(struct emitter *emitter, const struct arg *arg)
{
    int64_t limit = emitter->interface->on_stack_limit;

    if (!arg_is_array(arg) || type_holds_ports(arg->type))
        return false;
    return is_plain_element(arg->type) || (limit >= 0 && (int64_t)arg->type->size > limit);
}

void emit_fail(struct emitter *emitter, const char *condition, const char *error)
{
    out_open(emitter->out, "if (%s) {", condition);
    if (emitter->who == WHO_SERVER) {
        out_line(emitter->out, "ErrorP->RetCode = %s;", error);
        out_line(emitter->out, "return;");
    } else {
        out_line(emitter->out, "msg_result = %s;", error);
        out_line(emitter->out, "goto done;");
        emitter->failed = true;
    }
    out_close(emitter->out, "}");
}

void emit_destroy(struct emitter *emitter, const char *message)
{
    out_line(emitter->out, "mach_msg_destroy%s(&%s->Head);", emitter->interface->typed ? "_typed" : "", message);
}
