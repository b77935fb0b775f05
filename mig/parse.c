/* SPDX-License-Identifier: BSD-2-Clause */
/* parse.c - statements, and what all of the parser uses. */
#include "parse.h"

#include <string.h>
#include <strings.h>

#define MAX_ID INT32_MAX
#define MAX_SLOTS 65536

void parse_advance(struct parser *parser)
{
    parser->now = parser->have_ahead ? parser->ahead : lex_next(&parser->lexer);
    parser->have_ahead = false;
}

struct token *parse_ahead(struct parser *parser)
{
    if (!parser->have_ahead) {
        parser->ahead = lex_next(&parser->lexer);
        parser->have_ahead = true;
    }
    return &parser->ahead;
}

bool parse_at_word(const struct parser *parser, const char *keyword)
{
    return parser->now.kind == TOKEN_WORD && strcasecmp(parser->now.text, keyword) == 0;
}

bool parse_at_punct(const struct parser *parser, char punct)
{
    return parser->now.kind == TOKEN_PUNCT && parser->now.punct == punct;
}

bool parse_take_punct(struct parser *parser, char punct)
{
    if (!parse_at_punct(parser, punct))
        return false;
    parse_advance(parser);
    return true;
}

void parse_expected(struct parser *parser, const char *what)
{
    const struct token *now = &parser->now;

    switch (now->kind) {
    case TOKEN_END: diag_error(parser->source, now->pos, "expected %s before the end of the file", what); break;
    case TOKEN_WORD: diag_error(parser->source, now->pos, "expected %s before '%s'", what, now->text); break;
    case TOKEN_STRING: diag_error(parser->source, now->pos, "expected %s before %s", what, now->text); break;
    case TOKEN_NUMBER: diag_error(parser->source, now->pos, "expected %s before a number", what); break;
    case TOKEN_PUNCT: diag_error(parser->source, now->pos, "expected %s before '%c'", what, now->punct); break;
    case TOKEN_BAD: break;
    }
}

bool parse_expect_punct(struct parser *parser, char punct, const char *where)
{
    if (parse_take_punct(parser, punct))
        return true;
    parse_expected(parser, arena_printf(parser->source->arena, "'%c' %s", punct, where));
    return false;
}

const char *parse_expect_name(struct parser *parser, const char *what)
{
    if (parser->now.kind != TOKEN_WORD) {
        parse_expected(parser, what);
        return NULL;
    }
    const char *name = parser->now.text;
    parse_advance(parser);
    return name;
}

/* After an error: past the next ';' that is outside parentheses opened since, or the end. */
static void skip_statement(struct parser *parser)
{
    while (parser->now.kind != TOKEN_END && !parse_at_punct(parser, ';'))
        parse_advance(parser);
    parse_take_punct(parser, ';');
}

/* ---- one function a statement; each returns whether it went well, its ';' not yet taken -------- */

static bool parse_subsystem(struct parser *parser)
{
    struct interface *interface = parser->interface;
    struct pos pos = parser->now.pos;

    parse_advance(parser);
    for (;;) {
        struct token *ahead = parse_ahead(parser);
        if (ahead->kind == TOKEN_NUMBER || (ahead->kind == TOKEN_PUNCT && ahead->punct != ';'))
            break;
        if (parse_at_word(parser, "KernelUser"))
            interface->kernel_user = true;
        else if (parse_at_word(parser, "KernelServer"))
            interface->kernel_server = true;
        else
            break;
        parse_advance(parser);
    }
    struct pos name_pos = parser->now.pos;
    const char *name = parse_expect_name(parser, "the subsystem's name");
    struct pos base_pos = parser->now.pos;
    uint64_t base;
    if (name == NULL || !parse_number(parser, &base))
        return false;
    if (interface->name != NULL) {
        diag_error(parser->source, pos, "there is a subsystem statement already");
        diag_note(parser->source, interface->pos, "it is here");
        return false;
    }
    if (base > MAX_ID) {
        diag_error(parser->source, base_pos, "message id is out of range (0 to %d)", MAX_ID);
        base = 0;
    }
    interface->name = name;
    interface->pos = name_pos;
    interface->base = (int64_t)base;
    return true;
}

