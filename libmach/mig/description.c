/* SPDX-License-Identifier: BSD-2-Clause */
/* description.c - reading what mig -json wrote.  Nothing of it is believed before it has been looked at. */
#include "description.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SIZE (64u << 20)
#define MAX_DEPTH 32

struct reader {
    char *error;
    size_t room;
    kern_return_t result;
};

static bool fail(struct reader *reader, kern_return_t result, const char *format, ...)
{
    va_list args;

    if (reader->result == KERN_SUCCESS && reader->error != NULL && reader->room > 0) {
        va_start(args, format);
        vsnprintf(reader->error, reader->room, format, args);
        va_end(args);
    }
    if (reader->result == KERN_SUCCESS)
        reader->result = result;
    return false;
}

static bool no_memory(struct reader *reader)
{
    return fail(reader, KERN_RESOURCE_SHORTAGE, "out of memory");
}

static bool get_string(struct reader *reader, const json_t *object, const char *key, char **string, bool needed)
{
    const char *text = json_string_value(json_object_get(object, key));

    if (text == NULL)
        return needed ? fail(reader, KERN_INVALID_ARGUMENT, "'%s' is missing", key) : true;
    *string = strdup(text);
    return *string != NULL || no_memory(reader);
}

static bool get_number(struct reader *reader, const json_t *object, const char *key, int64_t least, int64_t most,
                       int64_t *number)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_integer(value))
        return fail(reader, KERN_INVALID_ARGUMENT, "'%s' is missing, or no number", key);
    *number = json_integer_value(value);
    if (*number < least || *number > most)
        return fail(reader, KERN_INVALID_ARGUMENT, "'%s' is out of range: %lld", key, (long long)*number);
    return true;
}

static bool get_u32(struct reader *reader, const json_t *object, const char *key, uint32_t *number)
{
    int64_t value = 0;

    if (!get_number(reader, object, key, 0, MAX_SIZE, &value))
        return false;
    *number = (uint32_t)value;
    return true;
}

