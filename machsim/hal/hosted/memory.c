/* SPDX-License-Identifier: BSD-2-Clause */
/* memory.c - memory by jemalloc, read-copy-update by liburcu, and locks that sleep in a futex when they must. */
#include <jemalloc/jemalloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <urcu.h>

#include "config.h"
#include "hal/hosted/hosted.h"

/* ---- memory ---------------------------------------------------------------------------------------- */

#if HAL_PLAIN_MALLOC

void *hal_alloc(size_t size)
{
    return calloc(1, size);
}

void *hal_alloc_raw(size_t size)
{
    return malloc(size);
}

void hal_free(void *memory, size_t size)
{
    (void)size;
    free(memory);
}

#else

void *hal_alloc(size_t size)
{
    return mallocx(size, MALLOCX_ALIGN(16) | MALLOCX_ZERO);
}

void *hal_alloc_raw(size_t size)
{
    return mallocx(size, MALLOCX_ALIGN(16));
}

void hal_free(void *memory, size_t size)
{
    if (memory != NULL)
        sdallocx(memory, size, MALLOCX_ALIGN(16));
}

#endif

/* ---- locks ----------------------------------------------------------------------------------------- */

/* word: free, held, or held and someone sleeps.  Source: Drepper, Futexes are tricky (mutex 3). */
enum { FREE, HELD, CONTENDED };

void hal_lock_acquire(struct hal_lock *lock)
{
    uint32_t word = FREE;

    if (atomic_compare_exchange_strong_explicit(&lock->word, &word, HELD, memory_order_acquire,
                                                memory_order_relaxed))
        return;
    while (atomic_exchange_explicit(&lock->word, CONTENDED, memory_order_acquire) != FREE)
        os_futex_wait(&lock->word, CONTENDED, 0);
}

void hal_lock_release(struct hal_lock *lock)
{
    if (atomic_exchange_explicit(&lock->word, FREE, memory_order_release) == CONTENDED)
        os_futex_wake(&lock->word, 1);
}

/* ---- read-copy-update ------------------------------------------------------------------------------ */

/* ThreadSanitizer does not see into liburcu: it is told what readers and callbacks may rely on. */
#if defined(__SANITIZE_THREAD__)
void __tsan_acquire(void *address);
void __tsan_release(void *address);
static char grace_period;
#define HAPPENS_BEFORE_CALLBACKS() __tsan_release(&grace_period)
#define HAPPENS_AFTER_READERS() __tsan_acquire(&grace_period)
#else
#define HAPPENS_BEFORE_CALLBACKS() ((void)0)
#define HAPPENS_AFTER_READERS() ((void)0)
#endif

void hal_rcu_read_lock(void)
{
    rcu_read_lock();
}

void hal_rcu_read_unlock(void)
{
    HAPPENS_BEFORE_CALLBACKS();
    rcu_read_unlock();
}

/* liburcu's head, a link and a function, lies over the machine's part of hal_rcu. */
_Static_assert(sizeof(struct rcu_head) == 2 * sizeof(void *), "a head is a link and a function");

static void call(struct rcu_head *head)
{
    struct hal_rcu *rcu = (struct hal_rcu *)(void *)head;

    HAPPENS_AFTER_READERS();
    rcu->machine(rcu);
}

void hal_rcu_defer(struct hal_rcu *rcu, void (*function)(struct hal_rcu *self))
{
    rcu->machine = function;
    HAPPENS_BEFORE_CALLBACKS();
    call_rcu((struct rcu_head *)(void *)rcu, call);
}
