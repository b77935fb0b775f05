/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * serve.c - serving an interface from plain C functions: libffi passes them what a message brought.
 *
 * A function is called with the parameters that a generated server would give it.  What each of them is
 * was worked out when the service was made; a call only fills in values.
 */
#include "description.h"

#include <ffi.h>
#include <stdlib.h>
#include <string.h>

/* One parameter of a function, and where its value comes from. */
enum source {
    SOURCE_VALUE,      /* the argument's bytes, by value */
    SOURCE_POINTER,    /* a pointer to them, or an array */
    SOURCE_POLY,       /* the disposition of a right */
    SOURCE_POLY_OUT,
    SOURCE_COUNT,
    SOURCE_COUNT_OUT,
    SOURCE_DEALLOC_OUT,
    SOURCE_SCOPY,
    SOURCE_REQUEST_PORT,
    SOURCE_REQUEST_POLY,
    SOURCE_REPLY_PORT,
    SOURCE_REPLY_POLY,
    SOURCE_TRAILER,
};

struct parameter {
    enum source source;
    size_t arg;
};

struct entry {
    const struct routine *routine;
    void (*function)(void);
    ffi_cif cif;
    ffi_type **types;
    struct parameter *parameters;
    unsigned count;
    ffi_type **made; /* structure types, to be freed */
    size_t made_count;
};

struct mig_service {
    const struct mig_interface *interface;
    struct entry *entries;
    unsigned count;
    mach_msg_size_t max_reply;
};

/* ---- types for libffi ------------------------------------------------------------------------------- */

static ffi_type *scalar_type(const struct type *type)
{
    bool is_unsigned = type->ctype != NULL && type->ctype[0] == 'u';
    bool is_real = strcmp(type->wire, "MACH_MSG_TYPE_REAL") == 0;

    switch (type->size) {
    case 1: return is_unsigned ? &ffi_type_uint8 : &ffi_type_sint8;
    case 2: return is_unsigned ? &ffi_type_uint16 : &ffi_type_sint16;
    case 4: return is_real ? &ffi_type_float : is_unsigned ? &ffi_type_uint32 : &ffi_type_sint32;
    case 8: return is_real ? &ffi_type_double : is_unsigned ? &ffi_type_uint64 : &ffi_type_sint64;
    default: return NULL;
    }
}

static ffi_type *value_type(struct entry *entry, const struct type *type);

static bool remember(struct entry *entry, ffi_type *type)
{
    ffi_type **made = realloc(entry->made, (entry->made_count + 1) * sizeof *made);

    if (made == NULL)
        return false;
    entry->made = made;
    made[entry->made_count++] = type;
    return true;
}

static size_t element_total(const struct type *type)
{
    size_t total = 0;

    if (type->members == NULL)
        return type->count;
    for (size_t i = 0; i < type->member_count; i++)
        total += type->members[i].count > 0 ? type->members[i].count : 1;
    return total;
}

static bool fill_elements(struct entry *entry, const struct type *type, ffi_type **elements)
{
    size_t at = 0;

    for (size_t i = 0; type->members == NULL && i < type->count; i++)
        elements[at++] = i > 0 ? elements[0] : value_type(entry, type->element);
    for (size_t i = 0; type->members != NULL && i < type->member_count; i++) {
        size_t count = type->members[i].count > 0 ? type->members[i].count : 1;
        ffi_type *member = value_type(entry, &type->members[i].type);
        while (count-- > 0)
            elements[at++] = member;
    }
    for (size_t i = 0; i < at; i++) {
        if (elements[i] == NULL)
            return false;
    }
    elements[at] = NULL;
    return true;
}

/* A structure, or an array inside one: libffi knows both as a list of elements. */
static ffi_type *struct_type(struct entry *entry, const struct type *type)
{
    ffi_type *made = calloc(1, sizeof *made);

    if (made == NULL || !remember(entry, made)) {
        free(made);
        return NULL;
    }
    made->type = FFI_TYPE_STRUCT;
    made->elements = calloc(element_total(type) + 1, sizeof *made->elements);
    if (made->elements == NULL || !fill_elements(entry, type, made->elements))
        return NULL;
    return made;
}

static ffi_type *value_type(struct entry *entry, const struct type *type)
{
    if (type->kind == KIND_SCALAR)
        return scalar_type(type);
    if (type->kind == KIND_STRING)
        return NULL;
    return type->element != NULL || type->members != NULL ? struct_type(entry, type) : NULL;
}

/* ---- what a function's parameters are --------------------------------------------------------------- */

