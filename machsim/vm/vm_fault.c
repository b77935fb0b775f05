/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_fault.c - faults: see vm_fault.h.
 *
 *   entry          -> not there, or not allowed: an error
 *   to be written, and a copy is still to be made: shadow the object
 *   look           for the page in the object and in those that it shadows
 *   on its way, or kept by a manager, who is asked for it -> wait, and start again
 *   not found      -> a page of zeros in the first
 *   locked         by its manager, who is asked to unlock it -> wait, and start again
 *   found deeper   -> to be written: a copy in the first; else mapped for reading only
 *   to be written, and there is an asymmetric copy: push the page there before it changes
 *   no frame       -> wait for one, and start again
 *   map it
 *
 * The first step that fails or waits ends it, and nothing that was done before has to be undone.
 *
 * A page is mapped for writing only once it is written: so it is known to be dirty.
 */
#include "vm/vm_fault.h"

#include <mach/mig_errors.h>

#include "vm/vm_pageout.h"
#include "vm/vm_pager.h"

/* Where the object of an entry has an address. */
struct place {
    struct vm_object *object;
    uint64_t offset;
};

/* Sees to it that the entry has an object, and one that may be written if it is to be. */
static bool prepare(struct vm_map_entry *entry, vm_prot_t access)
{
    const uint64_t size = entry->end - vm_map_entry_start(entry);

    if (entry->object == NULL) {
        entry->object = vm_object_create(size);
        entry->offset = 0;
        entry->needs_copy = false;
        return entry->object != NULL;
    }
    if (!(access & VM_PROT_WRITE) || !entry->needs_copy)
        return true;
    if (!vm_object_shadow(&entry->object, &entry->offset, size))
        return false;
    entry->needs_copy = false;
    return true;
}

static struct vm_page *zero_fill(struct place at)
{
    struct vm_page *page = vm_page_lookup(at.object, at.offset);

    if (page != NULL && !vm_page_fill(page)) /* its manager has nothing there */
        return NULL;
    if (page == NULL && (page = vm_page_alloc(at.object, at.offset)) == NULL)
        return NULL;
    hal_frame_zero(page->frame);
    page->dirty = at.object->pager == NULL || at.object->pager->internal;
    vm_page_counts.zero_filled++;
    return page;
}

/* A copy of a page, in the object at a place. */
static struct vm_page *copy_page(const struct vm_page *from, struct place to)
{
    struct vm_page *page = vm_page_lookup(to.object, to.offset);

    if (page != NULL && !vm_page_fill(page))
        return NULL;
    if (page == NULL && (page = vm_page_alloc(to.object, to.offset)) == NULL)
        return NULL;
    hal_frame_copy(from->frame, page->frame);
    page->dirty = true;
    vm_page_counts.copied++;
    return page;
}

/* Gives the asymmetric copy the page as it is now.  Those who saw it by way of the copy look again. */
static bool push(const struct vm_page *page)
{
    struct vm_object *copy = page->object->copy;

    if (copy == NULL || vm_page_offset(page) < copy->shadow_offset)
        return true;
    const struct place at = {.object = copy, .offset = vm_page_offset(page) - copy->shadow_offset};

    if (at.offset >= copy->size || vm_page_lookup(copy, at.offset) != NULL || vm_pager_has(copy, at.offset))
        return true;
    if (copy_page(page, at) == NULL)
        return false;
    hal_frame_protect(page->frame, VM_PROT_NONE);
    return true;
}

