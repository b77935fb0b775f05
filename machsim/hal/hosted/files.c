/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * files.c - descriptors of the host that stand for ports, and ports that stand for descriptors or processes.
 *
 * A port or set that is polled has a watch: a descriptor that is readable while there is a message.  The watch is
 * guarded by the lock of what it watches.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hal/hosted/arena.h"
#include "ipc/direct.h"
#include "ipc/right.h"
#include "kern/host.h"

/* ---- over connections ------------------------------------------------------------------------------ */

int receive_file(int connection)
{
    char byte;
    struct iovec bytes = {.iov_base = &byte, .iov_len = 1};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message = {
        .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    int file = -1;

    if (recvmsg(connection, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) <= 0)
        return -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof file))
        memcpy(&file, CMSG_DATA(header), sizeof file);
    return file;
}

bool send_files(int connection, const int *files, unsigned count)
{
    struct iovec bytes = {.iov_base = "f", .iov_len = 1};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(16 * sizeof(int))];
    } control;
    struct msghdr message = {.msg_iov = &bytes,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = CMSG_SPACE(count * sizeof(int))};

    memset(&control, 0, sizeof control);
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(&control.header), files, count * sizeof(int));
    return sendmsg(connection, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

/* ---- ports that are polled ------------------------------------------------------------------------- */

struct watch {
    int event;
    bool raised;
};

static void show(struct watch *watch, bool ready)
{
    if (ready == watch->raised)
        return;
    watch->raised = ready;
    if (ready)
        os_event_raise(watch->event);
    else
        os_event_clear(watch->event);
}

static void end_watch(struct watch *watch)
{
    show(watch, true); /* whoever polls shall look, and find that it is gone */
    close(watch->event);
    hal_free(watch, sizeof *watch);
}

static void port_watcher(struct ipc_port *port)
{
    if (port->state == PORT_ACTIVE) {
        show(port->watch, !list_empty(&port->messages));
        return;
    }
    end_watch(port->watch);
    port->watched = false;
    port->watch = NULL;
}

static void set_watcher(struct ipc_pset *set)
{
    if (set->active) {
        show(set->watch, !list_empty(&set->ready));
        return;
    }
    end_watch(set->watch);
    set->watcher = NULL;
    set->watch = NULL;
}

static struct watch *new_watch(void)
{
    struct watch *watch = hal_alloc(sizeof *watch);

    if (watch == NULL)
        return NULL;
    watch->event = os_event_open();
    if (watch->event < 0) {
        hal_free(watch, sizeof *watch);
        return NULL;
    }
    return watch;
}

/* The descriptor of a port's watch, which `new` becomes if it has none.  True: it did. */
static bool watch_port(struct ipc_port *port, struct watch *new, int *file)
{
    ipc_port_lock(port);
    const bool first = port->state == PORT_ACTIVE && !port->watched;

    if (first) {
        port->watch = new;
        port->watcher = port_watcher;
        port->watched = true;
        port_watcher(port);
        ipc_direct_update(port);
    }
    if (port->watched)
        *file = fcntl(((struct watch *)port->watch)->event, F_DUPFD_CLOEXEC, 0);
    ipc_port_unlock(port);
    return first;
}

static bool watch_set(struct ipc_pset *set, struct watch *new, int *file)
{
    ipc_pset_lock(set);
    const bool first = set->active && set->watcher == NULL;

    if (first) {
        set->watch = new;
        set->watcher = set_watcher;
        ipc_pset_changed(set);
    }
    if (set->watcher != NULL)
        *file = fcntl(((struct watch *)set->watch)->event, F_DUPFD_CLOEXEC, 0);
    ipc_pset_unlock(set);
    return first;
}

static uint64_t poll_trap(struct hosted_thread *t, mach_port_name_t name)
{
    uint32_t bits;
    void *object;
    kern_return_t result = ipc_right_find(t->thread->task->space, name,
                                          MACH_PORT_TYPE_RECEIVE | MACH_PORT_TYPE_PORT_SET, &bits, &object);

    if (result != KERN_SUCCESS)
        return (uint64_t)result;
    struct watch *watch = new_watch();
    bool used = false;

    if (bits & MACH_PORT_TYPE_PORT_SET) {
        used = watch != NULL && watch_set(object, watch, &t->attach[0]);
        ipc_pset_release(object);
    } else {
        used = watch != NULL && watch_port(object, watch, &t->attach[0]);
        ipc_port_release(object);
    }
    if (watch != NULL && !used)
        end_watch(watch);
    return t->attach[0] < 0 ? KERN_RESOURCE_SHORTAGE : KERN_SUCCESS;
}

/* ---- descriptors that are ports -------------------------------------------------------------------- */

void hal_object_unreferenced(void *object)
{
    hosted_file_put(object);
}

static uint64_t give_name(struct hosted_thread *t, struct ipc_port *send_right)
{
    const struct ipc_right right = {.port = send_right, .type = MACH_MSG_TYPE_PORT_SEND};
    mach_port_name_t name;
    const kern_return_t result = ipc_right_give(t->thread->task->space, right, &name);

    t->thread->out = name;
    return (uint64_t)result;
}

static uint64_t make_fileport(struct hosted_thread *t)
{
    int descriptor = receive_file(t->connection);
    struct hosted_file *file = descriptor < 0 ? NULL : hosted_file_make(descriptor);

    if (file == NULL)
        return KERN_INVALID_ARGUMENT;
    struct ipc_port *port = ipc_port_create_kernel(OBJECT_FILE, file);

    if (port == NULL) {
        hosted_file_put(file);
        return KERN_RESOURCE_SHORTAGE;
    }
    return give_name(t, ipc_port_make_send(port));
}

static uint64_t make_file(struct hosted_thread *t, mach_port_name_t name)
{
    uint32_t bits;
    void *object;
    kern_return_t result = ipc_right_find(t->thread->task->space, name, MACH_PORT_TYPE_SEND, &bits, &object);

    if (result != KERN_SUCCESS)
        return (uint64_t)result;
    struct ipc_port *port = object;

    ipc_port_lock(port);
    if (port->object_type == OBJECT_FILE)
        t->attach[0] = fcntl(((struct hosted_file *)port->object)->file, F_DUPFD_CLOEXEC, 0);
    const bool is_file = port->object_type == OBJECT_FILE;

    ipc_port_unlock(port);
    ipc_port_release(port);
    if (!is_file)
        return KERN_INVALID_ARGUMENT;
    return t->attach[0] < 0 ? KERN_RESOURCE_SHORTAGE : KERN_SUCCESS;
}

/* ---- tasks that are processes ---------------------------------------------------------------------- */

/* The process whose memory the holder of a task's port may touch, as far as the host allows it. */
static uint64_t task_process(struct hosted_thread *t, mach_port_name_t name)
{
    uint32_t bits;
    void *object;
    kern_return_t result = ipc_right_find(t->thread->task->space, name, MACH_PORT_TYPE_SEND, &bits, &object);

    if (result != KERN_SUCCESS)
        return KERN_INVALID_ARGUMENT;
    struct ipc_port *port = object;

    ipc_port_lock(port);
    const bool is_task = port->object_type == OBJECT_TASK && port->object != NULL;

    if (is_task)
        t->thread->out = (uint32_t)((const struct task *)port->object)->identity.pid;
    ipc_port_unlock(port);
    ipc_port_release(port);
    return is_task ? KERN_SUCCESS : KERN_INVALID_ARGUMENT;
}

/* ---- the bootstrap server's own -------------------------------------------------------------------- */

static uint64_t set_bootstrap(struct hosted_thread *t, mach_port_name_t name)
{
    struct ipc_space *space = t->thread->task->space;
    struct ipc_right right = {.port = NULL};
    struct ipc_entry *entry;
    kern_return_t result = KERN_INVALID_NAME;

    if (!porter_is_bootstrap(t->thread->task->identity.pid))
        return KERN_NO_ACCESS;
    ipc_space_lock(space);
    entry = ipc_space_lookup(space, name);
    if (entry != NULL)
        result = ipc_right_copyin(space, name, entry, MACH_MSG_TYPE_COPY_SEND, false, &right);
    ipc_space_unlock(space);
    if (result == KERN_SUCCESS) {
        host_set_bootstrap_port(right.port);
        porter_open_gate();
    }
    return (uint64_t)result;
}

bool files_trap(struct hosted_thread *t, uint32_t number, const uint64_t *arguments)
{
    const mach_port_name_t name = (mach_port_name_t)arguments[0];
    uint64_t result;

    switch (number) {
    case WIRE_TRAP_POLL: result = poll_trap(t, name); break;
    case WIRE_TRAP_MAKE_FILEPORT: result = make_fileport(t); break;
    case WIRE_TRAP_MAKE_FILE: result = make_file(t, name); break;
    case WIRE_TRAP_TASK_PROCESS: result = task_process(t, name); break;
    case WIRE_TRAP_ARENA: result = arena_make(t, arguments[0], arguments[1], arguments[2]); break;
    case WIRE_TRAP_PART: result = arena_part(t, arguments[0], arguments[1]); break;
    case WIRE_TRAP_WATCH: result = arena_watch(t, arguments[0], arguments[1]); break;
    case WIRE_TRAP_FORK: result = arena_fork(t); break;
    case WIRE_TRAP_ADOPT: result = arena_adopt(t, arguments[0], arguments[1]); break;
    case WIRE_TRAP_ENTRY: result = arena_entry(t, arguments[0]); break;
    case WIRE_TRAP_FAULT: arena_fault(t, arguments[0], arguments[1] != 0); return true;
    case WIRE_TRAP_AGENT:
        t->thread->out = agent_name(t->thread->task);
        result = KERN_SUCCESS;
        break;
    case WIRE_TRAP_SET_BOOTSTRAP: result = set_bootstrap(t, name); break;
    default: return false;
    }
    thread_return(t->thread, result);
    return true;
}
