/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock.h - a lock that its own thread is refused a second time: that is how a signal handler learns that it has interrupted
 * a call.  It costs a few instructions when no one else wants it, as one is taken for each message.
 *
 * word: 0, or the number of the thread that has it, and LOCK_AWAITED if others wait, or did.
 */
#ifndef LIBMACH_DIRECT_LOCK_H
#define LIBMACH_DIRECT_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "libmach/ring/os.h"

struct direct_lock {
    _Atomic uint32_t word;
};

#define LOCK_AWAITED 0x80000000u

#pragma GCC visibility push(hidden)

/* The calling thread's number in its process; 0: it has none yet. */
extern __thread uint32_t direct_thread __attribute__((tls_model("initial-exec")));
void direct_number_thread(void);
/* The rest of direct_lock. */
bool direct_lock_wait(struct direct_lock *lock);

#pragma GCC visibility pop

/* False: this thread has it. */
static inline bool direct_lock(struct direct_lock *lock)
{
    uint32_t free = 0;

    if (direct_thread == 0)
        direct_number_thread();
    return atomic_compare_exchange_strong_explicit(&lock->word, &free, direct_thread, memory_order_acquire,
                                                   memory_order_relaxed) ||
           direct_lock_wait(lock);
}

/* False: someone has it. */
static inline bool direct_try_lock(struct direct_lock *lock)
{
    uint32_t free = 0;

    if (direct_thread == 0)
        direct_number_thread();
    return atomic_compare_exchange_strong_explicit(&lock->word, &free, direct_thread, memory_order_acquire,
                                                   memory_order_relaxed);
}

static inline void direct_unlock(struct direct_lock *lock)
{
    if (atomic_exchange_explicit(&lock->word, 0, memory_order_release) & LOCK_AWAITED)
        mach_os_wake(&lock->word);
}

#endif
