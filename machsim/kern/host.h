/* SPDX-License-Identifier: BSD-2-Clause */
/* host.h - the host as a whole: its ports, and the first thing that runs in the core. */
#ifndef KERN_HOST_H
#define KERN_HOST_H

#include "ipc/port.h"
#include "kern/exception.h"

extern struct ipc_port *host_port;      /* the kernel's receive right; anyone may have a send right */
extern struct ipc_port *host_priv_port; /* those with uid 0 */

/* The port that tasks without a parent get as their bootstrap port: a new send right, or NULL. */
struct ipc_port *host_bootstrap_port(void);
/* Sets it, and lets go of the former.  Takes the send right. */
void host_set_bootstrap_port(struct ipc_port *port);

/* Who is asked about exceptions that no thread's or task's port takes care of, and under which lock that stands. */
struct exception_actions **host_exceptions(struct lock **lock);
struct exception_action host_exception_action(exception_type_t type);

/* Starts the core.  KERN_RESOURCE_SHORTAGE. */
kern_return_t kernel_start(void);
/* Ends it: no task is left. */
void kernel_stop(void);

#endif
