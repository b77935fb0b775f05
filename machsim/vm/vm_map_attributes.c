/* SPDX-License-Identifier: BSD-2-Clause */
/* vm_map_attributes.c - what may be done with ranges, and what becomes of them: operations of vm_map.h. */
#include "vm/vm_fault.h"

/* Does something to each entry of a range, split off at both ends; the range was checked. */
static kern_return_t for_range(struct vm_map *map, uint64_t start, uint64_t end,
                               void (*change)(struct vm_map *map, struct vm_map_entry *entry, int value), int value)
{
    if (map->count >= VM_MAP_MAX_ENTRIES || !vm_map_reserve(map, 2))
        return KERN_RESOURCE_SHORTAGE;
    for (struct vm_map_entry *entry = vm_map_clip(map, start, end); entry != NULL && vm_map_entry_start(entry) < end;
         entry = vm_map_next(entry))
        change(map, entry, value);
    vm_map_simplify(map, start, end);
    return KERN_SUCCESS;
}

/* ---- protection ------------------------------------------------------------------------------------ */

static void protect(struct vm_map *map, struct vm_map_entry *entry, int protection)
{
    const bool less = (entry->protection & ~protection) != 0;

    entry->protection = protection;
    if (less && entry->seen)
        hal_pmap_protect(map->pmap, vm_map_entry_start(entry), entry->end, protection);
}

static void limit(struct vm_map *map, struct vm_map_entry *entry, int protection)
{
    entry->max_protection = protection;
    protect(map, entry, entry->protection & protection);
}

kern_return_t vm_map_protect(struct vm_map *map, uint64_t start, uint64_t end, vm_prot_t protection, bool max)
{
    if (protection & ~VM_PROT_ALL)
        return KERN_INVALID_ARGUMENT;
    lock_acquire(&vm_lock);
    kern_return_t result = vm_map_check(map, start, end, protection, true);

    if (result == KERN_SUCCESS)
        result = for_range(map, start, end, max ? limit : protect, protection);
    lock_release(&vm_lock);
    return result;
}

/* ---- inheritance, behavior ------------------------------------------------------------------------- */

static void inherit(struct vm_map *map, struct vm_map_entry *entry, int inheritance)
{
    (void)map;
    entry->inheritance = (vm_inherit_t)inheritance;
}

kern_return_t vm_map_inherit(struct vm_map *map, uint64_t start, uint64_t end, vm_inherit_t inheritance)
{
    if (inheritance != VM_INHERIT_NONE && inheritance != VM_INHERIT_COPY && inheritance != VM_INHERIT_SHARE)
        return KERN_INVALID_ARGUMENT;
    if (start < map->start || end > map->end || start > end)
        return KERN_INVALID_ADDRESS;
    lock_acquire(&vm_lock);
    const kern_return_t result = for_range(map, start, end, inherit, (int)inheritance);

    lock_release(&vm_lock);
    return result;
}

static void behave(struct vm_map *map, struct vm_map_entry *entry, int behavior)
{
    (void)map;
    entry->behavior = behavior;
}

/* Its pages are the first to be looked for when frames are wanted. */
static void forget(struct vm_map *map, struct vm_map_entry *entry, int unused)
{
    const uint64_t end = entry->offset + (entry->end - vm_map_entry_start(entry));

    (void)map, (void)unused;
    if (entry->object == NULL)
        return;
    for (struct vm_page *page = vm_object_page_from(entry->object, entry->offset);
         page != NULL && vm_page_offset(page) < end;
         page = vm_object_page_from(entry->object, vm_page_offset(page) + 1))
        vm_page_deactivate(page);
}

kern_return_t vm_map_behavior_set(struct vm_map *map, uint64_t start, uint64_t end, vm_behavior_t behavior)
{
    void (*change)(struct vm_map *, struct vm_map_entry *, int) = behave;

    switch (behavior) {
    case VM_BEHAVIOR_DEFAULT:
    case VM_BEHAVIOR_RANDOM:
    case VM_BEHAVIOR_SEQUENTIAL:
    case VM_BEHAVIOR_RSEQNTL: break;
    case VM_BEHAVIOR_WILLNEED:
    case VM_BEHAVIOR_DONTNEED: change = forget; break;
    default: return KERN_INVALID_ARGUMENT;
    }
    lock_acquire(&vm_lock);
    kern_return_t result = vm_map_check(map, start, end, VM_PROT_NONE, false);

    if (result == KERN_SUCCESS && behavior != VM_BEHAVIOR_WILLNEED)
        result = for_range(map, start, end, change, behavior);
    lock_release(&vm_lock);
    return result;
}

/* ---- wiring ---------------------------------------------------------------------------------------- */

/* Brings the entry's pages in, its object's own, and wires them; on failure none is. */
static kern_return_t wire_entry(struct vm_map *map, struct vm_map_entry *entry, vm_prot_t access,
                                struct waiter *waiter)
{
    struct vm_page *page;

    for (uint64_t at = vm_map_entry_start(entry); at < entry->end; at += HAL_PAGE_SIZE) {
        const kern_return_t result = vm_fault_page(map, at, access, true, waiter, &page);

        if (result != KERN_SUCCESS) {
            vm_map_entry_unwire(entry, at);
            return result;
        }
        vm_page_wire(page);
    }
    entry->wired++;
    return KERN_SUCCESS;
}

static void unwire_entry(struct vm_map *map, struct vm_map_entry *entry, int unused)
{
    (void)map, (void)unused;
    if (entry->wired == 0)
        return;
    vm_map_entry_unwire(entry, entry->end);
    entry->wired--;
}

static kern_return_t wire_range(struct vm_map *map, uint64_t start, uint64_t end, vm_prot_t access,
                                struct waiter *waiter)
{
    struct vm_map_entry *first = vm_map_clip(map, start, end), *entry = first;
    kern_return_t result = KERN_SUCCESS;

    for (; result == KERN_SUCCESS && entry != NULL && vm_map_entry_start(entry) < end; entry = vm_map_next(entry))
        if ((result = wire_entry(map, entry, access, waiter)) != KERN_SUCCESS)
            break;
    for (struct vm_map_entry *done = first; result != KERN_SUCCESS && done != entry; done = vm_map_next(done))
        unwire_entry(map, done, 0);
    return result;
}

kern_return_t vm_map_wire(struct vm_map *map, uint64_t start, uint64_t end, vm_prot_t access, struct waiter *waiter)
{
    lock_acquire(&vm_lock);
    kern_return_t result = vm_map_check(map, start, end, access, false);

    if (result == KERN_SUCCESS && access == VM_PROT_NONE) {
        result = for_range(map, start, end, unwire_entry, 0);
    } else if (result == KERN_SUCCESS) {
        result = vm_map_reserve(map, 2) ? wire_range(map, start, end, access, waiter) : KERN_RESOURCE_SHORTAGE;
        vm_map_simplify(map, start, end);
    }
    lock_release(&vm_lock);
    return result;
}
