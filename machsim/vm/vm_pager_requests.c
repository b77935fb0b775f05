/* SPDX-License-Identifier: BSD-2-Clause */
/* vm_pager_requests.c - what managers are asked, and given back: see vm_pager.h. */
#include "vm/vm_pager.h"

#include <mach/mig_errors.h>

#include "gen/kernel/memory_object_ids.h"
#include "gen/kernel/memory_object_user.h"
#include "vm/vm_copy.h"
#include "vm/vm_kept.h"

/* Pages that are returned in one message, at most. */
#define RETURN_MAX 64

/* ---- asking ---------------------------------------------------------------------------------------- */

bool vm_pager_has(const struct vm_object *object, uint64_t offset)
{
    const struct vm_pager *pager = object->pager;

    return pager != NULL && (!pager->internal || vm_kept_has(&pager->kept, offset));
}

/* Whether the page may come with another that is asked for. */
static bool may_come_along(struct vm_object *object, uint64_t offset)
{
    return offset < object->size && vm_page_lookup(object, offset) == NULL && vm_pager_has(object, offset);
}

/* The range to be asked for with a page: pages around it that are not there, in the manager's clusters. */
static void cluster_around(struct vm_object *object, uint64_t offset, uint64_t *start, uint64_t *end)
{
    const uint64_t first = offset & ~(uint64_t)(object->pager->cluster - 1);

    *start = offset;
    *end = offset + HAL_PAGE_SIZE;
    while (*start > first && may_come_along(object, *start - HAL_PAGE_SIZE))
        *start -= HAL_PAGE_SIZE;
    while (*end < first + object->pager->cluster && may_come_along(object, *end))
        *end += HAL_PAGE_SIZE;
}

static void owe(struct vm_pager *pager, struct vm_page *page)
{
    page->deadline = hal_now() + vm_pager_timeout;
    list_append(&pager->asked, &page->asked);
}

/* Makes the pages of a range, for which content will come.  *end becomes where memory was lacking. */
static void make_busy(struct vm_object *object, uint64_t start, uint64_t *end)
{
    for (uint64_t at = start; at < *end; at += HAL_PAGE_SIZE) {
        struct vm_page *page = vm_page_alloc_busy(object, at);

        if (page == NULL)
            *end = at;
        else
            owe(object->pager, page);
    }
}

kern_return_t vm_pager_request(struct vm_object *object, uint64_t offset, vm_prot_t access, struct waiter *waiter)
{
    struct vm_pager *pager = object->pager;
    uint64_t start, end;

    if (pager->failed != KERN_SUCCESS)
        return pager->failed;
    if (!pager->ready) {
        if (list_empty(&pager->waiters))
            pager->ready_deadline = hal_now() + vm_pager_timeout;
        waiter_wait(waiter, &pager->waiters);
        vm_pager_watch(pager);
        return MIG_NO_REPLY;
    }
    struct ipc_kmsg *message = vm_manager_message(MACH_ID_memory_object_data_request,
                                                  sizeof(__Request__memory_object_data_request_t), pager->control, NULL);

    if (message == NULL)
        return KERN_RESOURCE_SHORTAGE;
    cluster_around(object, offset, &start, &end);
    make_busy(object, start, &end);
    if (end <= offset) { /* what came before it was not asked for alone */
        for (uint64_t at = start; at < end; at += HAL_PAGE_SIZE)
            vm_page_free(vm_page_lookup(object, at));
        vm_manager_discard(message);
        return KERN_RESOURCE_SHORTAGE;
    }
    __Request__memory_object_data_request_t *request = (void *)message->message;

    request->NDR = NDR_record;
    request->offset = start;
    request->length = end - start;
    request->desired_access = access;
    vm_manager_post(pager->manager, message);
    waiter_wait(waiter, &vm_page_lookup(object, offset)->waiters);
    vm_pager_watch(pager);
    vm_page_counts.pageins++;
    return MIG_NO_REPLY;
}

kern_return_t vm_pager_unlock(struct vm_page *page, vm_prot_t access, struct waiter *waiter)
{
    struct vm_pager *pager = page->object->pager;

    if (page->failed > 0)
        return vm_page_take_error(page);
    if (pager == NULL || pager->failed != KERN_SUCCESS)
        return pager == NULL ? KERN_MEMORY_FAILURE : pager->failed;
    if (access & ~page->unlocking) {
        struct ipc_kmsg *message =
            vm_manager_message(MACH_ID_memory_object_data_unlock, sizeof(__Request__memory_object_data_unlock_t),
                               pager->control, NULL);

        if (message == NULL)
            return KERN_RESOURCE_SHORTAGE;
        __Request__memory_object_data_unlock_t *request = (void *)message->message;

        request->NDR = NDR_record;
        request->offset = vm_page_offset(page);
        request->size = HAL_PAGE_SIZE;
        request->desired_access = access;
        vm_manager_post(pager->manager, message);
        page->unlocking |= access;
        if (!list_linked(&page->asked))
            owe(pager, page);
    }
    waiter_wait(waiter, &page->waiters);
    vm_pager_watch(pager);
    return MIG_NO_REPLY;
}

