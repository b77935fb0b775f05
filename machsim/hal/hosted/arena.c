/* SPDX-License-Identifier: BSD-2-Clause */
/* arena.c - the parts of tasks that the kernel maps, and the thread that serves their faults: see arena.h. */
#include "hal/hosted/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <mach/mig_errors.h>

#include "kern/defer.h"
#include "vm/vm_fault.h"

static pthread_t thread;
static int poll_file = -1, event_file = -1; /* raised: pmaps have ended, or the thread is to end */
static struct list ended;                   /* the memory lock guards it */
static _Atomic bool stopping;
static unsigned tasks, user_mode_tasks; /* the memory lock guards them */

static void release(struct hal_pmap *pmap)
{
    if (!ref_put(&pmap->refs))
        return;
    if (pmap->faults >= 0)
        close(pmap->faults);
    hal_free(pmap, sizeof *pmap);
}

void arena_end(struct hal_pmap *pmap)
{
    if (pmap->map != NULL) {
        tasks--;
        user_mode_tasks -= pmap->user_mode;
    }
    pmap->map = NULL;
    list_append(&ended, &pmap->ended);
    os_event_raise(event_file);
}

/* ---- faults ---------------------------------------------------------------------------------------- */

struct fault {
    struct waiter waiter;
    struct hal_pmap *pmap; /* a reference */
    uint64_t address;
    vm_prot_t access;
};

static void woken(struct waiter *waiter);

/* A fault that cannot be served becomes a signal for the thread that took it. */
static kern_return_t try_fault(struct fault *fault)
{
    struct hal_pmap *pmap = fault->pmap;
    struct vm_page *page;

    if (pmap->map == NULL)
        return KERN_TERMINATED;
    const kern_return_t result =
        vm_fault_page(pmap->map, fault->address, fault->access, true, &fault->waiter, &page);

    if (result != KERN_SUCCESS && result != MIG_NO_REPLY) {
        log_line(LOG_LEVEL_INFO, "a fault at 0x%llx failed: %d", (unsigned long long)fault->address, result);
        os_faults_refuse(pmap->faults, fault->address, HAL_PAGE_SIZE);
    }
    return result;
}

static void serve(struct fault *fault)
{
    waiter_init(&fault->waiter, woken);
    lock_acquire(&vm_lock);
    const kern_return_t result = try_fault(fault);

    lock_release(&vm_lock);
    if (result == MIG_NO_REPLY)
        return;
    release(fault->pmap);
    hal_free(fault, sizeof *fault);
}

static void woken(struct waiter *waiter)
{
    serve(container_of(waiter, struct fault, waiter));
}

static void serve_all(struct hal_pmap *pmap)
{
    struct os_fault found;

    while (os_faults_next(pmap->faults, &found)) {
        struct fault *fault = hal_alloc(sizeof *fault);

        if (fault == NULL) {
            os_faults_refuse(pmap->faults, vm_page_trunc(found.address), HAL_PAGE_SIZE);
            continue;
        }
        ref_get(&pmap->refs);
        fault->pmap = pmap;
        fault->address = vm_page_trunc(found.address);
        fault->access = found.write ? VM_PROT_READ | VM_PROT_WRITE : VM_PROT_READ;
        serve(fault);
        defer_drain();
    }
}

/* ---- the thread ------------------------------------------------------------------------------------ */

/* Lets go of pmaps that have ended.  Events for them, if any, have been seen. */
static void let_go(void)
{
    os_event_clear(event_file);
    for (;;) {
        lock_acquire(&vm_lock);
        struct list *link = list_pop(&ended);

        lock_release(&vm_lock);
        if (link == NULL)
            return;
        struct hal_pmap *pmap = container_of(link, struct hal_pmap, ended);

        if (pmap->faults >= 0)
            os_poll_remove(poll_file, pmap->faults);
        release(pmap);
    }
}

