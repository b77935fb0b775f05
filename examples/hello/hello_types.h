/* SPDX-License-Identifier: BSD-2-Clause */
/* hello_types.h - the C types of hello.defs. */
#ifndef HELLO_TYPES_H
#define HELLO_TYPES_H

typedef char hello_name_t[64];
typedef char greeting_t[128];

#endif
