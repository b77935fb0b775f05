/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_map_share.c - what one map gives to another, or to another place: shared, or a virtual copy: operations of
 * vm_map.h.
 *
 * Entries for the receiver are made one by one, in a list (by node.parent) that is put in, or let go of, as a whole.
 */
#include "vm/vm_fault.h"

#include <mach/mig_errors.h>

/* ---- lists of entries ------------------------------------------------------------------------------ */

struct entries {
    struct tree_node *first, **last;
};

static struct vm_map_entry *entry_of(struct tree_node *node)
{
    return container_of(node, struct vm_map_entry, node);
}

static void release(struct entries *entries)
{
    while (entries->first != NULL) {
        struct vm_map_entry *entry = entry_of(entries->first);

        entries->first = entry->node.parent;
        if (entry->object != NULL)
            vm_object_release(entry->object);
        hal_free(entry, sizeof *entry);
    }
}

/* ---- entries for others ---------------------------------------------------------------------------- */

/* Two maps will write what an entry has: it has an object, whose copies are asymmetric.  False: no memory. */
static bool make_shared(struct vm_map_entry *entry)
{
    const uint64_t size = entry->end - vm_map_entry_start(entry);

    if (entry->object == NULL && (entry->object = vm_object_create(size)) == NULL)
        return false;
    if (entry->needs_copy && !vm_object_shadow(&entry->object, &entry->offset, size))
        return false;
    entry->needs_copy = false;
    entry->shared = true;
    entry->object->shared = true;
    return true;
}

/* The receiver's object is the same. */
static bool share(struct vm_map_entry *entry, struct vm_map_entry *to)
{
    if (!make_shared(entry))
        return false;
    to->object = entry->object;
    to->offset = entry->offset;
    to->needs_copy = false;
    to->shared = true;
    vm_object_reference(to->object);
    return true;
}

/* The receiver's object will be a copy of this as it is now. */
static kern_return_t copy(struct vm_map *map, struct vm_map_entry *entry, struct waiter *waiter, struct vm_map_entry *to)
{
    const uint64_t size = entry->end - vm_map_entry_start(entry);

    to->shared = false;
    to->needs_copy = entry->object != NULL;
    if (entry->object == NULL)
        return KERN_SUCCESS;
    if (entry->wired > 0 || (entry->object->shared && !entry->needs_copy))
        return vm_fault_copy(entry->object, entry->offset, size, waiter, &to->object);
    vm_object_reference(to->object);
    if (!entry->needs_copy && entry->seen)
        hal_pmap_protect(map->pmap, vm_map_entry_start(entry), entry->end, VM_PROT_READ | VM_PROT_EXECUTE);
    entry->needs_copy = true;
    return KERN_SUCCESS;
}

/* Adds what another gets of the part of an entry that lies in a range; its place is told from the range's start on. */
static kern_return_t add(struct entries *entries, struct vm_map *map, struct vm_map_entry *entry, bool shared,
                         struct waiter *waiter)
{
    struct vm_map_entry *to = hal_alloc(sizeof *to);
    kern_return_t result = KERN_RESOURCE_SHORTAGE;

    if (to == NULL)
        return result;
    *to = *entry;
    to->node = (struct tree_node){.key = vm_map_entry_start(entry)};
    to->wired = 0;
    to->seen = false;
    if (!shared)
        result = copy(map, entry, waiter, to);
    else if (share(entry, to))
        result = KERN_SUCCESS;
    if (result != KERN_SUCCESS) {
        hal_free(to, sizeof *to);
        return result;
    }
    *entries->last = &to->node;
    entries->last = &to->node.parent;
    return KERN_SUCCESS;
}

/* What another gets of a range, without holes; MIG_NO_REPLY: for a copy, that waits. */
static kern_return_t collect(struct vm_map *map, uint64_t start, uint64_t end, bool shared, struct waiter *waiter,
                             struct entries *entries)
{
    kern_return_t result = KERN_SUCCESS;

