/* SPDX-License-Identifier: BSD-2-Clause */
/* copyin.c - from names in a message's bytes to rights beside them: ipc_kmsg_copyin in kmsg.h. */
#include "ipc/kmsg.h"
#include "ipc/right.h"
#include "ipc/simple.h"
#include "kern/task.h"
#include "vm/vm_copy.h"

/* ---- the header ------------------------------------------------------------------------------------ */

/* The rights of a header: destination, reply, voucher, in this order. */
struct header_right {
    mach_port_name_t name;
    mach_msg_type_name_t disposition;
    bool dead_ok;
    mach_msg_return_t error;
    struct ipc_entry *entry; /* NULL: no right, or the name itself is null or dead */
    struct ipc_right right;
};

#define HEADER_RIGHTS 3

static mach_msg_return_t check_header(const mach_msg_header_t *header)
{
    const mach_msg_type_name_t destination = MACH_MSGH_BITS_REMOTE(header->msgh_bits);
    const mach_msg_type_name_t reply = MACH_MSGH_BITS_LOCAL(header->msgh_bits);
    const mach_msg_type_name_t voucher = MACH_MSGH_BITS_VOUCHER(header->msgh_bits);

    if (header->msgh_bits & ~MACH_MSGH_BITS_USER)
        return MACH_SEND_INVALID_HEADER;
    if (!MACH_MSG_TYPE_PORT_ANY_SEND(destination))
        return MACH_SEND_INVALID_HEADER;
    if (reply == 0 ? header->msgh_local_port != MACH_PORT_NULL : !MACH_MSG_TYPE_PORT_ANY_SEND(reply))
        return MACH_SEND_INVALID_HEADER;
    if (voucher != 0 && voucher != MACH_MSG_TYPE_MOVE_SEND && voucher != MACH_MSG_TYPE_COPY_SEND)
        return MACH_SEND_INVALID_VOUCHER;
    return MACH_PORT_VALID(header->msgh_remote_port) ? MACH_MSG_SUCCESS : MACH_SEND_INVALID_DEST;
}

/* Finds what a name denotes, and whether it will do.  Takes nothing yet. */
static mach_msg_return_t find(struct ipc_space *space, struct header_right *h)
{
    h->right.type = ipc_right_result(h->disposition);
    if (h->disposition == 0)
        return MACH_MSG_SUCCESS;
    if (!MACH_PORT_VALID(h->name)) {
        h->right.port = h->name == MACH_PORT_DEAD ? IPC_PORT_DEAD : NULL;
        return MACH_MSG_SUCCESS;
    }
    h->entry = ipc_space_lookup(space, h->name);
    if (h->entry == NULL || !ipc_right_copyin_check(space, h->name, h->entry, h->disposition, h->dead_ok))
        return h->error;
    return MACH_MSG_SUCCESS;
}

/* Whether a name gives as many rights as the message wants to move out of it by `last` and those before. */
static bool enough_to_move(const struct header_right *first, const struct header_right *last)
{
    uint32_t moves = 0;

    for (const struct header_right *h = first; h <= last; h++)
        if (h->entry == last->entry &&
            (h->disposition == MACH_MSG_TYPE_MOVE_SEND || h->disposition == MACH_MSG_TYPE_MOVE_SEND_ONCE))
            moves++;
    return moves <= 1 || moves <= (entry_type(last->entry) & MACH_PORT_TYPE_SEND_ONCE ? 1 : entry_urefs(last->entry));
}

static mach_msg_return_t find_all(struct ipc_space *space, struct header_right *rights)
{
    for (int i = 0; i < HEADER_RIGHTS; i++) {
        mach_msg_return_t result = find(space, &rights[i]);

        if (result != MACH_MSG_SUCCESS)
            return result;
        if (rights[i].entry != NULL && !enough_to_move(rights, &rights[i]))
            return rights[i].error;
    }
    return MACH_MSG_SUCCESS;
}

