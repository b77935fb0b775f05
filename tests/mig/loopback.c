/* SPDX-License-Identifier: BSD-2-Clause */
/* loopback.c - mach_msg within one thread: ports, rights and memory, counted. */
#include "loopback.h"

#include <mach/mach_interface.h>
#include <mach/typed_message.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORTS = 256, REGIONS = 1024, TYPED_ALIGN = 8 };

struct queued {
    struct queued *next;
    mach_msg_header_t *message; /* as received, exactly msgh_size bytes and a trailer */
};

struct port {
    bool used, alive, receive, reply;
    unsigned send, send_once;
    loopback_demux_t demux;
    mach_msg_size_t max_reply;
    mach_port_seqno_t seqno;
    struct queued *queue;
};

struct region {
    void *address;
    size_t size;
};

static struct port ports[PORTS];
static struct region regions[REGIONS];
static bool typed_messages;
static unsigned messages;
static unsigned taken_rights;
static size_t taken_memory;
static loopback_hook_t send_hook;
static void *send_context;
static void (*idle_hook)(void *);
static void *idle_context;
static mach_port_t reply_port;

mach_port_t mach_task_self_ = 0x103;

/* ---- ports ---------------------------------------------------------------------------------------- */

static mach_port_t name_of(const struct port *port)
{
    return (mach_port_t)(((port - ports) + 16) << 8 | 3);
}

static struct port *port_of(mach_port_t name)
{
    unsigned index = (name >> 8) - 16;

    return (name & 0xff) == 3 && index < PORTS && ports[index].used ? &ports[index] : NULL;
}

static struct port *new_port(void)
{
    for (size_t i = 0; i < PORTS; i++) {
        if (!ports[i].used) {
            ports[i] = (struct port){.used = true, .alive = true, .receive = true};
            return &ports[i];
        }
    }
    fputs("loopback: no more ports\n", stderr);
    abort();
}

static void flush(struct port *port)
{
    while (port->queue != NULL) {
        struct queued *first = port->queue;
        port->queue = first->next;
        free(first->message);
        free(first);
    }
}

mach_port_t loopback_port(loopback_demux_t demux, mach_msg_size_t max_reply)
{
    struct port *port = new_port();

    port->demux = demux;
    port->max_reply = max_reply;
    port->send = 1;
    return name_of(port);
}

void loopback_add_send(mach_port_t name, unsigned count)
{
    port_of(name)->send += count;
}

void loopback_add_send_once(mach_port_t name)
{
    port_of(name)->send_once++;
}

void loopback_kill(mach_port_t name)
{
    struct port *port = port_of(name);

    port->alive = false;
    port->receive = false;
    flush(port);
}

void loopback_reset(bool typed)
{
    for (size_t i = 0; i < PORTS; i++)
        flush(&ports[i]);
    memset(ports, 0, sizeof ports);
    for (size_t i = 0; i < REGIONS; i++)
        free(regions[i].address);
    memset(regions, 0, sizeof regions);
    typed_messages = typed;
    messages = 0;
    taken_rights = 0;
    taken_memory = 0;
    send_hook = NULL;
    idle_hook = NULL;
    reply_port = MACH_PORT_NULL;
}

unsigned loopback_rights(void)
{
    unsigned count = 0;

    for (size_t i = 0; i < PORTS; i++) {
        if (ports[i].used && !ports[i].reply)
            count += ports[i].send + ports[i].send_once + ports[i].receive;
    }
    return count;
}

size_t loopback_memory(void)
{
    size_t bytes = 0;

    for (size_t i = 0; i < REGIONS; i++)
        bytes += regions[i].size;
    return bytes;
}

unsigned loopback_taken_rights(void)
{
    return taken_rights;
}

size_t loopback_taken_memory(void)
{
    return taken_memory;
}

unsigned loopback_messages(void)
{
    return messages;
}

