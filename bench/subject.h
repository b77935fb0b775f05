/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * subject.h - what machbench measures: a case is one job done in several ways, its subjects.
 *
 * A subject is started once, which gives it its server if it has one, and is then called in turns with the others.  So the
 * machine's moods hit all alike, and ratios hold where times do not.
 */
#ifndef BENCH_SUBJECT_H
#define BENCH_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define MIB ((size_t)1024 * 1024)
#define LARGEST (256 * MIB)
/* Messages of a burst: one call sends so many one way, and waits until the last has come. */
#define BURST 256u

struct subject {
    const char *name;
    bool (*start)(void);       /* called once, by whatever case comes first; NULL: nothing is to be done; false: not here */
    void (*call)(size_t size); /* NULL: the end of a case's subjects */
};

/* What is measured beside what, and printed in this order. */
struct bench_case {
    const char *name;
    size_t size;
    unsigned per_call; /* operations in one call */
    const struct subject *const *subjects; /* the first is Mach's; the last NULL */
};
extern const struct bench_case bench_cases[];

/* The case and subject that all is compared with: a ping-pong of 64 bytes by a futex. */
#define YARDSTICK_CASE "rpc-64"
#define YARDSTICK_SUBJECT "futex"

/* ---- for subjects (machbench.c) ---------------------------------------------------------------------- */

/* Bytes to send, LARGEST of them. */
extern unsigned char *source;

/* The calling thread goes to where the options have servers run. */
void be_server(void);

/* A child, which ends when its parent does, and is a server. */
bool in_child(void);

/* Reads, or writes, a byte of each page. */
void touch_pages(const unsigned char *memory, size_t size);
void dirty_pages(unsigned char *memory, size_t size);

/* All of some bytes, to a stream or from it. */
void write_all(int file, const void *bytes, size_t size);
void read_all(int file, void *bytes, size_t size);

/* ---- subjects ---------------------------------------------------------------------------------------- */

/* mach.c */
extern const struct subject mach_trap, mach_self, mach_thread_rpc, mach_rpc, mach_oneway, mach_right, mach_port;
/* mach_memory.c, and what the host has for the same */
extern const struct subject mach_memory, mach_move, mach_fill_move, mach_allocate, mach_read, mach_write;
extern const struct subject memfd_move, memfd_fill_move, copy_fill_move, pipe_fill_move, host_allocate, host_read, host_write;
/* faults.c */
extern const struct subject mach_fault, host_fault, mach_copy_fault, host_copy_fault;
/* peers.c */
extern const struct subject futex_rpc, spin_rpc, ring_rpc, pipe_rpc, stream_rpc, seqpacket_rpc, eventfd_rpc, mqueue_rpc;
extern const struct subject pipe_oneway, stream_oneway, seqpacket_oneway;
/* libraries.c */
extern const struct subject zmq_rpc, zmq_oneway, nng_rpc, nng_oneway, dbus_rpc;

#endif