static void *serve_faults(void *unused)
{
    struct os_event events[64];

    (void)unused;
    os_name_thread("faults");
    processor_enter();
    while (!atomic_load(&stopping)) {
        const int count = os_poll_wait(poll_file, events, 64, -1);

        for (int i = 0; i < count; i++)
            if (events[i].context != NULL)
                serve_all(events[i].context);
        let_go();
    }
    processor_leave();
    return NULL;
}

bool arenas_start(void)
{
    list_init(&ended);
    pmap_frame_limit = options.limits.memory / HAL_PAGE_SIZE;
    poll_file = os_poll_open();
    event_file = os_event_open();
    return poll_file >= 0 && event_file >= 0 && os_poll_add(poll_file, event_file, NULL) &&
           pthread_create(&thread, NULL, serve_faults, NULL) == 0;
}

void arenas_stop(void)
{
    atomic_store(&stopping, true);
    os_event_raise(event_file);
    pthread_join(thread, NULL);
    let_go();
    close(poll_file);
    close(event_file);
}

/* ---- traps ----------------------------------------------------------------------------------------- */

/* A map has its pmap's faults served. */
static void begin(struct vm_map *map, int file, bool user_mode)
{
    lock_acquire(&vm_lock);
    map->pmap->faults = file;
    map->pmap->map = map;
    map->pmap->user_mode = user_mode;
    tasks++;
    user_mode_tasks += user_mode;
    lock_release(&vm_lock);
}

struct arena_statistics arena_statistics(void)
{
    lock_acquire(&vm_lock);
    const struct arena_statistics now = {.frames = pmap_frames_used,
                                         .frame_limit = pmap_frame_limit,
                                         .objects = vm_object_count,
                                         .tasks = tasks,
                                         .user_mode = user_mode_tasks};

    lock_release(&vm_lock);
    return now;
}

uint64_t arena_make(struct hosted_thread *t, uint64_t start, uint64_t size, bool user_mode)
{
    struct task *task = t->thread->task;
    const int file = receive_file(t->connection);

    if (file < 0 || !os_faults_open(file)) {
        if (file >= 0)
            close(file);
        return KERN_NOT_SUPPORTED;
    }
    struct vm_map *map = NULL, *none = NULL;

    if (vm_page_trunc(start) == start && vm_page_trunc(size) == size && start != 0 && size <= UINT64_MAX / 2 &&
        start <= UINT64_MAX / 2)
        map = vm_map_create_within(UINT64_MAX, start, start + size);
    if (map == NULL) {
        close(file);
        return KERN_RESOURCE_SHORTAGE;
    }
    begin(map, file, user_mode);
    if (!os_poll_add(poll_file, file, map->pmap) || !atomic_compare_exchange_strong(&task->map, &none, map)) {
        vm_map_destroy(map);
        return KERN_FAILURE;
    }
    return KERN_SUCCESS;
}

uint64_t arena_part(struct hosted_thread *t, uint64_t start, uint64_t size)
{
    struct vm_map *map = t->thread->task->map;
    vm_prot_t max;

    if (map == NULL || size == 0 || size > UINT64_MAX - start)
        return KERN_INVALID_ARGUMENT;
    lock_acquire(&vm_lock);
    struct vm_object *object = vm_map_settle(map, start, start + size, &t->thread->out, &max);
    const int file = object == NULL ? -1 : pmap_store_file(&object->store);

    if (file >= 0)
        t->attach = os_file_again(file, max & VM_PROT_WRITE);
    lock_release(&vm_lock);
    return t->attach >= 0 ? KERN_SUCCESS : object == NULL ? KERN_INVALID_ADDRESS : KERN_RESOURCE_SHORTAGE;
}

uint64_t arena_watch(struct hosted_thread *t, uint64_t start, uint64_t size)
{
    const struct vm_map *map = t->thread->task->map;

    if (map == NULL || size == 0 || size > UINT64_MAX - start || start < map->start || start + size > map->end)
        return KERN_INVALID_ARGUMENT;
    return os_faults_watch(map->pmap->faults, start, size) ? KERN_SUCCESS : KERN_FAILURE;
}
