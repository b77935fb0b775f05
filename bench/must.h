/* SPDX-License-Identifier: BSD-2-Clause */
/* must.h - what cannot fail in a measurement. */
#ifndef BENCH_MUST_H
#define BENCH_MUST_H

#include <errno.h>
#include <mach/mach.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void must(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "machbench: %s failed: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static inline void must_mach(kern_return_t result, const char *what)
{
    if (result == KERN_SUCCESS)
        return;
    mach_error(what, result);
    exit(EXIT_FAILURE);
}

#endif
