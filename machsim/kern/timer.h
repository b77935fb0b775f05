/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timer.h - things to be done at a time.  Armed timers stand in a pairing heap under one lock of rank RANK_LEAF; the
 * machine is asked for an alarm at the earliest deadline, and calls timer_expire.
 */
#ifndef KERN_TIMER_H
#define KERN_TIMER_H

#include <stdbool.h>
#include <stdint.h>

struct timer {
    uint64_t deadline;                    /* of hal_now */
    void (*function)(struct timer *self); /* called on some processor, without locks */
    struct timer *child, *sibling, *previous; /* in the heap; previous: elder sibling, or parent of the first child */
    bool armed;
};

void timer_init(void);

/* Arms a timer that is not armed.  What it points to must live until it has fired or is cancelled. */
void timer_set(struct timer *timer, uint64_t deadline);
/* True: it will not fire.  False: it was not armed, or has fired, or is about to. */
bool timer_cancel(struct timer *timer);

/* Fires all that are due, and asks for the next alarm.  No locks are held. */
void timer_expire(void);
/* The earliest deadline; 0: none. */
uint64_t timer_next(void);

#endif
