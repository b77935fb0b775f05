/* SPDX-License-Identifier: BSD-2-Clause */
/* server.c - server stubs, one a routine, and the demultiplexer that finds them. */
#include "emit.h"

#include <string.h>

/* ---- a stub's variables --------------------------------------------------------------------------- */

static const char *element_type(struct emitter *emitter, const struct arg *arg)
{
    return type_element_ctype(emitter->source, arg->type);
}

static void declare_array(struct emitter *emitter, const struct arg *arg)
{
    struct out *out = emitter->out;
    const char *name = emit_local(emitter, arg);

    if (!emit_in_place(emitter, arg)) {
        const char *element = element_type(emitter, arg);
        bool bytes = arg->type->kind == TYPE_ARRAY && arg->type->element->kind == TYPE_ARRAY;
        out_line(out, "%s %s[%llu];", element, name,
                 (unsigned long long)(bytes ? arg->type->size : arg->type->count));
    } else if (arg_in_reply(arg)) {
        out_line(out, "void *%s = OutP->%s;", name, arg->name);
    } else {
        out_line(out, "void *%s;", name);
    }
}

static void declare_optional(struct emitter *emitter, const struct arg *arg)
{
    const char *type = element_type(emitter, arg);
    const char *name = emit_local(emitter, arg);

    out_line(emitter->out, "%s %sValue;", type, name);
    out_line(emitter->out, "%s *%s = %s%s%s;", type, name, arg_in_request(arg) ? "" : "&",
             arg_in_request(arg) ? arg->type->null_value : name, arg_in_request(arg) ? "" : "Value");
    out_line(emitter->out, "mach_msg_type_number_t %sCnt = 1;", name);
}

static void declare_value(struct emitter *emitter, const struct arg *arg)
{
    const struct type *type = arg->type;
    const char *name = emit_local(emitter, arg);

    if (arg_is_array(arg))
        declare_array(emitter, arg);
    else if (type->null_value != NULL)
        declare_optional(emitter, arg);
    else
        out_line(emitter->out, "%s %s;", type->target != NULL ? type_wire_ctype(emitter->source, type) : type->server_type,
                 name);
}

static bool is_string(const struct arg *arg)
{
    return arg->type->kind == TYPE_STRING && arg->type->variable;
}

static void declare_companions(struct emitter *emitter, const struct arg *arg)
{
    struct out *out = emitter->out;
    const char *name = emit_local(emitter, arg);
    bool typed_copy = arg->type->indefinite && emitter->interface->typed && arg_in_request(arg);

    bool measured = is_string(arg) && (arg_in_reply(arg) ||
                                       emit_string_is_measured(emitter, &emitter->routine->request, arg));

    if (arg_owns_count(arg) || measured) {
        if (arg->role == ROLE_OUT && arg->type->count != 0 && !arg->type->out_of_line)
            out_line(out, "mach_msg_type_number_t %sCnt = %u;", name, arg->type->count);
        else
            out_line(out, "mach_msg_type_number_t %sCnt = 0;", name);
    }
    if (type_holds_ports(arg->type) && ((arg_in_request(arg) && emit_receives_poly(arg)) ||
                                        (arg_in_reply(arg) && emit_sends_poly(arg))))
        out_line(out, "mach_msg_type_name_t %sPoly = MACH_MSG_TYPE_MOVE_SEND;", name);
    if (arg->dealloc == DEALLOC_MAYBE && arg_in_reply(arg))
        out_line(out, "boolean_t %sDealloc = FALSE;", name);
    if ((arg->flags & ARG_SERVER_COPY) || typed_copy)
        out_line(out, "boolean_t %sSCopy;", name);
}

static bool is_body(const struct arg *arg)
{
    return arg_in_request(arg) || arg_in_reply(arg);
}

/* A fixed string in the message is measured, so that what lies behind its end can be cleared. */
static bool measures(const struct message *message)
{
    for (const struct item *item = message->items; item != NULL; item = item->next) {
        if (item->kind == ITEM_DATA && item->arg->type->kind == TYPE_STRING)
            return true;
    }
    return message->variable;
}

static const char *error_type(const struct emitter *emitter)
{
    return emitter->interface->typed ? "mig_typed_reply_error_t" : "mig_reply_error_t";
}

