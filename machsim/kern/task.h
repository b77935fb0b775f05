/* SPDX-License-Identifier: BSD-2-Clause */
/* task.h - tasks: a space of port names, threads, special ports, and what they may use. */
#ifndef KERN_TASK_H
#define KERN_TASK_H

#include <mach/message.h>

#include "ipc/space.h"
#include "kern/agent.h"
#include "kern/list.h"

/* Special ports: TASK_KERNEL_PORT, TASK_HOST_PORT, TASK_NAME_PORT, TASK_BOOTSTRAP_PORT of mach/task_special_ports.h. */
#define TASK_SPECIAL_PORTS 5
#define TASK_REGISTERED_PORTS 3

/* What one task may use. */
struct task_limits {
    uint32_t names;    /* in its space */
    uint32_t receives; /* receive rights among them */
    uint64_t memory;   /* bytes of messages that it has sent and no one has received */
    uint32_t threads;
};

struct exception_actions;
struct vm_map;

struct task_identity {
    uint32_t uid, gid, real_uid, real_gid;
    int32_t pid; /* of the host's process; 0: none */
    bool privileged; /* its host port is the privileged one, as root's is */
};

struct task {
    struct ref refs;
    struct list link; /* in the list of all tasks: task.c */
    struct ipc_space *space;
    _Atomic(struct vm_map *) map; /* NULL: the machine has no address spaces of its own, or not for it yet */
    struct task_identity identity;
    security_token_t security_token;
    audit_token_t audit_token;
    struct task_limits limits;
    _Atomic uint64_t memory; /* charged */
    _Atomic uint64_t sent, received; /* messages */

    struct lock lock; /* guards all below */
    bool active;
    struct list threads;
    uint32_t thread_count;
    struct ipc_port *self, *name;                  /* the kernel's receive rights */
    struct ipc_port *special[TASK_SPECIAL_PORTS];  /* send rights */
    struct ipc_port *registered[TASK_REGISTERED_PORTS];
    struct exception_actions *exceptions; /* NULL: none */
    uint32_t suspended; /* how often, by task_suspend */
    struct agent agent;
    _Atomic(void *) machine; /* the machine's, under the lock; `ended` is called when all else of the task has ended */
    void (*ended)(struct task *task);
};

/* What a new task gets of an older one, its parent or the program that its process ran before: send rights. */
struct task_heritage {
    struct ipc_port *bootstrap;
    struct ipc_port *registered[TASK_REGISTERED_PORTS];
};

/* What a task leaves: new send rights. */
struct task_heritage task_bequeath(struct task *task);
void task_heritage_release(struct task_heritage *heritage);

/*
 * A new task with an empty space.  Takes the rights of `heritage`, or leaves them to be released; NULL: the task has
 * the host's bootstrap port.  KERN_RESOURCE_SHORTAGE.
 */
kern_return_t task_make(struct task_heritage *heritage, const struct task_identity *identity,
                        const struct task_limits *limits, struct task **task);
void task_reference(struct task *task);
void task_release(struct task *task);

/* Ends a task: threads, rights, ports.  Does nothing the second time. */
void task_end(struct task *task);

/* The live task of a process, with a reference, or NULL. */
struct task *task_of_pid(int32_t pid);
/* Whether a task may have the rights over another that its owner has: by uid. */
bool task_may_control(const struct task *task, const struct task *other);

/* Charges bytes of kernel memory; false: that is too much. */
bool task_charge(struct task *task, uint64_t bytes);
void task_uncharge(struct task *task, uint64_t bytes);

/* A new send right for a special port; NULL, IPC_PORT_DEAD. */
struct ipc_port *task_special_port(struct task *task, int which);
/* Sets a special port, and lets go of the former.  Takes the send right. */
void task_set_special(struct task *task, int which, struct ipc_port *port);

/* Calls `function` for each live task, which it may keep only with a reference of its own. */
void task_for_each(void (*function)(struct task *task, void *context), void *context);

void task_init(void);

#endif