static bool parse_type_statement(struct parser *parser)
{
    parse_advance(parser);
    return parse_type_definition(parser) != NULL;
}

static bool parse_skip(struct parser *parser)
{
    uint64_t count = 1;
    struct pos pos = parser->now.pos;

    parse_advance(parser);
    if (!parse_at_punct(parser, ';') && !parse_number(parser, &count))
        return false;
    if (count > MAX_SLOTS) {
        diag_error(parser->source, pos, "cannot skip more than %d ids", MAX_SLOTS);
        return true;
    }
    parser->interface->slots += (int64_t)count;
    return true;
}

static bool parse_import(struct parser *parser, enum import_kind kind)
{
    struct token name = lex_file_name(&parser->lexer);

    parser->have_ahead = false;
    parse_advance(parser);
    if (name.kind != TOKEN_STRING)
        return false;
    struct import **end = &parser->interface->imports;
    while (*end != NULL)
        end = &(*end)->next;
    *end = arena_new(parser->source->arena, struct import);
    (*end)->kind = kind;
    (*end)->name = name.text;
    return true;
}

static bool parse_rcsid(struct parser *parser)
{
    parse_advance(parser);
    if (parser->now.kind != TOKEN_STRING) {
        parse_expected(parser, "a quoted string");
        return false;
    }
    parser->interface->rcsid = parser->now.text;
    parse_advance(parser);
    return true;
}

/* userprefix, serverprefix, serverdemux, error: a name.  A prefix may be left out: no prefix. */
static bool parse_name_setting(struct parser *parser, const char **setting, const char *what, bool may_be_empty)
{
    parse_advance(parser);
    if (may_be_empty && parse_at_punct(parser, ';')) {
        *setting = "";
        return true;
    }
    const char *name = parse_expect_name(parser, what);
    if (name != NULL)
        *setting = name;
    return name != NULL;
}

/* waittime, sendtime, msgoption: a C expression of one name or number. */
static bool parse_value_setting(struct parser *parser, const char **setting, const char *what)
{
    parse_advance(parser);
    if (parser->now.kind == TOKEN_NUMBER)
        *setting = arena_printf(parser->source->arena, "%llu", (unsigned long long)parser->now.number);
    else if (parser->now.kind == TOKEN_STRING)
        *setting = arena_strndup(parser->source->arena, parser->now.text + 1, strlen(parser->now.text) - 2);
    else if (parser->now.kind == TOKEN_WORD)
        *setting = parser->now.text;
    else {
        parse_expected(parser, what);
        return false;
    }
    parse_advance(parser);
    return true;
}

static bool parse_msgoption(struct parser *parser)
{
    if (!parse_value_setting(parser, &parser->settings.msg_option, "a message option"))
        return false;
    if (strcasecmp(parser->settings.msg_option, "MACH_MSG_OPTION_NONE") == 0)
        parser->settings.msg_option = NULL;
    return true;
}

static bool parse_clear_setting(struct parser *parser, const char **setting)
{
    parse_advance(parser);
    *setting = NULL;
    return true;
}

static bool parse_limit(struct parser *parser, int64_t *limit)
{
    uint64_t value;
    struct pos pos;

    parse_advance(parser);
    pos = parser->now.pos;
    if (!parse_number(parser, &value))
        return false;
    if (value > TYPE_MAX_SIZE) {
        diag_error(parser->source, pos, "limit is larger than a message can be (%u bytes)", TYPE_MAX_SIZE);
        return true;
    }
    *limit = (int64_t)value;
    return true;
}

static bool parse_special_reply_port(struct parser *parser)
{
    uint64_t value;
    struct pos pos;

    parse_advance(parser);
    pos = parser->now.pos;
    if (!parse_number(parser, &value))
        return false;
    if (value > 1)
        diag_error(parser->source, pos, "UseSpecialReplyPort is 0 or 1");
    parser->settings.use_special_reply_port = value == 1;
    return true;
}

