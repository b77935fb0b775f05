/* SPDX-License-Identifier: BSD-2-Clause */
/* agent.c - requests that another task carries out: see agent.h. */
#include "kern/agent.h"

#include "gen/kernel/mach_vm_ids.h"
#include "ipc/direct.h"
#include "ipc/mach_port.h"
#include "ipc/mqueue.h"
#include "kern/string.h"
#include "kern/task.h"

#define PATIENCE ((uint64_t)5 * 1000 * 1000 * 1000)

static bool changes_memory(mach_msg_id_t id)
{
    switch (id) {
    case MACH_ID_mach_vm_allocate:
    case MACH_ID_mach_vm_deallocate:
    case MACH_ID_mach_vm_protect:
    case MACH_ID_mach_vm_inherit:
    case MACH_ID_mach_vm_msync:
    case MACH_ID_mach_vm_behavior_set:
    case MACH_ID_mach_vm_map:
    case MACH_ID_mach_vm_remap: return true;
    default: return false;
    }
}

/* The task whose memory a request is to change, if that is another than its sender's; with a reference. */
static struct task *other_task(const struct ipc_kmsg *request)
{
    struct ipc_port *port = request->destination.port;
    struct task *task = NULL;

    if (!hal_maps_are_own() || !changes_memory(request->id))
        return NULL;
    ipc_port_lock(port);
    if (port->object_type == OBJECT_TASK && port->object != NULL)
        task = port->object;
    if (task != NULL && memcmp(&request->audit, &task->audit_token, sizeof request->audit) == 0)
        task = NULL;
    if (task != NULL)
        task_reference(task);
    ipc_port_unlock(port);
    return task;
}

/* ---- the port -------------------------------------------------------------------------------------- */

/* A new port of the task's, with the name of its receive right, and a send right.  NULL: there is no room. */
static struct ipc_port *make_port(struct task *task, mach_port_name_t *name)
{
    struct ipc_port *port;

    if (kernel_mach_port_allocate(task->space, MACH_PORT_RIGHT_RECEIVE, name) != KERN_SUCCESS ||
        mach_port_find_receive(task->space, *name, &port) != KERN_SUCCESS)
        return NULL;
    ipc_port_reference(port);
    ipc_port_unlock(port);
    struct ipc_port *right = ipc_port_make_send(port);

    ipc_port_release(port);
    return right == IPC_PORT_DEAD ? NULL : right;
}

/* The agent has a new port in place of a dead one or none, unless it has got one meanwhile, or the task has ended. */
static void set_port(struct task *task, const struct ipc_port *dead, struct ipc_port *port, mach_port_name_t name)
{
    struct agent *agent = &task->agent;
    struct ipc_port *former = port;

    lock_acquire(&task->lock);
    if (task->active && agent->port == dead) {
        former = agent->port;
        agent->port = port;
        agent->name = name;
    }
    lock_release(&task->lock);
    ipc_port_release_send(former);
}

/* A send right to the agent's port; NULL: there is none. */
static struct ipc_port *port_of(struct task *task)
{
    mach_port_name_t name;

    lock_acquire(&task->lock);
    const struct ipc_port *seen = task->agent.port;

    lock_release(&task->lock);
    struct ipc_port *port = ipc_port_copy_send_at(&task->agent.port, &task->lock);

    if (ipc_port_valid(port))
        return port;
    port = make_port(task, &name);
    if (port == NULL)
        return NULL;
    set_port(task, seen, port, name);
    port = ipc_port_copy_send_at(&task->agent.port, &task->lock);
    return port == IPC_PORT_DEAD ? NULL : port;
}

mach_port_name_t agent_name(struct task *task)
{
    lock_acquire(&task->lock);
    const mach_port_name_t name = task->agent.port == NULL ? MACH_PORT_NULL : task->agent.name;

    lock_release(&task->lock);
    return name;
}

/* ---- patience -------------------------------------------------------------------------------------- */

static void patience_ends(struct timer *timer);

/* The task's lock is held.  The timer has a reference to the task. */
static void wait_on(struct task *task, mach_port_seqno_t seqno)
{
    struct agent *agent = &task->agent;

    agent->seqno = seqno;
    agent->waits = true;
    agent->timer.function = patience_ends;
    timer_set(&agent->timer, hal_now() + PATIENCE);
}

/* Whether messages wait at a port, and how many have been received there. */
static bool messages_wait(struct ipc_port *port, mach_port_seqno_t *seqno)
{
    *seqno = 0;
    if (!ipc_port_valid(port))
        return false;
    ipc_port_lock(port);
    const bool some = port->message_count > 0;

    *seqno = ipc_port_seqno(port);
    ipc_port_unlock(port);
    return some;
}

/* The agent's port goes: whoever waits for an answer is told that there will be none. */
static void give_up(struct task *task)
{
    struct ipc_port *port, *found;

    lock_acquire(&task->lock);
    port = task->agent.port;
    const mach_port_name_t name = task->agent.name;

    task->agent.port = NULL;
    lock_release(&task->lock);
    if (mach_port_find_receive(task->space, name, &found) == KERN_SUCCESS) {
        ipc_port_unlock(found);
        if (found == port)
            (void)kernel_mach_port_mod_refs(task->space, name, MACH_PORT_RIGHT_RECEIVE, -1);
    }
    ipc_port_release_send(port);
}

static void patience_ends(struct timer *timer)
{
    struct task *task = container_of(timer, struct task, agent.timer);
    struct agent *agent = &task->agent;
    struct ipc_port *port = ipc_port_copy_send_at(&agent->port, &task->lock);
    mach_port_seqno_t seqno;
    const bool some = messages_wait(port, &seqno);

    ipc_port_release_send(port);
    lock_acquire(&task->lock);
    const bool idle = some && seqno == agent->seqno, again = some && !idle && task->active;

    agent->waits = false;
    if (again)
        wait_on(task, seqno);
    lock_release(&task->lock);
    if (idle)
        give_up(task);
    if (!again)
        task_release(task);
}

/* A message is about to be put there. */
static void expect(struct task *task, struct ipc_port *port)
{
    mach_port_seqno_t seqno;

    (void)messages_wait(port, &seqno);
    lock_acquire(&task->lock);
    if (!task->agent.waits && task->active) {
        task_reference(task);
        wait_on(task, seqno);
    }
    lock_release(&task->lock);
}

void agent_end(struct task *task)
{
    lock_acquire(&task->lock);
    struct ipc_port *port = task->agent.port;
    const bool cancelled = task->agent.waits && timer_cancel(&task->agent.timer);

    task->agent.port = NULL;
    if (cancelled)
        task->agent.waits = false;
    lock_release(&task->lock);
    ipc_port_release_send(port);
    if (cancelled)
        task_release(task);
}

/* ---- requests -------------------------------------------------------------------------------------- */

static void forward(struct ipc_kmsg *request, struct task *task, struct ipc_port *port)
{
    const struct ipc_right former = request->destination;

    expect(task, port);
    request->destination = (struct ipc_right){.port = port, .type = MACH_MSG_TYPE_PORT_SEND};
    ipc_right_release(former);
    (void)ipc_mqueue_send(request, NULL, MACH_MSG_OPTION_NONE, MACH_MSG_TIMEOUT_NONE);
    (void)hal_task_rouse(task, false);
}

bool agent_takes(struct ipc_kmsg *request)
{
    struct task *task = other_task(request);

    if (task == NULL)
        return false;
    struct ipc_port *port = hal_task_rouse(task, true) ? port_of(task) : NULL;

    if (port != NULL)
        forward(request, task, port);
    task_release(task);
    return port != NULL;
}
