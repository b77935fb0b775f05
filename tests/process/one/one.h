/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * one.h - machsim and two of its clients as threads of one process: see test_one.c.
 *
 * The client's program is in the process twice, each time with a libmach of its own.
 */
#ifndef TESTS_ONE_H
#define TESTS_ONE_H

#include <stdbool.h>

/* The client's program.  The first is the second's parent. */
void client_main(unsigned number);
void client_one(unsigned number);
void client_two(unsigned number);

/* Each thread of a client's says first whose it is. */
void one_is(unsigned number);
/* Waits until both clients have come here. */
void one_meet(void);
/* Ends the process, if something is not as it should be, and says what, and what a call's result was. */
void one_check(bool fine, int line, const char *what, int result);
/* How much each is to do. */
unsigned one_rounds(void);

#endif
