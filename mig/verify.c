/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verify.c - the check of a received message, as a function of its own in the stub's file.
 *
 * After it has returned KERN_SUCCESS, every field lies inside the message, every count within its
 * bound, every descriptor is of its kind, every string ends.  A request that fails is answered with
 * MIG_BAD_ARGUMENTS (sizes, counts, strings) or MIG_TYPE_ERROR (descriptors); a reply that fails
 * gives MIG_TYPE_ERROR, MIG_REPLY_MISMATCH or MIG_SERVER_DIED.
 */
#include "emit.h"

static const char *bad(const struct emitter *emitter)
{
    return emitter->reply ? "MIG_TYPE_ERROR" : "MIG_BAD_ARGUMENTS";
}

static void refuse(struct emitter *emitter, const char *error, const char *condition)
{
    out_open(emitter->out, "if (%s)", condition);
    out_line(emitter->out, "return %s;", error);
    emitter->out->indent--;
}

#define REFUSE(emitter, error, ...) refuse((emitter), (error), arena_printf((emitter)->arena, __VA_ARGS__))

static const char *member(struct emitter *emitter, const struct item *item)
{
    return arena_printf(emitter->arena, "%s->%s", emitter->message, item->name);
}

/* ---- descriptors ---------------------------------------------------------------------------------- */

static void verify_disposition(struct emitter *emitter, const struct arg *arg, const char *descriptor)
{
    if (emit_receives_poly(arg))
        REFUSE(emitter, "MIG_TYPE_ERROR",
               "%s.disposition < MACH_MSG_TYPE_MOVE_RECEIVE || %s.disposition > MACH_MSG_TYPE_MOVE_SEND_ONCE",
               descriptor, descriptor);
    else
        REFUSE(emitter, "MIG_TYPE_ERROR", "%s.disposition != %s", descriptor,
               wire_spelling(arg->type->wire_received));
}

static void verify_port(struct emitter *emitter, const struct item *item)
{
    const char *descriptor = member(emitter, item);
    bool array = item->arg->type->kind == TYPE_ARRAY;

    if (array) {
        out_open(emitter->out, "for (mach_msg_type_number_t Index = 0; Index < %u; Index++) {", item->count);
        descriptor = arena_printf(emitter->arena, "%s[Index]", descriptor);
    }
    REFUSE(emitter, "MIG_TYPE_ERROR", "%s.type != MACH_MSG_PORT_DESCRIPTOR", descriptor);
    verify_disposition(emitter, item->arg, descriptor);
    if (array)
        out_close(emitter->out, "}");
}

static void verify_ool(struct emitter *emitter, const struct item *item)
{
    const struct type *type = item->arg->type;
    const char *descriptor = member(emitter, item);
    bool ports = item->kind == ITEM_OOL_PORTS;

    REFUSE(emitter, "MIG_TYPE_ERROR", "%s.type != MACH_MSG_OOL%s_DESCRIPTOR", descriptor, ports ? "_PORTS" : "");
    if (ports)
        verify_disposition(emitter, item->arg, descriptor);
    if (arg_has_count(item->arg))
        return;
    if (ports)
        REFUSE(emitter, "MIG_TYPE_ERROR", "%s.count != %u", descriptor, type->count);
    else
        REFUSE(emitter, "MIG_TYPE_ERROR", "%s.size != %llu", descriptor, (unsigned long long)type->size);
}

/* Once the counts are known: the descriptors that they count. */
static void verify_counted(struct emitter *emitter, const struct item *item)
{
    const struct arg *arg = item->arg;
    const struct type *type = arg->type;
    const char *count = arena_printf(emitter->arena, "%sCnt", arg->count_owner->name);

    if (type->count != 0 && !emit_bound_is_checked(arg))
        REFUSE(emitter, bad(emitter), "%s > %u", count, type->count);
    if (item->kind == ITEM_OOL_PORTS) {
        REFUSE(emitter, "MIG_TYPE_ERROR", "%s.count != %s", member(emitter, item), count);
    } else if (item->kind == ITEM_OOL) {
        REFUSE(emitter, "MIG_TYPE_ERROR", "%s.size != (uint64_t)%s * %llu", member(emitter, item), count,
               (unsigned long long)emit_item_size(type));
    } else {
        /* Rights beyond the count would be lost. */
        out_open(emitter->out, "for (mach_msg_type_number_t Index = %s; Index < %u; Index++) {", count, item->count);
        REFUSE(emitter, "MIG_TYPE_ERROR", "%s[Index].name != MACH_PORT_NULL", member(emitter, item));
        out_close(emitter->out, "}");
    }
}