static bool get_flag(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

/* Which of the words it is; -1 when none. */
static int get_word(const json_t *object, const char *key, const char *const *words, size_t count)
{
    const char *text = json_string_value(json_object_get(object, key));

    for (size_t i = 0; text != NULL && i < count; i++) {
        if (strcmp(text, words[i]) == 0)
            return (int)i;
    }
    return -1;
}

#define WORD(object, key, words) get_word((object), (key), (words), sizeof(words) / sizeof((words)[0]))

/* As many structures of `size` bytes as the JSON array has entries, zeroed; NULL after having complained. */
static void *make_array(struct reader *reader, const json_t *array, const char *what, size_t size, size_t *count)
{
    if (!json_is_array(array)) {
        fail(reader, KERN_INVALID_ARGUMENT, "'%s' is missing, or no list", what);
        return NULL;
    }
    *count = json_array_size(array);
    void *made = calloc(*count > 0 ? *count : 1, size);
    if (made == NULL)
        no_memory(reader);
    return made;
}

/* ---- types ---------------------------------------------------------------------------------------- */

static bool read_type(struct reader *reader, const json_t *object, struct type *type, unsigned depth);

static bool read_members(struct reader *reader, const json_t *array, struct type *type, unsigned depth)
{
    json_t *entry;
    size_t i;

    if (array == NULL)
        return true;
    type->members = make_array(reader, array, "members", sizeof *type->members, &type->member_count);
    if (type->members == NULL)
        return false;
    json_array_foreach(array, i, entry) {
        if (!get_u32(reader, entry, "count", &type->members[i].count) ||
            !read_type(reader, json_object_get(entry, "type"), &type->members[i].type, depth + 1))
            return false;
    }
    return true;
}

static bool read_element(struct reader *reader, const json_t *object, struct type *type, unsigned depth)
{
    if (object == NULL)
        return type->kind != KIND_ARRAY || fail(reader, KERN_INVALID_ARGUMENT, "an array has no element");
    type->element = calloc(1, sizeof *type->element);
    if (type->element == NULL)
        return no_memory(reader);
    if (!read_type(reader, object, type->element, depth + 1))
        return false;
    if (type->element->size == 0 || (type->kind == KIND_ARRAY && type->count > 0 && !type->out_of_line &&
                                     (uint64_t)type->element->size * type->count != type->size))
        return fail(reader, KERN_INVALID_ARGUMENT, "an array's size is not that of its elements");
    return true;
}

static bool read_type(struct reader *reader, const json_t *object, struct type *type, unsigned depth)
{
    static const char *const kinds[] = {"scalar", "struct", "array", "string"};
    int kind = WORD(object, "kind", kinds);
    int64_t sent, received;

    if (kind < 0 || depth > MAX_DEPTH)
        return fail(reader, KERN_INVALID_ARGUMENT, "a type is of no known kind");
    type->kind = (enum kind)kind;
    if (!get_string(reader, object, "name", &type->name, false) ||
        !get_string(reader, object, "ctype", &type->ctype, false) ||
        !get_string(reader, object, "wire", &type->wire, true) || !get_u32(reader, object, "size", &type->size) ||
        !get_u32(reader, object, "align", &type->align) || !get_u32(reader, object, "bits", &type->bits) ||
        !get_number(reader, object, "sent", -1, 255, &sent) ||
        !get_number(reader, object, "received", -1, 255, &received))
        return false;
    type->sent = (int)sent;
    type->received = (int)received;
    type->count = 1;
    if (type->kind != KIND_SCALAR && !get_u32(reader, object, "count", &type->count))
        return false;
    type->ports = get_flag(object, "ports");
    type->variable = get_flag(object, "variable");
    type->out_of_line = get_flag(object, "out_of_line");
    type->pointer = get_flag(object, "pointer");
    type->optional = get_flag(object, "optional");
    if ((type->size == 0 && !type->variable) || (type->kind == KIND_STRING && type->size != type->count))
        return fail(reader, KERN_INVALID_ARGUMENT, "a type has no possible size");
    return read_element(reader, json_object_get(object, "element"), type, depth) &&
           read_members(reader, json_object_get(object, "members"), type, depth);
}

static void free_type(struct type *type)
{
    free(type->name);
    free(type->ctype);
    free(type->wire);
    if (type->element != NULL)
        free_type(type->element);
    free(type->element);
    for (size_t i = 0; i < type->member_count; i++)
        free_type(&type->members[i].type);
    free(type->members);
}

/* ---- arguments ------------------------------------------------------------------------------------ */

static bool read_direction(struct reader *reader, const json_t *object, struct arg *arg)
{
    static const char *const words[] = {"in",          "out",        "inout",         "return",      "requestport",
                                        "replyport",   "sreplyport", "ureplyport",    "servertrailer", "waittime",
                                        "sendtime",    "msgoption",  "usertrailer"};
    int word = WORD(object, "direction", words);

    if (word < 0)
        return fail(reader, KERN_INVALID_ARGUMENT, "argument '%s' has no known direction", arg->name);
    arg->direction = word > DIRECTION_SERVER_TRAILER ? DIRECTION_USER_ONLY : (enum direction)word;
    return true;
}

static bool read_arg(struct reader *reader, const json_t *object, struct arg *arg)
{
    static const char *const deallocs[] = {"no", "yes", "maybe"};
    int dealloc = WORD(object, "dealloc", deallocs);
    int64_t trailer = 0;

    if (!get_string(reader, object, "name", &arg->name, true) || !read_direction(reader, object, arg) ||
        !read_type(reader, json_object_get(object, "type"), &arg->type, 0))
        return false;
    if (json_object_get(object, "trailer") != NULL && !get_number(reader, object, "trailer", 0, 4, &trailer))
        return false;
    arg->trailer = (int)trailer;
    arg->dealloc = dealloc > 0 ? dealloc : 0;
    arg->countinout = get_flag(object, "countinout");
    arg->physicalcopy = get_flag(object, "physicalcopy");
    arg->servercopy = get_flag(object, "servercopy");
    arg->automatic = get_flag(object, "auto");
    arg->counted_by = -1;
    return true;
}

static int arg_index(const struct routine *routine, const char *name)
{
    for (size_t i = 0; name != NULL && i < routine->arg_count; i++) {
        if (strcmp(routine->args[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

static bool read_args(struct reader *reader, const json_t *array, struct routine *routine)
{
    json_t *entry;
    size_t i;

    routine->args = make_array(reader, array, "args", sizeof *routine->args, &routine->arg_count);
    if (routine->args == NULL)
        return false;
    json_array_foreach(array, i, entry) {
        if (!read_arg(reader, entry, &routine->args[i]))
            return false;
    }
    json_array_foreach(array, i, entry) {
        const char *by = json_string_value(json_object_get(entry, "counted_by"));
        routine->args[i].counted_by = arg_index(routine, by);
        bool counts = type_has_count(&routine->args[i].type);
        if (counts != (routine->args[i].counted_by >= 0))
            return fail(reader, KERN_INVALID_ARGUMENT, "argument '%s' is not counted as its type wants",
                        routine->args[i].name);
    }
    return true;
}

/* ---- messages ------------------------------------------------------------------------------------- */

/* Whether a field is as large as what it holds: the walks over a message count on it. */
static bool item_fits(const struct item *item, const struct routine *routine)
{
    const struct type *type = item->arg >= 0 ? &routine->args[item->arg].type : NULL;

    switch (item->kind) {
    case ITEM_PORT:
        return type->ports && !type->out_of_line && item->count >= 1 &&
               item->count == (type->kind == KIND_ARRAY ? type->count : 1) &&
               item->size == item->count * sizeof(mach_msg_port_descriptor_t);
    case ITEM_OOL: return type->out_of_line && item->size == sizeof(mach_msg_ool_descriptor_t);
    case ITEM_OOL_PORTS:
        return type->out_of_line && type->ports && item->size == sizeof(mach_msg_ool_ports_descriptor_t);
    case ITEM_NDR: return item->size == sizeof(NDR_record_t);
    case ITEM_RETCODE:
    case ITEM_COUNT:
    case ITEM_OFFSET: return item->size == 4;
    case ITEM_DATA: return item->size == (type->out_of_line ? sizeof(void *) : type->size);
    case ITEM_VARIABLE: return type->variable && (type->out_of_line ? item->size >= sizeof(void *) : item->size == type->size);
    case ITEM_TYPE: return item->size == sizeof(mach_msg_type_t) || item->size == sizeof(mach_msg_type_long_t);
    }
    return false;
}

static bool read_item(struct reader *reader, const json_t *object, const struct routine *routine, struct item *item,
                      const struct message *message)
{
    static const char *const kinds[] = {"port", "ool",   "ool_ports", "ndr",      "retcode",
                                        "data", "count", "offset",    "variable", "type"};
    int kind = WORD(object, "kind", kinds);
    const char *arg = json_string_value(json_object_get(object, "arg"));

    if (kind < 0)
        return fail(reader, KERN_INVALID_ARGUMENT, "a field of '%s' is of no known kind", routine->name);
    item->kind = (enum item_kind)kind;
    item->arg = arg_index(routine, arg);
    bool needs_arg = item->kind != ITEM_NDR && item->kind != ITEM_RETCODE && item->kind != ITEM_TYPE;
    if (item->arg < 0 && (needs_arg || arg != NULL))
        return fail(reader, KERN_INVALID_ARGUMENT, "a field of '%s' belongs to no argument", routine->name);
    if (!get_u32(reader, object, "offset", &item->offset) || !get_u32(reader, object, "size", &item->size) ||
        !get_u32(reader, object, "padded", &item->padded) || !get_u32(reader, object, "count", &item->count))
        return false;
    if (item->offset < sizeof(mach_msg_header_t) || item->padded < item->size ||
        (uint64_t)item->offset + item->padded > message->size)
        return fail(reader, KERN_INVALID_ARGUMENT, "a field of '%s' lies outside its message", routine->name);
    return item_fits(item, routine) ||
           fail(reader, KERN_INVALID_ARGUMENT, "a field of '%s' has not the size of what it holds", routine->name);
}

static bool read_message(struct reader *reader, const json_t *object, const struct routine *routine,
                         struct message *message)
{
    const json_t *array = json_object_get(object, "items");
    json_t *entry;
    size_t i;

    if (!get_u32(reader, object, "min_size", &message->min_size) || !get_u32(reader, object, "size", &message->size) ||
        !get_u32(reader, object, "descriptors", &message->descriptors))
        return false;
    message->complex = get_flag(object, "complex");
    if (message->min_size < sizeof(mach_msg_header_t) || message->min_size > message->size)
        return fail(reader, KERN_INVALID_ARGUMENT, "a message of '%s' has no possible size", routine->name);
    message->items = make_array(reader, array, "items", sizeof *message->items, &message->count);
    if (message->items == NULL)
        return false;
    uint32_t end = sizeof(mach_msg_header_t), variable = 0;
    json_array_foreach(array, i, entry) {
        if (!read_item(reader, entry, routine, &message->items[i], message))
            return false;
        if (message->items[i].offset < end)
            return fail(reader, KERN_INVALID_ARGUMENT, "fields of '%s' overlap", routine->name);
        end = message->items[i].offset + message->items[i].padded;
        variable += message->items[i].kind == ITEM_VARIABLE ? message->items[i].padded : 0;
    }
    if (message->count > 0 && message->items[message->count - 1].kind == ITEM_TYPE)
        return fail(reader, KERN_INVALID_ARGUMENT, "a type in '%s' has nothing behind it", routine->name);
    return message->size - variable == message->min_size ||
           fail(reader, KERN_INVALID_ARGUMENT, "a message of '%s' has not the size of its fields", routine->name);
}

static bool read_routine(struct reader *reader, const json_t *object, struct routine *routine)
{
    static const char *const kinds[] = {"routine", "simpleroutine", "procedure", "simpleprocedure", "function"};
    int kind = WORD(object, "kind", kinds);
    const json_t *reply = json_object_get(object, "reply");
    int64_t id = 0;

    if (kind < 0)
        return fail(reader, KERN_INVALID_ARGUMENT, "a routine is of no known kind");
    routine->returns_result = kind < 2;
    if (!get_string(reader, object, "name", &routine->name, true) ||
        !get_number(reader, object, "id", 0, INT32_MAX, &id) ||
        !read_args(reader, json_object_get(object, "args"), routine) ||
        !read_message(reader, json_object_get(object, "request"), routine, &routine->request))
        return false;
    routine->id = (mach_msg_id_t)id;
    routine->has_reply = reply != NULL;
    return reply == NULL || read_message(reader, reply, routine, &routine->reply);
}

static bool read_interface(struct reader *reader, const json_t *root, struct mig_interface *interface)
{
    const json_t *array = json_object_get(root, "routines");
    int64_t version, base = 0;
    json_t *entry;
    size_t i;

    if (!get_number(reader, root, "mig", 1, 1, &version) ||
        !get_string(reader, root, "subsystem", &interface->name, true) ||
        !get_number(reader, root, "base", 0, INT32_MAX, &base))
        return false;
    interface->routines = make_array(reader, array, "routines", sizeof *interface->routines, &interface->count);
    if (interface->routines == NULL)
        return false;
    interface->base = (mach_msg_id_t)base;
    interface->typed = get_flag(root, "typed");
    json_array_foreach(array, i, entry) {
        if (!read_routine(reader, entry, &interface->routines[i]))
            return false;
    }
    return true;
}

/* ---- the public functions ------------------------------------------------------------------------- */

static kern_return_t take(json_t *root, const json_error_t *why, mig_interface_t *made, struct reader *reader)
{
    if (root == NULL) {
        fail(reader, KERN_INVALID_ARGUMENT, "line %d: %s", why->line, why->text);
        return reader->result;
    }
    struct mig_interface *interface = calloc(1, sizeof *interface);
    if (interface == NULL)
        no_memory(reader);
    else if (read_interface(reader, root, interface))
        *made = interface;
    else
        mig_interface_free(interface);
    json_decref(root);
    return reader->result;
}

kern_return_t mig_interface_read(const char *json, size_t length, mig_interface_t *interface, char *error, size_t room)
{
    struct reader reader = {error, room, KERN_SUCCESS};
    json_error_t why;

    return take(json_loadb(json, length, JSON_REJECT_DUPLICATES, &why), &why, interface, &reader);
}

kern_return_t mig_interface_open(const char *path, mig_interface_t *interface, char *error, size_t room)
{
    struct reader reader = {error, room, KERN_SUCCESS};
    json_error_t why;
    FILE *file = fopen(path, "re");

    if (file == NULL) {
        fail(&reader, KERN_FAILURE, "cannot open %s", path);
        return reader.result;
    }
    json_t *root = json_loadf(file, JSON_REJECT_DUPLICATES, &why);
    fclose(file);
    return take(root, &why, interface, &reader);
}

static void free_routine(struct routine *routine)
{
    for (size_t i = 0; routine->args != NULL && i < routine->arg_count; i++) {
        free(routine->args[i].name);
        free_type(&routine->args[i].type);
    }
    free(routine->args);
    free(routine->request.items);
    free(routine->reply.items);
    free(routine->name);
}

void mig_interface_free(mig_interface_t interface)
{
    if (interface == NULL)
        return;
    for (size_t i = 0; interface->routines != NULL && i < interface->count; i++)
        free_routine(&interface->routines[i]);
    free(interface->routines);
    free(interface->name);
    free(interface);
}

const char *mig_interface_name(mig_interface_t interface)
{
    return interface->name;
}

struct routine *description_find(struct mig_interface *interface, const char *name)
{
    for (size_t i = 0; i < interface->count; i++) {
        if (strcmp(interface->routines[i].name, name) == 0)
            return &interface->routines[i];
    }
    return NULL;
}

struct routine *description_find_id(struct mig_interface *interface, mach_msg_id_t id)
{
    for (size_t i = 0; i < interface->count; i++) {
        if (interface->routines[i].id == id)
            return &interface->routines[i];
    }
    return NULL;
}

const char *mig_interface_routine(mig_interface_t interface, mach_msg_id_t id, boolean_t *is_reply)
{
    struct routine *routine = description_find_id(interface, id);

    *is_reply = FALSE;
    if (routine == NULL && id >= 100) {
        routine = description_find_id(interface, id - 100);
        *is_reply = routine != NULL;
        if (routine != NULL && !routine->has_reply)
            routine = NULL;
    }
    return routine != NULL ? routine->name : NULL;
}
