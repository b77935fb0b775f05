/* SPDX-License-Identifier: BSD-2-Clause */
/* list.c - what an interface has, for people (-list) and for programs (-json). */
#include "emit.h"

#include <jansson.h>
#include <string.h>

/* ---- words ---------------------------------------------------------------------------------------- */

static const char *kind_word(enum routine_kind kind)
{
    static const char *const words[] = {"routine", "simpleroutine", "procedure", "simpleprocedure", "function"};

    return words[kind];
}

static const char *role_word(const struct arg *arg)
{
    static const char *const words[] = {
        [ROLE_IN] = "in",
        [ROLE_OUT] = "out",
        [ROLE_INOUT] = "inout",
        [ROLE_REQUEST_PORT] = "requestport",
        [ROLE_REPLY_PORT] = "replyport",
        [ROLE_SREPLY_PORT] = "sreplyport",
        [ROLE_UREPLY_PORT] = "ureplyport",
        [ROLE_WAIT_TIME] = "waittime",
        [ROLE_SEND_TIME] = "sendtime",
        [ROLE_MSG_OPTION] = "msgoption",
        [ROLE_SERVER_TRAILER] = "servertrailer",
        [ROLE_USER_TRAILER] = "usertrailer",
        [ROLE_RETURN] = "return",
    };

    return words[arg->role];
}

static const char *item_word(enum item_kind kind)
{
    static const char *const words[] = {
        [ITEM_PORT] = "port",       [ITEM_OOL] = "ool",         [ITEM_OOL_PORTS] = "ool_ports", [ITEM_NDR] = "ndr",
        [ITEM_RETCODE] = "retcode", [ITEM_DATA] = "data",       [ITEM_COUNT] = "count",
        [ITEM_OFFSET] = "offset",   [ITEM_VARRAY] = "variable", [ITEM_TYPE] = "type",
    };

    return words[kind];
}

/* ---- for people ----------------------------------------------------------------------------------- */

static const char *type_text(struct arena *arena, const struct type *type)
{
    const char *how = type->out_of_line ? "^" : "";
    const struct type *element = type->element;
    const char *of = element == NULL         ? ""
                     : element->name != NULL ? element->name
                                             : type_text(arena, element);

    switch (type->kind) {
    case TYPE_SCALAR: return arena_printf(arena, "%s%s, %u bits", how, wire_spelling(type->wire_sent), type->bits);
    case TYPE_STRUCT: return arena_printf(arena, "%sstruct of %llu bytes", how, (unsigned long long)type->size);
    case TYPE_STRING: return arena_printf(arena, "c_string[%s%u]", type->variable ? "*:" : "", type->count);
    case TYPE_ARRAY:
        if (type->count == 0)
            return arena_printf(arena, "%sarray[] of %s", how, of);
        return arena_printf(arena, "%sarray[%s%u] of %s", how, type->variable ? "*:" : "", type->count, of);
    }
    return "";
}

static void list_message(struct emitter *emitter, const char *which, const struct message *message)
{
    struct out *out = emitter->out;

    if (message->variable)
        out_line(out, "%s: %u to %u bytes%s", which, message->min_size, message->max_size,
                 message->complex ? ", complex" : "");
    else
        out_line(out, "%s: %u bytes%s", which, message->max_size, message->complex ? ", complex" : "");
    out->indent++;
    for (const struct item *item = message->items; item != NULL; item = item->next)
        out_line(out, "%5u  %-9s %-5u %s%s", item->offset, item_word(item->kind), item->size, item->name,
                 item->shifted ? " (at most)" : "");
    out->indent--;
}

void emit_list(struct emitter *emitter)
{
    struct out *out = emitter->out;
    const struct interface *interface = emitter->interface;

    out_line(out, "subsystem %s %lld", interface->name, (long long)interface->base);
    for (const struct routine *routine = interface->routines; routine != NULL; routine = routine->next) {
        out_blank(out);
        out_open(out, "%lld %s %s", (long long)routine->id, kind_word(routine->kind), routine->name);
        for (const struct arg *arg = routine->args; arg != NULL; arg = arg->next)
            out_line(out, "%-11s %s : %s (%s)", role_word(arg), arg->name, arg->type->name,
                     type_text(emitter->arena, arg->type));
        list_message(emitter, "request", &routine->request);
        if (!routine->one_way)
            list_message(emitter, "reply", &routine->reply);
        out->indent--;
    }
}

/* ---- for programs --------------------------------------------------------------------------------- */