/* ---- inline data ---------------------------------------------------------------------------------- */

/* Each count becomes a local variable: read once, and later fields are found with it. */
static void verify_count(struct emitter *emitter, const struct item *item)
{
    if (!emitter->reply && !arg_in_request(item->arg))
        return;
    if (item->shifted)
        out_line(emitter->out, "memcpy(&%sCnt, %s, sizeof %sCnt);", item->arg->name, emit_place(emitter, item, true),
                 item->arg->name);
    else
        out_line(emitter->out, "%sCnt = %s;", item->arg->name, member(emitter, item));
}

static const char *count_of(struct emitter *emitter, const struct arg *arg)
{
    const struct arg *owner = arg->count_owner != NULL ? arg->count_owner : arg;

    return arena_printf(emitter->arena, "%sCnt", owner->name);
}

static void verify_string(struct emitter *emitter, const struct item *item, const char *length)
{
    REFUSE(emitter, bad(emitter), "memchr(%s, 0, %s) == NULL", emit_place(emitter, item, false), length);
}

/* Whether the check reads anything that lies behind this item, and so must know how far it has moved. */
static bool reads_behind(const struct emitter *emitter, const struct item *item)
{
    for (item = item->next; item != NULL; item = item->next) {
        bool count = item->kind == ITEM_COUNT && (emitter->reply || arg_in_request(item->arg));
        bool string = (item->kind == ITEM_DATA || item->kind == ITEM_VARRAY) && item->arg->type->kind == TYPE_STRING;
        if (count || string || item->kind == ITEM_TYPE)
            return true;
    }
    return false;
}

/* Takes the array's real size out of what is left for the arrays, and notes how far the rest has moved. */
static void verify_inline_varray(struct emitter *emitter, const struct item *item)
{
    struct out *out = emitter->out;
    uint64_t size = emit_item_size(item->arg->type);
    unsigned pad = emit_alignment(emitter);
    const char *count = count_of(emitter, item->arg);

    if (size % pad == 0)
        out_line(out, "Size = %s * %llu;", count, (unsigned long long)size);
    else
        out_line(out, "Size = (%s * %llu + %u) & ~%uu;", count, (unsigned long long)size, pad - 1, pad - 1);
    REFUSE(emitter, bad(emitter), "Left < Size");
    out_line(out, "Left -= Size;");
    if (item->arg->type->kind == TYPE_STRING)
        verify_string(emitter, item, count);
    if (reads_behind(emitter, item))
        out_line(out, "Delta += %u - Size;", item->padded);
}

static void verify_varray(struct emitter *emitter, const struct item *item)
{
    struct out *out = emitter->out;
    const struct type *type = item->arg->type;
    uint64_t size = emit_item_size(type);

    if (!type->indefinite) {
        if (!emit_bound_is_checked(item->arg))
            REFUSE(emitter, bad(emitter), "%s > %u", count_of(emitter, item->arg), type->count);
        verify_inline_varray(emitter, item);
        return;
    }
    out_open(out, "if (%sSCopy) {", item->arg->name);
    REFUSE(emitter, bad(emitter), "%s > %llu", count_of(emitter, item->arg),
           (unsigned long long)(TYPED_INLINE_MAX / size));
    verify_inline_varray(emitter, item);
    out_close(out, "} else {");
    out->indent++;
    REFUSE(emitter, bad(emitter), "Left < sizeof(void *)");
    out_line(out, "Left -= sizeof(void *);");
    if (reads_behind(emitter, item))
        out_line(out, "Delta += %u - sizeof(void *);", item->padded);
    out_close(out, "}");
}

static void verify_data(struct emitter *emitter, const struct item *item)
{
    if (item->arg->type->kind == TYPE_STRING)
        verify_string(emitter, item, arena_printf(emitter->arena, "%u", item->size));
}

/* Whether the check needs the count itself: for a bound, for the array's end, or for another array. */
static bool count_is_checked(const struct emitter *emitter, const struct arg *arg)
{
    if (!arg->type->out_of_line || arg->type->count != 0 || !emitter->interface->typed)
        return true;
    for (const struct arg *other = emitter->routine->args; other != NULL; other = other->next) {
        if (other != arg && other->count_owner == arg)
            return true;
    }
    return false;
}

/* ---- type descriptors ----------------------------------------------------------------------------- */

static const char *expected_name(const struct item *item)
{
    if (item->arg == NULL || item->next->kind == ITEM_COUNT)
        return "MACH_MSG_TYPE_INTEGER_32";
    return wire_spelling(item->arg->type->wire_received);
}

