/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory_object.c - the routines of memory_object_control.defs: what managers tell the kernel of their objects.
 *
 * Nothing of what they say is believed further than it concerns their own objects: content for pages that are there
 * already is dropped, and what has not been asked for is taken only while there is room.
 */
#include <mach/mig_errors.h>

#include "gen/kernel/memory_object_control_server.h"
#include "gen/kernel/memory_object_ids.h"
#include "gen/kernel/memory_object_user.h"
#include "kern/kobject.h"
#include "vm/vm_pageout.h"
#include "vm/vm_sync.h"

/* A range of an object's, in whole pages. */
static bool is_range(uint64_t offset, uint64_t size)
{
    return vm_page_trunc(offset) == offset && size <= UINT64_MAX - offset && vm_page_trunc(size) == size;
}

/* The object that a manager speaks of, with the memory lock; NULL, without: there is none (any more). */
static struct vm_object *lock_object(const struct vm_pager *pager)
{
    if (pager == NULL)
        return NULL;
    lock_acquire(&vm_lock);
    if (pager->object == NULL || pager->last == NULL) {
        lock_release(&vm_lock);
        return NULL;
    }
    return pager->object;
}

/* ---- answers --------------------------------------------------------------------------------------- */

/*
 * A message to the port that wants to hear, and its right; NULL: no one does, or there is no memory.  Without locks: it
 * comes last of all, for it takes the rights of the request.
 */
static struct ipc_kmsg *reply_message(struct vm_pager *pager, mach_port_t reply_to, mach_msg_id_t id,
                                      mach_msg_size_t size, struct ipc_right *right)
{
    if (!MACH_PORT_VALID(reply_to))
        return NULL;
    struct ipc_kmsg *message = vm_manager_message(id, size, pager->control, NULL);

    if (message != NULL)
        *right = kobject_right(reply_to, MACH_MSG_TYPE_PORT_SEND_ONCE);
    return message;
}

/* Sends it, in order with what else the manager is told. */
static void reply(struct vm_pager *pager, struct ipc_kmsg *message, struct ipc_right right)
{
    if (message == NULL)
        return;
    lock_acquire(&vm_lock);
    const bool lives = pager->object != NULL;

    if (lives) {
        message->destination = right;
        vm_manager_post(pager->manager, message);
    }
    lock_release(&vm_lock);
    if (!lives) {
        vm_manager_discard(message);
        ipc_right_release(right);
    }
}

/* ---- attributes ------------------------------------------------------------------------------------ */

static bool is_strategy(memory_object_copy_strategy_t strategy)
{
    return strategy == MEMORY_OBJECT_COPY_NONE || strategy == MEMORY_OBJECT_COPY_CALL ||
           strategy == MEMORY_OBJECT_COPY_DELAY || strategy == MEMORY_OBJECT_COPY_TEMPORARY ||
           strategy == MEMORY_OBJECT_COPY_SYMMETRIC;
}

/* In bytes: a power of 2, of a page at least and 64 at most. */
static bool is_cluster(memory_object_cluster_size_t size)
{
    return size >= HAL_PAGE_SIZE && size <= 64 * HAL_PAGE_SIZE && (size & (size - 1)) == 0;
}

static kern_return_t set_attributes(struct vm_pager *pager, memory_object_copy_strategy_t strategy,
                                    memory_object_cluster_size_t cluster, bool may_cache, bool temporary)
{
    if (!is_strategy(strategy) || !is_cluster(cluster))
        return KERN_INVALID_ARGUMENT;
    pager->copy_strategy = strategy;
    pager->cluster = cluster;
    pager->may_cache = may_cache;
    pager->temporary = temporary;
    vm_pager_ready(pager);
    return KERN_SUCCESS;
}

