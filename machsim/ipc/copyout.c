/* SPDX-License-Identifier: BSD-2-Clause */
/* copyout.c - from rights to names in the bytes of a message: ipc_kmsg_copyout in kmsg.h. */
#include "ipc/kmsg.h"
#include "ipc/right.h"
#include "ipc/transit.h"
#include "vm/vm_copy.h"

/* What the copyout of a body needs at every step. */
struct body {
    struct ipc_space *space;
    struct thread *thread;
    const struct ipc_scatter *scatter;
    mach_msg_return_t lacks; /* MACH_MSG_* bits of what found no room */
};

mach_msg_return_t ipc_kmsg_lack_of_names(kern_return_t result)
{
    return result == KERN_RESOURCE_SHORTAGE ? MACH_MSG_IPC_KERNEL : MACH_MSG_IPC_SPACE;
}

static mach_msg_return_t lack_of_memory(kern_return_t result)
{
    return result == KERN_RESOURCE_SHORTAGE ? MACH_MSG_VM_KERNEL : MACH_MSG_VM_SPACE;
}

/* ---- the body -------------------------------------------------------------------------------------- */

/* Gives a right a name; without room for one it is let go of. */
static mach_port_name_t copyout_right(struct body *body, struct ipc_port *port, mach_msg_type_name_t type)
{
    const struct ipc_right right = {.port = port, .type = type};
    mach_port_name_t name;

    const kern_return_t result = ipc_right_give(body->space, right, &name);

    if (result != KERN_SUCCESS)
        body->lacks |= ipc_kmsg_lack_of_names(result);
    return name;
}

static void copyout_port(struct body *body, struct ipc_kdescriptor *from, mach_msg_port_descriptor_t *to)
{
    const mach_port_name_t name = copyout_right(body, from->port, from->type);

    *to = (mach_msg_port_descriptor_t){.name = name, .disposition = from->type, .type = MACH_MSG_PORT_DESCRIPTOR};
}

/* The receiver gets the receive right under a guard, if the sender wanted it so. */
static void copyout_guarded(struct body *body, struct ipc_kdescriptor *from, mach_msg_guarded_port_descriptor_t *to)
{
    if (ipc_port_valid(from->port) && (from->guard_flags & MACH_MSG_GUARD_FLAGS_IMMOVABLE_RECEIVE)) {
        ipc_port_lock(from->port);
        from->port->guarded = from->port->strict_guard = from->port->immovable = true;
        from->port->guard = from->guard;
        ipc_port_unlock(from->port);
    }
    *to = (mach_msg_guarded_port_descriptor_t){
        .context = from->guard,
        .flags = from->guard_flags,
        .disposition = from->type,
        .type = MACH_MSG_GUARDED_PORT_DESCRIPTOR,
        .name = copyout_right(body, from->port, from->type),
    };
}

static bool is_memory(mach_msg_descriptor_type_t kind)
{
    return kind == MACH_MSG_OOL_DESCRIPTOR || kind == MACH_MSG_OOL_VOLATILE_DESCRIPTOR ||
           kind == MACH_MSG_OOL_PORTS_DESCRIPTOR;
}

/* The place that the receiver named for the i-th descriptor; NULL: none. */
static const mach_msg_ool_descriptor_t *scatter_place(const struct ipc_scatter *scatter, uint32_t i)
{
    if (scatter == NULL || i >= scatter->count)
        return NULL;
    const mach_msg_ool_descriptor_t *place = &scatter->descriptors[i].out_of_line;

    return is_memory(place->type) && place->copy == MACH_MSG_OVERWRITE ? place : NULL;
}

/* The size of a place for an array of rights is how many they are. */
mach_msg_return_t ipc_kmsg_check_scatter(const struct ipc_kmsg *kmsg, const struct ipc_scatter *scatter)
{
    for (uint32_t i = 0; i < kmsg->descriptor_count; i++) {
        const struct ipc_kdescriptor *from = &kmsg->descriptors[i];
        const mach_msg_ool_descriptor_t *place = scatter_place(scatter, i);

        if (place == NULL)
            continue;
        if (!is_memory(from->kind) ||
            (from->kind == MACH_MSG_OOL_PORTS_DESCRIPTOR) != (place->type == MACH_MSG_OOL_PORTS_DESCRIPTOR))
            return MACH_RCV_INVALID_TYPE;
        if (place->size < from->count)
            return MACH_RCV_SCATTER_SMALL;
    }
    return MACH_MSG_SUCCESS;
}

