/* SPDX-License-Identifier: BSD-2-Clause */
/* timer.c - the heap of armed timers.  Source: Fredman et al., The pairing heap, Algorithmica 1986. */
#include "kern/timer.h"

#include "kern/lock.h"

static struct lock timer_lock;
static struct timer *earliest;

void timer_init(void)
{
    lock_init(&timer_lock, RANK_LEAF);
    earliest = NULL;
}

/* ---- the heap -------------------------------------------------------------------------------------- */

/* Joins two heaps: the later becomes the first child of the earlier. */
static struct timer *meld(struct timer *one, struct timer *other)
{
    if (one == NULL)
        return other;
    if (other == NULL)
        return one;
    struct timer *root = one->deadline <= other->deadline ? one : other;
    struct timer *child = root == one ? other : one;

    child->sibling = root->child;
    if (child->sibling != NULL)
        child->sibling->previous = child;
    child->previous = root;
    root->child = child;
    return root;
}

/* Joins a list of siblings into one heap: in pairs from the left, and these from the right. */
static struct timer *meld_siblings(struct timer *first)
{
    struct timer *pairs = NULL, *root = NULL;

    while (first != NULL) {
        struct timer *second = first->sibling, *rest = second == NULL ? NULL : second->sibling;

        first->sibling = first->previous = NULL;
        if (second != NULL)
            second->sibling = second->previous = NULL;
        struct timer *pair = meld(first, second);

        pair->sibling = pairs;
        pairs = pair;
        first = rest;
    }
    while (pairs != NULL) {
        struct timer *next = pairs->sibling;

        pairs->sibling = NULL;
        root = meld(root, pairs);
        pairs = next;
    }
    return root;
}

static void take_out(struct timer *timer)
{
    struct timer *children = meld_siblings(timer->child);

    if (timer == earliest) {
        earliest = children;
    } else {
        if (timer->previous->child == timer)
            timer->previous->child = timer->sibling;
        else
            timer->previous->sibling = timer->sibling;
        if (timer->sibling != NULL)
            timer->sibling->previous = timer->previous;
        earliest = meld(earliest, children);
    }
    timer->child = timer->sibling = timer->previous = NULL;
    timer->armed = false;
}

/* ---- timers ---------------------------------------------------------------------------------------- */

void timer_set(struct timer *timer, uint64_t deadline)
{
    lock_acquire(&timer_lock);
    kern_assert(!timer->armed);
    timer->deadline = deadline;
    timer->armed = true;
    earliest = meld(earliest, timer);
    if (earliest == timer)
        hal_alarm(deadline);
    lock_release(&timer_lock);
}

bool timer_cancel(struct timer *timer)
{
    lock_acquire(&timer_lock);
    const bool armed = timer->armed;

    if (armed)
        take_out(timer);
    lock_release(&timer_lock);
    return armed;
}

/* Takes out one that is due; NULL: none is, and an alarm is set for the next. */
static struct timer *next_due(void)
{
    lock_acquire(&timer_lock);
    struct timer *timer = earliest;

    if (timer != NULL && timer->deadline <= hal_now()) {
        take_out(timer);
    } else {
        hal_alarm(timer == NULL ? 0 : timer->deadline);
        timer = NULL;
    }
    lock_release(&timer_lock);
    return timer;
}

void timer_expire(void)
{
    for (struct timer *timer; (timer = next_due()) != NULL;)
        timer->function(timer);
}

uint64_t timer_next(void)
{
    lock_acquire(&timer_lock);
    const uint64_t deadline = earliest == NULL ? 0 : earliest->deadline;

    lock_release(&timer_lock);
    return deadline;
}