static uint32_t sizeof_error(const struct emitter *emitter)
{
    return emitter->interface->typed ? HEADER_SIZE + TYPED_DESCRIPTOR_SIZE + 8 : HEADER_SIZE + NDR_SIZE + 4;
}

static bool is_header_port(const struct arg *arg)
{
    return arg->role == ROLE_REQUEST_PORT || arg->role == ROLE_REPLY_PORT || arg->role == ROLE_SREPLY_PORT;
}

static bool gives_result(const struct routine *routine)
{
    return routine->kind == ROUTINE || routine->kind == SIMPLE_ROUTINE;
}

static void declare(struct emitter *emitter, const struct routine *routine)
{
    struct out *out = emitter->out;

    out_line(out, "%s *InP = (void *)InHeadP;", emit_request_type(emitter, routine));
    if (!routine->one_way)
        out_line(out, "%s *OutP = (void *)OutHeadP;", emit_reply_type(emitter, routine));
    out_line(out, "%s *ErrorP = (void *)OutHeadP;", error_type(emitter));
    if (routine->server_trailer != TRAILER_NONE)
        out_line(out, "const mach_msg_max_trailer_t *TrailerP;");
    if (emit_unpack_uses_size(emitter, &routine->request) || measures(&routine->reply))
        out_line(out, "mach_msg_size_t Size;");
    if (emit_shifts(&routine->request) || routine->reply.variable)
        out_line(out, "mach_msg_size_t Delta = 0;");
    out_line(out, "kern_return_t Check;");
    if (gives_result(routine))
        out_line(out, "kern_return_t RetCode;");
    if (routine->return_arg != NULL)
        declare_value(emitter, routine->return_arg);
    for (const struct arg *arg = routine->args; arg != NULL; arg = arg->next) {
        if (is_header_port(arg))
            out_line(out, "%s %s;", arg->type->server_type, emit_local(emitter, arg));
        if (!is_body(arg) || arg->role == ROLE_RETURN)
            continue;
        declare_value(emitter, arg);
        declare_companions(emitter, arg);
    }
    out_blank(out);
}

/* Nothing that lay on the stack before may go out where the server sets nothing. */
static void clear_results(struct emitter *emitter, const struct routine *routine)
{
    for (const struct arg *arg = routine->args; arg != NULL; arg = arg->next) {
        const char *name = emit_local(emitter, arg);
        if (arg->role != ROLE_OUT)
            continue;
        if (arg->type->null_value != NULL)
            out_line(emitter->out, "memset(&%sValue, 0, sizeof %sValue);", name, name);
        else if (!arg_is_array(arg))
            out_line(emitter->out, "memset(&%s, 0, sizeof %s);", name, name);
        else if (!emit_in_place(emitter, arg))
            out_line(emitter->out, "memset(%s, 0, sizeof %s);", name, name);
        else if (arg->type->kind == TYPE_STRING)
            out_line(emitter->out, "memset(%s, 0, 1);", name);
        else if (!arg->type->variable)
            out_line(emitter->out, "memset(%s, 0, %llu);", name, (unsigned long long)arg->type->size);
    }
}

/* ---- calling the server's function ---------------------------------------------------------------- */

struct call {
    struct emitter *emitter;
    const char *text;
};

static void pass(struct call *call, const char *value)
{
    struct arena *arena = call->emitter->arena;

    call->text = call->text == NULL ? value : arena_printf(arena, "%s,\n        %s", call->text, value);
}

static const char *trailer_value(struct emitter *emitter, const struct arg *arg)
{
    static const char *const fields[] = {"", "msgh_seqno", "msgh_sender", "msgh_audit", "msgh_context"};

    return arena_printf(emitter->arena, "TrailerP->%s", fields[arg->trailer]);
}

static const char *request_port_value(struct emitter *emitter, const struct arg *arg)
{
    const struct type *type = arg->type;
    const char *value = "InP->Head.msgh_local_port";

    if (type->intran != NULL)
        value = arena_printf(emitter->arena, "%s(%s)", type->intran, value);
    if (type->payload != NULL)
        value = arena_printf(emitter->arena,
                             "MACH_MSGH_BITS_LOCAL(InP->Head.msgh_bits) == MACH_MSG_TYPE_PROTECTED_PAYLOAD\n"
                             "            ? %s((unsigned long)InP->Head.msgh_local_port)\n"
                             "            : %s",
                             type->payload, value);
    return value;
}