/* Takes those that move, or those that do not.  All were found to do, and the space has been locked since. */
static void take(struct ipc_space *space, struct header_right *rights, bool moves)
{
    for (int i = 0; i < HEADER_RIGHTS; i++) {
        struct header_right *h = &rights[i];
        const bool is_move =
            h->disposition == MACH_MSG_TYPE_MOVE_SEND || h->disposition == MACH_MSG_TYPE_MOVE_SEND_ONCE;

        /* A port may have died meanwhile: then its dead name is sent, and the message is lost like any late one. */
        if (h->entry != NULL && is_move == moves &&
            ipc_right_copyin(space, h->name, h->entry, h->disposition, true, &h->right) != KERN_SUCCESS)
            kern_assert(!"a right that was there");
    }
}

bool ipc_kmsg_copyin_simple(struct ipc_kmsg *kmsg, struct ipc_space *space, const struct ipc_simple *found)
{
    struct ipc_port *port = found->port;

    if (found->once ? ipc_port_is_dead(port) : ipc_port_copy_send(port) == IPC_PORT_DEAD)
        return false;
    kmsg->destination.port = port;
    kmsg->destination.type = found->once ? MACH_MSG_TYPE_PORT_SEND_ONCE : MACH_MSG_TYPE_PORT_SEND;
    kmsg->reply.port = ipc_simple_take(space, kmsg->message, found);
    kmsg->reply.type = found->reply == NULL ? 0 : MACH_MSG_TYPE_PORT_SEND_ONCE;
    kmsg->bits = kmsg->message->msgh_bits & MACH_MSGH_BITS_COMPLEX;
    return true;
}

static mach_msg_return_t copyin_header(struct ipc_kmsg *kmsg, struct ipc_space *space)
{
    const mach_msg_header_t *header = kmsg->message;
    struct header_right rights[HEADER_RIGHTS] = {
        {.name = header->msgh_remote_port,
         .disposition = MACH_MSGH_BITS_REMOTE(header->msgh_bits),
         .error = MACH_SEND_INVALID_DEST},
        {.name = header->msgh_local_port,
         .disposition = MACH_MSGH_BITS_LOCAL(header->msgh_bits),
         .dead_ok = true,
         .error = MACH_SEND_INVALID_REPLY},
        {.name = header->msgh_voucher_port,
         .disposition = MACH_MSGH_BITS_VOUCHER(header->msgh_bits),
         .dead_ok = true,
         .error = MACH_SEND_INVALID_VOUCHER},
    };
    mach_msg_return_t result = check_header(header);

    if (result != MACH_MSG_SUCCESS)
        return result;
    result = space->active ? find_all(space, rights) : MACH_SEND_INVALID_DEST;
    if (result == MACH_MSG_SUCCESS) {
        take(space, rights, false);
        take(space, rights, true);
    }
    if (result == MACH_MSG_SUCCESS) {
        kmsg->destination = rights[0].right;
        kmsg->reply = rights[1].right;
        kmsg->voucher = rights[2].right;
        kmsg->bits = header->msgh_bits & MACH_MSGH_BITS_COMPLEX;
    }
    return result;
}

/* ---- the body -------------------------------------------------------------------------------------- */

/* What the copyin of a body needs at every step. */
struct body {
    struct ipc_kmsg *kmsg;
    struct ipc_space *space;
    struct thread *thread;
    mach_msg_size_t ool_ports;
    uint64_t ool_memory;
};

static mach_msg_size_t descriptor_size(mach_msg_descriptor_type_t kind)
{
    return kind == MACH_MSG_PORT_DESCRIPTOR ? sizeof(mach_msg_port_descriptor_t) : sizeof(mach_msg_ool_descriptor_t);
}

