/* SPDX-License-Identifier: BSD-2-Clause */
/* check.c - what must hold of an interface as a whole, and the defaults that follow from the rest. */
#include "check.h"

#include <string.h>

bool arg_in_request(const struct arg *arg)
{
    return arg->role == ROLE_IN || arg->role == ROLE_INOUT;
}

bool arg_in_reply(const struct arg *arg)
{
    return arg->role == ROLE_OUT || arg->role == ROLE_INOUT || arg->role == ROLE_RETURN;
}

bool arg_has_count(const struct arg *arg)
{
    return arg->count_owner != NULL;
}

bool arg_owns_count(const struct arg *arg)
{
    return arg->count_owner == arg;
}

bool arg_is_array(const struct arg *arg)
{
    const struct type *type = arg->type;

    return (type->kind == TYPE_ARRAY || type->kind == TYPE_STRING) && !type->out_of_line && !type->indefinite &&
           type->null_value == NULL;
}

/* ---- types ---------------------------------------------------------------------------------------- */

static const char *first(const char *a, const char *b, const char *c, const char *d)
{
    return a != NULL ? a : b != NULL ? b : c != NULL ? c : d;
}

static void complete_type(struct type *type)
{
    type->user_type = first(type->user_type, type->ctype, type->tran_user, type->name);
    type->server_type = first(type->server_type, type->tran_server, type->ctype, type->name);
}

/* ---- one argument --------------------------------------------------------------------------------- */

static bool is_integer32(const struct type *type)
{
    return type->kind == TYPE_SCALAR && !type->out_of_line && !wire_is_port(type->wire_sent) && type->bits == 32 &&
           type->target == NULL;
}

static bool is_out_of_line(const struct type *type)
{
    return type->out_of_line || type->indefinite;
}

static bool is_counted(const struct type *type)
{
    return type->kind == TYPE_ARRAY && type->variable && type->null_value == NULL;
}

static void need_type(struct source *source, const struct arg *arg, bool holds, const char *what)
{
    if (!holds)
        diag_error(source, arg->pos, "argument '%s' must be %s", arg->name, what);
}

static enum trailer trailer_for(const struct type *type)
{
    if (type->kind == TYPE_SCALAR)
        return type->size == 8 ? TRAILER_CONTEXT : type->size == 4 ? TRAILER_SEQNO : TRAILER_NONE;
    return type->size == 8 ? TRAILER_SECURITY : type->size == 32 ? TRAILER_AUDIT : TRAILER_NONE;
}

static void check_trailer_arg(struct source *source, struct arg *arg)
{
    static const uint32_t sizes[] = {
        [TRAILER_SEQNO] = 4, [TRAILER_SECURITY] = 8, [TRAILER_AUDIT] = 32, [TRAILER_CONTEXT] = 8};

    if (arg->trailer == TRAILER_NONE)
        arg->trailer = trailer_for(arg->type);
    if (arg->trailer == TRAILER_NONE)
        diag_error(source, arg->pos, "no element of a message trailer has the type of argument '%s'", arg->name);
    else if (arg->type->size != sizes[arg->trailer] || is_out_of_line(arg->type) || arg->type->variable)
        diag_error(source, arg->pos, "argument '%s' must have %u bytes, not %llu", arg->name, sizes[arg->trailer],
                   (unsigned long long)arg->type->size);
}

static void check_role(struct source *source, struct arg *arg)
{
    switch (arg->role) {
    case ROLE_REQUEST_PORT:
    case ROLE_REPLY_PORT:
    case ROLE_SREPLY_PORT:
    case ROLE_UREPLY_PORT: need_type(source, arg, type_is_port(arg->type), "a port"); break;
    case ROLE_WAIT_TIME:
    case ROLE_SEND_TIME:
    case ROLE_MSG_OPTION: need_type(source, arg, is_integer32(arg->type), "a 32-bit integer"); break;
    case ROLE_SERVER_TRAILER:
    case ROLE_USER_TRAILER: check_trailer_arg(source, arg); break;
    case ROLE_RETURN:
        if (is_out_of_line(arg->type) || (arg->type->kind != TYPE_SCALAR && arg->type->kind != TYPE_STRUCT))
            diag_error(source, arg->pos, "a function cannot return '%s': it is no value that C can return",
                       arg->type->name);
        break;
    case ROLE_IN:
    case ROLE_OUT:
    case ROLE_INOUT: break;
    }
}

