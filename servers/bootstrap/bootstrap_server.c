/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bootstrap_server.c - the server of names: what bootstrap(3) and netname(3) say.
 *
 * One thread serves a port set with the ports of all contexts, the name server's port, and a port for notifications:
 * a service's port that dies takes its name along, a declared service's receive right comes back when its server
 * lets go of it, and a context ends with its requestor.  Source: Mach 3, the bootstrap server; OSF, bootstrap(3).
 */
#include "bootstrap_server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bootstrap_serve_server.h"
#include "launch.h"
#include "names.h"
#include "netname_serve_server.h"
#include "notify_serve_server.h"
#include "publish.h"

static struct context *root, *netnames;
static mach_port_t port_set, notify_port;

/* ---- helpers --------------------------------------------------------------------------------------- */

static kern_return_t ask(mach_port_t name, mach_msg_id_t what, mach_port_mscount_t sync)
{
    mach_port_t previous = MACH_PORT_NULL;
    kern_return_t result = mach_port_request_notification(mach_task_self(), name, what, sync, notify_port,
                                                          MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous);

    if (previous != MACH_PORT_NULL)
        (void)mach_port_deallocate(mach_task_self(), previous);
    return result;
}

/* One more reference to a send right, for a reply or a table. */
static mach_port_t retain(mach_port_t send)
{
    return mach_port_mod_refs(mach_task_self(), send, MACH_PORT_RIGHT_SEND, 1) == KERN_SUCCESS ? send : MACH_PORT_NULL;
}

static void release(mach_port_t name)
{
    (void)mach_port_deallocate(mach_task_self(), name);
}

static bool is_privileged(const struct context *context)
{
    return !context->unprivileged;
}

/* The context whose names a port shows; NULL: it is none's. */
static struct context *names_of(mach_port_t port)
{
    struct context *context = context_find(port);

    return context != NULL && (context->unprivileged || context->server != NULL) ? context->parent : context;
}

/* Whether who calls at a port may serve a service: those of a server that is started are its own. */
static bool may_serve(mach_port_t port, const struct service *service)
{
    const struct context *context = context_find(port);

    return is_privileged(context) && (service == NULL || service->server == NULL || service->server == context->server);
}

/* ---- bootstrap ------------------------------------------------------------------------------------- */

/* A service that waits for its server: a port whose receive right is here. */
static struct service *declare(mach_port_t at, const char *name, unsigned owner)
{
    struct context *context = names_of(at);
    mach_port_t port;

    if (mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port) != KERN_SUCCESS)
        return NULL;
    (void)mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND);
    struct service *service = service_create(context, name, port, owner);

    if (service == NULL) {
        (void)mach_port_destroy(mach_task_self(), port);
        return NULL;
    }
    service->server = context_find(at)->server;
    return service;
}

kern_return_t serve_bootstrap_create_service(mach_port_t port, name_t name, security_token_t token,
                                             mach_port_t *service_port)
{
    struct context *context = names_of(port);

    if (context == NULL || !is_privileged(context_find(port)))
        return BOOTSTRAP_NOT_PRIVILEGED;
    if (service_find(context, name, false) != NULL)
        return BOOTSTRAP_NAME_IN_USE;
    struct service *service = declare(port, name, token.val[0]);

    if (service == NULL)
        return BOOTSTRAP_NO_MEMORY;
    service->declared = true;
    *service_port = service->send;
    return BOOTSTRAP_SUCCESS;
}

/* The receive right goes to the server that checks in; if the service is to outlive it, it comes back. */
static void hand_out(struct service *service, mach_port_t *port)
{
    service->active = true;
    if (service->declared)
        (void)ask(service->send, MACH_NOTIFY_PORT_DESTROYED, 0);
    (void)ask(service->send, MACH_NOTIFY_DEAD_NAME, 1);
    *port = service->send;
}

kern_return_t serve_bootstrap_check_in(mach_port_t port, name_t name, security_token_t token, mach_port_t *service_port)
{
    struct context *context = names_of(port);
    struct service *service = context == NULL ? NULL : service_find(context, name, false);

    if (context == NULL || !may_serve(port, service))
        return BOOTSTRAP_NOT_PRIVILEGED;
    if (service != NULL && service->active)
        return BOOTSTRAP_SERVICE_ACTIVE;
    if (service == NULL && (service = declare(port, name, token.val[0])) == NULL)
        return BOOTSTRAP_NO_MEMORY;
    service->owner = token.val[0];
    hand_out(service, service_port);
    return BOOTSTRAP_SUCCESS;
}

