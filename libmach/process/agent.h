/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * agent.h - what others ask to be done to this task's memory.
 *
 * No process can change another's memory, so the kernel sends such requests to a port of the task that they are about, and
 * SIGURG to its process, which ignores that signal otherwise.  The handler does what is asked as the program itself would
 * do it, and answers.  So it may have interrupted anything: what it comes to takes no lock that its own thread may hold,
 * and no memory of malloc's (stock.h).
 */
#ifndef LIBMACH_AGENT_H
#define LIBMACH_AGENT_H

#include <stdbool.h>

#pragma GCC visibility push(hidden)

/* Puts the handler in place.  One of the program's that is there already gets what is not meant for us. */
void agent_watch(void);

/* Whether the calling thread is in the handler, and doing what was asked. */
bool agent_serves(void);

#pragma GCC visibility pop

#endif