static const char *header_port_value(struct emitter *emitter, const struct arg *arg)
{
    const char *value = "InP->Head.msgh_remote_port";

    if (arg->role == ROLE_REQUEST_PORT)
        return request_port_value(emitter, arg);
    return arg->type->intran != NULL ? arena_printf(emitter->arena, "%s(%s)", arg->type->intran, value) : value;
}

/* What a port of the header was translated to is kept, since it may have to be let go of. */
static void translate_header_ports(struct emitter *emitter, const struct routine *routine)
{
    for (const struct arg *arg = routine->args; arg != NULL; arg = arg->next) {
        if (is_header_port(arg))
            out_line(emitter->out, "%s = %s;", emit_local(emitter, arg), header_port_value(emitter, arg));
    }
}

static void pass_body(struct call *call, const struct arg *arg)
{
    struct emitter *emitter = call->emitter;
    const char *name = emit_local(emitter, arg);
    bool by_pointer = !arg_is_array(arg) && arg->type->null_value == NULL &&
                      (arg_in_reply(arg) || arg->type->target != NULL);

    /* The stub's array has elements as described; the C type may group them. */
    bool array = arg_is_array(arg) && !emit_in_place(emitter, arg);

    pass(call, by_pointer ? arena_printf(emitter->arena, "&%s", name)
               : array    ? arena_printf(emitter->arena, "(void *)%s", name)
                          : name);
    if (type_holds_ports(arg->type)) {
        bool in = emit_receives_poly(arg), out = emit_sends_poly(arg);
        if (arg_in_reply(arg) && out)
            pass(call, arena_printf(emitter->arena, "&%sPoly", name));
        else if (arg_in_request(arg) && in)
            pass(call, arena_printf(emitter->arena, "%sPoly", name));
    }
    if (arg_owns_count(arg))
        pass(call, arena_printf(emitter->arena, "%s%sCnt", arg_in_reply(arg) ? "&" : "", name));
    if (arg->dealloc == DEALLOC_MAYBE && arg_in_reply(arg))
        pass(call, arena_printf(emitter->arena, "&%sDealloc", name));
    if (arg->flags & ARG_SERVER_COPY)
        pass(call, arena_printf(emitter->arena, "%sSCopy", name));
}

static void pass_arg(struct call *call, const struct arg *arg)
{
    struct emitter *emitter = call->emitter;

    switch (arg->role) {
    case ROLE_REQUEST_PORT:
    case ROLE_REPLY_PORT:
    case ROLE_SREPLY_PORT:
        pass(call, emit_local(emitter, arg));
        if (emit_receives_poly(arg))
            pass(call, arg->role == ROLE_REQUEST_PORT ? "MACH_MSGH_BITS_LOCAL(InP->Head.msgh_bits)"
                                                      : "MACH_MSGH_BITS_REMOTE(InP->Head.msgh_bits)");
        break;
    case ROLE_SERVER_TRAILER: pass(call, trailer_value(emitter, arg)); break;
    case ROLE_IN:
    case ROLE_OUT:
    case ROLE_INOUT: pass_body(call, arg); break;
    default: break;
    }
}

static void emit_call(struct emitter *emitter, const struct routine *routine)
{
    struct call call = {.emitter = emitter};
    struct out *out = emitter->out;
    const char *result = gives_result(routine) ? "RetCode = " : routine->kind == FUNCTION ? "Result = " : "";

    for (const struct arg *arg = routine->args; arg != NULL; arg = arg->next)
        pass_arg(&call, arg);
    out_line(out, "%s%s(", result, emit_function_name(emitter, routine, WHO_SERVER));
    out_line(out, "    %s);", call.text != NULL ? call.text : "");
}

/* ---- after the call ------------------------------------------------------------------------------- */

static void emit_destructor(struct emitter *emitter, const struct arg *arg)
{
    if (arg->type->destructor != NULL)
        out_line(emitter->out, "%s(%s);", arg->type->destructor, emit_local(emitter, arg));
}

