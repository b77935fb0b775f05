/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mach_port.h - what the routines of include/mach/mach_port.defs have in common.
 *
 * kernel_mach_port_X is what the kernel does for mach_port_X; mach_port_X(3) says what that is.  The space is NULL
 * when the request went to a port that stands for no task.
 */
#ifndef IPC_MACH_PORT_H
#define IPC_MACH_PORT_H

#include "gen/kernel/mach_port_server.h"
#include "ipc/mqueue.h"
#include "ipc/right.h"
#include "kern/kobject.h"

/*
 * Locks the space and finds what a name denotes, if it has one of the rights `types`.  Only on KERN_SUCCESS is the
 * space locked.  KERN_INVALID_TASK, KERN_INVALID_NAME, KERN_INVALID_RIGHT.
 */
kern_return_t mach_port_find(struct ipc_space *space, mach_port_name_t name, mach_port_type_t types,
                             struct ipc_entry **entry);

/* The same for a receive right: the port is locked, and the space is not. */
kern_return_t mach_port_find_receive(struct ipc_space *space, mach_port_name_t name, struct ipc_port **port);

#endif