/* Forgets a service, for the user whose it is. */
static kern_return_t withdraw(struct service *service, unsigned uid)
{
    if (service == NULL)
        return BOOTSTRAP_UNKNOWN_SERVICE;
    if (uid != service->owner && uid != 0)
        return BOOTSTRAP_NOT_PRIVILEGED;
    service_destroy(service);
    return BOOTSTRAP_SUCCESS;
}

kern_return_t serve_bootstrap_register(mach_port_t port, name_t name, mach_port_t service_port, security_token_t token)
{
    struct context *context = names_of(port);
    struct service *service = context == NULL ? NULL : service_find(context, name, false);

    if (context == NULL || !may_serve(port, service))
        return BOOTSTRAP_NOT_PRIVILEGED;
    if (service_port == MACH_PORT_NULL)
        return withdraw(service, token.val[0]);
    if (service != NULL && service->active)
        return BOOTSTRAP_SERVICE_ACTIVE;
    if (service != NULL)
        return BOOTSTRAP_NAME_IN_USE;
    if (ask(service_port, MACH_NOTIFY_DEAD_NAME, 1) != KERN_SUCCESS)
        return BOOTSTRAP_UNKNOWN_SERVICE;
    service = service_create(context, name, service_port, token.val[0]);
    if (service == NULL)
        return BOOTSTRAP_NO_MEMORY;
    service->active = true;
    service->server = context_find(port)->server;
    return BOOTSTRAP_SUCCESS;
}

kern_return_t serve_bootstrap_look_up(mach_port_t port, name_t name, security_token_t token, mach_port_t *service_port)
{
    struct service *service = service_find(names_of(port), name, true);

    (void)token;
    if (service == NULL)
        return BOOTSTRAP_UNKNOWN_SERVICE;
    *service_port = service->send;
    return BOOTSTRAP_SUCCESS;
}

kern_return_t serve_bootstrap_look_up_array(mach_port_t port, name_array_t names, mach_msg_type_number_t count,
                                            mach_port_array_t *ports, mach_msg_type_number_t *ports_count,
                                            boolean_t *all_known)
{
    vm_address_t memory = 0;

    if (count > BOOTSTRAP_MAX_LOOKUP_COUNT)
        return BOOTSTRAP_BAD_COUNT;
    if (count > 0 && vm_allocate(mach_task_self(), &memory, count * sizeof **ports, VM_FLAGS_ANYWHERE) != KERN_SUCCESS)
        return BOOTSTRAP_NO_MEMORY;
    *ports = (void *)memory;
    *ports_count = count;
    *all_known = TRUE;
    for (mach_msg_type_number_t i = 0; i < count; i++) {
        names[i][BOOTSTRAP_MAX_NAME_LEN - 1] = '\0';
        struct service *service = service_find(names_of(port), names[i], true);

        (*ports)[i] = service == NULL ? MACH_PORT_NULL : service->send;
        if (service == NULL)
            *all_known = FALSE;
    }
    if (count > 0)
        (void)vm_deallocate(mach_task_self(), (vm_address_t)names, count * sizeof *names);
    return BOOTSTRAP_SUCCESS;
}

kern_return_t serve_bootstrap_status(mach_port_t port, name_t name, bootstrap_status_t *status)
{
    struct service *service = service_find(names_of(port), name, true);

    if (service == NULL)
        return BOOTSTRAP_UNKNOWN_SERVICE;
    *status = service->active ? BOOTSTRAP_STATUS_ACTIVE : BOOTSTRAP_STATUS_INACTIVE;
    return BOOTSTRAP_SUCCESS;
}

kern_return_t serve_bootstrap_info(mach_port_t port, name_array_t *names, mach_msg_type_number_t *names_count,
                                   name_array_t *servers, mach_msg_type_number_t *servers_count, bool_array_t *active,
                                   mach_msg_type_number_t *active_count)
{
    struct context *context = names_of(port);
    const unsigned count = context == NULL ? 0 : context_count(context);
    vm_address_t memory[3] = {0, 0, 0};
    struct service *service, *next;
    unsigned i = 0;

    if (context == NULL)
        return BOOTSTRAP_NOT_PRIVILEGED;
    if (count > 0 &&
        (vm_allocate(mach_task_self(), &memory[0], count * sizeof(name_t), VM_FLAGS_ANYWHERE) != KERN_SUCCESS ||
         vm_allocate(mach_task_self(), &memory[1], count * sizeof(name_t), VM_FLAGS_ANYWHERE) != KERN_SUCCESS ||
         vm_allocate(mach_task_self(), &memory[2], count * sizeof(boolean_t), VM_FLAGS_ANYWHERE) != KERN_SUCCESS))
        return BOOTSTRAP_NO_MEMORY;
    *names = (void *)memory[0];
    *servers = (void *)memory[1];
    *active = (void *)memory[2];
    HASH_ITER(hh, context->services, service, next) {
        memcpy((*names)[i], service->name, sizeof(name_t));
        if (service->server != NULL)
            memcpy((*servers)[i], service->server->command, sizeof(name_t) - 1);
        (*active)[i++] = service->active;
    }
    *names_count = *servers_count = *active_count = count;
    return BOOTSTRAP_SUCCESS;
}

