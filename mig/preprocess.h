/* SPDX-License-Identifier: BSD-2-Clause */
/* preprocess.h - the C preprocessor, run as a program of its own. */
#ifndef MIG_PREPROCESS_H
#define MIG_PREPROCESS_H

#include <stddef.h>

#include "options.h"

/*
 * Gives the preprocessed input, to be freed by the caller, or NULL after having said what went wrong
 * (the preprocessor speaks for itself on standard error).
 */
char *preprocess(const struct options *options, size_t *length);

/* -migcom: gives `text` to another compiler, which gets `argv`.  Returns its exit status. */
int preprocess_hand_over(const struct options *options, const char *text, size_t length, char **argv);

#endif
