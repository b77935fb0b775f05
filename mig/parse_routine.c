/* SPDX-License-Identifier: BSD-2-Clause */
/* parse_routine.c - routines and their arguments. */
#include "parse.h"

#include <string.h>
#include <strings.h>

#define MAX_SLOTS 65536

/* ---- flags ---------------------------------------------------------------------------------------- */

static const struct {
    const char *word;
    unsigned flag;
    bool in_type; /* also in (type, size, flags) */
} flag_words[] = {
    {"dealloc", ARG_DEALLOC, true},
    {"notdealloc", ARG_NOT_DEALLOC, true},
    {"islong", ARG_LONG, true},
    {"isnotlong", ARG_NOT_LONG, true},
    {"servercopy", ARG_SERVER_COPY, false},
    {"countinout", ARG_COUNT_IN_OUT, false},
    {"samecount", ARG_SAME_COUNT, false},
    {"physicalcopy", ARG_PHYSICAL_COPY, false},
    {"overwrite", ARG_OVERWRITE, false},
    {"auto", ARG_AUTO, false},
    {"const", ARG_CONST, false},
    {"retcode", ARG_RETCODE, false},
};

static bool unknown_flag(struct parser *parser)
{
    if (parser->now.kind != TOKEN_WORD) {
        parse_expected(parser, "a flag");
        return false;
    }
    struct near near = {.wanted = parser->now.text};
    for (size_t i = 0; i < sizeof flag_words / sizeof flag_words[0]; i++)
        diag_near(&near, flag_words[i].word);
    if (near.best != NULL)
        diag_error(parser->source, parser->now.pos, "'%s' is not a flag; did you mean '%s'?", parser->now.text,
                   near.best);
    else
        diag_error(parser->source, parser->now.pos, "'%s' is not a flag", parser->now.text);
    return false;
}

static bool parse_flag(struct parser *parser, unsigned *flags, bool in_type)
{
    for (size_t i = 0; i < sizeof flag_words / sizeof flag_words[0]; i++) {
        unsigned flag = flag_words[i].flag;
        if (!parse_at_word(parser, flag_words[i].word))
            continue;
        struct pos pos = parser->now.pos;
        if (in_type && !flag_words[i].in_type) {
            diag_error(parser->source, pos, "flag '%s' belongs to an argument, not to a type", flag_words[i].word);
            return false;
        }
        parse_advance(parser);
        if (flag == ARG_DEALLOC && parse_take_punct(parser, '[')) {
            if (!parse_expect_punct(parser, ']', "after 'dealloc['"))
                return false;
            flag = ARG_MAYBE_DEALLOC;
        }
        if (*flags & flag)
            diag_warning(parser->source, pos, "flag '%s' is given twice", flag_words[i].word);
        *flags |= flag;
        return true;
    }
    return unknown_flag(parser);
}

bool parse_arg_flags(struct parser *parser, unsigned *flags, bool in_type)
{
    while (parse_take_punct(parser, ',')) {
        if (!parse_flag(parser, flags, in_type))
            return false;
    }
    return true;
}

/* ---- arguments ------------------------------------------------------------------------------------ */

static const struct {
    const char *word;
    enum role role;
    enum trailer trailer;
} role_words[] = {
    {"in", ROLE_IN, TRAILER_NONE},
    {"out", ROLE_OUT, TRAILER_NONE},
    {"inout", ROLE_INOUT, TRAILER_NONE},
    {"requestport", ROLE_REQUEST_PORT, TRAILER_NONE},
    {"replyport", ROLE_REPLY_PORT, TRAILER_NONE},
    {"sreplyport", ROLE_SREPLY_PORT, TRAILER_NONE},
    {"ureplyport", ROLE_UREPLY_PORT, TRAILER_NONE},
    {"waittime", ROLE_WAIT_TIME, TRAILER_NONE},
    {"sendtime", ROLE_SEND_TIME, TRAILER_NONE},
    {"msgoption", ROLE_MSG_OPTION, TRAILER_NONE},
    {"msgseqno", ROLE_SERVER_TRAILER, TRAILER_SEQNO},
    {"serversectoken", ROLE_SERVER_TRAILER, TRAILER_SECURITY},
    {"serveraudittoken", ROLE_SERVER_TRAILER, TRAILER_AUDIT},
    {"servercontexttoken", ROLE_SERVER_TRAILER, TRAILER_CONTEXT},
    {"usersectoken", ROLE_USER_TRAILER, TRAILER_SECURITY},
    {"useraudittoken", ROLE_USER_TRAILER, TRAILER_AUDIT},
    {"serverimpl", ROLE_SERVER_TRAILER, TRAILER_NONE}, /* the type tells which element */
    {"userimpl", ROLE_USER_TRAILER, TRAILER_NONE},
};