static bool parse_consume_on_send_error(struct parser *parser)
{
    static const char *const choices[] = {"None", "Timeout", "Any"};

    parse_advance(parser);
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        if (parse_at_word(parser, choices[i])) {
            parser->settings.consume_on_send_error = choices[i];
            parse_advance(parser);
            return true;
        }
    }
    parse_expected(parser, "None, Timeout or Any");
    return false;
}

static bool parse_old_word(struct parser *parser)
{
    diag_error(parser->source, parser->now.pos, "'%s' is no longer part of the language", parser->now.text);
    return false;
}

enum statement {
    STATEMENT_SUBSYSTEM,
    STATEMENT_TYPE,
    STATEMENT_ROUTINE,
    STATEMENT_SIMPLE_ROUTINE,
    STATEMENT_PROCEDURE,
    STATEMENT_SIMPLE_PROCEDURE,
    STATEMENT_FUNCTION,
    STATEMENT_SKIP,
    STATEMENT_IMPORT,
    STATEMENT_UIMPORT,
    STATEMENT_SIMPORT,
    STATEMENT_IIMPORT,
    STATEMENT_DIMPORT,
    STATEMENT_RCSID,
    STATEMENT_USERPREFIX,
    STATEMENT_SERVERPREFIX,
    STATEMENT_SERVERDEMUX,
    STATEMENT_ERROR,
    STATEMENT_MSGOPTION,
    STATEMENT_WAITTIME,
    STATEMENT_NOWAITTIME,
    STATEMENT_SENDTIME,
    STATEMENT_NOSENDTIME,
    STATEMENT_SPECIAL_REPLY_PORT,
    STATEMENT_CONSUME,
    STATEMENT_USER_TYPE_LIMIT,
    STATEMENT_ON_STACK_LIMIT,
    STATEMENT_OLD,
};

static const struct {
    const char *word;
    enum statement statement;
} statements[] = {
    {"subsystem", STATEMENT_SUBSYSTEM},
    {"type", STATEMENT_TYPE},
    {"routine", STATEMENT_ROUTINE},
    {"simpleroutine", STATEMENT_SIMPLE_ROUTINE},
    {"procedure", STATEMENT_PROCEDURE},
    {"simpleprocedure", STATEMENT_SIMPLE_PROCEDURE},
    {"function", STATEMENT_FUNCTION},
    {"skip", STATEMENT_SKIP},
    {"import", STATEMENT_IMPORT},
    {"uimport", STATEMENT_UIMPORT},
    {"simport", STATEMENT_SIMPORT},
    {"iimport", STATEMENT_IIMPORT},
    {"dimport", STATEMENT_DIMPORT},
    {"rcsid", STATEMENT_RCSID},
    {"userprefix", STATEMENT_USERPREFIX},
    {"serverprefix", STATEMENT_SERVERPREFIX},
    {"serverdemux", STATEMENT_SERVERDEMUX},
    {"error", STATEMENT_ERROR},
    {"msgoption", STATEMENT_MSGOPTION},
    {"waittime", STATEMENT_WAITTIME},
    {"nowaittime", STATEMENT_NOWAITTIME},
    {"sendtime", STATEMENT_SENDTIME},
    {"nosendtime", STATEMENT_NOSENDTIME},
    {"usespecialreplyport", STATEMENT_SPECIAL_REPLY_PORT},
    {"consumeonsenderror", STATEMENT_CONSUME},
    {"usertypelimit", STATEMENT_USER_TYPE_LIMIT},
    {"onstacklimit", STATEMENT_ON_STACK_LIMIT},
    {"msgtype", STATEMENT_OLD},
    {"camelot", STATEMENT_OLD},
};