static void verify_type_number(struct emitter *emitter, const struct item *item, const char *number)
{
    const struct arg *arg = item->arg;
    bool capacity = arg == NULL || item->next->kind == ITEM_COUNT;

    if (capacity) {
        REFUSE(emitter, "MIG_TYPE_ERROR", "%s != 1", number);
    } else if (!arg->type->variable) {
        const struct type *type = arg->type;
        uint64_t units = type->kind == TYPE_ARRAY ? (uint64_t)type->units * type->count : type->units;
        REFUSE(emitter, "MIG_TYPE_ERROR", "%s != %llu", number, (unsigned long long)units);
    } else {
        uint32_t units = arg->type->kind == TYPE_ARRAY ? arg->type->units : 1;
        if (units > 1)
            REFUSE(emitter, "MIG_TYPE_ERROR", "%s %% %u != 0", number, units);
        if (emit_counts_here(arg) && count_is_checked(emitter, arg))
            out_line(emitter->out, "%sCnt = %s / %u;", arg->name, number, units);
        else if (!emit_counts_here(arg))
            REFUSE(emitter, "MIG_TYPE_ERROR", "%s / %u != %s", number, units, count_of(emitter, arg));
        if (arg->type->out_of_line && arg->type->count != 0)
            REFUSE(emitter, bad(emitter), "%s > %u", count_of(emitter, arg), arg->type->count);
    }
}

static void verify_type(struct emitter *emitter, const struct item *item)
{
    struct out *out = emitter->out;
    const struct arg *arg = item->arg;
    bool is_long = item->size == TYPED_LONG_DESCRIPTOR_SIZE;
    bool capacity = arg == NULL || item->next->kind == ITEM_COUNT;
    const char *in_line = is_long ? "Type.msgtl_header.msgt_inline" : "Type.msgt_inline";
    const char *name = is_long ? "Type.msgtl_name" : "Type.msgt_name";

    out_open(out, "{");
    out_line(out, "%s Type;", is_long ? "mach_msg_type_long_t" : "mach_msg_type_t");
    out_line(out, "memcpy(&Type, %s, sizeof Type);", emit_place(emitter, item, true));
    REFUSE(emitter, "MIG_TYPE_ERROR", "%s != %u",
           is_long ? "Type.msgtl_header.msgt_longform" : "Type.msgt_longform", is_long);
    if (!capacity && emit_receives_poly(arg))
        REFUSE(emitter, "MIG_TYPE_ERROR", "%s < MACH_MSG_TYPE_MOVE_RECEIVE || %s > MACH_MSG_TYPE_MOVE_SEND_ONCE",
               name, name);
    else
        REFUSE(emitter, "MIG_TYPE_ERROR", "%s != %s", name, expected_name(item));
    REFUSE(emitter, "MIG_TYPE_ERROR", "%s != %u", is_long ? "Type.msgtl_size" : "Type.msgt_size",
           capacity ? 32 : arg->type->bits);
    if (!capacity && arg->type->indefinite)
        out_line(out, "%sSCopy = %s;", arg->name, in_line);
    else
        REFUSE(emitter, "MIG_TYPE_ERROR", "%s%s", !capacity && arg->type->out_of_line ? "" : "!", in_line);
    verify_type_number(emitter, item, is_long ? "Type.msgtl_number" : "Type.msgt_number");
    out_close(out, "}");
}

/* ---- the function --------------------------------------------------------------------------------- */

static const struct message *message_of(const struct emitter *emitter)
{
    return emitter->reply ? &emitter->routine->reply : &emitter->routine->request;
}

static void declare(struct emitter *emitter)
{
    const struct message *message = message_of(emitter);
    bool delta = false;

    for (const struct item *item = message->items; item != NULL; item = item->next) {
        delta = delta || item->kind == ITEM_VARRAY;
        if ((item->kind == ITEM_COUNT && (emitter->reply || arg_in_request(item->arg))) ||
            (item->kind == ITEM_TYPE && item->arg != NULL && item->next->kind != ITEM_COUNT &&
             emit_counts_here(item->arg) && count_is_checked(emitter, item->arg)))
            out_line(emitter->out, "mach_msg_type_number_t %sCnt;", item->arg->name);
        if (item->kind == ITEM_VARRAY && item->arg->type->indefinite)
            out_line(emitter->out, "boolean_t %sSCopy;", item->arg->name);
    }
    if (!delta)
        return;
    out_line(emitter->out, "mach_msg_size_t Left, Size;");
    for (const struct item *item = message->items; item != NULL; item = item->next) {
        if (item->kind == ITEM_VARRAY && reads_behind(emitter, item)) {
            out_line(emitter->out, "mach_msg_size_t Delta = 0;");
            return;
        }
    }
}