static bool unknown_role(struct parser *parser, const struct token *ahead)
{
    struct near near = {.wanted = parser->now.text};

    for (size_t i = 0; i < sizeof role_words / sizeof role_words[0]; i++)
        diag_near(&near, role_words[i].word);
    if (ahead->kind != TOKEN_WORD) {
        parse_advance(parser);
        parse_expected(parser, "':' after the argument's name");
    } else if (near.best != NULL) {
        diag_error(parser->source, parser->now.pos, "'%s' is not a direction; did you mean '%s'?", parser->now.text,
                   near.best);
    } else {
        diag_error(parser->source, parser->now.pos, "'%s' is not a direction", parser->now.text);
    }
    return false;
}

static bool parse_role(struct parser *parser, struct arg *arg)
{
    const struct token *ahead = parse_ahead(parser);

    arg->role = ROLE_IN;
    if (ahead->kind == TOKEN_PUNCT && ahead->punct == ':')
        return true;
    for (size_t i = 0; i < sizeof role_words / sizeof role_words[0]; i++) {
        if (parse_at_word(parser, role_words[i].word)) {
            arg->role = role_words[i].role;
            arg->trailer = role_words[i].trailer;
            arg->role_given = true;
            parse_advance(parser);
            return true;
        }
    }
    return unknown_role(parser, ahead);
}

/* `: name`, or `: name = type`, which also defines the type. */
static struct type *parse_arg_type(struct parser *parser)
{
    struct token *ahead;

    if (parser->now.kind != TOKEN_WORD) {
        parse_expected(parser, "the argument's type");
        return NULL;
    }
    ahead = parse_ahead(parser);
    if (ahead->kind == TOKEN_PUNCT && ahead->punct == '=')
        return parse_type_definition(parser);
    struct type *type = type_find(parser->source, parser->interface, parser->now.text, parser->now.pos);
    if (type != NULL)
        parse_advance(parser);
    return type;
}

static struct arg *parse_arg(struct parser *parser)
{
    struct arg *arg = arena_new(parser->source->arena, struct arg);

    if (parser->now.kind != TOKEN_WORD) {
        parse_expected(parser, "an argument");
        return NULL;
    }
    if (!parse_role(parser, arg))
        return NULL;
    arg->pos = parser->now.pos;
    arg->name = parse_expect_name(parser, "the argument's name");
    if (arg->name == NULL || !parse_expect_punct(parser, ':', "after the argument's name"))
        return NULL;
    arg->type = parse_arg_type(parser);
    if (arg->type == NULL || !parse_arg_flags(parser, &arg->flags, false))
        return NULL;
    return arg;
}

static void skip_arg(struct parser *parser)
{
    unsigned open = 0;

    while (parser->now.kind != TOKEN_END) {
        if (parse_at_punct(parser, '('))
            open++;
        else if (parse_at_punct(parser, ')') && open-- == 0)
            return;
        else if (parse_at_punct(parser, ';') && open == 0)
            return;
        parse_advance(parser);
    }
}

