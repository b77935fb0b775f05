/* SPDX-License-Identifier: BSD-2-Clause */
/* faults.h - cases of machbench's about faults: one call is one fault; the rest is shared among thousands. */
#ifndef BENCH_FAULTS_H
#define BENCH_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

/* Starts the processes that answer.  False: this host lets no process serve another's faults. */
bool faults_start(void);

/* A page that a manager in another process supplies; and that another process puts there by userfaultfd. */
void mach_fault(size_t unused);
void host_fault(size_t unused);
/* The first write to a page of a copy of managed memory; and of memory that a forked child has too. */
void mach_copy_fault(size_t unused);
void host_copy_fault(size_t unused);

#endif