static kern_return_t change(struct vm_pager *pager, memory_object_flavor_t flavor, const int *words, uint32_t count)
{
    if (flavor == MEMORY_OBJECT_PERFORMANCE_INFO && count == MEMORY_OBJECT_PERF_INFO_COUNT) {
        const struct memory_object_perf_info *info = (const void *)words;

        return set_attributes(pager, pager->copy_strategy, info->cluster_size, info->may_cache, pager->temporary);
    }
    if (flavor == MEMORY_OBJECT_ATTRIBUTE_INFO && count == MEMORY_OBJECT_ATTR_INFO_COUNT) {
        const struct memory_object_attr_info *info = (const void *)words;

        return set_attributes(pager, info->copy_strategy, info->cluster_size, info->may_cache_object, info->temporary);
    }
    if (flavor == MEMORY_OBJECT_BEHAVIOR_INFO && count == MEMORY_OBJECT_BEHAVE_INFO_COUNT) {
        const struct memory_object_behave_info *info = (const void *)words;

        return set_attributes(pager, info->copy_strategy, pager->cluster, pager->may_cache, info->temporary);
    }
    return KERN_INVALID_ARGUMENT;
}

kern_return_t kernel_memory_object_change_attributes(pager_ref_t pager, memory_object_flavor_t flavor,
                                                     memory_object_info_t attributes, mach_msg_type_number_t count,
                                                     mach_port_t reply_to)
{
    struct ipc_right right;

    if (lock_object(pager) == NULL)
        return KERN_INVALID_ARGUMENT;
    const kern_return_t result = change(pager, flavor, attributes, count);

    lock_release(&vm_lock);
    if (result != KERN_SUCCESS)
        return result;
    struct ipc_kmsg *message = reply_message(pager, reply_to, MACH_ID_memory_object_change_completed,
                                             sizeof(__Request__memory_object_change_completed_t), &right);

    if (message != NULL) {
        __Request__memory_object_change_completed_t *body = (void *)message->message;

        body->NDR = NDR_record;
        body->flavor = flavor;
    }
    reply(pager, message, right);
    return KERN_SUCCESS;
}

kern_return_t kernel_memory_object_get_attributes(pager_ref_t pager, memory_object_flavor_t flavor,
                                                  memory_object_info_t attributes, mach_msg_type_number_t *count)
{
    const mach_msg_type_number_t room = *count;
    kern_return_t result = KERN_SUCCESS;

    if (lock_object(pager) == NULL)
        return KERN_INVALID_ARGUMENT;
    if (flavor == MEMORY_OBJECT_PERFORMANCE_INFO && room >= MEMORY_OBJECT_PERF_INFO_COUNT) {
        *(struct memory_object_perf_info *)(void *)attributes =
            (struct memory_object_perf_info){.cluster_size = pager->cluster, .may_cache = pager->may_cache};
        *count = MEMORY_OBJECT_PERF_INFO_COUNT;
    } else if (flavor == MEMORY_OBJECT_ATTRIBUTE_INFO && room >= MEMORY_OBJECT_ATTR_INFO_COUNT) {
        *(struct memory_object_attr_info *)(void *)attributes =
            (struct memory_object_attr_info){.copy_strategy = pager->copy_strategy,
                                             .cluster_size = pager->cluster,
                                             .may_cache_object = pager->may_cache,
                                             .temporary = pager->temporary};
        *count = MEMORY_OBJECT_ATTR_INFO_COUNT;
    } else if (flavor == MEMORY_OBJECT_BEHAVIOR_INFO && room >= MEMORY_OBJECT_BEHAVE_INFO_COUNT) {
        *(struct memory_object_behave_info *)(void *)attributes = (struct memory_object_behave_info){
            .copy_strategy = pager->copy_strategy, .temporary = pager->temporary};
        *count = MEMORY_OBJECT_BEHAVE_INFO_COUNT;
    } else {
        result = KERN_INVALID_ARGUMENT;
    }
    lock_release(&vm_lock);
    return result;
}

/* ---- content --------------------------------------------------------------------------------------- */

/*
 * Puts content in a page.  KERN_MEMORY_PRESENT: there is some.  KERN_RESOURCE_SHORTAGE: no one waits for it, and there is no
 * room.  MIG_NO_REPLY: someone does, and room is to come.
 */
