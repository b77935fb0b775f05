/* SPDX-License-Identifier: BSD-2-Clause */
/* task_routines.c - routines of task.defs and thread_act.defs that are about ports. */
#include <mach/task_special_ports.h>
#include <mach/thread_special_ports.h>

#include "gen/kernel/task_server.h"
#include "gen/kernel/thread_act_server.h"
#include "kern/host.h"
#include "kern/kobject.h"
#include "kern/task.h"
#include "kern/thread.h"
#include "vm/vm_copy.h"
#include "kern/string.h"

/* ---- special ports --------------------------------------------------------------------------------- */

kern_return_t kernel_task_get_special_port(task_ref_t task, int which, mach_port_t *port)
{
    if (task == NULL || which < 1 || which >= TASK_SPECIAL_PORTS)
        return KERN_INVALID_ARGUMENT;
    if (!task->active)
        return KERN_FAILURE;
    return kobject_name(
        (struct ipc_right){.port = task_special_port(task, which), .type = MACH_MSG_TYPE_PORT_SEND}, port);
}

kern_return_t kernel_task_set_special_port(task_ref_t task, int which, mach_port_t port)
{
    if (task == NULL || which < 1 || which >= TASK_SPECIAL_PORTS)
        return KERN_INVALID_ARGUMENT;
    if (which == TASK_NAME_PORT)
        return KERN_INVALID_ARGUMENT;
    if (!task->active)
        return KERN_FAILURE;
    task_set_special(task, which, kobject_right(port, MACH_MSG_TYPE_PORT_SEND).port);
    return KERN_SUCCESS;
}

kern_return_t kernel_thread_get_special_port(thread_ref_t thread, int which, mach_port_t *port)
{
    if (thread == NULL || which != THREAD_KERNEL_PORT)
        return KERN_INVALID_ARGUMENT;
    return kobject_name((struct ipc_right){.port = thread_self_right(thread), .type = MACH_MSG_TYPE_PORT_SEND}, port);
}

kern_return_t kernel_thread_set_special_port(thread_ref_t thread, int which, mach_port_t port)
{
    if (thread == NULL || which != THREAD_KERNEL_PORT)
        return KERN_INVALID_ARGUMENT;
    struct ipc_port *right = kobject_right(port, MACH_MSG_TYPE_PORT_SEND).port;

    lock_acquire(&thread->task->lock);
    const bool ended = thread->terminated;
    struct ipc_port *former = ended ? right : thread->self_right;

    if (!ended)
        thread->self_right = right;
    lock_release(&thread->task->lock);
    ipc_port_release_send(former);
    return ended ? KERN_TERMINATED : KERN_SUCCESS;
}

/* ---- registered ports ------------------------------------------------------------------------------ */

kern_return_t kernel_mach_ports_register(task_ref_t task, mach_port_array_t names, mach_msg_type_number_t count)
{
    struct ipc_port *ports[TASK_REGISTERED_PORTS] = {NULL};

    if (task == NULL || count > TASK_REGISTERED_PORTS)
        return KERN_INVALID_ARGUMENT;
    for (mach_msg_type_number_t i = 0; i < count; i++)
        ports[i] = kobject_right(names[i], MACH_MSG_TYPE_PORT_SEND).port;
    lock_acquire(&task->lock);
    const bool active = task->active;

    for (int i = 0; active && i < TASK_REGISTERED_PORTS; i++) {
        struct ipc_port *former = task->registered[i];

        task->registered[i] = ports[i];
        ports[i] = former;
    }
    lock_release(&task->lock);
    for (int i = 0; i < TASK_REGISTERED_PORTS; i++)
        ipc_port_release_send(ports[i]);
    return active ? KERN_SUCCESS : KERN_INVALID_ARGUMENT;
}

kern_return_t kernel_mach_ports_lookup(task_ref_t task, mach_port_array_t *names, mach_msg_type_number_t *count)
{
    struct vm_map_copy *copy = task == NULL ? NULL : vm_map_copy_alloc(TASK_REGISTERED_PORTS * sizeof **names);

    if (task == NULL)
        return KERN_INVALID_ARGUMENT;
    if (copy == NULL)
        return KERN_RESOURCE_SHORTAGE;
    *names = (void *)copy->data;
    *count = TASK_REGISTERED_PORTS;
    for (int i = 0; i < TASK_REGISTERED_PORTS; i++) {
        const struct ipc_right right = {.port = ipc_port_copy_send_at(&task->registered[i], &task->lock),
                                        .type = MACH_MSG_TYPE_PORT_SEND};

        if (kobject_name(right, &(*names)[i]) != KERN_SUCCESS)
            (*names)[i] = MACH_PORT_NULL;
    }
    return KERN_SUCCESS;
}

/* ---- information ----------------------------------------------------------------------------------- */

kern_return_t kernel_task_info(task_ref_t task, task_flavor_t flavor, task_info_t info,
                               mach_msg_type_number_t *count)
{
    const void *token;
    mach_msg_type_number_t size;

    if (task == NULL)
        return KERN_INVALID_ARGUMENT;
    switch (flavor) {
    case TASK_SECURITY_TOKEN:
        token = &task->security_token;
        size = sizeof task->security_token / sizeof *info;
        break;
    case TASK_AUDIT_TOKEN:
        token = &task->audit_token;
        size = sizeof task->audit_token / sizeof *info;
        break;
    default: return KERN_NOT_SUPPORTED;
    }
    if (*count < size)
        return KERN_INVALID_ARGUMENT;
    memcpy(info, token, size * sizeof *info);
    *count = size;
    return KERN_SUCCESS;
}

/* The threads of a task, each with a reference, in an array of `room`.  The number there are. */
static uint32_t list_threads(struct task *task, struct thread **threads, uint32_t room)
{
    uint32_t count = 0;

    lock_acquire(&task->lock);
    list_for_each(link, &task->threads) {
        if (count < room) {
            threads[count] = container_of(link, struct thread, link);
            thread_reference(threads[count]);
        }
        count++;
    }
    lock_release(&task->lock);
    return count;
}

/* Turns threads into names of their ports, in place behind them, and lets go of the threads. */
static void name_threads(struct thread **threads, mach_port_t *names, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct ipc_right right = {.port = thread_self_right(threads[i]), .type = MACH_MSG_TYPE_PORT_SEND};

        if (kobject_name(right, &names[i]) != KERN_SUCCESS)
            names[i] = MACH_PORT_NULL;
        thread_release(threads[i]);
    }
}

kern_return_t kernel_task_threads(task_ref_t task, thread_act_array_t *names, mach_msg_type_number_t *count)
{
    if (task == NULL)
        return KERN_INVALID_ARGUMENT;
    for (uint32_t room = 16;; room *= 2) {
        struct thread **threads = hal_alloc(room * sizeof *threads);
        struct vm_map_copy *copy = threads == NULL ? NULL : vm_map_copy_alloc(room * sizeof **names);

        if (copy == NULL) {
            hal_free(threads, room * sizeof *threads);
            return KERN_RESOURCE_SHORTAGE;
        }
        *count = list_threads(task, threads, room);
        const bool all = *count <= room;

        name_threads(threads, (void *)copy->data, all ? *count : room);
        hal_free(threads, room * sizeof *threads);
        if (all) {
            *names = (void *)copy->data;
            return KERN_SUCCESS;
        }
        for (uint32_t i = 0; i < room; i++)
            ipc_right_release(kobject_right(((mach_port_t *)(void *)copy->data)[i], MACH_MSG_TYPE_PORT_SEND));
        vm_map_copy_discard(copy);
    }
}
