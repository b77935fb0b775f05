/* SPDX-License-Identifier: BSD-2-Clause */
/* hello_types.h - the C types of hello.defs. */
#ifndef HELLO_TYPES_H
#define HELLO_TYPES_H

typedef char name_t[64];
typedef char greeting_t[128];
typedef int *numbers_t;

#endif
