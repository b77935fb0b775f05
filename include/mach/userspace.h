/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/userspace.h - the MIRIX names for what a task does with ports and messages. */
#ifndef _MACH_USERSPACE_H_
#define _MACH_USERSPACE_H_

#include <mach/mach_types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of the calling task. */
typedef struct mach_userspace_stats {
    uint64_t ports;    /* receive rights */
    uint64_t names;    /* names of rights of any kind */
    uint64_t sent;     /* messages, by functions of this header */
    uint64_t received;
} mach_userspace_stats_t;

/* Connects to the kernel.  KERN_SUCCESS, KERN_FAILURE. */
kern_return_t mach_userspace_init(void);
/* Lets go of what mach_userspace_init has set up for these functions.  The task stays what it is. */
void mach_userspace_cleanup(void);
kern_return_t mach_userspace_stats(mach_userspace_stats_t *stats);

/* A new receive right with a send right under the same name.  KERN_NO_SPACE, KERN_RESOURCE_SHORTAGE. */
kern_return_t mach_port_allocate_userspace(mach_port_name_t *name);
/* Lets go of both.  KERN_INVALID_NAME, KERN_INVALID_RIGHT. */
kern_return_t mach_port_deallocate_userspace(mach_port_name_t name);

/*
 * Sends the header `message`, with msgh_size bytes (0: the header alone), to its remote port, or to its local port if
 * the remote port is null; and receives one of at most `size` bytes, trailer included, from `port`.
 * Results are mach_msg's.
 */
mach_msg_return_t mach_msg_send_userspace(mach_msg_header_t *message);
mach_msg_return_t mach_msg_receive_userspace(mach_msg_header_t *message, mach_msg_size_t size, mach_port_name_t port);

/* A task that is a child process running `function`, and its end.  KERN_FAILURE; KERN_INVALID_ARGUMENT. */
kern_return_t task_create_userspace(void (*function)(void *argument), void *argument, task_t *task);
kern_return_t task_terminate_userspace(task_t task);

/* As a word by itself: the bits of a message that goes to its own local port.  As a macro: message.h's. */
enum { MACH_MSGH_BITS_LOCAL = MACH_MSGH_BITS(0, MACH_MSG_TYPE_MAKE_SEND) };

#ifdef __cplusplus
}
#endif

#endif