    *entries = (struct entries){.first = NULL};
    entries->last = &entries->first;
    if (!vm_map_reserve(map, 2))
        return KERN_RESOURCE_SHORTAGE;
    for (struct vm_map_entry *entry = vm_map_clip(map, start, end);
         entry != NULL && vm_map_entry_start(entry) < end && result == KERN_SUCCESS; entry = vm_map_next(entry))
        result = add(entries, map, entry, shared, waiter);
    if (result != KERN_SUCCESS)
        release(entries);
    return result;
}

/* Puts them in, moved by a distance.  The list is empty then. */
static void put_in(struct vm_map *map, struct entries *entries, uint64_t distance)
{
    while (entries->first != NULL) {
        struct vm_map_entry *entry = entry_of(entries->first);

        entries->first = entry->node.parent;
        vm_map_put_in(map, entry, vm_map_entry_start(entry) + distance, entry->end + distance);
    }
}

/* ---- names ----------------------------------------------------------------------------------------- */

/* The object of a shared entry, or a copy of it that may be written by whoever maps it. */
static kern_return_t name_object(const struct vm_map_entry *entry, uint64_t size, bool copied, struct waiter *waiter,
                                 struct vm_object **object, uint64_t *offset)
{
    *object = entry->object;
    *offset = entry->offset;
    if (!copied) {
        vm_object_reference(*object);
        return KERN_SUCCESS;
    }
    const kern_return_t result = vm_fault_copy(entry->object, entry->offset, size, waiter, object);

    if (result != KERN_SUCCESS)
        return result;
    if (!vm_object_shadow(object, offset, size)) {
        vm_object_release(*object);
        return KERN_RESOURCE_SHORTAGE;
    }
    (*object)->shared = true;
    return KERN_SUCCESS;
}

kern_return_t vm_map_name(struct vm_map *map, uint64_t start, uint64_t *size, vm_prot_t protection, bool copied,
                          struct waiter *waiter, struct vm_object **object, uint64_t *offset)
{
    struct vm_map_entry *entry;
    kern_return_t result = KERN_INVALID_ADDRESS;

    lock_acquire(&vm_lock);
    if (vm_map_lookup(map, start, &entry))
        result = protection & ~entry->protection ? KERN_PROTECTION_FAILURE : KERN_RESOURCE_SHORTAGE;
    if (result == KERN_RESOURCE_SHORTAGE && vm_map_reserve(map, 2)) {
        if (*size > entry->end - start)
            *size = entry->end - start;
        entry = vm_map_clip(map, start, start + *size);
        if (make_shared(entry))
            result = name_object(entry, *size, copied, waiter, object, offset);
    }
    lock_release(&vm_lock);
    return result;
}

/* ---- fork ------------------------------------------------------------------------------------------ */

static bool inherit(struct entries *entries, struct vm_map *map)
{
    for (struct vm_map_entry *entry = vm_map_next(&map->head); entry != NULL; entry = vm_map_next(entry))
        if (entry->inheritance != VM_INHERIT_NONE &&
            add(entries, map, entry, entry->inheritance == VM_INHERIT_SHARE, NULL) != KERN_SUCCESS)
            return false;
    return true;
}

struct vm_map *vm_map_fork(struct vm_map *map)
{
    struct vm_map *child = vm_map_create_within(map->limit, map->start, map->end);
    struct entries entries = {.first = NULL};

    if (child == NULL)
        return NULL;
    entries.last = &entries.first;
    lock_acquire(&vm_lock);
    const bool fine = inherit(&entries, map);

    if (fine)
        put_in(child, &entries, 0);
    release(&entries);
    lock_release(&vm_lock);
    if (fine)
        return child;
    vm_map_destroy(child);
    return NULL;
}

/* ---- copies and second places ---------------------------------------------------------------------- */

/* What the receiver may do with entries becomes what it could do with those that they replace. */
static void take_attributes(struct vm_map *map, struct entries *entries, uint64_t distance)
{
    for (struct tree_node *node = entries->first; node != NULL; node = node->parent) {
        struct vm_map_entry *entry = entry_of(node), *former;

        (void)vm_map_lookup(map, vm_map_entry_start(entry) + distance, &former);
        entry->protection = former->protection;
        entry->max_protection = former->max_protection;
        entry->inheritance = former->inheritance;
    }
}

