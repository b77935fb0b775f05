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

/* A trap with a name, with a descriptor that goes with it (or -1) and one that comes back (or NULL): 0 or an errno. */
static int trap_with(uint32_t number, mach_port_name_t name, int file, int *back, uint64_t *out)
{
    const uint64_t arguments[] = {name};
    uint64_t result;

    if (!ring_file_trap(number, arguments, 1, file, back, &result, out))
        return ENOTCONN;
    return result == KERN_SUCCESS ? 0 : error_of((kern_return_t)result);
}

int fileport_makeport(int fd, fileport_t *port)
{
    uint64_t name = MACH_PORT_NULL;

    if (fcntl(fd, F_GETFD) < 0)
        return -1;
    const int error = trap_with(WIRE_TRAP_MAKE_FILEPORT, MACH_PORT_NULL, fd, NULL, &name);

    if (error == 0)
        *port = (fileport_t)name;
    errno = error;
    return error == 0 ? 0 : -1;
}

/* A trap that gives a descriptor; -1 and errno. */
static int file_trap(uint32_t number, mach_port_name_t name)
{
    int file = -1;
    const int error = trap_with(number, name, -1, &file, NULL);

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
