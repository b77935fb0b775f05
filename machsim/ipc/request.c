/* SPDX-License-Identifier: BSD-2-Clause */
/* request.c - requests for notifications: see request.h. */
#include "ipc/request.h"

#include "ipc/notify.h"

#include <mach/notify.h>

struct ipc_request *ipc_request_create(struct ipc_port *notify, mach_port_name_t name, bool send_possible)
{
    struct ipc_request *request = hal_alloc(sizeof *request);
    struct ipc_kmsg *kmsg = request == NULL ? NULL : ipc_notify_alloc();

    if (kmsg == NULL) {
        hal_free(request, sizeof *request);
        return NULL;
    }
    *request = (struct ipc_request){.notify = notify, .kmsg = kmsg, .name = name, .send_possible = send_possible};
    return request;
}

struct ipc_port *ipc_request_free(struct ipc_request *request)
{
    struct ipc_port *notify = request->notify;

    if (request->kmsg != NULL)
        ipc_kmsg_free(request->kmsg);
    hal_free(request, sizeof *request);
    return notify;
}

void ipc_request_add(struct ipc_port *port, struct ipc_request *request)
{
    list_append(&port->requests, &request->link);
}

/* Takes a request out of its locked port. */
static void take_out(struct ipc_port *port, struct ipc_request *request)
{
    list_remove(&request->link);
    if (request->armed)
        port->armed_requests--;
    request->armed = false;
}

struct ipc_port *ipc_request_cancel(struct ipc_port *port, struct ipc_request *request)
{
    ipc_port_lock(port);
    if (list_linked(&request->link))
        take_out(port, request);
    ipc_port_unlock(port);
    return ipc_request_free(request);
}

bool ipc_request_told(struct ipc_port *port, struct ipc_request *request)
{
    ipc_port_lock(port);
    bool told = !list_linked(&request->link);
    ipc_port_unlock(port);
    return told;
}

void ipc_request_arm(struct ipc_port *port, struct ipc_request *request)
{
    if (!request->armed)
        port->armed_requests++;
    request->armed = true;
}

void ipc_request_tell(struct ipc_request *request, mach_msg_id_t id)
{
    ipc_notify_name(request->kmsg, request->notify, id, request->name);
    request->kmsg = NULL;
    request->notify = NULL;
}

void ipc_request_tell_dead(struct ipc_port *port)
{
    for (struct list *link; (link = port->requests.next) != &port->requests;) {
        struct ipc_request *request = container_of(link, struct ipc_request, link);

        take_out(port, request);
        ipc_request_tell(request, MACH_NOTIFY_DEAD_NAME);
    }
}

void ipc_request_tell_possible(struct ipc_port *port)
{
    for (struct list *link = port->requests.next, *next; port->armed_requests > 0; link = next) {
        struct ipc_request *request = container_of(link, struct ipc_request, link);

        kern_assert(link != &port->requests);
        next = link->next;
        if (request->armed) {
            take_out(port, request);
            ipc_request_tell(request, MACH_NOTIFY_SEND_POSSIBLE);
        }
    }
}

void ipc_request_tell_deleted(struct ipc_port *port, struct ipc_request *request)
{
    ipc_port_lock(port);
    const bool told = !list_linked(&request->link);

    if (!told)
        take_out(port, request);
    ipc_port_unlock(port);
    if (!told)
        ipc_request_tell(request, MACH_NOTIFY_PORT_DELETED);
    (void)ipc_request_free(request);
}