static void emit_header_destructors(struct emitter *emitter, const struct routine *routine)
{
    for (const struct arg *arg = routine->args; arg != NULL; arg = arg->next) {
        if (is_header_port(arg))
            emit_destructor(emitter, arg);
    }
}

static void emit_destructors(struct emitter *emitter, const struct routine *routine)
{
    emit_header_destructors(emitter, routine);
    for (const struct arg *arg = routine->args; arg != NULL; arg = arg->next) {
        if (arg_in_request(arg))
            emit_destructor(emitter, arg);
    }
}

static const char *ool_size(struct emitter *emitter, const struct arg *arg)
{
    if (!arg_has_count(arg))
        return arena_printf(emitter->arena, "%llu", (unsigned long long)arg->type->size);
    return arena_printf(emitter->arena, "(vm_size_t)%s * %llu", emit_received_count(emitter, arg),
                        (unsigned long long)emit_item_size(arg->type));
}

/* auto: the server's function has looked at the memory and does not keep it. */
static void emit_auto(struct emitter *emitter, const struct routine *routine)
{
    for (const struct arg *arg = routine->args; arg != NULL; arg = arg->next) {
        if (!(arg->flags & ARG_AUTO))
            continue;
        const char *in_line = arg->type->indefinite && emitter->interface->typed
                                  ? arena_printf(emitter->arena, " && !%sSCopy", emit_local(emitter, arg))
                                  : "";
        out_open(emitter->out, "if (%s%s)",
                 gives_result(routine) ? "(RetCode == KERN_SUCCESS || RetCode == MIG_NO_REPLY)" : "TRUE",
                 in_line);
        out_line(emitter->out, "mig_deallocate((vm_address_t)%s, %s);", emit_local(emitter, arg),
                 ool_size(emitter, arg));
        emitter->out->indent--;
    }
}

static void emit_trailer(struct emitter *emitter, const struct routine *routine)
{
    static const char *const sizes[] = {"", "mach_msg_seqno_trailer_t", "mach_msg_security_trailer_t",
                                        "mach_msg_audit_trailer_t", "mach_msg_context_trailer_t"};
    struct out *out = emitter->out;

    if (routine->server_trailer == TRAILER_NONE)
        return;
    out_line(out, "TrailerP = (const void *)((const char *)InP + round_msg(InP->Head.msgh_size));");
    out_line(out, "if (TrailerP->msgh_trailer_type != MACH_MSG_TRAILER_FORMAT_0 ||");
    out_open(out, "    TrailerP->msgh_trailer_size < (mach_msg_trailer_size_t)sizeof(%s)) {",
             sizes[routine->server_trailer]);
    out_line(out, "ErrorP->RetCode = MIG_TRAILER_ERROR;");
    out_line(out, "return;");
    out_close(out, "}");
}

static void emit_reply(struct emitter *emitter, const struct routine *routine)
{
    struct out *out = emitter->out;
    const char *type = emit_reply_type(emitter, routine);

    if (emit_shifts(&routine->request) && routine->reply.variable)
        out_line(out, "Delta = 0;");
    emitter->reply = true;
    emitter->message = "OutP";
    emit_pack(emitter, &routine->reply);
    if (routine->reply.complex)
        out_line(out, "OutP->Head.msgh_bits |= MACH_MSGH_BITS_COMPLEX;");
    out_line(out, "OutP->Head.msgh_size = (mach_msg_size_t)sizeof(%s)%s;", type,
             routine->reply.variable ? " - Delta" : "");
}

static void emit_result(struct emitter *emitter, const struct routine *routine)
{
    if (gives_result(routine))
        emit_fail(emitter, "RetCode != KERN_SUCCESS", "RetCode");
    emit_reply(emitter, routine);
}

/* A request may bring only a return code: then the server's function gets that, and nothing else. */
static const char *nothing(struct emitter *emitter, const struct arg *arg)
{
    if (arg == emitter->routine->retcode_arg)
        return "ErrorInP->RetCode";
    if (arg->type->kind == TYPE_STRUCT && !arg->type->out_of_line)
        return arena_printf(emitter->arena, "(%s){0}", arg->type->server_type);
    return arg_is_array(arg) ? "NULL" : "0";
}