/* Finds the page that shows at a place; NULL: there is none, anywhere. */
static kern_return_t find_page(struct place first, vm_prot_t access, struct waiter *waiter, struct vm_page **found)
{
    *found = NULL;
    for (struct place at = first; at.object != NULL; at.offset += at.object->shadow_offset, at.object = at.object->shadow) {
        struct vm_page *page = vm_page_lookup(at.object, at.offset);
        const vm_prot_t wanted = at.object == first.object ? access : access & ~VM_PROT_WRITE;

        if (page == NULL && vm_pager_has(at.object, at.offset))
            return vm_pager_request(at.object, at.offset, wanted | VM_PROT_READ, waiter);
        if (page == NULL || page->state == PAGE_ABSENT)
            continue;
        if (page->state == PAGE_ERROR)
            return vm_page_take_error(page);
        if (page->state == PAGE_BUSY) {
            waiter_wait(waiter, &page->waiters);
            return MIG_NO_REPLY;
        }
        if (wanted & page->lock)
            return vm_pager_unlock(page, wanted, waiter);
        *found = page;
        return KERN_SUCCESS;
    }
    return KERN_SUCCESS;
}

/* The page to be mapped; what may be done with it is in *allowed.  NULL: no memory. */
static struct vm_page *get_page(struct place first, struct vm_page *page, vm_prot_t access, bool own,
                                vm_prot_t *allowed)
{
    if (page == NULL)
        page = zero_fill(first);
    if (page == NULL)
        return NULL;
    if (!(access & VM_PROT_WRITE) && (!own || page->object == first.object)) {
        if (page->object != first.object || first.object->copy != NULL)
            *allowed &= ~VM_PROT_WRITE;
        return page;
    }
    if (page->object != first.object) {
        const hal_frame_t former = page->frame;

        page = copy_page(page, first);
        if (page == NULL)
            return NULL;
        if (first.object->shared) /* others who have the object mapped look again */
            hal_frame_protect(former, VM_PROT_NONE);
        vm_object_collapse(first.object);
    }
    return push(page) ? page : NULL;
}

struct vm_object *vm_map_settle(struct vm_map *map, uint64_t start, uint64_t end, uint64_t *offset, vm_prot_t *max)
{
    struct vm_map_entry *entry;

    if (!vm_map_lookup(map, start, &entry) || end > entry->end || !prepare(entry, VM_PROT_WRITE))
        return NULL;
    entry->object->shared = true;
    *offset = entry->offset + (start - vm_map_entry_start(entry));
    *max = entry->max_protection;
    return entry->object;
}

kern_return_t vm_fault_page(struct vm_map *map, uint64_t address, vm_prot_t access, bool own, struct waiter *waiter,
                            struct vm_page **result)
{
    struct vm_map_entry *entry;

    vm_page_counts.faults++;
    address = vm_page_trunc(address);
    if (!vm_map_lookup(map, address, &entry))
        return KERN_INVALID_ADDRESS;
    if (access & ~entry->protection)
        return KERN_PROTECTION_FAILURE;
    own |= hal_frames_stay();
    if (!prepare(entry, own ? VM_PROT_WRITE : access))
        return KERN_RESOURCE_SHORTAGE;
    const struct place first = {.object = entry->object,
                                .offset = entry->offset + (address - vm_map_entry_start(entry))};
    vm_prot_t allowed = entry->needs_copy ? entry->protection & ~VM_PROT_WRITE : entry->protection;
    struct vm_page *page;
    const kern_return_t found = find_page(first, access, waiter, &page);

    if (found != KERN_SUCCESS)
        return found;
    vm_page_counts.lookups++;
    vm_page_counts.hits += page != NULL;
    page = get_page(first, page, access, own, &allowed);
    if (page == NULL)
        return vm_pageout_wait(waiter);
    if (access & VM_PROT_WRITE)
        page->dirty = true;
    if (!page->dirty)
        allowed &= ~VM_PROT_WRITE;
    entry->seen = true;
    if (!hal_pmap_enter(map->pmap, address, page->frame, allowed & ~page->lock))
        return KERN_RESOURCE_SHORTAGE;
    vm_page_activate(page);
    *result = page;
    return KERN_SUCCESS;
}

kern_return_t vm_fault(struct vm_map *map, uint64_t address, vm_prot_t access, struct waiter *waiter)
{
    struct vm_page *page;

    lock_acquire(&vm_lock);
    const kern_return_t result = vm_fault_page(map, address, access, false, waiter, &page);

    lock_release(&vm_lock);
    return result;
}

/* ---- copies ---------------------------------------------------------------------------------------- */

