/* SPDX-License-Identifier: BSD-2-Clause */
/* run.c - see run.h. */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "must.h"

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int compare(const void *one, const void *other)
{
    const double a = *(const double *)one, b = *(const double *)other;

    return (a > b) - (a < b);
}

/* ---- what there is to be measured --------------------------------------------------------------------- */

static bool is_yardstick(const struct bench_case *c, const struct subject *subject)
{
    return strcmp(c->name, YARDSTICK_CASE) == 0 && strcmp(subject->name, YARDSTICK_SUBJECT) == 0;
}

/* A subject is started once, whatever cases it is in. */
static bool start(const struct subject *subject)
{
    static const struct subject *started[64];
    static bool here[64];
    size_t i;

    for (i = 0; started[i] != NULL; i++)
        if (started[i] == subject)
            return here[i];
    must(i < 63, "room for a subject");
    started[i] = subject;
    return here[i] = subject->start == NULL || subject->start();
}

static void add(struct run *run, const struct bench_case *c, const struct subject *subject, unsigned rounds)
{
    if (!start(subject))
        return;
    run->series = realloc(run->series, (run->count + 1) * sizeof *run->series);
    must(run->series != NULL, "realloc");
    struct series *series = &run->series[run->count++];

    *series = (struct series){.of = c, .subject = subject};
    if (c->per_call == 1 && c->size <= 65536) {
        series->times = calloc((size_t)rounds * TIMED, sizeof *series->times);
        must(series->times != NULL, "calloc");
    }
}

static void choose(struct run *run, const char *only)
{
    for (const struct bench_case *c = bench_cases; c->name != NULL; c++)
        for (const struct subject *const *s = c->subjects; *s != NULL; s++)
            if (only == NULL || strncmp(c->name, only, strlen(only)) == 0 || is_yardstick(c, *s))
                add(run, c, *s, run->rounds);
}

/* ---- measuring --------------------------------------------------------------------------------------- */

/* One round: some calls one by one, and then as many as take the time. */
static void sample(struct series *series, unsigned round, double nanoseconds)
{
    const size_t size = series->of->size;
    double start;

    for (unsigned i = 0; series->times != NULL && i < TIMED; i++) {
        start = now();
        series->subject->call(size);
        series->times[series->time_count++] = now() - start;
    }
    unsigned count = 0;

    start = now();
    do {
        for (int i = 0; i < (series->times != NULL ? 20 : 1); i++, count++)
            series->subject->call(size);
    } while (now() - start < nanoseconds);
    series->means[round] = (now() - start) / count / series->of->per_call;
}

static void shuffle(size_t *order, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        const size_t j = (size_t)rand() % i, other = order[j];

        order[j] = order[i - 1];
        order[i - 1] = other;
    }
}

static void tell(unsigned round, unsigned rounds, size_t done, size_t count, const struct series *series)
{
    fprintf(stderr, "\rround %u of %u, %3zu%%: %-30.30s", round + 1, rounds, done * 100 / count, series->of->name);
}

static void measure(struct run *run, unsigned milliseconds, bool quiet)
{
    size_t *order = calloc(run->count, sizeof *order);

    must(order != NULL, "calloc");
    for (size_t i = 0; i < run->count; i++) {
        order[i] = i;
        run->series[i].subject->call(run->series[i].of->size); /* once, before it counts */
    }
    for (unsigned round = 0; round < run->rounds; round++) {
        shuffle(order, run->count);
        for (size_t i = 0; i < run->count; i++) {
            struct series *series = &run->series[order[i]];

            if (!quiet)
                tell(round, run->rounds, i, run->count, series);
            sample(series, round, milliseconds * 1e6);
        }
    }
    if (!quiet)
        fprintf(stderr, "\r%60s\r", "");
    free(order);
}

static void digest(struct run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        struct series *series = &run->series[i];

        qsort(series->means, run->rounds, sizeof *series->means, compare);
        series->median = series->means[run->rounds / 2];
        if (series->time_count > 0) {
            qsort(series->times, series->time_count, sizeof *series->times, compare);
            series->p50 = series->times[series->time_count / 2];
            series->p99 = series->times[series->time_count * 99 / 100];
        }
        if (is_yardstick(series->of, series->subject))
            run->yardstick = series->median;
    }
}

struct run run_cases(const char *only, unsigned rounds, unsigned milliseconds, bool quiet)
{
    struct run run = {.rounds = rounds};

    srand(1);
    choose(&run, only);
    measure(&run, milliseconds, quiet);
    digest(&run);
    return run;
}

void run_free(struct run *run)
{
    for (size_t i = 0; i < run->count; i++)
        free(run->series[i].times);
    free(run->series);
}
