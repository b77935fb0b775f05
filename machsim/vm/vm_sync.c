/* SPDX-License-Identifier: BSD-2-Clause */
/* vm_sync.c - waits for memory to be written back: see vm_sync.h. */
#include "vm/vm_sync.h"

#include <mach/mig_errors.h>

#include "gen/kernel/memory_object_ids.h"
#include "gen/kernel/memory_object_user.h"

struct vm_sync {
    struct list link; /* in the pager's list, oldest first */
    const struct waiter *owner;
    struct list waiters; /* the owner, while it waits */
    uint64_t offset, size, deadline;
    kern_return_t result; /* MIG_NO_REPLY: none yet */
};

static struct vm_sync *sync_of(const struct list *link)
{
    return container_of(link, struct vm_sync, link);
}

static struct ipc_kmsg *request_message(const struct vm_pager *pager, uint64_t offset, uint64_t size, vm_sync_t flags)
{
    struct ipc_kmsg *message = vm_manager_message(MACH_ID_memory_object_synchronize,
                                                  sizeof(__Request__memory_object_synchronize_t), pager->control, NULL);

    if (message == NULL)
        return NULL;
    __Request__memory_object_synchronize_t *request = (void *)message->message;

    request->NDR = NDR_record;
    request->offset = offset;
    request->length = size;
    request->flags = flags;
    return message;
}

static kern_return_t ask(struct vm_pager *pager, uint64_t offset, uint64_t size, vm_sync_t flags, struct waiter *owner)
{
    struct vm_sync *sync = hal_alloc(sizeof *sync);
    struct ipc_kmsg *message = sync == NULL ? NULL : request_message(pager, offset, size, flags);

    if (message == NULL) {
        hal_free(sync, sizeof *sync);
        return KERN_RESOURCE_SHORTAGE;
    }
    *sync = (struct vm_sync){.owner = owner,
                             .offset = offset,
                             .size = size,
                             .deadline = hal_now() + vm_pager_timeout,
                             .result = MIG_NO_REPLY};
    list_init(&sync->waiters);
    waiter_wait(owner, &sync->waiters);
    list_append(&pager->syncs, &sync->link);
    vm_manager_post(pager->manager, message);
    vm_pager_watch(pager);
    return MIG_NO_REPLY;
}

static void forget(struct vm_sync *sync)
{
    list_remove(&sync->link);
    hal_free(sync, sizeof *sync);
}

/* The note of an owner; NULL. */
static struct vm_sync *note_of(const struct vm_pager *pager, const struct waiter *owner)
{
    list_for_each(link, &pager->syncs)
        if (sync_of(link)->owner == owner)
            return sync_of(link);
    return NULL;
}

kern_return_t vm_sync_wait(struct vm_object *object, uint64_t offset, uint64_t size, vm_sync_t flags, bool again,
                           struct waiter *owner)
{
    struct vm_pager *pager = object->pager;
    struct vm_sync *sync = note_of(pager, owner);
    const kern_return_t result = sync == NULL ? KERN_SUCCESS : sync->result;

    if (sync != NULL)
        forget(sync);
    if (again && sync != NULL)
        return result;
    return pager->failed != KERN_SUCCESS ? pager->failed : ask(pager, offset, size, flags, owner);
}

static void answer(struct vm_sync *sync, kern_return_t result)
{
    if (sync->result != MIG_NO_REPLY)
        return;
    sync->result = result;
    (void)waiter_wake_all(&sync->waiters);
}

void vm_sync_completed(struct vm_pager *pager, uint64_t offset, uint64_t size)
{
    list_for_each(link, &pager->syncs) {
        struct vm_sync *sync = sync_of(link);

        if (sync->result == MIG_NO_REPLY && sync->offset == offset && sync->size == size) {
            answer(sync, KERN_SUCCESS);
            return;
        }
    }
}

uint64_t vm_sync_deadline(const struct vm_pager *pager)
{
    list_for_each(link, &pager->syncs)
        if (sync_of(link)->result == MIG_NO_REPLY)
            return sync_of(link)->deadline;
    return 0;
}

void vm_sync_expire(struct vm_pager *pager, uint64_t now)
{
    list_for_each(link, &pager->syncs)
        if (sync_of(link)->deadline <= now)
            answer(sync_of(link), KERN_MEMORY_ERROR);
}

void vm_sync_clear(struct vm_pager *pager)
{
    while (!list_empty(&pager->syncs))
        forget(sync_of(pager->syncs.next));
}