void loopback_on_send(loopback_hook_t hook, void *context)
{
    send_hook = hook;
    send_context = context;
}

void loopback_on_idle(void (*idle)(void *), void *context)
{
    idle_hook = idle;
    idle_context = context;
}

/* A right is given away: `name` with the disposition that the sender wrote. */
static bool take_right(mach_port_t name, mach_msg_type_name_t disposition, bool commit)
{
    struct port *port;

    if (!MACH_PORT_VALID(name))
        return MACH_MSG_TYPE_PORT_ANY(disposition);
    port = port_of(name);
    if (port == NULL)
        return false;
    switch (disposition) {
    case MACH_MSG_TYPE_COPY_SEND: return port->send > 0;
    case MACH_MSG_TYPE_MOVE_SEND: return port->send > 0 && (!commit || port->send--);
    case MACH_MSG_TYPE_MOVE_SEND_ONCE: return port->send_once > 0 && (!commit || port->send_once--);
    case MACH_MSG_TYPE_MAKE_SEND:
    case MACH_MSG_TYPE_MAKE_SEND_ONCE: return port->receive;
    case MACH_MSG_TYPE_MOVE_RECEIVE:
        if (port->receive && commit)
            port->receive = false;
        return port->receive || commit;
    default: return false;
    }
}

static mach_msg_type_name_t received_as(mach_msg_type_name_t disposition)
{
    switch (disposition) {
    case MACH_MSG_TYPE_COPY_SEND:
    case MACH_MSG_TYPE_MAKE_SEND: return MACH_MSG_TYPE_PORT_SEND;
    case MACH_MSG_TYPE_MAKE_SEND_ONCE: return MACH_MSG_TYPE_PORT_SEND_ONCE;
    default: return disposition;
    }
}

static void give_right(mach_port_t name, mach_msg_type_name_t received)
{
    struct port *port = MACH_PORT_VALID(name) ? port_of(name) : NULL;

    if (port == NULL)
        return;
    if (received == MACH_MSG_TYPE_PORT_SEND)
        port->send++;
    else if (received == MACH_MSG_TYPE_PORT_SEND_ONCE)
        port->send_once++;
    else if (received == MACH_MSG_TYPE_PORT_RECEIVE)
        port->receive = true;
}

static void collect(struct port *port)
{
    if (port->send == 0 && port->send_once == 0 && !port->receive) {
        flush(port);
        port->used = false;
    }
}

kern_return_t mach_port_deallocate(ipc_space_t task, mach_port_name_t name)
{
    struct port *port = port_of(name);

    (void)task;
    if (port == NULL || (port->send == 0 && port->send_once == 0))
        return KERN_INVALID_RIGHT;
    /* One name for all rights here: the send-once right goes first, as it is the one that is passed on. */
    if (port->send_once > 0)
        port->send_once--;
    else
        port->send--;
    collect(port);
    return KERN_SUCCESS;
}

kern_return_t mach_port_mod_refs(ipc_space_t task, mach_port_name_t name, mach_port_right_t right,
                                 mach_port_delta_t delta)
{
    struct port *port = port_of(name);

    (void)task;
    if (port == NULL || right != MACH_PORT_RIGHT_RECEIVE || delta != -1 || !port->receive)
        return KERN_INVALID_RIGHT;
    port->receive = false;
    port->alive = false;
    collect(port);
    return KERN_SUCCESS;
}

/* ---- memory --------------------------------------------------------------------------------------- */

kern_return_t vm_allocate(vm_task_entry_t task, vm_address_t *address, vm_size_t size, int flags)
{
    (void)task;
    (void)flags;
    for (size_t i = 0; i < REGIONS; i++) {
        if (regions[i].address == NULL) {
            regions[i] = (struct region){calloc(1, size > 0 ? size : 1), size};
            *address = (vm_address_t)regions[i].address;
            return KERN_SUCCESS;
        }
    }
    return KERN_NO_SPACE;
}

