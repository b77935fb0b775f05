/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * processor.c - what the core runs on.  So far there is one processor, in the kernel only one thing is done at a time, and
 * interrupts come only while there is nothing to do.
 */
#include "hal/x86_64/cpu.h"
#include "hal/x86_64/machine.h"
#include "kern/defer.h"
#include "kern/thread.h"
#include "kern/timer.h"

static struct processor processor;
static struct list runnable; /* threads whose continuations are to be called */
static unsigned readers;
static struct hal_rcu *callbacks, **last_callback = &callbacks;

struct processor *hal_processor(void)
{
    return &processor;
}

/* ---- locks and readers ----------------------------------------------------------------------------- */

void hal_lock_acquire(struct hal_lock *lock)
{
    while (atomic_exchange_explicit(&lock->word, 1, memory_order_acquire) != 0)
        cpu_pause();
}

void hal_lock_release(struct hal_lock *lock)
{
    atomic_store_explicit(&lock->word, 0, memory_order_release);
}

void hal_rcu_read_lock(void)
{
    readers++;
}

void hal_rcu_read_unlock(void)
{
    readers--;
}

void hal_rcu_defer(struct hal_rcu *rcu, void (*function)(struct hal_rcu *self))
{
    rcu->next = NULL;
    rcu->function = function;
    *last_callback = rcu;
    last_callback = &rcu->next;
}

/* Between two things that are done there is no reader. */
static bool call_back(void)
{
    struct hal_rcu *rcu = callbacks;

    kern_assert(readers == 0);
    callbacks = NULL;
    last_callback = &callbacks;
    for (struct hal_rcu *next; rcu != NULL; rcu = next) {
        next = rcu->next;
        rcu->function(rcu);
        if (next == NULL)
            return true;
    }
    return false;
}

/* ---- work ------------------------------------------------------------------------------------------ */

void hal_thread_run(struct thread *thread)
{
    if (runnable.next == NULL)
        list_init(&runnable);
    list_append(&runnable, &thread->machine);
}

static bool run_one(void)
{
    struct list *link = runnable.next == NULL ? NULL : list_pop(&runnable);

    if (link != NULL)
        thread_continue(container_of(link, struct thread, machine));
    return link != NULL;
}

bool processor_work(void)
{
    bool some = run_one();

    if (clock_due()) {
        timer_expire();
        some = true;
    }
    defer_drain();
    some |= call_back();
    return some;
}

/* ---- what this machine has not ------------------------------------------------------------------------ */

void hal_object_unreferenced(void *object)
{
    (void)object;
}
