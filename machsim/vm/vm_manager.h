/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_manager.h - a port that stands for a memory object of a user program's, and what the kernel tells its manager.
 *
 * Messages to a manager leave in the order in which they were posted: what was returned must not be overtaken by a
 * request for the same page.  One processor at a time sends them, without locks.
 *
 * A port has at most one of these, as long as it has a pager or a message is on its way.  The memory lock guards all.
 */
#ifndef VM_VM_MANAGER_H
#define VM_VM_MANAGER_H

#include "ipc/kmsg.h"

struct vm_manager {
    uint32_t refs;
    struct ipc_port *port; /* a send right */
    struct list outgoing;  /* of ipc_kmsg */
    bool sending;
    struct defer work;
    struct vm_pager *pager; /* of the object that is mapped; NULL: none is */
};

/* The manager of a port, or a new one that takes the send right: *port is NULL then.  Gives a reference; NULL: no memory. */
struct vm_manager *vm_manager_of(struct ipc_port **port);
void vm_manager_release(struct vm_manager *manager);

/*
 * A message of the kernel's: `size` bytes that are the caller's to fill in behind the header, which names a control
 * port first.  `memory`, if not NULL, stands behind that; it is taken if all goes well.  NULL: no memory.
 */
struct ipc_kmsg *vm_manager_message(mach_msg_id_t id, mach_msg_size_t size, struct ipc_port *control,
                                    struct vm_map_copy *memory);

/* It is not sent; what it was given is let go of, but for memory, which is the caller's again. */
void vm_manager_discard(struct ipc_kmsg *message);

/*
 * A port that may be a manager's has died.  Takes the memory lock.  It looks without first: who makes a manager looks
 * whether its port has died after that, and one of the two sees the other, as both take the port's lock between.
 */
void vm_manager_died(struct ipc_port *port);

/* Has a message sent: to the destination that it has, or to the manager. */
void vm_manager_post(struct vm_manager *manager, struct ipc_kmsg *message);

#endif
