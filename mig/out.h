/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * out.h - a file being written.
 *
 * Text is kept in memory until all of the output is known to be good; then each file appears whole,
 * by rename, or not at all.
 */
#ifndef MIG_OUT_H
#define MIG_OUT_H

#include <stdbool.h>
#include <stdio.h>

struct out {
    FILE *file;
    char *text;
    size_t size;
    int indent;
};

bool out_init(struct out *out);
void out_free(struct out *out);

/* A whole line at the present indentation. */
void out_line(struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void out_blank(struct out *out);
/* The same, and what follows stands one step to the right: `if (x) {`. */
void out_open(struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* One step back to the left, then the line: `}`. */
void out_close(struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* At the left margin: preprocessor lines. */
void out_margin(struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes what was collected to `path` ("-": standard output).  Says what went wrong itself. */
bool out_write(struct out *out, const char *path);

#endif