kern_return_t vm_deallocate(vm_task_entry_t task, vm_address_t address, vm_size_t size)
{
    (void)task;
    for (size_t i = 0; i < REGIONS; i++) {
        if (regions[i].address == (void *)address && regions[i].address != NULL && regions[i].size == size) {
            free(regions[i].address);
            regions[i] = (struct region){NULL, 0};
            return KERN_SUCCESS;
        }
    }
    return KERN_INVALID_ADDRESS;
}

static bool is_readable(const void *address, size_t size)
{
    if (size == 0)
        return true;
    for (size_t i = 0; i < REGIONS; i++) {
        const char *start = regions[i].address;
        if (start != NULL && (const char *)address >= start && (const char *)address + size <= start + regions[i].size)
            return true;
    }
    return false;
}

void mig_allocate(vm_address_t *address, vm_size_t size)
{
    if (vm_allocate(mach_task_self(), address, size, 1) != KERN_SUCCESS)
        *address = 0;
}

void mig_deallocate(vm_address_t address, vm_size_t size)
{
    vm_deallocate(mach_task_self(), address, size);
}

/* ---- a message's insides, in either format -------------------------------------------------------- */

/* One thing in a message that the kernel moves. */
struct part {
    mach_port_t *port; /* an inline right */
    mach_msg_type_name_t disposition;
    void *address; /* or out-of-line memory: where, */
    void *where;   /* the field that says so, */
    size_t size;
    size_t count;  /* rights in it, or 0 */
    bool deallocate;
    unsigned char *named; /* where the disposition is written: 8 bits of a field */
};

typedef mach_msg_return_t (*visit_t)(struct part *part, void *context);

/* The 8-bit disposition stands in the same byte of both port descriptors' flag word. */
static unsigned char *byte_at(void *base, size_t offset)
{
    return (unsigned char *)base + offset;
}

static mach_msg_return_t visit_descriptor(mach_msg_descriptor_t *d, visit_t visit, void *context, size_t *size)
{
    struct part part = {0};

    switch (d->type.type) {
    case MACH_MSG_PORT_DESCRIPTOR:
        part.port = &d->port.name;
        part.disposition = d->port.disposition;
        part.named = byte_at(d, 10);
        *size = sizeof d->port;
        return visit(&part, context);
    case MACH_MSG_OOL_DESCRIPTOR:
    case MACH_MSG_OOL_VOLATILE_DESCRIPTOR:
        if (d->out_of_line.copy != MACH_MSG_PHYSICAL_COPY && d->out_of_line.copy != MACH_MSG_VIRTUAL_COPY)
            return MACH_SEND_INVALID_TYPE;
        part.address = d->out_of_line.address;
        part.where = &d->out_of_line.address;
        part.size = d->out_of_line.size;
        part.deallocate = d->out_of_line.deallocate;
        *size = sizeof d->out_of_line;
        return visit(&part, context);
    case MACH_MSG_OOL_PORTS_DESCRIPTOR:
        if (d->ool_ports.copy != MACH_MSG_PHYSICAL_COPY && d->ool_ports.copy != MACH_MSG_VIRTUAL_COPY)
            return MACH_SEND_INVALID_TYPE;
        if (!MACH_MSG_TYPE_PORT_ANY(d->ool_ports.disposition))
            return MACH_SEND_INVALID_TYPE;
        part.address = d->ool_ports.address;
        part.where = &d->ool_ports.address;
        part.count = d->ool_ports.count;
        part.size = part.count * sizeof(mach_port_t);
        part.disposition = d->ool_ports.disposition;
        part.deallocate = d->ool_ports.deallocate;
        part.named = byte_at(d, 10);
        *size = sizeof d->ool_ports;
        return visit(&part, context);
    default: return MACH_SEND_INVALID_TYPE;
    }
}

