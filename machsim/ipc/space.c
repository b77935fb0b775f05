/* SPDX-License-Identifier: BSD-2-Clause */
/* space.c - tables of names: see space.h. */
#include "ipc/space.h"

#include "ipc/right.h"
#include "kern/list.h"

struct ipc_space *ipc_space_kernel;

static size_t directory_size(uint32_t chunks)
{
    return sizeof(struct ipc_directory) + chunks * sizeof(struct ipc_chunk *);
}

struct ipc_space *ipc_space_create(uint32_t max_names, uint32_t max_receives)
{
    struct ipc_space *space = hal_alloc(sizeof *space);

    if (space == NULL)
        return NULL;
    ref_init(&space->refs);
    lock_init(&space->lock, RANK_SPACE);
    space->active = true;
    space->max_names = max_names;
    space->max_receives = max_receives;
    return space;
}

void ipc_space_reference(struct ipc_space *space)
{
    ref_get(&space->refs);
}

static void space_free(struct hal_rcu *rcu)
{
    struct ipc_space *space = container_of(rcu, struct ipc_space, rcu);
    struct ipc_directory *directory = ipc_space_directory(space);

    for (uint32_t i = 0; directory != NULL && i < directory->size; i++)
        hal_free(ipc_space_chunk(directory, i), sizeof(struct ipc_chunk));
    if (directory != NULL)
        hal_free(directory, directory_size(directory->size));
    ipc_hash_free(&space->hash);
    hal_free(space, sizeof *space);
}

void ipc_space_release(struct ipc_space *space)
{
    if (ref_put(&space->refs)) {
        kern_assert(space->names == 0);
        hal_rcu_defer(&space->rcu, space_free);
    }
}

static void destroy_chunk(struct ipc_space *space, uint32_t number)
{
    struct ipc_chunk *chunk = ipc_space_chunk(ipc_space_directory(space), number);

    for (uint32_t i = 0; chunk != NULL && i < SPACE_CHUNK_ENTRIES && space->names > 0; i++)
        if (entry_type(&chunk->entries[i]) != MACH_PORT_TYPE_NONE)
            ipc_right_destroy(space, ipc_space_name(number * SPACE_CHUNK_ENTRIES + i, &chunk->entries[i]), &chunk->entries[i]);
}

void ipc_space_destroy(struct ipc_space *space)
{
    ipc_space_lock(space);
    space->active = false;
    for (uint32_t number = 0; space->names > 0 && number * SPACE_CHUNK_ENTRIES < ipc_space_end(space); number++)
        destroy_chunk(space, number);
    ipc_space_unlock(space);
    defer_drain();
}

/* ---- the list of free entries ---------------------------------------------------------------------- */

static void free_append(struct ipc_space *space, uint32_t index, struct ipc_entry *entry)
{
    entry->free.next = 0;
    entry->free.previous = space->free_last;
    if (space->free_last == 0)
        space->free_first = index;
    else
        ipc_space_at(space, space->free_last)->free.next = index;
    space->free_last = index;
}

static void free_remove(struct ipc_space *space, struct ipc_entry *entry)
{
    const uint32_t next = entry->free.next, previous = entry->free.previous;

    if (previous == 0)
        space->free_first = next;
    else
        ipc_space_at(space, previous)->free.next = next;
    if (next == 0)
        space->free_last = previous;
    else
        ipc_space_at(space, next)->free.previous = previous;
}

/* ---- growing --------------------------------------------------------------------------------------- */

static void directory_free(struct hal_rcu *rcu)
{
    struct ipc_directory *directory = container_of(rcu, struct ipc_directory, rcu);

    hal_free(directory, directory_size(directory->size));
}

