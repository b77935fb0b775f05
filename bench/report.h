/* SPDX-License-Identifier: BSD-2-Clause */
/* report.h - what a run of machbench's has found, for people and for programs. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdio.h>

#include "run.h"

void report_text(const struct run *run, const char *where);
void report_tsv(const struct run *run);
void report_json(const struct run *run, const char *where);
/* Bars of each case's medians, and of latencies of YARDSTICK_CASE's subjects how many calls took how long, as SVG. */
void report_plot(const struct run *run, const char *where, FILE *out);

#endif
