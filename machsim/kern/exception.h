/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exception.h - what becomes of a thread that cannot go on as it is: someone is asked by a message, and it goes on, or not.
 *
 * Asked are the thread's port for that kind of exception, then its task's, then the host's: whoever answers KERN_SUCCESS
 * has taken care of it.  The thread waits in the kernel meanwhile; nothing of the kernel's does.  Sources: Black et al.,
 * The Mach exception handling facility, 1988; XNU, thread_set_exception_ports(3).
 */
#ifndef KERN_EXCEPTION_H
#define KERN_EXCEPTION_H

#include <mach/exception_types.h>
#include <mach/message.h>
#include <stdbool.h>

struct ipc_kmsg;
struct ipc_port;
struct lock;
struct thread;

/* Who is asked about one kind of exception, and how. */
struct exception_action {
    struct ipc_port *port; /* a send right; NULL, IPC_PORT_DEAD: no one */
    exception_behavior_t behavior;
    thread_state_flavor_t flavor;
};

/* For each kind; under the lock of the thread's task, or the host's. */
struct exception_actions {
    struct exception_action of[EXC_TYPES_COUNT];
};

/* A thread's exception, while someone is asked. */
struct exception {
    struct ipc_port *reply; /* the kernel's: answers come here; made at the first exception */
    exception_type_t type;
    int64_t code[EXCEPTION_CODE_MAX];
    unsigned asked; /* how many of thread, task and host */
    mach_msg_id_t expected; /* the answer's */
    bool with_state;
    _Atomic bool asking; /* an answer is awaited */
};

/*
 * Asks about an exception of a thread, which the machine has stopped.  The last thing that is done for it: it ends in
 * hal_exception_done, now or later.
 */
void exception_ask(struct thread *thread, exception_type_t type, int64_t code, int64_t subcode);
/* A message has come to a thread's `reply`.  Consumes it. */
void exception_answered(struct ipc_kmsg *answer);
/* The thread has ended, or does not come to be. */
void exception_end(struct thread *thread);

/* Lets go of all ports; NULL is ignored. */
void exception_actions_release(struct exception_actions *actions);
/* A copy for a new task; NULL: there are none, or no memory, and then *lacking. */
struct exception_actions *exception_actions_copy(struct exception_actions *const *actions, struct lock *lock, bool *lacking);
/* What there is for a kind, with a new send right. */
struct exception_action exception_action_at(struct exception_actions *const *actions, struct lock *lock, exception_type_t type);

#endif
