/* SPDX-License-Identifier: BSD-2-Clause */
/* user.c - client stubs: fill the request, send it, wait for the reply, look at it, hand out what it brought. */
#include "emit.h"

#include <string.h>

/* Typed messages know no scatter lists: there, the memory is always new. */
static bool has_overwrite(const struct emitter *emitter, const struct routine *routine)
{
    if (emitter->interface->typed)
        return false;
    for (const struct arg *arg = routine->args; arg != NULL; arg = arg->next) {
        if (arg->flags & ARG_OVERWRITE)
            return true;
    }
    return false;
}

static bool on_heap(const struct emitter *emitter, const struct routine *routine)
{
    uint64_t request = routine->request.max_size;
    uint64_t reply = routine->one_way ? 0 : routine->reply.max_size;
    int64_t limit = emitter->interface->on_stack_limit;

    return limit >= 0 && (int64_t)(request > reply ? request : reply) > limit;
}

/* ---- declarations --------------------------------------------------------------------------------- */

static void declare_messages(struct emitter *emitter, const struct routine *routine)
{
    struct out *out = emitter->out;
    bool heap = on_heap(emitter, routine);

    /* A receive that overwrites reads the reply's descriptors while the request is still being sent. */
    out_open(out, "%s {", has_overwrite(emitter, routine) ? "struct" : "union");
    out_line(out, "%s In;", emit_request_type(emitter, routine));
    if (!routine->one_way) {
        out_open(out, "struct {");
        out_line(out, "%s Reply;", emit_reply_type(emitter, routine));
        out_line(out, "mach_msg_max_trailer_t Trailer;");
        out_close(out, "} Out;");
    }
    if (heap)
        out_close(out, "} *Mess = (void *)mig_user_allocate(sizeof *Mess);");
    else
        out_close(out, "} Mess;");
    out_line(out, "%s *InP%s;", emit_request_type(emitter, routine), heap ? "" : " = &Mess.In");
    if (!routine->one_way)
        out_line(out, "%s *OutP%s;", emit_reply_type(emitter, routine), heap ? "" : " = &Mess.Out.Reply");
}

static void check_messages(struct emitter *emitter, const struct routine *routine)
{
    if (!on_heap(emitter, routine))
        return;
    emit_fail(emitter, "Mess == NULL", "KERN_RESOURCE_SHORTAGE");
    out_line(emitter->out, "InP = &Mess->In;");
    if (!routine->one_way)
        out_line(emitter->out, "OutP = &Mess->Out.Reply;");
}

static void declare_counts(struct emitter *emitter, const struct routine *routine)
{
    for (const struct arg *arg = routine->args; arg != NULL; arg = arg->next) {
        bool string = arg->type->kind == TYPE_STRING && arg->type->variable;
        if (arg_in_request(arg) && string)
            out_line(emitter->out, "mach_msg_type_number_t %sCnt;", arg->name);
        if (arg_in_reply(arg) && emit_counts_here(arg))
            out_line(emitter->out, "mach_msg_type_number_t %sGot;", emit_local(emitter, arg));
        if (arg_in_reply(arg) && arg->type->indefinite && emitter->interface->typed)
            out_line(emitter->out, "boolean_t %sSCopy;", arg->name);
    }
}

static bool has_user_trailer(const struct routine *routine)
{
    return !routine->one_way && routine->user_trailer != TRAILER_NONE;
}

static void declare(struct emitter *emitter, const struct routine *routine)
{
    struct out *out = emitter->out;

    declare_messages(emitter, routine);
    if (has_user_trailer(routine))
        out_line(out, "const mach_msg_max_trailer_t *TrailerP;");
    if (!routine->one_way)
        out_line(out, "mach_port_t ReplyPort;");
    out_line(out, "kern_return_t msg_result;");
    if (routine->return_arg != NULL) {
        const char *type = routine->return_arg->type->user_type;
        out_line(out, "%s Result;", type);
    }
    if (routine->request.variable || routine->reply.variable)
        out_line(out, "mach_msg_size_t Size;");
    if (routine->request.variable || emit_shifts(&routine->reply))
        out_line(out, "mach_msg_size_t Delta = 0;");
    declare_counts(emitter, routine);
    out_blank(out);
    if (routine->return_arg != NULL)
        out_line(out, "memset(&Result, 0, sizeof Result);");
    check_messages(emitter, routine);
}

/* ---- the request ---------------------------------------------------------------------------------- */

static const char *disposition(struct emitter *emitter, const struct arg *arg, const char *otherwise)
{
    if (arg == NULL)
        return otherwise;
    return emit_sends_poly(arg) ? arena_printf(emitter->arena, "%sPoly", arg->name)
                                : wire_spelling(arg->type->wire_sent);
}