/* Gives the receiver the i-th descriptor's copy, consumed in any case.  Returns its address; 0: there was no room. */
static uint64_t copyout_memory(struct body *body, uint32_t i, struct vm_map_copy *copy)
{
    const mach_msg_ool_descriptor_t *wanted = scatter_place(body->scatter, i);
    uint64_t place = wanted == NULL ? 0 : (uintptr_t)wanted->address;
    kern_return_t result;

    if (copy == NULL)
        return 0;
    if (body->thread != NULL) {
        result = hal_copyout_memory(body->thread, copy, &place);
    } else {
        result = vm_map_copy_to_data(&copy);
        place = (uintptr_t)copy->data;
    }
    if (result == KERN_SUCCESS)
        return place;
    body->lacks |= lack_of_memory(result);
    vm_map_copy_discard(copy);
    return 0;
}

static void copyout_ool(struct body *body, uint32_t i, struct ipc_kdescriptor *from, mach_msg_ool_descriptor_t *to)
{
    const uint64_t address = copyout_memory(body, i, from->memory);

    *to = (mach_msg_ool_descriptor_t){
        .address = (void *)(uintptr_t)address,
        .deallocate = from->copy == MACH_MSG_VIRTUAL_COPY,
        .copy = from->copy,
        .type = from->kind,
        .size = address == 0 ? 0 : from->count,
    };
}

/* An array of names for rights; NULL without memory, when all are let go of. */
static struct vm_map_copy *copyout_rights(struct body *body, struct ipc_kdescriptor *from)
{
    struct vm_map_copy *copy = vm_map_copy_alloc(from->count * sizeof(mach_port_name_t));
    mach_port_name_t *names = copy == NULL ? NULL : (void *)copy->data;

    for (mach_msg_size_t i = 0; i < from->count; i++) {
        if (names != NULL)
            names[i] = copyout_right(body, from->ports[i], from->type);
        else
            ipc_right_release((struct ipc_right){.port = from->ports[i], .type = from->type});
    }
    if (names == NULL)
        body->lacks |= MACH_MSG_IPC_KERNEL;
    return copy;
}

static void copyout_ool_ports(struct body *body, uint32_t i, struct ipc_kdescriptor *from,
                              mach_msg_ool_ports_descriptor_t *to)
{
    struct vm_map_copy *names = from->count == 0 ? NULL : copyout_rights(body, from);
    const uint64_t address = copyout_memory(body, i, names);

    *to = (mach_msg_ool_ports_descriptor_t){
        .address = (void *)(uintptr_t)address,
        .deallocate = from->copy == MACH_MSG_VIRTUAL_COPY,
        .copy = from->copy,
        .disposition = from->type,
        .type = MACH_MSG_OOL_PORTS_DESCRIPTOR,
        .count = address == 0 ? 0 : from->count,
    };
    hal_free(from->ports, from->count * sizeof *from->ports);
}

/* Replaces the descriptors in the bytes.  All that they held is the receiver's now, or gone. */
static mach_msg_return_t copyout_body(struct ipc_kmsg *kmsg, struct body *body)
{
    unsigned char *at = (unsigned char *)kmsg->message + sizeof(mach_msg_base_t);

    ipc_transit_end(kmsg);
    for (uint32_t i = 0; i < kmsg->descriptor_count; i++) {
        struct ipc_kdescriptor *from = &kmsg->descriptors[i];

        switch (from->kind) {
        case MACH_MSG_PORT_DESCRIPTOR: copyout_port(body, from, (void *)at); break;
        case MACH_MSG_GUARDED_PORT_DESCRIPTOR: copyout_guarded(body, from, (void *)at); break;
        case MACH_MSG_OOL_PORTS_DESCRIPTOR: copyout_ool_ports(body, i, from, (void *)at); break;
        default: copyout_ool(body, i, from, (void *)at);
        }
        at += from->kind == MACH_MSG_PORT_DESCRIPTOR ? sizeof(mach_msg_port_descriptor_t)
                                                     : sizeof(mach_msg_ool_descriptor_t);
    }
    kmsg->descriptor_count = 0;
    kmsg->carries_receive = false;
    return body->lacks;
}

/* ---- the header ------------------------------------------------------------------------------------ */

