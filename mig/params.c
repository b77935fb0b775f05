/* SPDX-License-Identifier: BSD-2-Clause */
/* params.c - the parameter lists of stubs, of the functions that a server provides, and of late replies. */
#include "emit.h"

#include <string.h>

struct params {
    struct emitter *emitter;
    enum who who;
    const char *pending; /* a parameter is written once it is known whether another follows */
};

static void add(struct params *params, const char *type, const char *pointer, const char *name, const char *suffix)
{
    struct emitter *emitter = params->emitter;
    size_t length = strlen(type);

    if (params->pending != NULL)
        out_line(emitter->out, "%s,", params->pending);
    params->pending = arena_printf(emitter->arena, "%s%s%s%s%s", type,
                                   length > 0 && type[length - 1] == '*' ? "" : " ", pointer, name, suffix);
}

static void finish(struct params *params, const char *end)
{
    out_line(params->emitter->out, "%s)%s", params->pending != NULL ? params->pending : "void", end);
}

static bool user_sees(const struct arg *arg)
{
    return arg->role != ROLE_SREPLY_PORT && arg->role != ROLE_SERVER_TRAILER && arg->role != ROLE_RETURN;
}

static bool server_sees(const struct arg *arg)
{
    switch (arg->role) {
    case ROLE_UREPLY_PORT:
    case ROLE_WAIT_TIME:
    case ROLE_SEND_TIME:
    case ROLE_MSG_OPTION:
    case ROLE_USER_TRAILER:
    case ROLE_RETURN: return false;
    default: return true;
    }
}

/* A string that is only read may be shorter than its type: the type's array would promise otherwise. */
static bool reads_string(const struct params *params, const struct arg *arg)
{
    return arg->type->kind == TYPE_STRING &&
           (params->who == WHO_REPLY || (params->who == WHO_USER && arg->role == ROLE_IN));
}

static const char *c_type(const struct params *params, const struct arg *arg)
{
    if (reads_string(params, arg))
        return "const char *";
    return params->who == WHO_USER ? arg->type->user_type : arg->type->server_type;
}

static void add_value(struct params *params, const struct arg *arg)
{
    const char *type = c_type(params, arg);
    bool out = params->who != WHO_REPLY && (arg_in_reply(arg) || arg->role == ROLE_USER_TRAILER);
    bool by_reference = params->who == WHO_USER && emit_by_reference(params->emitter, arg);

    if (((arg->flags & ARG_CONST) && !reads_string(params, arg)) || by_reference)
        type = arena_printf(params->emitter->arena, "const %s", type);
    add(params, type, by_reference || (out && !arg_is_array(arg) && arg->type->target == NULL) ? "*" : "",
        arg->role == ROLE_RETURN ? "Result" : arg->name, "");
}

static bool sees_poly(const struct params *params, const struct arg *arg, bool *pointer)
{
    bool user = params->who == WHO_USER;
    bool sends = emit_sends_poly(arg), receives = emit_receives_poly(arg);
    bool in = user ? sends : receives, out = user ? receives : sends;

    if (!type_holds_ports(arg->type))
        return false;
    if (params->who == WHO_REPLY)
        in = false, out = sends;
    *pointer = params->who != WHO_REPLY && arg_in_reply(arg) && out;
    return arg_in_reply(arg) && arg->role != ROLE_INOUT ? out : arg->role == ROLE_INOUT ? in || out : in;
}

static bool sees_dealloc(const struct params *params, const struct arg *arg)
{
    if (arg->dealloc != DEALLOC_MAYBE)
        return false;
    return params->who == WHO_USER ? arg_in_request(arg) : arg_in_reply(arg);
}

static void add_arg(struct params *params, const struct arg *arg)
{
    bool pointer;

    add_value(params, arg);
    if (sees_poly(params, arg, &pointer))
        add(params, "mach_msg_type_name_t", pointer ? "*" : "", arg->name, "Poly");
    if (arg_owns_count(arg))
        add(params, "mach_msg_type_number_t", params->who != WHO_REPLY && arg_in_reply(arg) ? "*" : "", arg->name,
            "Cnt");
    if (sees_dealloc(params, arg))
        add(params, "boolean_t", params->who == WHO_SERVER ? "*" : "", arg->name, "Dealloc");
    if (params->who == WHO_SERVER && (arg->flags & ARG_SERVER_COPY))
        add(params, "boolean_t", "", arg->name, "SCopy");
}

const char *emit_function_name(struct emitter *emitter, const struct routine *routine, enum who who)
{
    switch (who) {
    case WHO_USER: return arena_printf(emitter->arena, "%s%s", routine->user_prefix, routine->name);
    case WHO_SERVER: return arena_printf(emitter->arena, "%s%s", routine->server_prefix, routine->name);
    case WHO_REPLY: return arena_printf(emitter->arena, "%s%s_reply", routine->server_prefix, routine->name);
    }
    return NULL;
}

static const char *return_type(const struct routine *routine, enum who who)
{
    if (who == WHO_REPLY || routine->kind == ROUTINE || routine->kind == SIMPLE_ROUTINE)
        return "kern_return_t";
    if (routine->kind != FUNCTION)
        return "void";
    return who == WHO_USER ? routine->return_arg->type->user_type : routine->return_arg->type->server_type;
}

/* A late reply goes to the right that the request brought, with a result, and the results. */
static void add_reply_head(struct params *params, const struct routine *routine)
{
    const struct arg *port = routine->reply_port;

    add(params, "mach_port_t", "", "reply_port", "");
    if (port != NULL && port->type->wire_received == WIRE_POLYMORPHIC)
        add(params, "mach_msg_type_name_t", "", "reply_port", "Poly");
    add(params, "kern_return_t", "", "RetCode", "");
}

void emit_prototype(struct emitter *emitter, const struct routine *routine, enum who who, const char *end)
{
    struct params params = {.emitter = emitter, .who = who};

    out_open(emitter->out, "%s %s(", return_type(routine, who), emit_function_name(emitter, routine, who));
    if (who == WHO_REPLY)
        add_reply_head(&params, routine);
    for (const struct arg *arg = routine->args; arg != NULL; arg = arg->next) {
        if (who == WHO_REPLY ? arg_in_reply(arg) : who == WHO_USER ? user_sees(arg) : server_sees(arg))
            add_arg(&params, arg);
    }
    finish(&params, end);
    emitter->out->indent--;
}
