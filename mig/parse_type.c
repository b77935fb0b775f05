/* SPDX-License-Identifier: BSD-2-Clause */
/* parse_type.c - type descriptions and the arithmetic in them. */
#include "parse.h"

#include <string.h>
#include <strings.h>

#define MAX_DEPTH 100

/* ---- arithmetic: term { (+|-) term }, term: factor { (*|/) factor } ---------------------------- */

static bool parse_factor(struct parser *parser, uint64_t *value)
{
    if (parser->now.kind == TOKEN_NUMBER) {
        *value = parser->now.number;
        parse_advance(parser);
        return true;
    }
    if (!parse_at_punct(parser, '(')) {
        parse_expected(parser, "a number");
        return false;
    }
    if (parser->depth >= MAX_DEPTH) {
        diag_error(parser->source, parser->now.pos, "nested too deeply");
        return false;
    }
    parse_advance(parser);
    parser->depth++;
    bool ok = parse_number(parser, value);
    parser->depth--;
    return ok && parse_expect_punct(parser, ')', "after the expression");
}

static bool parse_term(struct parser *parser, uint64_t *value)
{
    if (!parse_factor(parser, value))
        return false;
    while (parse_at_punct(parser, '*') || parse_at_punct(parser, '/')) {
        struct pos pos = parser->now.pos;
        bool divide = parser->now.punct == '/';
        uint64_t right;
        parse_advance(parser);
        if (!parse_factor(parser, &right))
            return false;
        if (divide && right == 0) {
            diag_error(parser->source, pos, "division by zero");
            return false;
        }
        if (divide)
            *value /= right;
        else if (__builtin_mul_overflow(*value, right, value) || *value > INT64_MAX) {
            diag_error(parser->source, pos, "number is too large");
            return false;
        }
    }
    return true;
}

bool parse_number(struct parser *parser, uint64_t *value)
{
    if (!parse_term(parser, value))
        return false;
    while (parse_at_punct(parser, '+') || parse_at_punct(parser, '-')) {
        struct pos pos = parser->now.pos;
        bool minus = parser->now.punct == '-';
        uint64_t right;
        parse_advance(parser);
        if (!parse_term(parser, &right))
            return false;
        if (minus ? right > *value : *value + right > INT64_MAX) {
            diag_error(parser->source, pos, minus ? "number is negative" : "number is too large");
            return false;
        }
        *value = minus ? *value - right : *value + right;
    }
    return true;
}

/* ---- basic types -------------------------------------------------------------------------------- */

struct basic {
    enum wire sent, received;
    uint32_t bits;
    const char *ctype;
    struct pos pos;
};

/* A number stands for a type name of the wire that has no word here. */
static bool parse_basic_number(struct parser *parser, struct basic *basic)
{
    if (parser->now.number > 255) {
        diag_error(parser->source, parser->now.pos, "type number is out of range (0 to 255)");
        return false;
    }
    enum wire wire = (enum wire)parser->now.number;
    if (wire_spelling(wire) == NULL) {
        diag_error(parser->source, parser->now.pos, "type number %d has no meaning", (int)wire);
        return false;
    }
    *basic = (struct basic){wire, wire_received_as(wire), 0, NULL, parser->now.pos};
    parse_advance(parser);
    return true;
}

static bool parse_basic_name(struct parser *parser, struct basic *basic)
{
    if (parser->now.kind == TOKEN_NUMBER)
        return parse_basic_number(parser, basic);
    if (parser->now.kind != TOKEN_WORD) {
        parse_expected(parser, "a MACH_MSG_TYPE name");
        return false;
    }
    const struct wire_name *wire = wire_find(parser->now.text, NULL);
    if (wire == NULL) {
        struct near near = {.wanted = parser->now.text};
        wire_find(parser->now.text, &near);
        if (near.best != NULL)
            diag_error(parser->source, parser->now.pos, "'%s' is not a basic type; did you mean '%s'?",
                       parser->now.text, near.best);
        else
            diag_error(parser->source, parser->now.pos, "'%s' is not a basic type", parser->now.text);
        return false;
    }
    *basic = (struct basic){wire->sent, wire->received, wire->bits, wire->ctype, parser->now.pos};
    parse_advance(parser);
    return true;
}

