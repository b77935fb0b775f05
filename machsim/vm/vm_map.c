/* SPDX-License-Identifier: BSD-2-Clause */
/* vm_map.c - entries: they are found, made, split, joined, and ended: see vm_map.h. */
#include "vm/vm_map.h"

static struct vm_map_entry *entry_of(struct tree_node *node)
{
    return node == NULL ? NULL : container_of(node, struct vm_map_entry, node);
}

/* ---- finding --------------------------------------------------------------------------------------- */

struct vm_map_entry *vm_map_next(const struct vm_map_entry *entry)
{
    return entry_of(tree_next(&entry->node));
}

bool vm_map_lookup(struct vm_map *map, uint64_t address, struct vm_map_entry **entry)
{
    *entry = entry_of(tree_find_last(&map->entries, address));
    if (*entry == NULL)
        *entry = &map->head;
    return *entry != &map->head && address < (*entry)->end;
}

bool vm_map_find_space(struct vm_map *map, uint64_t *address, uint64_t size, uint64_t mask)
{
    const uint64_t from = *address < map->start ? map->start : *address;
    struct vm_map_entry *entry;

    (void)vm_map_lookup(map, from, &entry);
    for (; entry != NULL; entry = entry_of(tree_find_heavy(&map->entries, vm_map_entry_start(entry) + 1, size))) {
        const uint64_t earliest = entry->end > from ? entry->end : from, limit = entry->end + entry->node.weight;

        if (earliest > UINT64_MAX - mask)
            return false;
        *address = (earliest + mask) & ~mask;
        if (*address <= limit && size <= limit - *address)
            return true;
    }
    return false;
}

kern_return_t vm_map_check(struct vm_map *map, uint64_t start, uint64_t end, vm_prot_t protection, bool max)
{
    struct vm_map_entry *entry;

    if (start < map->start || end > map->end || start > end)
        return KERN_INVALID_ADDRESS;
    for (uint64_t at = start; at < end; at = entry->end) {
        if (!vm_map_lookup(map, at, &entry))
            return KERN_INVALID_ADDRESS;
        if (protection & ~(max ? entry->max_protection : entry->protection))
            return KERN_PROTECTION_FAILURE;
    }
    return KERN_SUCCESS;
}

/* ---- entries --------------------------------------------------------------------------------------- */

bool vm_map_reserve(struct vm_map *map, uint32_t count)
{
    while (map->spares < count) {
        struct vm_map_entry *entry = hal_alloc(sizeof *entry);

        if (entry == NULL)
            return false;
        entry->node.parent = map->spare;
        map->spare = &entry->node;
        map->spares++;
    }
    return true;
}

static struct vm_map_entry *take_spare(struct vm_map *map)
{
    struct vm_map_entry *entry = entry_of(map->spare);

    kern_assert(entry != NULL);
    map->spare = entry->node.parent;
    map->spares--;
    return entry;
}

/* Weights are holes; the entry before a new one is above it in the tree, and so hears of its hole when that is put in. */
void vm_map_put_in(struct vm_map *map, struct vm_map_entry *entry, uint64_t start, uint64_t end)
{
    struct vm_map_entry *before;

    (void)vm_map_lookup(map, start, &before);
    entry->node = (struct tree_node){.key = start, .weight = before->end + before->node.weight - end};
    entry->end = end;
    before->node.weight = start - before->end;
    tree_insert(&map->entries, &entry->node);
    map->size += end - start;
    map->count++;
}

struct vm_map_entry *vm_map_insert(struct vm_map *map, uint64_t start, uint64_t end, const struct vm_map_entry *like)
{
    struct vm_map_entry *entry = take_spare(map);

    *entry = *like;
    vm_map_put_in(map, entry, start, end);
    return entry;
}

/* Takes an entry out; the reference to its object is the caller's. */
static void take_out(struct vm_map *map, struct vm_map_entry *entry)
{
    struct vm_map_entry *before = entry_of(tree_previous(&entry->node));
    const uint64_t size = entry->end - vm_map_entry_start(entry);

    tree_remove(&map->entries, &entry->node);
    tree_set_weight(&before->node, before->node.weight + size + entry->node.weight);
    map->size -= size;
    map->count--;
    hal_free(entry, sizeof *entry);
}

