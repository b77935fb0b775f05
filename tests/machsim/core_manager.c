/* SPDX-License-Identifier: BSD-2-Clause */
/* core_manager.c - managers inside a test: see core_manager.h. */
#include "core_manager.h"

#include <stdlib.h>
#include <string.h>

#include "gen/kernel/memory_object_control_server.h"
#include "gen/kernel/memory_object_default_ids.h"
#include "gen/kernel/memory_object_default_user.h"
#include "gen/kernel/memory_object_ids.h"
#include "gen/kernel/memory_object_user.h"
#include "hal/sim/sim.h"
#include "ipc/kmsg.h"
#include "ipc/transit.h"
#include "kern/defer.h"
#include "kern/kobject.h"
#include "vm/vm_copy.h"
#include "vm/vm_pageout.h"
#include "vm/vm_pager.h"

#define MOST 4096
#define BYTE_AT 7

/* What a manager has of an object; anonymous ones are made by the kernel. */
static struct object {
    struct ipc_port *port;    /* the receive right, and a reference */
    struct ipc_port *control; /* a send right, while it is mapped */
    bool anonymous, ended;
    unsigned char bytes[MANAGED_PAGES * 2];
} objects[MOST];
static unsigned count;
static struct ipc_port *default_port;

/* Requests that are still to be answered. */
static struct pending {
    struct object *object;
    uint64_t offset;
} pending[MOST];
static unsigned pending_count;

static struct ipc_kmsg *calling; /* stands for the request by which a manager calls */

static struct object *add(struct ipc_port *port, bool anonymous)
{
    if (count == MOST)
        abort();
    objects[count] = (struct object){.port = port, .anonymous = anonymous};
    return &objects[count++];
}

void managers_start(unsigned char (*byte_of)(unsigned object, unsigned page))
{
    count = pending_count = 0;
    calling = ipc_kmsg_alloc(64, NULL);
    default_port = ipc_port_create_kernel(OBJECT_NONE, NULL);
    ipc_port_reference(default_port);
    vm_pageout_set_default_manager(ipc_port_make_send(default_port));
    for (unsigned i = 0; i < MANAGED_OBJECTS; i++) {
        struct ipc_port *port = ipc_port_create_kernel(OBJECT_NONE, NULL);

        ipc_port_reference(port);
        struct object *object = add(port, false);

        for (unsigned page = 0; page < MANAGED_PAGES; page++)
            object->bytes[page] = byte_of(i, page);
    }
}

struct ipc_port *managers_object(unsigned object)
{
    return ipc_port_make_send(objects[object].port);
}

/* ---- calls ----------------------------------------------------------------------------------------- */

static void woken(struct waiter *waiter)
{
    waiter_restart(waiter);
}

/* A call of the core's is to be served again when what it waits for has come; the test comes again in any case. */
static void begin_call(void)
{
    waiter_init(&calling->waiter, woken);
    calling->progress = 0;
    hal_processor()->serving = calling;
}

static void end_call(void)
{
    lock_acquire(&vm_lock);
    (void)waiter_cancel(&calling->waiter);
    lock_release(&vm_lock);
    hal_processor()->serving = NULL;
    sim_settle();
}

static struct vm_pager *pager_of(const struct object *object)
{
    return object->control == NULL ? NULL : object->control->object;
}

static bool supply(const struct pending *request)
{
    static unsigned char page[HAL_PAGE_SIZE];
    struct vm_pager *pager = pager_of(request->object);

    page[BYTE_AT] = request->object->bytes[request->offset / HAL_PAGE_SIZE];
    if (pager == NULL)
        return true;
    begin_call();
    const kern_return_t result = kernel_memory_object_data_supply(pager, request->offset, (vm_offset_t)page,
                                                                  HAL_PAGE_SIZE, VM_PROT_NONE, rand() % 4 == 0,
                                                                  MACH_PORT_NULL);

    end_call();
    return result == KERN_SUCCESS || result == KERN_MEMORY_PRESENT || result == KERN_INVALID_ARGUMENT;
}

static void be_ready(const struct object *object)
{
    struct memory_object_attr_info info = {.copy_strategy = rand() % 2 ? MEMORY_OBJECT_COPY_DELAY : MEMORY_OBJECT_COPY_NONE,
                                           .cluster_size = HAL_PAGE_SIZE << rand() % 3,
                                           .may_cache_object = rand() % 2};

    begin_call();
    (void)kernel_memory_object_change_attributes(pager_of(object), MEMORY_OBJECT_ATTRIBUTE_INFO, (int *)&info,
                                                 MEMORY_OBJECT_ATTR_INFO_COUNT, MACH_PORT_NULL);
    end_call();
}

