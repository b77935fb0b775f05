/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory.c - physical memory, by buddies: a block of 2^n pages is given back beside its other half, and the two become one
 * of 2^(n+1).  One lock guards all.
 */
#include "hal/x86_64/machine.h"

extern uint64_t boot_pointers[];

struct page {
    struct list link; /* free: in the list of its order.  A frame: its mappings */
    uint8_t order;
    bool free; /* the first page of a free block */
};

static struct page *pages;
static uint64_t page_count, usable, free_count;
static struct list free_blocks[MEMORY_ORDERS];
static struct hal_lock lock;

static uint64_t number_of(const struct page *page)
{
    return (uint64_t)(page - pages);
}

static void put_block(uint64_t number, unsigned order)
{
    struct page *page = &pages[number];

    page->order = (uint8_t)order;
    page->free = true;
    list_append(&free_blocks[order], &page->link);
}

static void take_block(struct page *page)
{
    list_remove(&page->link);
    page->free = false;
}

/* ---- taking and giving ----------------------------------------------------------------------------- */

uint64_t memory_take(unsigned order)
{
    unsigned from = order;

    hal_lock_acquire(&lock);
    while (from < MEMORY_ORDERS && list_empty(&free_blocks[from]))
        from++;
    if (from >= MEMORY_ORDERS) {
        hal_lock_release(&lock);
        return 0;
    }
    struct page *page = container_of(free_blocks[from].next, struct page, link);

    take_block(page);
    while (from-- > order) /* the upper half goes back */
        put_block(number_of(page) + ((uint64_t)1 << from), from);
    free_count -= (uint64_t)1 << order;
    hal_lock_release(&lock);
    return number_of(page) << HAL_PAGE_SHIFT;
}

void memory_give(uint64_t physical, unsigned order)
{
    uint64_t number = physical >> HAL_PAGE_SHIFT;

    hal_lock_acquire(&lock);
    free_count += (uint64_t)1 << order;
    for (; order + 1 < MEMORY_ORDERS; order++) {
        const uint64_t other = number ^ (uint64_t)1 << order;

        if (other >= page_count || !pages[other].free || pages[other].order != order)
            break;
        take_block(&pages[other]);
        number &= ~((uint64_t)1 << order);
    }
    put_block(number, order);
    hal_lock_release(&lock);
}

uint64_t memory_free_pages(void)
{
    return free_count;
}

uint64_t memory_pages(void)
{
    return usable;
}

struct list *memory_mappings(uint64_t physical)
{
    return &pages[physical >> HAL_PAGE_SHIFT].link;
}

/* ---- the start ------------------------------------------------------------------------------------- */

static uint64_t memory_end(void)
{
    uint64_t end = 0;

    for (unsigned i = 0; i < boot.memory_count; i++)
        if (boot.memory[i].start + boot.memory[i].size > end)
            end = boot.memory[i].start + boot.memory[i].size;
    return end;
}

/* The first so many bytes beside each other, below `limit`: for what must be there before pages are given out. */
static void *take_early(uint64_t size, uint64_t limit)
{
    size = (size + HAL_PAGE_SIZE - 1) & ~(uint64_t)(HAL_PAGE_SIZE - 1);
    for (unsigned i = 0; i < boot.memory_count; i++) {
        struct boot_memory *memory = &boot.memory[i];
        void *place = memory_at(memory->start);

        if (memory->size < size || memory->start + size > limit)
            continue;
        memory->start += size;
        memory->size -= size;
        return place;
    }
    panic_at(NULL, "there is no room for the tables of memory");
}

/* Memory above what boot.S has mapped: a table of large pages for each GiB. */
static void map_upper(uint64_t end)
{
    enum { PRESENT_WRITABLE = 3, LARGE = 0x80, LARGE_SHIFT = 21, TABLE_SHIFT = 30, ENTRIES = 512 };

    for (uint64_t at = BOOT_MEMORY_MAPPED; at < end; at += (uint64_t)1 << TABLE_SHIFT) {
        uint64_t *table = take_early(HAL_PAGE_SIZE, BOOT_MEMORY_MAPPED);

        for (uint64_t i = 0; i < ENTRIES; i++)
            table[i] = (at + (i << LARGE_SHIFT)) | PRESENT_WRITABLE | LARGE;
        boot_pointers[at >> TABLE_SHIFT] = memory_address(table) | PRESENT_WRITABLE;
    }
}

static void place_table(uint64_t end)
{
    page_count = end >> HAL_PAGE_SHIFT;
    pages = take_early(page_count * sizeof *pages, end);
    memset(pages, 0, page_count * sizeof *pages);
}

void memory_start(void)
{
    for (unsigned i = 0; i < MEMORY_ORDERS; i++)
        list_init(&free_blocks[i]);
    const uint64_t end = memory_end();

    map_upper(end);
    place_table(end);
    for (unsigned i = 0; i < boot.memory_count; i++)
        for (uint64_t at = 0; at < boot.memory[i].size; at += HAL_PAGE_SIZE, usable++)
            memory_give(boot.memory[i].start + at, 0);
}
