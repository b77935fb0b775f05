/* SPDX-License-Identifier: BSD-2-Clause */
/* string.h - the four functions that a compiler asks of every machine, and the one more that mig's stubs call. */
#ifndef KERN_FREESTANDING_STRING_H
#define KERN_FREESTANDING_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *one, const void *other, size_t size);

/* Bytes of a string before its end, or `size` if it has no end in as many. */
static inline size_t strnlen(const char *string, size_t size)
{
    size_t length = 0;

    while (length < size && string[length] != '\0')
        length++;
    return length;
}

#endif
