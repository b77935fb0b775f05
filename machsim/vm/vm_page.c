/* SPDX-License-Identifier: BSD-2-Clause */
/* vm_page.c - pages and their queues: see vm_page.h. */
#include "vm/vm_page.h"

#include "vm/vm_object.h"
#include "vm/vm_pageout.h"

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

/* The count of pages in a state; NULL: they are not counted. */
static uint64_t *count_of(enum vm_page_state state)
{
    switch (state) {
    case PAGE_ACTIVE: return &vm_page_counts.active;
    case PAGE_INACTIVE: return &vm_page_counts.inactive;
    case PAGE_WIRED: return &vm_page_counts.wired;
    default: return NULL;
    }
}

static void leave_queue(struct vm_page *page)
{
    uint64_t *count = count_of(page->state);

    if (list_linked(&page->link))
        list_remove(&page->link);
    if (count != NULL)
        --*count;
}

static void join_queue(struct vm_page *page, enum vm_page_state state)
{
    uint64_t *count = count_of(state);

    page->state = state;
    if (state == PAGE_ACTIVE || state == PAGE_INACTIVE)
        list_append(state == PAGE_ACTIVE ? &active : &inactive, &page->link);
    if (count != NULL)
        ++*count;
}

struct vm_page *vm_page_oldest(enum vm_page_state state)
{
    struct list *queue = state == PAGE_ACTIVE ? &active : &inactive;

    return list_empty(queue) ? NULL : container_of(queue->next, struct vm_page, link);
}

void vm_page_activate(struct vm_page *page)
{
    if (page->state == PAGE_WIRED)
        return;
    vm_page_counts.reactivated += page->state == PAGE_INACTIVE;
    leave_queue(page);
    join_queue(page, PAGE_ACTIVE);
}

/* It is found out that it is used because someone has it mapped again: no machine need tell. */
void vm_page_deactivate(struct vm_page *page)
{
    if (page->state != PAGE_ACTIVE)
        return;
    hal_frame_protect(page->frame, VM_PROT_NONE);
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
    object->resident += vm_page_has_frame(page);
}

static void leave_object(struct vm_page *page)
{
    tree_remove(&page->object->pages, &page->node);
    page->object->resident -= vm_page_has_frame(page);
}

struct vm_page *vm_page_alloc_busy(struct vm_object *object, uint64_t offset)
{
    struct vm_page *page = hal_alloc(sizeof *page);

    if (page == NULL)
        return NULL;
    page->frame = HAL_NO_FRAME;
    list_init(&page->waiters);
    join_queue(page, PAGE_BUSY);
    enter_object(page, object, offset);
    return page;
}

bool vm_page_fill(struct vm_page *page)
{
    const hal_frame_t frame = hal_frame_alloc(&page->object->store, vm_page_offset(page));

    if (frame == HAL_NO_FRAME)
        return false;
    page->frame = frame;
    page->object->resident++;
    leave_queue(page);
    join_queue(page, PAGE_ACTIVE);
    vm_page_answered(page);
    vm_pageout_check();
    return true;
}

struct vm_page *vm_page_alloc(struct vm_object *object, uint64_t offset)
{
    struct vm_page *page = vm_page_alloc_busy(object, offset);

    if (page == NULL || vm_page_fill(page))
        return page;
    vm_page_free(page);
    return NULL;
}

/* ---- what managers answer --------------------------------------------------------------------------- */

void vm_page_answered(struct vm_page *page)
{
    if (list_linked(&page->asked))
        list_remove(&page->asked);
    page->unlocking = VM_PROT_NONE;
    page->failed = 0;
    (void)waiter_wake_all(&page->waiters);
}

void vm_page_set_absent(struct vm_page *page)
{
    page->state = PAGE_ABSENT;
    vm_page_answered(page);
}

void vm_page_set_error(struct vm_page *page, kern_return_t reason)
{
    const uint32_t waited = waiter_wake_all(&page->waiters);

    vm_page_answered(page);
    page->failed = waited;
    page->reason = reason;
    if (page->state == PAGE_BUSY)
        page->state = PAGE_ERROR;
    if (waited == 0 && page->state == PAGE_ERROR)
        vm_page_free(page);
}

kern_return_t vm_page_take_error(struct vm_page *page)
{
    const kern_return_t reason = page->reason;

    if (page->failed > 0)
        page->failed--;
    if (page->failed == 0 && page->state == PAGE_ERROR)
        vm_page_free(page);
    return reason;
}

/* ---- ends ------------------------------------------------------------------------------------------ */

struct vm_page *vm_page_lookup(const struct vm_object *object, uint64_t offset)
{
    struct tree_node *node = tree_find(&object->pages, offset);

    return node == NULL ? NULL : container_of(node, struct vm_page, node);
}

void vm_page_free(struct vm_page *page)
{
    if (vm_page_has_frame(page)) {
        hal_frame_protect(page->frame, VM_PROT_NONE);
        hal_frame_free(page->frame);
        vm_pageout_freed();
    }
    vm_page_answered(page);
    leave_queue(page);
    leave_object(page);
    hal_free(page, sizeof *page);
}

void vm_page_rename(struct vm_page *page, struct vm_object *object, uint64_t offset)
{
    leave_object(page);
    enter_object(page, object, offset);
}