static void emit_error_only(struct emitter *emitter, const struct routine *routine)
{
    struct out *out = emitter->out;
    struct call call = {.emitter = emitter};

    if (routine->retcode_arg == NULL || routine->request.max_size == sizeof_error(emitter))
        return;
    out_line(out, "if (!(InP->Head.msgh_bits & MACH_MSGH_BITS_COMPLEX) &&");
    out_open(out, "    InP->Head.msgh_size == (mach_msg_size_t)sizeof(%s)) {", error_type(emitter));
    out_line(out, "const %s *ErrorInP = (const void *)InHeadP;", error_type(emitter));
    emit_fail(emitter, "ErrorInP->RetCode == KERN_SUCCESS", "MIG_BAD_ARGUMENTS");
    for (const struct arg *arg = routine->args; arg != NULL; arg = arg->next) {
        if (!arg_in_request(arg)) {
            pass_arg(&call, arg);
            continue;
        }
        pass(&call, nothing(emitter, arg));
        if (type_holds_ports(arg->type) && emit_receives_poly(arg))
            pass(&call, "0");
        if (arg_owns_count(arg))
            pass(&call, "0");
        if (arg->flags & ARG_SERVER_COPY)
            pass(&call, "FALSE");
    }
    translate_header_ports(emitter, routine);
    out_line(out, "%s%s(", gives_result(routine) ? "ErrorP->RetCode = " : "",
             emit_function_name(emitter, routine, WHO_SERVER));
    out_line(out, "    %s);", call.text);
    emit_header_destructors(emitter, routine);
    out_line(out, "return;");
    out_close(out, "}");
}

static void emit_log(struct emitter *emitter, const struct routine *routine, const char *when)
{
    if (!emitter->options->log)
        return;
    out_margin(emitter->out, "#ifdef __%sRcv%s", when, routine->one_way ? "Simple" : "Rpc");
    out_line(emitter->out, "__%sRcv%s(%lld, \"%s\")", when, routine->one_way ? "Simple" : "Rpc",
             (long long)routine->id, routine->name);
    out_margin(emitter->out, "#endif");
}

static void emit_stub(struct emitter *emitter, const struct routine *routine)
{
    struct out *out = emitter->out;

    emit_verify(emitter, routine, false);
    emitter->routine = routine;
    out_line(out, "static void _X%s(mach_msg_header_t *InHeadP, mach_msg_header_t *OutHeadP)", routine->name);
    out_open(out, "{");
    declare(emitter, routine);
    emit_log(emitter, routine, "Before");
    emit_error_only(emitter, routine);
    out_line(out, "Check = __MIG_check__Request__%s_t(InP);", routine->name);
    emit_fail(emitter, "Check != KERN_SUCCESS", "Check");
    emit_trailer(emitter, routine);
    emitter->reply = false;
    emitter->message = "InP";
    clear_results(emitter, routine);
    emit_unpack(emitter, &routine->request);
    translate_header_ports(emitter, routine);
    emit_call(emitter, routine);
    emit_destructors(emitter, routine);
    emit_auto(emitter, routine);
    emit_log(emitter, routine, "After");
    if (routine->one_way)
        out_line(out, "ErrorP->RetCode = %s;", gives_result(routine) ? "RetCode" : "KERN_SUCCESS");
    else
        emit_result(emitter, routine);
    out_close(out, "}");
    out_blank(out);
}

/* ---- the demultiplexer ---------------------------------------------------------------------------- */

static const char *demux_name(struct emitter *emitter)
{
    const struct interface *interface = emitter->interface;

    return interface->server_demux != NULL ? interface->server_demux
                                           : arena_printf(emitter->arena, "%s_server", interface->name);
}

static const char *subsystem_name(struct emitter *emitter)
{
    const struct routine *first = emitter->interface->routines;

    return arena_printf(emitter->arena, "%s%s_subsystem", first != NULL ? first->server_prefix : "",
                        emitter->interface->name);
}

