/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_page.h - pages: what an object has at an offset, in a frame of the machine's; and the lock of all memory.
 *
 * One lock guards all maps, objects and pages.  What is done under it is short or a loop over what the caller asked
 * for; nothing under it waits.
 *
 * A page is in one of these states, and those that have a queue are in it:
 *
 *   from       to         by
 *   (new)      ACTIVE     vm_page_alloc: it belongs to an object, and may be mapped
 *   ACTIVE     INACTIVE   vm_page_deactivate: it will be looked for when frames are wanted
 *   INACTIVE   ACTIVE     vm_page_activate: it was used
 *   any        WIRED      vm_page_wire: it stays; counted
 *   WIRED      ACTIVE     vm_page_unwire, the last
 *   any        (freed)    vm_page_free
 */
#ifndef VM_VM_PAGE_H
#define VM_VM_PAGE_H

#include <stdbool.h>

#include <mach/vm_prot.h>
#include <mach/vm_types.h>

#include "hal/hal.h"
#include "kern/list.h"
#include "kern/lock.h"
#include "kern/tree.h"

struct vm_object;

extern struct lock vm_lock; /* RANK_MEMORY */

enum vm_page_state { PAGE_ACTIVE, PAGE_INACTIVE, PAGE_WIRED };

struct vm_page {
    struct tree_node node; /* in its object, by offset */
    struct list link;      /* in the queue of its state */
    struct vm_object *object;
    hal_frame_t frame;
    enum vm_page_state state;
    uint32_t wired; /* how often */
    bool dirty;     /* written since its content was last that of its backing store */
};

struct vm_page_counts {
    uint64_t active, inactive, wired;
    uint64_t zero_filled, copied, faults, lookups, hits; /* since the start */
};
extern struct vm_page_counts vm_page_counts;

#define vm_page_trunc(address) ((address) & ~(uint64_t)(HAL_PAGE_SIZE - 1))
#define vm_page_round(address) vm_page_trunc((address) + HAL_PAGE_SIZE - 1)

static inline uint64_t vm_page_offset(const struct vm_page *page)
{
    return page->node.key;
}

void vm_page_init(void);

/* A page of an object's at an offset that has none, with anything in it.  NULL: no memory. */
struct vm_page *vm_page_alloc(struct vm_object *object, uint64_t offset);
/* The page of an object at an offset; NULL. */
struct vm_page *vm_page_lookup(const struct vm_object *object, uint64_t offset);
/* Ends a page and all its mappings.  It is not wired, unless its object ends. */
void vm_page_free(struct vm_page *page);
/* Gives a page to another object, which has none at the offset. */
void vm_page_rename(struct vm_page *page, struct vm_object *object, uint64_t offset);

void vm_page_activate(struct vm_page *page);
void vm_page_deactivate(struct vm_page *page);
void vm_page_wire(struct vm_page *page);
void vm_page_unwire(struct vm_page *page);

#endif