static bool is_array(const struct type *type)
{
    return (type->kind == KIND_ARRAY || type->kind == KIND_STRING) && !type->out_of_line && !type->optional;
}

static kern_return_t add(struct entry *entry, enum source source, size_t arg, ffi_type *type)
{
    if (type == NULL)
        return KERN_NOT_SUPPORTED;
    entry->types[entry->count] = type;
    entry->parameters[entry->count++] = (struct parameter){source, arg};
    return KERN_SUCCESS;
}

static kern_return_t add_body(struct entry *entry, size_t index)
{
    const struct arg *arg = &entry->routine->args[index];
    const struct type *type = &arg->type;
    bool pointer = arg_out(arg) || is_array(type) || type->pointer;
    kern_return_t result;

    if (pointer)
        result = add(entry, SOURCE_POINTER, index, &ffi_type_pointer);
    else if (type->out_of_line)
        result = add(entry, SOURCE_VALUE, index, &ffi_type_pointer);
    else
        result = add(entry, SOURCE_VALUE, index, value_type(entry, type));
    if (result == KERN_SUCCESS && type->ports && arg_out(arg) && type->sent == -1)
        result = add(entry, SOURCE_POLY_OUT, index, &ffi_type_pointer);
    else if (result == KERN_SUCCESS && type->ports && arg_in(arg) && type->received == -1)
        result = add(entry, SOURCE_POLY, index, &ffi_type_uint32);
    if (result == KERN_SUCCESS && type_has_count(type) && arg->counted_by == (int)index)
        result = arg_out(arg) ? add(entry, SOURCE_COUNT_OUT, index, &ffi_type_pointer)
                              : add(entry, SOURCE_COUNT, index, &ffi_type_uint32);
    if (result == KERN_SUCCESS && arg->dealloc == 2 && arg_out(arg))
        result = add(entry, SOURCE_DEALLOC_OUT, index, &ffi_type_pointer);
    if (result == KERN_SUCCESS && arg->servercopy)
        result = add(entry, SOURCE_SCOPY, index, &ffi_type_uint32);
    return result;
}

static kern_return_t add_port(struct entry *entry, size_t index, enum source port, enum source poly)
{
    kern_return_t result = add(entry, port, index, &ffi_type_uint32);

    if (result == KERN_SUCCESS && entry->routine->args[index].type.received == -1)
        result = add(entry, poly, index, &ffi_type_uint32);
    return result;
}

static kern_return_t add_arg(struct entry *entry, size_t index)
{
    switch (entry->routine->args[index].direction) {
    case DIRECTION_IN:
    case DIRECTION_OUT:
    case DIRECTION_INOUT: return add_body(entry, index);
    case DIRECTION_REQUEST_PORT: return add_port(entry, index, SOURCE_REQUEST_PORT, SOURCE_REQUEST_POLY);
    case DIRECTION_REPLY_PORT:
    case DIRECTION_SREPLY_PORT: return add_port(entry, index, SOURCE_REPLY_PORT, SOURCE_REPLY_POLY);
    case DIRECTION_SERVER_TRAILER:
        return add(entry, SOURCE_TRAILER, index, value_type(entry, &entry->routine->args[index].type));
    case DIRECTION_RETURN:
    case DIRECTION_UREPLY_PORT:
    case DIRECTION_USER_ONLY: return KERN_SUCCESS;
    }
    return KERN_NOT_SUPPORTED;
}

static ffi_type *return_type(struct entry *entry)
{
    if (entry->routine->returns_result)
        return &ffi_type_sint32;
    for (size_t i = 0; i < entry->routine->arg_count; i++) {
        if (entry->routine->args[i].direction == DIRECTION_RETURN)
            return value_type(entry, &entry->routine->args[i].type);
    }
    return &ffi_type_void;
}

static kern_return_t prepare(struct entry *entry)
{
    enum { PARAMETERS_EACH = 5 };
    size_t most = entry->routine->arg_count * PARAMETERS_EACH + 1;
    kern_return_t result = KERN_SUCCESS;

    entry->types = calloc(most, sizeof *entry->types);
    entry->parameters = calloc(most, sizeof *entry->parameters);
    if (entry->types == NULL || entry->parameters == NULL)
        return KERN_RESOURCE_SHORTAGE;
    for (size_t i = 0; result == KERN_SUCCESS && i < entry->routine->arg_count; i++)
        result = add_arg(entry, i);
    if (result != KERN_SUCCESS)
        return result;
    ffi_type *type = return_type(entry);
    if (type == NULL || ffi_prep_cif(&entry->cif, FFI_DEFAULT_ABI, entry->count, type, entry->types) != FFI_OK)
        return KERN_NOT_SUPPORTED;
    return KERN_SUCCESS;
}

