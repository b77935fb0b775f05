/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kmsg.h - a message inside the kernel.
 *
 * The bytes are a private copy, in the form that sender and receiver share; the rights and the memory that the
 * message carries stand beside them, so no field is a name here and a pointer there.  Copyin turns names into
 * rights, copyout turns rights into names and writes them into the bytes.  A message belongs to whoever holds the
 * pointer: its sender, the queue that it is in, or its receiver.
 */
#ifndef IPC_KMSG_H
#define IPC_KMSG_H

#include <mach/message.h>

#include "ipc/port.h"
#include "ipc/trailer.h"
#include "kern/waiter.h"

struct ipc_simple;
struct task;
struct thread;

/* No message is larger, header and trailer aside. */
#define IPC_KMSG_MAX_BODY (64u * 1024 * 1024)
#define IPC_KMSG_MAX_SIZE (IPC_KMSG_MAX_BODY - (mach_msg_size_t)sizeof(mach_msg_header_t) - MAX_TRAILER_SIZE)
/* Out-of-line port arrays: together at most so many rights in a message. */
#define IPC_KMSG_MAX_OOL_PORTS 16382u
/* Out-of-line memory: together at most so many bytes in a message. */
#define IPC_KMSG_MAX_OOL_MEMORY ((uint64_t)1 << 40)

/* Where a receiver wants out-of-line memory: the descriptors it gave to mach_msg_overwrite. */
struct ipc_scatter {
    uint32_t count;
    mach_msg_descriptor_t descriptors[];
};

struct ipc_kdescriptor {
    mach_msg_descriptor_type_t kind;
    mach_msg_type_name_t type; /* of the right or rights, as MACH_MSG_TYPE_PORT_* */
    mach_msg_copy_options_t copy;
    mach_msg_guard_flags_t guard_flags;
    mach_port_context_t guard;
    mach_msg_size_t count; /* rights of an array; bytes of memory */
    union {
        struct ipc_port *port;
        struct ipc_port **ports;
        struct vm_map_copy *memory;
    };
};

struct ipc_kmsg {
    union {
        struct {
            struct list link; /* in a port's queue */
            struct defer work;
        };
        struct waiter waiter; /* of a request to the kernel, while that serves it: kern/kobject.h */
    };
    struct ipc_right destination, reply, voucher;
    mach_msg_bits_t bits; /* MACH_MSGH_BITS_COMPLEX, or 0 */
    mach_msg_id_t id;
    mach_msg_size_t size; /* bytes, without trailer */
    struct ipc_kdescriptor *descriptors;
    uint32_t descriptor_count; /* those that hold something */
    uint32_t descriptor_room;
    bool carries_receive; /* some right in the body is a receive right */
    mach_msg_priority_t priority; /* those of higher priority are received first */
    security_token_t sender;
    audit_token_t audit;
    mach_port_seqno_t seqno; /* once taken from its queue */
    mach_port_context_t context;
    mach_port_name_t received_name; /* of the port it was taken from */
    _Atomic uint32_t parked; /* this and the next four: kern/kobject.c */
    const struct routine_descriptor *routine;
    struct ipc_kmsg *answer;
    uint64_t progress;
    struct vm_map_copy *partial;
    struct task *charged; /* whose allowance of kernel memory it uses; NULL: the kernel's own */
    uint64_t charge;
    size_t allocated;
    mach_msg_header_t message[]; /* `size` bytes, and room for a trailer */
};

/*
 * A message of `size` bytes, charged to a task or NULL; its bytes are anything.
 * NULL: no memory, or the task's allowance is used up.
 */
struct ipc_kmsg *ipc_kmsg_alloc(mach_msg_size_t size, struct task *charged);
/* Frees a message that holds nothing any more. */
void ipc_kmsg_free(struct ipc_kmsg *kmsg);
/* Room for descriptors.  False: no memory. */
bool ipc_kmsg_alloc_descriptors(struct ipc_kmsg *kmsg, uint32_t count);

/* Destroys a message with all it holds, soon.  May be called with locks held. */
void ipc_kmsg_destroy(struct ipc_kmsg *kmsg);
/* Lets go of all rights and memory in the body. */
void ipc_kmsg_clean_body(struct ipc_kmsg *kmsg);

