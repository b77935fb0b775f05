/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock.h - locks of the core and their order.
 *
 * A processor that holds a lock takes only locks that stand further down here, and never two of one rank.
 * Each acquisition checks that, but in the kernel that boots.
 *
 *   RANK_SETTLE   the machine's: what a task has done without the core becomes so
 *   RANK_CHANNEL  the machine's: what comes to a port without the core, on its way into the queue (ipc/direct.h)
 *   RANK_SPACE    ipc_space: its names and what they denote
 *   RANK_TRANSIT  the one lock under which receive rights get into messages: ipc/transit.h
 *   RANK_PORT     ipc_port: state, counts, queue, requests, set links seen from the port
 *   RANK_SET      ipc_pset: its members, which of them have messages, who waits on it
 *   RANK_TASK     task: threads, special ports, registered ports
 *   RANK_MEMORY   the one lock of maps, objects and pages: vm/vm_page.h
 *   RANK_LEAF     anything under which no other lock is taken
 */
#ifndef KERN_LOCK_H
#define KERN_LOCK_H

#include "hal/hal.h"
#include "kern/assert.h"

enum rank { RANK_SETTLE, RANK_CHANNEL, RANK_SPACE, RANK_TRANSIT, RANK_PORT, RANK_SET, RANK_TASK, RANK_MEMORY, RANK_LEAF };

struct lock {
    struct hal_lock hal;
    enum rank rank;
};

static inline void lock_init(struct lock *lock, enum rank rank)
{
    *lock = (struct lock){.rank = rank};
}

/* The kernel that boots leaves this out: each path of the core's runs in the daemon, and in tests. */
static inline void check_rank(const struct lock *lock, bool acquire)
{
#ifdef LOCKS_UNCHECKED
    (void)lock, (void)acquire;
#else
    struct processor *processor = hal_processor();

    if (acquire) {
        kern_assert(processor->ranks_held >> lock->rank == 0);
        processor->ranks_held |= 1u << lock->rank;
    } else {
        kern_assert(processor->ranks_held & 1u << lock->rank);
        processor->ranks_held &= ~(1u << lock->rank);
    }
#endif
}

static inline void lock_acquire(struct lock *lock)
{
    check_rank(lock, true);
    hal_lock_acquire(&lock->hal);
}

static inline void lock_release(struct lock *lock)
{
    check_rank(lock, false);
    hal_lock_release(&lock->hal);
}

#endif
