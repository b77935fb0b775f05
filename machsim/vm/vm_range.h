/* SPDX-License-Identifier: BSD-2-Clause */
/* vm_range.h - what routines are told of ranges, as whole pages. */
#ifndef VM_VM_RANGE_H
#define VM_VM_RANGE_H

#include "kern/kobject.h"
#include "kern/task.h"
#include "vm/vm_fault.h"

struct vm_range {
    uint64_t start, end;
};

/*
 * The map of a task that a routine was given, and the whole pages that a range of it touches.
 * KERN_INVALID_ARGUMENT: there is no task, or the range overflows.  KERN_NOT_SUPPORTED: its memory is not the
 * kernel's, or (vm_range_of) not the caller's to change on this machine.
 */
static inline kern_return_t vm_range_in(const struct task *task, uint64_t address, uint64_t size,
                                        struct vm_range *range)
{
    if (task == NULL)
        return KERN_INVALID_ARGUMENT;
    if (task->map == NULL)
        return KERN_NOT_SUPPORTED;
    if (size > UINT64_MAX - address || address + size > UINT64_MAX - HAL_PAGE_SIZE)
        return KERN_INVALID_ARGUMENT;
    *range = (struct vm_range){.start = vm_page_trunc(address), .end = vm_page_round(address + size)};
    return KERN_SUCCESS;
}

/* The same for those who change the map. */
static inline kern_return_t vm_range_of(const struct task *task, uint64_t address, uint64_t size,
                                        struct vm_range *range)
{
    const kern_return_t result = vm_range_in(task, address, size, range);

    return result == KERN_SUCCESS && hal_maps_are_own() && !kobject_sender_is(task) ? KERN_NOT_SUPPORTED : result;
}

#endif