/* Takes the right that a name denotes; null and dead names are themselves. */
static mach_msg_return_t copyin_right(struct ipc_space *space, mach_port_name_t name,
                                      mach_msg_type_name_t disposition, struct ipc_port **port)
{
    struct ipc_right right;
    struct ipc_entry *entry;
    kern_return_t result = KERN_INVALID_NAME;

    *port = name == MACH_PORT_DEAD ? IPC_PORT_DEAD : NULL;
    if (!MACH_PORT_VALID(name))
        return MACH_MSG_SUCCESS;
    ipc_space_lock(space);
    if ((entry = ipc_space_lookup(space, name)) != NULL)
        result = ipc_right_copyin(space, name, entry, disposition, true, &right);
    ipc_space_unlock(space);
    if (result == KERN_SUCCESS)
        *port = right.port;
    return result == KERN_SUCCESS ? MACH_MSG_SUCCESS : MACH_SEND_INVALID_RIGHT;
}

static mach_msg_return_t copyin_port(struct body *body, const mach_msg_port_descriptor_t *from,
                                     struct ipc_kdescriptor *to)
{
    to->type = ipc_right_result(from->disposition);
    if (to->type == 0)
        return MACH_SEND_INVALID_TYPE;
    return copyin_right(body->space, from->name, from->disposition, &to->port);
}

/* A port that is guarded goes only with its guard's value, and is unguarded by that. */
static bool unguard(struct ipc_space *space, const mach_msg_guarded_port_descriptor_t *from)
{
    bool fine = true;

    ipc_space_lock(space);
    struct ipc_entry *entry = ipc_space_lookup(space, from->name);

    if (entry != NULL && (entry_type(entry) & MACH_PORT_TYPE_RECEIVE)) {
        struct ipc_port *port = entry_object(entry);

        ipc_port_lock(port);
        fine = !port->guarded || (!port->immovable && port->guard == from->context);
        if (fine)
            port->guarded = port->strict_guard = false;
        ipc_port_unlock(port);
    }
    ipc_space_unlock(space);
    return fine;
}

static mach_msg_return_t copyin_guarded(struct body *body, const mach_msg_guarded_port_descriptor_t *from,
                                        struct ipc_kdescriptor *to)
{
    if (from->disposition != MACH_MSG_TYPE_MOVE_RECEIVE || from->flags == 0 ||
        (from->flags & ~MACH_MSG_GUARD_FLAGS_MASK) != 0)
        return MACH_SEND_INVALID_TYPE;
    if ((from->flags & MACH_MSG_GUARD_FLAGS_UNGUARDED_ON_SEND) && !unguard(body->space, from))
        return MACH_SEND_INVALID_RIGHT;
    to->type = MACH_MSG_TYPE_PORT_RECEIVE;
    to->guard = from->context;
    to->guard_flags = from->flags;
    return copyin_right(body->space, from->name, from->disposition, &to->port);
}

/* Takes memory from the sender, or from the kernel. */
static mach_msg_return_t copyin_memory(struct body *body, uint64_t address, uint64_t size, bool deallocate,
                                       struct vm_map_copy **memory)
{
    struct task *charged = body->kmsg->charged;

    *memory = NULL;
    if (body->thread == NULL) {
        *memory = address == 0 ? NULL : vm_map_copy_from_data((void *)(uintptr_t)address);
        return MACH_MSG_SUCCESS;
    }
    if (size == 0)
        return MACH_MSG_SUCCESS;
    body->ool_memory += size;
    if (body->ool_memory > IPC_KMSG_MAX_OOL_MEMORY)
        return MACH_SEND_TOO_LARGE;
    if (charged != NULL && !task_charge(charged, size))
        return MACH_SEND_NO_BUFFER;
    body->kmsg->charge += charged != NULL ? size : 0;
    switch (hal_copyin_memory(body->thread, address, size, deallocate, memory)) {
    case KERN_SUCCESS: return MACH_MSG_SUCCESS;
    case KERN_RESOURCE_SHORTAGE: return MACH_SEND_NO_BUFFER;
    default: return MACH_SEND_INVALID_MEMORY;
    }
}