static kern_return_t supply_page(struct vm_object *object, uint64_t offset, const void *bytes, vm_prot_t lock,
                                 bool precious)
{
    struct vm_page *page = vm_page_lookup(object, offset);

    if (page != NULL && vm_page_has_frame(page))
        return KERN_MEMORY_PRESENT;
    if (page == NULL && offset >= object->size)
        return KERN_INVALID_ARGUMENT;
    const bool wanted = page != NULL;

    if (!wanted && hal_frames_free() <= 2 * 64)
        return KERN_RESOURCE_SHORTAGE;
    if (wanted ? !vm_page_fill(page) : (page = vm_page_alloc(object, offset)) == NULL)
        return wanted ? vm_pageout_wait(kobject_waiter()) : KERN_RESOURCE_SHORTAGE;
    hal_frame_write(page->frame, 0, bytes, HAL_PAGE_SIZE);
    page->lock = lock;
    page->precious = precious;
    return KERN_SUCCESS;
}

/* Goes on where it was when it had to wait.  The first error is told; what follows is supplied all the same. */
static kern_return_t supply(struct vm_object *object, uint64_t offset, const unsigned char *bytes, uint64_t size,
                            vm_prot_t lock, bool precious, uint64_t *wrong)
{
    uint64_t *done = kobject_progress();
    kern_return_t result = KERN_SUCCESS;

    for (; *done < size; *done += HAL_PAGE_SIZE) {
        const kern_return_t page = supply_page(object, offset + *done, bytes + *done, lock, precious);

        if (page == MIG_NO_REPLY)
            return page;
        if (page != KERN_SUCCESS && result == KERN_SUCCESS) {
            result = page;
            *wrong = offset + *done;
        }
    }
    return result;
}

kern_return_t kernel_memory_object_data_supply(pager_ref_t pager, memory_object_offset_t offset, vm_offset_t data,
                                               mach_msg_type_number_t size, vm_prot_t lock, boolean_t precious,
                                               mach_port_t reply_to)
{
    struct vm_object *object = lock_object(pager);
    struct ipc_right right;
    uint64_t wrong = 0;

    if (object == NULL)
        return KERN_INVALID_ARGUMENT;
    if (!is_range(offset, size) || (lock & ~VM_PROT_ALL) || !pager->ready) {
        lock_release(&vm_lock);
        return KERN_INVALID_ARGUMENT;
    }
    const kern_return_t result =
        supply(object, offset, (const unsigned char *)data, size, lock, precious != FALSE, &wrong);

    lock_release(&vm_lock);
    if (result == MIG_NO_REPLY)
        return result;
    struct ipc_kmsg *message = reply_message(pager, reply_to, MACH_ID_memory_object_supply_completed,
                                             sizeof(__Request__memory_object_supply_completed_t), &right);

    if (message != NULL) {
        __Request__memory_object_supply_completed_t *body = (void *)message->message;

        body->NDR = NDR_record;
        body->offset = offset;
        body->length = size;
        body->result = result;
        body->error_offset = wrong;
    }
    reply(pager, message, right);
    return result;
}

/* Calls for each page of a range that the manager was asked for. */
static kern_return_t answer_busy(const struct vm_pager *pager, uint64_t offset, uint64_t size, bool failed)
{
    const struct vm_object *object = lock_object(pager);

    if (object == NULL)
        return KERN_INVALID_ARGUMENT;
    struct list *link = pager->asked.next;

    while (link != &pager->asked && is_range(offset, size)) {
        struct vm_page *page = container_of(link, struct vm_page, asked);

        link = link->next;
        if (page->state != PAGE_BUSY || vm_page_offset(page) - offset >= size)
            continue;
        if (failed)
            vm_page_set_error(page, KERN_MEMORY_ERROR);
        else
            vm_page_set_absent(page);
    }
    lock_release(&vm_lock);
    return is_range(offset, size) ? KERN_SUCCESS : KERN_INVALID_ARGUMENT;
}

kern_return_t kernel_memory_object_data_unavailable(pager_ref_t pager, memory_object_offset_t offset,
                                                    memory_object_size_t size)
{
    return answer_busy(pager, offset, size, false);
}

