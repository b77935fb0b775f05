/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * request.h - what a task asked to hear about a port: that it died, has room, has no senders, or was let go of.
 *
 * The message that will tell is made beforehand, so that no shortage can lose it.  Requests about a send right belong
 * to its entry, and are in their port's list, under the port's lock, until they are told or cancelled.  The other
 * two are the port's: port->no_senders and port->port_destroyed.
 */
#ifndef IPC_REQUEST_H
#define IPC_REQUEST_H

#include "ipc/kmsg.h"

struct ipc_request {
    struct list link; /* in port->requests; unlinked: told */
    struct ipc_port *notify;
    struct ipc_kmsg *kmsg;
    mach_port_name_t name; /* of the right, in the space of whoever asked */
    bool send_possible;    /* also wants to hear that sending is possible */
    bool armed;            /* ... and someone found the queue full */
};

/* NULL: no memory.  Takes the send-once right `notify`. */
struct ipc_request *ipc_request_create(struct ipc_port *notify, mach_port_name_t name, bool send_possible);
/* Gives back the right to notify, and frees a request that is in no port. */
struct ipc_port *ipc_request_free(struct ipc_request *request);
/* Adds to a locked, live port. */
void ipc_request_add(struct ipc_port *port, struct ipc_request *request);
/*
 * Takes a request off its port, unlocked.  The right to notify, or NULL if it was told already.  Frees the request.
 */
struct ipc_port *ipc_request_cancel(struct ipc_port *port, struct ipc_request *request);
/* Sends what is to be told of the name, for a request that is in no port; ipc_request_free follows. */
void ipc_request_tell(struct ipc_request *request, mach_msg_id_t id);
/* Whether it was told. */
bool ipc_request_told(struct ipc_port *port, struct ipc_request *request);
/* Marks that its owner waits for room.  Port locked. */
void ipc_request_arm(struct ipc_port *port, struct ipc_request *request);
/* A locked port has died: all its requests hear. */
void ipc_request_tell_dead(struct ipc_port *port);
/* A locked port has room: those who are armed hear. */
void ipc_request_tell_possible(struct ipc_port *port);
/* The right was deleted with the request outstanding: tells that. */
void ipc_request_tell_deleted(struct ipc_port *port, struct ipc_request *request);

#endif
