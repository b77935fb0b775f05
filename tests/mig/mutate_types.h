/* SPDX-License-Identifier: BSD-2-Clause */
/* mutate_types.h - the C types of mutate.defs. */
#ifndef MUTATE_TYPES_H
#define MUTATE_TYPES_H

#include <mach/mach_types.h>

typedef char *chars_t;
typedef int *ints_t;
typedef int64_t *longs_t;
typedef char word_t[16];
typedef char text_t[32];
typedef struct {
    int a, b;
} pair_t;
typedef pair_t *pairs_t;
typedef int *fixed_t;
typedef char *memory_t;
typedef mach_port_t *rights_t;
typedef mach_port_t two_rights_t[2];
typedef mach_port_t *ool_rights_t;

#endif
