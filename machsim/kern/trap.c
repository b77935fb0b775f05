/* SPDX-License-Identifier: BSD-2-Clause */
/* trap.c - how a thread enters the core: see trap.h. */
#include "kern/trap.h"

#include <mach/task_special_ports.h>

#include "gen/kernel/mach_vm_server.h"
#include "ipc/mach_msg.h"
#include "ipc/mach_port.h"
#include "ipc/right.h"
#include "kern/convert.h"
#include "kern/host.h"
#include "kern/task.h"
#include "kern/thread.h"

/* ---- ports of one's own ---------------------------------------------------------------------------- */

/* Gives the thread's task a send right, and the trap its name. */
static mach_port_name_t give(struct thread *thread, struct ipc_port *port)
{
    const struct ipc_right right = {.port = port, .type = MACH_MSG_TYPE_PORT_SEND};
    mach_port_name_t name;

    (void)ipc_right_give(thread->task->space, right, &name);
    return name;
}

static uint64_t reply_port(struct thread *thread, const uint64_t *arguments)
{
    mach_port_name_t name;

    (void)arguments;
    if (kernel_mach_port_allocate(thread->task->space, MACH_PORT_RIGHT_RECEIVE, &name) != KERN_SUCCESS)
        return MACH_PORT_NULL;
    return name;
}

static uint64_t host_self(struct thread *thread, const uint64_t *arguments)
{
    (void)arguments;
    return give(thread, task_special_port(thread->task, TASK_HOST_PORT));
}

static uint64_t task_self(struct thread *thread, const uint64_t *arguments)
{
    (void)arguments;
    return give(thread, task_special_port(thread->task, TASK_KERNEL_PORT));
}

static uint64_t thread_self(struct thread *thread, const uint64_t *arguments)
{
    (void)arguments;
    return give(thread, thread_self_right(thread));
}

/* ---- the caller's own rights ------------------------------------------------------------------------- */

/* Whether a name denotes the caller's own task, as task_for_pid wants. */
static struct ipc_port *port_named(struct thread *thread, mach_port_name_t name)
{
    uint32_t bits;
    void *port;

    if (ipc_right_find(thread->task->space, name, MACH_PORT_TYPE_SEND, &bits, &port) != KERN_SUCCESS)
        return NULL;
    return port;
}

static bool is_own_task(struct thread *thread, mach_port_name_t name)
{
    uint32_t bits;
    void *found;

    hal_rcu_read_lock();
    const bool at_once = ipc_space_snapshot(thread->task->space, name, &bits, &found) && (bits & MACH_PORT_TYPE_SEND);

    hal_rcu_read_unlock();
    if (at_once && found == thread->task->self)
        return true;
    struct ipc_port *port = port_named(thread, name);
    const bool own = port == thread->task->self;

    if (port != NULL)
        ipc_port_release(port);
    return own;
}

/* What a task does to itself most often needs no message, nor a port that an answer could come to. */
static uint64_t port_mod_refs(struct thread *thread, const uint64_t *arguments)
{
    if (!is_own_task(thread, (mach_port_name_t)arguments[0]))
        return KERN_INVALID_TASK;
    return (uint64_t)kernel_mach_port_mod_refs(thread->task->space, (mach_port_name_t)arguments[1],
                                               (mach_port_right_t)arguments[2], (mach_port_delta_t)arguments[3]);
}

static uint64_t port_allocate(struct thread *thread, const uint64_t *arguments)
{
    mach_port_name_t name = MACH_PORT_NULL;

    if (!is_own_task(thread, (mach_port_name_t)arguments[0]))
        return KERN_INVALID_TASK;
    const kern_return_t result = kernel_mach_port_allocate(thread->task->space, (mach_port_right_t)arguments[1], &name);

    thread->out = name;
    return (uint64_t)result;
}

static uint64_t port_destroy(struct thread *thread, const uint64_t *arguments)
{
    if (!is_own_task(thread, (mach_port_name_t)arguments[0]))
        return KERN_INVALID_TASK;
    return (uint64_t)kernel_mach_port_destroy(thread->task->space, (mach_port_name_t)arguments[1]);
}

static uint64_t port_deallocate(struct thread *thread, const uint64_t *arguments)
{
    if (!is_own_task(thread, (mach_port_name_t)arguments[0]))
        return KERN_INVALID_TASK;
    return (uint64_t)kernel_mach_port_deallocate(thread->task->space, (mach_port_name_t)arguments[1]);
}

/* ---- memory, on machines where it is the core's ------------------------------------------------------ */

static bool has_memory(struct thread *thread, const uint64_t *arguments)
{
    return !hal_maps_are_own() && is_own_task(thread, (mach_port_name_t)arguments[0]);
}

static uint64_t allocate(struct thread *thread, const uint64_t *arguments)
{
    mach_vm_address_t address = arguments[1];

    if (!has_memory(thread, arguments))
        return KERN_INVALID_ARGUMENT;
    const kern_return_t result = kernel_mach_vm_allocate(thread->task, &address, arguments[2], (int)arguments[3]);

    thread->out = address;
    return (uint64_t)result;
}

