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
struct thread;

/* Bytes that such a message has at most. */
#define IPC_PASS_MAX 2048u

/* A message on its way. */
struct ipc_parcel {
    mach_msg_size_t size;     /* bytes; from ipc_pass on, those to be received */
    mach_msg_return_t result; /* of the receive */
    union {
        mach_msg_header_t header;
        unsigned char bytes[IPC_PASS_MAX + MAX_TRAILER_SIZE];
    };
};

/*
 * Takes a message, whose bytes the parcel has as its sender gave them, to whoever waits for it, or to its sender, who is to receive
 * next where he sends to.  The receiver's trap is the caller's to end: he is to get size bytes, and the result.
 * NULL: no one waits.  Then *kmsg is the message, with its rights, to be queued or served; or NULL, and nothing has changed: it
 * goes the other way.  No locks are held.
 */
struct thread *ipc_pass(struct thread *sender, struct ipc_parcel *parcel, struct ipc_kmsg **kmsg);

/*
 * Gives the kernel's answer to a thread that has asked, and is to receive next where the answer goes: it is in wait.kmsg then, and
 * the receive is MACH_MSG_SUCCESS.  False: it has to be sent.
 */
bool ipc_pass_reply(struct thread *asker, struct ipc_kmsg *reply);

#endif
