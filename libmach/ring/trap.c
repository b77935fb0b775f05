/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trap.c - making a trap: ring the bell, sleep, take the answer.
 *
 * The thread sleeps in a futex at first, which costs least.  One that sleeps long goes over to its connection: there
 * it also hears that machsim has ended, and no one need look from time to time.
 */
#include "ring.h"

#include <errno.h>
#include <mach/kern_return.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libmach/direct/tables.h"
#include "os.h"

#define FUTEX_MILLISECONDS 50

void ring_change(struct wire_bell *bell)
{
    if (wire_change(bell))
        mach_os_wake(&bell->rings);
}

static void ring_at(const struct ring *ring, struct wire_bell *bell)
{
    if (wire_ring(bell, ring->slot))
        mach_os_wake(&bell->rings);
}

/* At a bell of the processor that this runs on. */
static void ring_bell_for(const struct ring *ring, bool waits)
{
    const unsigned workers = ring_workers();

    ring_at(ring, ring_bell_of(direct_processor() % workers + (waits ? workers : 0)));
}

/* A signal handler has run: the wait is to end, and its result will say so. */
static void interrupt(struct ring *ring)
{
    atomic_store(&ring->area->abort, 1);
    ring_bell_for(ring, false);
}

/* Takes wake-ups off the connection: else it stays readable, and no one can wait there.  Descriptors stay there. */
static void take_wakes(struct ring *ring)
{
    char byte;

    while (recv(ring->connection, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 1 && byte == 'w')
        (void)!recv(ring->connection, &byte, 1, MSG_DONTWAIT);
}

/* Waits at the connection.  False: machsim has ended, or the program has closed the connection. */
static bool wait_at_connection(struct ring *ring, bool interruptible)
{
    uint32_t sleeping = WIRE_SLEEPING;

    if (!atomic_compare_exchange_strong(&ring->area->state, &sleeping, WIRE_POLLING))
        return true;
    while (atomic_load(&ring->area->state) != WIRE_DONE) {
        struct pollfd at = {.fd = ring->connection, .events = POLLIN};

        if (!ring_is_open(ring))
            return false;
        int count = poll(&at, 1, 1000);

        if (count < 0 && interruptible)
            interrupt(ring);
        if (count > 0)
            take_wakes(ring);
        if (count > 0 && (at.revents & (POLLHUP | POLLERR)) && atomic_load(&ring->area->state) != WIRE_DONE)
            return false;
    }
    return true;
}

/* Sleeps until the answer is there. */
static bool await(struct ring *ring, bool interruptible)
{
    struct wire_area *area = ring->area;
    uint32_t request = WIRE_REQUEST;

    if (atomic_load(&area->state) == WIRE_DONE ||
        (!atomic_compare_exchange_strong(&area->state, &request, WIRE_SLEEPING) && request == WIRE_DONE))
        return true;
    while (atomic_load(&area->state) != WIRE_DONE) {
        switch (mach_os_wait(&area->state, WIRE_SLEEPING, FUTEX_MILLISECONDS)) {
        case EINTR:
            if (interruptible)
                interrupt(ring);
            break;
        case ETIMEDOUT:
            if (!wait_at_connection(ring, interruptible))
                return false;
            break;
        default: break;
        }
    }
    return true;
}

bool ring_trap(struct ring *ring, bool interruptible, bool waits)
{
    struct wire_area *area = ring->area;
    const int error = errno; /* Mach calls leave it alone */

    if (!atomic_load(&area->closed)) {
        atomic_store(&area->abort, 0);
        atomic_store(&area->state, WIRE_REQUEST);
        struct wire_bell *awake = waits ? NULL : helper_bell();

        if (awake != NULL)
            ring_at(ring, awake);
        if (awake == NULL || !helper_answers(area)) /* whoever of the two comes first does it */
            ring_bell_for(ring, waits);
        if (!await(ring, interruptible))
            atomic_store(&area->closed, 1);
        errno = error;
        atomic_store(&area->state, WIRE_IDLE);
    }
    if (!atomic_load(&area->closed))
        return true;
    direct_ended();
    return false;
}

/* A trap in a ring, perhaps with a descriptor that goes with it, and some that come back. */
static bool trap_in(struct ring *ring, uint32_t number, const uint64_t *arguments, unsigned count, int file, int *back,
                    unsigned files)
{
    struct wire_area *area = ring->area;

    if (file >= 0 && !ring_send_file(ring, file))
        return false;
    area->trap = number;
    for (unsigned i = 0; i < count; i++)
        area->arguments[i] = arguments[i];
    memset(&area->in, 0, sizeof area->in);
    if (!ring_trap(ring, false, false))
        return false;
    if (files > 0 && area->result == KERN_SUCCESS && !ring_receive_files(ring, back, files))
        area->result = KERN_RESOURCE_SHORTAGE; /* this process may have no more descriptors */
    return true;
}

static bool make_trap(uint32_t number, const uint64_t *arguments, unsigned count, int file, int *back, unsigned files,
                      uint64_t *result, uint64_t *out)
{
    struct ring *ring = ring_get();

    if (ring == NULL)
        return false;
    const bool fine = trap_in(ring, number, arguments, count, file, back, files);

    *result = ring->area->result;
    if (out != NULL)
        *out = ring->area->out;
    ring_put(ring);
    return fine;
}

bool ring_file_trap(uint32_t number, const uint64_t *arguments, unsigned count, int file, int *back, uint64_t *result,
                    uint64_t *out)
{
    return make_trap(number, arguments, count, file, back, back != NULL, result, out);
}

bool ring_files_trap(uint32_t number, const uint64_t *arguments, unsigned count, int *back, unsigned files,
                     uint64_t *result, uint64_t *out)
{
    return make_trap(number, arguments, count, -1, back, files, result, out);
}

bool ring_simple_trap(uint32_t number, const uint64_t *arguments, unsigned count, uint64_t *result, uint64_t *out)
{
    return make_trap(number, arguments, count, -1, NULL, 0, result, out);
}

/* ---- descriptors ----------------------------------------------------------------------------------- */

bool ring_send_file(struct ring *ring, int file)
{
    struct iovec bytes = {.iov_base = "f", .iov_len = 1};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof file)];
    } control;
    struct msghdr message = {
        .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};

    if (!ring_is_open(ring))
        return false;
    memset(&control, 0, sizeof control);
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof file);
    memcpy(CMSG_DATA(&control.header), &file, sizeof file);
    return sendmsg(ring->connection, &message, MSG_NOSIGNAL) == 1;
}

bool ring_receive_files(struct ring *ring, int *files, unsigned count)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(16 * sizeof(int))];
    } control;
    char byte;

    for (;;) {
        struct iovec bytes = {.iov_base = &byte, .iov_len = 1};
        struct msghdr message = {
            .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
        ssize_t size = ring_is_open(ring) ? recvmsg(ring->connection, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) : -1;

        if (size < 0 && errno == EINTR)
            continue;
        if (size != 1)
            return false;
        if (byte != 'f')
            continue; /* a wake-up that no one took */
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        if (header == NULL || header->cmsg_len != CMSG_LEN(count * sizeof *files))
            return false;
        memcpy(files, CMSG_DATA(header), count * sizeof *files);
        return true;
    }
}
