/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/mach_msg_server.h - a server's loop. */
#ifndef _MACH_MACH_MSG_SERVER_H_
#define _MACH_MACH_MSG_SERVER_H_

#include <mach/message.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Receives requests from a port or port set, lets a demultiplexer such as mig makes answer them, and sends
 * the answers, until a receive fails.
 *
 * demux     is given the request, and room for a reply of max_size bytes
 * max_size  bytes of the largest request or reply, without trailer
 * rcv_name  a receive right or port set; it stays the caller's
 * options   MACH_RCV_TRAILER_* for what the routines ask of trailers; MACH_RCV_LARGE to make room for
 *           requests that are larger than max_size
 *
 * What the request brought is destroyed when its routine fails with anything but MIG_NO_REPLY; the reply,
 * when it cannot be sent.  Returns what mach_msg gave for the receive, or KERN_RESOURCE_SHORTAGE.
 */
mach_msg_return_t mach_msg_server(boolean_t (*demux)(mach_msg_header_t *request, mach_msg_header_t *reply),
                                  mach_msg_size_t max_size, mach_port_t rcv_name, mach_msg_options_t options);
/* The same: messages bring no importance here that would have to be passed on. */
mach_msg_return_t mach_msg_server_importance(boolean_t (*demux)(mach_msg_header_t *request, mach_msg_header_t *reply),
                                             mach_msg_size_t max_size, mach_port_t rcv_name,
                                             mach_msg_options_t options);

/* The same for one request; MACH_MSG_SUCCESS when it has been served. */
mach_msg_return_t mach_msg_server_once(boolean_t (*demux)(mach_msg_header_t *request, mach_msg_header_t *reply),
                                       mach_msg_size_t max_size, mach_port_t rcv_name, mach_msg_options_t options);

#ifdef __cplusplus
}
#endif

#endif
