/* SPDX-License-Identifier: BSD-2-Clause */
/* type.c - making types: sizes, what may hold what, and the C names that follow from it. */
#include "type.h"

#include <string.h>

static struct type *type_new(struct source *source, struct pos pos, enum type_kind kind)
{
    struct type *type = arena_new(source->arena, struct type);

    type->pos = pos;
    type->kind = kind;
    return type;
}

static bool size_fits(struct source *source, struct pos pos, uint64_t size)
{
    if (size <= TYPE_MAX_SIZE)
        return true;
    diag_error(source, pos, "type is larger than a message can be (%u bytes)", TYPE_MAX_SIZE);
    return false;
}

static uint32_t align_of_size(uint64_t size)
{
    return size >= 8 && size % 8 == 0 ? 8 : size >= 4 && size % 4 == 0 ? 4 : size % 2 == 0 && size > 0 ? 2 : 1;
}

struct type *type_scalar(struct source *source, struct pos pos, enum wire sent, enum wire received, uint64_t bits,
                         const char *ctype)
{
    if (bits == 0) {
        diag_error(source, pos, "this type needs a size in bits: (type, size)");
        return NULL;
    }
    if (!size_fits(source, pos, bits / 8))
        return NULL;

    struct type *type = type_new(source, pos, TYPE_SCALAR);
    type->wire_sent = sent;
    type->wire_received = received;
    type->bits = (uint32_t)bits;
    type->units = 1;
    type->count = 1;
    type->size = (bits + 7) / 8;
    type->align = align_of_size(type->size);
    type->ctype = ctype;
    return type;
}

bool type_is_port(const struct type *type)
{
    return type->kind == TYPE_SCALAR && !type->out_of_line && wire_is_port(type->wire_sent);
}

bool type_holds_ports(const struct type *type)
{
    return wire_is_port(type->wire_sent);
}

/* Whether `element` can stand in an array or a structure. */
static bool can_repeat(struct source *source, struct pos pos, const struct type *element, const char *in)
{
    if (element->out_of_line || element->indefinite) {
        diag_error(source, pos, "out-of-line data cannot be an element of %s", in);
        return false;
    }
    if (element->variable) {
        diag_error(source, pos, "an element of %s must have a fixed size", in);
        return false;
    }
    return true;
}

static void take_basic(struct type *type, const struct type *element, uint64_t count)
{
    type->wire_sent = element->wire_sent;
    type->wire_received = element->wire_received;
    type->bits = element->bits;
    type->units = element->units * (uint32_t)(element->kind == TYPE_ARRAY ? element->count : 1);
    type->align = element->align;
    type->size = element->size * count;
}

struct type *type_array(struct source *source, struct pos pos, struct type *element, uint64_t count, bool variable)
{
    if (!can_repeat(source, pos, element, "an array"))
        return NULL;
    if (count > TYPE_MAX_SIZE || !size_fits(source, pos, element->size * count))
        return count > TYPE_MAX_SIZE ? (size_fits(source, pos, count), NULL) : NULL;

    struct type *type = type_new(source, pos, TYPE_ARRAY);
    type->element = element;
    type->count = (uint32_t)count;
    type->variable = variable;
    type->indefinite = variable && count == 0;
    take_basic(type, element, count);
    return type;
}

struct type *type_pointer(struct source *source, struct pos pos, struct type *target)
{
    if (target->out_of_line) {
        diag_error(source, pos, "a pointer to out-of-line data cannot be sent");
        return NULL;
    }
    if (target->kind == TYPE_STRING) {
        diag_error(source, pos, "a c_string cannot be sent out of line; use ^array[] of char");
        return NULL;
    }
    if (target->target != NULL) {
        diag_error(source, pos, "PointerTo and ^ do not go together");
        return NULL;
    }
    if (target->kind == TYPE_SCALAR && wire_is_port(target->wire_sent)) {
        diag_error(source, pos, "^ of a single port has no meaning; use ^array[] of it");
        return NULL;
    }
    struct type *type = type_copy(source, pos, target);
    type->out_of_line = true;
    type->indefinite = false;
    return type;
}

struct type *type_struct_of(struct source *source, struct pos pos, struct type *element, uint64_t count)
{
    if (!can_repeat(source, pos, element, "a struct"))
        return NULL;
    if (type_holds_ports(element)) {
        diag_error(source, pos, "a struct cannot hold port rights");
        return NULL;
    }
    if (count > TYPE_MAX_SIZE || !size_fits(source, pos, element->size * count))
        return count > TYPE_MAX_SIZE ? (size_fits(source, pos, count), NULL) : NULL;

