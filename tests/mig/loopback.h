/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loopback.h - mach_msg within one thread, for testing what mig makes.
 *
 * A port is served by a demultiplexer that runs inside the send; its reply is queued for the receive that
 * follows.  Rights and out-of-line memory are counted as a kernel would count them, refused as a kernel
 * would refuse them, and what is left over at the end is a leak.  Messages are received into memory of
 * exactly their size, so that AddressSanitizer sees a stub read past the end.
 */
#ifndef TESTS_MIG_LOOPBACK_H
#define TESTS_MIG_LOOPBACK_H

#include <mach/mach_interface.h>
#include <mach/mig_errors.h>
#include <stdbool.h>
#include <stddef.h>

typedef boolean_t (*loopback_demux_t)(mach_msg_header_t *request, mach_msg_header_t *reply);

/* Forgets everything; `typed` chooses the message format. */
void loopback_reset(bool typed);

/* A receive right and one send right under the same name.  demux NULL: messages wait to be received. */
mach_port_t loopback_port(loopback_demux_t demux, mach_msg_size_t max_reply);
void loopback_add_send(mach_port_t port, unsigned count); /* makes send rights under the same name */
void loopback_add_send_once(mach_port_t port);
void loopback_kill(mach_port_t port);             /* its receiver dies */

unsigned loopback_rights(void);    /* user references held, all kinds, reply ports of mig left out */
size_t loopback_memory(void);      /* bytes of vm_allocate and out-of-line memory held */
unsigned loopback_messages(void);  /* sent so far */

/* What messages have taken from their senders since the last reset: rights moved, memory deallocated. */
unsigned loopback_taken_rights(void);
size_t loopback_taken_memory(void);

/* Sees each message just before it is sent, and may give another to send in its place, of msgh_size bytes. */
typedef mach_msg_header_t *(*loopback_hook_t)(mach_msg_header_t *message, mach_msg_size_t size, bool reply,
                                              void *context);
void loopback_on_send(loopback_hook_t hook, void *context);

/* Run when a receive would wait: a chance to answer late. */
void loopback_on_idle(void (*idle)(void *context), void *context);

#endif
