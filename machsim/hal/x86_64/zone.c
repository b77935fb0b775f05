/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zone.c - hal_alloc: blocks of some sizes, each from slabs of its own; larger ones are pages.
 *
 * A slab is pages on a boundary of its size, so a block's slab is found from its address.  A slab without used blocks goes
 * back, but for one of each size.  One lock guards all of that.  Each processor keeps some blocks of each size for itself, which
 * it gives and takes without the lock.
 */
#include "hal/x86_64/processor.h"

#define SLAB_ORDER 2
#define SLAB_SIZE ((uint64_t)HAL_PAGE_SIZE << SLAB_ORDER)
#define LARGEST 2048u

struct slab {
    struct list link; /* in its zone's list while it has a free block */
    void *free;       /* each free block begins with the next */
    uint32_t used, fresh; /* `fresh`: blocks from there on have not been used yet */
};

static const uint16_t sizes[] = {16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, LARGEST};
#define ZONES (sizeof sizes / sizeof *sizes)
_Static_assert(ZONES == ZONE_COUNT, "processors keep blocks of each size");

/* A processor keeps twice as many blocks of a size at most, and takes or gives back so many at a time. */
#define BATCH 16u

static struct list zones[ZONES]; /* slabs with free blocks */
static unsigned idle[ZONES];     /* slabs without used ones */
static uint8_t zones_by_size[LARGEST / 16 + 1]; /* which zone sizes up to 16 times the index come from */
static struct hal_lock lock;

void zone_start(void)
{
    for (size_t i = 0; i < ZONES; i++)
        list_init(&zones[i]);
    for (size_t size = 0, zone = 0; size <= LARGEST; size += 16) {
        if (sizes[zone] < size)
            zone++;
        zones_by_size[size / 16] = (uint8_t)zone;
    }
}

uint64_t zone_bytes(void)
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < processor_count; i++)
        bytes += processors[i]->bytes; /* one may have freed what another has allocated: the sum is right */
    return bytes;
}

static size_t zone_of(size_t size)
{
    return zones_by_size[(size + 15) / 16];
}

static unsigned order_of(size_t size)
{
    unsigned order = 0;

    while (((uint64_t)HAL_PAGE_SIZE << order) < size)
        order++;
    return order;
}

/* Blocks that a slab has behind its head, which is so long that they lie on 16 bytes. */
#define HEAD ((sizeof(struct slab) + 15) / 16 * 16)
static uint32_t room_of(size_t zone)
{
    return (uint32_t)((SLAB_SIZE - HEAD) / sizes[zone]);
}

/* ---- blocks ---------------------------------------------------------------------------------------- */

static struct slab *slab_with_room(size_t zone)
{
    if (!list_empty(&zones[zone]))
        return container_of(zones[zone].next, struct slab, link);
    const uint64_t physical = memory_take(SLAB_ORDER);

    if (physical == 0)
        return NULL;
    struct slab *slab = memory_at(physical);

    *slab = (struct slab){.free = NULL};
    list_append(&zones[zone], &slab->link);
    idle[zone]++;
    return slab;
}

static void *take_block(size_t zone)
{
    struct slab *slab = slab_with_room(zone);

    if (slab == NULL)
        return NULL;
    void *block = slab->free;

    if (block != NULL)
        slab->free = *(void **)block;
    else
        block = (char *)slab + HEAD + (size_t)slab->fresh++ * sizes[zone];
    if (slab->used++ == 0)
        idle[zone]--;
    if (slab->free == NULL && slab->fresh == room_of(zone))
        list_remove(&slab->link);
    return block;
}

static void give_block(void *block, size_t zone)
{
    struct slab *slab = (struct slab *)((uint64_t)block & ~(SLAB_SIZE - 1));

    if (slab->free == NULL && slab->fresh == room_of(zone))
        list_append(&zones[zone], &slab->link);
    *(void **)block = slab->free;
    slab->free = block;
    if (--slab->used > 0)
        return;
    if (idle[zone] > 0) {
        list_remove(&slab->link);
        memory_give(memory_address(slab), SLAB_ORDER);
    } else {
        idle[zone]++;
    }
}

/* ---- blocks of a processor ------------------------------------------------------------------------- */

static void push(struct kept *kept, void *block)
{
    *(void **)block = kept->first;
    kept->first = block;
    kept->count++;
}

static void *pop(struct kept *kept)
{
    void *block = kept->first;

    if (block != NULL) {
        kept->first = *(void **)block;
        kept->count--;
    }
    return block;
}

RARELY static void *fill(struct kept *kept, size_t zone)
{
    hal_lock_acquire(&lock);
    for (void *block; kept->count < BATCH && (block = take_block(zone)) != NULL;)
        push(kept, block);
    hal_lock_release(&lock);
    return pop(kept);
}

/* Gives blocks back, until so many are left. */
RARELY static void empty(struct kept *kept, size_t zone, uint32_t left)
{
    hal_lock_acquire(&lock);
    while (kept->count > left)
        give_block(pop(kept), zone);
    hal_lock_release(&lock);
}

void zone_trim(void)
{
    for (size_t zone = 0; zone < ZONES; zone++)
        empty(&cpu_self()->kept[zone], zone, 0);
}

/* ---- hal.h ----------------------------------------------------------------------------------------- */

RARELY static void *take_pages(size_t size)
{
    const unsigned order = order_of(size);
    uint64_t physical = order < MEMORY_ORDERS ? memory_take(order) : 0;

    if (physical == 0 && order < MEMORY_ORDERS) {
        zone_trim();
        physical = memory_take(order);
    }
    return physical == 0 ? NULL : memory_at(physical);
}

ALWAYS_INLINE void *take(struct cpu *cpu, size_t size)
{
    struct kept *kept = &cpu->kept[zone_of(size)];
    void *block = pop(kept);

    return UNLIKELY(block == NULL) ? fill(kept, zone_of(size)) : block;
}

void *hal_alloc_raw(size_t size)
{
    struct cpu *cpu = cpu_self();
    void *memory = UNLIKELY(size > LARGEST) ? take_pages(size) : take(cpu, size);

    if (!UNLIKELY(memory == NULL))
        cpu->bytes += size;
    return memory;
}

void *hal_alloc(size_t size)
{
    void *memory = hal_alloc_raw(size);

    if (memory != NULL)
        memset(memory, 0, size);
    return memory;
}

void hal_free(void *memory, size_t size)
{
    struct cpu *cpu = cpu_self();

    if (memory == NULL)
        return;
    cpu->bytes -= size;
    if (UNLIKELY(size > LARGEST)) {
        memory_give(memory_address(memory), order_of(size));
        return;
    }
    struct kept *kept = &cpu->kept[zone_of(size)];

    push(kept, memory);
    if (UNLIKELY(kept->count > 2 * BATCH))
        empty(kept, zone_of(size), BATCH);
}