static mach_msg_return_t copyin_ool(struct body *body, const mach_msg_ool_descriptor_t *from,
                                    struct ipc_kdescriptor *to)
{
    if (from->copy != MACH_MSG_PHYSICAL_COPY && from->copy != MACH_MSG_VIRTUAL_COPY)
        return MACH_SEND_INVALID_TYPE;
    to->copy = from->copy;
    to->count = from->size;
    return copyin_memory(body, (uintptr_t)from->address, from->size, from->deallocate != 0, &to->memory);
}

static mach_msg_return_t copyin_names(struct body *body, const mach_port_name_t *names,
                                      mach_msg_type_name_t disposition, mach_msg_size_t count,
                                      struct ipc_kdescriptor *to)
{
    for (mach_msg_size_t i = 0; i < count; i++) {
        mach_msg_return_t result = copyin_right(body->space, names[i], disposition, &to->ports[i]);

        if (result != MACH_MSG_SUCCESS)
            return result;
    }
    return MACH_MSG_SUCCESS;
}

/* The kernel keeps no names that it could not send. */
static void release_names(struct ipc_space *space, const mach_port_name_t *names, mach_msg_type_name_t disposition,
                          mach_msg_size_t count)
{
    for (mach_msg_size_t i = 0; i < count; i++) {
        struct ipc_right right = {.type = ipc_right_result(disposition)};

        if (copyin_right(space, names[i], disposition, &right.port) == MACH_MSG_SUCCESS)
            ipc_right_release(right);
    }
}

static mach_msg_return_t copyin_ool_ports(struct body *body, const mach_msg_ool_ports_descriptor_t *from,
                                          struct ipc_kdescriptor *to)
{
    struct vm_map_copy *names;

    to->type = ipc_right_result(from->disposition);
    if (to->type == 0 || (from->copy != MACH_MSG_PHYSICAL_COPY && from->copy != MACH_MSG_VIRTUAL_COPY))
        return MACH_SEND_INVALID_TYPE;
    if (from->count > IPC_KMSG_MAX_OOL_PORTS - body->ool_ports)
        return MACH_SEND_TOO_LARGE;
    to->copy = from->copy;
    body->ool_ports += from->count;
    mach_msg_return_t result = copyin_memory(body, (uintptr_t)from->address, from->count * sizeof(mach_port_name_t),
                                             from->deallocate != 0, &names);
    if (result != MACH_MSG_SUCCESS || names == NULL)
        return result;
    to->ports = hal_alloc(from->count * sizeof *to->ports);
    if (to->ports == NULL || vm_map_copy_to_data(&names) != KERN_SUCCESS) {
        hal_free(to->ports, from->count * sizeof *to->ports);
        to->ports = NULL;
        result = MACH_SEND_NO_BUFFER;
        if (body->thread == NULL)
            release_names(body->space, (void *)names->data, from->disposition, from->count);
    } else {
        to->count = from->count; /* names that are not reached stay null */
        result = copyin_names(body, (void *)names->data, from->disposition, from->count, to);
    }
    vm_map_copy_discard(names);
    return result;
}

static mach_msg_return_t copyin_descriptor(struct body *body, const void *from, struct ipc_kdescriptor *to)
{
    to->kind = ((const mach_msg_type_descriptor_t *)from)->type;
    switch (to->kind) {
    case MACH_MSG_PORT_DESCRIPTOR: return copyin_port(body, from, to);
    case MACH_MSG_GUARDED_PORT_DESCRIPTOR: return copyin_guarded(body, from, to);
    case MACH_MSG_OOL_PORTS_DESCRIPTOR: return copyin_ool_ports(body, from, to);
    default: return copyin_ool(body, from, to);
    }
}

