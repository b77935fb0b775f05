/* SPDX-License-Identifier: BSD-2-Clause */
/* report.c - tables: see report.h. */
#include "report.h"

#include <jansson.h>

static bool is_first(const struct run *run, size_t i)
{
    return i == 0 || run->series[i - 1].of != run->series[i].of;
}

void report_text(const struct run *run, const char *where)
{
    printf("%s.  Nanoseconds of one operation; ratio to a futex ping-pong of 64 bytes.\n", where);
    printf("%-15s %-10s %11s %11s %11s %11s %7s\n", "case", "subject", "median", "least", "most", "p99", "ratio");
    for (size_t i = 0; i < run->count; i++) {
        const struct series *s = &run->series[i];

        printf("%-15s %-10s %11.0f %11.0f %11.0f ", is_first(run, i) ? s->of->name : "", s->subject->name, s->median,
               s->means[0], s->means[run->rounds - 1]);
        if (s->time_count > 0)
            printf("%11.0f", s->p99);
        else
            printf("%11s", "-");
        printf(" %7.2f\n", s->median / run->yardstick);
    }
}

void report_tsv(const struct run *run)
{
    printf("case\tsubject\tmedian_ns\tmin_ns\tmax_ns\tp50_ns\tp99_ns\tratio\n");
    for (size_t i = 0; i < run->count; i++) {
        const struct series *s = &run->series[i];

        printf("%s\t%s\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.3f\n", s->of->name, s->subject->name, s->median, s->means[0],
               s->means[run->rounds - 1], s->p50, s->p99, s->median / run->yardstick);
    }
}

void report_json(const struct run *run, const char *where)
{
    json_t *all = json_array();

    for (size_t i = 0; i < run->count; i++) {
        const struct series *s = &run->series[i];

        json_array_append_new(all, json_pack("{s:s, s:s, s:I, s:f, s:f, s:f, s:f, s:f, s:f}", "case", s->of->name, "subject",
                                             s->subject->name, "bytes", (json_int_t)s->of->size, "median_ns", s->median,
                                             "min_ns", s->means[0], "max_ns", s->means[run->rounds - 1], "p50_ns", s->p50,
                                             "p99_ns", s->p99, "ratio", s->median / run->yardstick));
    }
    json_t *report = json_pack("{s:s, s:i, s:f, s:o}", "where", where, "rounds", (int)run->rounds, "yardstick_ns",
                               run->yardstick, "results", all);

    json_dumpf(report, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    printf("\n");
    json_decref(report);
}