/* A, or A|B: what the sender calls it and what the receiver sees. */
static bool parse_basic(struct parser *parser, struct basic *basic)
{
    struct basic other;

    if (!parse_basic_name(parser, basic))
        return false;
    if (!parse_take_punct(parser, '|'))
        return true;
    struct pos pos = parser->now.pos;
    if (!parse_basic_name(parser, &other))
        return false;
    if (basic->bits != 0 && other.bits != 0 && basic->bits != other.bits) {
        diag_error(parser->source, pos, "the two types of a pair have different sizes (%u and %u bits)", basic->bits,
                   other.bits);
        return false;
    }
    if (wire_is_port(basic->sent) != wire_is_port(other.sent)) {
        diag_error(parser->source, pos, "a pair is either of ports or of data");
        return false;
    }
    basic->received = wire_received_as(other.sent);
    if (basic->bits == 0)
        basic->bits = other.bits;
    return true;
}

static struct type *basic_type(struct parser *parser, const struct basic *basic)
{
    if (basic->sent == WIRE_STRING_C) {
        if (basic->bits % 8 != 0 || basic->bits == 0) {
            diag_error(parser->source, basic->pos, "a string needs a size in bits that is a multiple of 8");
            return NULL;
        }
        return type_string(parser->source, basic->pos, basic->bits / 8, false);
    }
    return type_scalar(parser->source, basic->pos, basic->sent, basic->received, basic->bits, basic->ctype);
}

/* ( name, bits { , flag } ) */
static struct type *parse_long_form(struct parser *parser)
{
    struct basic basic;
    uint64_t bits;
    unsigned flags = 0;

    parse_advance(parser);
    if (!parse_basic(parser, &basic) || !parse_expect_punct(parser, ',', "and a size"))
        return NULL;
    struct pos pos = parser->now.pos;
    if (!parse_number(parser, &bits))
        return NULL;
    if (bits > TYPE_MAX_SIZE) {
        diag_error(parser->source, pos, "size is out of range (1 to %u bits)", TYPE_MAX_SIZE);
        return NULL;
    }
    if (wire_is_port(basic.sent) && bits != 32) {
        diag_error(parser->source, pos, "a port is 32 bits");
        return NULL;
    }
    if (basic.bits != 0 && bits % basic.bits != 0) {
        diag_error(parser->source, pos, "size is not a multiple of the type's %u bits", basic.bits);
        return NULL;
    }
    if (!parse_arg_flags(parser, &flags, true) || !parse_expect_punct(parser, ')', "after the type"))
        return NULL;
    if (basic.bits != (uint32_t)bits)
        basic.ctype = NULL;
    basic.bits = (uint32_t)bits;
    struct type *type = basic_type(parser, &basic);
    if (type != NULL) {
        type->dealloc = flags & ARG_DEALLOC ? DEALLOC_YES : flags & ARG_MAYBE_DEALLOC ? DEALLOC_MAYBE : DEALLOC_NO;
        type->long_form = (flags & ARG_LONG) != 0;
    }
    return type;
}

/* ---- compound types ----------------------------------------------------------------------------- */

static struct type *parse_plain_type(struct parser *parser);

/* [N], [*:N], [*] or []; count 0 where there is no bound. */
static bool parse_bounds(struct parser *parser, uint64_t *count, bool *variable)
{
    *count = 0;
    *variable = true;
    if (!parse_expect_punct(parser, '[', "and the bound"))
        return false;
    if (parse_take_punct(parser, ']'))
        return true;
    if (parse_take_punct(parser, '*')) {
        if (parse_take_punct(parser, ']'))
            return true;
        if (!parse_expect_punct(parser, ':', "and the bound"))
            return false;
    } else {
        *variable = false;
    }
    struct pos pos = parser->now.pos;
    if (!parse_number(parser, count))
        return false;
    if (*count == 0) {
        diag_error(parser->source, pos, "bound must be at least 1");
        return false;
    }
    return parse_expect_punct(parser, ']', "after the bound");
}

static bool parse_of(struct parser *parser)
{
    if (!parse_at_word(parser, "of")) {
        parse_expected(parser, "'of'");
        return false;
    }
    parse_advance(parser);
    return true;
}

static struct type *parse_array(struct parser *parser)
{
    struct pos pos = parser->now.pos;
    uint64_t count;
    bool variable;

    parse_advance(parser);
    if (!parse_bounds(parser, &count, &variable) || !parse_of(parser))
        return NULL;
    struct type *element = parse_plain_type(parser);
    return element != NULL ? type_array(parser->source, pos, element, count, variable) : NULL;
}

