/* SPDX-License-Identifier: BSD-2-Clause */
/* lex.c - from characters to tokens. */
#include "lex.h"

#include <ctype.h>
#include <string.h>

void lex_init(struct lexer *lexer, struct source *source)
{
    *lexer = (struct lexer){.source = source, .line_start = true};
}

static int peek(const struct lexer *lexer, size_t ahead)
{
    size_t at = lexer->at + ahead;

    return at < lexer->source->length ? (unsigned char)lexer->source->text[at] : -1;
}

static struct pos pos_from(const struct lexer *lexer, size_t start)
{
    return (struct pos){.offset = (uint32_t)start, .length = (uint32_t)(lexer->at - start)};
}

static void skip_line(struct lexer *lexer)
{
    while (peek(lexer, 0) != -1 && peek(lexer, 0) != '\n')
        lexer->at++;
}

static void skip_comment(struct lexer *lexer)
{
    size_t start = lexer->at;

    lexer->at += 2;
    while (peek(lexer, 0) != -1) {
        if (peek(lexer, 0) == '*' && peek(lexer, 1) == '/') {
            lexer->at += 2;
            return;
        }
        lexer->at++;
    }
    diag_error(lexer->source, (struct pos){(uint32_t)start, 2}, "comment is not closed");
}

/* Blanks, comments, and the preprocessor's own lines (markers, #pragma, #ident). */
static void skip_blank(struct lexer *lexer)
{
    for (;;) {
        int c = peek(lexer, 0);
        if (c == '\n') {
            lexer->line_start = true;
            lexer->at++;
        } else if (c != -1 && isspace(c)) {
            lexer->at++;
        } else if (c == '#' && lexer->line_start) {
            skip_line(lexer);
        } else if (c == '/' && peek(lexer, 1) == '*') {
            skip_comment(lexer);
        } else if (c == '/' && peek(lexer, 1) == '/') {
            skip_line(lexer);
        } else {
            lexer->line_start = false;
            return;
        }
    }
}

static bool in_word(int c)
{
    return c != -1 && (isalnum(c) || c == '_' || c == '$');
}

static struct token lex_word(struct lexer *lexer)
{
    size_t start = lexer->at;

    while (in_word(peek(lexer, 0)))
        lexer->at++;
    return (struct token){
        .kind = TOKEN_WORD,
        .pos = pos_from(lexer, start),
        .text = arena_strndup(lexer->source->arena, lexer->source->text + start, lexer->at - start),
    };
}

static int digit_value(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = tolower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* Decimal, 0x hexadecimal or 0 octal, with C's suffixes allowed; the value must fit 63 bits. */
static struct token lex_number(struct lexer *lexer)
{
    size_t start = lexer->at;
    int base = 10;
    uint64_t value = 0;
    bool fits = true, digits_ok = true;

    if (peek(lexer, 0) == '0' && (peek(lexer, 1) == 'x' || peek(lexer, 1) == 'X')) {
        base = 16;
        lexer->at += 2;
        digits_ok = peek(lexer, 0) != -1 && digit_value(peek(lexer, 0)) < 16;
    } else if (peek(lexer, 0) == '0') {
        base = 8;
    }
    for (; peek(lexer, 0) != -1 && digit_value(peek(lexer, 0)) < base; lexer->at++) {
        uint64_t digit = (uint64_t)digit_value(peek(lexer, 0));
        fits = fits && value <= (INT64_MAX - digit) / (uint64_t)base;
        value = value * (uint64_t)base + digit;
    }
    while (peek(lexer, 0) != -1 && strchr("uUlL", peek(lexer, 0)) != NULL)
        lexer->at++;
    if (in_word(peek(lexer, 0)))
        digits_ok = false;
    while (in_word(peek(lexer, 0)))
        lexer->at++;

    struct pos pos = pos_from(lexer, start);
    if (!digits_ok)
        diag_error(lexer->source, pos, "malformed number");
    else if (!fits)
        diag_error(lexer->source, pos, "number is too large");
    return (struct token){.kind = TOKEN_NUMBER, .pos = pos, .number = fits && digits_ok ? value : 1};
}

static struct token lex_quoted(struct lexer *lexer, char close, const char *what)
{
    size_t start = lexer->at++;
    int c;

    while ((c = peek(lexer, 0)) != close) {
        if (c == -1 || c == '\n') {
            struct pos pos = pos_from(lexer, start);
            diag_error(lexer->source, pos, "%s is not closed", what);
            return (struct token){.kind = TOKEN_BAD, .pos = pos};
        }
        lexer->at += c == '\\' && close == '"' && peek(lexer, 1) != -1 && peek(lexer, 1) != '\n' ? 2 : 1;
    }
    lexer->at++;
    return (struct token){
        .kind = TOKEN_STRING,
        .pos = pos_from(lexer, start),
        .text = arena_strndup(lexer->source->arena, lexer->source->text + start, lexer->at - start),
    };
}

struct token lex_next(struct lexer *lexer)
{
    for (;;) {
        skip_blank(lexer);
        size_t start = lexer->at;
        int c = peek(lexer, 0);

        if (c == -1)
            return (struct token){.kind = TOKEN_END, .pos = pos_from(lexer, start)};
        if (isdigit(c))
            return lex_number(lexer);
        if (in_word(c))
            return lex_word(lexer);
        if (c == '"')
            return lex_quoted(lexer, '"', "string");
        lexer->at++;
        if (strchr(":;,()[]{}|=^*+-/<>.", c) != NULL && c != 0)
            return (struct token){.kind = TOKEN_PUNCT, .pos = pos_from(lexer, start), .punct = (char)c};
        if (isprint(c))
            diag_error(lexer->source, pos_from(lexer, start), "character '%c' has no meaning here", c);
        else
            diag_error(lexer->source, pos_from(lexer, start), "character 0x%02x has no meaning here", c);
    }
}

struct token lex_file_name(struct lexer *lexer)
{
    skip_blank(lexer);
    if (peek(lexer, 0) == '<')
        return lex_quoted(lexer, '>', "file name");
    if (peek(lexer, 0) == '"')
        return lex_quoted(lexer, '"', "file name");

    size_t start = lexer->at;
    while (peek(lexer, 0) != -1 && !isspace(peek(lexer, 0)) && peek(lexer, 0) != ';')
        lexer->at++;
    struct pos pos = pos_from(lexer, start);
    if (lexer->at == start) {
        diag_error(lexer->source, pos, "expected a file name, <file.h> or \"file.h\"");
        return (struct token){.kind = TOKEN_BAD, .pos = pos};
    }
    return (struct token){
        .kind = TOKEN_STRING,
        .pos = pos,
        .text = arena_printf(lexer->source->arena, "\"%.*s\"", (int)(lexer->at - start), lexer->source->text + start),
    };
}
