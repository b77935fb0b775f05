/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim.h - a machine that is one thread of a test: time is virtual, what may happen in any order happens in the order
 * that a seed gives, and each allocation may be made to fail.
 */
#ifndef SIM_H
#define SIM_H

#include "kern/task.h"
#include "kern/thread.h"
#include "kern/trap.h"

/* The one flavor of registers that there is, and how many. */
#define SIM_STATE 1
#define SIM_STATE_COUNT 4u

/* A thread as the machine knows it. */
struct sim_thread {
    struct thread *thread; /* NULL: gone */
    bool busy;             /* in a trap */
    uint64_t result;       /* of the last trap */
    uint64_t out;
    bool made;             /* by a call of the core's: it goes when it ends */
    unsigned holds;
    uint32_t state[SIM_STATE_COUNT];
    enum { NO_EXCEPTION, RAISED, HANDLED, UNHANDLED } exception;
};

/* Starts a machine, and the core on it.  Ends the one before. */
void sim_start(uint64_t seed);
/* Ends the machine: all tasks must have ended. */
void sim_stop(void);

/* The n-th allocation from now on fails (1: the next); 0: none does. */
void sim_fail_allocation(uint64_t n);
/* Whether the allocation that was to fail has. */
bool sim_failed(void);
/* Blocks of the core's memory in use. */
size_t sim_blocks(void);

/* A random number, by the seed. */
uint64_t sim_random(void);

/* A task with one thread.  A NULL result: no memory. */
struct sim_thread *sim_task(struct task *parent, const struct task_limits *limits);
/* One more thread of a task; NULL: no memory. */
struct sim_thread *sim_thread(struct task *task);
/* Ends a thread, or a task with all its threads. */
void sim_thread_end(struct sim_thread *thread);
void sim_task_end(struct sim_thread *thread);

/* Starts a trap; it may be over when this returns, or still busy. */
void sim_trap(struct sim_thread *thread, uint32_t number, const uint64_t *arguments);

/* The thread has an exception; later `exception` tells what became of it. */
void sim_raise(struct sim_thread *thread, int type, int64_t code, int64_t subcode);

/* Runs what can run, until nothing can. */
void sim_run(void);
/* The same after a call of the core that was no trap. */
void sim_settle(void);
/* Lets time pass, to the next timer or for so many nanoseconds, and runs what that brings.  False: no timer. */
bool sim_next_timer(void);
void sim_pass(uint64_t nanoseconds);

/* Whole pages of the test's memory, at an address (0: anywhere), as out-of-line data is put in; NULL: no room. */
void *sim_map(uint64_t address, uint64_t size);
void sim_unmap(uint64_t address, uint64_t size);

#endif
