/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory.c - physical memory, by buddies: a block of 2^n pages is given back beside its other half, and the two become one
 * of 2^(n+1).  One lock guards all.
 */
#include "hal/x86_64/machine.h"

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

/* The first place where the table of pages fits. */
static void place_table(void)
{
    const struct boot_memory *last = &boot.memory[boot.memory_count - 1];

    page_count = (last->start + last->size) >> HAL_PAGE_SHIFT;
    const uint64_t size = (page_count * sizeof *pages + HAL_PAGE_SIZE - 1) & ~(uint64_t)(HAL_PAGE_SIZE - 1);

    for (unsigned i = 0; i < boot.memory_count && pages == NULL; i++) {
        struct boot_memory *memory = &boot.memory[i];

        if (memory->size < size)
            continue;
        pages = memory_at(memory->start);
        memory->start += size;
        memory->size -= size;
    }
    if (pages == NULL)
        panic_at(NULL, "there is no room for a table of pages");
    memset(pages, 0, size);
}

void memory_start(void)
{
    for (unsigned i = 0; i < MEMORY_ORDERS; i++)
        list_init(&free_blocks[i]);
    place_table();
    for (unsigned i = 0; i < boot.memory_count; i++)
        for (uint64_t at = 0; at < boot.memory[i].size; at += HAL_PAGE_SIZE, usable++)
            memory_give(boot.memory[i].start + at, 0);
}