    struct type *type = type_new(source, pos, TYPE_STRUCT);
    type->element = element;
    type->count = (uint32_t)count;
    take_basic(type, element, count);
    type->units *= type->count;
    return type;
}

struct type *type_struct(struct source *source, struct pos pos, struct member *members)
{
    struct type *type = type_new(source, pos, TYPE_STRUCT);
    uint64_t offset = 0;
    uint32_t align = 1;

    for (struct member *member = members; member != NULL; member = member->next) {
        struct type *of = member->type;
        if (!can_repeat(source, pos, of, "a struct"))
            return NULL;
        if (type_holds_ports(of)) {
            diag_error(source, pos, "a struct cannot hold port rights");
            return NULL;
        }
        offset = (offset + of->align - 1) / of->align * of->align;
        member->offset = (uint32_t)offset;
        offset += of->size * (member->count != 0 ? member->count : 1);
        if (!size_fits(source, pos, offset))
            return NULL;
        align = of->align > align ? of->align : align;
    }
    type->members = members;
    type->count = 1;
    type->wire_sent = type->wire_received = WIRE_INTEGER_8;
    type->bits = 8;
    type->align = align;
    type->size = (offset + align - 1) / align * align;
    type->units = (uint32_t)type->size;
    return type;
}

struct type *type_string(struct source *source, struct pos pos, uint64_t count, bool variable)
{
    if (!size_fits(source, pos, count))
        return NULL;
    struct type *type = type_new(source, pos, TYPE_STRING);
    type->count = (uint32_t)count;
    type->variable = variable;
    type->wire_sent = type->wire_received = WIRE_STRING_C;
    type->bits = 8;
    type->units = (uint32_t)count;
    type->size = count;
    type->align = 1;
    return type;
}

struct type *type_copy(struct source *source, struct pos pos, const struct type *original)
{
    struct type *type = arena_new(source->arena, struct type);

    *type = *original;
    memset(&type->hh, 0, sizeof type->hh);
    type->pos = pos;
    return type;
}

struct type *type_pointer_to(struct source *source, struct pos pos, struct type *target, const char *null_value)
{
    if (target->kind != TYPE_SCALAR && target->kind != TYPE_STRUCT) {
        diag_error(source, pos, "PointerTo needs a type of fixed size that C can pass by value");
        return NULL;
    }
    if (target->out_of_line || target->target != NULL || type_holds_ports(target)) {
        diag_error(source, pos, "PointerTo cannot point at ports or other pointers");
        return NULL;
    }
    struct type *type;
    if (null_value != NULL) {
        type = type_array(source, pos, target, 1, true);
        if (type == NULL)
            return NULL;
    } else {
        type = type_copy(source, pos, target);
        type->name = NULL;
    }
    type->target = target;
    type->null_value = null_value;
    type->ctype = arena_printf(source->arena, "%s *", type_wire_ctype(source, target));
    type->user_type = type->server_type = NULL;
    return type;
}

struct type *type_find(struct source *source, struct interface *interface, const char *name, struct pos pos)
{
    struct type *type;

    HASH_FIND_STR(interface->types, name, type);
    if (type != NULL)
        return type;

    struct near near = {.wanted = source->errors < DIAG_MAX_ERRORS ? name : ""};
    for (struct type *other = interface->types; other != NULL; other = other->hh.next)
        diag_near(&near, other->name);
    wire_find(name, &near);
    diag_near(&near, "array");
    diag_near(&near, "struct");
    diag_near(&near, "c_string");
    if (near.best != NULL)
        diag_error(source, pos, "type '%s' is not defined; did you mean '%s'?", name, near.best);
    else
        diag_error(source, pos, "type '%s' is not defined", name);
    return NULL;
}

const char *type_wire_ctype(struct source *source, const struct type *type)
{
    if (type->target != NULL)
        return type_wire_ctype(source, type->target);
    if (type->ctype != NULL)
        return type->ctype;
    if (type->tran_user != NULL)
        return type->tran_user;
    return type->name;
}

/*
 * The element may itself be an array, or have a size that no C type has: then bytes stand for it, and
 * the writers count in bytes.
 */
const char *type_element_ctype(struct source *source, const struct type *type)
{
    const struct type *element = type->kind == TYPE_ARRAY ? type->element : type;

    if (type->kind == TYPE_STRING || element->kind == TYPE_STRING)
        return "char";
    if (element->kind == TYPE_ARRAY)
        return type_element_ctype(source, element);
    const char *name = type_wire_ctype(source, element);
    return name != NULL ? name : "char";
}