struct flag_rule {
    unsigned flag;
    const char *word;
    bool holds;
    const char *needs;
};

static void check_flags(struct source *source, const struct routine *routine, struct arg *arg)
{
    const struct type *type = arg->type;
    bool in = arg_in_request(arg), out = arg_in_reply(arg);
    bool memory = is_out_of_line(type);
    bool counted = is_counted(type);
    bool body = in || out;
    const struct flag_rule rules[] = {
        {ARG_DEALLOC, "dealloc", body && memory, "out-of-line data"},
        {ARG_MAYBE_DEALLOC, "dealloc[]", body && memory, "out-of-line data"},
        {ARG_NOT_DEALLOC, "notdealloc", body && memory, "out-of-line data"},
        {ARG_SERVER_COPY, "servercopy", in && memory, "an in argument with out-of-line data"},
        {ARG_COUNT_IN_OUT, "countinout", arg->role == ROLE_OUT && counted && !memory && !type_holds_ports(type),
         "an out argument that is a variable array in the message"},
        {ARG_SAME_COUNT, "samecount", body && counted, "a variable array"},
        {ARG_PHYSICAL_COPY, "physicalcopy", body && memory && !type_holds_ports(type), "out-of-line memory"},
        {ARG_OVERWRITE, "overwrite", out && memory && counted && !type_holds_ports(type),
         "an out argument with out-of-line memory"},
        {ARG_AUTO, "auto", in && memory, "an in argument with out-of-line data"},
        {ARG_CONST, "const", arg->role == ROLE_IN, "an in argument"},
        {ARG_LONG, "islong", body, "an argument that is in the message"},
        {ARG_NOT_LONG, "isnotlong", body, "an argument that is in the message"},
        {ARG_RETCODE, "retcode",
         arg->role == ROLE_IN && is_integer32(type) &&
             (routine->kind == SIMPLE_ROUTINE || routine->kind == SIMPLE_PROCEDURE),
         "a 32-bit in argument of a simpleroutine"},
    };

    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if ((arg->flags & rules[i].flag) && !rules[i].holds)
            diag_error(source, arg->pos, "flag '%s' of argument '%s' needs %s", rules[i].word, arg->name,
                       rules[i].needs);
    }
    unsigned deallocs = arg->flags & (ARG_DEALLOC | ARG_MAYBE_DEALLOC | ARG_NOT_DEALLOC);
    if (deallocs & (deallocs - 1))
        diag_error(source, arg->pos, "argument '%s' has contradicting dealloc flags", arg->name);
    if ((arg->flags & (ARG_LONG | ARG_NOT_LONG)) == (ARG_LONG | ARG_NOT_LONG))
        diag_error(source, arg->pos, "argument '%s' has contradicting flags 'islong' and 'isnotlong'", arg->name);
}

static void settle_dealloc(struct arg *arg)
{
    arg->dealloc = is_out_of_line(arg->type) ? arg->type->dealloc : DEALLOC_NO;
    if (arg->flags & ARG_DEALLOC)
        arg->dealloc = DEALLOC_YES;
    if (arg->flags & ARG_MAYBE_DEALLOC)
        arg->dealloc = DEALLOC_MAYBE;
    if (arg->flags & ARG_NOT_DEALLOC)
        arg->dealloc = DEALLOC_NO;
}

