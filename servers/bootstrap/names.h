/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names.h - contexts of names, and what is known under each.
 *
 * A bootstrap context is a port, the names that tasks holding it see, and a parent whose names they see too.  The
 * name server's names are one more context, without a port.
 */
#ifndef BOOTSTRAP_NAMES_H
#define BOOTSTRAP_NAMES_H

#include <mach/mach.h>
#include <servers/bootstrap_defs.h>
#include <stdbool.h>
#include <uthash.h>

/*
 * A service.  `send` is a send right for its port.  `receive` is the receive right while no server has checked in,
 * when messages wait for one; a server's right that is let go of comes back there if the service was declared.
 */
struct service {
    UT_hash_handle hh; /* by name, in its context */
    char name[BOOTSTRAP_MAX_NAME_LEN];
    struct context *context;
    mach_port_t send;
    bool declared; /* by bootstrap_create_service: outlives its server */
    bool active;   /* a server has the receive right */
    unsigned owner; /* uid of the server */
    struct server *server; /* what is started to serve it; NULL: nothing */
    mach_port_t signature; /* netname: who may check out */
};

struct context {
    UT_hash_handle hh; /* by port, in the table of contexts */
    mach_port_t port;  /* receive right */
    mach_port_t requestor; /* a send right: the context goes when its port dies; MACH_PORT_NULL: it does not */
    struct context *parent;
    struct service *services;
    bool unprivileged;
    struct server *server; /* another view of its parent: no names of its own, but services are this server's */
    struct context *restricted; /* the same names for those who may only look up */
};

struct context *context_find(mach_port_t port);
/* NULL: no memory or no port. */
struct context *context_create(struct context *parent);
/* Forgets all its names, and those of its children. */
void context_destroy(struct context *context);
struct context *context_of_requestor(mach_port_t requestor);

/* In this context, or with `parents` in those above. */
struct service *service_find(struct context *context, const char *name, bool parents);
/* Takes the send right.  NULL: no memory. */
struct service *service_create(struct context *context, const char *name, mach_port_t send, unsigned owner);
/* Lets go of its rights. */
void service_destroy(struct service *service);
/* Some service with this port; NULL. */
struct service *service_of_port(mach_port_t send);

/* For each of a context: bootstrap_info. */
unsigned context_count(const struct context *context);

#endif