static const struct arg *given_reply_port(const struct routine *routine)
{
    const struct arg *port = routine->reply_port;

    return port != NULL && port->role != ROLE_SREPLY_PORT ? port : NULL;
}

static void set_reply_port(struct emitter *emitter, const struct routine *routine)
{
    const struct arg *given = given_reply_port(routine);

    if (routine->one_way)
        return;
    if (given != NULL)
        out_line(emitter->out, "ReplyPort = %s;", given->name);
    else
        out_line(emitter->out, "ReplyPort = mig_get_%sreply_port();",
                 routine->use_special_reply_port ? "special_" : "");
}

static void set_header(struct emitter *emitter, const struct routine *routine)
{
    struct out *out = emitter->out;
    const struct arg *given = given_reply_port(routine);
    const char *reply = disposition(emitter, routine->reply_port, routine->one_way ? "0" : NULL);
    const char *size = arena_printf(emitter->arena, "(mach_msg_size_t)sizeof(%s)", emit_request_type(emitter, routine));

    if (routine->one_way && given == NULL)
        reply = "0";
    else if (reply == NULL || (routine->reply_port != NULL && routine->reply_port->role == ROLE_SREPLY_PORT))
        reply = "MACH_MSG_TYPE_MAKE_SEND_ONCE";
    if (routine->request.variable)
        size = arena_printf(emitter->arena, "%s - Delta", size);
    out_blank(out);
    out_line(out, "InP->Head.msgh_bits =");
    out_line(out, "    %sMACH_MSGH_BITS(%s, %s);", routine->request.complex ? "MACH_MSGH_BITS_COMPLEX | " : "",
             disposition(emitter, routine->request_port, NULL), reply);
    out_line(out, "InP->Head.msgh_size = %s;", size);
    out_line(out, "InP->Head.msgh_remote_port = %s;", routine->request_port->name);
    out_line(out, "InP->Head.msgh_local_port = %s;",
             !routine->one_way ? "ReplyPort" : given != NULL ? given->name : "MACH_PORT_NULL");
    out_line(out, "InP->Head.msgh_voucher_port = MACH_PORT_NULL;");
    out_line(out, "InP->Head.msgh_id = %lld;", (long long)routine->id);
    if (!emitter->options->novouchers && !emitter->interface->typed) {
        out_margin(out, "#ifdef USING_VOUCHERS");
        out_open(out, "if (voucher_mach_msg_set != NULL)");
        out_line(out, "voucher_mach_msg_set(&InP->Head);");
        out->indent--;
        out_margin(out, "#endif");
    }
}

/* Where the caller's memory for out-of-line results lies. */
static void set_overwrite(struct emitter *emitter, const struct routine *routine)
{
    struct out *out = emitter->out;

    if (!has_overwrite(emitter, routine))
        return;
    out_line(out, "memset(OutP, 0, sizeof *OutP);");
    out_line(out, "OutP->msgh_body.msgh_descriptor_count = %u;", routine->reply.descriptors);
    for (const struct item *item = routine->reply.items; item != NULL; item = item->next) {
        bool over = item->kind == ITEM_OOL && (item->arg->flags & ARG_OVERWRITE);
        if (item->kind == ITEM_PORT) {
            for (uint32_t i = 0; i < item->count; i++)
                out_line(out, "OutP->%s%s.type = MACH_MSG_PORT_DESCRIPTOR;", item->name,
                         item->arg->type->kind == TYPE_ARRAY ? arena_printf(emitter->arena, "[%u]", i) : "");
        } else if (item->kind == ITEM_OOL_PORTS) {
            out_line(out, "OutP->%s.type = MACH_MSG_OOL_PORTS_DESCRIPTOR;", item->name);
            out_line(out, "OutP->%s.copy = MACH_MSG_ALLOCATE;", item->name);
        } else if (item->kind == ITEM_OOL) {
            out_line(out, "OutP->%s.type = MACH_MSG_OOL_DESCRIPTOR;", item->name);
            out_line(out, "OutP->%s.copy = %s;", item->name, over ? "MACH_MSG_OVERWRITE" : "MACH_MSG_ALLOCATE");
        }
        if (over) {
            out_line(out, "OutP->%s.address = (void *)(*%s);", item->name, item->arg->name);
            out_line(out, "OutP->%s.size = *%sCnt * %llu;", item->name, item->arg->count_owner->name,
                     (unsigned long long)emit_item_size(item->arg->type));
        }
    }
}

