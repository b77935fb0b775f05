/* SPDX-License-Identifier: BSD-2-Clause */
/* vm_pager.c - objects that programs manage, from their first mapping to their end: see vm_pager.h. */
#include "vm/vm_pager.h"

#include "gen/kernel/memory_object_default_ids.h"
#include "gen/kernel/memory_object_default_user.h"
#include "gen/kernel/memory_object_ids.h"
#include "gen/kernel/memory_object_user.h"
#include "vm/vm_kept.h"
#include "vm/vm_sync.h"

/* Objects that no one maps are kept for those who come again; so many. */
#define CACHE_MAX 64
/* An object whose pages could not be returned for want of memory is tried again after so long. */
#define RETRY_AFTER ((uint64_t)1000 * 1000 * 1000)

uint64_t vm_pager_timeout;

static struct list cached; /* those unused for longest first */
static uint32_t cached_count;

static void timed_out(struct timer *timer);
static void uncache(struct vm_object *object);

void vm_pager_init(void)
{
    vm_pager_timeout = (uint64_t)60 * 1000 * 1000 * 1000;
    list_init(&cached);
    cached_count = 0;
}

void vm_pager_reference(struct vm_pager *pager)
{
    ref_get(&pager->refs);
}

void vm_pager_release(struct vm_pager *pager)
{
    if (!ref_put(&pager->refs))
        return;
    kern_assert(pager->object == NULL && list_empty(&pager->asked) && list_empty(&pager->syncs));
    ipc_port_release(pager->control);
    hal_free(pager, sizeof *pager);
}

/* ---- making ---------------------------------------------------------------------------------------- */

/* The message that tells a manager of the end is there from the beginning: an end must not fail. */
static struct ipc_kmsg *last_message(struct ipc_port *control)
{
    struct ipc_kmsg *last = vm_manager_message(MACH_ID_memory_object_terminate,
                                               sizeof(__Request__memory_object_terminate_t), control, NULL);

    if (last != NULL) {
        last->descriptors[0].type = MACH_MSG_TYPE_PORT_RECEIVE;
        last->carries_receive = true;
    }
    return last;
}

/* Without locks.  The control port has a reference to it.  NULL: no memory. */
static struct vm_pager *create(void)
{
    struct vm_pager *pager = hal_alloc(sizeof *pager);

    if (pager == NULL)
        return NULL;
    ref_init(&pager->refs);
    list_init(&pager->waiters);
    list_init(&pager->asked);
    list_init(&pager->syncs);
    pager->timer.function = timed_out;
    pager->copy_strategy = MEMORY_OBJECT_COPY_DELAY;
    pager->cluster = HAL_PAGE_SIZE;
    pager->control = ipc_port_create_kernel(OBJECT_MEMORY_CONTROL, pager);
    if (pager->control == NULL) {
        hal_free(pager, sizeof *pager);
        return NULL;
    }
    ipc_port_reference(pager->control);
    pager->last = last_message(pager->control);
    if (pager->last == NULL) {
        ipc_port_destroy_kernel(pager->control);
        vm_pager_release(pager);
        return NULL;
    }
    return pager;
}

/* It was not needed. */
static void discard(struct vm_pager *pager)
{
    vm_manager_discard(pager->last);
    ipc_port_destroy_kernel(pager->control);
    vm_pager_release(pager);
}

/* Joins a pager, an object and a manager.  Takes the reference to the manager. */
static void join(struct vm_pager *pager, struct vm_manager *manager, struct vm_object *object)
{
    vm_pager_reference(pager);
    pager->manager = manager;
    pager->object = object;
    object->pager = pager;
    manager->pager = pager;
}

static struct ipc_kmsg *init_message(struct vm_pager *pager)
{
    struct ipc_kmsg *message =
        vm_manager_message(MACH_ID_memory_object_init, sizeof(__Request__memory_object_init_t), pager->control, NULL);

    if (message == NULL)
        return NULL;
    __Request__memory_object_init_t *request = (void *)message->message;

    request->NDR = NDR_record;
    request->memory_object_page_size = HAL_PAGE_SIZE;
    return message;
}

/* The object that a port has already; NULL. */
static struct vm_object *existing(struct ipc_port *port, uint64_t size)
{
    struct vm_manager *manager = port->manager;

    if (manager == NULL || manager->pager == NULL)
        return NULL;
    struct vm_object *object = manager->pager->object;

    vm_pager_unkeep(object);
    vm_object_reference(object);
    if (size > object->size)
        object->size = size;
    return object;
}

/* A new object, managed by a port's manager.  Takes the pager if all goes well, and the port unless it is left. */
static struct vm_object *start(struct ipc_port **port, struct vm_pager *pager, uint64_t size)
{
    struct ipc_kmsg *init = init_message(pager);
    struct vm_object *object = init == NULL ? NULL : vm_object_create(size);
    struct vm_manager *manager = object == NULL ? NULL : vm_manager_of(port);

