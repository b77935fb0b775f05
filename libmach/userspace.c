/* SPDX-License-Identifier: BSD-2-Clause */
/* userspace.c - the MIRIX names for ports and messages: mach/userspace.h. */
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mach/mach.h>

static _Atomic uint64_t ports, sent, received;

kern_return_t mach_userspace_init(void)
{
    return mach_init();
}

void mach_userspace_cleanup(void)
{
    sent = received = 0;
}

kern_return_t mach_userspace_stats(mach_userspace_stats_t *stats)
{
    ipc_info_space_basic_t info;
    kern_return_t result = mach_port_space_basic_info(mach_task_self(), &info);

    if (result == KERN_SUCCESS)
        *stats = (mach_userspace_stats_t){
            .ports = ports, .names = info.iisb_table_inuse, .sent = sent, .received = received};
    return result;
}

kern_return_t mach_port_allocate_userspace(mach_port_name_t *name)
{
    mach_port_options_t options = {.flags = MPO_INSERT_SEND_RIGHT};
    kern_return_t result = mach_port_construct(mach_task_self(), &options, 0, name);

    if (result == KERN_SUCCESS)
        ports++;
    return result;
}

kern_return_t mach_port_deallocate_userspace(mach_port_name_t name)
{
    kern_return_t result = mach_port_destruct(mach_task_self(), name, -1, 0);

    if (result == KERN_SUCCESS)
        ports--;
    return result;
}

mach_msg_return_t mach_msg_send_userspace(mach_msg_header_t *message)
{
    mach_msg_header_t *header = message;

    if (header->msgh_remote_port == MACH_PORT_NULL) {
        header->msgh_remote_port = header->msgh_local_port;
        header->msgh_local_port = MACH_PORT_NULL;
        header->msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MAKE_SEND, 0) | (header->msgh_bits & MACH_MSGH_BITS_COMPLEX);
    }
    if (header->msgh_size == 0)
        header->msgh_size = sizeof *header;
    mach_msg_return_t result = mach_msg_send(header);

    if (result == MACH_MSG_SUCCESS)
        sent++;
    return result;
}

mach_msg_return_t mach_msg_receive_userspace(mach_msg_header_t *message, mach_msg_size_t size, mach_port_name_t port)
{
    mach_msg_return_t result =
        mach_msg(message, MACH_RCV_MSG, 0, size, port, MACH_MSG_TIMEOUT_NONE, MACH_PORT_NULL);

    if (result == MACH_MSG_SUCCESS)
        received++;
    return result;
}

/* The child is a task once it has made a call; its parent waits for that. */
static bool announce_child(int ready)
{
    const bool fine = mach_init() == KERN_SUCCESS;

    (void)!write(ready, "r", fine ? 1 : 0);
    close(ready);
    return fine;
}

kern_return_t task_create_userspace(void (*function)(void *argument), void *argument, task_t *task)
{
    int ready[2];
    char byte;

    if (function == NULL)
        return KERN_INVALID_ARGUMENT;
    if (pipe(ready) < 0)
        return KERN_RESOURCE_SHORTAGE;
    pid_t pid = fork();
    if (pid == 0) {
        close(ready[0]);
        if (announce_child(ready[1]))
            function(argument);
        _exit(EXIT_SUCCESS);
    }
    close(ready[1]);
    const bool came = pid > 0 && read(ready[0], &byte, 1) == 1;
    close(ready[0]);
    return came ? task_for_pid(mach_task_self(), pid, task) : KERN_FAILURE;
}

kern_return_t task_terminate_userspace(task_t task)
{
    int pid;

    if (pid_for_task(task, &pid) != KERN_SUCCESS || pid <= 0)
        return KERN_INVALID_ARGUMENT;
    if (kill(pid, SIGKILL) < 0)
        return KERN_FAILURE;
    (void)waitpid(pid, NULL, 0); /* a child of ours; others' are theirs to wait for */
    return mach_port_deallocate(mach_task_self(), task);
}
