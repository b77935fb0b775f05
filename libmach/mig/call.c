/* SPDX-License-Identifier: BSD-2-Clause */
/* call.c - calling a routine with values that are known only at run time. */
#include "description.h"

#include <mach/mach_interface.h>
#include <mach/notify.h>
#include <stdlib.h>
#include <string.h>

#include "../right_destroy.h"

struct call {
    const struct mig_interface *interface;
    const struct routine *routine;
    mig_value_t *values;
    unsigned count;
    struct slot *slots;
    mach_msg_header_t *message; /* room for the larger of request and reply, and a trailer */
    mach_msg_size_t room;
};

static mig_value_t *value_of(const struct call *call, const char *name)
{
    for (unsigned i = 0; i < call->count; i++) {
        if (strcmp(call->values[i].name, name) == 0)
            return &call->values[i];
    }
    return NULL;
}

static bool is_argument(const struct routine *routine, const char *name)
{
    for (size_t i = 0; i < routine->arg_count; i++) {
        if (strcmp(routine->args[i].name, name) == 0 && (arg_in(&routine->args[i]) || arg_out(&routine->args[i])))
            return true;
    }
    return false;
}

/* What goes into the request.  An argument may be left without data only where that means something. */
static kern_return_t take_values(struct call *call)
{
    for (unsigned i = 0; i < call->count; i++) {
        if (call->values[i].name == NULL || !is_argument(call->routine, call->values[i].name))
            return KERN_INVALID_ARGUMENT;
    }
    for (size_t i = 0; i < call->routine->arg_count; i++) {
        const struct arg *arg = &call->routine->args[i];
        const mig_value_t *value = value_of(call, arg->name);
        if (value == NULL) {
            if (arg_in(arg))
                return KERN_INVALID_ARGUMENT;
            call->slots[i].count = arg->type.count;
            continue;
        }
        bool may_be_empty = arg->type.optional || (type_has_count(&arg->type) && value->count == 0) || !arg_in(arg);
        if (value->data == NULL && !may_be_empty)
            return KERN_INVALID_ARGUMENT;
        call->slots[i] = (struct slot){
            .data = value->data,
            .count = arg_in(arg) || value->count != 0 ? value->count : arg->type.count,
            .disposition = value->disposition,
            .deallocate = value->deallocate,
        };
    }
    return KERN_SUCCESS;
}

/* ---- results -------------------------------------------------------------------------------------- */

static uint64_t result_size(const struct call *call, size_t index)
{
    const struct type *type = &call->routine->args[index].type;

    if (type->kind == KIND_STRING)
        return strlen(call->slots[index].data) + 1;
    if (type->optional || !type->variable)
        return type->size;
    return (uint64_t)slot_count(call->routine, call->slots, index) * element_size(type);
}

static bool is_outside(const struct arg *arg, const struct slot *slot)
{
    return arg->type.out_of_line && !slot->in_line;
}

/* Inline rights of an untyped message stand in descriptors; elsewhere their names stand side by side. */
static mach_port_t right_at(const struct call *call, size_t index, uint64_t which)
{
    const struct slot *slot = &call->slots[index];
    mach_msg_port_descriptor_t descriptor;

    if (call->interface->typed || is_outside(&call->routine->args[index], slot))
        return ((const mach_port_t *)slot->data)[which];
    memcpy(&descriptor, (const char *)slot->data + which * sizeof descriptor, sizeof descriptor);
    return descriptor.name;
}

static void copy_result(const struct call *call, size_t index, uint64_t size, void *to)
{
    if (!call->routine->args[index].type.ports) {
        memcpy(to, call->slots[index].data, size);
        return;
    }
    for (uint64_t i = 0; i < size / sizeof(mach_port_t); i++)
        ((mach_port_t *)to)[i] = right_at(call, index, i);
}

static kern_return_t give_value(const struct call *call, size_t index, mig_value_t *value)
{
    const struct arg *arg = &call->routine->args[index];
    const struct slot *slot = &call->slots[index];

    value->size = slot->data != NULL ? result_size(call, index) : 0;
    value->count = type_has_count(&arg->type) ? slot_count(call->routine, call->slots, index) : 1;
    value->disposition = slot->disposition;
    if (is_outside(arg, slot)) {
        value->data = slot->data;
        value->owner = MIG_MAPPED;
        return KERN_SUCCESS;
    }
    value->data = slot->data != NULL ? malloc(value->size > 0 ? value->size : 1) : NULL;
    if (value->data == NULL)
        return slot->data != NULL ? KERN_RESOURCE_SHORTAGE : KERN_SUCCESS;
    value->owner = MIG_ALLOCATED;
    copy_result(call, index, value->size, value->data);
    return KERN_SUCCESS;
}

/* A result that nobody asked for. */
static void drop_value(const struct call *call, size_t index)
{
    const struct arg *arg = &call->routine->args[index];
    const struct slot *slot = &call->slots[index];

    if (slot->data == NULL)
        return;
    uint64_t size = result_size(call, index);
    for (uint64_t i = 0; arg->type.ports && i < size / sizeof(mach_port_t); i++)
        right_destroy(right_at(call, index, i), slot->disposition);
    if (is_outside(arg, slot) && size > 0)
        vm_deallocate(mach_task_self(), (vm_address_t)slot->data, size);
}

/* What was handed out before an allocation failed is still the message's, and goes with it. */
static void undo_values(const struct call *call, size_t until)
{
    for (size_t i = 0; i < until; i++) {
        mig_value_t *value = value_of(call, call->routine->args[i].name);
        if (!arg_out(&call->routine->args[i]) || value == NULL)
            continue;
        if (value->owner == MIG_ALLOCATED)
            free(value->data);
        value->data = NULL;
        value->owner = MIG_BORROWED;
    }
}