static bool parse_member(struct parser *parser, struct member *member)
{
    uint64_t count;

    member->type = parse_plain_type(parser);
    if (member->type == NULL)
        return false;
    member->name = parse_expect_name(parser, "the member's name");
    if (member->name == NULL)
        return false;
    if (parse_take_punct(parser, '[')) {
        struct pos pos = parser->now.pos;
        if (!parse_number(parser, &count))
            return false;
        if (count == 0 || count > TYPE_MAX_SIZE) {
            diag_error(parser->source, pos, "bound is out of range (1 to %u)", TYPE_MAX_SIZE);
            return false;
        }
        member->count = (uint32_t)count;
        if (!parse_expect_punct(parser, ']', "after the bound"))
            return false;
    }
    return parse_expect_punct(parser, ';', "after the member");
}

/* After an error inside: past the '}', so that the rest is not taken for statements. */
static struct type *skip_members(struct parser *parser)
{
    while (parser->now.kind != TOKEN_END && !parse_take_punct(parser, '}'))
        parse_advance(parser);
    return NULL;
}

/* struct { type name; type name[N]; } */
static struct type *parse_struct_members(struct parser *parser, struct pos pos)
{
    struct member *members = NULL, **end = &members;

    parse_advance(parser);
    while (!parse_at_punct(parser, '}')) {
        struct member *member = arena_new(parser->source->arena, struct member);
        struct pos member_pos = parser->now.pos;
        if (!parse_member(parser, member))
            return skip_members(parser);
        for (struct member *other = members; other != NULL; other = other->next) {
            if (strcmp(other->name, member->name) == 0) {
                diag_error(parser->source, member_pos, "there is a member '%s' already", member->name);
                return skip_members(parser);
            }
        }
        *end = member;
        end = &member->next;
    }
    if (members == NULL) {
        diag_error(parser->source, pos, "a struct needs a member");
        return NULL;
    }
    parse_advance(parser);
    return type_struct(parser->source, pos, members);
}

static struct type *parse_struct(struct parser *parser)
{
    struct pos pos = parser->now.pos;
    uint64_t count = 1;
    bool variable = false;

    parse_advance(parser);
    if (parse_at_punct(parser, '{'))
        return parse_struct_members(parser, pos);
    if (parse_at_punct(parser, '[') && !parse_bounds(parser, &count, &variable))
        return NULL;
    if (variable) {
        diag_error(parser->source, pos, "a struct needs a fixed number of elements");
        return NULL;
    }
    if (!parse_of(parser))
        return NULL;
    struct type *element = parse_plain_type(parser);
    return element != NULL ? type_struct_of(parser->source, pos, element, count) : NULL;
}

static struct type *parse_c_string(struct parser *parser)
{
    struct pos pos = parser->now.pos;
    uint64_t count;
    bool variable;

    parse_advance(parser);
    if (!parse_bounds(parser, &count, &variable))
        return NULL;
    if (count == 0) {
        diag_error(parser->source, pos, "a c_string needs a bound");
        return NULL;
    }
    return type_string(parser->source, pos, count, variable);
}

/* PointerTo(T), PointerToIfNot(T, value), ValueOf(T) */
static struct type *parse_native(struct parser *parser)
{
    bool value = parse_at_word(parser, "ValueOf");
    bool if_not = parse_at_word(parser, "PointerToIfNot");
    struct pos pos = parser->now.pos;
    const char *null_value = NULL;

    parse_advance(parser);
    if (!parse_expect_punct(parser, '(', "and the type"))
        return NULL;
    struct type *target = parse_plain_type(parser);
    if (target == NULL)
        return NULL;
    if (if_not) {
        if (!parse_expect_punct(parser, ',', "and the value"))
            return NULL;
        if (parser->now.kind == TOKEN_NUMBER && parser->now.number == 0) {
            null_value = "NULL";
            parse_advance(parser);
        } else {
            null_value = parse_expect_name(parser, "the value that is no pointer");
        }
        if (null_value == NULL)
            return NULL;
    }
    if (!parse_expect_punct(parser, ')', "after the type"))
        return NULL;
    return value ? type_copy(parser->source, pos, target)
                 : type_pointer_to(parser->source, pos, target, null_value);
}

static struct type *parse_named_type(struct parser *parser)
{
    struct pos pos = parser->now.pos;
    struct basic basic;

    if (wire_find(parser->now.text, NULL) != NULL)
        return parse_basic(parser, &basic) ? basic_type(parser, &basic) : NULL;
    struct type *type = type_find(parser->source, parser->interface, parser->now.text, pos);
    if (type == NULL)
        return NULL;
    parse_advance(parser);
    return type_copy(parser->source, pos, type);
}

static struct type *parse_one_type(struct parser *parser)
{
    struct basic basic;
    struct pos pos = parser->now.pos;