/* ---- sending and waiting -------------------------------------------------------------------------- */

static const char *wait_time(const struct routine *routine)
{
    return routine->one_way ? NULL : routine->wait_arg != NULL ? routine->wait_arg->name : routine->wait_time;
}

static const char *send_time(const struct routine *routine)
{
    return routine->send_arg != NULL ? routine->send_arg->name : routine->send_time;
}

static const char *user_options(struct emitter *emitter, const struct routine *routine)
{
    const char *option = routine->option_arg != NULL ? routine->option_arg->name : routine->msg_option;

    return option != NULL ? arena_printf(emitter->arena, " | %s", option) : "";
}

static const char *send_options(struct emitter *emitter, const struct routine *routine)
{
    return arena_printf(emitter->arena, "MACH_SEND_MSG%s%s", send_time(routine) != NULL ? " | MACH_SEND_TIMEOUT" : "",
                        routine->use_special_reply_port ? " | MACH_SEND_SYNC_OVERRIDE" : "");
}

static const char *receive_options(struct emitter *emitter, const struct routine *routine)
{
    static const char *const elements[] = {"", "SEQNO", "SENDER", "AUDIT", "CTX"};
    const char *trailer = "";

    if (has_user_trailer(routine))
        trailer = arena_printf(emitter->arena,
                               " | MACH_RCV_TRAILER_TYPE(MACH_MSG_TRAILER_FORMAT_0) |\n            "
                               "MACH_RCV_TRAILER_ELEMENTS(MACH_RCV_TRAILER_%s)",
                               elements[routine->user_trailer]);
    return arena_printf(emitter->arena, "MACH_RCV_MSG%s%s%s%s", wait_time(routine) != NULL ? " | MACH_RCV_TIMEOUT" : "",
                        has_overwrite(emitter, routine) ? " | MACH_RCV_OVERWRITE" : "",
                        routine->use_special_reply_port ? " | MACH_RCV_SYNC_WAIT" : "", trailer);
}

static void emit_send(struct emitter *emitter, const struct routine *routine)
{
    struct out *out = emitter->out;
    const char *timeout = send_time(routine);

    if (emitter->interface->kernel_user) {
        out_line(out, "msg_result = mach_msg_send_from_kernel(&InP->Head, InP->Head.msgh_size);");
        return;
    }
    out_line(out, "msg_result = mach_msg(");
    out_line(out, "    &InP->Head, %s%s, InP->Head.msgh_size, 0, MACH_PORT_NULL,", send_options(emitter, routine),
             user_options(emitter, routine));
    out_line(out, "    %s, MACH_PORT_NULL);", timeout != NULL ? timeout : "MACH_MSG_TIMEOUT_NONE");
}

static void emit_receive(struct emitter *emitter, const struct routine *routine)
{
    const char *timeout = wait_time(routine);
    struct out *out = emitter->out;

    out_line(out, "msg_result = mach_msg_overwrite(");
    out_line(out, "    NULL, %s, 0, (mach_msg_size_t)sizeof(Mess%sOut), ReplyPort,", receive_options(emitter, routine),
             on_heap(emitter, routine) ? "->" : ".");
    out_line(out, "    %s, MACH_PORT_NULL, &OutP->Head, 0);", timeout != NULL ? timeout : "MACH_MSG_TIMEOUT_NONE");
}

/* One call of mach_msg does both, unless each half has a time of its own or the command line wants two. */
static bool in_two_calls(const struct emitter *emitter, const struct routine *routine)
{
    const char *send = send_time(routine), *wait = wait_time(routine);

    return emitter->options->separate || (send != NULL && (wait == NULL || strcmp(send, wait) != 0));
}

static void emit_rpc(struct emitter *emitter, const struct routine *routine)
{
    struct out *out = emitter->out;
    const char *timeout = wait_time(routine);
    const char *access = on_heap(emitter, routine) ? "->" : ".";

    if (emitter->interface->kernel_user) {
        out_line(out, "msg_result = mach_msg_rpc_from_kernel(&InP->Head, InP->Head.msgh_size, "
                      "(mach_msg_size_t)sizeof(Mess%sOut));", access);
        return;
    }
    if (in_two_calls(emitter, routine)) {
        emit_send(emitter, routine);
        out_open(out, "if (msg_result == MACH_MSG_SUCCESS)");
        out->indent--;
        out_open(out, "{");
        emit_receive(emitter, routine);
        out_close(out, "}");
        return;
    }
    out_line(out, "msg_result = mach_msg%s(", has_overwrite(emitter, routine) ? "_overwrite" : "");
    out_line(out, "    &InP->Head,");
    out_line(out, "    %s | %s%s,", send_options(emitter, routine), receive_options(emitter, routine),
             user_options(emitter, routine));
    out_line(out, "    InP->Head.msgh_size, (mach_msg_size_t)sizeof(Mess%sOut), ReplyPort,", access);
    out_line(out, "    %s, MACH_PORT_NULL%s);", timeout != NULL ? timeout : "MACH_MSG_TIMEOUT_NONE",
             has_overwrite(emitter, routine) ? ", &OutP->Head, 0" : "");
}

