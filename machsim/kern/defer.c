/* SPDX-License-Identifier: BSD-2-Clause */
/* defer.c - the list of deferred work, one for each processor, which alone touches it. */
#include "kern/defer.h"

#include "kern/assert.h"

void defer(struct defer *work, void (*function)(struct defer *self))
{
    struct processor *processor = hal_processor();

    work->next = NULL;
    work->function = function;
    if (processor->deferred.first == NULL)
        processor->deferred.last = &processor->deferred.first;
    *processor->deferred.last = work;
    processor->deferred.last = &work->next;
}

void defer_drain_all(void)
{
    struct processor *processor = hal_processor();

    if (processor->draining)
        return;
    kern_assert(processor->ranks_held == 0);
    processor->draining = true;
    for (struct defer *work; (work = processor->deferred.first) != NULL;) {
        processor->deferred.first = work->next;
        work->function(work);
    }
    processor->draining = false;
}
