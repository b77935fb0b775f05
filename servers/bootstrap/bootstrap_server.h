/* SPDX-License-Identifier: BSD-2-Clause */
/* bootstrap_server.h - the server of names: include/servers/bootstrap.defs and netname.defs. */
#ifndef BOOTSTRAP_SERVER_H
#define BOOTSTRAP_SERVER_H

/* Serves, as a task of the daemon at $MACH_BOOTSTRAP_SOCKET, until that ends.  An exit status. */
int bootstrap_serve(void);

/* Where libmach finds, and machsim listens; NULL: nowhere. */
const char *mach_socket_path(void);

#endif