    if (parse_at_punct(parser, '^')) {
        parse_advance(parser);
        struct type *target = parse_plain_type(parser);
        return target != NULL ? type_pointer(parser->source, pos, target) : NULL;
    }
    if (parse_at_punct(parser, '('))
        return parse_long_form(parser);
    if (parser->now.kind == TOKEN_NUMBER)
        return parse_basic(parser, &basic) ? basic_type(parser, &basic) : NULL;
    if (parser->now.kind != TOKEN_WORD) {
        parse_expected(parser, "a type");
        return NULL;
    }
    if (parse_at_word(parser, "array"))
        return parse_array(parser);
    if (parse_at_word(parser, "struct"))
        return parse_struct(parser);
    if (parse_at_word(parser, "c_string"))
        return parse_c_string(parser);
    if (parse_at_word(parser, "PointerTo") || parse_at_word(parser, "PointerToIfNot") ||
        parse_at_word(parser, "ValueOf"))
        return parse_native(parser);
    return parse_named_type(parser);
}

static struct type *parse_plain_type(struct parser *parser)
{
    if (parser->depth >= MAX_DEPTH) {
        diag_error(parser->source, parser->now.pos, "nested too deeply");
        return NULL;
    }
    parser->depth++;
    struct type *type = parse_one_type(parser);
    parser->depth--;
    return type;
}

/* ---- translations ------------------------------------------------------------------------------- */

/* intran: server_type function(user_type)  and  outtran: user_type function(server_type) */
static bool parse_translation(struct parser *parser, const char **to, const char **function, const char **from)
{
    if ((*to = parse_expect_name(parser, "the type that comes out")) == NULL)
        return false;
    if ((*function = parse_expect_name(parser, "the function's name")) == NULL)
        return false;
    if (!parse_expect_punct(parser, '(', "and the type that goes in"))
        return false;
    if ((*from = parse_expect_name(parser, "the type that goes in")) == NULL)
        return false;
    return parse_expect_punct(parser, ')', "after the type that goes in");
}

static bool conflict(struct parser *parser, struct pos pos, const char *before, const char *now)
{
    if (before == NULL || strcmp(before, now) == 0)
        return false;
    diag_error(parser->source, pos, "conflicting C types: '%s' here, '%s' before", now, before);
    return true;
}

/* What a translation says of the C types on either side must agree with what was said before. */
static bool note_types(struct parser *parser, struct type *type, struct pos pos, const char *server, const char *user)
{
    if (conflict(parser, pos, type->tran_server, server) || conflict(parser, pos, type->tran_user, user))
        return false;
    type->tran_server = server;
    type->tran_user = user;
    return true;
}

static bool parse_intran(struct parser *parser, struct type *type)
{
    const char *server, *user;
    struct pos pos = parser->now.pos;

    return parse_translation(parser, &server, &type->intran, &user) && note_types(parser, type, pos, server, user);
}

static bool parse_outtran(struct parser *parser, struct type *type)
{
    const char *server, *user;
    struct pos pos = parser->now.pos;

    return parse_translation(parser, &user, &type->outtran, &server) && note_types(parser, type, pos, server, user);
}

static bool parse_payload(struct parser *parser, struct type *type)
{
    const char *server;
    struct pos pos = parser->now.pos;

    if ((server = parse_expect_name(parser, "the type that comes out")) == NULL)
        return false;
    if ((type->payload = parse_expect_name(parser, "the function's name")) == NULL)
        return false;
    if (conflict(parser, pos, type->tran_server, server))
        return false;
    type->tran_server = server;
    return true;
}

static bool parse_destructor(struct parser *parser, struct type *type)
{
    const char *server;
    struct pos pos;

    if ((type->destructor = parse_expect_name(parser, "the function's name")) == NULL)
        return false;
    if (!parse_expect_punct(parser, '(', "and the type that goes in"))
        return false;
    pos = parser->now.pos;
    if ((server = parse_expect_name(parser, "the type that goes in")) == NULL)
        return false;
    if (!parse_expect_punct(parser, ')', "after the type that goes in") ||
        conflict(parser, pos, type->tran_server, server))
        return false;
    type->tran_server = server;
    return true;
}

static bool parse_c_name(struct parser *parser, const char **name)
{
    return (*name = parse_expect_name(parser, "a C type's name")) != NULL;
}

