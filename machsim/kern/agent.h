/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * agent.h - requests to change another task's memory, on machines where a task alone can change its own
 * (hal_maps_are_own).
 *
 * Such a request goes on as it is to a port of the task that it is about, the agent's: the machine rouses the task, which
 * receives it there, does it and answers whoever asked.  The port is made when it is first wanted.  What a task has not
 * begun with in a few seconds is refused: its port goes, with all that waits there.
 *
 * The task's lock guards what is here.
 */
#ifndef KERN_AGENT_H
#define KERN_AGENT_H

#include <stdbool.h>

#include "ipc/kmsg.h"
#include "kern/timer.h"

struct task;

struct agent {
    struct ipc_port *port; /* a send right, or NULL */
    mach_port_name_t name; /* of the receive right, in the task's space */
    mach_port_seqno_t seqno; /* of the port, when the timer was set */
    struct timer timer;
    bool waits; /* the timer is set, and has a reference to the task */
};

/* True: the request was such a one, and is taken: it is on its way there, or is answered with an error. */
bool agent_takes(struct ipc_kmsg *request);

/* The name that a task receives such requests at; MACH_PORT_NULL: there were none. */
mach_port_name_t agent_name(struct task *task);

/* The task has ended. */
void agent_end(struct task *task);

#endif
