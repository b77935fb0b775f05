/* SPDX-License-Identifier: BSD-2-Clause */
/* memory.c - page frames and mappings of the simulated machine: hal.h, memory.h. */
#include "hal/sim/memory.h"

#include <string.h>

#include <mach/mig_errors.h>

#include "hal/sim/sim.h"
#include "vm/vm_fault.h"

/* A page of a pmap. */
struct mapping {
    struct tree_node node; /* in the pmap, by address */
    struct list link;      /* in the frame's list */
    struct frame *frame;
    struct hal_pmap *pmap;
    int protection;
};

struct hal_pmap {
    struct tree mappings;
};

struct frame {
    struct list mappings;
    unsigned char bytes[HAL_PAGE_SIZE];
};

static uint64_t frames_used, frame_limit = UINT64_MAX;

/* ---- frames ---------------------------------------------------------------------------------------- */

void sim_set_frames(uint64_t limit)
{
    frame_limit = limit;
}

uint64_t sim_frames_used(void)
{
    return frames_used;
}

uint64_t hal_frames_free(void)
{
    return frame_limit - frames_used;
}

/* A frame's number is where its structure is. */
static struct frame *frame_of(hal_frame_t frame)
{
    return (struct frame *)(uintptr_t)frame;
}

bool hal_frames_stay(void)
{
    return false;
}

void hal_store_release(struct hal_store *store)
{
    kern_assert(store == NULL);
}

hal_frame_t hal_frame_alloc(struct hal_store **store, uint64_t offset)
{
    (void)store, (void)offset;
    struct frame *frame = frames_used >= frame_limit ? NULL : hal_alloc_raw(sizeof *frame);

    if (frame == NULL)
        return HAL_NO_FRAME;
    list_init(&frame->mappings);
    frames_used++;
    return (uintptr_t)frame;
}

void hal_frame_free(hal_frame_t number)
{
    struct frame *frame = frame_of(number);

    kern_assert(list_empty(&frame->mappings));
    hal_free(frame, sizeof *frame);
    frames_used--;
}

void hal_frame_zero(hal_frame_t frame)
{
    memset(frame_of(frame)->bytes, 0, HAL_PAGE_SIZE);
}

void hal_frame_copy(hal_frame_t from, hal_frame_t to)
{
    memcpy(frame_of(to)->bytes, frame_of(from)->bytes, HAL_PAGE_SIZE);
}

void hal_frame_read(hal_frame_t frame, size_t offset, void *to, size_t size)
{
    kern_assert(offset <= HAL_PAGE_SIZE && size <= HAL_PAGE_SIZE - offset);
    memcpy(to, frame_of(frame)->bytes + offset, size);
}

void hal_frame_write(hal_frame_t frame, size_t offset, const void *from, size_t size)
{
    kern_assert(offset <= HAL_PAGE_SIZE && size <= HAL_PAGE_SIZE - offset);
    memcpy(frame_of(frame)->bytes + offset, from, size);
}

/* ---- mappings -------------------------------------------------------------------------------------- */

static void unmap(struct mapping *mapping)
{
    tree_remove(&mapping->pmap->mappings, &mapping->node);
    list_remove(&mapping->link);
    hal_free(mapping, sizeof *mapping);
}

static void restrict_to(struct mapping *mapping, int protection)
{
    mapping->protection &= protection;
    if (mapping->protection == VM_PROT_NONE)
        unmap(mapping);
}

void hal_frame_protect(hal_frame_t frame, int protection)
{
    struct list *mappings = &frame_of(frame)->mappings;

    for (struct list *link = mappings->next, *next; link != mappings; link = next) {
        next = link->next;
        restrict_to(container_of(link, struct mapping, link), protection);
    }
}

bool hal_maps_are_own(void)
{
    return false;
}

kern_return_t hal_reboot(int options)
{
    (void)options;
    return KERN_NOT_SUPPORTED;
}

bool hal_task_rouse(const struct task *task, bool only_look)
{
    (void)task, (void)only_look;
    return false;
}

struct hal_pmap *hal_pmap_create(void)
{
    return hal_alloc(sizeof(struct hal_pmap));
}

