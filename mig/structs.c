/* SPDX-License-Identifier: BSD-2-Clause */
/* structs.c - what stands at the head of each file: includes, message structures, checks of sizes. */
#include "emit.h"

#include <string.h>

static const char *input_name(const struct emitter *emitter)
{
    const char *input = emitter->options->input;
    const char *slash = input != NULL ? strrchr(input, '/') : NULL;

    return input == NULL || strcmp(input, "-") == 0 ? "standard input" : slash != NULL ? slash + 1 : input;
}

void emit_prologue(struct emitter *emitter, const char *what)
{
    out_line(emitter->out, "/*");
    out_line(emitter->out, " * %s of subsystem %s; made by mig from %s.  Edit that, not this.", what,
             emitter->interface->name, input_name(emitter));
    out_line(emitter->out, " */");
}

static bool wanted(enum import_kind kind, enum who who, bool internal)
{
    switch (kind) {
    case IMPORT_BOTH: return true;
    case IMPORT_USER: return who == WHO_USER;
    case IMPORT_SERVER: return who == WHO_SERVER;
    case IMPORT_INTERNAL: return internal;
    case IMPORT_DEFINES: return false;
    }
    return false;
}

void emit_includes(struct emitter *emitter, enum who who, bool internal)
{
    static const char *const headers[] = {"mach/kern_return.h", "mach/mach_types.h", "mach/message.h",
                                          "mach/mig_errors.h",  "mach/ndr.h",        "mach/notify.h",
                                          "mach/port.h",        "mach/std_types.h"};

    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        out_line(emitter->out, "#include <%s>", headers[i]);
    if (emitter->interface->typed)
        out_line(emitter->out, "#include <mach/typed_message.h>");
    for (const struct import *import = emitter->interface->imports; import != NULL; import = import->next) {
        if (wanted(import->kind, who, internal))
            out_line(emitter->out, "#include %s", import->name);
    }
    out_blank(emitter->out);
}

/* ---- members -------------------------------------------------------------------------------------- */

static const struct type *base_of(const struct type *type)
{
    while (type->kind == TYPE_ARRAY)
        type = type->element;
    return type;
}

static void emit_array(struct emitter *emitter, const struct item *item)
{
    const struct type *base = base_of(item->arg->type);
    const char *name = base->kind == TYPE_STRING ? NULL : type_wire_ctype(emitter->source, base);

    if (name == NULL || item->arg->type->indefinite)
        out_line(emitter->out, "char %s[%u];", item->name, item->size);
    else
        out_line(emitter->out, "%s %s[%llu];", name, item->name, (unsigned long long)(item->size / base->size));
}

static void emit_data(struct emitter *emitter, const struct item *item, uint32_t align)
{
    const struct type *type = item->arg->type;

    if (type->out_of_line)
        out_line(emitter->out, "void *%s;", item->name);
    else if (type->kind == TYPE_ARRAY || type->kind == TYPE_STRING)
        emit_array(emitter, item);
    else
        out_line(emitter->out, "%s %s;", type_wire_ctype(emitter->source, type), item->name);
    if (item->size % align != 0)
        out_line(emitter->out, "char %sPad[%u];", item->name, item->padded - item->size);
}

static void emit_member(struct emitter *emitter, const struct item *item)
{
    struct out *out = emitter->out;

    switch (item->kind) {
    case ITEM_PORT:
        if (item->arg->type->kind == TYPE_ARRAY)
            out_line(out, "mach_msg_port_descriptor_t %s[%u];", item->name, item->count);
        else
            out_line(out, "mach_msg_port_descriptor_t %s;", item->name);
        break;
    case ITEM_OOL: out_line(out, "mach_msg_ool_descriptor_t %s;", item->name); break;
    case ITEM_OOL_PORTS: out_line(out, "mach_msg_ool_ports_descriptor_t %s;", item->name); break;
    case ITEM_NDR: out_line(out, "NDR_record_t NDR;"); break;
    case ITEM_RETCODE: out_line(out, "kern_return_t RetCode;"); break;
    case ITEM_COUNT:
    case ITEM_OFFSET: out_line(out, "mach_msg_type_number_t %s;", item->name); break;
    case ITEM_DATA:
    case ITEM_VARRAY: emit_data(emitter, item, emit_alignment(emitter)); return;
    case ITEM_TYPE:
        out_line(out, "%s %s;", item->size == TYPED_LONG_DESCRIPTOR_SIZE ? "mach_msg_type_long_t" : "mach_msg_type_t",
                 item->name);
        break;
    }
    if (item->padded != item->size)
        out_line(out, "char %sPad[%u];", item->name, item->padded - item->size);
}

