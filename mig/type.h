/* SPDX-License-Identifier: BSD-2-Clause */
/* type.h - making types.  A constructor that finds its input impossible says so and returns NULL. */
#ifndef MIG_TYPE_H
#define MIG_TYPE_H

#include "diag.h"
#include "wire.h"

/* Bytes of the largest type; a message cannot be larger either. */
#define TYPE_MAX_SIZE (64u << 20)

struct type *type_scalar(struct source *source, struct pos pos, enum wire sent, enum wire received, uint64_t bits,
                         const char *ctype);
struct type *type_array(struct source *source, struct pos pos, struct type *element, uint64_t count, bool variable);
struct type *type_pointer(struct source *source, struct pos pos, struct type *target);
struct type *type_struct_of(struct source *source, struct pos pos, struct type *element, uint64_t count);
struct type *type_struct(struct source *source, struct pos pos, struct member *members);
struct type *type_string(struct source *source, struct pos pos, uint64_t count, bool variable);
struct type *type_copy(struct source *source, struct pos pos, const struct type *original);

/* Native types of OSF's MIG: T itself, a pointer to one, a pointer that may be `null_value`. */
struct type *type_pointer_to(struct source *source, struct pos pos, struct type *target, const char *null_value);

/* A type from the table, or an error that names the nearest one. */
struct type *type_find(struct source *source, struct interface *interface, const char *name, struct pos pos);

bool type_is_port(const struct type *type);    /* one port right */
bool type_holds_ports(const struct type *type); /* rights, however many */

/* What C calls one element of an array (or the type itself where it is none), on the wire. */
const char *type_element_ctype(struct source *source, const struct type *type);

/* The fixed C type of the whole, as the message holds it. */
const char *type_wire_ctype(struct source *source, const struct type *type);

#endif