void hal_pmap_destroy(struct hal_pmap *pmap)
{
    kern_assert(tree_first(&pmap->mappings) == NULL);
    hal_free(pmap, sizeof *pmap);
}

void hal_pmap_bounds(uint64_t *start, uint64_t *end)
{
    *start = 0x10000;
    *end = (uint64_t)1 << 47;
}

static struct mapping *mapping_at(const struct hal_pmap *pmap, uint64_t address)
{
    struct tree_node *node = tree_find(&pmap->mappings, address);

    return node == NULL ? NULL : container_of(node, struct mapping, node);
}

/* Calls for each mapping of a range. */
static void for_range(struct hal_pmap *pmap, uint64_t start, uint64_t end, int protection)
{
    struct tree_node *node = tree_find_heavy(&pmap->mappings, start, 0);

    while (node != NULL && node->key < end) {
        struct tree_node *next = tree_next(node);

        restrict_to(container_of(node, struct mapping, node), protection);
        node = next;
    }
}

bool hal_pmap_enter(struct hal_pmap *pmap, uint64_t address, hal_frame_t frame, int protection)
{
    struct mapping *mapping = mapping_at(pmap, address);

    if (mapping != NULL)
        unmap(mapping);
    mapping = hal_alloc(sizeof *mapping);
    if (mapping == NULL)
        return false;
    *mapping = (struct mapping){
        .node = {.key = address}, .frame = frame_of(frame), .pmap = pmap, .protection = protection};
    tree_insert(&pmap->mappings, &mapping->node);
    list_append(&mapping->frame->mappings, &mapping->link);
    return true;
}

void hal_pmap_remove(struct hal_pmap *pmap, uint64_t start, uint64_t end)
{
    for_range(pmap, start, end, VM_PROT_NONE);
}

void hal_pmap_protect(struct hal_pmap *pmap, uint64_t start, uint64_t end, int protection)
{
    for_range(pmap, start, end, protection);
}

void sim_memory_stop(void)
{
    kern_assert(frames_used == 0);
    frame_limit = UINT64_MAX;
}

/* ---- programs -------------------------------------------------------------------------------------- */

static void woken(struct waiter *waiter)
{
    waiter_restart(waiter);
}

/* Has a fault served, with all that the machine can do by itself meanwhile.  MIG_NO_REPLY: that was not enough. */
static kern_return_t fault(struct vm_map *map, uint64_t address, int access)
{
    struct waiter waiter;
    kern_return_t result;

    waiter_init(&waiter, woken);
    do {
        waiter_restart(&waiter);
        result = vm_fault(map, address, access, &waiter);
        sim_settle();
    } while (result == MIG_NO_REPLY && !waiter.waited);
    if (result == MIG_NO_REPLY) {
        lock_acquire(&vm_lock);
        (void)waiter_cancel(&waiter);
        lock_release(&vm_lock);
    }
    return result;
}

/* The place of a byte in its frame, once its mapping allows an access. */
static kern_return_t find_byte(struct vm_map *map, uint64_t address, int access, unsigned char **byte)
{
    for (;;) {
        const struct mapping *mapping = mapping_at(map->pmap, vm_page_trunc(address));

        if (mapping != NULL && (mapping->protection & access) == access) {
            *byte = mapping->frame->bytes + (address - vm_page_trunc(address));
            return KERN_SUCCESS;
        }
        const kern_return_t result = fault(map, address, access);

        if (result != KERN_SUCCESS)
            return result;
    }
}

kern_return_t sim_load(struct vm_map *map, uint64_t address, unsigned char *byte)
{
    unsigned char *place;
    const kern_return_t result = find_byte(map, address, VM_PROT_READ, &place);

    if (result == KERN_SUCCESS)
        *byte = *place;
    return result;
}

kern_return_t sim_store(struct vm_map *map, uint64_t address, unsigned char byte)
{
    unsigned char *place;
    const kern_return_t result = find_byte(map, address, VM_PROT_WRITE, &place);

    if (result == KERN_SUCCESS)
        *place = byte;
    return result;
}