static mach_msg_return_t visit_untyped(mach_msg_header_t *message, visit_t visit, void *context)
{
    mach_msg_base_t *base = (mach_msg_base_t *)message;
    char *at = (char *)(base + 1), *end = (char *)message + message->msgh_size;
    mach_msg_return_t result = MACH_MSG_SUCCESS;

    if (message->msgh_size < sizeof *base)
        return MACH_SEND_MSG_TOO_SMALL;
    for (mach_msg_size_t i = 0; i < base->body.msgh_descriptor_count && result == MACH_MSG_SUCCESS; i++) {
        size_t size = 0;
        if (end - at < (ptrdiff_t)sizeof(mach_msg_port_descriptor_t))
            return MACH_SEND_MSG_TOO_SMALL;
        unsigned type = ((mach_msg_type_descriptor_t *)at)->type;
        if (type != MACH_MSG_PORT_DESCRIPTOR && end - at < (ptrdiff_t)sizeof(mach_msg_ool_descriptor_t))
            return MACH_SEND_MSG_TOO_SMALL;
        result = visit_descriptor((mach_msg_descriptor_t *)at, visit, context, &size);
        at += size;
    }
    return result;
}

static mach_msg_return_t visit_inline_rights(char *at, struct part *part, size_t count, visit_t visit, void *context)
{
    mach_msg_return_t result = MACH_MSG_SUCCESS;

    for (size_t i = 0; i < count && result == MACH_MSG_SUCCESS; i++) {
        part->port = (mach_port_t *)at + i;
        result = visit(part, context);
    }
    return result;
}

static mach_msg_return_t visit_typed(mach_msg_header_t *message, visit_t visit, void *context)
{
    char *at = (char *)(message + 1), *end = (char *)message + message->msgh_size;
    mach_msg_return_t result = MACH_MSG_SUCCESS;

    while (at < end && result == MACH_MSG_SUCCESS) {
        mach_msg_type_t type;
        mach_msg_type_long_t wide;
        if (end - at < (ptrdiff_t)sizeof type)
            return MACH_SEND_MSG_TOO_SMALL;
        memcpy(&type, at, sizeof type);
        bool is_long = type.msgt_longform;
        if (is_long && end - at < (ptrdiff_t)sizeof wide)
            return MACH_SEND_MSG_TOO_SMALL;
        memcpy(&wide, at, is_long ? sizeof wide : 0);
        mach_msg_type_name_t name = is_long ? wide.msgtl_name : type.msgt_name;
        uint64_t bits = is_long ? wide.msgtl_size : type.msgt_size;
        uint64_t number = is_long ? wide.msgtl_number : type.msgt_number;
        size_t size = (bits * number + 7) / 8;
        struct part part = {.disposition = name, .named = (unsigned char *)at + (is_long ? sizeof type : 0)};
        bool rights = MACH_MSG_TYPE_PORT_ANY(name);

        if (rights && bits != 32)
            return MACH_SEND_INVALID_TYPE;
        at += is_long ? sizeof wide : sizeof type;
        if (type.msgt_inline) {
            size_t padded = (size + TYPED_ALIGN - 1) / TYPED_ALIGN * TYPED_ALIGN;
            if ((size_t)(end - at) < padded)
                return MACH_SEND_MSG_TOO_SMALL;
            void *nowhere = NULL;
            part.where = &nowhere;
            if (rights)
                result = number == 0 ? visit(&part, context)
                                     : visit_inline_rights(at, &part, number, visit, context);
            at += padded;
            continue;
        }
        if (end - at < (ptrdiff_t)sizeof part.address)
            return MACH_SEND_MSG_TOO_SMALL;
        memcpy(&part.address, at, sizeof part.address);
        part.where = at;
        part.size = size;
        part.count = rights ? number : 0;
        part.deallocate = type.msgt_deallocate;
        at += sizeof part.address;
        result = visit(&part, context);
    }
    return result;
}

