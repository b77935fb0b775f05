/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * helper.c - a worker of machsim's on another processor that looks for traps all the time: to ask it takes two cache lines, and
 * not two switches of the own processor.
 *
 * No worker does so unasked.  A thread whose traps follow each other quickly asks one, now and then: whether it has a processor to
 * itself only that worker can find out, which gives up when it has not, or when no trap comes any more.  Each time in vain the
 * thread waits twice as long with the next.
 */
#include "ring.h"

#include "libmach/direct/tables.h"
#include "machsim/hal/hosted/pause.h"
#include "os.h"

/* Traps after which it is looked how quickly they come, at first and at most, and what is quick. */
#define TRAPS_FIRST 64u
#define TRAPS_MOST 16384u
#define QUICK_NANOSECONDS 20000u
/* How often it is looked for an answer before the thread does what it does without a helper: some 30 us. */
#define LOOKS 1000u

static __thread struct {
    uint64_t since;
    uint32_t traps, period;
    uint32_t worker; /* 1 + its number, or 0 */
    uint32_t turn;
} helper;

/* Has a worker on another processor look for traps, or find out that it had better not. */
static void ask(unsigned own, unsigned workers)
{
    const unsigned worker = (own + 1 + helper.turn++ % (workers - 1)) % workers;
    struct wire_bell *bell = ring_bell_of(worker);

    helper.worker = worker + 1;
    helper.period = helper.period < TRAPS_MOST ? helper.period * 2 : TRAPS_MOST;
    atomic_store(&bell->wanted, 1);
    ring_change(bell);
}

struct wire_bell *helper_bell(void)
{
    const unsigned workers = ring_workers();

    if (workers < 2)
        return NULL;
    const unsigned own = direct_processor() % workers;

    if (helper.worker != 0 && helper.worker - 1 != own) {
        struct wire_bell *bell = ring_bell_of(helper.worker - 1);

        if (atomic_load_explicit(&bell->spinning, memory_order_relaxed))
            return bell;
    }
    if (helper.period == 0)
        helper.period = TRAPS_FIRST;
    if (++helper.traps < helper.period)
        return NULL;
    const uint64_t now = direct_now();
    const bool quick = now - helper.since < (uint64_t)helper.traps * QUICK_NANOSECONDS;

    helper.traps = 0;
    helper.since = now;
    if (quick)
        ask(own, workers);
    else
        helper.period = TRAPS_FIRST;
    return NULL;
}

bool helper_answers(const struct wire_area *area)
{
    for (unsigned i = 0; i < LOOKS; i++) {
        if (atomic_load_explicit(&area->state, memory_order_acquire) == WIRE_DONE) {
            helper.period = TRAPS_FIRST;
            return true;
        }
        processor_pause();
    }
    helper.worker = 0;
    return false;
}
