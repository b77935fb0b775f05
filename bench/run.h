/* SPDX-License-Identifier: BSD-2-Clause */
/* run.h - measuring: rounds in which all subjects have their turn, each time in another order. */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include "subject.h"

#define MAX_ROUNDS 51u
/* Calls of each round that are timed one by one. */
#define TIMED 100u

/* One subject of one case. */
struct series {
    const struct bench_case *of;
    const struct subject *subject;
    double means[MAX_ROUNDS]; /* nanoseconds of an operation, in each round; in order when all is done */
    double *times;            /* of calls that were timed one by one, the same; NULL: they take too long, or too little */
    size_t time_count;
    double median, p50, p99; /* p50 and p99 of `times`; 0: there are none */
};

struct run {
    struct series *series;
    size_t count;
    unsigned rounds;
    double yardstick; /* its median */
};

/* Measures the cases whose names begin with `only`, or all if that is NULL; `quiet`: without telling how far it is. */
struct run run_cases(const char *only, unsigned rounds, unsigned milliseconds, bool quiet);
void run_free(struct run *run);

#endif
