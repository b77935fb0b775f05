/* SPDX-License-Identifier: BSD-2-Clause */
/* mach_vm_msync.c - mach_vm_msync: memory goes back to the managers that it came from. */
#include <mach/mig_errors.h>

#include "gen/kernel/mach_vm_server.h"
#include "kern/kobject.h"
#include "vm/vm_range.h"
#include "vm/vm_sync.h"

/* The lowest bit of the request's progress, which otherwise is an address: the manager of what is there was asked. */
#define ASKED ((uint64_t)1)

/* The part of an object that an entry and a range have in common. */
struct part {
    struct vm_object *object;
    uint64_t offset, size;
};

static struct part part_of(const struct vm_map_entry *entry, struct vm_range range)
{
    const uint64_t first = vm_map_entry_start(entry);
    const uint64_t start = range.start > first ? range.start : first, end = range.end < entry->end ? range.end : entry->end;

    return (struct part){.object = entry->object, .offset = entry->offset + (start - first), .size = end - start};
}

/*
 * Returns what is dirty, or precious, and with VM_SYNC_INVALIDATE has all of it go; with VM_SYNC_KILLPAGES that which is
 * the object's alone goes without.  The manager hears of it, and unless it is VM_SYNC_ASYNCHRONOUS is waited for.
 */
static kern_return_t sync_part(struct part part, vm_sync_t flags, bool asked)
{
    const struct vm_pager *pager = part.object->pager;

    if (pager == NULL || pager->internal)
        return KERN_SUCCESS;
    if (!asked && (flags & VM_SYNC_KILLPAGES))
        vm_object_discard(part.object, part.offset, part.size);
    if (!asked && pager->failed == KERN_SUCCESS &&
        !vm_pager_clean(part.object, part.offset, part.size, MEMORY_OBJECT_RETURN_ALL, flags & VM_SYNC_INVALIDATE))
        return KERN_RESOURCE_SHORTAGE;
    if (flags & VM_SYNC_ASYNCHRONOUS)
        return KERN_SUCCESS;
    return vm_sync_wait(part.object, part.offset, part.size, flags, asked, kobject_waiter());
}

/* What has been done is in *progress; from there on it goes on when the request is served again. */
static kern_return_t sync_range(struct vm_map *map, struct vm_range range, vm_sync_t flags, uint64_t *progress)
{
    kern_return_t result = KERN_SUCCESS;

    if (*progress == 0)
        *progress = range.start;
    while (result == KERN_SUCCESS && (*progress & ~ASKED) < range.end) {
        const struct vm_range left = {.start = *progress & ~ASKED, .end = range.end};
        struct vm_map_entry *entry;

        if (!vm_map_lookup(map, left.start, &entry) &&
            ((entry = vm_map_next(entry)) == NULL || vm_map_entry_start(entry) >= range.end))
            return KERN_SUCCESS;
        if (entry->object != NULL)
            result = sync_part(part_of(entry, left), flags, *progress & ASKED);
        if (result == KERN_SUCCESS)
            *progress = entry->end;
        else if (result == MIG_NO_REPLY)
            *progress |= ASKED;
    }
    return result;
}

kern_return_t kernel_mach_vm_msync(task_ref_t task, mach_vm_address_t address, mach_vm_size_t size, vm_sync_t flags)
{
    struct vm_range range;
    kern_return_t result = vm_range_of(task, address, size, &range);

    if (result != KERN_SUCCESS)
        return result;
    if ((flags & VM_SYNC_ASYNCHRONOUS) && (flags & VM_SYNC_SYNCHRONOUS))
        return KERN_INVALID_ARGUMENT;
    lock_acquire(&vm_lock);
    if (flags & VM_SYNC_CONTIGUOUS)
        result = vm_map_check(task->map, range.start, range.end, VM_PROT_NONE, false);
    if (result == KERN_SUCCESS)
        result = sync_range(task->map, range, flags, kobject_progress());
    lock_release(&vm_lock);
    return result;
}