/* Splits an entry in two, the second from `at` on. */
static void split(struct vm_map *map, struct vm_map_entry *entry, uint64_t at)
{
    struct vm_map_entry second = *entry;
    const uint64_t end = entry->end;

    if (entry->object != NULL) {
        vm_object_reference(entry->object);
        second.offset += at - vm_map_entry_start(entry);
    }
    map->size -= end - at;
    entry->end = at;
    entry->node.weight += end - at;
    (void)vm_map_insert(map, at, end, &second);
}

struct vm_map_entry *vm_map_clip(struct vm_map *map, uint64_t start, uint64_t end)
{
    struct vm_map_entry *entry, *last;
    const bool mapped = vm_map_lookup(map, start, &entry), inside = mapped && vm_map_entry_start(entry) < start;

    if (inside)
        split(map, entry, start);
    if (!mapped || inside)
        entry = vm_map_next(entry);
    if (entry == NULL || vm_map_entry_start(entry) >= end)
        return NULL;
    last = entry;
    if (entry->end < end)
        (void)vm_map_lookup(map, end, &last);
    if (vm_map_entry_start(last) < end && end < last->end)
        split(map, last, end);
    return entry;
}

/* Whether the second could be the rest of the first. */
static bool are_one(const struct vm_map_entry *first, const struct vm_map_entry *second)
{
    return first->end == vm_map_entry_start(second) && first->object == second->object &&
           (first->object == NULL || first->offset + (first->end - vm_map_entry_start(first)) == second->offset) &&
           first->protection == second->protection && first->max_protection == second->max_protection &&
           first->inheritance == second->inheritance && first->behavior == second->behavior &&
           first->needs_copy == second->needs_copy && first->shared == second->shared &&
           first->wired == second->wired && first->tag == second->tag;
}

void vm_map_simplify(struct vm_map *map, uint64_t start, uint64_t end)
{
    struct vm_map_entry *entry, *next;

    (void)vm_map_lookup(map, start == 0 ? 0 : start - 1, &entry);
    for (; (next = vm_map_next(entry)) != NULL && vm_map_entry_start(next) <= end;) {
        if (entry == &map->head || !are_one(entry, next)) {
            entry = next;
            continue;
        }
        struct vm_object *object = next->object;
        const uint64_t new_end = next->end;
        const bool seen = next->seen;

        take_out(map, next);
        map->size += new_end - entry->end;
        tree_set_weight(&entry->node, entry->node.weight - (new_end - entry->end));
        entry->end = new_end;
        entry->seen |= seen;
        if (object != NULL)
            vm_object_release(object);
    }
}

/* ---- life ------------------------------------------------------------------------------------------ */

bool vm_map_exists(void)
{
    uint64_t start, end;

    hal_pmap_bounds(&start, &end);
    return start < end;
}

struct vm_map *vm_map_create(uint64_t limit)
{
    uint64_t start, end;

    hal_pmap_bounds(&start, &end);
    return vm_map_create_within(limit, start, end);
}

struct vm_map *vm_map_create_within(uint64_t limit, uint64_t start, uint64_t end)
{
    struct vm_map *map = hal_alloc(sizeof *map);

    if (map == NULL)
        return NULL;
    map->limit = limit;
    lock_acquire(&vm_lock);
    map->pmap = hal_pmap_create();
    lock_release(&vm_lock);
    if (map->pmap == NULL) {
        hal_free(map, sizeof *map);
        return NULL;
    }
    map->start = start;
    map->end = end;
    map->head.node = (struct tree_node){.key = map->start - 1, .weight = map->end - map->start};
    map->head.end = map->start;
    tree_insert(&map->entries, &map->head.node);
    return map;
}

void vm_map_end(struct vm_map *map)
{
    lock_acquire(&vm_lock);
    vm_map_remove_locked(map, map->start, map->end);
    map->limit = 0;
    lock_release(&vm_lock);
}

void vm_map_destroy(struct vm_map *map)
{
    struct vm_map_entry *spare;

    vm_map_end(map);
    lock_acquire(&vm_lock);
    hal_pmap_destroy(map->pmap);
    lock_release(&vm_lock);
    while (map->spares > 0) {
        spare = take_spare(map);
        hal_free(spare, sizeof *spare);
    }
    hal_free(map, sizeof *map);
}

/* ---- mapping and unmapping ------------------------------------------------------------------------- */

struct vm_page *vm_map_entry_page(const struct vm_map_entry *entry, uint64_t address)
{
    return entry->object == NULL
               ? NULL
               : vm_page_lookup(entry->object, entry->offset + (address - vm_map_entry_start(entry)));
}