static void emit_table(struct emitter *emitter)
{
    struct out *out = emitter->out;
    const struct interface *interface = emitter->interface;
    const struct routine *routine = interface->routines;

    out_line(out, "const struct %s_struct %s = {", subsystem_name(emitter), subsystem_name(emitter));
    out->indent++;
    out_line(out, ".server = %s_server_routine,", interface->name);
    out_line(out, ".start = %lld,", (long long)interface->base);
    out_line(out, ".end = %lld,", (long long)(interface->base + interface->slots));
    out_line(out, ".maxsize = %s,",
             routine == NULL ? "sizeof(mig_reply_error_t)"
                             : arena_printf(emitter->arena, "sizeof(union __ReplyUnion__%s_subsystem)",
                                            interface->name));
    out_open(out, ".routine = {");
    for (; routine != NULL; routine = routine->next)
        out_line(out, "[%lld] = {.stub_routine = _X%s, .max_reply_msg = sizeof(%s)},",
                 (long long)(routine->id - interface->base), routine->name, emit_reply_type(emitter, routine));
    out_close(out, "},");
    out_close(out, "};");
    out_blank(out);
}

static void emit_demux(struct emitter *emitter)
{
    struct out *out = emitter->out;
    const struct interface *interface = emitter->interface;
    const char *subsystem = subsystem_name(emitter);

    out_line(out, "mig_routine_t %s_server_routine(mach_msg_header_t *InHeadP)", interface->name);
    out_open(out, "{");
    out_line(out, "const mach_msg_id_t Id = InHeadP->msgh_id;");
    out_blank(out);
    out_open(out, "if (Id < %s.start || Id >= %s.end)", subsystem, subsystem);
    out_line(out, "return NULL;");
    out->indent--;
    out_line(out, "return %s.routine[Id - %s.start].stub_routine;", subsystem, subsystem);
    out_close(out, "}");
    out_blank(out);

    out_line(out, "boolean_t %s(mach_msg_header_t *InHeadP, mach_msg_header_t *OutHeadP)", demux_name(emitter));
    out_open(out, "{");
    out_line(out, "const mig_routine_t Routine = %s_server_routine(InHeadP);", interface->name);
    out_blank(out);
    out_line(out, "OutHeadP->msgh_bits = MACH_MSGH_BITS(MACH_MSGH_BITS_REMOTE(InHeadP->msgh_bits), 0);");
    out_line(out, "OutHeadP->msgh_size = (mach_msg_size_t)sizeof(%s);",
             error_type(emitter));
    out_line(out, "OutHeadP->msgh_remote_port = InHeadP->msgh_remote_port;");
    out_line(out, "OutHeadP->msgh_local_port = MACH_PORT_NULL;");
    out_line(out, "OutHeadP->msgh_voucher_port = MACH_PORT_NULL;");
    out_line(out, "OutHeadP->msgh_id = InHeadP->msgh_id + 100;");
    if (interface->typed)
        out_line(out, "((mig_typed_reply_error_t *)OutHeadP)->RetCodeType = "
                      "MIG_TYPE(MACH_MSG_TYPE_INTEGER_32, 32, 1, TRUE, FALSE);");
    else
        out_line(out, "((mig_reply_error_t *)OutHeadP)->NDR = NDR_record;");
    out_open(out, "if (Routine == NULL) {");
    out_line(out, "((%s *)OutHeadP)->RetCode = MIG_BAD_ID;", error_type(emitter));
    out_line(out, "return FALSE;");
    out_close(out, "}");
    out_line(out, "Routine(InHeadP, OutHeadP);");
    out_line(out, "return TRUE;");
    out_close(out, "}");
}

/* -s: what a tracer needs to name a message. */
static void emit_symtab(struct emitter *emitter)
{
    struct out *out = emitter->out;
    const struct interface *interface = emitter->interface;

    if (!emitter->options->symtab)
        return;
    out_blank(out);
    out_open(out, "const mig_symtab_t %s_symtab[] = {", interface->name);
    for (const struct routine *routine = interface->routines; routine != NULL; routine = routine->next)
        out_line(out, "{(char *)\"%s\", %lld, (void (*)(void))_X%s},", routine->name,
                 (long long)(routine->id - interface->base), routine->name);
    out_line(out, "{NULL, 0, NULL},");
    out_close(out, "};");
}

/* ---- the file ------------------------------------------------------------------------------------- */

