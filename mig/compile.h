/* SPDX-License-Identifier: BSD-2-Clause */
/* compile.h - one compilation, from preprocessed text to files; mig, its fuzzer and its tests call this. */
#ifndef MIG_COMPILE_H
#define MIG_COMPILE_H

#include <stdio.h>

#include "options.h"

/*
 * Compiles `text`, saying what is wrong with it on `log`.  With `write` false the output is made and
 * thrown away.  Returns whether all went well; if not, no file has been touched.
 */
bool compile(const struct options *options, const char *text, size_t length, FILE *log, bool write);

#endif