/* samecount refers to the nearest counted argument before it (or, where there is none, after it). */
static void settle_count(struct source *source, struct routine *routine, struct arg *arg)
{
    struct arg *owner = NULL;

    if (!is_counted(arg->type) || !(arg_in_request(arg) || arg_in_reply(arg)))
        return;
    if (!(arg->flags & ARG_SAME_COUNT)) {
        arg->count_owner = arg;
        return;
    }
    for (struct arg *other = routine->args; other != NULL; other = other->next) {
        bool counts = is_counted(other->type) && !(other->flags & ARG_SAME_COUNT) && other->role == arg->role;
        bool before = other->pos.offset < arg->pos.offset;
        if (counts && (before || owner == NULL))
            owner = other;
        if (!before && owner != NULL)
            break;
    }
    if (owner == NULL) {
        diag_error(source, arg->pos, "flag 'samecount' of argument '%s' needs another variable array to count with",
                   arg->name);
        return;
    }
    arg->count_owner = owner;
}

/* ---- names that C would mistake --------------------------------------------------------------------- */

static const char *const c_keywords[] = {
    "auto",     "break",  "case",   "char",    "const",    "continue", "default", "do",     "double",
    "else",     "enum",   "extern", "float",   "for",      "goto",     "if",      "inline", "int",
    "long",     "register", "restrict", "return", "short", "signed",   "sizeof",  "static", "struct",
    "switch",   "typedef", "union", "unsigned", "void",    "volatile", "while",
};

/* What the generated functions and messages use themselves. */
static const char *const own_names[] = {
    "Head",     "NDR",      "RetCode", "msgh_body", "Mess",  "InP",   "OutP",       "InHeadP",  "OutHeadP", "TrailerP",
    "Size",     "Delta",    "Left",    "Index",     "Value", "Type",  "msg_result", "Result",   "Address",  "ReplyPort",
    "mach_msg", "memcpy",   "memset",  "memmove",   "memchr", "strlen", "strnlen",  "Error",    "ErrorP",   "Check",
    "Mess",
};

static bool listed(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, list[i]) == 0)
            return true;
    return false;
}

#define LISTED(name, list) listed((name), (list), sizeof(list) / sizeof((list)[0]))

static void check_c_name(struct source *source, const char *name, struct pos pos)
{
    if (LISTED(name, c_keywords))
        diag_error(source, pos, "'%s' is a keyword of C", name);
    else if (strchr("0123456789", name[0]) != NULL)
        diag_error(source, pos, "'%s' is no name that C accepts", name);
}

/* nameCnt, namePoly and their kind are C parameters of their own. */
static void check_derived_names(struct source *source, const struct routine *routine, const struct arg *arg)
{
    static const char *const suffixes[] = {"Cnt", "Poly", "Dealloc", "SCopy", "Offset", "Type"};
    size_t length = strlen(arg->name);

    for (const struct arg *other = routine->args; other != NULL; other = other->next) {
        if (strncmp(other->name, arg->name, length) != 0)
            continue;
        if (LISTED(other->name + length, suffixes)) {
            diag_error(source, other->pos, "the name '%s' is kept for what comes with argument '%s'", other->name,
                       arg->name);
            diag_note(source, arg->pos, "'%s' is here", arg->name);
        }
    }
}

static void check_arg_name(struct source *source, const struct routine *routine, const struct arg *arg)
{
    if (arg->role == ROLE_RETURN)
        return;
    check_c_name(source, arg->name, arg->pos);
    if (LISTED(arg->name, own_names))
        diag_error(source, arg->pos, "the name '%s' is kept for generated code", arg->name);
    check_derived_names(source, routine, arg);
}

/* ---- one routine ------------------------------------------------------------------------------------ */

static bool has_reply(const struct routine *routine)
{
    return routine->kind == ROUTINE || routine->kind == PROCEDURE || routine->kind == FUNCTION;
}

/* Of the roles that there may be one of. */
static void take_single(struct source *source, struct arg **place, struct arg *arg, const char *what)
{
    if (*place != NULL) {
        diag_error(source, arg->pos, "there is %s already", what);
        diag_note(source, (*place)->pos, "it is here");
        return;
    }
    *place = arg;
}