/* Whether all descriptors are of kinds there are, and within the message. */
static mach_msg_return_t check_descriptors(const struct ipc_kmsg *kmsg, uint32_t count)
{
    const unsigned char *at = (const unsigned char *)kmsg->message + sizeof(mach_msg_base_t);
    mach_msg_size_t left = kmsg->size - (mach_msg_size_t)sizeof(mach_msg_base_t);

    for (; count > 0; count--) {
        if (left < sizeof(mach_msg_type_descriptor_t))
            return MACH_SEND_MSG_TOO_SMALL;
        const mach_msg_descriptor_type_t kind = ((const mach_msg_type_descriptor_t *)at)->type;

        if (kind > MACH_MSG_DESCRIPTOR_MAX)
            return MACH_SEND_INVALID_TYPE;
        if (left < descriptor_size(kind))
            return MACH_SEND_MSG_TOO_SMALL;
        at += descriptor_size(kind);
        left -= descriptor_size(kind);
    }
    return MACH_MSG_SUCCESS;
}

static mach_msg_return_t copyin_body(struct body *body)
{
    struct ipc_kmsg *kmsg = body->kmsg;

    if (kmsg->size < sizeof(mach_msg_base_t))
        return MACH_SEND_MSG_TOO_SMALL;
    const uint32_t count = ((const mach_msg_base_t *)kmsg->message)->body.msgh_descriptor_count;
    const unsigned char *at = (const unsigned char *)kmsg->message + sizeof(mach_msg_base_t);
    mach_msg_return_t result = check_descriptors(kmsg, count);

    if (result != MACH_MSG_SUCCESS || count == 0)
        return result;
    if (kmsg->descriptor_room < count && !ipc_kmsg_alloc_descriptors(kmsg, count))
        return MACH_SEND_NO_BUFFER;
    /* What the kernel sends is the message's in any case: all of it is taken, to be let go of if some is missing. */
    for (uint32_t i = 0; i < count && (result == MACH_MSG_SUCCESS || body->thread == NULL); i++) {
        struct ipc_kdescriptor *to = &kmsg->descriptors[i];
        const mach_msg_return_t one = copyin_descriptor(body, at, to);

        result = result != MACH_MSG_SUCCESS ? result : one;
        kmsg->descriptor_count = i + 1; /* one that failed holds what it has got so far */
        if (to->type == MACH_MSG_TYPE_PORT_RECEIVE)
            kmsg->carries_receive = true;
        at += descriptor_size(to->kind);
    }
    return result;
}

/* The header is done. */
static mach_msg_return_t finish(struct ipc_kmsg *kmsg, struct ipc_space *space, struct thread *thread)
{
    struct body body = {.kmsg = kmsg, .space = space, .thread = thread};

    if (!(kmsg->bits & MACH_MSGH_BITS_COMPLEX))
        return MACH_MSG_SUCCESS;
    const mach_msg_return_t result = copyin_body(&body);

    if (result != MACH_MSG_SUCCESS)
        ipc_kmsg_destroy(kmsg);
    return result;
}

mach_msg_return_t ipc_kmsg_copyin(struct ipc_kmsg *kmsg, struct ipc_space *space, struct thread *thread)
{
    mach_msg_return_t result = MACH_MSG_SUCCESS;
    struct ipc_simple found;

    ipc_space_lock(space);
    if (!ipc_simple_find(space, kmsg->message, &found) || !ipc_kmsg_copyin_simple(kmsg, space, &found))
        result = copyin_header(kmsg, space);
    ipc_space_unlock(space);
    if (result != MACH_MSG_SUCCESS) {
        ipc_kmsg_free(kmsg);
        return result;
    }
    return finish(kmsg, space, thread);
}

mach_msg_return_t ipc_kmsg_copyin_kernel(struct ipc_kmsg *kmsg)
{
    kmsg->bits = kmsg->message->msgh_bits & MACH_MSGH_BITS_COMPLEX;
    return finish(kmsg, ipc_space_kernel, NULL);
}