static void emit_consume(struct emitter *emitter, const struct routine *routine)
{
    struct out *out = emitter->out;

    if (strcmp(routine->consume_on_send_error, "Timeout") == 0)
        out_open(out, "if (msg_result == MACH_SEND_TIMED_OUT)");
    else if (strcmp(routine->consume_on_send_error, "Any") == 0)
        out_open(out, "if (MIG_SEND_FAILED(msg_result))");
    else
        return;
    emit_destroy(emitter, "InP");
    out->indent--;
}

static void emit_log(struct emitter *emitter, const struct routine *routine, const char *when)
{
    if (!emitter->options->log)
        return;
    out_margin(emitter->out, "#ifdef __%sSend%s", when, routine->one_way ? "Simple" : "Rpc");
    out_line(emitter->out, "__%sSend%s(%lld, \"%s\")", when, routine->one_way ? "Simple" : "Rpc",
             (long long)routine->id, routine->name);
    out_margin(emitter->out, "#endif");
}

static void emit_exchange(struct emitter *emitter, const struct routine *routine)
{
    struct out *out = emitter->out;
    const char *special = routine->use_special_reply_port ? "special_" : "";

    out_blank(out);
    emit_log(emitter, routine, "Before");
    if (routine->one_way) {
        emit_send(emitter, routine);
        emit_log(emitter, routine, "After");
        emit_consume(emitter, routine);
        return;
    }
    emit_rpc(emitter, routine);
    emit_log(emitter, routine, "After");
    out_open(out, "if (msg_result != MACH_MSG_SUCCESS) {");
    emit_consume(emitter, routine);
    if (given_reply_port(routine) == NULL) {
        /* An answer may still come to a port that was not waited for long enough: nobody must mistake it. */
        out_open(out, "if (MIG_REPLY_PORT_LOST(msg_result))");
        out_line(out, "mig_dealloc_%sreply_port(ReplyPort);", special);
        out->indent--;
        if (!routine->use_special_reply_port) {
            out_open(out, "else");
            out_line(out, "mig_put_reply_port(ReplyPort);");
            out->indent--;
        }
    }
    out_line(out, "goto done;");
    out_close(out, "}");
    if (given_reply_port(routine) == NULL && !routine->use_special_reply_port)
        out_line(out, "mig_put_reply_port(ReplyPort);");
    emitter->failed = true;
}

/* ---- the reply ------------------------------------------------------------------------------------ */

static void emit_trailer(struct emitter *emitter, const struct routine *routine)
{
    static const char *const fields[] = {"", "msgh_seqno", "msgh_sender", "msgh_audit", "msgh_context"};
    static const char *const sizes[] = {"", "mach_msg_seqno_trailer_t", "mach_msg_security_trailer_t",
                                        "mach_msg_audit_trailer_t", "mach_msg_context_trailer_t"};
    struct out *out = emitter->out;

    if (!has_user_trailer(routine))
        return;
    out_line(out, "TrailerP = (const void *)((const char *)OutP + round_msg(OutP->Head.msgh_size));");
    out_line(out, "if (TrailerP->msgh_trailer_type != MACH_MSG_TRAILER_FORMAT_0 ||");
    out_open(out, "    TrailerP->msgh_trailer_size < (mach_msg_trailer_size_t)sizeof(%s)) {",
             sizes[routine->user_trailer]);
    emit_destroy(emitter, "OutP");
    out_line(out, "msg_result = MIG_TRAILER_ERROR;");
    out_line(out, "goto done;");
    out_close(out, "}");
    for (const struct arg *arg = routine->args; arg != NULL; arg = arg->next) {
        if (arg->role == ROLE_USER_TRAILER)
            out_line(out, "memcpy(%s, &TrailerP->%s, sizeof *%s);", arg->name, fields[arg->trailer], arg->name);
    }
}

