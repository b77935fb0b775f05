/* SPDX-License-Identifier: BSD-2-Clause */
/* kernelspace.c - the core and the simulated machine, inside a program: mach/kernelspace.h. */
#include <mach/kernelspace.h>
#include <string.h>

#include <mach/task_special_ports.h>

#include "gen/kernel/mach_port_server.h"
#include "hal/sim/sim.h"

#define MAX_TASKS 1024u

static struct sim_thread *tasks[MAX_TASKS]; /* task_t is one more than the index */
static bool running;

static struct sim_thread *find(task_t task)
{
    return running && task >= 1 && task <= MAX_TASKS ? tasks[task - 1] : NULL;
}

static struct ipc_space *space_of(struct sim_thread *thread)
{
    return thread->thread->task->space;
}

kern_return_t mach_kernel_init(void)
{
    task_t first;

    if (running)
        return KERN_FAILURE;
    sim_start(1);
    running = true;
    if (task_create_kernel(&first) == KERN_SUCCESS)
        return KERN_SUCCESS;
    mach_kernel_cleanup();
    return KERN_RESOURCE_SHORTAGE;
}

void mach_kernel_cleanup(void)
{
    if (!running)
        return;
    sim_stop();
    memset(tasks, 0, sizeof tasks);
    running = false;
}

kern_return_t mach_kernel_stats(mach_kernel_stats_t *stats)
{
    if (!running)
        return KERN_FAILURE;
    *stats = (mach_kernel_stats_t){.blocks = sim_blocks()};
    for (unsigned i = 0; i < MAX_TASKS; i++) {
        if (tasks[i] == NULL)
            continue;
        const struct task *task = tasks[i]->thread->task;

        stats->tasks++;
        stats->ports += task->space->receives;
        stats->names += task->space->names;
        stats->sent += task->sent;
        stats->received += task->received;
    }
    return KERN_SUCCESS;
}

kern_return_t task_create_kernel(task_t *task)
{
    if (!running)
        return KERN_FAILURE;
    for (unsigned i = 0; i < MAX_TASKS; i++)
        if (tasks[i] == NULL) {
            tasks[i] = sim_task(NULL, NULL);
            *task = i + 1;
            return tasks[i] == NULL ? KERN_RESOURCE_SHORTAGE : KERN_SUCCESS;
        }
    return KERN_RESOURCE_SHORTAGE;
}

kern_return_t task_terminate_kernel(task_t task)
{
    struct sim_thread *thread = find(task);

    if (thread == NULL)
        return running ? KERN_INVALID_TASK : KERN_FAILURE;
    sim_task_end(thread);
    tasks[task - 1] = NULL;
    return KERN_SUCCESS;
}

kern_return_t mach_port_allocate_kernel(task_t task, mach_port_name_t *name)
{
    mach_port_options_t options = {.flags = MPO_INSERT_SEND_RIGHT};
    struct sim_thread *thread = find(task);

    if (thread == NULL)
        return running ? KERN_INVALID_TASK : KERN_FAILURE;
    return kernel_mach_port_construct(space_of(thread), &options, 0, name);
}

kern_return_t mach_port_deallocate_kernel(task_t task, mach_port_name_t name)
{
    struct sim_thread *thread = find(task);

    if (thread == NULL)
        return running ? KERN_INVALID_TASK : KERN_FAILURE;
    const kern_return_t result = kernel_mach_port_destruct(space_of(thread), name, -1, 0);

    sim_settle();
    return result;
}

static mach_msg_return_t message_trap(struct sim_thread *thread, mach_msg_header_t *message, mach_msg_option_t option,
                                      mach_msg_size_t send_size, mach_msg_size_t receive_size, mach_port_name_t port)
{
    const uint64_t arguments[TRAP_MAX_ARGUMENTS] = {
        (uintptr_t)message, (uint64_t)(int64_t)option, send_size, receive_size, port};

    sim_trap(thread, TRAP_MACH_MSG, arguments);
    return (mach_msg_return_t)thread->result;
}

mach_msg_return_t mach_msg_enqueue(task_t task, mach_msg_header_t *message, mach_msg_priority_t priority)
{
    struct sim_thread *thread = find(task);

    if (thread == NULL)
        return MACH_SEND_INVALID_DEST;
    thread->thread->priority = priority;
    const mach_msg_return_t result =
        message_trap(thread, message, MACH_SEND_MSG | MACH_SEND_TIMEOUT, message->msgh_size, 0, MACH_PORT_NULL);

    thread->thread->priority = MACH_MSG_PRIORITY_UNSPECIFIED;
    return result;
}

mach_msg_return_t mach_msg_dequeue(task_t task, mach_port_name_t port, mach_msg_header_t *message,
                                   mach_msg_size_t size)
{
    struct sim_thread *thread = find(task);

    if (thread == NULL)
        return MACH_RCV_INVALID_NAME;
    return message_trap(thread, message, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, size, port);
}

kern_return_t vm_allocate_kernel(vm_address_t *address, vm_size_t size)
{
    void *memory = size == 0 ? NULL : sim_map(0, size);

    *address = (vm_address_t)memory;
    return size == 0 || memory != NULL ? KERN_SUCCESS : KERN_NO_SPACE;
}

kern_return_t vm_deallocate_kernel(vm_address_t address, vm_size_t size)
{
    if (address + size < address)
        return KERN_INVALID_ARGUMENT;
    if (size > 0)
        sim_unmap(address, size);
    return KERN_SUCCESS;
}
