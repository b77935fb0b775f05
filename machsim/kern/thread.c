/* SPDX-License-Identifier: BSD-2-Clause */
/* thread.c - threads come, wait, go on, and end: see thread.h. */
#include "kern/thread.h"

#include "kern/task.h"

/* Adds a thread to its task. */
static kern_return_t join_task(struct thread *thread, struct task *task)
{
    kern_return_t result = KERN_SUCCESS;

    lock_acquire(&task->lock);
    if (!task->active) {
        result = KERN_TERMINATED;
    } else if (task->thread_count >= task->limits.threads) {
        result = KERN_RESOURCE_SHORTAGE;
    } else {
        list_append(&task->threads, &thread->link);
        task->thread_count++;
        thread_reference(thread);
        if (task->suspended > 0)
            hal_thread_hold(thread);
    }
    lock_release(&task->lock);
    return result;
}

kern_return_t thread_make(struct task *task, void *hal, struct thread **made)
{
    struct thread *thread = hal_alloc(sizeof *thread);

    if (thread == NULL)
        return KERN_RESOURCE_SHORTAGE;
    ref_init(&thread->refs);
    ipc_wait_init(&thread->wait);
    thread->task = task;
    task_reference(task);
    thread->hal = hal;
    *made = thread;
    thread->self = ipc_port_create_kernel(OBJECT_THREAD, thread);
    kern_return_t result = thread->self == NULL ? KERN_RESOURCE_SHORTAGE : join_task(thread, task);

    if (result != KERN_SUCCESS) {
        if (thread->self != NULL)
            ipc_port_destroy_kernel(thread->self);
        defer_drain();
        thread_release(thread);
        return result;
    }
    thread->self_right = ipc_port_make_send(thread->self);
    return KERN_SUCCESS;
}

void thread_reference(struct thread *thread)
{
    ref_get(&thread->refs);
}

void thread_release(struct thread *thread)
{
    if (!ref_put(&thread->refs))
        return;
    task_release(thread->task);
    hal_free(thread, sizeof *thread);
}

/* Takes a thread out of its task; false if it was out. */
static bool leave_task(struct thread *thread, struct ipc_port **self_right)
{
    struct task *task = thread->task;

    lock_acquire(&task->lock);
    const bool first = !thread->terminated;

    thread->terminated = true;
    if (first) {
        list_remove(&thread->link);
        task->thread_count--;
        *self_right = thread->self_right;
        thread->self_right = NULL;
    }
    lock_release(&task->lock);
    return first;
}

void thread_end(struct thread *thread)
{
    struct ipc_port *self_right;

    if (!leave_task(thread, &self_right))
        return;
    ipc_wait_abort(thread, true);
    ipc_port_release_send(self_right);
    ipc_port_destroy_kernel(thread->self);
    defer_drain();
    hal_thread_gone(thread);
    exception_end(thread);
    defer_drain();
    thread_release(thread);
}

struct ipc_port *thread_self_right(struct thread *thread)
{
    return ipc_port_copy_send_at(&thread->self_right, &thread->task->lock);
}

void thread_go(struct thread *thread)
{
    ipc_wait_over(&thread->wait, thread);
    thread_reference(thread);
    hal_thread_run(thread);
}

void thread_continue(struct thread *thread)
{
    thread->continuation(thread);
    defer_drain();
    thread_release(thread);
}

void thread_return(struct thread *thread, uint64_t result)
{
    defer_drain();
    hal_thread_return(thread, result);
}
