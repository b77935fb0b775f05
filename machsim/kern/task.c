/* SPDX-License-Identifier: BSD-2-Clause */
/* task.c - tasks come, are found, and end: see task.h. */
#include "kern/task.h"

#include <mach/task_special_ports.h>

#include "ipc/right.h"
#include "kern/host.h"
#include "kern/thread.h"
#include "vm/vm_map.h"

static struct lock tasks_lock; /* RANK_LEAF: guards the list and its links */
static struct list tasks;

void task_init(void)
{
    lock_init(&tasks_lock, RANK_LEAF);
    list_init(&tasks);
}

/* ---- life ------------------------------------------------------------------------------------------ */

static void set_tokens(struct task *task)
{
    const struct task_identity *id = &task->identity;

    task->security_token = (security_token_t){{id->uid, id->gid}};
    task->audit_token =
        (audit_token_t){{id->uid, id->uid, id->gid, id->real_uid, id->real_gid, (uint32_t)id->pid, 0, 0}};
}

/* Its ports: false if there is no memory. */
static bool make_ports(struct task *task)
{
    task->self = ipc_port_create_kernel(OBJECT_TASK, task);
    task->name = task->self == NULL ? NULL : ipc_port_create_kernel(OBJECT_TASK_NAME, task);
    if (task->name == NULL)
        return false;
    task->special[TASK_KERNEL_PORT] = ipc_port_make_send(task->self);
    task->special[TASK_NAME_PORT] = ipc_port_make_send(task->name);
    task->special[TASK_HOST_PORT] = ipc_port_make_send(task->identity.privileged ? host_priv_port : host_port);
    return true;
}

struct task_heritage task_bequeath(struct task *task)
{
    struct task_heritage heritage = {.bootstrap = task_special_port(task, TASK_BOOTSTRAP_PORT)};

    for (int i = 0; i < TASK_REGISTERED_PORTS; i++)
        heritage.registered[i] = ipc_port_copy_send_at(&task->registered[i], &task->lock);
    return heritage;
}

void task_heritage_release(struct task_heritage *heritage)
{
    ipc_port_release_send(heritage->bootstrap);
    for (int i = 0; i < TASK_REGISTERED_PORTS; i++)
        ipc_port_release_send(heritage->registered[i]);
    *heritage = (struct task_heritage){.bootstrap = NULL};
}

static void inherit(struct task *task, struct task_heritage *heritage)
{
    if (heritage == NULL) {
        task->special[TASK_BOOTSTRAP_PORT] = host_bootstrap_port();
        return;
    }
    task->special[TASK_BOOTSTRAP_PORT] = heritage->bootstrap;
    for (int i = 0; i < TASK_REGISTERED_PORTS; i++)
        task->registered[i] = heritage->registered[i];
    *heritage = (struct task_heritage){.bootstrap = NULL};
}

/* Puts a special port into the space, under the name that libmach knows for it. */
static bool name_special(struct task *task, int which, mach_port_name_t expected)
{
    const struct ipc_right right = {.port = task_special_port(task, which), .type = MACH_MSG_TYPE_PORT_SEND};
    mach_port_name_t name;

    if (!ipc_port_valid(right.port))
        return true;
    return ipc_right_give(task->space, right, &name) == KERN_SUCCESS && (name == expected || name == MACH_PORT_DEAD);
}

static void publish(struct task *task)
{
    lock_acquire(&tasks_lock);
    list_append(&tasks, &task->link);
    lock_release(&tasks_lock);
}

kern_return_t task_make(struct task_heritage *heritage, const struct task_identity *identity,
                        const struct task_limits *limits, struct task **made)
{
    struct task *task = hal_alloc(sizeof *task);

    if (task == NULL)
        return KERN_RESOURCE_SHORTAGE;
    ref_init(&task->refs);
    lock_init(&task->lock, RANK_TASK);
    list_init(&task->threads);
    task->identity = *identity;
    task->limits = *limits;
    task->active = true;
    set_tokens(task);
    task->space = ipc_space_create(limits->names, limits->receives);
    if (task->space != NULL)
        task->space->task = task;
    task->map = vm_map_exists() ? vm_map_create(UINT64_MAX) : NULL;
    if (task->space == NULL || (vm_map_exists() && task->map == NULL) || !make_ports(task)) {
        task_end(task);
        task_release(task);
        return KERN_RESOURCE_SHORTAGE;
    }
    inherit(task, heritage);
    if (!name_special(task, TASK_KERNEL_PORT, TASK_SELF_NAME) ||
        !name_special(task, TASK_BOOTSTRAP_PORT, TASK_BOOTSTRAP_NAME)) {
        task_end(task);
        task_release(task);
        return KERN_RESOURCE_SHORTAGE;
    }
    publish(task);
    *made = task;
    return KERN_SUCCESS;
}

