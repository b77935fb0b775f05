/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/fileport.h - between ports and descriptors of the host.  Source of the first two: XNU, sys/fileport.h. */
#ifndef _MACH_FILEPORT_H_
#define _MACH_FILEPORT_H_

#include <mach/mach_types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef mach_port_t fileport_t;

/*
 * A port that stands for the descriptor `fd`, which stays the caller's: *port is a send right, and can be sent in
 * messages.  The open file lasts while anyone has such a right.
 * 0, or -1 and errno: EBADF, ENOMEM, ENOTCONN (no kernel).
 */
int fileport_makeport(int fd, fileport_t *port);

/*
 * A new descriptor, close-on-exec, for the open file that a port stands for; the right stays the caller's.
 * -1 and errno: EINVAL (the port stands for no file), EMFILE, ENOTCONN.
 */
int fileport_makefd(fileport_t port);

/*
 * A descriptor, close-on-exec, that polls readable while there is a message to receive from the receive right or
 * port set `name`.  It is not to be read.  When the right goes away it becomes readable for good.
 * -1 and errno: EINVAL (no such right), EMFILE, ENOTCONN.
 */
int mach_port_pollfd(mach_port_name_t name);

#ifdef __cplusplus
}
#endif

#endif
