/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wait.c - waiting for the other side of a channel.
 *
 * Spinning pays only while the other side runs on another processor; how long is learnt: a wait that ends in time doubles
 * what is worth while, one that does not halves it.  Then the thread sleeps on a futex.  What takes longer than a moment
 * is waited for in machsim, which also notices when the other side, or machsim itself, has ended.
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <time.h>

#include "libmach/ring/os.h"
#include "tables.h"

#define SPIN_LEAST 32u
#define SPIN_MOST 4096u
#define MOMENT_NANOSECONDS 50000000u

uint64_t direct_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint32_t direct_processor(void)
{
    return (uint32_t)sched_getcpu();
}

static void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

bool direct_spin(_Atomic uint32_t *spin, uint32_t processor, bool (*ready)(const void *), const void *context)
{
    uint32_t most = atomic_load_explicit(spin, memory_order_relaxed);

    if (processor == direct_processor())
        return false;
    if (most < SPIN_LEAST)
        most = SPIN_LEAST;
    for (uint32_t i = 0; i < most; i++) {
        if (ready(context)) {
            atomic_store_explicit(spin, most * 2 > SPIN_MOST ? SPIN_MOST : most * 2, memory_order_relaxed);
            return true;
        }
        pause_briefly();
    }
    atomic_store_explicit(spin, most / 2, memory_order_relaxed);
    return false;
}

enum direct_waited direct_sleep(struct direct_wait *wait, _Atomic uint32_t *word, uint32_t value)
{
    const uint64_t now = direct_now();

    if (wait->start == 0)
        wait->start = now;
    const uint64_t moment = wait->start + MOMENT_NANOSECONDS;
    const uint64_t end = wait->deadline < moment ? wait->deadline : moment;

    if (now >= end)
        return now >= wait->deadline ? WAITED_OUT : WAITED_LONG;
    if (mach_os_wait_nanoseconds(word, value, end - now) == EINTR && wait->interruptible)
        return WAITED_INTERRUPTED;
    return WAITED;
}

mach_msg_timeout_t direct_left(const struct direct_wait *wait)
{
    const uint64_t now = direct_now();
    const uint64_t left = wait->deadline > now ? (wait->deadline - now + 999999) / 1000000 : 0;

    return left > UINT_MAX ? UINT_MAX : (mach_msg_timeout_t)left;
}