/* Makes the directory reach a chunk.  Readers of the old one go on: the chunks are the same. */
static bool directory_reach(struct ipc_space *space, uint32_t number)
{
    struct ipc_directory *old = ipc_space_directory(space);
    uint32_t size = old == NULL ? 4 : old->size;

    if (old != NULL && number < old->size)
        return true;
    while (size <= number)
        size *= 2;
    struct ipc_directory *new = hal_alloc(directory_size(size));
    if (new == NULL)
        return false;
    new->size = size;
    for (uint32_t i = 0; old != NULL && i < old->size; i++)
        atomic_init(&new->chunks[i], ipc_space_chunk(old, i));
    atomic_store_explicit(&space->directory, new, memory_order_release);
    if (old != NULL)
        hal_rcu_defer(&old->rcu, directory_free);
    return true;
}

/* Makes all entries of a chunk that is not reached yet free. */
static void free_all(struct ipc_space *space, struct ipc_chunk *chunk, uint32_t first)
{
    for (uint32_t i = 0; i < SPACE_CHUNK_ENTRIES; i++)
        if (first + i != 0 && first + i <= SPACE_MAX_INDEX)
            atomic_init(&chunk->entries[i].bits, ENTRY_GEN_FIRST);
    atomic_store_explicit(&ipc_space_directory(space)->chunks[first / SPACE_CHUNK_ENTRIES], chunk, memory_order_release);
    for (uint32_t i = 0; i < SPACE_CHUNK_ENTRIES; i++)
        if (first + i != 0 && first + i <= SPACE_MAX_INDEX)
            free_append(space, first + i, &chunk->entries[i]);
}

/* With `in_turn` its entries are unused, if no others are. */
static bool chunk_add(struct ipc_space *space, uint32_t number, bool in_turn)
{
    const uint32_t first = number * SPACE_CHUNK_ENTRIES, end = first + SPACE_CHUNK_ENTRIES;


    if (!directory_reach(space, number))
        return false;
    struct ipc_chunk *chunk = hal_alloc(sizeof *chunk);
    if (chunk == NULL)
        return false;
    if (!in_turn || space->unused < space->unused_end) {
        free_all(space, chunk, first);
        return true;
    }
    atomic_store_explicit(&ipc_space_directory(space)->chunks[number], chunk, memory_order_release);
    space->unused = first == 0 ? 1 : first;
    space->unused_end = end <= SPACE_MAX_INDEX ? end : SPACE_MAX_INDEX + 1;
    return true;
}

static kern_return_t grow(struct ipc_space *space)
{
    while (ipc_space_chunk(ipc_space_directory(space), space->next_chunk) != NULL)
        space->next_chunk++;
    if (space->next_chunk > SPACE_MAX_INDEX / SPACE_CHUNK_ENTRIES)
        return KERN_NO_SPACE;
    return chunk_add(space, space->next_chunk, true) ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE;
}

kern_return_t ipc_space_reserve(struct ipc_space *space, uint32_t entries)
{
    if (entries > space->max_names)
        return KERN_NO_SPACE;
    while (space->next_chunk * SPACE_CHUNK_ENTRIES < entries) {
        kern_return_t result = grow(space);

        if (result != KERN_SUCCESS)
            return result;
    }
    return KERN_SUCCESS;
}

/* ---- allocation ------------------------------------------------------------------------------------ */

static kern_return_t may_allocate(const struct ipc_space *space)
{
    if (!space->active)
        return KERN_INVALID_TASK;
    return space->names < space->max_names ? KERN_SUCCESS : KERN_NO_SPACE;
}

static void take(struct ipc_space *space, struct ipc_entry *entry, uint32_t generation)
{
    if (entry_bits(entry) != 0)
        free_remove(space, entry);
    entry->request = NULL;
    entry_set(entry, generation, NULL);
    space->names++;
}

/* The index of the entry whose turn it is; 0: there is none. */
static uint32_t next_index(struct ipc_space *space)
{
    while (space->unused < space->unused_end)
        if (entry_bits(ipc_space_at(space, space->unused++)) == 0)
            return space->unused - 1;
    return space->free_first;
}

