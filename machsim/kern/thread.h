/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * thread.h - threads of tasks: at most one trap at a time, and what it waits for.
 *
 * A thread that waits has no stack here: its continuation is called when it is woken.  While a trap runs or waits,
 * the fields under "the trap" belong to whichever processor works on it; wakers touch only thread->wait.
 */
#ifndef KERN_THREAD_H
#define KERN_THREAD_H

#include "ipc/mqueue.h"
#include "kern/exception.h"

struct task;

/* The arguments of mach_msg. */
struct mach_msg_arguments {
    uint64_t message; /* address */
    mach_msg_option_t option;
    mach_msg_size_t send_size;
    mach_msg_size_t receive_size;
    mach_port_name_t receive_name;
    mach_msg_timeout_t timeout;
    mach_port_name_t notify;
    uint64_t receive_message; /* address; 0: where `message` is */
    mach_msg_size_t scatter_size;
};

struct thread {
    struct ref refs;
    struct task *task; /* referenced */
    struct list link;  /* in task->threads, under the task's lock */
    bool terminated;   /* under the task's lock */
    struct ipc_port *self;  /* the thread's port, the kernel's */
    struct ipc_port *self_right; /* send right that mach_thread_self gives: thread_set_special_port; task's lock */
    struct exception_actions *exceptions; /* NULL: none; task's lock */
    struct exception exception;
    uint32_t suspended; /* how often, by thread_suspend; task's lock */
    int32_t importance; /* among threads: THREAD_PRECEDENCE_POLICY; task's lock */
    void *hal;         /* the machine's */
    struct list machine; /* the machine's too: a link, while the thread is to go on */

    /* the trap */
    void (*continuation)(struct thread *thread);
    struct mach_msg_arguments msg;
    mach_msg_priority_t priority; /* of the messages that it sends */
    uint64_t out; /* a second result, for traps that have one */
    struct ipc_scatter *scatter;
    struct ipc_wait wait;
};

/*
 * A new thread of a task, with two references: one goes when it ends.  *thread is there before anyone finds it.
 * KERN_RESOURCE_SHORTAGE; KERN_TERMINATED: the task has ended.
 */
kern_return_t thread_make(struct task *task, void *hal, struct thread **thread);
void thread_reference(struct thread *thread);
void thread_release(struct thread *thread);

/* Ends a thread: what it waits for is aborted, its port dies.  The machine is told when its trap, if any, is over. */
void thread_end(struct thread *thread);

/* A new send right for the port that mach_thread_self gives; NULL or IPC_PORT_DEAD. */
struct ipc_port *thread_self_right(struct thread *thread);

/* Whether what a thread receives next may have so many bytes, before its trailer. */
static inline bool thread_has_room(const struct thread *thread, mach_msg_size_t size)
{
    return size + ipc_trailer_size(thread->msg.option) <= thread->msg.receive_size;
}

/* For wakers, with locks held: the thread's continuation will be called. */
void thread_go(struct thread *thread);

/* Called by the machine for a thread given to hal_thread_run; consumes the reference. */
void thread_continue(struct thread *thread);

/* Ends the trap, after all that it deferred. */
void thread_return(struct thread *thread, uint64_t result);

#endif
