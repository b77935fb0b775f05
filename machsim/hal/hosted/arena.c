/* SPDX-License-Identifier: BSD-2-Clause */
/* arena.c - the parts of tasks that the kernel maps, and the thread that serves their faults: see arena.h. */
#include "hal/hosted/arena.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <mach/mig_errors.h>

#include "kern/defer.h"
#include "vm/vm_fault.h"
#include "vm/vm_pager.h"

static pthread_t thread;
static int poll_file = -1, event_file = -1; /* raised: pmaps have ended, or the thread is to end */
static struct list ended;                   /* the memory lock guards it */
static _Atomic bool stopping;
static unsigned tasks[WIRE_FAULTS_SIGNALS + 1]; /* the memory lock guards them, and the next two */
static struct list legacies;            /* of what children are to inherit */
static unsigned legacy_count;

static void release(struct hal_pmap *pmap)
{
    if (!ref_put(&pmap->refs))
        return;
    if (pmap->faults >= 0)
        close(pmap->faults);
    if (pmap->recall != NULL)
        recall_free(pmap->recall);
    hal_free(pmap, sizeof *pmap);
}

void arena_end(struct hal_pmap *pmap)
{
    if (pmap->map != NULL)
        tasks[pmap->kind]--;
    pmap->map = NULL;
    list_append(&ended, &pmap->ended);
    os_event_raise(event_file);
}

/* ---- faults ---------------------------------------------------------------------------------------- */

struct fault {
    struct waiter waiter;
    struct hal_pmap *pmap; /* a reference */
    struct hosted_thread *asker; /* in a trap that tells of it; NULL: it came by the userfaultfd */
    uint64_t address;
    vm_prot_t access;
};

static void woken(struct waiter *waiter);

/* What the asker may do now. */
static kern_return_t grant(const struct fault *fault)
{
    uint32_t mark;

    if (!recall_mark(fault->pmap->recall, &mark))
        return KERN_MEMORY_FAILURE;
    fault->asker->thread->out = (uint64_t)pmap_rights(fault->pmap, fault->address) | (uint64_t)mark << 32;
    return KERN_SUCCESS;
}

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
        if (fault->asker == NULL)
            os_faults_refuse(pmap->faults, fault->address, HAL_PAGE_SIZE);
    }
    return result == KERN_SUCCESS && fault->asker != NULL ? grant(fault) : result;
}

static void serve(struct fault *fault)
{
    struct hosted_thread *asker = fault->asker;

    waiter_restart(&fault->waiter);
    lock_acquire(&vm_lock);
    const kern_return_t result = try_fault(fault);

    lock_release(&vm_lock);
    if (result == MIG_NO_REPLY)
        return;
    release(fault->pmap);
    hal_free(fault, sizeof *fault);
    if (asker != NULL)
        thread_return(asker->thread, (uint64_t)result);
}

static void woken(struct waiter *waiter)
{
    serve(container_of(waiter, struct fault, waiter));
}

/* A fault of a pmap that the caller has a reference to; NULL: no memory. */
static struct fault *make_fault(struct hal_pmap *pmap, struct hosted_thread *asker, uint64_t address, bool write)
{
    struct fault *fault = hal_alloc(sizeof *fault);

    if (fault == NULL)
        return NULL;
    ref_get(&pmap->refs);
    waiter_init(&fault->waiter, woken);
    fault->pmap = pmap;
    fault->asker = asker;
    fault->address = vm_page_trunc(address);
    fault->access = write ? VM_PROT_READ | VM_PROT_WRITE : VM_PROT_READ;
    return fault;
}

static void serve_all(struct hal_pmap *pmap)
{
    struct os_fault found;

    while (os_faults_next(pmap->faults, &found)) {
        struct fault *fault = make_fault(pmap, NULL, found.address, found.write);

        if (fault == NULL) {
            os_faults_refuse(pmap->faults, vm_page_trunc(found.address), HAL_PAGE_SIZE);
            continue;
        }
        serve(fault);
        defer_drain();
    }
}

