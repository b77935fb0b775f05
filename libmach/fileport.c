/* SPDX-License-Identifier: BSD-2-Clause */
/* fileport.c - between ports and descriptors of the host: mach/fileport.h. */
#include <errno.h>
#include <string.h>
#include <fcntl.h>

#include <mach/mach.h>

#include "ring/ring.h"

/* An errno for a result. */
static int error_of(kern_return_t result)
{
    switch (result) {
    case KERN_RESOURCE_SHORTAGE: return ENOMEM;
    case KERN_NO_SPACE: return ENOMEM;
    default: return EINVAL;
    }
}

/* A trap with a name, and perhaps a descriptor that goes with it.  False: there is no kernel. */
static bool trap_with(struct ring *ring, uint32_t number, mach_port_name_t name, int file)
{
    struct wire_area *area = ring->area;

    if (file >= 0 && !ring_send_file(ring, file))
        return false;
    area->trap = number;
    area->arguments[0] = name;
    memset(&area->in, 0, sizeof area->in);
    return ring_trap(ring, false);
}

int fileport_makeport(int fd, fileport_t *port)
{
    struct ring *ring;

    if (fcntl(fd, F_GETFD) < 0)
        return -1;
    if ((ring = ring_get()) == NULL) {
        errno = ENOTCONN;
        return -1;
    }
    int error = ENOTCONN;
    if (trap_with(ring, WIRE_TRAP_MAKE_FILEPORT, MACH_PORT_NULL, fd)) {
        error = ring->area->result == KERN_SUCCESS ? 0 : error_of((kern_return_t)ring->area->result);
        *port = (fileport_t)ring->area->out;
    }
    ring_put(ring);
    errno = error;
    return error == 0 ? 0 : -1;
}

/* A trap that gives a descriptor; -1 and errno. */
static int file_trap(uint32_t number, mach_port_name_t name)
{
    struct ring *ring = ring_get();
    int file = -1, error = ENOTCONN;

    if (ring != NULL) {
        if (trap_with(ring, number, name, -1)) {
            error = ring->area->result == KERN_SUCCESS ? 0 : error_of((kern_return_t)ring->area->result);
            if (error == 0 && !ring_receive_files(ring, &file, 1))
                error = EMFILE;
        }
        ring_put(ring);
    }
    if (error != 0)
        errno = error;
    return error == 0 ? file : -1;
}

int fileport_makefd(fileport_t port)
{
    return file_trap(WIRE_TRAP_MAKE_FILE, port);
}

int mach_port_pollfd(mach_port_name_t name)
{
    return file_trap(WIRE_TRAP_POLL, name);
}