/* ---- one call ------------------------------------------------------------------------------------- */

/* What an argument has while the function runs. */
struct cell {
    void *storage; /* bytes of the value, or of the array */
    void *pointer; /* what SOURCE_POINTER passes */
    mach_msg_type_number_t count;
    mach_msg_type_name_t disposition;
    boolean_t deallocate, in_line;
};

struct run {
    const struct mig_interface *interface;
    const struct entry *entry;
    const mach_msg_header_t *request;
    struct slot *slots;
    struct cell *cells;
    void **values;  /* for ffi_call: a pointer to each parameter */
    uint64_t *words; /* small parameters by value */
    void *result;
};

static void get_names(const struct run *run, size_t index, const struct slot *slot, mach_port_t *to)
{
    const struct type *type = &run->entry->routine->args[index].type;
    mach_msg_type_number_t count = type->kind != KIND_ARRAY ? 1
                                   : type->variable         ? slot_count(run->entry->routine, run->slots, index)
                                                            : type->count;

    for (mach_msg_type_number_t i = 0; i < count; i++) {
        mach_msg_port_descriptor_t descriptor;
        if (run->interface->typed) {
            memcpy(&to[i], (const char *)slot->data + i * sizeof to[i], sizeof to[i]);
            continue;
        }
        memcpy(&descriptor, (const char *)slot->data + i * sizeof descriptor, sizeof descriptor);
        to[i] = descriptor.name;
    }
}

/* Copies what came into aligned memory of the argument's largest size, which results may also use. */
static bool fill_cell(const struct run *run, size_t index)
{
    const struct arg *arg = &run->entry->routine->args[index];
    const struct type *type = &arg->type;
    const struct slot *slot = &run->slots[index];
    struct cell *cell = &run->cells[index];
    size_t room = type->out_of_line ? sizeof(void *) : type->size;

    cell->storage = calloc(1, room > 0 ? room : 1);
    if (cell->storage == NULL)
        return false;
    cell->count = arg->direction == DIRECTION_OUT && !arg->countinout && type->count != 0 ? type->count : slot->count;
    cell->disposition = slot->disposition;
    cell->in_line = slot->in_line;
    cell->pointer = cell->storage;
    if (!arg_in(arg))
        return true;
    if (type->optional && slot->data == NULL)
        cell->pointer = NULL;
    else if (type->out_of_line)
        memcpy(cell->storage, &slot->data, sizeof slot->data);
    else if (type->ports)
        get_names(run, index, slot, cell->storage);
    else if (type->variable && type->kind == KIND_ARRAY && !type->optional)
        memcpy(cell->storage, slot->data,
               (size_t)slot_count(run->entry->routine, run->slots, index) * element_size(type));
    else if (type->variable && type->kind == KIND_STRING)
        memcpy(cell->storage, slot->data, slot->count);
    else
        memcpy(cell->storage, slot->data, type->size);
    return true;
}

static const void *trailer_field(const mach_msg_header_t *request, int element)
{
    const mach_msg_max_trailer_t *trailer = (const void *)((const char *)request + round_msg(request->msgh_size));

    switch (element) {
    case 1: return &trailer->msgh_seqno;
    case 2: return &trailer->msgh_sender;
    case 3: return &trailer->msgh_audit;
    default: return &trailer->msgh_context;
    }
}

static void set_word(struct run *run, unsigned index, uint64_t word)
{
    run->words[index] = word;
    run->values[index] = &run->words[index];
}

static void set_parameter(struct run *run, unsigned index)
{
    const struct parameter *parameter = &run->entry->parameters[index];
    struct cell *cell = &run->cells[parameter->arg];
    const struct arg *arg = &run->entry->routine->args[parameter->arg];

    switch (parameter->source) {
    case SOURCE_VALUE: run->values[index] = cell->storage; break;
    case SOURCE_POINTER: run->values[index] = &cell->pointer; break;
    case SOURCE_POLY: set_word(run, index, cell->disposition); break;
    case SOURCE_POLY_OUT: set_word(run, index, (uintptr_t)&cell->disposition); break;
    case SOURCE_COUNT: set_word(run, index, cell->count); break;
    case SOURCE_COUNT_OUT: set_word(run, index, (uintptr_t)&cell->count); break;
    case SOURCE_DEALLOC_OUT: set_word(run, index, (uintptr_t)&cell->deallocate); break;
    case SOURCE_SCOPY: set_word(run, index, cell->in_line); break;
    case SOURCE_REQUEST_PORT: set_word(run, index, run->request->msgh_local_port); break;
    case SOURCE_REQUEST_POLY: set_word(run, index, MACH_MSGH_BITS_LOCAL(run->request->msgh_bits)); break;
    case SOURCE_REPLY_PORT: set_word(run, index, run->request->msgh_remote_port); break;
    case SOURCE_REPLY_POLY: set_word(run, index, MACH_MSGH_BITS_REMOTE(run->request->msgh_bits)); break;
    case SOURCE_TRAILER: run->values[index] = (void *)trailer_field(run->request, arg->trailer); break;
    }
}