/* Takes pages back, or has them forgotten once they have come back: nobody sees a difference. */
static void ask_back(const struct object *object)
{
    struct vm_pager *pager = pager_of(object);

    if (pager == NULL)
        return;
    begin_call();
    (void)kernel_memory_object_lock_request(pager, (uint64_t)(rand() % MANAGED_PAGES) * HAL_PAGE_SIZE, 4 * HAL_PAGE_SIZE,
                                            MEMORY_OBJECT_RETURN_ALL, rand() % 2, VM_PROT_NO_CHANGE, MACH_PORT_NULL);
    end_call();
}

/* ---- messages -------------------------------------------------------------------------------------- */

static void take_back(struct object *object, const struct ipc_kmsg *message)
{
    const __Request__memory_object_data_return_t *back = (const void *)message->message;
    const struct vm_map_copy *memory = message->descriptors[1].memory;

    for (uint64_t at = 0; at < memory->size; at += HAL_PAGE_SIZE)
        object->bytes[(back->offset + at) / HAL_PAGE_SIZE] = memory->data[at + BYTE_AT];
}

static void take_request(struct object *object, const struct ipc_kmsg *message)
{
    const __Request__memory_object_data_request_t *request = (const void *)message->message;

    for (uint64_t at = 0; at < request->length; at += HAL_PAGE_SIZE) {
        if (pending_count == MOST)
            abort();
        pending[pending_count++] = (struct pending){.object = object, .offset = request->offset + at};
    }
}

static void set_control(struct object *object, struct ipc_port *control)
{
    ipc_port_release_send(object->control);
    object->control = ipc_port_copy_send(control);
}

static void end(struct object *object)
{
    ipc_port_release_send(object->control);
    object->control = NULL;
    object->ended = object->anonymous;
}

static void receive(struct object *object, struct ipc_kmsg *message)
{
    switch (message->id) {
    case MACH_ID_memory_object_init:
        set_control(object, message->descriptors[0].port);
        be_ready(object);
        break;
    case MACH_ID_memory_object_data_request: take_request(object, message); break;
    case MACH_ID_memory_object_data_return: take_back(object, message); break;
    case MACH_ID_memory_object_terminate: end(object); break;
    default: abort();
    }
}

/* The receive right of a new object's port stays with this test. */
static void make(struct ipc_kmsg *message)
{
    struct ipc_port *port = message->descriptors[0].port;

    ipc_transit_end(message);
    set_control(add(port, true), message->descriptors[1].port);
    message->descriptors[0].port = NULL;
}

static struct ipc_kmsg *next_message(struct ipc_port *port)
{
    struct list *link = list_pop(&port->messages);

    if (link == NULL)
        return NULL;
    port->message_count--;
    return container_of(link, struct ipc_kmsg, link);
}

static void done_with(struct ipc_kmsg *message)
{
    ipc_kmsg_destroy(message);
    sim_settle();
}

static bool serve_default(void)
{
    struct ipc_kmsg *message = next_message(default_port);

    if (message == NULL)
        return false;
    make(message);
    done_with(message);
    return true;
}

static bool serve_object(struct object *object)
{
    struct ipc_kmsg *message = object->ended ? NULL : next_message(object->port);

    if (message == NULL)
        return false;
    receive(object, message);
    done_with(message);
    return true;
}

static bool answer_one(void)
{
    if (pending_count == 0)
        return false;
    struct pending *at = &pending[(unsigned)rand() % pending_count];

    if (supply(at))
        *at = pending[--pending_count];
    return true;
}

bool managers_serve(void)
{
    const unsigned first = count == 0 ? 0 : (unsigned)rand() % count;

    if (rand() % 8 == 0)
        ask_back(&objects[first]);
    if (rand() % 2 && answer_one())
        return true;
    if (serve_default())
        return true;
    for (unsigned i = 0; i < count; i++)
        if (serve_object(&objects[(first + i) % count]))
            return true;
    return answer_one();
}

void managers_stop(void)
{
    vm_pager_flush_cache();
    sim_settle();
    while (managers_serve())
        ;
    vm_pageout_set_default_manager(NULL);
    for (unsigned i = 0; i < count; i++) {
        ipc_port_release_send(objects[i].control);
        if (objects[i].anonymous) {
            ipc_port_destroy(objects[i].port);
        } else {
            ipc_port_destroy_kernel(objects[i].port);
            ipc_port_release(objects[i].port);
        }
    }
    ipc_port_destroy_kernel(default_port);
    ipc_port_release(default_port);
    ipc_kmsg_free(calling);
    sim_settle();
}
