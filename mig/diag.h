/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * diag.h - the text being compiled and what is said about it.
 *
 * A source is preprocessed text; its "# line" markers map a byte offset back to the file, line and
 * column that a person wrote.  Diagnostics go to one stream, with the line and a caret below it.
 */
#ifndef MIG_DIAG_H
#define MIG_DIAG_H

#include <stdio.h>

#include "arena.h"
#include "ir.h"

/* After so many errors the rest is left unsaid. */
#define DIAG_MAX_ERRORS 50

struct source {
    struct arena *arena;
    const char *text;
    size_t length;
    const char *file; /* name of the main file, where no marker says otherwise */
    FILE *log;
    int errors, warnings;
    bool no_warnings; /* -W-like quiet: warnings are counted, not printed */
};

struct place {
    const char *file;
    unsigned line, column; /* from 1 */
    const char *start;     /* of the text line */
    size_t length;
};

void diag_error(struct source *source, struct pos pos, const char *format, ...) __attribute__((format(printf, 3, 4)));
void diag_warning(struct source *source, struct pos pos, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void diag_note(struct source *source, struct pos pos, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Where `pos` is, as a person would say it.  The file name lives in the arena. */
struct place diag_place(struct source *source, struct pos pos);

/*
 * Of `count` names the one that is nearest to `wanted` by edit distance, if it is near enough that
 * a slip of the finger explains it; else NULL.
 */
struct near {
    const char *wanted;
    const char *best;
    unsigned distance;
};
void diag_near(struct near *near, const char *candidate);

#endif