void arena_fault(struct hosted_thread *t, uint64_t address, bool write)
{
    const struct vm_map *map = t->thread->task->map; /* it stays as long as the task, which a thread keeps */
    struct fault *fault = map == NULL || map->pmap->recall == NULL ? NULL : make_fault(map->pmap, t, address, write);

    if (fault != NULL)
        serve(fault);
    else
        thread_return(t->thread, map == NULL || map->pmap->recall == NULL ? KERN_INVALID_ADDRESS : KERN_RESOURCE_SHORTAGE);
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
    list_init(&legacies);
    pmap_frame_limit = options.page_cache / HAL_PAGE_SIZE;
    vm_pager_timeout = (uint64_t)options.pager_timeout * 1000000000u;
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

/* How faults come that are to be served, by what came with a trap. */
struct source {
    enum wire_faults kind;
    int faults;
    struct recall *recall;
};

static void source_drop(const struct source *source)
{
    if (source->recall != NULL)
        recall_free(source->recall);
    else
        close(source->faults);
}

/* A map has its pmap's faults served. */
static void begin(struct vm_map *map, const struct source *source)
{
    lock_acquire(&vm_lock);
    map->pmap->kind = source->kind;
    map->pmap->faults = source->faults;
    map->pmap->recall = source->recall;
    map->pmap->map = map;
    tasks[source->kind]++;
    lock_release(&vm_lock);
}

struct arena_statistics arena_statistics(void)
{
    struct arena_statistics now = {.frames = 0};

    lock_acquire(&vm_lock);
    now.frames = pmap_frames_used;
    now.frame_limit = pmap_frame_limit;
    now.objects = vm_object_count;
    memcpy(now.tasks, tasks, sizeof tasks);
    lock_release(&vm_lock);
    return now;
}

/* Whoever tells of faults by signals makes the daemon wait: none but its own user. */
static bool receive_signals(struct hosted_thread *t, int file, struct source *source)
{
    source->recall = t->thread->task->identity.uid == geteuid() ? recall_make(file) : NULL;
    if (source->recall == NULL)
        return false;
    t->attach[0] = recall_file(source->recall);
    if (t->attach[0] >= 0)
        return true;
    recall_free(source->recall);
    return false;
}

/* False: nothing came, or not what it should be. */
static bool receive_source(struct hosted_thread *t, uint64_t kind, struct source *source)
{
    const int file = receive_file(t->connection);

    *source = (struct source){.kind = (enum wire_faults)kind, .faults = -1};
    if (file < 0)
        return false;
    if (kind == WIRE_FAULTS_SIGNALS)
        return receive_signals(t, file, source);
    source->faults = file;
    if (kind < WIRE_FAULTS_SIGNALS && os_faults_open(file))
        return true;
    close(file);
    return false;
}

/* A map becomes a task's.  Takes the map and the source. */
static uint64_t give_map(struct task *task, struct vm_map *map, const struct source *source)
{
    struct vm_map *none = NULL;

    begin(map, source);
    if ((source->recall != NULL || os_poll_add(poll_file, source->faults, map->pmap)) &&
        atomic_compare_exchange_strong(&task->map, &none, map))
        return KERN_SUCCESS;
    vm_map_destroy(map);
    return KERN_FAILURE;
}

uint64_t arena_make(struct hosted_thread *t, uint64_t start, uint64_t size, uint64_t kind)
{
    struct source source;
    struct vm_map *map = NULL;

    if (!receive_source(t, kind, &source))
        return KERN_NOT_SUPPORTED;
    if (vm_page_trunc(start) == start && vm_page_trunc(size) == size && start != 0 && size <= UINT64_MAX / 2 &&
        start <= UINT64_MAX / 2)
        map = vm_map_create_within(UINT64_MAX, start, start + size);
    if (map == NULL) {
        source_drop(&source);
        return KERN_RESOURCE_SHORTAGE;
    }
    return give_map(t->thread->task, map, &source);
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
        t->attach[0] = os_file_again(file, max & VM_PROT_WRITE);
    lock_release(&vm_lock);
    return t->attach[0] >= 0 ? KERN_SUCCESS : object == NULL ? KERN_INVALID_ADDRESS : KERN_RESOURCE_SHORTAGE;
}

uint64_t arena_watch(struct hosted_thread *t, uint64_t start, uint64_t size)
{
    const struct vm_map *map = t->thread->task->map;

    if (map == NULL || size == 0 || size > UINT64_MAX - start || start < map->start || start + size > map->end)
        return KERN_INVALID_ARGUMENT;
    return os_faults_watch(map->pmap->faults, start, size) ? KERN_SUCCESS : KERN_FAILURE;
}

/* What there is at an address, or where the next is. */
static uint64_t describe(struct vm_map *map, uint64_t address, uint64_t *out)
{
    struct vm_map_entry *entry;

    if (vm_map_lookup(map, address, &entry)) {
        *out = entry->end | (uint64_t)entry->protection | (uint64_t)entry->max_protection << 3;
        return KERN_SUCCESS;
    }
    entry = vm_map_next(entry);
    *out = entry == NULL ? 0 : vm_map_entry_start(entry);
    return KERN_INVALID_ADDRESS;
}

uint64_t arena_entry(struct hosted_thread *t, uint64_t address)
{
    struct vm_map *map = t->thread->task->map;

    if (map == NULL)
        return KERN_INVALID_ARGUMENT;
    lock_acquire(&vm_lock);
    const uint64_t result = describe(map, address, &t->thread->out);

    lock_release(&vm_lock);
    return result;
}

/* ---- fork ------------------------------------------------------------------------------------------ */

/* What a child is to inherit: a map that waits for it to come, for a while.  Who knows the number is the child. */
struct legacy {
    struct list link;
    struct timer timer;
    uint64_t number;
    uid_t uid;
    struct vm_map *map;
};

#define LEGACY_LIFE ((uint64_t)20 * 1000 * 1000 * 1000)
#define LEGACIES_MAX 256

/* Takes the legacy of a number and a user out of the list; NULL: there is none.  The memory lock is held. */
static struct legacy *take_legacy(uint64_t number, uid_t uid)
{
    list_for_each(link, &legacies) {
        struct legacy *legacy = container_of(link, struct legacy, link);

        if (legacy->number != number || legacy->uid != uid)
            continue;
        list_remove(&legacy->link);
        legacy_count--;
        return legacy;
    }
    return NULL;
}

/* No child has come for it. */
static void expire_legacy(struct timer *timer)
{
    struct legacy *legacy = container_of(timer, struct legacy, timer);

    lock_acquire(&vm_lock);
    const bool waits = list_linked(&legacy->link);

    if (waits) {
        list_remove(&legacy->link);
        legacy_count--;
    }
    lock_release(&vm_lock);
    if (waits)
        vm_map_destroy(legacy->map);
    hal_free(legacy, sizeof *legacy);
}

uint64_t arena_fork(struct hosted_thread *t)
{
    struct task *task = t->thread->task;
    struct vm_map *map = task->map;
    struct legacy *legacy = map == NULL ? NULL : hal_alloc(sizeof *legacy);

    if (legacy == NULL)
        return map == NULL ? KERN_INVALID_ARGUMENT : KERN_RESOURCE_SHORTAGE;
    legacy->map = vm_map_fork(map);
    const bool nothing = legacy->map != NULL && legacy->map->count == 0;

    if (legacy->map == NULL || nothing || !os_random(&legacy->number, sizeof legacy->number)) {
        if (legacy->map != NULL)
            vm_map_destroy(legacy->map);
        hal_free(legacy, sizeof *legacy);
        return nothing ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE;
    }
    legacy->uid = task->identity.uid;
    legacy->timer.function = expire_legacy;
    lock_acquire(&vm_lock);
    const bool room = legacy_count < LEGACIES_MAX;

    if (room) {
        list_append(&legacies, &legacy->link);
        legacy_count++;
        timer_set(&legacy->timer, hal_now() + LEGACY_LIFE);
        t->thread->out = legacy->number;
    }
    lock_release(&vm_lock);
    if (room)
        return KERN_SUCCESS;
    vm_map_destroy(legacy->map);
    hal_free(legacy, sizeof *legacy);
    return KERN_RESOURCE_SHORTAGE;
}

uint64_t arena_adopt(struct hosted_thread *t, uint64_t number, uint64_t kind)
{
    struct source source;

    if (!receive_source(t, kind, &source))
        return KERN_NOT_SUPPORTED;
    lock_acquire(&vm_lock);
    struct legacy *legacy = take_legacy(number, t->thread->task->identity.uid);
    struct vm_map *map = legacy == NULL ? NULL : legacy->map;

    if (legacy != NULL && timer_cancel(&legacy->timer)) /* else it fires now, waits for the lock, and frees it */
        hal_free(legacy, sizeof *legacy);
    lock_release(&vm_lock);
    if (map == NULL) {
        source_drop(&source);
        return KERN_INVALID_ARGUMENT;
    }
    return give_map(t->thread->task, map, &source);
}

/* No timer fires any more. */
void arena_drop_legacies(void)
{
    lock_acquire(&vm_lock);
    while (!list_empty(&legacies)) {
        struct legacy *legacy = container_of(legacies.next, struct legacy, link);

        list_remove(&legacy->link);
        legacy_count--;
        lock_release(&vm_lock);
        vm_map_destroy(legacy->map);
        if (timer_cancel(&legacy->timer))
            hal_free(legacy, sizeof *legacy);
        lock_acquire(&vm_lock);
    }
    lock_release(&vm_lock);
}
