/* SPDX-License-Identifier: BSD-2-Clause */
/* names.c - contexts and services, in tables by name and by port: names.h. */
#include "names.h"

#include "launch.h"

#include <stdlib.h>
#include <string.h>

static struct context *contexts;

/* ---- services -------------------------------------------------------------------------------------- */

struct service *service_find(struct context *context, const char *name, bool parents)
{
    struct service *service = NULL;

    for (; context != NULL && service == NULL; context = parents ? context->parent : NULL)
        HASH_FIND_STR(context->services, name, service);
    return service;
}

struct service *service_of_port(mach_port_t send)
{
    struct context *context, *next_context;
    struct service *service, *next;

    HASH_ITER(hh, contexts, context, next_context)
        HASH_ITER(hh, context->services, service, next)
            if (service->send == send)
                return service;
    return NULL;
}

struct service *service_create(struct context *context, const char *name, mach_port_t send, unsigned owner)
{
    struct service *service = calloc(1, sizeof *service);

    if (service == NULL)
        return NULL;
    strncpy(service->name, name, sizeof service->name - 1);
    service->context = context;
    service->send = send;
    service->owner = owner;
    HASH_ADD_STR(context->services, name, service);
    return service;
}

void service_destroy(struct service *service)
{
    HASH_DEL(service->context->services, service);
    if (!service->active && service->declared)
        (void)mach_port_mod_refs(mach_task_self(), service->send, MACH_PORT_RIGHT_RECEIVE, -1);
    (void)mach_port_deallocate(mach_task_self(), service->send);
    if (service->signature != MACH_PORT_NULL)
        (void)mach_port_deallocate(mach_task_self(), service->signature);
    free(service);
}

/* ---- contexts -------------------------------------------------------------------------------------- */

struct context *context_find(mach_port_t port)
{
    struct context *context;

    HASH_FIND(hh, contexts, &port, sizeof port, context);
    return context;
}

struct context *context_of_requestor(mach_port_t requestor)
{
    struct context *context, *next;

    HASH_ITER(hh, contexts, context, next)
        if (context->requestor == requestor)
            return context;
    return NULL;
}

struct context *context_create(struct context *parent)
{
    struct context *context = calloc(1, sizeof *context);

    if (context == NULL || mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &context->port) != KERN_SUCCESS) {
        free(context);
        return NULL;
    }
    context->parent = parent;
    HASH_ADD(hh, contexts, port, sizeof context->port, context);
    return context;
}

static struct context *some_child(const struct context *parent)
{
    struct context *context, *next;

    HASH_ITER(hh, contexts, context, next)
        if (context->parent == parent)
            return context;
    return NULL;
}

void context_destroy(struct context *context)
{
    struct service *service, *next;

    for (struct context *child; (child = some_child(context)) != NULL;)
        context_destroy(child);
    HASH_ITER(hh, context->services, service, next)
        service_destroy(service);
    if (context->server != NULL)
        server_destroy(context->server);
    HASH_DEL(contexts, context);
    (void)mach_port_mod_refs(mach_task_self(), context->port, MACH_PORT_RIGHT_RECEIVE, -1);
    if (context->requestor != MACH_PORT_NULL)
        (void)mach_port_deallocate(mach_task_self(), context->requestor);
    free(context);
}

unsigned context_count(const struct context *context)
{
    return HASH_COUNT(context->services);
}
