/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ir.h - the intermediate form between mig's front end and its writers.
 *
 * One struct interface is what a .defs file says.  parse*.c fills in types and routines; check.c
 * completes them (defaults, counts, trailers); layout*.c adds to each routine the messages it is
 * made of, item by item.  The writers (emit*.c) and the listings (list.c, json.c) only read.
 *
 * Everything lives in one arena (arena.h) and is freed with it; no node owns another.
 */
#ifndef MIG_IR_H
#define MIG_IR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

/* A place in the preprocessed input, for diagnostics.  `offset` counts bytes, `length` is the token's. */
struct pos {
    uint32_t offset;
    uint32_t length;
};

/* ---- types ------------------------------------------------------------------------------------ */

/* Type names on the wire; the values are Mach's MACH_MSG_TYPE_* numbers. */
enum wire {
    WIRE_UNSTRUCTURED = 0,
    WIRE_INTEGER_16 = 1,
    WIRE_INTEGER_32 = 2,
    WIRE_CHAR = 8,
    WIRE_INTEGER_8 = 9,
    WIRE_REAL = 10,
    WIRE_INTEGER_64 = 11,
    WIRE_STRING_C = 12,
    WIRE_PORT_NAME = 15,
    WIRE_MOVE_RECEIVE = 16,
    WIRE_MOVE_SEND = 17,
    WIRE_MOVE_SEND_ONCE = 18,
    WIRE_COPY_SEND = 19,
    WIRE_MAKE_SEND = 20,
    WIRE_MAKE_SEND_ONCE = 21,
    WIRE_COPY_RECEIVE = 22,
    WIRE_POLYMORPHIC = -1,
};

enum type_kind {
    TYPE_SCALAR, /* one basic item: a number, a character, a port */
    TYPE_STRUCT, /* a C structure: struct[N] of T, or struct { members } */
    TYPE_ARRAY,  /* array[N], array[*:N], array[] of element */
    TYPE_STRING, /* c_string[N], c_string[*:N]; zero-terminated */
};

enum dealloc {
    DEALLOC_NO,
    DEALLOC_YES,
    DEALLOC_MAYBE, /* dealloc[]: the caller says, in one more parameter */
};

struct member {
    struct member *next;
    const char *name;
    struct type *type;
    uint32_t count;  /* 0: not an array; else name[count] */
    uint32_t offset; /* in the C structure */
};

/*
 * A type, as declared.  Sizes are bytes as in the message, before padding; for a variable array,
 * of the largest one.  `wire_sent` is what the sender names a basic item, `wire_received` what the
 * receiver sees (they differ for port rights only); either may be WIRE_POLYMORPHIC.
 */
struct type {
    UT_hash_handle hh; /* in interface.types, by name; anonymous types are in no table */
    const char *name;  /* NULL when anonymous */
    struct pos pos;

    enum type_kind kind;
    struct type *element;   /* TYPE_ARRAY, and TYPE_STRUCT made by struct[N] of T */
    struct member *members; /* TYPE_STRUCT made by struct { } */
    uint32_t count;         /* elements or characters; 0 where there is no bound */
    bool variable;          /* array[*:N], array[], c_string[*:N] */
    bool out_of_line;       /* ^T */
    bool indefinite;        /* array[] without ^: out of line when it does not fit */

    enum wire wire_sent;
    enum wire wire_received;
    uint32_t bits;   /* of one basic item */
    uint32_t units;  /* basic items in one element (TYPE_ARRAY) or in the whole */
    uint64_t size;   /* of the whole, at most */
    uint32_t align;  /* natural C alignment, as far as the description tells */
    enum dealloc dealloc;
    bool long_form;

    struct type *target;    /* PointerTo(T): what is pointed at, and what travels */
    const char *null_value; /* PointerToIfNot(T, V): this pointer stands for no T at all */

    const char *ctype;       /* what C calls it, unless a side calls it otherwise */
    const char *user_type;   /* the user's side of the stubs, after defaults */
    const char *server_type; /* the server's */
    const char *intran;      /* server_type intran(user_type) */
    const char *outtran;     /* user_type outtran(server_type) */
    const char *destructor;  /* void destructor(server_type) */
    const char *payload;     /* server_type intranpayload(protected payload) */
    const char *tran_user;   /* the types named in intran/outtran, for prototypes */
    const char *tran_server;
};

/* ---- arguments and routines ------------------------------------------------------------------- */

enum role {
    ROLE_IN = 0,
    ROLE_OUT,
    ROLE_INOUT,
    ROLE_REQUEST_PORT,
    ROLE_REPLY_PORT,   /* given by the user, handed to the server */
    ROLE_SREPLY_PORT,  /* handed to the server; the stub makes one */
    ROLE_UREPLY_PORT,  /* given by the user, not seen by the server */
    ROLE_WAIT_TIME,
    ROLE_SEND_TIME,
    ROLE_MSG_OPTION,
    ROLE_SERVER_TRAILER, /* an element of the request's trailer, handed to the server */
    ROLE_USER_TRAILER,   /* an element of the reply's trailer, handed to the user */
    ROLE_RETURN,         /* the value of a function */
};

