/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parse.h - from tokens to struct interface.
 *
 * A recursive-descent parser with two tokens in hand.  On an error it says so, skips to the end of
 * the statement, and goes on, so that one run shows all that is wrong.
 */
#ifndef MIG_PARSE_H
#define MIG_PARSE_H

#include "lex.h"
#include "type.h"

/* Statements that hold from where they stand until the next one of their kind. */
struct settings {
    const char *user_prefix, *server_prefix;
    const char *wait_time, *send_time;
    const char *msg_option;
    const char *error_proc;
    const char *consume_on_send_error;
    int use_special_reply_port;
};

struct parser {
    struct lexer lexer;
    struct source *source;
    struct interface *interface;
    struct token now, ahead;
    bool have_ahead;
    struct settings settings;
    struct arg **arg_end;
    struct routine **routine_end;
    unsigned depth; /* of nested type descriptions */
};

/*
 * Reads the whole of `source` into `interface`, which the caller has zeroed and may have given
 * defaults.  Errors are counted in the source.
 */
void parse_interface(struct source *source, struct interface *interface, const struct settings *defaults);

/* Between the parser's files. */
void parse_advance(struct parser *parser);
struct token *parse_ahead(struct parser *parser);
bool parse_at_word(const struct parser *parser, const char *keyword);
bool parse_at_punct(const struct parser *parser, char punct);
bool parse_take_punct(struct parser *parser, char punct);
bool parse_expect_punct(struct parser *parser, char punct, const char *where);
const char *parse_expect_name(struct parser *parser, const char *what);
void parse_expected(struct parser *parser, const char *what);

bool parse_number(struct parser *parser, uint64_t *value);      /* an arithmetic expression */
struct type *parse_type_definition(struct parser *parser);       /* name = type */
bool parse_arg_flags(struct parser *parser, unsigned *flags, bool in_type);
void parse_routine(struct parser *parser, enum routine_kind kind);

#endif