/* Reads the bytes of a message from a thread, or takes those that were read if it is a short one.  MACH_SEND_MSG_TOO_SMALL, _TOO_LARGE, _NO_BUFFER, _INVALID_DATA. */
mach_msg_return_t ipc_kmsg_get(struct thread *thread, uint64_t address, const void *bytes, mach_msg_size_t size,
                               struct ipc_kmsg **kmsg);

/* ---- copyin.c -------------------------------------------------------------------------------------- */

/*
 * Turns the names in a message's bytes into rights.  `thread` is whose memory out-of-line addresses mean; NULL for
 * the kernel's, whose addresses are those of vm_map_copy_data.
 *
 * MACH_SEND_INVALID_HEADER, _DEST, _REPLY, _VOUCHER: nothing has changed.
 * MACH_SEND_INVALID_RIGHT, _MEMORY, _TYPE, _MSG_TOO_SMALL, _NO_BUFFER: what was taken so far, with the header's
 * rights, is gone.  Source: XNU, mach_msg(2).
 */
mach_msg_return_t ipc_kmsg_copyin(struct ipc_kmsg *kmsg, struct ipc_space *space, struct thread *thread);
/*
 * The header alone, if that is a simple one of which ipc_simple_find has told in the locked space.  False: the port has died, and
 * nothing has changed.
 */
bool ipc_kmsg_copyin_simple(struct ipc_kmsg *kmsg, struct ipc_space *space, const struct ipc_simple *found);
/* The same for a message of the kernel's, which has its destination: what is in its body. */
mach_msg_return_t ipc_kmsg_copyin_kernel(struct ipc_kmsg *kmsg);

/* ---- copyout.c ------------------------------------------------------------------------------------- */

/*
 * Turns the rights of a received message into names, and completes its bytes.
 *
 * MACH_RCV_HEADER_ERROR with MACH_MSG_IPC_SPACE or _IPC_KERNEL: there was no room for the reply right; the message
 * is as it was.  MACH_RCV_BODY_ERROR with MACH_MSG_IPC_* or _VM_*: rights or memory that found no room are destroyed
 * and stand as null; the rest arrived.
 */
mach_msg_return_t ipc_kmsg_copyout(struct ipc_kmsg *kmsg, struct ipc_space *space, struct thread *thread,
                                   bool voucher, const struct ipc_scatter *scatter);

/*
 * Gives a message that could not be sent back to its sender: as after a receive, but that destination and reply
 * stand where they stood, with the rights that they have become.  MACH_MSG_* bits tell what found no room.
 */
mach_msg_return_t ipc_kmsg_copyout_pseudo(struct ipc_kmsg *kmsg, struct ipc_space *space, struct thread *thread);

/*
 * The same for the kernel, which keeps destination and reply as rights, and lets go of the voucher; what is in the body gets names
 * in its space, or is lost.
 */
void ipc_kmsg_copyout_kernel(struct ipc_kmsg *kmsg);
/* What is left of the destination: a send right that the message had is let go of, a send-once right is used up. */
void ipc_kmsg_consume_destination(struct ipc_kmsg *kmsg);

/* MACH_MSG_IPC_SPACE or _IPC_KERNEL, for the error that a right found no name. */
mach_msg_return_t ipc_kmsg_lack_of_names(kern_return_t result);

/* The destination alone, for the header of a message that is too large to be received. */
void ipc_kmsg_copyout_destination(struct ipc_kmsg *kmsg);

/*
 * Whether a receiver's places fit a message.  MACH_RCV_INVALID_TYPE: one is for memory where there are rights, or the
 * other way round.  MACH_RCV_SCATTER_SMALL: one is too small.
 */
mach_msg_return_t ipc_kmsg_check_scatter(const struct ipc_kmsg *kmsg, const struct ipc_scatter *scatter);

/* ---- trailer.c ------------------------------------------------------------------------------------- */

/* Writes it behind the message; returns its size. */
mach_msg_size_t ipc_kmsg_add_trailer(struct ipc_kmsg *kmsg, mach_msg_option_t option);

#endif