static void take_roles(struct source *source, struct routine *routine)
{
    for (struct arg *arg = routine->args; arg != NULL; arg = arg->next) {
        switch (arg->role) {
        case ROLE_REQUEST_PORT: take_single(source, &routine->request_port, arg, "a request port"); break;
        case ROLE_REPLY_PORT:
        case ROLE_SREPLY_PORT:
        case ROLE_UREPLY_PORT: take_single(source, &routine->reply_port, arg, "a reply port"); break;
        case ROLE_WAIT_TIME: take_single(source, &routine->wait_arg, arg, "a waittime argument"); break;
        case ROLE_SEND_TIME: take_single(source, &routine->send_arg, arg, "a sendtime argument"); break;
        case ROLE_MSG_OPTION: take_single(source, &routine->option_arg, arg, "a msgoption argument"); break;
        default: break;
        }
        if (arg->flags & ARG_RETCODE)
            take_single(source, &routine->retcode_arg, arg, "a retcode argument");
    }
}

/* The first port without a direction, where nothing says requestport. */
static void find_request_port(struct source *source, struct routine *routine)
{
    for (struct arg *arg = routine->args; arg != NULL; arg = arg->next) {
        if (arg->role == ROLE_REQUEST_PORT)
            return;
    }
    for (struct arg *arg = routine->args; arg != NULL; arg = arg->next) {
        if (!arg->role_given && arg->role == ROLE_IN && type_is_port(arg->type)) {
            arg->role = ROLE_REQUEST_PORT;
            return;
        }
    }
    diag_error(source, routine->pos, "routine '%s' has no request port: a port argument without a direction",
               routine->name);
}

static void check_one_way(struct source *source, const struct routine *routine)
{
    for (const struct arg *arg = routine->args; arg != NULL; arg = arg->next) {
        if (arg_in_reply(arg))
            diag_error(source, arg->pos, "argument '%s' cannot come out of '%s', which has no reply", arg->name,
                       routine->name);
        if (arg->role == ROLE_WAIT_TIME)
            diag_error(source, arg->pos, "argument '%s' cannot be waittime: '%s' has no reply to wait for", arg->name,
                       routine->name);
        if (arg->role == ROLE_USER_TRAILER)
            diag_error(source, arg->pos, "argument '%s' comes from a reply, and '%s' has none", arg->name,
                       routine->name);
    }
}

static void take_trailers(struct routine *routine)
{
    for (const struct arg *arg = routine->args; arg != NULL; arg = arg->next) {
        if (arg->role == ROLE_SERVER_TRAILER && arg->trailer > routine->server_trailer)
            routine->server_trailer = arg->trailer;
        if (arg->role == ROLE_USER_TRAILER && arg->trailer > routine->user_trailer)
            routine->user_trailer = arg->trailer;
    }
}

static void check_routine(struct source *source, struct routine *routine)
{
    routine->one_way = !has_reply(routine);
    check_c_name(source, routine->name, routine->pos);
    find_request_port(source, routine);
    take_roles(source, routine);
    if (routine->one_way)
        check_one_way(source, routine);
    for (struct arg *arg = routine->args; arg != NULL; arg = arg->next) {
        check_role(source, arg);
        check_flags(source, routine, arg);
        check_arg_name(source, routine, arg);
        settle_dealloc(arg);
        settle_count(source, routine, arg);
    }
    take_trailers(routine);
    if ((routine->kind == PROCEDURE || routine->kind == SIMPLE_PROCEDURE || routine->kind == FUNCTION) &&
        routine->error_proc == NULL)
        routine->error_proc = "MsgError";
}

void check_interface(struct source *source, struct interface *interface)
{
    for (struct type *type = interface->types; type != NULL; type = type->hh.next)
        complete_type(type);
    for (struct routine *routine = interface->routines; routine != NULL; routine = routine->next) {
        if (!routine->broken)
            check_routine(source, routine);
    }
}