kern_return_t serve_bootstrap_parent(mach_port_t port, security_token_t token, mach_port_t *parent)
{
    struct context *context = names_of(port);

    if (context == NULL || (token.val[0] != 0 && token.val[0] != geteuid()))
        return BOOTSTRAP_NOT_PRIVILEGED;
    *parent = (context->parent != NULL ? context->parent : context)->port;
    return BOOTSTRAP_SUCCESS;
}

kern_return_t serve_bootstrap_subset(mach_port_t port, mach_port_t requestor, mach_port_t *subset)
{
    struct context *parent = names_of(port);

    if (parent == NULL)
        return BOOTSTRAP_NOT_PRIVILEGED;
    if (requestor == MACH_PORT_NULL || ask(requestor, MACH_NOTIFY_DEAD_NAME, 1) != KERN_SUCCESS)
        return BOOTSTRAP_NOT_PRIVILEGED;
    struct context *context = context_create(parent);

    if (context == NULL)
        return BOOTSTRAP_NO_MEMORY;
    context->requestor = requestor;
    (void)mach_port_insert_member(mach_task_self(), context->port, port_set);
    *subset = context->port;
    return BOOTSTRAP_SUCCESS;
}

kern_return_t serve_bootstrap_unprivileged(mach_port_t port, mach_port_t *unprivileged)
{
    struct context *context = names_of(port);

    if (context == NULL)
        return BOOTSTRAP_NOT_PRIVILEGED;
    if (context->restricted == NULL) {
        context->restricted = context_create(context);
        if (context->restricted == NULL)
            return BOOTSTRAP_NO_MEMORY;
        context->restricted->unprivileged = true;
        (void)mach_port_insert_member(mach_task_self(), context->restricted->port, port_set);
        (void)mach_port_insert_right(mach_task_self(), context->restricted->port, context->restricted->port,
                                     MACH_MSG_TYPE_MAKE_SEND);
    }
    *unprivileged = context->restricted->port;
    return BOOTSTRAP_SUCCESS;
}

kern_return_t serve_bootstrap_create_server(mach_port_t port, cmd_t command, natural_t uid, boolean_t on_demand,
                                            security_token_t token, mach_port_t *server_port)
{
    struct context *context = names_of(port);

    if (context == NULL || !is_privileged(context_find(port)) || context_find(port)->server != NULL ||
        (uid != token.val[0] && token.val[0] != 0) || (uid != geteuid() && geteuid() != 0))
        return BOOTSTRAP_NOT_PRIVILEGED;
    struct server *server = server_create(context, command, uid, on_demand != FALSE);

    if (server == NULL)
        return BOOTSTRAP_NO_MEMORY;
    *server_port = server->context->port;
    return BOOTSTRAP_SUCCESS;
}

/* ---- names of the network -------------------------------------------------------------------------- */

kern_return_t serve_netname_check_in(mach_port_t server, netname_name_t name, mach_port_t signature, mach_port_t port)
{
    struct service *service = service_find(netnames, name, false);

    (void)server;
    if (service != NULL && service->signature != signature)
        return NETNAME_NOT_YOURS;
    if (port == MACH_PORT_NULL || ask(port, MACH_NOTIFY_DEAD_NAME, 1) != KERN_SUCCESS)
        return KERN_INVALID_ARGUMENT;
    if (service != NULL)
        service_destroy(service);
    service = service_create(netnames, name, port, 0);
    if (service == NULL)
        return KERN_RESOURCE_SHORTAGE;
    service->active = true;
    service->signature = signature;
    return NETNAME_SUCCESS;
}

