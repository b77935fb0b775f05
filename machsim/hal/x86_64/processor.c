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
#include "vm/vm_copy.h"

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

/* ---- threads of programs: there are none yet ---------------------------------------------------------- */

void hal_thread_return(struct thread *thread, uint64_t result)
{
    (void)thread, (void)result;
    kern_assert(!"no program runs");
}

void hal_thread_gone(struct thread *thread)
{
    thread_release(thread);
}

bool hal_copyin_message(struct thread *thread, uint64_t address, void *to, size_t size)
{
    (void)thread, (void)address, (void)to, (void)size;
    return false;
}

bool hal_copyout_message(struct thread *thread, const void *from, uint64_t address, size_t size)
{
    (void)thread, (void)from, (void)address, (void)size;
    return false;
}

kern_return_t hal_copyin_memory(struct thread *thread, uint64_t address, uint64_t size, bool deallocate,
                                struct vm_map_copy **copy)
{
    (void)thread, (void)address, (void)size, (void)deallocate, (void)copy;
    return KERN_INVALID_ADDRESS;
}

kern_return_t hal_copyout_memory(struct thread *thread, struct vm_map_copy *copy, uint64_t *address)
{
    (void)thread, (void)copy, (void)address;
    return KERN_NO_SPACE;
}

void hal_pages_release(struct hal_pages *pages)
{
    (void)pages;
}

bool hal_pages_read(struct hal_pages *pages, uint64_t offset, void *to, size_t size)
{
    (void)pages, (void)offset, (void)to, (void)size;
    return false;
}

void hal_object_unreferenced(void *object)
{
    (void)object;
}