kern_return_t kernel_memory_object_data_error(pager_ref_t pager, memory_object_offset_t offset,
                                              memory_object_size_t size, kern_return_t reason)
{
    (void)reason; /* who faults gets KERN_MEMORY_ERROR, as documented */
    return answer_busy(pager, offset, size, true);
}

/* ---- locks ----------------------------------------------------------------------------------------- */

/* What the manager forbids of the pages of a range.  Who waits for one to be unlocked looks again. */
static void lock_pages(struct vm_object *object, uint64_t offset, uint64_t size, vm_prot_t lock)
{
    for (struct vm_page *page = vm_object_page_from(object, offset); page != NULL && vm_page_offset(page) - offset < size;
         page = vm_object_page_from(object, vm_page_offset(page) + 1)) {
        page->lock = lock;
        hal_frame_protect(page->frame, VM_PROT_ALL & ~lock);
        vm_page_answered(page);
    }
}

/* Pages that the manager had nothing for are to be asked for again. */
static void forget_absent(struct vm_object *object, uint64_t offset, uint64_t size)
{
    if (size <= 64 * HAL_PAGE_SIZE) {
        for (uint64_t at = offset; at - offset < size; at += HAL_PAGE_SIZE) {
            struct vm_page *page = vm_page_lookup(object, at);

            if (page != NULL && page->state == PAGE_ABSENT)
                vm_page_free(page);
        }
    }
}

kern_return_t kernel_memory_object_lock_request(pager_ref_t pager, memory_object_offset_t offset,
                                                memory_object_size_t size, memory_object_return_t should_return,
                                                boolean_t should_flush, vm_prot_t lock, mach_port_t reply_to)
{
    struct vm_object *object = lock_object(pager);
    struct ipc_right right;
    kern_return_t result = KERN_SUCCESS;

    if (object == NULL)
        return KERN_INVALID_ARGUMENT;
    if (!is_range(offset, size) || should_return < MEMORY_OBJECT_RETURN_NONE ||
        should_return > MEMORY_OBJECT_RETURN_ANYTHING || (lock != VM_PROT_NO_CHANGE && (lock & ~VM_PROT_ALL)))
        result = KERN_INVALID_ARGUMENT;
    else if (!vm_pager_clean(object, offset, size, should_return, should_flush != FALSE))
        result = KERN_RESOURCE_SHORTAGE;
    if (result == KERN_SUCCESS && should_flush)
        forget_absent(object, offset, size);
    if (result == KERN_SUCCESS && lock != VM_PROT_NO_CHANGE)
        lock_pages(object, offset, size, lock);
    lock_release(&vm_lock);
    if (result != KERN_SUCCESS)
        return result;
    struct ipc_kmsg *message = reply_message(pager, reply_to, MACH_ID_memory_object_lock_completed,
                                             sizeof(__Request__memory_object_lock_completed_t), &right);

    if (message != NULL) {
        __Request__memory_object_lock_completed_t *body = (void *)message->message;

        body->NDR = NDR_record;
        body->offset = offset;
        body->length = size;
    }
    reply(pager, message, right);
    return KERN_SUCCESS;
}

/* ---- the rest -------------------------------------------------------------------------------------- */

kern_return_t kernel_memory_object_synchronize_completed(pager_ref_t pager, memory_object_offset_t offset,
                                                         memory_object_size_t size)
{
    if (lock_object(pager) == NULL)
        return KERN_INVALID_ARGUMENT;
    vm_sync_completed(pager, offset, size);
    lock_release(&vm_lock);
    return KERN_SUCCESS;
}

kern_return_t kernel_memory_object_destroy(pager_ref_t pager, kern_return_t reason)
{
    (void)reason; /* who faults gets KERN_MEMORY_FAILURE, as documented */
    if (lock_object(pager) == NULL)
        return KERN_INVALID_ARGUMENT;
    vm_pager_destroy(pager);
    lock_release(&vm_lock);
    return KERN_SUCCESS;
}
