/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * faults.h - how the kernel comes to hear of this task's faults on memory that it maps: by a userfaultfd, or, where the
 * host allows none, by signals.
 *
 * By signals: nothing may be touched at first.  The handler of SIGSEGV asks the kernel for the page, and gives the mapping
 * the rights that it gets.  When the kernel wants rights back it asks a thread of libmach's, which waits for that alone
 * and never for a lock that someone may hold who waits for the kernel.  A right that the kernel has asked back since it gave
 * it is not used: both hold `granting` when they change a mapping, and look at wire_recall.asked.  System calls that touch
 * a page that has not been asked for fail with EFAULT.
 *
 * MACH_FAULTS in the environment has one of the two used: userfaultfd, signals.
 */
#ifndef LIBMACH_FAULTS_H
#define LIBMACH_FAULTS_H

#include <mach/kern_return.h>
#include <stdbool.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/*
 * Has the kernel serve this task's faults, by a trap whose last argument says how they come (WIRE_TRAP_ARENA, _ADOPT).
 * KERN_NOT_SUPPORTED: there is no way.
 */
kern_return_t faults_offer(uint32_t trap, uint64_t *arguments, unsigned count);

/* Whether they come by signals: then it is the handler that changes what may be done with a mapping. */
bool faults_by_signals(void);

/* This is a new task, after fork: its faults go nowhere. */
void faults_forget(void);

#pragma GCC visibility pop

#endif