/* From what the function left to what the reply is built of. */
static void take_results(struct run *run)
{
    const struct routine *routine = run->entry->routine;

    for (size_t i = 0; i < routine->arg_count; i++) {
        const struct arg *arg = &routine->args[i];
        struct cell *cell = &run->cells[i];
        if (!arg_out(arg))
            continue;
        run->slots[i] = (struct slot){
            .data = arg->type.out_of_line ? *(void **)cell->storage : cell->pointer,
            .count = cell->count,
            .disposition = cell->disposition,
            .deallocate = cell->deallocate,
        };
        if (arg->direction == DIRECTION_RETURN)
            run->slots[i].data = run->result;
    }
}

/* auto: the function has looked at the memory and does not keep it. */
static void free_automatic(const struct run *run)
{
    const struct routine *routine = run->entry->routine;

    for (size_t i = 0; i < routine->arg_count; i++) {
        const struct arg *arg = &routine->args[i];
        const struct cell *cell = &run->cells[i];
        if (!arg->automatic || cell->in_line)
            continue;
        vm_size_t size = type_has_count(&arg->type)
                             ? (vm_size_t)slot_count(routine, run->slots, i) * element_size(&arg->type)
                             : arg->type.size;
        mig_deallocate(*(vm_address_t *)cell->storage, size);
    }
}

static kern_return_t call_function(struct run *run)
{
    const struct entry *entry = run->entry;

    for (size_t i = 0; i < entry->routine->arg_count; i++) {
        const struct arg *arg = &entry->routine->args[i];
        if ((arg_in(arg) || arg_out(arg)) && !fill_cell(run, i))
            return KERN_RESOURCE_SHORTAGE;
    }
    for (unsigned i = 0; i < entry->count; i++)
        set_parameter(run, i);
    ffi_call((ffi_cif *)&entry->cif, entry->function, run->result, run->values);
    kern_return_t result = entry->routine->returns_result ? (kern_return_t) * (ffi_sarg *)run->result : KERN_SUCCESS;
    if (result == KERN_SUCCESS || result == MIG_NO_REPLY)
        free_automatic(run);
    take_results(run);
    return result;
}

static kern_return_t check_trailer(const struct run *run)
{
    static const unsigned sizes[] = {0, sizeof(mach_msg_seqno_trailer_t), sizeof(mach_msg_security_trailer_t),
                                     sizeof(mach_msg_audit_trailer_t), sizeof(mach_msg_context_trailer_t)};
    const mach_msg_header_t *request = run->request;
    const mach_msg_trailer_t *trailer = (const void *)((const char *)request + round_msg(request->msgh_size));

    for (size_t i = 0; i < run->entry->routine->arg_count; i++) {
        const struct arg *arg = &run->entry->routine->args[i];
        if (arg->direction == DIRECTION_SERVER_TRAILER && (trailer->msgh_trailer_type != MACH_MSG_TRAILER_FORMAT_0 ||
                                                           trailer->msgh_trailer_size < sizes[arg->trailer]))
            return MIG_TRAILER_ERROR;
    }
    return KERN_SUCCESS;
}

static kern_return_t run_entry(struct run *run, mach_msg_header_t *reply)
{
    const struct routine *routine = run->entry->routine;
    kern_return_t result = message_parse(run->interface, routine, false, run->request, run->slots);

    if (result == KERN_SUCCESS)
        result = check_trailer(run);
    if (result == KERN_SUCCESS)
        result = call_function(run);
    if (result == KERN_SUCCESS && routine->has_reply)
        result = message_build(run->interface, routine, true, run->slots, reply);
    return result;
}

static size_t result_room(const struct entry *entry)
{
    return entry->cif.rtype->size > sizeof(ffi_arg) ? entry->cif.rtype->size : sizeof(ffi_arg);
}

