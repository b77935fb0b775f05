/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_sync.h - vm_msync's waits for managers: each is a note that a manager has been asked to write a range to where it
 * keeps it.  The memory lock guards all.
 */
#ifndef VM_VM_SYNC_H
#define VM_VM_SYNC_H

#include <mach/vm_sync.h>

#include "vm/vm_pager.h"

/*
 * Sees to it that a range of an object is written back: asks its manager, and wakes the owner when there is an answer,
 * who comes `again` for that.  MIG_NO_REPLY: it is to come; KERN_SUCCESS: it is done; KERN_MEMORY_ERROR: the manager
 * does not answer; KERN_RESOURCE_SHORTAGE.
 */
kern_return_t vm_sync_wait(struct vm_object *object, uint64_t offset, uint64_t size, vm_sync_t flags, bool again,
                           struct waiter *owner);
/* The manager has done it. */
void vm_sync_completed(struct vm_pager *pager, uint64_t offset, uint64_t size);

/* When the first is due; 0: there is none. */
uint64_t vm_sync_deadline(const struct vm_pager *pager);
/* Those due by now will not be answered. */
void vm_sync_expire(struct vm_pager *pager, uint64_t now);
/* The object has ended, and those who waited have been woken. */
void vm_sync_clear(struct vm_pager *pager);

#endif
