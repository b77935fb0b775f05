/* SPDX-License-Identifier: BSD-2-Clause */
/* vm_pageout.c - the search for pages that can go: see vm_pageout.h. */
#include "vm/vm_pageout.h"

#include <mach/mig_errors.h>

#include "gen/kernel/host_priv_server.h"
#include "kern/kobject.h"
#include "vm/vm_pager.h"
#include "vm/vm_purgable.h"

/* Bytes of laundry, at most. */
#define LAUNDRY_MAX (128u * HAL_PAGE_SIZE)

/* Whoever is so hungry is told that there are no frames. */
#define HUNGER_MAX 32

static struct ipc_port *default_manager;
static struct list waiters; /* for frames */
static struct defer work;
static _Atomic bool scheduled;
static _Atomic uint64_t laundry;

void vm_pageout_init(void)
{
    list_init(&waiters);
    default_manager = NULL;
    atomic_init(&scheduled, false);
    atomic_init(&laundry, 0);
}

void vm_pageout_stop(void)
{
    vm_pageout_set_default_manager(NULL);
}

/* ---- how many -------------------------------------------------------------------------------------- */

static uint64_t all_frames(void)
{
    return hal_frames_free() + vm_page_counts.active + vm_page_counts.inactive + vm_page_counts.wired;
}

/* With fewer frames than that free the search begins, and ends when there are twice as many. */
static uint64_t few_frames(void)
{
    return all_frames() / 64 + 2;
}

static void search(struct defer *unused);

static void schedule(void)
{
    if (!atomic_exchange_explicit(&scheduled, true, memory_order_acq_rel))
        defer(&work, search);
}

void vm_pageout_check(void)
{
    if (hal_frames_free() < few_frames())
        schedule();
}

void vm_pageout_freed(void)
{
    if (!list_empty(&waiters))
        schedule();
}

/*
 * How many frames are freed for someone: it may need many at once, as when it wires memory, and no one knows how many.  So
 * it is twice as many each time it comes back, until there are no more.
 */
static uint64_t need_of(const struct waiter *waiter)
{
    return waiter->hunger >= HUNGER_MAX ? UINT64_MAX : few_frames() << waiter->hunger;
}

static struct waiter *waiter_at(struct list *link)
{
    return container_of(link, struct waiter, link);
}

kern_return_t vm_pageout_wait(struct waiter *waiter)
{
    if (hal_frames_free() > 0 || waiter == NULL)
        return KERN_RESOURCE_SHORTAGE;
    if (need_of(waiter) > all_frames()) {
        waiter->hunger = 0;
        return KERN_RESOURCE_SHORTAGE;
    }
    waiter_wait(waiter, &waiters);
    schedule();
    return MIG_NO_REPLY;
}

void vm_pageout_laundry_add(uint64_t bytes)
{
    atomic_fetch_add_explicit(&laundry, bytes, memory_order_relaxed);
}

void vm_pageout_laundry_done(uint64_t bytes)
{
    const uint64_t before = atomic_fetch_sub_explicit(&laundry, bytes, memory_order_relaxed);

    if (before >= LAUNDRY_MAX || before == bytes)
        schedule();
}

/* ---- one page -------------------------------------------------------------------------------------- */

enum fate { FREED, STAYS, NO_MEMORY, NEEDS_PAGER };

static enum fate try_page(struct vm_page *page)
{
    const struct vm_pager *pager = page->object->pager;

    if (pager == NULL)
        return default_manager == NULL ? STAYS : NEEDS_PAGER;
    if (!pager->ready || list_linked(&page->asked))
        return STAYS;
    if (pager->failed != KERN_SUCCESS || (!page->dirty && !page->precious && vm_pager_has(page->object, vm_page_offset(page)))) {
        vm_page_free(page);
        return FREED;
    }
    return vm_pager_evict(page) ? FREED : NO_MEMORY;
}

/* Sees to it that a third of the pages that may go are inactive. */
static void fill_inactive(void)
{
    struct vm_page *page;

    while (vm_page_counts.inactive * 2 <= vm_page_counts.active && (page = vm_page_oldest(PAGE_ACTIVE)) != NULL)
        vm_page_deactivate(page);
}

/* ---- the search ------------------------------------------------------------------------------------ */