static uint64_t deallocate(struct thread *thread, const uint64_t *arguments)
{
    return has_memory(thread, arguments)
               ? (uint64_t)kernel_mach_vm_deallocate(thread->task, arguments[1], arguments[2])
               : KERN_INVALID_ARGUMENT;
}

static uint64_t protect(struct thread *thread, const uint64_t *arguments)
{
    return has_memory(thread, arguments) ? (uint64_t)kernel_mach_vm_protect(thread->task, arguments[1], arguments[2],
                                                                            (boolean_t)arguments[3], (vm_prot_t)arguments[4])
                                         : KERN_INVALID_ARGUMENT;
}

/* ---- processes ------------------------------------------------------------------------------------- */

/* A port of the task of a process, for those who may have it. */
static uint64_t port_for_pid(struct thread *thread, const uint64_t *arguments, int which)
{
    uint64_t result = KERN_FAILURE;

    thread->out = MACH_PORT_NULL;
    if (!is_own_task(thread, (mach_port_name_t)arguments[0]))
        return KERN_INVALID_ARGUMENT;
    struct task *task = task_of_pid((int32_t)arguments[1]);

    if (task == NULL)
        return KERN_FAILURE;
    if (task_may_control(thread->task, task)) {
        thread->out = give(thread, task_special_port(task, which));
        result = thread->out == MACH_PORT_NULL ? KERN_RESOURCE_SHORTAGE : KERN_SUCCESS;
    }
    task_release(task);
    return result;
}

static uint64_t task_for_pid(struct thread *thread, const uint64_t *arguments)
{
    return port_for_pid(thread, arguments, TASK_KERNEL_PORT);
}

static uint64_t task_name_for_pid(struct thread *thread, const uint64_t *arguments)
{
    return port_for_pid(thread, arguments, TASK_NAME_PORT);
}

static uint64_t pid_for_task(struct thread *thread, const uint64_t *arguments)
{
    struct ipc_port *port = port_named(thread, (mach_port_name_t)arguments[0]);
    uint64_t result = KERN_FAILURE;

    thread->out = (uint64_t)-1;
    if (port == NULL)
        return KERN_FAILURE;
    ipc_port_lock(port);
    if ((port->object_type == OBJECT_TASK || port->object_type == OBJECT_TASK_NAME) && port->object != NULL) {
        thread->out = (uint64_t)(int64_t)((struct task *)port->object)->identity.pid;
        result = KERN_SUCCESS;
    }
    ipc_port_unlock(port);
    ipc_port_release(port);
    return result;
}

/* ---- the door -------------------------------------------------------------------------------------- */

void trap_message(struct thread *thread)
{
    ipc_wait_start(&thread->wait);
    mach_msg_trap(thread);
}

static void message(struct thread *thread, const uint64_t *a, bool overwrite)
{
    thread->msg = (struct mach_msg_arguments){
        .message = a[0],
        .option = (mach_msg_option_t)a[1],
        .send_size = (mach_msg_size_t)a[2],
        .receive_size = (mach_msg_size_t)a[3],
        .receive_name = (mach_port_name_t)a[4],
        .timeout = (mach_msg_timeout_t)a[5],
        .notify = (mach_port_name_t)a[6],
        .receive_message = overwrite ? a[7] : 0,
        .scatter_size = overwrite ? (mach_msg_size_t)a[8] : 0,
    };
    trap_message(thread);
}

static uint64_t (*const traps[])(struct thread *thread, const uint64_t *arguments) = {
    [TRAP_VM_ALLOCATE] = allocate,
    [TRAP_VM_DEALLOCATE] = deallocate,
    [TRAP_VM_PROTECT] = protect,
    [TRAP_PORT_ALLOCATE] = port_allocate,
    [TRAP_PORT_DESTROY] = port_destroy,
    [TRAP_PORT_DEALLOCATE] = port_deallocate,
    [TRAP_PORT_MOD_REFS] = port_mod_refs,
    [TRAP_REPLY_PORT] = reply_port,
    [TRAP_THREAD_SELF] = thread_self,
    [TRAP_TASK_SELF] = task_self,
    [TRAP_HOST_SELF] = host_self,
    [TRAP_TASK_NAME_FOR_PID] = task_name_for_pid,
    [TRAP_TASK_FOR_PID] = task_for_pid,
    [TRAP_PID_FOR_TASK] = pid_for_task,
};

static bool is_message(uint32_t number)
{
    return number == TRAP_MACH_MSG || number == TRAP_MACH_MSG_OVERWRITE;
}

bool trap_exists(uint32_t number)
{
    return is_message(number) || (number < sizeof traps / sizeof *traps && traps[number] != NULL);
}

void trap(struct thread *thread, uint32_t number, const uint64_t *arguments)
{
    if (is_message(number)) {
        message(thread, arguments, number == TRAP_MACH_MSG_OVERWRITE);
        return;
    }
    ipc_wait_start(&thread->wait);
    thread_return(thread, trap_exists(number) ? traps[number](thread, arguments) : KERN_INVALID_ARGUMENT);
}