kern_return_t serve_netname_look_up(mach_port_t server, netname_name_t host, netname_name_t name, mach_port_t *port)
{
    struct service *service = service_find(netnames, name, false);
    char here[sizeof(netname_name_t)] = "";

    (void)server;
    (void)gethostname(here, sizeof here - 1);
    if (host[0] != '\0' && strcmp(host, here) != 0 && strcmp(host, "localhost") != 0 && strcmp(host, "*") != 0)
        return NETNAME_NO_SUCH_HOST;
    if (service == NULL)
        return NETNAME_NOT_CHECKED_IN;
    *port = service->send;
    return NETNAME_SUCCESS;
}

kern_return_t serve_netname_check_out(mach_port_t server, netname_name_t name, mach_port_t signature)
{
    struct service *service = service_find(netnames, name, false);

    (void)server;
    if (service == NULL)
        return NETNAME_NOT_CHECKED_IN;
    if (service->signature != signature)
        return NETNAME_NOT_YOURS;
    service_destroy(service);
    if (signature != MACH_PORT_NULL)
        release(signature);
    return NETNAME_SUCCESS;
}

kern_return_t serve_netname_version(mach_port_t server, netname_name_t version)
{
    (void)server;
    strcpy(version, "machsim name server 0.1");
    return NETNAME_SUCCESS;
}

/* ---- notifications --------------------------------------------------------------------------------- */

/* A port has died: a service's, or a requestor's.  The notification's reference goes too. */
kern_return_t do_mach_notify_dead_name(mach_port_t notify, mach_port_name_t name)
{
    struct service *service;
    struct context *context;

    (void)notify;
    while ((service = service_of_port(name)) != NULL)
        service_destroy(service);
    while ((context = context_of_requestor(name)) != NULL)
        context_destroy(context);
    release(name);
    return KERN_SUCCESS;
}

/* A declared service's server has let go of it: the next may check in. */
kern_return_t do_mach_notify_port_destroyed(mach_port_t notify, mach_port_t port)
{
    struct service *service = service_of_port(port);

    (void)notify;
    if (service == NULL)
        return mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1);
    service->active = false;
    server_lost(service);
    return KERN_SUCCESS;
}

kern_return_t do_mach_notify_port_deleted(mach_port_t notify, mach_port_name_t name)
{
    (void)notify, (void)name;
    return KERN_SUCCESS;
}

kern_return_t do_mach_notify_send_possible(mach_port_t notify, mach_port_name_t name)
{
    (void)notify, (void)name;
    return KERN_SUCCESS;
}

kern_return_t do_mach_notify_no_senders(mach_port_t notify, mach_port_mscount_t count)
{
    (void)notify, (void)count;
    return KERN_SUCCESS;
}

kern_return_t do_mach_notify_send_once(mach_port_t notify)
{
    (void)notify;
    return KERN_SUCCESS;
}

/* ---- the loop -------------------------------------------------------------------------------------- */

/* Notifications count where only the kernel can send them: clients know the other ports. */
static boolean_t demux(mach_msg_header_t *request, mach_msg_header_t *reply)
{
    if (request->msgh_local_port == notify_port)
        return notify_server(request, reply);
    if (server_message(request)) {
        ((mig_reply_error_t *)reply)->RetCode = MIG_NO_REPLY;
        return TRUE;
    }
    return bootstrap_server(request, reply) || netname_server(request, reply);
}

static void end(int signal)
{
    (void)signal;
    servers_kill();
    _exit(EXIT_SUCCESS);
}

static bool set_up(void)
{
    if (mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET, &port_set) != KERN_SUCCESS ||
        mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &notify_port) != KERN_SUCCESS)
        return false;
    root = context_create(NULL);
    netnames = context_create(NULL);
    if (root == NULL || netnames == NULL)
        return false;
    (void)mach_port_insert_member(mach_task_self(), root->port, port_set);
    (void)mach_port_insert_member(mach_task_self(), netnames->port, port_set);
    (void)mach_port_insert_member(mach_task_self(), notify_port, port_set);
    (void)mach_port_insert_right(mach_task_self(), netnames->port, netnames->port, MACH_MSG_TYPE_MAKE_SEND);
    struct service *names = service_create(root, "NetMsgServer", retain(netnames->port), 0);
    if (names == NULL)
        return false;
    names->active = true;
    return servers_set_up(port_set) && publish(root->port);
}

int bootstrap_serve(void)
{
    signal(SIGTERM, end);
    if (!set_up()) {
        fprintf(stderr, "machsim: the bootstrap server cannot reach its daemon\n");
        return EXIT_FAILURE;
    }
    (void)mach_msg_server(demux, 16384, port_set, MACH_RCV_TRAILER_ELEMENTS(MACH_RCV_TRAILER_SENDER));
    servers_kill();
    return EXIT_SUCCESS;
}