/* Attributes follow the type until there is none; GNU's list ends like Apple's. */
static bool parse_attributes(struct parser *parser, struct type *type)
{
    while (parser->now.kind == TOKEN_WORD && parse_ahead(parser)->kind == TOKEN_PUNCT &&
           parse_ahead(parser)->punct == ':') {
        struct token word = parser->now;
        bool ok;
        parse_advance(parser);
        parse_advance(parser);
        if (strcasecmp(word.text, "ctype") == 0)
            ok = parse_c_name(parser, &type->ctype);
        else if (strcasecmp(word.text, "cusertype") == 0)
            ok = parse_c_name(parser, &type->user_type);
        else if (strcasecmp(word.text, "cservertype") == 0)
            ok = parse_c_name(parser, &type->server_type);
        else if (strcasecmp(word.text, "intran") == 0)
            ok = parse_intran(parser, type);
        else if (strcasecmp(word.text, "outtran") == 0)
            ok = parse_outtran(parser, type);
        else if (strcasecmp(word.text, "intranpayload") == 0)
            ok = parse_payload(parser, type);
        else if (strcasecmp(word.text, "destructor") == 0)
            ok = parse_destructor(parser, type);
        else {
            static const char *const attributes[] = {"ctype",   "cusertype",     "cservertype", "intran",
                                                     "outtran", "intranpayload", "destructor"};
            struct near near = {.wanted = word.text};
            for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++)
                diag_near(&near, attributes[i]);
            if (near.best != NULL)
                diag_error(parser->source, word.pos, "'%s' is not an attribute of a type; did you mean '%s'?",
                           word.text, near.best);
            else
                diag_error(parser->source, word.pos, "'%s' is not an attribute of a type", word.text);
            ok = false;
        }
        if (!ok)
            return false;
    }
    return true;
}

/*
 * A new name is a new C type: what the type it is made from was called in C, and how that was
 * translated, stays behind.
 */
static void forget_names(struct type *type)
{
    if (type->target == NULL)
        type->ctype = NULL;
    type->user_type = type->server_type = NULL;
    type->intran = type->outtran = type->destructor = type->payload = NULL;
    type->tran_user = type->tran_server = NULL;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_type(const struct type *a, const struct type *b);

static bool same_members(const struct member *a, const struct member *b)
{
    for (; a != NULL && b != NULL; a = a->next, b = b->next) {
        if (strcmp(a->name, b->name) != 0 || a->count != b->count || !same_type(a->type, b->type))
            return false;
    }
    return a == b;
}

/* Whether two types make the same messages and the same C: a header may well be included twice. */
static bool same_type(const struct type *a, const struct type *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return a->kind == b->kind && a->count == b->count && a->size == b->size && a->bits == b->bits &&
           a->variable == b->variable && a->out_of_line == b->out_of_line && a->wire_sent == b->wire_sent &&
           a->wire_received == b->wire_received && a->dealloc == b->dealloc && same_text(a->ctype, b->ctype) &&
           same_text(a->user_type, b->user_type) && same_text(a->server_type, b->server_type) &&
           same_text(a->intran, b->intran) && same_text(a->outtran, b->outtran) &&
           same_text(a->destructor, b->destructor) && same_text(a->payload, b->payload) &&
           same_text(a->null_value, b->null_value) &&
           same_type(a->element, b->element) && same_type(a->target, b->target) && same_members(a->members, b->members);
}

static bool name_is_free(struct parser *parser, const char *name, const struct type *before, struct pos pos)
{
    if (before != NULL) {
        diag_error(parser->source, pos, "type '%s' is defined twice, and not alike", name);
        diag_note(parser->source, before->pos, "it was first defined here");
        return false;
    }
    if (wire_find(name, NULL) != NULL) {
        diag_error(parser->source, pos, "'%s' is the name of a basic type", name);
        return false;
    }
    return true;
}

struct type *parse_type_definition(struct parser *parser)
{
    struct pos pos = parser->now.pos;
    const char *name = parse_expect_name(parser, "the type's name");

    if (name == NULL || !parse_expect_punct(parser, '=', "after the type's name"))
        return NULL;
    struct type *type = parse_plain_type(parser);
    if (type == NULL)
        return NULL;
    forget_names(type);
    if (!parse_attributes(parser, type))
        return NULL;
    struct type *before;
    HASH_FIND_STR(parser->interface->types, name, before);
    if (before != NULL && same_type(before, type))
        return before;
    if (!name_is_free(parser, name, before, pos))
        return NULL;
    type->name = name;
    type->pos = pos;
    HASH_ADD_KEYPTR(hh, parser->interface->types, type->name, strlen(type->name), type);
    return type;
}
