/* SPDX-License-Identifier: BSD-2-Clause */
/* hash.c - the table from ports to names.  Removal shifts back what follows, so no slot is ever a tombstone. */
#include "ipc/hash.h"

#include "kern/assert.h"

static uint32_t home(const struct ipc_hash *hash, const void *object)
{
    return (uint32_t)(((uintptr_t)object >> 4) * 0x9e3779b97f4a7c15u >> 32) & (hash->size - 1);
}

/* The object's slot, or the free one where it would stand. */
static uint32_t probe(const struct ipc_hash *hash, const void *object)
{
    uint32_t slot = home(hash, object);

    while (hash->slots[slot].object != NULL && hash->slots[slot].object != object)
        slot = (slot + 1) & (hash->size - 1);
    return slot;
}

uint32_t ipc_hash_find(const struct ipc_hash *hash, const void *object)
{
    if (hash->size == 0)
        return 0;
    const struct ipc_hash_slot *slot = &hash->slots[probe(hash, object)];
    return slot->object == NULL ? 0 : slot->index;
}

bool ipc_hash_reserve(struct ipc_hash *hash)
{
    if ((hash->used + 1) * 4 <= hash->size * 3)
        return true;
    struct ipc_hash larger = {.size = hash->size == 0 ? 16 : hash->size * 2};

    larger.slots = hal_alloc(larger.size * sizeof *larger.slots);
    if (larger.slots == NULL)
        return false;
    for (uint32_t i = 0; i < hash->size; i++)
        if (hash->slots[i].object != NULL)
            ipc_hash_insert(&larger, hash->slots[i].object, hash->slots[i].index);
    ipc_hash_free(hash);
    *hash = larger;
    return true;
}

void ipc_hash_insert(struct ipc_hash *hash, const void *object, uint32_t index)
{
    uint32_t slot = probe(hash, object);

    kern_assert(hash->slots[slot].object == NULL);
    hash->slots[slot] = (struct ipc_hash_slot){.object = object, .index = index};
    hash->used++;
}

void ipc_hash_remove(struct ipc_hash *hash, const void *object)
{
    const uint32_t mask = hash->size - 1;
    uint32_t hole = probe(hash, object);

    kern_assert(hash->slots[hole].object == object);
    for (uint32_t next = (hole + 1) & mask; hash->slots[next].object != NULL; next = (next + 1) & mask) {
        /* It may fill the hole unless that lies before its home. */
        if (((next - home(hash, hash->slots[next].object)) & mask) >= ((next - hole) & mask)) {
            hash->slots[hole] = hash->slots[next];
            hole = next;
        }
    }
    hash->slots[hole].object = NULL;
    hash->used--;
}

void ipc_hash_move(struct ipc_hash *hash, const void *object, uint32_t index)
{
    hash->slots[probe(hash, object)].index = index;
}

void ipc_hash_free(struct ipc_hash *hash)
{
    hal_free(hash->slots, hash->size * sizeof *hash->slots);
    *hash = (struct ipc_hash){0};
}