static bool parse_statement_body(struct parser *parser, enum statement statement)
{
    struct settings *settings = &parser->settings;

    switch (statement) {
    case STATEMENT_SUBSYSTEM: return parse_subsystem(parser);
    case STATEMENT_TYPE: return parse_type_statement(parser);
    case STATEMENT_SKIP: return parse_skip(parser);
    case STATEMENT_IMPORT: return parse_import(parser, IMPORT_BOTH);
    case STATEMENT_UIMPORT: return parse_import(parser, IMPORT_USER);
    case STATEMENT_SIMPORT: return parse_import(parser, IMPORT_SERVER);
    case STATEMENT_IIMPORT: return parse_import(parser, IMPORT_INTERNAL);
    case STATEMENT_DIMPORT: return parse_import(parser, IMPORT_DEFINES);
    case STATEMENT_RCSID: return parse_rcsid(parser);
    case STATEMENT_USERPREFIX: return parse_name_setting(parser, &settings->user_prefix, "a prefix", true);
    case STATEMENT_SERVERPREFIX: return parse_name_setting(parser, &settings->server_prefix, "a prefix", true);
    case STATEMENT_SERVERDEMUX:
        return parse_name_setting(parser, &parser->interface->server_demux, "the demultiplexer's name", false);
    case STATEMENT_ERROR:
        return parse_name_setting(parser, &settings->error_proc, "the error function's name", false);
    case STATEMENT_MSGOPTION: return parse_msgoption(parser);
    case STATEMENT_WAITTIME: return parse_value_setting(parser, &settings->wait_time, "a time in milliseconds");
    case STATEMENT_NOWAITTIME: return parse_clear_setting(parser, &settings->wait_time);
    case STATEMENT_SENDTIME: return parse_value_setting(parser, &settings->send_time, "a time in milliseconds");
    case STATEMENT_NOSENDTIME: return parse_clear_setting(parser, &settings->send_time);
    case STATEMENT_SPECIAL_REPLY_PORT: return parse_special_reply_port(parser);
    case STATEMENT_CONSUME: return parse_consume_on_send_error(parser);
    case STATEMENT_USER_TYPE_LIMIT: return parse_limit(parser, &parser->interface->user_type_limit);
    case STATEMENT_ON_STACK_LIMIT: return parse_limit(parser, &parser->interface->on_stack_limit);
    case STATEMENT_OLD: return parse_old_word(parser);
    default: return false;
    }
}

static void unknown_statement(struct parser *parser)
{
    if (parser->now.kind != TOKEN_WORD) {
        parse_expected(parser, "a statement");
        return;
    }
    struct near near = {.wanted = parser->now.text};
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++)
        diag_near(&near, statements[i].word);
    if (near.best != NULL)
        diag_error(parser->source, parser->now.pos, "'%s' is not a statement; did you mean '%s'?", parser->now.text,
                   near.best);
    else
        diag_error(parser->source, parser->now.pos, "'%s' is not a statement", parser->now.text);
}

static void parse_statement(struct parser *parser)
{
    if (parse_take_punct(parser, ';'))
        return;
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        enum statement statement = statements[i].statement;
        if (!parse_at_word(parser, statements[i].word))
            continue;
        if (statement >= STATEMENT_ROUTINE && statement <= STATEMENT_FUNCTION) {
            parse_routine(parser, (enum routine_kind)(statement - STATEMENT_ROUTINE));
            return;
        }
        if (!parse_statement_body(parser, statement) || !parse_expect_punct(parser, ';', "at the end of the statement"))
            skip_statement(parser);
        return;
    }
    unknown_statement(parser);
    skip_statement(parser);
}

void parse_interface(struct source *source, struct interface *interface, const struct settings *defaults)
{
    struct parser parser = {.source = source, .interface = interface, .settings = *defaults,
                            .routine_end = &interface->routines};

    lex_init(&parser.lexer, source);
    parse_advance(&parser);
    while (parser.now.kind != TOKEN_END)
        parse_statement(&parser);
    if (interface->name == NULL && source->errors == 0)
        diag_error(source, parser.now.pos, "there is no subsystem statement");
}