/* ---- giving back ----------------------------------------------------------------------------------- */

/* Whether it is to be returned. */
static bool is_wanted(const struct vm_page *page, memory_object_return_t wanted)
{
    switch (wanted) {
    case MEMORY_OBJECT_RETURN_DIRTY: return page->dirty;
    case MEMORY_OBJECT_RETURN_ALL: return page->dirty || page->precious;
    case MEMORY_OBJECT_RETURN_ANYTHING: return true;
    default: return false;
    }
}

/* The page behind another, if it is there with a frame. */
static struct vm_page *page_behind(const struct vm_page *page)
{
    struct vm_page *next = vm_page_lookup(page->object, vm_page_offset(page) + HAL_PAGE_SIZE);

    return next != NULL && vm_page_has_frame(next) ? next : NULL;
}

/* How many pages from one on, up to an offset, can be returned with it. */
static uint32_t run_length(const struct vm_page *first, uint64_t last, memory_object_return_t wanted)
{
    uint32_t count = 1;

    for (const struct vm_page *page = page_behind(first);
         page != NULL && count < RETURN_MAX && vm_page_offset(page) <= last && is_wanted(page, wanted) &&
         page->dirty == first->dirty;
         page = page_behind(page))
        count++;
    return count;
}

/* The bytes of pages that follow one another, which no one writes from now on.  NULL: no memory. */
static struct vm_map_copy *copy_of(const struct vm_page *first, uint32_t count)
{
    struct vm_map_copy *copy = vm_map_copy_alloc((uint64_t)count * HAL_PAGE_SIZE);
    const struct vm_page *page = first;

    for (uint32_t i = 0; copy != NULL && i < count; i++, page = page_behind(page)) {
        hal_frame_protect(page->frame, VM_PROT_READ | VM_PROT_EXECUTE);
        hal_frame_read(page->frame, 0, copy->data + i * HAL_PAGE_SIZE, HAL_PAGE_SIZE);
    }
    return copy;
}

/* The default manager has the pages from now on.  False: there is no memory to know it. */
static bool note_kept(struct vm_pager *pager, uint64_t offset, uint32_t count)
{
    for (uint32_t i = 0; pager->internal && i < count; i++)
        if (!vm_kept_reserve(&pager->kept, offset + i * HAL_PAGE_SIZE))
            return false;
    for (uint32_t i = 0; pager->internal && i < count; i++)
        vm_kept_add(&pager->kept, offset + i * HAL_PAGE_SIZE);
    return true;
}

/* Sends the manager what is in pages that follow one another; they are clean then. */
static bool give_back(struct vm_page *first, uint32_t count, bool keep)
{
    struct vm_pager *pager = first->object->pager;
    struct vm_map_copy *copy = note_kept(pager, vm_page_offset(first), count) ? copy_of(first, count) : NULL;
    struct ipc_kmsg *message =
        copy == NULL ? NULL
                     : vm_manager_message(MACH_ID_memory_object_data_return,
                                          sizeof(__Request__memory_object_data_return_t), pager->control, copy);

    if (message == NULL) {
        vm_map_copy_discard(copy);
        return false;
    }
    __Request__memory_object_data_return_t *request = (void *)message->message;

    request->NDR = NDR_record;
    request->offset = vm_page_offset(first);
    request->dataCnt = (mach_msg_type_number_t)copy->size;
    request->dirty = first->dirty;
    request->kernel_copy = keep;
    vm_map_copy_charge_laundry(copy);
    vm_manager_post(pager->manager, message);
    for (struct vm_page *page = first; count > 0; count--, page = page_behind(page)) {
        page->dirty = page->precious = false;
        vm_page_counts.pageouts++;
    }
    return true;
}

/* Pages go, but for wired ones. */
static void flush_run(struct vm_page *page, uint32_t count)
{
    for (struct vm_page *next; count > 0 && page != NULL; count--, page = next) {
        next = page_behind(page);
        if (page->wired == 0)
            vm_page_free(page);
    }
}

bool vm_pager_clean(struct vm_object *object, uint64_t offset, uint64_t size, memory_object_return_t wanted, bool flush)
{
    const uint64_t last = size > UINT64_MAX - offset ? UINT64_MAX : offset + size - 1;
    struct vm_page *page;

    for (; (page = vm_object_page_from(object, offset)) != NULL && vm_page_offset(page) <= last;) {
        const bool back = is_wanted(page, wanted);
        const uint32_t count = back ? run_length(page, last, wanted) : 1;

        if (back && !give_back(page, count, !flush))
            return false;
        offset = vm_page_offset(page) + (uint64_t)count * HAL_PAGE_SIZE;
        if (flush)
            flush_run(page, count);
    }
    return true;
}

bool vm_pager_evict(struct vm_page *page)
{
    if (!give_back(page, 1, false))
        return false;
    vm_page_free(page);
    return true;
}
