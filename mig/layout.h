/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * layout.h - which fields a routine's messages have, and where.
 *
 * The untyped layout is XNU's for LP64: header, descriptors (mach_msg_body_t before them), the NDR
 * record where there is inline data, then the data in the order of the arguments, each field on a
 * multiple of 4.  The typed one is Mach 3.0's as GNU Mach has it on 64-bit machines: before each
 * argument a mach_msg_type_t, each field on a multiple of 8.
 */
#ifndef MIG_LAYOUT_H
#define MIG_LAYOUT_H

#include "check.h"

#define HEADER_SIZE 24
#define BODY_SIZE 4
#define NDR_SIZE 8
#define PORT_DESCRIPTOR_SIZE 12
#define OOL_DESCRIPTOR_SIZE 16
#define TYPED_DESCRIPTOR_SIZE 8
#define TYPED_LONG_DESCRIPTOR_SIZE 16
#define TYPED_INLINE_MAX 2048 /* of data that may go either way (array[]) */

void layout_interface(struct source *source, struct interface *interface);

/* Used by both layouts. */
struct builder {
    struct source *source;
    struct routine *routine;
    struct message *message;
    struct item **end;
    uint64_t offset;
    uint32_t align;
};

struct item *layout_add(struct builder *builder, enum item_kind kind, struct arg *arg, const char *name, uint64_t size);
bool layout_in_message(const struct builder *builder, const struct arg *arg);
void layout_untyped(struct builder *builder);
void layout_typed(struct builder *builder);

#endif