static mach_msg_return_t visit_parts(mach_msg_header_t *message, visit_t visit, void *context)
{
    if (!(message->msgh_bits & MACH_MSGH_BITS_COMPLEX))
        return MACH_MSG_SUCCESS;
    return typed_messages ? visit_typed(message, visit, context) : visit_untyped(message, visit, context);
}

/* ---- sending -------------------------------------------------------------------------------------- */

static mach_msg_return_t check_part(struct part *part, void *context)
{
    (void)context;
    if (part->port != NULL)
        return take_right(*part->port, part->disposition, false) ? MACH_MSG_SUCCESS : MACH_SEND_INVALID_RIGHT;
    if (part->size > (1u << 30) || !is_readable(part->address, part->size))
        return MACH_SEND_INVALID_MEMORY;
    for (size_t i = 0; i < part->count; i++) {
        if (!take_right(((mach_port_t *)part->address)[i], part->disposition, false))
            return MACH_SEND_INVALID_RIGHT;
    }
    return MACH_MSG_SUCCESS;
}

static void move_right(mach_port_t name, mach_msg_type_name_t disposition)
{
    bool moves = disposition >= MACH_MSG_TYPE_MOVE_RECEIVE && disposition <= MACH_MSG_TYPE_MOVE_SEND_ONCE;

    if (moves && MACH_PORT_VALID(name))
        taken_rights++;
    take_right(name, disposition, true);
    give_right(name, received_as(disposition));
}

/* The copy that is received takes the place of what was sent. */
static mach_msg_return_t move_part(struct part *part, void *context)
{
    vm_address_t copy = 0;

    (void)context;
    if (part->port != NULL) {
        move_right(*part->port, part->disposition);
        *part->named = (unsigned char)received_as(part->disposition);
        return MACH_MSG_SUCCESS;
    }
    if (part->size > 0) {
        if (vm_allocate(mach_task_self(), &copy, part->size, 1) != KERN_SUCCESS)
            abort();
        memcpy((void *)copy, part->address, part->size);
    }
    for (size_t i = 0; i < part->count; i++)
        move_right(((mach_port_t *)copy)[i], part->disposition);
    if (part->count > 0 || part->named != NULL)
        *part->named = (unsigned char)received_as(part->disposition);
    if (part->deallocate && part->size > 0 &&
        vm_deallocate(mach_task_self(), (vm_address_t)part->address, part->size) == KERN_SUCCESS)
        taken_memory += part->size;
    memcpy(part->where, &copy, sizeof copy);
    return MACH_MSG_SUCCESS;
}

static void add_trailer(mach_msg_header_t *message, struct port *port)
{
    mach_msg_max_trailer_t *trailer = (void *)((char *)message + round_msg(message->msgh_size));

    memset(trailer, 0, sizeof *trailer);
    trailer->msgh_trailer_type = MACH_MSG_TRAILER_FORMAT_0;
    trailer->msgh_trailer_size = sizeof *trailer;
    trailer->msgh_seqno = port->seqno++;
    trailer->msgh_sender.val[0] = 1001;
    trailer->msgh_sender.val[1] = 1002;
    for (unsigned i = 0; i < 8; i++)
        trailer->msgh_audit.val[i] = 2000 + i;
    trailer->msgh_context = 0x1122334455667788u;
}

static mach_msg_header_t *copy_message(const mach_msg_header_t *message, mach_msg_size_t size)
{
    mach_msg_header_t *copy = calloc(1, round_msg(size) + sizeof(mach_msg_max_trailer_t));

    memcpy(copy, message, size);
    copy->msgh_size = size;
    return copy;
}

