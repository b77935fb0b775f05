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

static struct ipc_port *default_manager;
static struct list waiters; /* for frames */
static bool exhausted;      /* the last search found nothing that could go */
static uint64_t wanted;     /* frames beyond those: who waits may need many at once, and comes back if it was not enough */
static struct defer work;
static _Atomic bool scheduled;
static _Atomic uint64_t laundry;

void vm_pageout_init(void)
{
    list_init(&waiters);
    default_manager = NULL;
    exhausted = false;
    wanted = 0;
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

kern_return_t vm_pageout_wait(struct waiter *waiter)
{
    if (hal_frames_free() > 0 || waiter == NULL)
        return KERN_RESOURCE_SHORTAGE;
    if (exhausted || wanted > all_frames()) {
        exhausted = false; /* whoever comes next has another look taken */
        wanted = 0;
        return KERN_RESOURCE_SHORTAGE;
    }
    wanted = wanted == 0 ? few_frames() : 2 * wanted;
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
    if (atomic_fetch_sub_explicit(&laundry, bytes, memory_order_relaxed) >= LAUNDRY_MAX)
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

static void search(struct defer *unused)
{
    struct vm_page *page;
    bool freed = false;

    (void)unused;
    lock_acquire(&vm_lock);
    atomic_store_explicit(&scheduled, false, memory_order_release);
    if (list_empty(&waiters))
        wanted = 0;
    const uint64_t enough = 2 * few_frames() + wanted;

    while (hal_frames_free() < enough && vm_purgable_purge())
        freed = true;
    for (uint64_t left = 2 * (vm_page_counts.active + vm_page_counts.inactive) + 16; left > 0; left--) {
        if (hal_frames_free() >= enough || atomic_load_explicit(&laundry, memory_order_relaxed) >= LAUNDRY_MAX)
            break;
        fill_inactive();
        if ((page = vm_page_oldest(PAGE_INACTIVE)) == NULL || !try_oldest(page, &freed))
            break;
    }
    const bool washing = atomic_load_explicit(&laundry, memory_order_relaxed) > 0;

    exhausted = !freed && !washing && hal_frames_free() == 0;
    if (hal_frames_free() > 0 || exhausted)
        (void)waiter_wake_all(&waiters);
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
