/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * launch.h - servers that are started on demand: bootstrap_create_server.
 *
 * A server has a port, its program's bootstrap port, at which the names of a context are seen and its own services
 * declared.  It counts as running while anyone has a right to that port: who declares it, and then its program.  When
 * no one has, it is started again, if so declared when a message comes to one of its services, else at once; or
 * forgotten, if it has no services.  Source: XNU, servers/bootstrap.h.
 */
#ifndef BOOTSTRAP_LAUNCH_H
#define BOOTSTRAP_LAUNCH_H

#include "names.h"

#include <sys/types.h>

struct server {
    struct context *context; /* its port, another view of the context above */
    mach_port_t notify;      /* where no-senders of its port is told */
    char command[BOOTSTRAP_MAX_CMD_LEN];
    unsigned uid;
    bool on_demand;
    bool running;
    mach_port_mscount_t made; /* send rights made of its port */
    pid_t pid;                /* of the process last started, until it is reaped; 0: none */
    double started;           /* when */
    struct server *next;
};

/* Starts what watches services for messages.  `set` is received from, for server_message.  False: no memory. */
bool servers_set_up(mach_port_t set);
/* Handles a message of the ports above; false: it is none. */
bool server_message(const mach_msg_header_t *message);

/* A server whose services will be in `parent`.  Its port is held by the caller.  NULL: no memory. */
struct server *server_create(struct context *parent, const char *command, unsigned uid, bool on_demand);
/* Forgets a server; its process goes on. */
void server_destroy(struct server *server);
/* A service's receive right is back: the server is watched for, or gone. */
void server_lost(struct service *service);

/* Ends the processes that were started.  Safe in a signal's handler. */
void servers_kill(void);

#endif
