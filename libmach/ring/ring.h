/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring.h - the transport of hosted programs: traps through memory shared with machsim.  wire.h has the other side.
 *
 * Each thread has an area of its own, and another for traps that a signal handler makes while one is in progress.
 */
#ifndef LIBMACH_RING_H
#define LIBMACH_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include <mach/message.h>

#include "machsim/hal/hosted/wire.h"

#include "libmach/internal.h"

/* The library's own: programs do not see these names. */
#pragma GCC visibility push(hidden)

/* A thread's way to machsim. */
struct ring {
    LIST_ENTRY(ring) link; /* of all of the process, under a lock: fork must find them */
    int connection;
    dev_t device; /* of the connection's descriptor: a program may close it, and open something else there */
    ino_t inode;
    struct wire_area *area;
    uint8_t *data;
    unsigned slot;
    bool busy; /* a trap is in progress: whoever comes now is a signal handler */
};

/* Bytes that can be staged in the area. */
#define RING_ROOM (WIRE_AREA_SIZE - WIRE_DATA_OFFSET)

/* Where machsim is found: $MACH_BOOTSTRAP_SOCKET, or a path of the user's own.  NULL: there is none. */
const char *mach_socket_path(void);

/* Has done what is done once in a process's life: handlers of forks, and of a signal.  The first ring does it too. */
void ring_prepare(void);

/* The calling thread's ring, not busy; NULL: machsim cannot be reached.  It is busy until ring_put. */
struct ring *ring_get(void);
void ring_put(struct ring *ring);

/* The doorbell of a worker; there are so many eager ones, one for each processor, and as many patient ones after them. */
struct wire_bell *ring_bell_of(unsigned worker);
unsigned ring_workers(void);
/* Changes a bell, and wakes who sleeps there. */
void ring_change(struct wire_bell *bell);

/* ---- helper.c -------------------------------------------------------------------------------------- */

/* The doorbell of a worker on another processor that is awake; NULL: the own processor's is to be rung. */
struct wire_bell *helper_bell(void);
/* Waits until such a worker has answered, but not long.  False: it may be busy with something else. */
bool helper_answers(const struct wire_area *area);

/* ---- connect.c, trap.c ------------------------------------------------------------------------------ */

/* Whether the connection is still what it was. */
bool ring_is_open(const struct ring *ring);

/*
 * Makes a trap whose arguments, and staged data, are in the area.  With `interruptible`, a signal handler that ran
 * meanwhile ends its wait.  `waits` is whether it most likely is over only when someone else has done something.  False: machsim
 * is gone.
 */
bool ring_trap(struct ring *ring, bool interruptible, bool waits);

/* A trap with nothing staged; false: machsim is gone, or cannot be reached. */
bool ring_simple_trap(uint32_t number, const uint64_t *arguments, unsigned count, uint64_t *result, uint64_t *out);
/* The same with a descriptor that goes with it (or -1), and one that comes back if it succeeds (or NULL). */
bool ring_file_trap(uint32_t number, const uint64_t *arguments, unsigned count, int file, int *back, uint64_t *result,
                    uint64_t *out);

/* The same with several that come back. */
bool ring_files_trap(uint32_t number, const uint64_t *arguments, unsigned count, int *back, unsigned files,
                     uint64_t *result, uint64_t *out);

/* Sends a descriptor for the next trap. */
bool ring_send_file(struct ring *ring, int file);
/* Takes `count` descriptors that came back with a trap.  False: they did not. */
bool ring_receive_files(struct ring *ring, int *files, unsigned count);

/* ---- stage.c --------------------------------------------------------------------------------------- */

/* Puts a message to send, with its out-of-line memory, and a scatter list, where machsim takes it. */
mach_msg_return_t stage_message(struct ring *ring, const mach_msg_header_t *message, mach_msg_size_t size,
                                const void *scatter, mach_msg_size_t scatter_size);
/* Deallocates what machsim has taken from the sender, as the descriptors say. */
void stage_deallocate(struct ring *ring, const mach_msg_header_t *message, mach_msg_size_t size);
/* Takes the message that came back.  MACH_RCV_BODY_ERROR with MACH_MSG_VM_SPACE: not all memory found room. */
mach_msg_return_t stage_take(struct ring *ring, void *to);

#pragma GCC visibility pop

#endif