enum trailer {
    TRAILER_NONE,
    TRAILER_SEQNO,
    TRAILER_SECURITY,
    TRAILER_AUDIT,
    TRAILER_CONTEXT,
};

enum arg_flags {
    ARG_DEALLOC = 1 << 0,
    ARG_MAYBE_DEALLOC = 1 << 1,
    ARG_NOT_DEALLOC = 1 << 2,
    ARG_SERVER_COPY = 1 << 3,
    ARG_COUNT_IN_OUT = 1 << 4,
    ARG_SAME_COUNT = 1 << 5,
    ARG_PHYSICAL_COPY = 1 << 6,
    ARG_OVERWRITE = 1 << 7,
    ARG_AUTO = 1 << 8,
    ARG_CONST = 1 << 9,
    ARG_LONG = 1 << 10,
    ARG_NOT_LONG = 1 << 11,
    ARG_RETCODE = 1 << 12,
};

struct arg {
    struct arg *next;
    const char *name;
    struct pos pos;
    struct type *type;
    enum role role;
    bool role_given; /* the direction was written out */
    enum trailer trailer;
    unsigned flags; /* enum arg_flags */

    /* Filled in by check.c. */
    enum dealloc dealloc;
    struct arg *count_owner; /* whose count says how many: itself, or the one samecount refers to; or NULL */
};

enum routine_kind {
    ROUTINE,
    SIMPLE_ROUTINE,
    PROCEDURE,
    SIMPLE_PROCEDURE,
    FUNCTION,
};

/* ---- messages ---------------------------------------------------------------------------------- */

enum item_kind {
    ITEM_PORT,      /* port descriptor(s): `count` of them */
    ITEM_OOL,       /* out-of-line memory descriptor */
    ITEM_OOL_PORTS, /* out-of-line ports descriptor */
    ITEM_NDR,
    ITEM_RETCODE,
    ITEM_DATA,   /* `size` bytes, always all there */
    ITEM_COUNT,  /* how many elements arg has */
    ITEM_OFFSET, /* of a variable string, always 0; the field exists in the XNU layout */
    ITEM_VARRAY, /* up to `size` bytes: as many elements as the count says */
    ITEM_TYPE,   /* typed messages: the mach_msg_type_t before the data */
};

/*
 * One field of a message, in order.  Offsets are those of the largest message; once a variable
 * array has gone by, what follows lies that much nearer to the head (`shifted`).
 */
struct item {
    struct item *next;
    enum item_kind kind;
    struct arg *arg;  /* NULL for ITEM_NDR and ITEM_RETCODE */
    const char *name; /* of the field */
    uint32_t offset;
    uint32_t size;    /* without padding */
    uint32_t padded;  /* with it */
    uint32_t count;   /* ITEM_PORT: how many descriptors */
    bool shifted;     /* behind a variable item */
};

struct message {
    struct item *items;
    uint32_t descriptors; /* 0: a simple message */
    bool complex;
    bool variable; /* its size depends on a count */
    uint32_t min_size, max_size;
};

struct routine {
    struct routine *next;
    UT_hash_handle hh; /* in interface.routine_names */
    const char *name;
    struct pos pos;
    enum routine_kind kind;
    int64_t id;
    struct arg *args;
    bool broken; /* an argument has been complained about: the rest would be noise */

    /* Filled in by check.c. */
    struct arg *request_port, *reply_port, *wait_arg, *send_arg, *option_arg, *return_arg, *retcode_arg;
    const char *wait_time, *send_time, *msg_option; /* of the statements in force here */
    const char *error_proc;
    const char *user_prefix, *server_prefix;
    int use_special_reply_port;
    const char *consume_on_send_error; /* "None", "Timeout" or "Any" */
    bool one_way;                      /* no reply is ever sent */
    enum trailer server_trailer, user_trailer; /* the largest element that is asked for */

    /* Filled in by layout.c. */
    struct message request, reply;
};

enum import_kind { IMPORT_BOTH, IMPORT_USER, IMPORT_SERVER, IMPORT_INTERNAL, IMPORT_DEFINES };

struct import {
    struct import *next;
    enum import_kind kind;
    const char *name; /* with its <> or "" */
};

struct interface {
    const char *name;
    struct pos pos;
    int64_t base;
    bool kernel_user, kernel_server;
    bool typed;
    const char *rcsid;
    const char *server_demux;
    int64_t user_type_limit; /* bytes; -1: none */
    int64_t on_stack_limit;  /* bytes; -1: none */

    struct import *imports;
    struct type *types;           /* uthash, in order of declaration */
    struct routine *routines;     /* in order of id; gaps are what skip left */
    struct routine *routine_names; /* uthash */
    int64_t slots;                /* ids used, skips included */
};

#endif /* MIG_IR_H */
