/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * emit.h - the writers: from struct interface to C.
 *
 * A message is written by its sender and read by its receiver, item by item, in the order of the
 * layout; pack.c and unpack.c do that for every stub there is.  What differs between the three kinds
 * of function (user stub, server stub, late reply) is only how C names a value: struct side.
 *
 * Fields in front of the first variable array are members of the message structure.  What lies
 * behind it has moved towards the head by `Delta` bytes, the room that the arrays did not use:
 * it is reached by the member's address less Delta, and copied, for it may be misaligned.
 */
#ifndef MIG_EMIT_H
#define MIG_EMIT_H

#include "layout.h"
#include "options.h"
#include "out.h"

enum who {
    WHO_USER,   /* arguments are the caller's: out arguments are pointers */
    WHO_SERVER, /* arguments are local variables of the stub */
    WHO_REPLY,  /* arguments are values to send */
};

struct emitter {
    struct source *source;
    struct arena *arena;
    const struct interface *interface;
    const struct options *options;
    struct out *out;
    const struct routine *routine; /* the one being written */
    enum who who;
    const char *message; /* the message at hand: "InP" or "OutP" */
    bool reply;          /* it is the reply */
    bool failed;         /* a `goto done` has been written */
};

/* names.c: C names and expressions. */
const char *emit_request_type(struct emitter *emitter, const struct routine *routine);
const char *emit_reply_type(struct emitter *emitter, const struct routine *routine);
const char *emit_message_type(struct emitter *emitter);
const char *emit_local(struct emitter *emitter, const struct arg *arg);
const char *emit_local_suffix(struct emitter *emitter, const struct arg *arg, const char *suffix);
const char *emit_value(struct emitter *emitter, const struct arg *arg);
const char *emit_count(struct emitter *emitter, const struct arg *arg);
const char *emit_received_count(struct emitter *emitter, const struct arg *arg);
bool emit_counts_here(const struct arg *arg); /* something in the message says how long it is */
const char *emit_poly(struct emitter *emitter, const struct arg *arg);
const char *emit_dealloc(struct emitter *emitter, const struct arg *arg);
const char *emit_sent_disposition(struct emitter *emitter, const struct arg *arg);
uint64_t emit_item_size(const struct type *type);   /* of one counted element */
const char *emit_bytes(struct emitter *emitter, const struct arg *arg, const char *count); /* of `count` elements */
bool emit_in_place(struct emitter *emitter, const struct arg *arg); /* the server works in the message itself */
bool emit_by_reference(struct emitter *emitter, const struct arg *arg);
unsigned emit_alignment(const struct emitter *emitter); /* of each field */
const char *emit_place(struct emitter *emitter, const struct item *item, bool address); /* a field, moved or not */
void emit_slack(struct emitter *emitter, const struct item *item); /* Delta takes what an array of Size left */
bool emit_bound_is_checked(const struct arg *arg); /* by the bound of the array that it counts with */
bool emit_sends_poly(const struct arg *arg);
bool emit_receives_poly(const struct arg *arg);
void emit_destroy(struct emitter *emitter, const char *message);
void emit_fail(struct emitter *emitter, const char *condition, const char *error);

/* params.c: parameter lists. */
void emit_prototype(struct emitter *emitter, const struct routine *routine, enum who who, const char *end);
const char *emit_function_name(struct emitter *emitter, const struct routine *routine, enum who who);

/* structs.c: message structures, unions, and the checks of sizes. */
void emit_prologue(struct emitter *emitter, const char *what);
void emit_includes(struct emitter *emitter, enum who who, bool internal);
void emit_structs(struct emitter *emitter);
void emit_size_checks(struct emitter *emitter);

/* pack.c, unpack.c, verify.c */
void emit_pack(struct emitter *emitter, const struct message *message);
void emit_unpack(struct emitter *emitter, const struct message *message);
void emit_verify(struct emitter *emitter, const struct routine *routine, bool reply);
bool emit_shifts(const struct message *message); /* something lies behind a variable array */
bool emit_string_is_measured(struct emitter *emitter, const struct message *message, const struct arg *arg);
bool emit_unpack_uses_size(struct emitter *emitter, const struct message *message);

/* One for each file. */
void emit_user(struct emitter *emitter);
void emit_user_one(struct emitter *emitter, const struct routine *routine);
void emit_server(struct emitter *emitter);
void emit_late_replies(struct emitter *emitter);
void emit_user_header(struct emitter *emitter);
void emit_server_header(struct emitter *emitter);
void emit_implementer_header(struct emitter *emitter);
void emit_defines_header(struct emitter *emitter);
void emit_list(struct emitter *emitter);
void emit_json(struct emitter *emitter);

#endif
