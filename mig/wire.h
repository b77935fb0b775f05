/* SPDX-License-Identifier: BSD-2-Clause */
/* wire.h - the names that basic items have in messages. */
#ifndef MIG_WIRE_H
#define MIG_WIRE_H

#include "diag.h"

struct wire_name {
    const char *name;
    enum wire sent, received;
    uint32_t bits; /* 0: the declaration must say */
    const char *ctype; /* what C calls such an item when nobody says otherwise */
};

/* Looks `name` up, in any case; NULL when there is none.  A near name is put into `near`. */
const struct wire_name *wire_find(const char *name, struct near *near);

/* A port right travels as a descriptor (or, typed, as a right); a port's mere name is data. */
bool wire_is_port(enum wire wire);

/* The MACH_MSG_TYPE_* spelling for generated code. */
const char *wire_spelling(enum wire wire);

/* What the receiver sees when `sent` was sent. */
enum wire wire_received_as(enum wire sent);

#endif
