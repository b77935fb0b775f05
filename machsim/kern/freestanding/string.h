/* SPDX-License-Identifier: BSD-2-Clause */
/* string.h - what mig's stubs include: the core's functions, and two more. */
#ifndef KERN_FREESTANDING_STRING_H
#define KERN_FREESTANDING_STRING_H

#include "kern/string.h"

/* Bytes of a string before its end, or `size` if it has no end in as many. */
static inline size_t strnlen(const char *string, size_t size)
{
    size_t length = 0;

    while (length < size && string[length] != '\0')
        length++;
    return length;
}

/* The first place of a byte; NULL. */
static inline void *memchr(const void *bytes, int wanted, size_t size)
{
    const unsigned char *at = bytes;

    for (; size > 0; size--, at++)
        if (*at == (unsigned char)wanted)
            return (void *)(size_t)at;
    return NULL;
}

#endif
