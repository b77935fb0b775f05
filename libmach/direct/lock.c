/* SPDX-License-Identifier: BSD-2-Clause */
/* lock.c - waiting for a lock that another thread has: see lock.h. */
#include "lock.h"

__thread uint32_t direct_thread;

void direct_number_thread(void)
{
    static _Atomic uint32_t last;

    do
        direct_thread = (atomic_fetch_add(&last, 1) + 1) & ~LOCK_AWAITED;
    while (direct_thread == 0);
}

bool direct_lock_wait(struct direct_lock *lock)
{
    uint32_t word = atomic_load_explicit(&lock->word, memory_order_relaxed);

    if ((word & ~LOCK_AWAITED) == direct_thread)
        return false;
    for (;;) {
        if (word == 0) {
            /* Others may wait too: whoever has waited says so, and wakes the next. */
            if (atomic_compare_exchange_weak_explicit(&lock->word, &word, direct_thread | LOCK_AWAITED,
                                                      memory_order_acquire, memory_order_relaxed))
                return true;
        } else if ((word & LOCK_AWAITED) ||
                   atomic_compare_exchange_weak_explicit(&lock->word, &word, word | LOCK_AWAITED, memory_order_relaxed,
                                                         memory_order_relaxed)) {
            (void)mach_os_wait(&lock->word, word | LOCK_AWAITED, 1000);
            word = atomic_load_explicit(&lock->word, memory_order_relaxed);
        }
    }
}