static bool is_copied_at_once(const struct vm_object *object)
{
    return object->pager != NULL && !object->pager->internal &&
           object->pager->copy_strategy == MEMORY_OBJECT_COPY_NONE;
}

/* Has all pages of a part of an object here, together. */
static kern_return_t fetch(struct vm_object *object, uint64_t offset, uint64_t size, struct waiter *waiter)
{
    kern_return_t result = KERN_SUCCESS;
    struct vm_page *page;

    for (uint64_t at = 0; at < size && result == KERN_SUCCESS; at += HAL_PAGE_SIZE) {
        result = find_page((struct place){.object = object, .offset = offset + at}, VM_PROT_READ, waiter, &page);
        if (result == KERN_SUCCESS && page != NULL)
            vm_page_activate(page); /* it is to stay until the rest has come */
    }
    return result;
}

/* Gives the copy all pages that are here. */
static bool push_all(struct vm_object *object, uint64_t offset, uint64_t size)
{
    for (uint64_t at = 0; at < size; at += HAL_PAGE_SIZE) {
        const struct vm_page *page = vm_page_lookup(object, offset + at);

        if (page != NULL && vm_page_has_frame(page) && !push(page))
            return false;
    }
    return true;
}

kern_return_t vm_fault_copy(struct vm_object *object, uint64_t offset, uint64_t size, struct waiter *waiter,
                            struct vm_object **copy)
{
    const bool at_once = waiter != NULL && is_copied_at_once(object);
    const kern_return_t result = at_once ? fetch(object, offset, size, waiter) : KERN_SUCCESS;

    if (result != KERN_SUCCESS)
        return result;
    *copy = vm_object_copy_delayed(object, offset, size);
    if (*copy == NULL)
        return KERN_RESOURCE_SHORTAGE;
    if (!at_once || push_all(object, offset, size))
        return KERN_SUCCESS;
    const kern_return_t wait = vm_pageout_wait(waiter);

    vm_object_release(*copy);
    return wait;
}

/* ---- bytes ----------------------------------------------------------------------------------------- */

/* Bytes of one page at most, to or from: one of the two is NULL. */
static kern_return_t transfer(struct vm_map *map, uint64_t address, void *to, const void *from, size_t size,
                              struct waiter *waiter)
{
    const size_t offset = (size_t)(address - vm_page_trunc(address));
    struct vm_page *page;

    lock_acquire(&vm_lock);
    const kern_return_t result = vm_fault_page(map, address, from != NULL ? VM_PROT_WRITE : VM_PROT_READ, false, waiter,
                                               &page);

    if (result == KERN_SUCCESS && from != NULL)
        hal_frame_write(page->frame, offset, from, size);
    else if (result == KERN_SUCCESS)
        hal_frame_read(page->frame, offset, to, size);
    lock_release(&vm_lock);
    return result;
}

static kern_return_t transfer_all(struct vm_map *map, uint64_t address, unsigned char *to, const unsigned char *from,
                                  size_t size, struct waiter *waiter, size_t *done)
{
    kern_return_t result = KERN_SUCCESS;

    while (*done < size && result == KERN_SUCCESS) {
        const uint64_t at = address + *done;
        size_t piece = (size_t)(HAL_PAGE_SIZE - (at - vm_page_trunc(at)));

        if (piece > size - *done)
            piece = size - *done;
        result = transfer(map, at, to == NULL ? NULL : to + *done, from == NULL ? NULL : from + *done, piece,
                          waiter);
        if (result == KERN_SUCCESS)
            *done += piece;
    }
    return result;
}

kern_return_t vm_map_read(struct vm_map *map, uint64_t address, void *to, size_t size, struct waiter *waiter,
                          size_t *done)
{
    return transfer_all(map, address, to, NULL, size, waiter, done);
}

kern_return_t vm_map_write(struct vm_map *map, uint64_t address, const void *from, size_t size, struct waiter *waiter,
                           size_t *done)
{
    return transfer_all(map, address, NULL, from, size, waiter, done);
}
