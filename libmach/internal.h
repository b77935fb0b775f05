/* SPDX-License-Identifier: BSD-2-Clause */
/* internal.h - what files of libmach tell each other. */
#ifndef LIBMACH_INTERNAL_H
#define LIBMACH_INTERNAL_H

#include <mach/message.h>
#include <mach/port.h>

/* The library's own: programs do not see these names. */
#pragma GCC visibility push(hidden)

/* The process has forked, and this is the child: what its parent's task had is not its own. */
void mach_after_fork(void);

/* The rest of ring_prepare. */
void process_prepare(void);

/* Lets go of a receive right without a message, to which no answer could come. */
void mig_destroy_reply_port(mach_port_t port);

/* The calling thread has no reply port any more. */
void mig_forget_reply_port(void);

/* Gives the calling thread a reply port in place of its own, or none: it makes one at its next call then. */
mach_port_t mig_exchange_reply_port(mach_port_t port);

/* Has a request answered that was received, as mach_msg_server does. */
void mach_msg_server_serve(boolean_t (*demux)(mach_msg_header_t *, mach_msg_header_t *), mach_msg_header_t *request,
                           mach_msg_header_t *reply);

#pragma GCC visibility pop

#endif