static void emit_subsystem_declaration(struct emitter *emitter)
{
    struct out *out = emitter->out;
    const struct interface *interface = emitter->interface;
    const char *name = subsystem_name(emitter);

    out_line(out, "#ifndef %s_subsystem__defined", interface->name);
    out_line(out, "#define %s_subsystem__defined", interface->name);
    out_open(out, "extern const struct %s_struct {", name);
    out_line(out, "mig_server_routine_t server; /* finds a routine */");
    out_line(out, "mach_msg_id_t start;         /* first message id */");
    out_line(out, "mach_msg_id_t end;           /* one past the last */");
    out_line(out, "mach_msg_size_t maxsize;     /* of any reply */");
    out_line(out, "vm_address_t reserved;");
    out_line(out, "struct routine_descriptor routine[%lld];",
             (long long)(interface->slots > 0 ? interface->slots : 1));
    out_close(out, "} %s;", name);
    out_line(out, "#endif");
    out_blank(out);
}

static void emit_server_prototypes(struct emitter *emitter)
{
    for (const struct routine *routine = emitter->interface->routines; routine != NULL; routine = routine->next) {
        emit_prototype(emitter, routine, WHO_SERVER, ";");
        out_blank(emitter->out);
    }
}

static void emit_late_prototypes(struct emitter *emitter)
{
    if (emitter->options->reply == NULL)
        return;
    out_line(emitter->out, "/* Answers given later: by a server whose function returned MIG_NO_REPLY. */");
    for (const struct routine *routine = emitter->interface->routines; routine != NULL; routine = routine->next) {
        if (!routine->one_way)
            emit_prototype(emitter, routine, WHO_REPLY, ";");
    }
    out_blank(emitter->out);
}

static void emit_head(struct emitter *emitter, const char *what)
{
    emit_prologue(emitter, what);
    out_line(emitter->out, "#include <string.h>");
    out_blank(emitter->out);
    emit_includes(emitter, WHO_SERVER, true);
    emit_structs(emitter);
    emit_size_checks(emitter);
    emit_subsystem_declaration(emitter);
    emit_server_prototypes(emitter);
    emit_late_prototypes(emitter);
}

void emit_server(struct emitter *emitter)
{
    struct out *out = emitter->out;

    emitter->who = WHO_SERVER;
    emit_head(emitter, "Server stubs");
    out_line(out, "mig_routine_t %s_server_routine(mach_msg_header_t *InHeadP);", emitter->interface->name);
    out_line(out, "boolean_t %s(mach_msg_header_t *InHeadP, mach_msg_header_t *OutHeadP);", demux_name(emitter));
    out_blank(out);
    for (const struct routine *routine = emitter->interface->routines; routine != NULL; routine = routine->next)
        emit_stub(emitter, routine);
    emit_table(emitter);
    emit_demux(emitter);
    emit_symtab(emitter);
}

/* ---- late replies --------------------------------------------------------------------------------- */

