/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mach/kernelspace.h - the kernel inside a program: MIRIX's names for those who embed or study it.
 *
 * No daemon is needed, and no other process is reached: tasks are numbers, and nothing ever waits.  Calls may come from
 * one thread at a time.  MACH_KERNEL_TASK stands for the first task, which mach_kernel_init makes.
 */
#ifndef _MACH_KERNELSPACE_H_
#define _MACH_KERNELSPACE_H_

#include <mach/mach_types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MACH_KERNEL_TASK ((task_t)1)

typedef struct mach_kernel_stats {
    uint64_t tasks;
    uint64_t ports;    /* receive rights of all tasks */
    uint64_t names;    /* names of rights of all tasks */
    uint64_t sent;     /* messages */
    uint64_t received;
    uint64_t blocks;   /* of memory that the kernel has allocated */
} mach_kernel_stats_t;

/* Starts the kernel.  KERN_RESOURCE_SHORTAGE; KERN_FAILURE: it runs already. */
kern_return_t mach_kernel_init(void);
/* Ends it, and all its tasks. */
void mach_kernel_cleanup(void);
/* KERN_FAILURE: it does not run; so with all calls below. */
kern_return_t mach_kernel_stats(mach_kernel_stats_t *stats);

/* A new task, or the end of one.  KERN_RESOURCE_SHORTAGE; KERN_INVALID_TASK: there is none of that number. */
kern_return_t task_create_kernel(task_t *task);
kern_return_t task_terminate_kernel(task_t task);

/* A receive right of a task's, with a send right under the same name; and its end.  Results: mach_port_allocate's. */
kern_return_t mach_port_allocate_kernel(task_t task, mach_port_name_t *name);
kern_return_t mach_port_deallocate_kernel(task_t task, mach_port_name_t name);

/*
 * Puts a message, with msgh_size bytes, into the queue of its remote port; those of higher `priority` come first, and
 * among equals the oldest.  Takes the first, of at most `size` bytes with its trailer, out of a port or set.
 * Results: mach_msg's, with timeouts of 0.
 */
mach_msg_return_t mach_msg_enqueue(task_t task, mach_msg_header_t *message, mach_msg_priority_t priority);
mach_msg_return_t mach_msg_dequeue(task_t task, mach_port_name_t port, mach_msg_header_t *message,
                                   mach_msg_size_t size);

/* Whole pages of memory, zeroed.  KERN_NO_SPACE; KERN_INVALID_ARGUMENT. */
kern_return_t vm_allocate_kernel(vm_address_t *address, vm_size_t size);
kern_return_t vm_deallocate_kernel(vm_address_t address, vm_size_t size);

#ifdef __cplusplus
}
#endif

#endif
