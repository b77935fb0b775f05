/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wait.c - waiting for the other side of a channel.
 *
 * Spinning pays only while the other side runs on another processor; how long is learnt: a wait that ends in time makes
 * a long one worth while, one that does not halves that.  But when both sides sleep each time, each takes longer than the
 * other would spin, for waking a processor takes longest; so now and then a thread spins long all the same, and if the other
 * does so too they meet.  Then the thread sleeps on a futex.  What takes longer than a moment
 * is waited for in machsim, which also notices when the other side, or machsim itself, has ended.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#ifdef HAVE_SYS_RSEQ_H
#include <sys/rseq.h>
#endif
#include <time.h>

#include "libmach/ring/os.h"
#include "machsim/hal/hosted/pause.h"
#include "tables.h"
#include "steps.h"

#define SPIN_LEAST 32u
#define SPIN_MOST 4096u
#define SPIN_AGAIN 16u /* every so many waits */
#define MOMENT_NANOSECONDS 50000000u

uint64_t direct_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint32_t direct_processor(void)
{
#ifdef HAVE_SYS_RSEQ_H
    if (__rseq_size > 0)
        return ((const struct rseq *)((const char *)__builtin_thread_pointer() + __rseq_offset))->cpu_id;
#endif
    return (uint32_t)sched_getcpu();
}

bool direct_spin(_Atomic uint32_t *spin, uint32_t processor, bool (*ready)(const void *), const void *context)
{
    static __thread uint32_t waits;

    if (processor == direct_processor())
        return false;
    uint32_t most = atomic_load_explicit(spin, memory_order_relaxed);

    if (most < SPIN_LEAST)
        most = ++waits % SPIN_AGAIN == 0 ? SPIN_MOST : SPIN_LEAST;
    for (uint32_t i = 0; i < most; i++) {
        if (ready(context)) {
            atomic_store_explicit(spin, SPIN_MOST, memory_order_relaxed);
            return true;
        }
        processor_pause();
    }
    atomic_store_explicit(spin, most / 2, memory_order_relaxed);
    return false;
}

bool direct_spin_once(struct direct_wait *wait, _Atomic uint32_t *spin, uint32_t processor, bool (*ready)(const void *),
                      const void *context)
{
    if (wait->spun)
        return false;
    wait->spun = true;
    return direct_spin(spin, processor, ready, context);
}

/* Whether time is up: WAITED, if some is left. */
static enum direct_waited look_at_clock(struct direct_wait *wait, uint64_t *left)
{
    const uint64_t now = direct_now();

    if (wait->start == 0)
        wait->start = now;
    const uint64_t moment = wait->start + MOMENT_NANOSECONDS;
    const uint64_t end = wait->deadline < moment ? wait->deadline : moment;

    *left = end - now;
    return now < end ? WAITED : now >= wait->deadline ? WAITED_OUT : WAITED_LONG;
}

enum direct_waited direct_sleep_not(struct direct_wait *wait)
{
    uint64_t left;

    return look_at_clock(wait, &left);
}

enum direct_waited direct_sleep_many(struct direct_wait *wait, _Atomic uint32_t *const *words, const uint32_t *values,
                                     unsigned count)
{
    uint64_t left;
    const enum direct_waited how = look_at_clock(wait, &left);

    if (how != WAITED)
        return how;
    const int error = count == 1 ? mach_os_wait_nanoseconds(words[0], values[0], left)
                                 : mach_os_wait_many(words, values, count, left);

    if (error == ENOSYS) /* a host that cannot wait for several: machsim does */
        return WAITED_LONG;
    return error == EINTR && wait->interruptible ? WAITED_INTERRUPTED : WAITED;
}

enum direct_waited direct_sleep(struct direct_wait *wait, _Atomic uint32_t *word, uint32_t value)
{
    return direct_sleep_many(wait, &word, &value, 1);
}

mach_msg_timeout_t direct_left(const struct direct_wait *wait)
{
    const uint64_t now = direct_now();
    const uint64_t left = wait->deadline > now ? (wait->deadline - now + 999999) / 1000000 : 0;

    return left > UINT_MAX ? UINT_MAX : (mach_msg_timeout_t)left;
}