kern_return_t ipc_space_alloc(struct ipc_space *space, mach_port_name_t *name, struct ipc_entry **entry)
{
    kern_return_t result = may_allocate(space);
    uint32_t index = result == KERN_SUCCESS ? next_index(space) : 0;

    if (result == KERN_SUCCESS && index == 0 && (result = grow(space)) == KERN_SUCCESS)
        index = next_index(space);
    if (result != KERN_SUCCESS)
        return result;
    *entry = ipc_space_at(space, index);
    take(space, *entry, (entry_bits(*entry) | ENTRY_GEN_FIRST) & ENTRY_GEN_MASK);
    *name = ipc_space_name(index, *entry);
    return KERN_SUCCESS;
}

kern_return_t ipc_space_alloc_name(struct ipc_space *space, mach_port_name_t name, struct ipc_entry **entry)
{
    const uint32_t index = MACH_PORT_INDEX(name);
    kern_return_t result = may_allocate(space);

    if (index == 0 || index > SPACE_MAX_INDEX)
        return KERN_INVALID_VALUE;
    *entry = ipc_space_entry(space, index);
    if (*entry != NULL && (entry_bits(*entry) & (ENTRY_TYPE_MASK | ENTRY_LEASED)))
        return KERN_NAME_EXISTS;
    if (result == KERN_SUCCESS && *entry == NULL && !chunk_add(space, index / SPACE_CHUNK_ENTRIES, false))
        result = KERN_RESOURCE_SHORTAGE;
    if (result != KERN_SUCCESS)
        return result;
    *entry = ipc_space_entry(space, index);
    take(space, *entry, MACH_PORT_GEN(name));
    return KERN_SUCCESS;
}

kern_return_t ipc_space_lease(struct ipc_space *space, mach_port_name_t *name)
{
    struct ipc_entry *entry;
    const kern_return_t result = ipc_space_alloc(space, name, &entry);

    if (result == KERN_SUCCESS) {
        entry_set(entry, entry_bits(entry) | ENTRY_LEASED, NULL);
        space->names--;
    }
    return result;
}

struct ipc_entry *ipc_space_take_lease(struct ipc_space *space, mach_port_name_t name)
{
    struct ipc_entry *entry = ipc_space_entry(space, MACH_PORT_INDEX(name));

    if (entry == NULL || !(entry_bits(entry) & ENTRY_LEASED))
        return NULL;
    entry->request = NULL;
    entry_set(entry, MACH_PORT_GEN(name), NULL);
    space->names++;
    return entry;
}

void ipc_space_free(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry)
{
    const uint32_t generation = (entry_bits(entry) | ENTRY_GEN_FIRST) & ENTRY_GEN_MASK;

    kern_assert(entry->request == NULL);
    entry_set(entry, generation + ENTRY_GEN_STEP, NULL);
    free_append(space, MACH_PORT_INDEX(name), entry);
    space->names--;
}

/* ---- lookup ---------------------------------------------------------------------------------------- */

uint32_t ipc_space_end(struct ipc_space *space)
{
    struct ipc_directory *directory = ipc_space_directory(space);

    return directory == NULL ? 0 : directory->size * SPACE_CHUNK_ENTRIES;
}

bool ipc_space_snapshot(struct ipc_space *space, mach_port_name_t name, uint32_t *bits, void **object)
{
    const uint32_t index = MACH_PORT_INDEX(name);
    struct ipc_chunk *chunk = ipc_space_chunk(atomic_load_explicit(&space->directory, memory_order_acquire),
                                       index / SPACE_CHUNK_ENTRIES);

    *bits = 0;
    if (chunk == NULL)
        return true;
    struct ipc_entry *entry = &chunk->entries[index % SPACE_CHUNK_ENTRIES];
    const uint32_t before = atomic_load_explicit(&entry->sequence, memory_order_acquire);
    const uint32_t found = atomic_load_explicit(&entry->bits, memory_order_acquire);

    *object = atomic_load_explicit(&entry->object, memory_order_acquire);
    if ((found & ENTRY_GEN_MASK) == MACH_PORT_GEN(name))
        *bits = found;
    return before % 2 == 0 && atomic_load_explicit(&entry->sequence, memory_order_relaxed) == before;
}
