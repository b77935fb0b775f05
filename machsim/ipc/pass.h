/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pass.h - short messages to someone who waits for them: they go from the one to the other without being queued, or becoming
 * a message of the kernel's, and their rights go from name to name.
 *
 * That is so for simple headers (simple.h) without more rights or memory behind them.  All other messages, and those that no one
 * waits for, go the way of mach_msg.c; nothing has changed then.
 */
#ifndef IPC_PASS_H
#define IPC_PASS_H

#include <stdbool.h>

#include <mach/message.h>

struct ipc_kmsg;
struct ipc_port;
struct routine_descriptor;
struct thread;

/* Bytes that such a message has at most. */
#define IPC_PASS_MAX 4352u

/* A message on its way. */
struct ipc_parcel {
    mach_msg_size_t size;     /* bytes; from ipc_pass on, those to be received */
    mach_msg_return_t result; /* of the receive */
    union {
        mach_msg_header_t header;
        unsigned char bytes[IPC_PASS_MAX + MAX_TRAILER_SIZE];
    };
};

/* What becomes of it: one of these is not NULL, or nothing has changed, and it goes the other way. */
struct ipc_passage {
    struct thread *receiver; /* gets size bytes, and the result; his trap is the caller's to end */
    struct ipc_kmsg *kmsg;   /* the message, with its rights, to be queued or served */
    const struct routine_descriptor *routine; /* of the kernel's, which serves it at once, for kobject_answer: */
    struct ipc_port *port, *reply;            /* where it went, referenced, and a send-once right for the answer */
    struct ipc_port *next; /* with a receiver: where the sender is to wait next without more ado; NULL: it must be looked */
};

/*
 * Takes a message, whose bytes the parcel has as its sender gave them, to whoever waits for it, or to its sender, who is to receive
 * next where he sends to.  No locks are held; `next` is there in the RCU section of the caller's.
 */
void ipc_pass(struct thread *sender, struct ipc_parcel *parcel, struct ipc_passage *passage);

/*
 * Gives the kernel's answer to a thread that has asked, and is to receive next where the answer goes: it is in wait.kmsg then, and
 * the receive is MACH_MSG_SUCCESS.  False: it has to be sent.
 */
bool ipc_pass_reply(struct thread *asker, struct ipc_kmsg *reply);
/*
 * The same for the bytes of a message by a send-once right, which it takes then: the header and the trailer are completed, what is
 * in the body is left to the caller, and the asker is to get parcel->size bytes.
 */
bool ipc_pass_answer(struct thread *asker, struct ipc_parcel *parcel, struct ipc_port *reply);

#endif