static mach_msg_return_t check_message(mach_msg_header_t *message)
{
    struct port *destination = port_of(message->msgh_remote_port);
    mach_msg_type_name_t remote = MACH_MSGH_BITS_REMOTE(message->msgh_bits);
    mach_msg_type_name_t local = MACH_MSGH_BITS_LOCAL(message->msgh_bits);

    if (message->msgh_bits & ~MACH_MSGH_BITS_USER)
        return MACH_SEND_INVALID_HEADER;
    if (destination == NULL || remote == MACH_MSG_TYPE_MOVE_RECEIVE ||
        !take_right(message->msgh_remote_port, remote, false))
        return MACH_SEND_INVALID_DEST;
    if (local != 0 || MACH_PORT_VALID(message->msgh_local_port)) {
        if (local == 0 || local == MACH_MSG_TYPE_MOVE_RECEIVE || !take_right(message->msgh_local_port, local, false))
            return MACH_SEND_INVALID_REPLY;
    }
    return visit_parts(message, check_part, NULL);
}

/* From what the sender wrote to what the receiver sees. */
static void translate(mach_msg_header_t *message)
{
    mach_port_t remote = message->msgh_remote_port, local = message->msgh_local_port;
    mach_msg_type_name_t to = MACH_MSGH_BITS_REMOTE(message->msgh_bits);
    mach_msg_type_name_t back = MACH_MSGH_BITS_LOCAL(message->msgh_bits);

    take_right(remote, to, true);
    if (back != 0)
        move_right(local, back);
    visit_parts(message, move_part, NULL);
    message->msgh_bits = (message->msgh_bits & MACH_MSGH_BITS_COMPLEX) |
                         MACH_MSGH_BITS(back != 0 ? received_as(back) : 0, received_as(to));
    message->msgh_remote_port = local;
    message->msgh_local_port = remote;
}

static mach_msg_return_t send_message(mach_msg_header_t *message, mach_msg_size_t size, bool reply);

static void destroy(mach_msg_header_t *message)
{
    if (typed_messages)
        mach_msg_destroy_typed(message);
    else
        mach_msg_destroy(message);
}

/* What mach_msg_server does with one request. */
static void serve(struct port *port, mach_msg_header_t *request)
{
    mig_reply_error_t *reply = calloc(1, port->max_reply + sizeof(mach_msg_max_trailer_t));

    port->demux(request, &reply->Head);
    kern_return_t result = typed_messages ? ((mig_typed_reply_error_t *)reply)->RetCode : reply->RetCode;
    if (!(reply->Head.msgh_bits & MACH_MSGH_BITS_COMPLEX) && result != KERN_SUCCESS) {
        if (result == MIG_NO_REPLY) {
            free(reply);
            return;
        }
        request->msgh_remote_port = MACH_PORT_NULL;
        destroy(request);
    }
    if (reply->Head.msgh_remote_port == MACH_PORT_NULL) {
        if (reply->Head.msgh_bits & MACH_MSGH_BITS_COMPLEX)
            destroy(&reply->Head);
    } else if (send_message(&reply->Head, reply->Head.msgh_size, true) != MACH_MSG_SUCCESS) {
        destroy(&reply->Head);
    }
    free(reply);
}

static void enqueue(struct port *port, mach_msg_header_t *message)
{
    struct queued **end = &port->queue;

    while (*end != NULL)
        end = &(*end)->next;
    *end = calloc(1, sizeof **end);
    (*end)->message = message;
}

static mach_msg_return_t send_message(mach_msg_header_t *message, mach_msg_size_t size, bool reply)
{
    if (send_hook != NULL) {
        message = send_hook(message, size, reply, send_context);
        size = message->msgh_size;
    }
    if (size < sizeof *message || size % 4 != 0)
        return MACH_SEND_MSG_TOO_SMALL;
    message->msgh_size = size;
    mach_msg_return_t result = check_message(message);
    if (result != MACH_MSG_SUCCESS)
        return result;
    messages++;
    mach_msg_header_t *copy = copy_message(message, size);
    struct port *port = port_of(copy->msgh_remote_port);
    translate(copy);
    if (!port->alive) {
        destroy(copy);
        free(copy);
        return MACH_MSG_SUCCESS;
    }
    add_trailer(copy, port);
    if (port->demux == NULL) {
        enqueue(port, copy);
        return MACH_MSG_SUCCESS;
    }
    serve(port, copy);
    free(copy);
    return MACH_MSG_SUCCESS;
}