static json_t *describe_type(struct emitter *emitter, const struct type *type)
{
    static const char *const kinds[] = {"scalar", "struct", "array", "string"};
    json_t *object = json_object();
    const char *ctype = type_wire_ctype(emitter->source, type);

    json_object_set_new(object, "kind", json_string(kinds[type->kind]));
    if (type->name != NULL)
        json_object_set_new(object, "name", json_string(type->name));
    if (ctype != NULL)
        json_object_set_new(object, "ctype", json_string(ctype));
    json_object_set_new(object, "size", json_integer((json_int_t)type->size));
    json_object_set_new(object, "align", json_integer(type->align));
    json_object_set_new(object, "wire", json_string(wire_spelling(type->wire_sent)));
    json_object_set_new(object, "sent", json_integer(type->wire_sent));
    json_object_set_new(object, "received", json_integer(type->wire_received));
    json_object_set_new(object, "bits", json_integer(type->bits));
    json_object_set_new(object, "ports", json_boolean(type_holds_ports(type)));
    if (type->kind != TYPE_SCALAR)
        json_object_set_new(object, "count", json_integer(type->count));
    json_object_set_new(object, "variable", json_boolean(type->variable));
    json_object_set_new(object, "out_of_line", json_boolean(type->out_of_line || type->indefinite));
    json_object_set_new(object, "pointer", json_boolean(type->target != NULL));
    json_object_set_new(object, "optional", json_boolean(type->null_value != NULL));
    if (type->element != NULL)
        json_object_set_new(object, "element", describe_type(emitter, type->element));
    if (type->members != NULL) {
        json_t *members = json_array();
        for (const struct member *member = type->members; member != NULL; member = member->next) {
            json_t *entry = json_pack("{s:s, s:i, s:i}", "name", member->name, "offset", (int)member->offset, "count",
                                      (int)member->count);
            json_object_set_new(entry, "type", describe_type(emitter, member->type));
            json_array_append_new(members, entry);
        }
        json_object_set_new(object, "members", members);
    }
    return object;
}

static json_t *describe_arg(struct emitter *emitter, const struct arg *arg)
{
    static const char *const dealloc[] = {"no", "yes", "maybe"};
    json_t *object = json_object();

    json_object_set_new(object, "name", json_string(arg->name));
    json_object_set_new(object, "direction", json_string(role_word(arg)));
    json_object_set_new(object, "type", describe_type(emitter, arg->type));
    if (arg->count_owner != NULL)
        json_object_set_new(object, "counted_by", json_string(arg->count_owner->name));
    if (arg->dealloc != DEALLOC_NO)
        json_object_set_new(object, "dealloc", json_string(dealloc[arg->dealloc]));
    if (arg->flags & ARG_COUNT_IN_OUT)
        json_object_set_new(object, "countinout", json_true());
    if (arg->flags & ARG_PHYSICAL_COPY)
        json_object_set_new(object, "physicalcopy", json_true());
    if (arg->flags & ARG_AUTO)
        json_object_set_new(object, "auto", json_true());
    if (arg->flags & ARG_SERVER_COPY)
        json_object_set_new(object, "servercopy", json_true());
    if (arg->trailer != TRAILER_NONE)
        json_object_set_new(object, "trailer", json_integer(arg->trailer));
    return object;
}

static json_t *describe_message(const struct message *message)
{
    json_t *items = json_array();

    for (const struct item *item = message->items; item != NULL; item = item->next) {
        json_t *entry =
            json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:b}", "kind", item_word(item->kind), "name", item->name,
                      "offset", (int)item->offset, "size", (int)item->size, "padded", (int)item->padded, "count",
                      (int)item->count, "shifted", (int)item->shifted);
        if (item->arg != NULL)
            json_object_set_new(entry, "arg", json_string(item->arg->name));
        json_array_append_new(items, entry);
    }
    return json_pack("{s:i, s:i, s:i, s:b, s:o}", "min_size", (int)message->min_size, "size", (int)message->max_size,
                     "descriptors", (int)message->descriptors, "complex", (int)message->complex, "items", items);
}

static json_t *describe_routine(struct emitter *emitter, const struct routine *routine)
{
    json_t *object = json_pack("{s:s, s:s, s:I}", "name", routine->name, "kind", kind_word(routine->kind), "id",
                               (json_int_t)routine->id);
    json_t *args = json_array();

    for (const struct arg *arg = routine->args; arg != NULL; arg = arg->next)
        json_array_append_new(args, describe_arg(emitter, arg));
    json_object_set_new(object, "args", args);
    json_object_set_new(object, "request", describe_message(&routine->request));
    if (!routine->one_way)
        json_object_set_new(object, "reply", describe_message(&routine->reply));
    return object;
}

void emit_json(struct emitter *emitter)
{
    const struct interface *interface = emitter->interface;
    json_t *root = json_pack("{s:i, s:s, s:I, s:I, s:b}", "mig", 1, "subsystem", interface->name, "base",
                             (json_int_t)interface->base, "slots", (json_int_t)interface->slots, "typed",
                             (int)interface->typed);
    json_t *routines = json_array();

    for (const struct routine *routine = interface->routines; routine != NULL; routine = routine->next)
        json_array_append_new(routines, describe_routine(emitter, routine));
    json_object_set_new(root, "routines", routines);
    json_dumpf(root, emitter->out->file, JSON_INDENT(1));
    fputc('\n', emitter->out->file);
    json_decref(root);
}