static void verify_header(struct emitter *emitter)
{
    const struct message *message = message_of(emitter);
    const char *msg = emitter->message;
    const char *type = emit_message_type(emitter);

    REFUSE(emitter, bad(emitter), "%s(%s->Head.msgh_bits & MACH_MSGH_BITS_COMPLEX)", message->complex ? "!" : "", msg);
    if (message->variable) {
        REFUSE(emitter, bad(emitter), "%s->Head.msgh_size < %u || %s->Head.msgh_size > (mach_msg_size_t)sizeof(%s)",
               msg, message->min_size, msg, type);
        out_line(emitter->out, "Left = %s->Head.msgh_size - %u;", msg, message->min_size);
    } else {
        REFUSE(emitter, bad(emitter), "%s->Head.msgh_size != (mach_msg_size_t)sizeof(%s)", msg, type);
    }
    if (message->descriptors > 0)
        REFUSE(emitter, bad(emitter), "%s->msgh_body.msgh_descriptor_count != %u", msg, message->descriptors);
}

/* What every reply is asked before anything else: is it the answer, and is it only an error? */
static void verify_reply_header(struct emitter *emitter)
{
    const char *error = emitter->interface->typed ? "mig_typed_reply_error_t" : "mig_reply_error_t";
    struct out *out = emitter->out;

    out_open(out, "if (OutP->Head.msgh_id != %lld)", (long long)emitter->routine->id + 100);
    out_line(out, "return OutP->Head.msgh_id == MACH_NOTIFY_SEND_ONCE ? MIG_SERVER_DIED : MIG_REPLY_MISMATCH;");
    out->indent--;
    REFUSE(emitter, "MIG_TYPE_ERROR", "OutP->Head.msgh_remote_port != MACH_PORT_NULL");
    out_line(out, "if (!(OutP->Head.msgh_bits & MACH_MSGH_BITS_COMPLEX) &&");
    out_open(out, "    OutP->Head.msgh_size == (mach_msg_size_t)sizeof(%s)) {", error);
    out_line(out, "kern_return_t Result = ((const %s *)(const void *)OutP)->RetCode;", error);
    out_open(out, "if (Result != KERN_SUCCESS)");
    out_line(out, "return Result;");
    out->indent--;
    out_close(out, "}");
}

static void verify_item(struct emitter *emitter, const struct item *item)
{
    switch (item->kind) {
    case ITEM_PORT: verify_port(emitter, item); break;
    case ITEM_OOL:
    case ITEM_OOL_PORTS: verify_ool(emitter, item); break;
    case ITEM_COUNT: verify_count(emitter, item); break;
    case ITEM_VARRAY: verify_varray(emitter, item); break;
    case ITEM_DATA: verify_data(emitter, item); break;
    case ITEM_TYPE: verify_type(emitter, item); break;
    case ITEM_RETCODE:
        REFUSE(emitter, "OutP->RetCode", "OutP->RetCode != KERN_SUCCESS");
        break;
    case ITEM_NDR:
    case ITEM_OFFSET: break;
    }
}

void emit_verify(struct emitter *emitter, const struct routine *routine, bool reply)
{
    struct out *out = emitter->out;

    emitter->routine = routine;
    emitter->reply = reply;
    emitter->message = reply ? "OutP" : "InP";
    out_line(out, "static inline kern_return_t __MIG_check__%s__%s_t(const %s *%s)", reply ? "Reply" : "Request",
             routine->name, emit_message_type(emitter), emitter->message);
    out_open(out, "{");
    declare(emitter);
    if (reply)
        verify_reply_header(emitter);
    verify_header(emitter);
    const struct message *message = message_of(emitter);
    for (const struct item *item = message->items; item != NULL; item = item->next)
        verify_item(emitter, item);
    if (message->variable)
        REFUSE(emitter, bad(emitter), "Left != 0");
    for (const struct item *item = message->items; item != NULL; item = item->next) {
        bool descriptor = item->kind == ITEM_PORT || item->kind == ITEM_OOL || item->kind == ITEM_OOL_PORTS;
        if (descriptor && arg_has_count(item->arg))
            verify_counted(emitter, item);
    }
    out_line(out, "return KERN_SUCCESS;");
    out_close(out, "}");
    out_blank(out);
}