void task_reference(struct task *task)
{
    ref_get(&task->refs);
}

void task_release(struct task *task)
{
    if (!ref_put(&task->refs))
        return;
    kern_assert(!task->active && list_empty(&task->threads));
    if (task->space != NULL)
        ipc_space_release(task->space);
    if (task->map != NULL)
        vm_map_destroy(task->map);
    hal_free(task, sizeof *task);
}

/* Marks the task as ended; false if it was. */
static bool deactivate(struct task *task)
{
    lock_acquire(&task->lock);
    const bool was_active = task->active;

    task->active = false;
    lock_release(&task->lock);
    return was_active;
}

static void unpublish(struct task *task)
{
    lock_acquire(&tasks_lock);
    if (list_linked(&task->link))
        list_remove(&task->link);
    lock_release(&tasks_lock);
}

static void end_threads(struct task *task)
{
    for (;;) {
        lock_acquire(&task->lock);
        struct thread *thread =
            list_empty(&task->threads) ? NULL : container_of(task->threads.next, struct thread, link);

        if (thread != NULL)
            thread_reference(thread);
        lock_release(&task->lock);
        if (thread == NULL)
            return;
        thread_end(thread);
        thread_release(thread);
    }
}

static void release_exceptions(struct task *task)
{
    lock_acquire(&task->lock);
    struct exception_actions *actions = task->exceptions;

    task->exceptions = NULL;
    lock_release(&task->lock);
    exception_actions_release(actions);
}

static void release_ports(struct task *task)
{
    release_exceptions(task);
    for (int i = 0; i < TASK_SPECIAL_PORTS; i++)
        task_set_special(task, i, NULL);
    for (int i = 0; i < TASK_REGISTERED_PORTS; i++) {
        lock_acquire(&task->lock);
        struct ipc_port *port = task->registered[i];

        task->registered[i] = NULL;
        lock_release(&task->lock);
        ipc_port_release_send(port);
    }
    if (task->self != NULL)
        ipc_port_destroy_kernel(task->self);
    if (task->name != NULL)
        ipc_port_destroy_kernel(task->name);
}

void task_end(struct task *task)
{
    if (!deactivate(task))
        return;
    unpublish(task);
    end_threads(task);
    if (task->space != NULL)
        ipc_space_destroy(task->space);
    if (task->map != NULL)
        vm_map_end(task->map);
    agent_end(task);
    release_ports(task);
    defer_drain();
    if (task->ended != NULL)
        task->ended(task);
}

/* ---- finding --------------------------------------------------------------------------------------- */

struct task *task_of_pid(int32_t pid)
{
    struct task *found = NULL;

    lock_acquire(&tasks_lock);
    list_for_each(link, &tasks) {
        struct task *task = container_of(link, struct task, link);

        if (task->identity.pid == pid && ref_try_get(&task->refs)) {
            found = task;
            break;
        }
    }
    lock_release(&tasks_lock);
    return found;
}

void task_for_each(void (*function)(struct task *task, void *context), void *context)
{
    lock_acquire(&tasks_lock);
    list_for_each(link, &tasks)
        function(container_of(link, struct task, link), context);
    lock_release(&tasks_lock);
}

bool task_may_control(const struct task *task, const struct task *other)
{
    return task->identity.uid == 0 ||
           (task->identity.uid == other->identity.uid && task->identity.uid == other->identity.real_uid);
}

/* ---- allowances ------------------------------------------------------------------------------------ */

bool task_charge(struct task *task, uint64_t bytes)
{
    const uint64_t before = atomic_fetch_add_explicit(&task->memory, bytes, memory_order_relaxed);

    if (bytes <= task->limits.memory && before <= task->limits.memory - bytes)
        return true;
    task_uncharge(task, bytes);
    return false;
}

void task_uncharge(struct task *task, uint64_t bytes)
{
    atomic_fetch_sub_explicit(&task->memory, bytes, memory_order_relaxed);
}

/* ---- special ports --------------------------------------------------------------------------------- */

struct ipc_port *task_special_port(struct task *task, int which)
{
    return ipc_port_copy_send_at(&task->special[which], &task->lock);
}

void task_set_special(struct task *task, int which, struct ipc_port *port)
{
    lock_acquire(&task->lock);
    struct ipc_port *former = task->special[which];

    task->special[which] = port;
    lock_release(&task->lock);
    ipc_port_release_send(former);
}