    if (manager != NULL) {
        object->shared = true;
        join(pager, manager, object);
        vm_manager_post(manager, init);
        return object;
    }
    if (object != NULL)
        vm_object_release(object);
    if (init != NULL)
        vm_manager_discard(init);
    return NULL;
}

/* No one has mapped it yet, unless someone is faster. */
static kern_return_t map_new(struct ipc_port *port, uint64_t size, struct vm_object **object)
{
    struct ipc_port *right = port;
    struct vm_pager *pager = create();

    if (pager == NULL) {
        ipc_port_release_send(port);
        return KERN_RESOURCE_SHORTAGE;
    }
    ipc_port_reference(port);
    lock_acquire(&vm_lock);
    *object = existing(port, size);
    const bool found = *object != NULL;

    if (!found)
        *object = start(&right, pager, size);
    lock_release(&vm_lock);
    if (found || *object == NULL)
        discard(pager);
    else if (ipc_port_is_dead(port))
        vm_manager_died(port);
    ipc_port_release_send(right);
    ipc_port_release(port);
    return *object == NULL ? KERN_RESOURCE_SHORTAGE : KERN_SUCCESS;
}

kern_return_t vm_pager_map(struct ipc_port *port, uint64_t size, struct vm_object **object)
{
    if (!ipc_port_valid(port))
        return KERN_INVALID_ARGUMENT;
    lock_acquire(&vm_lock);
    *object = existing(port, size);
    lock_release(&vm_lock);
    if (*object == NULL)
        return map_new(port, size, object);
    ipc_port_release_send(port);
    return KERN_SUCCESS;
}

/* ---- anonymous memory ------------------------------------------------------------------------------- */

/* Tells the default manager of a new object: both rights that the message carries come from plain references. */
static struct ipc_kmsg *create_message(struct vm_pager *pager, struct ipc_port *port, uint64_t size)
{
    struct ipc_kmsg *message = vm_manager_message(MACH_ID_memory_object_create,
                                                  sizeof(__Request__memory_object_create_t), pager->control, NULL);

    if (message == NULL)
        return NULL;
    __Request__memory_object_create_t *request = (void *)message->message;

    request->msgh_body.msgh_descriptor_count = 2;
    request->new_control.type = MACH_MSG_PORT_DESCRIPTOR;
    request->NDR = NDR_record;
    request->new_object_size = size;
    request->new_page_size = HAL_PAGE_SIZE;
    message->descriptors[1] = message->descriptors[0];
    message->descriptors[0] = (struct ipc_kdescriptor){
        .kind = MACH_MSG_PORT_DESCRIPTOR, .type = MACH_MSG_TYPE_PORT_RECEIVE, .port = port};
    ipc_port_reference(port);
    message->descriptor_count = 2;
    message->carries_receive = true;
    return message;
}

/* Has an object kept by the default manager, unless someone else was faster.  Takes what it is given if all goes well. */
static bool start_internal(struct vm_object *object, struct vm_pager *pager, struct ipc_port **right,
                           struct ipc_kmsg *message)
{
    struct vm_manager *manager = object->pager != NULL ? NULL : vm_manager_of(right);

    if (manager == NULL)
        return false;
    pager->internal = pager->ready = true;
    pager->copy_strategy = MEMORY_OBJECT_COPY_SYMMETRIC;
    join(pager, manager, object);
    vm_manager_post(manager, message);
    return true;
}

bool vm_pager_make_internal(struct vm_object *object, struct ipc_port *default_manager)
{
    struct ipc_port *port = ipc_port_create_kernel(OBJECT_NONE, NULL), *right = NULL;
    struct vm_pager *pager = port == NULL ? NULL : create();
    struct ipc_kmsg *message = pager == NULL ? NULL : create_message(pager, port, object->size);
    bool fine = message != NULL;

    if (fine) {
        right = ipc_port_make_send(port);
        message->destination = (struct ipc_right){.port = default_manager, .type = MACH_MSG_TYPE_PORT_SEND};
        lock_acquire(&vm_lock);
        fine = start_internal(object, pager, &right, message);
        lock_release(&vm_lock);
    }
    ipc_port_release_send(right);
    if (fine)
        return true;
    ipc_port_release_send(default_manager);
    if (message != NULL)
        vm_manager_discard(message);
    if (pager != NULL)
        discard(pager);
    if (port != NULL)
        ipc_port_destroy_kernel(port);
    return false;
}

/* ---- waiting for the manager ------------------------------------------------------------------------ */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* No one maps the object, but there was no memory to return what is in it. */
static bool is_stuck(const struct vm_pager *pager)
{
    return list_linked(&pager->cached) && !pager->may_cache;
}

/* When the first of what the manager owes is due, or an end to be tried again; 0: never. */
static uint64_t first_deadline(const struct vm_pager *pager)
{
    uint64_t deadline = list_empty(&pager->waiters) ? 0 : pager->ready_deadline;

    if (is_stuck(pager))
        deadline = earlier(deadline, pager->retry_at);
    if (!list_empty(&pager->asked))
        deadline = earlier(deadline, container_of(pager->asked.next, struct vm_page, asked)->deadline);
    return earlier(deadline, vm_sync_deadline(pager));
}

