/* SPDX-License-Identifier: BSD-2-Clause */
/* mach.h - the server that machbench's Mach subjects talk to. */
#ifndef BENCH_MACH_H
#define BENCH_MACH_H

#include <mach/mach.h>
#include <stdbool.h>

typedef struct {
    mach_msg_header_t header;
    mach_msg_body_t body;
    union {
        mach_msg_ool_descriptor_t memory;
        mach_msg_port_descriptor_t port;
    };
    unsigned char room[128];
} complex_message_t;

/* What msgh_id says to the server. */
enum { ECHO, UNTOUCHED /* it does not look at the memory */ };

/* Starts the server, in another process, if it does not run. */
bool mach_start(void);
/* Sends it a message with a right or memory, and waits for the answer. */
void mach_complex(complex_message_t *message, mach_msg_size_t size);

#endif
