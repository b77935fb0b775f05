/* SPDX-License-Identifier: BSD-2-Clause */
/* convert.c - from ports to kernel objects: see convert.h. */
#include "kern/convert.h"

#include "ipc/right.h"
#include "kern/host.h"
#include "kern/kobject.h"
#include "kern/task.h"
#include "kern/thread.h"
#include "vm/vm_named_entry.h"
#include "vm/vm_pager.h"

/*
 * The port that a name in a request denotes; NULL.  Most often it is where that was sent, which the request has a reference to; else
 * there is one, which *held is.
 */
static struct ipc_port *find_port(mach_port_t name, struct ipc_port **held)
{
    struct ipc_port *destination = kobject_destination(name);
    uint32_t bits;
    void *port;

    *held = NULL;
    if (destination != NULL)
        return destination;
    if (ipc_right_find(ipc_space_kernel, name, MACH_PORT_TYPE_RECEIVE | MACH_PORT_TYPE_SEND, &bits, &port) !=
        KERN_SUCCESS)
        return NULL;
    return *held = port;
}

/* The same with a reference in any case. */
static struct ipc_port *port_of(mach_port_t name)
{
    struct ipc_port *held, *port = find_port(name, &held);

    if (port != NULL && held == NULL)
        ipc_port_reference(port);
    return port;
}

/* What a port stands for, with a reference to it, if it is of one of two types. */
static void *object_of(mach_port_t name, enum ipc_object_type type, enum ipc_object_type other, size_t refs)
{
    struct ipc_port *held, *port = find_port(name, &held);
    void *object = NULL;

    if (port == NULL)
        return NULL;
    ipc_port_lock(port);
    if (port->object_type == type || port->object_type == other)
        object = port->object;
    /* The object lives while the port has it, but its last reference may be going. */
    if (object != NULL && !ref_try_get((struct ref *)((char *)object + refs)))
        object = NULL;
    ipc_port_unlock(port);
    if (held != NULL)
        ipc_port_release(held);
    return object;
}

void *convert_port_to_lasting(mach_port_t name, enum ipc_object_type type)
{
    struct ipc_port *port = port_of(name);

    if (port == NULL)
        return NULL;
    ipc_port_lock(port);
    void *object = port->object_type == type ? port->object : NULL;

    ipc_port_unlock(port);
    ipc_port_release(port);
    return object;
}

task_ref_t convert_port_to_task(mach_port_t port)
{
    return object_of(port, OBJECT_TASK, OBJECT_TASK, offsetof(struct task, refs));
}

task_ref_t convert_port_to_task_name(mach_port_t port)
{
    return object_of(port, OBJECT_TASK, OBJECT_TASK_NAME, offsetof(struct task, refs));
}

struct vm_named_entry *convert_port_to_named_entry(mach_port_t port)
{
    return object_of(port, OBJECT_NAMED_ENTRY, OBJECT_NAMED_ENTRY, offsetof(struct vm_named_entry, refs));
}

pager_ref_t convert_port_to_pager(mach_port_t port)
{
    return object_of(port, OBJECT_MEMORY_CONTROL, OBJECT_MEMORY_CONTROL, offsetof(struct vm_pager, refs));
}

void pager_deallocate(pager_ref_t pager)
{
    if (pager != NULL)
        vm_pager_release(pager);
}

struct ipc_port *convert_port_to_manager(mach_port_t name)
{
    struct ipc_port *port = port_of(name), *right = NULL;

    if (port == NULL)
        return NULL;
    if (port->object_type == OBJECT_NONE)
        right = ipc_port_copy_send(port);
    ipc_port_release(port);
    return ipc_port_valid(right) ? right : NULL;
}

void task_deallocate(task_ref_t task)
{
    if (task != NULL)
        task_release(task);
}

/* Names a send right in a reply. */
static mach_port_t name_of(struct ipc_port *send_right)
{
    mach_port_t name;
    const struct ipc_right right = {.port = send_right, .type = MACH_MSG_TYPE_PORT_SEND};

    return kobject_name(right, &name) == KERN_SUCCESS ? name : MACH_PORT_NULL;
}

mach_port_t convert_task_to_port(task_ref_t task)
{
    if (task == NULL)
        return MACH_PORT_NULL;
    const mach_port_t name = name_of(ipc_port_make_send(task->self));

    task_release(task);
    return name;
}

mach_port_t convert_thread_to_port(thread_ref_t thread)
{
    if (thread == NULL)
        return MACH_PORT_NULL;
    const mach_port_t name = name_of(ipc_port_make_send(thread->self));

    thread_release(thread);
    return name;
}

space_ref_t convert_port_to_space(mach_port_t port)
{
    struct task *task = convert_port_to_task(port);

    if (task == NULL)
        return NULL;
    struct ipc_space *space = task->space;

    ipc_space_reference(space);
    task_release(task);
    return space;
}

void space_deallocate(space_ref_t space)
{
    if (space != NULL)
        ipc_space_release(space);
}

thread_ref_t convert_port_to_thread(mach_port_t port)
{
    return object_of(port, OBJECT_THREAD, OBJECT_THREAD, offsetof(struct thread, refs));
}

void thread_deallocate(thread_ref_t thread)
{
    if (thread != NULL)
        thread_release(thread);
}

static host_ref_t host_of(mach_port_t name, bool privileged)
{
    struct ipc_port *port = port_of(name);

    if (port == NULL)
        return NULL;
    const bool fits = port == host_priv_port || (port == host_port && !privileged);

    ipc_port_release(port);
    return fits ? (host_ref_t)(const void *)host_port : NULL;
}

host_ref_t convert_port_to_host(mach_port_t port)
{
    return host_of(port, false);
}

host_ref_t convert_port_to_host_priv(mach_port_t port)
{
    return host_of(port, true);
}

mach_port_t convert_host_to_port(host_ref_t host)
{
    return host == NULL ? MACH_PORT_NULL : name_of(ipc_port_make_send(host_port));
}