static void emit_answer(struct emitter *emitter, const struct routine *routine)
{
    struct out *out = emitter->out;

    out_blank(out);
    out_line(out, "msg_result = __MIG_check__Reply__%s_t(OutP);", routine->name);
    out_open(out, "if (msg_result != KERN_SUCCESS) {");
    emit_destroy(emitter, "OutP");
    out_line(out, "goto done;");
    out_close(out, "}");
    emit_trailer(emitter, routine);
    if (routine->request.variable && emit_shifts(&routine->reply))
        out_line(out, "Delta = 0;");
    emitter->reply = true;
    emitter->message = "OutP";
    emit_unpack(emitter, &routine->reply);
}

static void emit_end(struct emitter *emitter, const struct routine *routine)
{
    struct out *out = emitter->out;

    if (emitter->failed) {
        out_blank(out);
        out_margin(out, "done:");
    }
    if (on_heap(emitter, routine))
        out_line(out, "mig_user_deallocate((char *)Mess, sizeof *Mess);");
    if (routine->kind == ROUTINE || routine->kind == SIMPLE_ROUTINE) {
        out_line(out, "return msg_result;");
        return;
    }
    out_open(out, "if (msg_result != KERN_SUCCESS)");
    out_line(out, "%s(msg_result);", routine->error_proc);
    out->indent--;
    if (routine->kind == FUNCTION)
        out_line(out, "return Result;");
}

static const char *kind_name(const struct routine *routine)
{
    static const char *const names[] = {"Routine", "SimpleRoutine", "Procedure", "SimpleProcedure", "Function"};

    return names[routine->kind];
}

static void emit_stub(struct emitter *emitter, const struct routine *routine)
{
    struct out *out = emitter->out;

    if (!routine->one_way)
        emit_verify(emitter, routine, true);
    emitter->routine = routine;
    emitter->reply = false;
    emitter->message = "InP";
    emitter->failed = false;
    out_line(out, "/* %s %s */", kind_name(routine), routine->name);
    emit_prototype(emitter, routine, WHO_USER, "");
    out_open(out, "{");
    declare(emitter, routine);
    emit_pack(emitter, &routine->request);
    set_reply_port(emitter, routine);
    set_header(emitter, routine);
    set_overwrite(emitter, routine);
    emit_exchange(emitter, routine);
    if (!routine->one_way)
        emit_answer(emitter, routine);
    emit_end(emitter, routine);
    out_close(out, "}");
    out_blank(out);
}

/* ---- the file ------------------------------------------------------------------------------------- */

static void emit_error_procs(struct emitter *emitter)
{
    const char *last = "";

    for (const struct routine *routine = emitter->interface->routines; routine != NULL; routine = routine->next) {
        bool uses = routine->kind != ROUTINE && routine->kind != SIMPLE_ROUTINE;
        if (uses && strcmp(routine->error_proc, last) != 0) {
            out_line(emitter->out, "extern void %s(kern_return_t);", routine->error_proc);
            last = routine->error_proc;
        }
    }
}

/* What a kernel sends with; its receiver declares nothing of it. */
static void emit_kernel_calls(struct emitter *emitter)
{
    if (!emitter->interface->kernel_user)
        return;
    out_line(emitter->out, "extern mach_msg_return_t mach_msg_send_from_kernel(mach_msg_header_t *message, "
                           "mach_msg_size_t send_size);");
    out_line(emitter->out, "extern mach_msg_return_t mach_msg_rpc_from_kernel(mach_msg_header_t *message, "
                           "mach_msg_size_t send_size, mach_msg_size_t rcv_size);");
}

static void emit_head(struct emitter *emitter)
{
    struct out *out = emitter->out;

    emit_prologue(emitter, "Client stubs");
    out_line(out, "#include <stdlib.h>");
    out_line(out, "#include <string.h>");
    out_blank(out);
    emit_includes(emitter, WHO_USER, true);
    emit_structs(emitter);
    emit_size_checks(emitter);
    emit_error_procs(emitter);
    emit_kernel_calls(emitter);
    for (const struct routine *routine = emitter->interface->routines; routine != NULL; routine = routine->next)
        emit_prototype(emitter, routine, WHO_USER, ";");
    out_blank(out);
    if (emitter->interface->rcsid != NULL)
        out_line(out, "static const char rcsid[] __attribute__((unused)) = %s;", emitter->interface->rcsid);
}

void emit_user(struct emitter *emitter)
{
    emitter->who = WHO_USER;
    emit_head(emitter);
    for (const struct routine *routine = emitter->interface->routines; routine != NULL; routine = routine->next)
        emit_stub(emitter, routine);
}

void emit_user_one(struct emitter *emitter, const struct routine *routine)
{
    emitter->who = WHO_USER;
    emit_head(emitter);
    emit_stub(emitter, routine);
}
