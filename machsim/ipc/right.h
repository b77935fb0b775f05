/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * right.h - what can be done with one name: the space is locked, and the entry is in use.
 *
 * An entry that holds a send right and the receive right for a port is one entry with both types.  A right to a
 * port that has died becomes a dead name when someone next looks at it: that is ipc_right_check, which everything
 * here calls first.  Source: Mach 3 Kernel Interfaces; XNU's manual pages where they say more.
 */
#ifndef IPC_RIGHT_H
#define IPC_RIGHT_H

#include "ipc/port.h"
#include "ipc/pset.h"

/* The entry's bits, after it has become a dead name if its port has died. */
uint32_t ipc_right_check(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry);

/* A right denoted by name, found under the lock.  KERN_INVALID_NAME, KERN_INVALID_RIGHT: not of one of `types`. */
kern_return_t ipc_right_lookup(struct ipc_space *space, mach_port_name_t name, mach_port_type_t types,
                               struct ipc_entry **entry);

/* MACH_PORT_TYPE_* of everything about the name, requests included. */
mach_port_type_t ipc_right_info(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry);

/* Lets go of all rights under the name. */
void ipc_right_destroy(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry);

/* mach_port_deallocate: lets go of one send, send-once or dead-name reference.  KERN_INVALID_RIGHT. */
kern_return_t ipc_right_deallocate(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry);

/* mach_port_mod_refs.  KERN_INVALID_RIGHT, _VALUE, KERN_UREFS_OVERFLOW. */
kern_return_t ipc_right_delta(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry,
                              mach_port_right_t right, mach_port_delta_t delta);

/* mach_port_destruct: the receive right goes, and `send_delta` send references.  KERN_INVALID_RIGHT, _VALUE. */
kern_return_t ipc_right_destruct(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry,
                                 mach_port_delta_t send_delta, mach_port_context_t guard);

/* User references of one kind; 0 if there are none. */
mach_port_urefs_t ipc_right_urefs(uint32_t bits, mach_port_right_t right);

/* Moves everything to a new entry.  Cannot fail. */
void ipc_right_rename(struct ipc_space *space, mach_port_name_t old_name, struct ipc_entry *old,
                      mach_port_name_t new_name, struct ipc_entry *new);

/*
 * Whether ipc_right_copyin would do with this name and disposition.  `dead_ok`: a dead name may be sent.
 */
bool ipc_right_copyin_check(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry,
                            mach_msg_type_name_t disposition, bool dead_ok);

/*
 * Takes, copies or makes a right as the disposition says, out of the name.  With `dead_ok` a dead name gives
 * IPC_PORT_DEAD.  KERN_INVALID_RIGHT, KERN_INVALID_VALUE (not a disposition).
 */
kern_return_t ipc_right_copyin(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry,
                               mach_msg_type_name_t disposition, bool dead_ok, struct ipc_right *right);

/*
 * Gives a space a right: finds its name, or makes one.  Consumes the right if all goes well; a dead or no port
 * gives MACH_PORT_DEAD or MACH_PORT_NULL.  KERN_NO_SPACE, KERN_RESOURCE_SHORTAGE, KERN_INVALID_TASK.
 */
kern_return_t ipc_right_copyout(struct ipc_space *space, struct ipc_right right, mach_port_name_t *name);
/* The same for a send-once right, whose name is always new; that its port is dead shows when the name is used. */
kern_return_t ipc_right_copyout_once(struct ipc_space *space, struct ipc_port *port, mach_port_name_t *name);
/* The same for any without the space's lock, and the right is consumed in any case: without room *name is MACH_PORT_NULL. */
kern_return_t ipc_right_give(struct ipc_space *space, struct ipc_right right, mach_port_name_t *name);

/*
 * The same under a name of the caller's choice.  KERN_NAME_EXISTS; KERN_RIGHT_EXISTS: the space has it under
 * another name; KERN_INVALID_CAPABILITY: the port is dead; KERN_UREFS_OVERFLOW.
 */
kern_return_t ipc_right_copyout_name(struct ipc_space *space, struct ipc_right right, mach_port_name_t name);

/*
 * Makes a name that was set aside (ipc_space_lease) that of a send-once right; of a dead name for IPC_PORT_DEAD; NULL
 * gives it back.  The right is the caller's if the space has ended, or the name is not set aside: false.
 */
bool ipc_right_copyout_lease(struct ipc_space *space, struct ipc_port *send_once, mach_port_name_t name);
/* The same for the receive right of a port in limbo, which the space has room for. */
bool ipc_right_copyout_lease_receive(struct ipc_space *space, struct ipc_port *port, mach_port_name_t name);

/* MACH_MSG_TYPE_PORT_* that a disposition results in; 0: it is none. */
mach_msg_type_name_t ipc_right_result(mach_msg_type_name_t disposition);

/*
 * Asks to be told of a send right's port: takes the send-once right `notify`, or NULL to cancel, and gives the
 * former one.  KERN_INVALID_ARGUMENT: it is not a right to send.  KERN_UREFS_OVERFLOW.  KERN_RESOURCE_SHORTAGE.
 */
kern_return_t ipc_right_request(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry,
                                bool immediate, bool send_possible, struct ipc_port *notify,
                                struct ipc_port **previous);

/* MACH_SEND_NOTIFY: the send-possible request that stands on the entry, if one does, is to tell when there is room. */
void ipc_right_arm(struct ipc_entry *entry);

/* With the space unlocked, finds the receive right or set; gives a reference.  KERN_INVALID_NAME, _RIGHT. */
kern_return_t ipc_right_find(struct ipc_space *space, mach_port_name_t name, mach_port_type_t types,
                             uint32_t *bits, void **object);

#endif