void ipc_kmsg_consume_destination(struct ipc_kmsg *kmsg)
{
    struct ipc_port *port = kmsg->destination.port;

    if (!ipc_port_valid(port))
        return;
    if (kmsg->destination.type == MACH_MSG_TYPE_PORT_SEND_ONCE)
        ipc_port_consume_send_once(port);
    else
        ipc_port_release_send(port);
    kmsg->destination.port = NULL;
}

static void write_header(struct ipc_kmsg *kmsg, mach_port_name_t remote, mach_msg_type_name_t remote_type,
                         mach_port_name_t local, mach_msg_type_name_t local_type, mach_port_name_t voucher)
{
    const mach_msg_type_name_t voucher_type = MACH_PORT_VALID(voucher) ? MACH_MSG_TYPE_PORT_SEND : 0;

    *kmsg->message = (mach_msg_header_t){
        .msgh_bits = MACH_MSGH_BITS_SET(remote_type, local_type, voucher_type, kmsg->bits),
        .msgh_size = kmsg->size,
        .msgh_remote_port = remote,
        .msgh_local_port = local,
        .msgh_voucher_port = voucher,
        .msgh_id = kmsg->id,
    };
}

/* The voucher's name, for receivers who want it. */
static mach_port_name_t copyout_voucher(struct ipc_kmsg *kmsg, struct body *body, bool wanted)
{
    struct ipc_port *port = kmsg->voucher.port;

    kmsg->voucher.port = NULL;
    if (wanted)
        return copyout_right(body, port, kmsg->voucher.type);
    ipc_right_release((struct ipc_right){.port = port, .type = kmsg->voucher.type});
    return MACH_PORT_NULL;
}

mach_msg_return_t ipc_kmsg_copyout(struct ipc_kmsg *kmsg, struct ipc_space *space, struct thread *thread,
                                   bool voucher, const struct ipc_scatter *scatter)
{
    struct body body = {.space = space, .thread = thread, .scatter = scatter};
    mach_port_name_t reply;

    ipc_space_lock(space);
    const kern_return_t result = ipc_right_copyout(space, kmsg->reply, &reply);

    ipc_space_unlock(space);
    if (result != KERN_SUCCESS)
        return MACH_RCV_HEADER_ERROR | ipc_kmsg_lack_of_names(result);
    kmsg->reply.port = NULL;
    ipc_kmsg_consume_destination(kmsg);
    write_header(kmsg, reply, kmsg->reply.type, kmsg->received_name, kmsg->destination.type,
                 copyout_voucher(kmsg, &body, voucher));
    if (kmsg->bits & MACH_MSGH_BITS_COMPLEX)
        copyout_body(kmsg, &body);
    return body.lacks == 0 ? MACH_MSG_SUCCESS : MACH_RCV_BODY_ERROR | body.lacks;
}

void ipc_kmsg_copyout_kernel(struct ipc_kmsg *kmsg)
{
    struct body body = {.space = ipc_space_kernel};

    (void)copyout_voucher(kmsg, &body, false);
    write_header(kmsg, MACH_PORT_NULL, kmsg->reply.type, kmsg->received_name, kmsg->destination.type, MACH_PORT_NULL);
    if (kmsg->bits & MACH_MSGH_BITS_COMPLEX)
        copyout_body(kmsg, &body);
}

mach_msg_return_t ipc_kmsg_copyout_pseudo(struct ipc_kmsg *kmsg, struct ipc_space *space, struct thread *thread)
{
    struct body body = {.space = space, .thread = thread};
    const mach_port_name_t destination = copyout_right(&body, kmsg->destination.port, kmsg->destination.type);
    const mach_port_name_t reply = copyout_right(&body, kmsg->reply.port, kmsg->reply.type);

    kmsg->destination.port = kmsg->reply.port = NULL;
    write_header(kmsg, destination, kmsg->destination.type, reply, kmsg->reply.type,
                 copyout_voucher(kmsg, &body, true));
    if (kmsg->bits & MACH_MSGH_BITS_COMPLEX)
        copyout_body(kmsg, &body);
    return body.lacks;
}

void ipc_kmsg_copyout_destination(struct ipc_kmsg *kmsg)
{
    const mach_port_name_t voucher = MACH_PORT_NULL;

    ipc_kmsg_consume_destination(kmsg);
    write_header(kmsg, MACH_PORT_NULL, 0, kmsg->received_name, kmsg->destination.type, voucher);
}