/* Splits the entries of `to` where those of `from` end, and the other way round, so that one replaces another. */
static bool align(struct vm_map *map, uint64_t from, uint64_t size, uint64_t to)
{
    struct vm_map_entry *entry;

    for (uint64_t at = 0; at < size;) {
        uint64_t next = size;

        if (!vm_map_reserve(map, 4))
            return false;
        (void)vm_map_lookup(map, from + at, &entry);
        if (entry->end - from < next)
            next = entry->end - from;
        (void)vm_map_lookup(map, to + at, &entry);
        if (entry->end - to < next)
            next = entry->end - to;
        (void)vm_map_clip(map, from + at, from + next);
        (void)vm_map_clip(map, to + at, to + next);
        at = next;
    }
    return true;
}

/* Nothing that a range has is wired or shared: it may be replaced by other objects. */
static bool may_replace(struct vm_map *map, uint64_t start, uint64_t end)
{
    struct vm_map_entry *entry;

    for (uint64_t at = start; at < end; at = entry->end) {
        (void)vm_map_lookup(map, at, &entry);
        if (entry->wired > 0 || entry->shared)
            return false;
    }
    return true;
}

/* Brings in all pages of a range to be read or written, so that nothing is lacking then. */
static kern_return_t prepare_pages(struct vm_map *map, uint64_t start, uint64_t end, vm_prot_t access,
                                   struct waiter *waiter)
{
    kern_return_t result = KERN_SUCCESS;
    struct vm_page *page;

    for (uint64_t at = start; at < end && result == KERN_SUCCESS; at += HAL_PAGE_SIZE)
        result = vm_fault_page(map, at, access, false, waiter, &page);
    return result;
}

/* Copies the bytes of a page to an address, where a page has been prepared; those who share that see it. */
static void copy_page(struct vm_map *map, uint64_t to, struct vm_object *object, uint64_t offset)
{
    const struct vm_page *source = vm_object_page(object, offset);
    struct vm_map_entry *entry;

    (void)vm_map_lookup(map, to, &entry);
    const struct vm_page *target = vm_map_entry_page(entry, to);

    if (source != NULL)
        hal_frame_copy(source->frame, target->frame);
    else
        hal_frame_zero(target->frame);
}

/* Copies a range page by page, all or nothing: from a virtual copy, for writing the one may change the other. */
static kern_return_t copy_pages(struct vm_map *map, uint64_t from, uint64_t size, uint64_t to, struct waiter *waiter)
{
    struct entries entries = {.first = NULL};
    kern_return_t result = prepare_pages(map, from, from + size, VM_PROT_READ, waiter);

    if (result == KERN_SUCCESS)
        result = collect(map, from, from + size, false, waiter, &entries);
    if (result == KERN_SUCCESS)
        result = prepare_pages(map, to, to + size, VM_PROT_WRITE, waiter);
    for (struct tree_node *node = entries.first; node != NULL && result == KERN_SUCCESS; node = node->parent) {
        const struct vm_map_entry *entry = entry_of(node);
        const uint64_t start = vm_map_entry_start(entry);

        for (uint64_t at = start; at < entry->end; at += HAL_PAGE_SIZE)
            copy_page(map, to + (at - from), entry->object, entry->offset + (at - start));
    }
    release(&entries);
    return result;
}

static kern_return_t replace(struct vm_map *map, uint64_t from, uint64_t size, uint64_t to, struct waiter *waiter)
{
    struct entries entries;

    if (!align(map, from, size, to))
        return KERN_RESOURCE_SHORTAGE;
    kern_return_t result = collect(map, from, from + size, false, waiter, &entries);

    if (result == KERN_SUCCESS && !vm_map_reserve(map, 2))
        result = KERN_RESOURCE_SHORTAGE;
    if (result == KERN_SUCCESS) {
        take_attributes(map, &entries, to - from);
        vm_map_remove_locked(map, to, to + size);
        put_in(map, &entries, to - from);
    }
    release(&entries);
    return result;
}

