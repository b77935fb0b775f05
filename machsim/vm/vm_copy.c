/* SPDX-License-Identifier: BSD-2-Clause */
/* vm_copy.c - copies of memory in transit. */
#include "vm/vm_copy.h"

#include "hal/hal.h"
#include "kern/list.h"
#include "vm/vm_pageout.h"

/* What the kernel is willing to look at in one piece. */
#define VM_COPY_MAX_DATA ((uint64_t)64 * 1024 * 1024)

static size_t allocated(const struct vm_map_copy *copy)
{
    return sizeof *copy + (size_t)copy->room;
}

struct vm_map_copy *vm_map_copy_alloc(uint64_t size)
{
    if (size > VM_COPY_MAX_DATA)
        return NULL;
    struct vm_map_copy *copy = hal_alloc(sizeof *copy + (size_t)size);

    if (copy != NULL)
        copy->size = copy->room = size;
    return copy;
}

struct vm_map_copy *vm_map_copy_of_pages(struct hal_pages *pages, uint64_t size)
{
    struct vm_map_copy *copy = hal_alloc(sizeof *copy);

    if (copy != NULL)
        *copy = (struct vm_map_copy){.size = size, .pages = pages};
    return copy;
}

void vm_map_copy_discard(struct vm_map_copy *copy)
{
    if (copy == NULL)
        return;
    const size_t size = allocated(copy);

    if (copy->pages != NULL)
        hal_pages_release(copy->pages);
    if (copy->laundry)
        vm_pageout_laundry_done(copy->size);
    hal_free(copy, size);
}

void vm_map_copy_charge_laundry(struct vm_map_copy *copy)
{
    copy->laundry = true;
    vm_pageout_laundry_add(copy->size);
}

struct vm_map_copy *vm_map_copy_from_data(void *data)
{
    return container_of(data, struct vm_map_copy, data);
}

kern_return_t vm_map_copy_to_data(struct vm_map_copy **copy)
{
    if ((*copy)->pages == NULL)
        return KERN_SUCCESS;
    struct vm_map_copy *new = vm_map_copy_alloc((*copy)->size);

    if (new == NULL)
        return KERN_RESOURCE_SHORTAGE;
    if (!hal_pages_read((*copy)->pages, 0, new->data, (size_t)new->size)) {
        vm_map_copy_discard(new);
        return KERN_RESOURCE_SHORTAGE;
    }
    vm_map_copy_discard(*copy);
    *copy = new;
    return KERN_SUCCESS;
}