/* ---- receiving ------------------------------------------------------------------------------------ */

static mach_msg_return_t receive(mach_msg_header_t *message, mach_msg_option_t option, mach_msg_size_t room,
                                 mach_port_t name)
{
    struct port *port = port_of(name);

    if (port == NULL || !port->receive)
        return MACH_RCV_INVALID_NAME;
    if (port->queue == NULL && idle_hook != NULL)
        idle_hook(idle_context);
    if (port->queue == NULL) {
        if (option & MACH_RCV_TIMEOUT)
            return MACH_RCV_TIMED_OUT;
        /* Nobody holds a right to answer with, or nobody will: the kernel says so. */
        mach_msg_header_t died = {.msgh_bits = MACH_MSGH_BITS(0, MACH_MSG_TYPE_PORT_SEND_ONCE),
                                  .msgh_size = sizeof died,
                                  .msgh_local_port = name,
                                  .msgh_id = 71};
        port->send_once = 0;
        memcpy(message, &died, sizeof died);
        return MACH_MSG_SUCCESS;
    }
    struct queued *first = port->queue;
    port->queue = first->next;
    mach_msg_size_t size = first->message->msgh_size;
    mach_msg_size_t whole = round_msg(size) + (mach_msg_size_t)sizeof(mach_msg_max_trailer_t);
    mach_msg_return_t result = MACH_MSG_SUCCESS;
    if (size > room) {
        destroy(first->message);
        result = MACH_RCV_TOO_LARGE;
    } else {
        memcpy(message, first->message, whole < room ? whole : room);
    }
    free(first->message);
    free(first);
    return result;
}

mach_msg_return_t mach_msg_overwrite(mach_msg_header_t *msg, mach_msg_option_t option, mach_msg_size_t send_size,
                                     mach_msg_size_t rcv_size, mach_port_name_t rcv_name, mach_msg_timeout_t timeout,
                                     mach_port_name_t notify, mach_msg_header_t *rcv_msg, mach_msg_size_t rcv_limit)
{
    mach_msg_return_t result = MACH_MSG_SUCCESS;

    (void)timeout;
    (void)notify;
    (void)rcv_limit;
    if (option & MACH_SEND_MSG)
        result = send_message(msg, send_size, false);
    if (result == MACH_MSG_SUCCESS && (option & MACH_RCV_MSG))
        result = receive(rcv_msg != NULL ? rcv_msg : msg, option, rcv_size, rcv_name);
    return result;
}

mach_msg_return_t mach_msg(mach_msg_header_t *msg, mach_msg_option_t option, mach_msg_size_t send_size,
                           mach_msg_size_t rcv_size, mach_port_name_t rcv_name, mach_msg_timeout_t timeout,
                           mach_port_name_t notify)
{
    return mach_msg_overwrite(msg, option, send_size, rcv_size, rcv_name, timeout, notify, NULL, 0);
}

/* ---- reply ports ---------------------------------------------------------------------------------- */

mach_port_t mig_get_reply_port(void)
{
    if (reply_port == MACH_PORT_NULL) {
        struct port *port = new_port();
        port->reply = true;
        reply_port = name_of(port);
    }
    return reply_port;
}

void mig_put_reply_port(mach_port_t port)
{
    (void)port;
}

void mig_dealloc_reply_port(mach_port_t port)
{
    struct port *gone = port_of(port);

    if (gone != NULL) {
        flush(gone);
        gone->used = false;
    }
    reply_port = MACH_PORT_NULL;
}

mach_port_t mig_get_special_reply_port(void)
{
    return mig_get_reply_port();
}

void mig_dealloc_special_reply_port(mach_port_t port)
{
    mig_dealloc_reply_port(port);
}
