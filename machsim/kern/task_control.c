/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * task_control.c - tasks that programs make, stop and end: routines of task.defs.  On a machine whose tasks are its host's
 * processes they are not supported.
 */
#include "gen/kernel/task_server.h"
#include "kern/exception.h"
#include "kern/task.h"
#include "kern/thread.h"
#include "vm/vm_map.h"

/* ---- life ------------------------------------------------------------------------------------------ */

/* Identifies tasks that no process of a host's stands behind. */
static _Atomic int32_t last_pid = 1;

/* Memory as each entry's inheritance tells. */
static bool inherit_memory(struct task *child, struct task *parent)
{
    struct vm_map *map = vm_map_fork(parent->map), *empty;

    if (map == NULL)
        return false;
    empty = atomic_exchange(&child->map, map);
    vm_map_end(empty);
    vm_map_destroy(empty);
    return true;
}

static bool inherit(struct task *child, struct task *parent, bool memory)
{
    bool lacking;

    child->exceptions = exception_actions_copy(&parent->exceptions, &parent->lock, &lacking);
    return !lacking && (!memory || inherit_memory(child, parent));
}

/* Until it is terminated it lives, with threads or without. */
static void live(struct task *task)
{
    task_reference(task);
    task->ended = task_release;
}

/* Its host port is the unprivileged one: who makes a task may give it more. */
kern_return_t kernel_task_create(task_ref_t parent, ledger_array_t ledgers, mach_msg_type_number_t ledger_count,
                                 boolean_t memory, task_ref_t *child)
{
    (void)ledgers;
    if (!hal_makes_threads())
        return KERN_NOT_SUPPORTED;
    if (parent == NULL || ledger_count > 0)
        return KERN_INVALID_ARGUMENT;
    struct task_identity identity = parent->identity;
    struct task_heritage heritage = task_bequeath(parent);

    identity.pid = atomic_fetch_add_explicit(&last_pid, 1, memory_order_relaxed) + 1;
    identity.privileged = false;
    const kern_return_t result = task_make(&heritage, &identity, &parent->limits, child);

    task_heritage_release(&heritage);
    if (result != KERN_SUCCESS)
        return result;
    live(*child);
    if (inherit(*child, parent, memory))
        return KERN_SUCCESS;
    task_end(*child);
    task_release(*child);
    return KERN_RESOURCE_SHORTAGE;
}

kern_return_t kernel_task_terminate(task_ref_t task)
{
    if (!hal_makes_threads())
        return KERN_NOT_SUPPORTED;
    if (task == NULL)
        return KERN_INVALID_ARGUMENT;
    task_end(task);
    return KERN_SUCCESS;
}

/* ---- stopping -------------------------------------------------------------------------------------- */

static void hold_all(struct task *task, void (*change)(struct thread *thread))
{
    list_for_each(link, &task->threads)
        change(container_of(link, struct thread, link));
}

static kern_return_t change_hold(task_ref_t task, bool suspend)
{
    kern_return_t result = KERN_SUCCESS;

    if (!hal_makes_threads())
        return KERN_NOT_SUPPORTED;
    if (task == NULL)
        return KERN_INVALID_ARGUMENT;
    lock_acquire(&task->lock);
    if (!task->active)
        result = KERN_TERMINATED;
    else if (!suspend && task->suspended == 0)
        result = KERN_FAILURE;
    else if (suspend && task->suspended++ == 0)
        hold_all(task, hal_thread_hold);
    else if (!suspend && --task->suspended == 0)
        hold_all(task, hal_thread_unhold);
    lock_release(&task->lock);
    return result;
}

kern_return_t kernel_task_suspend(task_ref_t task)
{
    return change_hold(task, true);
}

kern_return_t kernel_task_resume(task_ref_t task)
{
    return change_hold(task, false);
}