/* Gives an object, to which the caller has a reference, a pager.  The lock is let go of meanwhile. */
static bool make_pager(struct vm_object *object)
{
    lock_release(&vm_lock);
    struct ipc_port *manager = vm_pageout_default_manager();
    const bool fine = ipc_port_valid(manager) && vm_pager_make_internal(object, manager);

    lock_acquire(&vm_lock);
    return fine || object->pager != NULL;
}

/* True: the search may go on. */
static bool try_oldest(struct vm_page *page, bool *freed)
{
    struct vm_object *object = page->object;
    const enum fate fate = try_page(page);

    *freed |= fate == FREED;
    if (fate == STAYS)
        vm_page_activate(page);
    if (fate != NEEDS_PAGER)
        return fate != NO_MEMORY;
    vm_object_reference(object);
    const bool fine = make_pager(object);

    vm_object_release(object);
    if (!fine && vm_page_oldest(PAGE_INACTIVE) == page) /* no manager, or no memory: others may go still */
        vm_page_activate(page);
    return true;
}

/* How many frames are to be free at the end. */
static uint64_t enough(void)
{
    uint64_t most = 0;

    list_for_each(link, &waiters) {
        const uint64_t need = need_of(waiter_at(link));

        if (need > most)
            most = need;
    }
    return 2 * few_frames() + most;
}

/* Frees frames until there are enough, or no page can go now. */
static bool free_frames(uint64_t goal)
{
    struct vm_page *page;
    bool freed = false;

    while (hal_frames_free() < goal && vm_purgable_purge())
        freed = true;
    for (uint64_t left = 2 * (vm_page_counts.active + vm_page_counts.inactive) + 16; left > 0; left--) {
        if (hal_frames_free() >= goal || atomic_load_explicit(&laundry, memory_order_relaxed) >= LAUNDRY_MAX)
            break;
        fill_inactive();
        if ((page = vm_page_oldest(PAGE_INACTIVE)) == NULL || !try_oldest(page, &freed))
            break;
    }
    return freed;
}

/* As many go on as there are frames for: more would find none, and be the hungrier for it. */
static void wake_some(void)
{
    for (uint64_t frames = hal_frames_free(); frames > 0 && !list_empty(&waiters); frames--) {
        waiter_at(waiters.next)->hunger++;
        (void)waiter_wake(&waiters, 1);
    }
    if (hal_frames_free() > 0 && !list_empty(&waiters))
        schedule();
}

/* No page can go, and none is on its way out. */
static void refuse_all(void)
{
    list_for_each(link, &waiters)
        waiter_at(link)->hunger = HUNGER_MAX;
    (void)waiter_wake_all(&waiters);
}

static void search(struct defer *unused)
{
    (void)unused;
    lock_acquire(&vm_lock);
    atomic_store_explicit(&scheduled, false, memory_order_release);
    const bool freed = free_frames(enough());
    const bool washing = atomic_load_explicit(&laundry, memory_order_relaxed) > 0;

    if (hal_frames_free() == 0 && !freed && !washing)
        refuse_all();
    else
        wake_some();
    lock_release(&vm_lock);
}

/* ---- the default manager ---------------------------------------------------------------------------- */

struct ipc_port *vm_pageout_default_manager(void)
{
    return ipc_port_copy_send_at(&default_manager, &vm_lock);
}

void vm_pageout_set_default_manager(struct ipc_port *port)
{
    lock_acquire(&vm_lock);
    struct ipc_port *former = default_manager;

    default_manager = port;
    lock_release(&vm_lock);
    ipc_port_release_send(former);
}

kern_return_t kernel_host_default_memory_manager(host_ref_t host, memory_object_default_t *manager,
                                                 memory_object_cluster_size_t cluster_size)
{
    struct ipc_port *former = vm_pageout_default_manager();

    (void)cluster_size;
    if (host == NULL) {
        ipc_port_release_send(former);
        return KERN_INVALID_HOST;
    }
    if (MACH_PORT_VALID(*manager))
        vm_pageout_set_default_manager(kobject_right(*manager, MACH_MSG_TYPE_PORT_SEND).port);
    return kobject_name((struct ipc_right){.port = former, .type = MACH_MSG_TYPE_PORT_SEND}, manager);
}
