/* SPDX-License-Identifier: BSD-2-Clause */
/* decode.c - showing what a message says, for tracers. */
#include "description.h"

#include <stdlib.h>

struct show {
    void (*visit)(const mig_field_t *field, void *context);
    void *context;
};

static void show_result(const struct show *show, const kern_return_t *result)
{
    const mig_field_t field = {
        .name = "RetCode",
        .type = "kern_return_t",
        .wire = "MACH_MSG_TYPE_INTEGER_32",
        .data = result,
        .count = 1,
        .size = sizeof *result,
    };

    show->visit(&field, show->context);
}

static void show_arg(const struct show *show, const struct routine *routine, const struct slot *slots, size_t index)
{
    const struct arg *arg = &routine->args[index];
    const struct type *type = &arg->type;
    const struct slot *slot = &slots[index];
    const mig_field_t field = {
        .name = arg->name,
        .type = type->name,
        .wire = type->wire,
        .data = slot->data,
        .count = type_has_count(type) ? slot_count(routine, slots, index)
                 : type->optional     ? slot->data != NULL
                                      : type->size / element_size(type),
        .size = element_size(type),
        .is_port = type->ports,
        .disposition = type->ports ? slot->disposition : 0,
    };

    show->visit(&field, show->context);
}

static kern_return_t show_message(const struct mig_interface *interface, const struct routine *routine, bool reply,
                                  const mach_msg_header_t *message, const struct show *show)
{
    struct slot *slots = calloc(routine->arg_count + 1, sizeof *slots);
    kern_return_t result = slots == NULL ? KERN_RESOURCE_SHORTAGE
                                         : message_parse(interface, routine, reply, message, slots);

    for (size_t i = 0; result == KERN_SUCCESS && i < routine->arg_count; i++) {
        if (reply ? arg_out(&routine->args[i]) : arg_in(&routine->args[i]))
            show_arg(show, routine, slots, i);
    }
    free(slots);
    return result;
}

kern_return_t mig_decode(mig_interface_t interface, const mach_msg_header_t *message,
                         void (*visit)(const mig_field_t *field, void *context), void *context)
{
    const struct show show = {visit, context};
    boolean_t reply;

    if (mig_interface_routine(interface, message->msgh_id, &reply) == NULL)
        return MIG_BAD_ID;
    const struct routine *routine = description_find_id(interface, reply ? message->msgh_id - 100 : message->msgh_id);
    kern_return_t error = reply ? message_error(interface, message) : KERN_SUCCESS;
    if (error == KERN_SUCCESS)
        return show_message(interface, routine, reply, message, &show);
    show_result(&show, &error);
    return KERN_SUCCESS;
}