void vm_pager_watch(struct vm_pager *pager)
{
    const uint64_t deadline = first_deadline(pager);

    if (deadline == 0 || pager->timer_set)
        return;
    pager->timer_set = true;
    vm_pager_reference(pager);
    timer_set(&pager->timer, deadline);
}

/* Who waits for it to say how it wants things goes on. */
void vm_pager_ready(struct vm_pager *pager)
{
    if (!pager->ready && pager->failed == KERN_MEMORY_ERROR)
        pager->failed = KERN_SUCCESS;
    pager->ready = true;
    (void)waiter_wake_all(&pager->waiters);
}

static void fail_asked(struct vm_pager *pager, uint64_t now, kern_return_t reason)
{
    while (!list_empty(&pager->asked)) {
        struct vm_page *page = container_of(pager->asked.next, struct vm_page, asked);

        if (page->deadline > now)
            return;
        vm_page_set_error(page, reason);
    }
}

static void timed_out(struct timer *timer)
{
    struct vm_pager *pager = container_of(timer, struct vm_pager, timer);
    const uint64_t now = hal_now();

    lock_acquire(&vm_lock);
    pager->timer_set = false;
    if (pager->object != NULL) {
        fail_asked(pager, now, KERN_MEMORY_ERROR);
        vm_sync_expire(pager, now);
        if (!list_empty(&pager->waiters) && pager->ready_deadline <= now) {
            pager->failed = KERN_MEMORY_ERROR; /* until it says it is ready */
            (void)waiter_wake_all(&pager->waiters);
        }
        if (is_stuck(pager) && pager->retry_at <= now)
            uncache(pager->object);
    }
    if (pager->object != NULL)
        vm_pager_watch(pager);
    lock_release(&vm_lock);
    vm_pager_release(pager);
}

void vm_pager_fail(struct vm_pager *pager, kern_return_t reason)
{
    pager->failed = reason;
    (void)waiter_wake_all(&pager->waiters);
    fail_asked(pager, UINT64_MAX, reason);
    vm_sync_expire(pager, UINT64_MAX);
}

/* ---- the end --------------------------------------------------------------------------------------- */

void vm_pager_terminate(struct vm_pager *pager)
{
    struct vm_manager *manager = pager->manager;

    if (pager->last == NULL)
        return;
    manager->pager = NULL;
    vm_manager_post(manager, pager->last);
    pager->last = NULL;
}

void vm_pager_end(struct vm_object *object)
{
    struct vm_pager *pager = object->pager;

    vm_pager_fail(pager, KERN_MEMORY_FAILURE);
    vm_pager_terminate(pager);
    vm_manager_release(pager->manager);
    vm_kept_clear(&pager->kept);
    vm_sync_clear(pager);
    pager->object = NULL;
    object->pager = NULL;
    if (pager->timer_set && timer_cancel(&pager->timer))
        vm_pager_release(pager);
    vm_pager_release(pager);
}

/* ---- objects that no one maps ------------------------------------------------------------------------ */

void vm_pager_unkeep(struct vm_object *object)
{
    if (!list_linked(&object->pager->cached))
        return;
    list_remove(&object->pager->cached);
    cached_count--;
}

/* Ends an object that no one maps. */
static void uncache(struct vm_object *object)
{
    vm_pager_unkeep(object);
    object->pager->may_cache = false;
    vm_object_reference(object);
    vm_object_release(object);
}

static struct vm_object *oldest_cached(void)
{
    return container_of(cached.next, struct vm_pager, cached)->object;
}

bool vm_pager_keep(struct vm_object *object)
{
    struct vm_pager *pager = object->pager;

    if (pager->failed != KERN_SUCCESS || pager->internal)
        return false;
    if (!pager->may_cache) {
        if (pager->temporary || vm_pager_clean(object, 0, UINT64_MAX, MEMORY_OBJECT_RETURN_ALL, false))
            return false;
        pager->retry_at = hal_now() + RETRY_AFTER;
    }
    list_append(&cached, &pager->cached);
    if (++cached_count > CACHE_MAX && pager->may_cache)
        uncache(oldest_cached());
    vm_pager_watch(pager);
    return true;
}

void vm_pager_flush_cache(void)
{
    lock_acquire(&vm_lock);
    for (uint32_t left = cached_count; left > 0 && !list_empty(&cached); left--)
        uncache(oldest_cached());
    lock_release(&vm_lock);
}

void vm_pager_destroy(struct vm_pager *pager)
{
    struct vm_object *object = pager->object;

    vm_pager_fail(pager, KERN_MEMORY_FAILURE);
    vm_object_discard(object, 0, UINT64_MAX);
    vm_pager_terminate(pager);
    if (object->refs == 0)
        uncache(object);
}
