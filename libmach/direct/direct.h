/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * direct.h - messages to and from other tasks that do not pass machsim: machsim/hal/hosted/channel.h says how.
 *
 * mach_msg asks here first.  What cannot go this way, for whatever reason, goes by a trap: machsim pulls what is in the
 * channels before, so the order is kept.  MACH_DIRECT in the environment says who does: "0" no message, "1" each from
 * the first on, "auto" (the default) to ports that are sent to often, "random" each or not by chance: for tests.
 */
#ifndef LIBMACH_DIRECT_H
#define LIBMACH_DIRECT_H

#include <stdbool.h>

#include <mach/message.h>

#pragma GCC visibility push(hidden)

/* Sends a message that does not have to go by machsim.  False: it is to be sent by a trap. */
bool direct_send(const mach_msg_header_t *msg, mach_msg_option_t option, mach_msg_size_t size);

/*
 * Sends a message to a port of the sender's own, where it is to receive next, and receives it.  `room` is what the buffer has for
 * message and trailer.  False: nothing is done, and it is to be sent and received in the usual way.
 */
bool direct_to_self(mach_msg_header_t *msg, mach_msg_option_t option, mach_msg_size_t size, mach_msg_size_t room);

/*
 * Whether messages can come to a port by channels.  Who waits for them in machsim keeps them from coming so: it is to wait
 * here, and what it sends before goes by a trap of its own.
 */
bool direct_receives(mach_port_name_t name);

/* A receive, as mach_msg is asked for one. */
struct direct_receive {
    mach_msg_option_t option;
    mach_msg_size_t room;
    mach_port_name_t name;
    mach_msg_timeout_t timeout; /* what is left of it, when machsim is to go on */
    mach_msg_header_t *to;
};

/* Receives a message.  False: it is to be received by a trap. */
bool direct_receive(struct direct_receive *receive, mach_msg_return_t *result);

/* Takes channels that wait to be accepted, after a trap that said that there are some. */
void direct_accept(void);

/* Changes before and after each trap that may take rights away: whether sending a message does; and it did. */
uint32_t direct_rights_epoch(void);
bool direct_changes_rights(const mach_msg_header_t *msg);
void direct_rights_change(void);
/* A complex message has come by a trap: it has given names references, and nothing has changed since an epoch that was before. */
void direct_granted(const mach_msg_header_t *msg, uint32_t since);

/* machsim, or this task's part there, has ended: nothing more is done without it. */
void direct_ended(void);

/* This is a new process: what its parent had is not its own. */
void direct_after_fork(void);

#pragma GCC visibility pop

#endif
