/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * description.h - an interface as libmig knows it: what mig's intermediate form says, read back from JSON.
 *
 * A message is a list of fields at fixed offsets; behind a variable array they have moved towards the head
 * by what the array did not use.  build.c and parse.c walk that list, as mig's writers do.
 */
#ifndef LIBMIG_DESCRIPTION_H
#define LIBMIG_DESCRIPTION_H

#include <mach/libmig.h>
#include <mach/mig_errors.h>
#include <mach/typed_message.h>
#include <stdbool.h>
#include <stdint.h>

/* The library's own: programs do not see these names. */
#pragma GCC visibility push(hidden)

enum kind { KIND_SCALAR, KIND_STRUCT, KIND_ARRAY, KIND_STRING };

struct type {
    enum kind kind;
    char *name, *ctype, *wire;
    uint32_t size, align, bits, count;
    int sent, received;
    bool ports, variable, out_of_line, pointer, optional;
    struct type *element;
    struct member *members;
    size_t member_count;
};

struct member {
    struct type type;
    uint32_t count; /* 0: not an array */
};

enum direction {
    DIRECTION_IN,
    DIRECTION_OUT,
    DIRECTION_INOUT,
    DIRECTION_RETURN,
    DIRECTION_REQUEST_PORT,
    DIRECTION_REPLY_PORT,
    DIRECTION_SREPLY_PORT,
    DIRECTION_UREPLY_PORT,
    DIRECTION_SERVER_TRAILER,
    DIRECTION_USER_ONLY, /* waittime, sendtime, msgoption, user trailers */
};

struct arg {
    char *name;
    enum direction direction;
    struct type type;
    int counted_by; /* index of an argument; itself, another, or -1 */
    int dealloc;    /* 0 no, 1 yes, 2 maybe */
    int trailer;    /* 0 none, 1 seqno, 2 security, 3 audit, 4 context */
    bool countinout, physicalcopy, servercopy, automatic;
};

enum item_kind {
    ITEM_PORT,
    ITEM_OOL,
    ITEM_OOL_PORTS,
    ITEM_NDR,
    ITEM_RETCODE,
    ITEM_DATA,
    ITEM_COUNT,
    ITEM_OFFSET,
    ITEM_VARIABLE,
    ITEM_TYPE,
};

struct item {
    enum item_kind kind;
    int arg; /* index, or -1 */
    uint32_t offset, size, padded, count;
};

struct message {
    struct item *items;
    size_t count;
    uint32_t min_size, size, descriptors;
    bool complex;
};

struct routine {
    char *name;
    mach_msg_id_t id;
    bool returns_result; /* a kern_return_t; procedures and functions do not */
    bool has_reply;
    struct arg *args;
    size_t arg_count;
    struct message request, reply;
};

struct mig_interface {
    char *name;
    mach_msg_id_t base;
    bool typed;
    struct routine *routines;
    size_t count;
};

struct routine *description_find(struct mig_interface *interface, const char *name);
struct routine *description_find_id(struct mig_interface *interface, mach_msg_id_t id);

/* ---- values of a message's arguments, by the argument's index --------------------------------------- */

struct slot {
    void *data;
    mach_msg_type_number_t count;
    mach_msg_type_name_t disposition;
    boolean_t deallocate, in_line;
};

static inline bool arg_in(const struct arg *arg)
{
    return arg->direction == DIRECTION_IN || arg->direction == DIRECTION_INOUT;
}

static inline bool arg_out(const struct arg *arg)
{
    return arg->direction == DIRECTION_OUT || arg->direction == DIRECTION_INOUT || arg->direction == DIRECTION_RETURN;
}

/* Bytes of one counted element. */
static inline uint32_t element_size(const struct type *type)
{
    return type->kind == KIND_ARRAY ? type->element->size : type->kind == KIND_STRING ? 1 : type->size;
}

/* Basic items in one counted element: what a typed message's number counts. */
static inline uint32_t element_units(const struct type *type)
{
    return type->bits == 0 ? 1 : element_size(type) * 8 / type->bits;
}

static inline bool type_has_count(const struct type *type)
{
    return type->kind == KIND_ARRAY && type->variable && !type->optional;
}

/* The count that an argument of this message has: its own, or that of the one it counts with. */
static inline mach_msg_type_number_t slot_count(const struct routine *routine, const struct slot *slots, size_t index)
{
    int by = routine->args[index].counted_by;

    return slots[by >= 0 ? (size_t)by : index].count;
}

/*
 * build.c: fills `message`, which has room for the largest, from the slots; sets msgh_size, the complex
 * bit and nothing else of the header.  MIG_ARRAY_TOO_LARGE when something does not fit; then nothing counts.
 */
kern_return_t message_build(const struct mig_interface *interface, const struct routine *routine, bool reply,
                            struct slot *slots, mach_msg_header_t *message);

/*
 * parse.c: checks a received message and points the slots into it.  A reply's id and return code are the
 * caller's business.
 */
kern_return_t message_parse(const struct mig_interface *interface, const struct routine *routine, bool reply,
                            const mach_msg_header_t *message, struct slot *slots);

/* The result that a short reply carries, or KERN_SUCCESS when it is no such reply. */
kern_return_t message_error(const struct mig_interface *interface, const mach_msg_header_t *message);

void message_destroy(const struct mig_interface *interface, mach_msg_header_t *message);

#pragma GCC visibility pop

#endif
