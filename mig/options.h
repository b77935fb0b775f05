/* SPDX-License-Identifier: BSD-2-Clause */
/* options.h - what the command line asks for. */
#ifndef MIG_OPTIONS_H
#define MIG_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define DEFAULT_ON_STACK_LIMIT 32768

struct strings {
    const char **items;
    int count;
};

struct options {
    const char *input;   /* a .defs file; NULL or "-": standard input */
    const char *user;    /* the client stubs; "-" anywhere: standard output, NULL: not wanted */
    const char *server;  /* the server stubs */
    const char *header;  /* the client's header */
    const char *sheader; /* the server's */
    const char *iheader; /* what implementers of the server see: KernelServer types */
    const char *dheader; /* message ids only */
    const char *reply;   /* functions that answer later */
    const char *user_dir; /* -i: one file for each client stub, with this before its name */
    const char *prefix, *subr_prefix;
    const char *list, *json;

    bool md;

    const char *cpp;     /* the preprocessor; NULL: the C compiler is used */
    const char *cc;      /* the C compiler; NULL: $MIGCC, or cc */
    const char *migcom;  /* a compiler to give the preprocessed text to */
    struct strings cpp_args;
    bool preprocessed; /* -cpp none, or called as migcom: the input needs no preprocessor */

    bool typed, verbose, quiet, log, symtab, separate, novouchers, split, sreplyport;
    int64_t on_stack_limit;
};

/* Fills `options`.  Returns -1 to go on, else the status to exit with. */
int options_parse(struct options *options, int argc, char **argv);

#endif