static kern_return_t give_values(const struct call *call)
{
    for (size_t i = 0; i < call->routine->arg_count; i++) {
        mig_value_t *value = value_of(call, call->routine->args[i].name);
        if (!arg_out(&call->routine->args[i]) || value == NULL)
            continue;
        kern_return_t result = give_value(call, i, value);
        if (result != KERN_SUCCESS) {
            undo_values(call, i);
            return result;
        }
    }
    for (size_t i = 0; i < call->routine->arg_count; i++) {
        const struct arg *arg = &call->routine->args[i];
        if (arg_out(arg) && value_of(call, arg->name) == NULL)
            drop_value(call, i);
    }
    return KERN_SUCCESS;
}

/* ---- the exchange --------------------------------------------------------------------------------- */

static const struct arg *request_port(const struct routine *routine)
{
    for (size_t i = 0; i < routine->arg_count; i++) {
        if (routine->args[i].direction == DIRECTION_REQUEST_PORT)
            return &routine->args[i];
    }
    return NULL;
}

static mach_msg_type_name_t server_disposition(const struct routine *routine)
{
    const struct arg *port = request_port(routine);

    /* The server's port stays the caller's, whatever a generated stub would do with it. */
    if (port != NULL && port->type.sent == MACH_MSG_TYPE_MAKE_SEND)
        return MACH_MSG_TYPE_MAKE_SEND;
    return MACH_MSG_TYPE_COPY_SEND;
}

static kern_return_t check_answer(const struct call *call)
{
    const mach_msg_header_t *message = call->message;

    if (message->msgh_id != call->routine->id + 100)
        return message->msgh_id == MACH_NOTIFY_SEND_ONCE ? MIG_SERVER_DIED : MIG_REPLY_MISMATCH;
    if (message->msgh_remote_port != MACH_PORT_NULL)
        return MIG_TYPE_ERROR;
    kern_return_t result = message_error(call->interface, message);
    return result != KERN_SUCCESS ? result
                                  : message_parse(call->interface, call->routine, true, message, call->slots);
}

static kern_return_t receive_answer(struct call *call, mach_port_t reply_port)
{
    kern_return_t result;

    mig_put_reply_port(reply_port);
    memset(call->slots, 0, call->routine->arg_count * sizeof *call->slots);
    result = check_answer(call);
    if (result == KERN_SUCCESS)
        result = give_values(call);
    if (result != KERN_SUCCESS)
        message_destroy(call->interface, call->message);
    return result;
}

static kern_return_t exchange(struct call *call, mach_port_t server, mach_msg_timeout_t timeout)
{
    mach_msg_header_t *message = call->message;
    bool has_reply = call->routine->has_reply;
    mach_port_t reply_port = has_reply ? mig_get_reply_port() : MACH_PORT_NULL;
    mach_msg_option_t option = MACH_SEND_MSG | (has_reply ? MACH_RCV_MSG : 0);

    if (timeout != MACH_MSG_TIMEOUT_NONE)
        option |= MACH_SEND_TIMEOUT | (has_reply ? MACH_RCV_TIMEOUT : 0);
    message->msgh_bits |= MACH_MSGH_BITS(server_disposition(call->routine), has_reply ? MACH_MSG_TYPE_MAKE_SEND_ONCE : 0);
    message->msgh_remote_port = server;
    message->msgh_local_port = reply_port;
    message->msgh_voucher_port = MACH_PORT_NULL;
    message->msgh_id = call->routine->id;
    kern_return_t result = mach_msg(message, option, message->msgh_size, has_reply ? call->room : 0, reply_port,
                                    timeout, MACH_PORT_NULL);
    if (!has_reply)
        return result;
    if (result == MACH_MSG_SUCCESS)
        return receive_answer(call, reply_port);
    if (MIG_REPLY_PORT_LOST(result))
        mig_dealloc_reply_port(reply_port);
    else
        mig_put_reply_port(reply_port);
    return result;
}

static mach_msg_size_t room_for(const struct routine *routine)
{
    uint32_t largest = routine->request.size > routine->reply.size ? routine->request.size : routine->reply.size;

    if (largest < sizeof(mig_typed_reply_error_t))
        largest = sizeof(mig_typed_reply_error_t);
    return largest + (mach_msg_size_t)sizeof(mach_msg_max_trailer_t);
}

kern_return_t mig_call(mig_interface_t interface, const char *name, mach_port_t server, mig_value_t *values,
                       unsigned count, mach_msg_timeout_t timeout)
{
    const struct routine *routine = description_find(interface, name);

    if (routine == NULL)
        return KERN_INVALID_NAME;
    struct call call = {
        .interface = interface,
        .routine = routine,
        .values = values,
        .count = count,
        .slots = calloc(routine->arg_count + 1, sizeof *call.slots),
        .room = room_for(routine),
    };
    call.message = calloc(1, call.room);
    kern_return_t result = KERN_RESOURCE_SHORTAGE;
    if (call.slots != NULL && call.message != NULL)
        result = take_values(&call);
    if (result == KERN_SUCCESS)
        result = message_build(interface, routine, false, call.slots, call.message);
    if (result == KERN_SUCCESS)
        result = exchange(&call, server, timeout);
    free(call.slots);
    free(call.message);
    return result;
}

void mig_values_free(mig_value_t *values, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (values[i].owner == MIG_ALLOCATED)
            free(values[i].data);
        if (values[i].owner == MIG_MAPPED && values[i].size > 0)
            vm_deallocate(mach_task_self(), (vm_address_t)values[i].data, values[i].size);
        if (values[i].owner != MIG_BORROWED) {
            values[i].data = NULL;
            values[i].owner = MIG_BORROWED;
        }
    }
}
