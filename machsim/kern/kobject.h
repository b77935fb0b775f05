/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kobject.h - messages to the kernel: each is served at once, by the server that mig made for its interface.
 *
 * While the kernel serves a request, the rights in its body have names in ipc_space_kernel, and the functions that the
 * server calls (kernel_mach_port_allocate ...) see these names.  A function owns nothing that it is given unless it
 * takes it: once it has called kobject_right, all rights of the request are its own, whatever it returns.  What it
 * did not take, memory included, is let go of after it.
 */
#ifndef KERN_KOBJECT_H
#define KERN_KOBJECT_H

#include "ipc/kmsg.h"
#include "ipc/pass.h"

/* Whether messages to a port go to the kernel. */
static inline bool kobject_is(const struct ipc_port *port)
{
    return ipc_port_valid(port) && port->object_type != OBJECT_NONE;
}

/* Whether what a port stands for goes when no one has a send right for it any more; and lets go of that. */
bool kobject_goes_unreferenced(enum ipc_object_type type);
void kobject_unreferenced(enum ipc_object_type type, void *object);

/*
 * Serves a request, and sends the reply.  Consumes it.  True: whoever has asked, with MACH_RCV_MSG, has the reply already, as
 * ipc_pass_reply says.  `asker` may be NULL.
 */
bool kobject_serve(struct ipc_kmsg *request, struct thread *asker);

/*
 * The routine for requests to a kernel's port that never wait, and whose answers are short; NULL: there is none, or it is not so.
 */
const struct routine_descriptor *kobject_routine_at_once(const struct ipc_port *port, mach_msg_id_t id);

/* What an asker has of it: an answer to be given him, one in asker->wait.kmsg, or none yet: it was sent, or there is none. */
enum kobject_answer { ANSWER_HERE, ANSWER_TAKEN, ANSWER_SENT };

/*
 * Has such a routine serve a request without rights in its body, whose bytes are as its sender gave them.  Takes the passage's port
 * and reply right.  *answer is for the answer.
 */
enum kobject_answer kobject_answer(struct thread *asker, const struct ipc_passage *passage, struct ipc_parcel *request,
                                   struct ipc_parcel *answer);

/* Where the request that is being served was sent, if that is what a name denotes; or NULL. */
struct ipc_port *kobject_destination(mach_port_t name);

/* Whether the request that is being served comes from a task. */
bool kobject_sender_is(const struct task *task);

/* Which task that is, with a reference; NULL: it has ended, or is the kernel. */
struct task *kobject_sender(void);

/* ---- requests that wait ------------------------------------------------------------------------------ */

struct waiter *kobject_waiter(void);
/* 0 at first. */
uint64_t *kobject_progress(void);
/* NULL at first; what is there when the request ends is let go of. */
struct vm_map_copy **kobject_partial(void);

/* ---- rights in requests and replies ---------------------------------------------------------------- */

/* Takes a right of the kind `type` (MACH_MSG_TYPE_PORT_*) out of a name in the kernel's space. */
struct ipc_right kobject_right(mach_port_t name, mach_msg_type_name_t type);
/* Gives the kernel's space a right, for a reply.  Consumes it; KERN_RESOURCE_SHORTAGE: it is let go of. */
kern_return_t kobject_name(struct ipc_right right, mach_port_t *name);

#endif
