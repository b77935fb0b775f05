/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_page.h - pages: what an object has at an offset, in a frame of the machine's; and the lock of all memory.
 *
 * One lock guards all maps, objects and pages.  What is done under it is short or a loop over what the caller asked
 * for; nothing under it waits.
 *
 * A page is in one of these states.  Those in the first three have a frame, and those in the first two are in a queue:
 *
 *   from       to         by
 *   (new)      ACTIVE     vm_page_alloc: it belongs to an object, and may be mapped
 *   ACTIVE     INACTIVE   vm_page_deactivate: it is mapped no more, and goes when frames are wanted
 *   INACTIVE   ACTIVE     vm_page_activate: it was used
 *   any frame  WIRED      vm_page_wire: it stays; counted
 *   WIRED      ACTIVE     vm_page_unwire, the last
 *   (new)      BUSY       vm_page_alloc_busy: its manager is asked for what is in it
 *   BUSY       ACTIVE     vm_page_fill: here it is
 *   BUSY       ABSENT     vm_page_set_absent: the manager has nothing there: what shows is below, or zeros
 *   BUSY       ERROR      vm_page_set_error: those who wait get that; then the page goes
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
#include "kern/waiter.h"

struct vm_object;

extern struct lock vm_lock; /* RANK_MEMORY */

enum vm_page_state { PAGE_ACTIVE, PAGE_INACTIVE, PAGE_WIRED, PAGE_BUSY, PAGE_ABSENT, PAGE_ERROR };

struct vm_page {
    struct tree_node node; /* in its object, by offset */
    struct list link;      /* in the queue of its state */
    struct vm_object *object;
    hal_frame_t frame;
    enum vm_page_state state;
    uint32_t wired; /* how often */
    bool dirty;     /* written since its content was last that of its backing store */
    bool precious;  /* its manager wants it back, written or not */
    vm_prot_t lock; /* what its manager forbids */

    struct list asked;    /* in its pager's list of those that the manager is to answer for: vm_pager.c */
    uint64_t deadline;    /* ... until then */
    vm_prot_t unlocking;  /* what the manager was asked to allow */
    struct list waiters;  /* for content, or to be unlocked */
    uint32_t failed;      /* how many who waited are still to hear of */
    kern_return_t reason; /* ... this */
};

struct vm_page_counts {
    uint64_t active, inactive, wired;
    uint64_t zero_filled, copied, faults, lookups, hits, reactivated, pageins, pageouts, purged; /* since the start */
};
extern struct vm_page_counts vm_page_counts;

#define vm_page_trunc(address) ((address) & ~(uint64_t)(HAL_PAGE_SIZE - 1))
#define vm_page_round(address) vm_page_trunc((address) + HAL_PAGE_SIZE - 1)

static inline bool vm_page_has_frame(const struct vm_page *page)
{
    return page->state <= PAGE_WIRED;
}

static inline uint64_t vm_page_offset(const struct vm_page *page)
{
    return page->node.key;
}

void vm_page_init(void);

/* A page of an object's at an offset that has none, with anything in it.  NULL: no memory. */
struct vm_page *vm_page_alloc(struct vm_object *object, uint64_t offset);
/* The page of an object at an offset; NULL. */
struct vm_page *vm_page_lookup(const struct vm_object *object, uint64_t offset);
/* A page whose content will be known later.  NULL: no memory. */
struct vm_page *vm_page_alloc_busy(struct vm_object *object, uint64_t offset);
/* Gives a page that has none a frame, with anything in it; who waits for it goes on.  False: no memory. */
bool vm_page_fill(struct vm_page *page);
void vm_page_set_absent(struct vm_page *page);
/* Who waits for the page, or for it to be unlocked, gets an error. */
void vm_page_set_error(struct vm_page *page, kern_return_t reason);
/* One of those who waited hears of it.  The page may be gone then. */
kern_return_t vm_page_take_error(struct vm_page *page);
/* Who waits goes on, and its manager need not answer for it any more. */
void vm_page_answered(struct vm_page *page);

/* Ends a page and all its mappings.  It is not wired, unless its object ends. */
void vm_page_free(struct vm_page *page);
/* Gives a page to another object, which has none at the offset. */
void vm_page_rename(struct vm_page *page, struct vm_object *object, uint64_t offset);

void vm_page_activate(struct vm_page *page);
void vm_page_deactivate(struct vm_page *page);
/* The page that has been in a queue the longest; NULL. */
struct vm_page *vm_page_oldest(enum vm_page_state state);
void vm_page_wire(struct vm_page *page);
void vm_page_unwire(struct vm_page *page);

#endif