static void emit_late_reply(struct emitter *emitter, const struct routine *routine)
{
    struct out *out = emitter->out;
    const struct arg *port = routine->reply_port;
    const char *error = error_type(emitter);
    const char *disposition = port == NULL ? "MACH_MSG_TYPE_MOVE_SEND_ONCE"
                              : port->type->wire_received == WIRE_POLYMORPHIC
                                  ? "reply_portPoly"
                                  : wire_spelling(port->type->wire_received);

    emitter->routine = routine;
    emitter->reply = true;
    emitter->message = "OutP";
    emitter->failed = false;
    emit_prototype(emitter, routine, WHO_REPLY, "");
    out_open(out, "{");
    out_line(out, "union {");
    out_line(out, "    %s Error;", error);
    out_line(out, "    %s Reply;", emit_reply_type(emitter, routine));
    out_line(out, "} Mess;");
    out_line(out, "%s *OutP = &Mess.Reply;", emit_reply_type(emitter, routine));
    if (routine->reply.variable) {
        out_line(out, "mach_msg_size_t Size;");
        out_line(out, "mach_msg_size_t Delta = 0;");
    }
    out_line(out, "kern_return_t msg_result;");
    for (const struct arg *arg = routine->args; arg != NULL; arg = arg->next) {
        if (arg_in_reply(arg) && is_string(arg))
            out_line(out, "mach_msg_type_number_t %sCnt;", emit_local(emitter, arg));
    }
    out_blank(out);
    out_line(out, "OutP->Head.msgh_bits = MACH_MSGH_BITS(%s, 0);", disposition);
    out_line(out, "OutP->Head.msgh_size = (mach_msg_size_t)sizeof(%s);", error);
    out_line(out, "OutP->Head.msgh_remote_port = reply_port;");
    out_line(out, "OutP->Head.msgh_local_port = MACH_PORT_NULL;");
    out_line(out, "OutP->Head.msgh_voucher_port = MACH_PORT_NULL;");
    out_line(out, "OutP->Head.msgh_id = %lld;", (long long)routine->id + 100);
    out_open(out, "if (RetCode != KERN_SUCCESS) {");
    if (emitter->interface->typed)
        out_line(out, "Mess.Error.RetCodeType = MIG_TYPE(MACH_MSG_TYPE_INTEGER_32, 32, 1, TRUE, FALSE);");
    else
        out_line(out, "Mess.Error.NDR = NDR_record;");
    out_line(out, "Mess.Error.RetCode = RetCode;");
    out_close(out, "} else {");
    out->indent++;
    emit_pack(emitter, &routine->reply);
    if (routine->reply.complex)
        out_line(out, "OutP->Head.msgh_bits |= MACH_MSGH_BITS_COMPLEX;");
    out_line(out, "OutP->Head.msgh_size = (mach_msg_size_t)sizeof(%s)%s;", emit_reply_type(emitter, routine),
             routine->reply.variable ? " - Delta" : "");
    out_close(out, "}");
    out_line(out, "msg_result = mach_msg(&OutP->Head, MACH_SEND_MSG, OutP->Head.msgh_size, 0, MACH_PORT_NULL,");
    out_line(out, "                      MACH_MSG_TIMEOUT_NONE, MACH_PORT_NULL);");
    if (emitter->failed)
        out_margin(out, "done:");
    out_line(out, "return msg_result;");
    out_close(out, "}");
    out_blank(out);
}

void emit_late_replies(struct emitter *emitter)
{
    emitter->who = WHO_REPLY;
    emit_head(emitter, "Late replies");
    for (const struct routine *routine = emitter->interface->routines; routine != NULL; routine = routine->next) {
        if (!routine->one_way)
            emit_late_reply(emitter, routine);
    }
}

void emit_server_header(struct emitter *emitter)
{
    struct out *out = emitter->out;
    const char *name = emitter->interface->name;

    emitter->who = WHO_SERVER;
    emit_prologue(emitter, "Server header");
    out_line(out, "#ifndef _%s_server_", name);
    out_line(out, "#define _%s_server_", name);
    out_blank(out);
    emit_includes(emitter, WHO_SERVER, false);
    out_margin(out, "#ifdef __cplusplus");
    out_line(out, "extern \"C\" {");
    out_margin(out, "#endif");
    out_blank(out);
    emit_server_prototypes(emitter);
    emit_late_prototypes(emitter);
    emit_subsystem_declaration(emitter);
    out_line(out, "mig_routine_t %s_server_routine(mach_msg_header_t *InHeadP);", name);
    out_line(out, "boolean_t %s(mach_msg_header_t *InHeadP, mach_msg_header_t *OutHeadP);", demux_name(emitter));
    if (emitter->options->symtab)
        out_line(out, "extern const mig_symtab_t %s_symtab[];", name);
    out_blank(out);
    if (!emitter->options->split)
        emit_structs(emitter);
    out_margin(out, "#ifdef __cplusplus");
    out_line(out, "}");
    out_margin(out, "#endif");
    out_blank(out);
    out_line(out, "#endif /* _%s_server_ */", name);
}

void emit_implementer_header(struct emitter *emitter)
{
    struct out *out = emitter->out;
    const char *name = emitter->interface->name;

    emitter->who = WHO_SERVER;
    emit_prologue(emitter, "Implementer's header");
    out_line(out, "#ifndef _%s_internal_", name);
    out_line(out, "#define _%s_internal_", name);
    out_blank(out);
    emit_includes(emitter, WHO_SERVER, true);
    emit_server_prototypes(emitter);
    emit_structs(emitter);
    out_line(out, "#endif /* _%s_internal_ */", name);
}
