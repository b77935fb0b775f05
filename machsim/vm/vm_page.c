/* SPDX-License-Identifier: BSD-2-Clause */
/* vm_page.c - pages and their queues: see vm_page.h. */
#include "vm/vm_page.h"

#include "vm/vm_object.h"

struct lock vm_lock;
struct vm_page_counts vm_page_counts;

static struct list active, inactive; /* oldest first */

void vm_page_init(void)
{
    lock_init(&vm_lock, RANK_MEMORY);
    list_init(&active);
    list_init(&inactive);
    vm_page_counts = (struct vm_page_counts){.active = 0};
}

/* ---- queues ---------------------------------------------------------------------------------------- */

static uint64_t *count_of(enum vm_page_state state)
{
    switch (state) {
    case PAGE_ACTIVE: return &vm_page_counts.active;
    case PAGE_INACTIVE: return &vm_page_counts.inactive;
    default: return &vm_page_counts.wired;
    }
}

static void leave_queue(struct vm_page *page)
{
    if (list_linked(&page->link))
        list_remove(&page->link);
    --*count_of(page->state);
}

static void join_queue(struct vm_page *page, enum vm_page_state state)
{
    page->state = state;
    if (state != PAGE_WIRED)
        list_append(state == PAGE_ACTIVE ? &active : &inactive, &page->link);
    ++*count_of(state);
}

void vm_page_activate(struct vm_page *page)
{
    if (page->state == PAGE_WIRED)
        return;
    leave_queue(page);
    join_queue(page, PAGE_ACTIVE);
}

void vm_page_deactivate(struct vm_page *page)
{
    if (page->state != PAGE_ACTIVE)
        return;
    leave_queue(page);
    join_queue(page, PAGE_INACTIVE);
}

void vm_page_wire(struct vm_page *page)
{
    if (page->wired++ > 0)
        return;
    leave_queue(page);
    join_queue(page, PAGE_WIRED);
}

void vm_page_unwire(struct vm_page *page)
{
    kern_assert(page->wired > 0);
    if (--page->wired > 0)
        return;
    leave_queue(page);
    join_queue(page, PAGE_ACTIVE);
}

/* ---- life ------------------------------------------------------------------------------------------ */

static void enter_object(struct vm_page *page, struct vm_object *object, uint64_t offset)
{
    page->object = object;
    page->node.key = offset;
    page->node.weight = 0;
    tree_insert(&object->pages, &page->node);
    object->resident++;
}

static void leave_object(struct vm_page *page)
{
    tree_remove(&page->object->pages, &page->node);
    page->object->resident--;
}

struct vm_page *vm_page_alloc(struct vm_object *object, uint64_t offset)
{
    struct vm_page *page = hal_alloc(sizeof *page);

    if (page == NULL)
        return NULL;
    page->frame = hal_frame_alloc();
    if (page->frame == HAL_NO_FRAME) {
        hal_free(page, sizeof *page);
        return NULL;
    }
    enter_object(page, object, offset);
    join_queue(page, PAGE_ACTIVE);
    return page;
}

struct vm_page *vm_page_lookup(const struct vm_object *object, uint64_t offset)
{
    struct tree_node *node = tree_find(&object->pages, offset);

    return node == NULL ? NULL : container_of(node, struct vm_page, node);
}

void vm_page_free(struct vm_page *page)
{
    hal_frame_protect(page->frame, VM_PROT_NONE);
    leave_queue(page);
    leave_object(page);
    hal_frame_free(page->frame);
    hal_free(page, sizeof *page);
}

void vm_page_rename(struct vm_page *page, struct vm_object *object, uint64_t offset)
{
    leave_object(page);
    enter_object(page, object, offset);
}
