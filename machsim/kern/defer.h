/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * defer.h - work that must wait until no lock is held: sending a notification, destroying a message or a port.
 *
 * What is deferred is done, in order, on the same processor before it ends the trap or whatever else it is at, so
 * no one sees that it was late; and work that brings work (a message that holds a receive right whose queue holds
 * a message ...) needs a loop and not a deep stack.  Deferring takes no memory and cannot fail.
 */
#ifndef KERN_DEFER_H
#define KERN_DEFER_H

#include "hal/hal.h"

struct defer {
    struct defer *next;
    void (*function)(struct defer *self);
};

/* Has `function` called soon, on this processor, without locks.  `work` must not be deferred already. */
void defer(struct defer *work, void (*function)(struct defer *self));

void defer_drain_all(void);
/* Does all that is deferred.  No locks are held.  Does nothing when called from deferred work. */
static inline void defer_drain(void)
{
    if (hal_processor()->deferred.first != NULL)
        defer_drain_all();
}

#endif