void vm_map_entry_unwire(struct vm_map_entry *entry, uint64_t end)
{
    for (uint64_t at = vm_map_entry_start(entry); at < end; at += HAL_PAGE_SIZE)
        vm_page_unwire(vm_map_entry_page(entry, at));
}

/* No one can see an entry's part of its object any more, though others see other parts: its pages go. */
static void discard_pages(const struct vm_map_entry *entry)
{
    struct vm_object *object = entry->object;

    if (object->refs > 1 && !entry->needs_copy && !entry->shared && !object->shared && object->copy == NULL &&
        list_empty(&object->shadowers))
        vm_object_discard(object, entry->offset, entry->end - vm_map_entry_start(entry));
}

/* Takes pages of a range, whose entries from the first on are given, out of the machine's map: at once, for that may be dear. */
static void hide(struct vm_map *map, const struct vm_map_entry *entry, uint64_t end)
{
    uint64_t first = UINT64_MAX, last = 0;

    for (; entry != NULL && vm_map_entry_start(entry) < end; entry = vm_map_next(entry)) {
        if (!entry->seen)
            continue;
        last = entry->end;
        if (first == UINT64_MAX)
            first = vm_map_entry_start(entry);
    }
    if (last > 0)
        hal_pmap_remove(map->pmap, first, last);
}

/* Entries of the range are split off already, or it is the whole map. */
void vm_map_remove_locked(struct vm_map *map, uint64_t start, uint64_t end)
{
    struct vm_map_entry *entry = vm_map_clip(map, start, end);

    hide(map, entry, end);
    while (entry != NULL && vm_map_entry_start(entry) < end) {
        struct vm_map_entry *next = vm_map_next(entry);
        struct vm_object *object = entry->object;

        for (; entry->wired > 0; entry->wired--)
            vm_map_entry_unwire(entry, entry->end);
        if (object != NULL)
            discard_pages(entry);
        take_out(map, entry);
        if (object != NULL)
            vm_object_release(object);
        entry = next;
    }
}

/* Whether a range lies inside one entry, of which two parts would be left. */
static bool is_inside(struct vm_map *map, uint64_t start, uint64_t end)
{
    struct vm_map_entry *entry;

    return vm_map_lookup(map, start, &entry) && vm_map_entry_start(entry) < start && end < entry->end;
}

kern_return_t vm_map_remove(struct vm_map *map, uint64_t start, uint64_t end)
{
    if (start < map->start || end > map->end || start > end)
        return KERN_INVALID_ADDRESS;
    lock_acquire(&vm_lock);
    const bool room =
        vm_map_reserve(map, 2) && (map->count < VM_MAP_MAX_ENTRIES || !is_inside(map, start, end));

    if (room)
        vm_map_remove_locked(map, start, end);
    lock_release(&vm_lock);
    return room ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE;
}

kern_return_t vm_map_find_place(struct vm_map *map, uint64_t *address, uint64_t size, uint64_t mask, bool anywhere,
                                bool overwrite)
{
    struct vm_map_entry *entry;

    if (size > map->limit - map->size || map->count >= VM_MAP_MAX_ENTRIES)
        return KERN_RESOURCE_SHORTAGE;
    if (anywhere)
        return vm_map_find_space(map, address, size, mask) ? KERN_SUCCESS : KERN_NO_SPACE;
    if (*address < map->start || *address > map->end || size > map->end - *address || (*address & mask) != 0)
        return KERN_INVALID_ADDRESS;
    if (overwrite) {
        vm_map_remove_locked(map, *address, *address + size);
        return KERN_SUCCESS;
    }
    if (vm_map_lookup(map, *address, &entry) || size > entry->end + entry->node.weight - *address)
        return KERN_NO_SPACE;
    return KERN_SUCCESS;
}

kern_return_t vm_map_enter(struct vm_map *map, uint64_t *address, uint64_t size, uint64_t mask, bool anywhere,
                           bool overwrite, const struct vm_map_entry *like)
{
    kern_return_t result = KERN_RESOURCE_SHORTAGE;

    if (size == 0 || size > map->end - map->start)
        return KERN_NO_SPACE;
    lock_acquire(&vm_lock);
    if (vm_map_reserve(map, 3))
        result = vm_map_find_place(map, address, size, mask, anywhere, overwrite);
    if (result == KERN_SUCCESS) {
        (void)vm_map_insert(map, *address, *address + size, like);
        vm_map_simplify(map, *address, *address + size);
    }
    lock_release(&vm_lock);
    return result;
}