static kern_return_t serve(const struct mig_service *service, const struct entry *entry,
                           const mach_msg_header_t *request, mach_msg_header_t *reply)
{
    size_t args = entry->routine->arg_count + 1;
    struct run run = {
        .interface = service->interface,
        .entry = entry,
        .request = request,
        .slots = calloc(args, sizeof *run.slots),
        .cells = calloc(args, sizeof *run.cells),
        .values = calloc(entry->count + 1, sizeof *run.values),
        .words = calloc(entry->count + 1, sizeof *run.words),
        .result = calloc(1, result_room(entry)),
    };
    kern_return_t result = KERN_RESOURCE_SHORTAGE;

    if (run.slots != NULL && run.cells != NULL && run.values != NULL && run.words != NULL && run.result != NULL)
        result = run_entry(&run, reply);
    for (size_t i = 0; run.cells != NULL && i < args; i++)
        free(run.cells[i].storage);
    free(run.slots);
    free(run.cells);
    free(run.values);
    free(run.words);
    free(run.result);
    return result;
}

static void set_error(const struct mig_interface *interface, mach_msg_header_t *reply, kern_return_t result)
{
    mig_typed_reply_error_t typed = {.Head = *reply,
                                     .RetCodeType = MIG_TYPE(MACH_MSG_TYPE_INTEGER_32, 32, 1, TRUE, FALSE),
                                     .RetCode = result};
    mig_reply_error_t untyped = {.Head = *reply, .NDR = NDR_record, .RetCode = result};

    typed.Head.msgh_size = sizeof typed;
    untyped.Head.msgh_size = sizeof untyped;
    if (interface->typed)
        memcpy(reply, &typed, sizeof typed);
    else
        memcpy(reply, &untyped, sizeof untyped);
}

boolean_t mig_service_demux(mig_service_t service, mach_msg_header_t *request, mach_msg_header_t *reply)
{
    const struct entry *entry = NULL;

    for (unsigned i = 0; i < service->count; i++) {
        if (service->entries[i].routine->id == request->msgh_id)
            entry = &service->entries[i];
    }
    *reply = (mach_msg_header_t){
        .msgh_bits = MACH_MSGH_BITS(MACH_MSGH_BITS_REMOTE(request->msgh_bits), 0),
        .msgh_remote_port = request->msgh_remote_port,
        .msgh_id = request->msgh_id + 100,
    };
    kern_return_t result = entry != NULL ? serve(service, entry, request, reply) : MIG_BAD_ID;
    if (result != KERN_SUCCESS || !entry->routine->has_reply) {
        reply->msgh_bits &= ~MACH_MSGH_BITS_COMPLEX;
        set_error(service->interface, reply, result);
    }
    return entry != NULL;
}

/* ---- services ------------------------------------------------------------------------------------- */

static void free_entry(struct entry *entry)
{
    for (size_t i = 0; i < entry->made_count; i++) {
        free(entry->made[i]->elements);
        free(entry->made[i]);
    }
    free(entry->made);
    free(entry->types);
    free(entry->parameters);
}

void mig_service_free(mig_service_t service)
{
    if (service == NULL)
        return;
    for (unsigned i = 0; i < service->count; i++)
        free_entry(&service->entries[i]);
    free(service->entries);
    free(service);
}

static kern_return_t add_entry(struct mig_service *service, mig_interface_t interface, const mig_function_t *function)
{
    struct entry *entry = &service->entries[service->count];

    entry->routine = description_find(interface, function->routine);
    entry->function = function->function;
    if (entry->routine == NULL)
        return KERN_INVALID_NAME;
    service->count++;
    if (entry->routine->reply.size > service->max_reply)
        service->max_reply = entry->routine->reply.size;
    return prepare(entry);
}

kern_return_t mig_service_create(mig_interface_t interface, const mig_function_t *functions, unsigned count,
                                 mig_service_t *made)
{
    struct mig_service *service = calloc(1, sizeof *service);
    kern_return_t result = KERN_SUCCESS;

    if (service == NULL)
        return KERN_RESOURCE_SHORTAGE;
    service->interface = interface;
    service->max_reply = sizeof(mig_typed_reply_error_t);
    service->entries = calloc(count > 0 ? count : 1, sizeof *service->entries);
    if (service->entries == NULL)
        result = KERN_RESOURCE_SHORTAGE;
    for (unsigned i = 0; result == KERN_SUCCESS && i < count; i++)
        result = add_entry(service, interface, &functions[i]);
    if (result == KERN_SUCCESS)
        *made = service;
    else
        mig_service_free(service);
    return result;
}

mach_msg_size_t mig_service_max_reply(mig_service_t service)
{
    return service->max_reply;
}
