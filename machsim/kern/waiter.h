/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * waiter.h - someone who is to start again when something has changed.
 *
 * Nothing in the core sleeps: what cannot go on leaves a waiter where it found the obstacle, undoes what it has begun,
 * and is called when the obstacle is gone, to begin anew.  The lock of what is waited for guards the link; a waiter
 * waits for one thing at a time.
 */
#ifndef KERN_WAITER_H
#define KERN_WAITER_H

#include <stdint.h>

#include "kern/defer.h"
#include "kern/list.h"

struct waiter {
    struct list link;
    struct defer work;
    void (*wake)(struct waiter *self); /* called soon after, without locks, on the processor of who woke it */
    bool waited;    /* has been left somewhere; only its owner takes that back */
    uint8_t hunger; /* how often in a row it has waited for frames and has been woken for too few: vm_pageout.h */
};

static inline void waiter_init(struct waiter *waiter, void (*wake)(struct waiter *self))
{
    *waiter = (struct waiter){.wake = wake};
}

/* It was woken, and whoever it is begins anew. */
static inline void waiter_restart(struct waiter *waiter)
{
    waiter->waited = false;
}

static inline void waiter_wait(struct waiter *waiter, struct list *list)
{
    waiter->waited = true;
    list_append(list, &waiter->link);
}

static inline void waiter_woken(struct defer *work)
{
    struct waiter *waiter = container_of(work, struct waiter, work);

    waiter->wake(waiter);
}

/* Those who have waited longest, so many at most: how many there were. */
static inline uint64_t waiter_wake(struct list *list, uint64_t most)
{
    struct list *link;
    uint64_t count = 0;

    for (; count < most && (link = list_pop(list)) != NULL; count++)
        defer(&container_of(link, struct waiter, link)->work, waiter_woken);
    return count;
}

/* How many there were. */
static inline uint32_t waiter_wake_all(struct list *list)
{
    return (uint32_t)waiter_wake(list, UINT32_MAX);
}

/* True: it waits no more.  False: it did not, or is about to be called. */
static inline bool waiter_cancel(struct waiter *waiter)
{
    const bool waits = list_linked(&waiter->link);

    if (waits)
        list_remove(&waiter->link);
    return waits;
}

#endif