static bool add_arg(struct parser *parser, struct routine *routine, struct arg *arg)
{
    for (struct arg *other = routine->args; other != NULL; other = other->next) {
        if (strcmp(other->name, arg->name) == 0) {
            diag_error(parser->source, arg->pos, "there is an argument '%s' already", arg->name);
            diag_note(parser->source, other->pos, "it is here");
            return false;
        }
    }
    *parser->arg_end = arg;
    parser->arg_end = &arg->next;
    return true;
}

/* ( arg ; arg ; ... ), with or without a last ';'.  Errors stay inside. */
static bool parse_args(struct parser *parser, struct routine *routine)
{
    parser->arg_end = &routine->args;
    if (!parse_expect_punct(parser, '(', "after the routine's name"))
        return false;
    while (!parse_at_punct(parser, ')')) {
        struct arg *arg = parse_arg(parser);
        if (arg == NULL || !add_arg(parser, routine, arg))
            routine->broken = true;
        if (arg == NULL)
            skip_arg(parser);
        if (parse_take_punct(parser, ';'))
            continue;
        if (parse_at_punct(parser, ')'))
            break;
        parse_expected(parser, "';' or ')' after the argument");
        if (parser->now.kind == TOKEN_END)
            return false;
        skip_arg(parser);
        parse_take_punct(parser, ';');
    }
    parse_advance(parser);
    return true;
}

static void add_return(struct parser *parser, struct routine *routine)
{
    struct arg *arg = arena_new(parser->source->arena, struct arg);

    arg->name = routine->name;
    arg->pos = parser->now.pos;
    arg->role = ROLE_RETURN;
    arg->type = parse_arg_type(parser);
    if (arg->type != NULL && add_arg(parser, routine, arg))
        routine->return_arg = arg;
}

/* ---- the routine ---------------------------------------------------------------------------------- */

static void take_settings(struct routine *routine, const struct settings *settings)
{
    routine->user_prefix = settings->user_prefix;
    routine->server_prefix = settings->server_prefix;
    routine->wait_time = settings->wait_time;
    routine->send_time = settings->send_time;
    routine->msg_option = settings->msg_option;
    routine->error_proc = settings->error_proc;
    routine->use_special_reply_port = settings->use_special_reply_port;
    routine->consume_on_send_error = settings->consume_on_send_error;
}

static void add_routine(struct parser *parser, struct routine *routine)
{
    struct interface *interface = parser->interface;
    struct routine *before;

    routine->id = interface->base + interface->slots++;
    if (routine->id > INT32_MAX || interface->slots > MAX_SLOTS) {
        diag_error(parser->source, routine->pos, "message id of '%s' is out of range", routine->name);
        return;
    }
    HASH_FIND_STR(interface->routine_names, routine->name, before);
    if (before != NULL) {
        diag_error(parser->source, routine->pos, "routine '%s' is defined twice", routine->name);
        diag_note(parser->source, before->pos, "it was first defined here");
        return;
    }
    HASH_ADD_KEYPTR(hh, interface->routine_names, routine->name, strlen(routine->name), routine);
    *parser->routine_end = routine;
    parser->routine_end = &routine->next;
}

void parse_routine(struct parser *parser, enum routine_kind kind)
{
    struct routine *routine = arena_new(parser->source->arena, struct routine);

    if (parser->interface->name == NULL) {
        diag_error(parser->source, parser->now.pos, "the subsystem statement must come before the first routine");
        parser->interface->name = "missing";
    }
    parse_advance(parser);
    routine->pos = parser->now.pos;
    routine->kind = kind;
    routine->name = parse_expect_name(parser, "the routine's name");
    bool ok = routine->name != NULL && parse_args(parser, routine);
    if (ok && kind == FUNCTION) {
        ok = parse_expect_punct(parser, ':', "and the function's type");
        if (ok)
            add_return(parser, routine);
    }
    if (ok)
        ok = parse_expect_punct(parser, ';', "after the routine");
    if (!ok) {
        while (parser->now.kind != TOKEN_END && !parse_take_punct(parser, ';'))
            parse_advance(parser);
        return;
    }
    take_settings(routine, &parser->settings);
    add_routine(parser, routine);
}
