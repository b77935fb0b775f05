/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recall.h - taking rights to pages back from a process whose faults come by signals: it must do that itself.
 *
 * The daemon asks, and waits until the process has done it, with the memory lock held: so only those may have it so who
 * could stop the daemon anyway, its own user.  A process that has not done it in ten seconds, or has ended, is waited for
 * no more: it has lost its managed memory.
 *
 * The memory lock guards all.
 */
#ifndef HOSTED_RECALL_H
#define HOSTED_RECALL_H

#include <stdbool.h>
#include <stdint.h>

struct recall;

/* `alive` is readable or hung up when the process has ended; the descriptor becomes the recall's.  NULL: no memory. */
struct recall *recall_make(int alive);
void recall_free(struct recall *recall);
/* The descriptor that the process gets; -1 and errno. */
int recall_file(const struct recall *recall);

/* Leaves a range of pages, which it may use, no more than some rights. */
void recall_rights(struct recall *recall, uint64_t start, uint64_t size, int protection);
/* What rights that are given now are marked with.  False: the process has lost its memory. */
bool recall_mark(const struct recall *recall, uint32_t *mark);

#endif