kern_return_t vm_map_copy_range(struct vm_map *map, uint64_t from, uint64_t size, uint64_t to, struct waiter *waiter)
{
    lock_acquire(&vm_lock);
    kern_return_t result = vm_map_check(map, from, from + size, VM_PROT_READ, false);

    if (result == KERN_SUCCESS)
        result = vm_map_check(map, to, to + size, VM_PROT_WRITE, false);
    if (result == KERN_SUCCESS)
        result = may_replace(map, to, to + size) ? replace(map, from, size, to, waiter)
                                                 : copy_pages(map, from, size, to, waiter);
    if (result == KERN_SUCCESS || result == KERN_RESOURCE_SHORTAGE || result == MIG_NO_REPLY) {
        vm_map_simplify(map, from, from + size);
        vm_map_simplify(map, to, to + size);
    }
    lock_release(&vm_lock);
    return result;
}

/* The rights that all of a list have. */
static void common_rights(const struct entries *entries, vm_prot_t *current, vm_prot_t *max)
{
    *current = *max = VM_PROT_ALL;
    for (struct tree_node *node = entries->first; node != NULL; node = node->parent) {
        *current &= entry_of(node)->protection;
        *max &= entry_of(node)->max_protection;
    }
}

kern_return_t vm_map_remap(struct vm_map *from, uint64_t source, uint64_t size, struct vm_map *to, uint64_t *address,
                           uint64_t mask, bool anywhere, bool overwrite, bool copied, vm_inherit_t inheritance,
                           vm_prot_t *current, vm_prot_t *max, struct waiter *waiter)
{
    struct entries entries = {.first = NULL};

    lock_acquire(&vm_lock);
    kern_return_t result = vm_map_check(from, source, source + size, VM_PROT_NONE, false);

    if (result == KERN_SUCCESS)
        result = collect(from, source, source + size, !copied, waiter, &entries);
    if (result == KERN_SUCCESS) {
        common_rights(&entries, current, max);
        for (struct tree_node *node = entries.first; node != NULL; node = node->parent)
            entry_of(node)->inheritance = inheritance;
        result = KERN_RESOURCE_SHORTAGE;
        if (vm_map_reserve(to, 2))
            result = vm_map_find_place(to, address, size, mask, anywhere, overwrite);
    }
    if (result == KERN_SUCCESS)
        put_in(to, &entries, *address - source);
    release(&entries);
    vm_map_simplify(from, source, source + size);
    lock_release(&vm_lock);
    return result;
}

/* ---- memory on its way ----------------------------------------------------------------------------- */

/* What is copied is new memory, whatever it was where it comes from. */
static void make_new(struct vm_map_entry *entry)
{
    entry->protection = VM_PROT_READ | VM_PROT_WRITE;
    entry->max_protection = VM_PROT_ALL;
    entry->inheritance = VM_INHERIT_COPY;
    entry->behavior = VM_BEHAVIOR_DEFAULT;
    entry->tag = 0;
}

kern_return_t vm_map_take_copy(struct vm_map *map, uint64_t start, uint64_t size, struct vm_map_part *part)
{
    struct entries entries = {.first = NULL};

    lock_acquire(&vm_lock);
    kern_return_t result = vm_map_check(map, start, start + size, VM_PROT_READ, false);

    if (result == KERN_SUCCESS)
        result = collect(map, start, start + size, false, NULL, &entries);
    for (struct tree_node *node = entries.first; node != NULL; node = node->parent)
        make_new(entry_of(node));
    vm_map_simplify(map, start, start + size);
    lock_release(&vm_lock);
    *part = (struct vm_map_part){.first = entries.first, .start = start, .size = size};
    return result;
}

kern_return_t vm_map_put_copy(struct vm_map *map, struct vm_map_part *part, uint64_t *address)
{
    struct entries entries = {.first = part->first};

    *address = 0;
    lock_acquire(&vm_lock);
    const kern_return_t result = vm_map_find_place(map, address, part->size, 0, true, false);

    if (result == KERN_SUCCESS)
        put_in(map, &entries, *address - part->start);
    lock_release(&vm_lock);
    part->first = entries.first;
    return result;
}

void vm_map_drop_copy(struct vm_map_part *part)
{
    struct entries entries = {.first = part->first};

    lock_acquire(&vm_lock);
    release(&entries);
    lock_release(&vm_lock);
    part->first = NULL;
}
