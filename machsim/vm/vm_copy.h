/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_copy.h - a copy of memory on its way from one task to another, or to or from the kernel.
 * The bytes stand behind the structure, or the machine holds them as pages.
 */
#ifndef VM_VM_COPY_H
#define VM_VM_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mach/kern_return.h>

struct hal_pages;

struct vm_map_copy {
    uint64_t size;
    uint64_t room; /* bytes of data that were allocated */
    struct hal_pages *pages; /* NULL: the bytes are in data */
    bool laundry; /* pages on their way to their manager: vm_pageout.h */
    _Alignas(16) unsigned char data[];
};

/* Room for `size` bytes of data, zeroed.  NULL: no memory. */
struct vm_map_copy *vm_map_copy_alloc(uint64_t size);
/* Only the first bytes count. */
static inline void vm_map_copy_shrink(struct vm_map_copy *copy, uint64_t size)
{
    copy->size = size;
}
/* A copy whose bytes the machine holds, which becomes the copy's.  NULL: no memory. */
struct vm_map_copy *vm_map_copy_of_pages(struct hal_pages *pages, uint64_t size);
void vm_map_copy_discard(struct vm_map_copy *copy);

/* The copy whose data is at `data`. */
struct vm_map_copy *vm_map_copy_from_data(void *data);

/* Its pages have been taken out of memory: they count until it is discarded. */
void vm_map_copy_charge_laundry(struct vm_map_copy *copy);

/* Replaces a copy that is held as pages by one with data.  KERN_RESOURCE_SHORTAGE: there is no room; it stays. */
kern_return_t vm_map_copy_to_data(struct vm_map_copy **copy);

#endif
