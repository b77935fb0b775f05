/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_pageout.h - when frames run short: which pages go, and where to.
 *
 * The clock with a second chance: the pages longest in the active queue are deactivated, which ends their mappings; one
 * that is touched again becomes active, and one that is not goes when its turn comes.  A clean page whose manager has it
 * is freed; others are returned to their manager first, those of anonymous memory to the default manager.  Without one
 * anonymous memory stays.
 *
 * Pages under way to their managers ("laundry") have left their frames but still take up memory: so many at most.  The
 * search goes on as they are received.  What is sent does not come out of page frames: so a search never waits for one.
 *
 * The memory lock guards all but the count of laundry.
 */
#ifndef VM_VM_PAGEOUT_H
#define VM_VM_PAGEOUT_H

#include <mach/kern_return.h>

#include "kern/waiter.h"

struct ipc_port;

void vm_pageout_init(void);
void vm_pageout_stop(void);

/* A frame was taken: if there are few, the search begins soon.  The memory lock is held. */
void vm_pageout_check(void);

/* A frame was given back: who waits for one goes on.  The memory lock is held. */
void vm_pageout_freed(void);

/*
 * There was no memory for a page.  MIG_NO_REPLY: the waiter is woken when there may be.  KERN_RESOURCE_SHORTAGE: it is
 * not frames that are short, or no page can go, or there is no waiter (NULL).  The memory lock is held.
 */
kern_return_t vm_pageout_wait(struct waiter *waiter);

void vm_pageout_laundry_add(uint64_t bytes);
/* May be called with locks held. */
void vm_pageout_laundry_done(uint64_t bytes);

/* The manager of anonymous memory: a new send right, or NULL; and another, whose right it takes.  No locks are held. */
struct ipc_port *vm_pageout_default_manager(void);
void vm_pageout_set_default_manager(struct ipc_port *port);

#endif
