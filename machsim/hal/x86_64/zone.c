/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zone.c - hal_alloc: blocks of some sizes, each from slabs of its own; larger ones are pages.
 *
 * A slab is pages on a boundary of its size, so a block's slab is found from its address.  A slab without used blocks goes
 * back, but for one of each size.  One lock guards all.
 */
#include "hal/x86_64/machine.h"

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

static struct list zones[ZONES]; /* slabs with free blocks */
static unsigned idle[ZONES];     /* slabs without used ones */
static uint64_t bytes;
static struct hal_lock lock;

void zone_start(void)
{
    for (size_t i = 0; i < ZONES; i++)
        list_init(&zones[i]);
}

uint64_t zone_bytes(void)
{
    return bytes;
}

static size_t zone_of(size_t size)
{
    size_t zone = 0;

    while (sizes[zone] < size)
        zone++;
    return zone;
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

/* ---- hal.h ----------------------------------------------------------------------------------------- */

static void *take_pages(size_t size)
{
    const unsigned order = order_of(size);
    const uint64_t physical = order < MEMORY_ORDERS ? memory_take(order) : 0;

    return physical == 0 ? NULL : memory_at(physical);
}

void *hal_alloc_raw(size_t size)
{
    hal_lock_acquire(&lock);
    void *memory = size <= LARGEST ? take_block(zone_of(size)) : take_pages(size);

    bytes += memory == NULL ? 0 : size;
    hal_lock_release(&lock);
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
    if (memory == NULL)
        return;
    hal_lock_acquire(&lock);
    bytes -= size;
    if (size <= LARGEST)
        give_block(memory, zone_of(size));
    else
        memory_give(memory_address(memory), order_of(size));
    hal_lock_release(&lock);
}
