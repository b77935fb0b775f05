/* SPDX-License-Identifier: BSD-2-Clause */
/* lex.h - the words of the language.  Keywords are found in any case; an identifier keeps its own. */
#ifndef MIG_LEX_H
#define MIG_LEX_H

#include "diag.h"

enum token_kind {
    TOKEN_END,
    TOKEN_WORD,   /* a name or a keyword: the parser knows by where it stands */
    TOKEN_NUMBER,
    TOKEN_STRING, /* "text", with its quotes */
    TOKEN_PUNCT,  /* one character, in `punct` */
    TOKEN_BAD,    /* something that has been complained about */
};

struct token {
    enum token_kind kind;
    struct pos pos;
    const char *text; /* WORD, STRING: zero-terminated, in the arena */
    uint64_t number;
    char punct;
};

struct lexer {
    struct source *source;
    size_t at;
    bool line_start;
};

void lex_init(struct lexer *lexer, struct source *source);
struct token lex_next(struct lexer *lexer);

/* After `import`: the rest is a file name, <name> or "name", kept with its brackets. */
struct token lex_file_name(struct lexer *lexer);

#endif