static bool is_descriptor(const struct item *item)
{
    return item->kind == ITEM_PORT || item->kind == ITEM_OOL || item->kind == ITEM_OOL_PORTS;
}

static void emit_message(struct emitter *emitter, const struct message *message, const char *type)
{
    out_open(emitter->out, "typedef struct {");
    out_line(emitter->out, "mach_msg_header_t Head;");
    if (message->descriptors > 0)
        out_line(emitter->out, "mach_msg_body_t msgh_body;");
    for (const struct item *item = message->items; item != NULL; item = item->next) {
        emit_member(emitter, item);
        if (is_descriptor(item) && item->next != NULL && !is_descriptor(item->next))
            out_line(emitter->out, "/* The kernel has looked at what lies above, not at what lies below. */");
    }
    out_close(emitter->out, "} %s;", type);
    out_blank(emitter->out);
}

/* A routine without a reply still gets a reply structure: what an unexpected answer looks like. */
static void emit_no_reply(struct emitter *emitter, const struct routine *routine)
{
    out_line(emitter->out, "typedef mig_reply_error_t %s;", emit_reply_type(emitter, routine));
    out_blank(emitter->out);
}

static void emit_half(struct emitter *emitter, bool reply)
{
    const struct interface *interface = emitter->interface;
    const char *half = reply ? "Reply" : "Request";

    out_line(emitter->out, "#ifndef __%s__%s_subsystem__defined", half, interface->name);
    out_line(emitter->out, "#define __%s__%s_subsystem__defined", half, interface->name);
    out_line(emitter->out, "#pragma pack(push, 4)");
    for (const struct routine *routine = interface->routines; routine != NULL; routine = routine->next) {
        const char *type = reply ? emit_reply_type(emitter, routine) : emit_request_type(emitter, routine);
        if (reply && routine->one_way)
            emit_no_reply(emitter, routine);
        else
            emit_message(emitter, reply ? &routine->reply : &routine->request, type);
    }
    if (interface->routines != NULL) {
        out_open(emitter->out, "union __%sUnion__%s_subsystem {", half, interface->name);
        for (const struct routine *routine = interface->routines; routine != NULL; routine = routine->next)
            out_line(emitter->out, "__%s__%s_t %s_%s;", half, routine->name, half, routine->name);
        out_close(emitter->out, "};");
    }
    out_line(emitter->out, "#pragma pack(pop)");
    out_line(emitter->out, "#endif");
    out_blank(emitter->out);
}

void emit_structs(struct emitter *emitter)
{
    emit_half(emitter, false);
    emit_half(emitter, true);
}

/* ---- sizes ---------------------------------------------------------------------------------------- */

struct checked {
    const char *name;
    UT_hash_handle hh;
};

/* A C type whose size is not the one in the description would shift all that comes after it. */
static void check_type(struct emitter *emitter, struct checked **seen, const struct type *type)
{
    struct checked *checked;

    type = base_of(type);
    const char *name = type->kind == TYPE_STRING ? NULL : type_wire_ctype(emitter->source, type);
    if (name == NULL || type->out_of_line)
        return;
    HASH_FIND_STR(*seen, name, checked);
    if (checked != NULL)
        return;
    checked = arena_new(emitter->arena, struct checked);
    checked->name = name;
    HASH_ADD_KEYPTR(hh, *seen, checked->name, strlen(name), checked);
    out_line(emitter->out, "_Static_assert(sizeof(%s) == %llu, \"%s has not the size that %s gives\");", name,
             (unsigned long long)type->size, name, input_name(emitter));
}

static void check_message(struct emitter *emitter, struct checked **seen, const struct message *message)
{
    for (const struct item *item = message->items; item != NULL; item = item->next) {
        if (item->kind == ITEM_DATA || item->kind == ITEM_VARRAY)
            check_type(emitter, seen, item->arg->type);
    }
}

void emit_size_checks(struct emitter *emitter)
{
    struct checked *seen = NULL;

    for (const struct routine *routine = emitter->interface->routines; routine != NULL; routine = routine->next) {
        check_message(emitter, &seen, &routine->request);
        check_message(emitter, &seen, &routine->reply);
    }
    for (const struct routine *routine = emitter->interface->routines; routine != NULL; routine = routine->next) {
        out_line(emitter->out, "_Static_assert(sizeof(%s) == %u, \"request of %s\");",
                 emit_request_type(emitter, routine), routine->request.max_size, routine->name);
        if (!routine->one_way)
            out_line(emitter->out, "_Static_assert(sizeof(%s) == %u, \"reply of %s\");",
                     emit_reply_type(emitter, routine), routine->reply.max_size, routine->name);
    }
    if (emitter->interface->routines != NULL)
        out_blank(emitter->out);
    HASH_CLEAR(hh, seen);
}
