/* SPDX-License-Identifier: BSD-2-Clause */
/* string.c - kern/string.h, by the processor's own instructions for it. */
#include "kern/string.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    void *place = to;

    __asm__ volatile("rep movsb" : "+D"(place), "+S"(from), "+c"(size) : : "memory");
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    unsigned char *out = to;
    const unsigned char *in = from;

    if (out <= in || out >= in + size)
        return memcpy(to, from, size);
    while (size-- > 0)
        out[size] = in[size];
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    void *place = to;

    __asm__ volatile("rep stosb" : "+D"(place), "+c"(size) : "a"(byte) : "memory");
    return to;
}

int memcmp(const void *one, const void *other, size_t size)
{
    const unsigned char *a = one, *b = other;

    for (; size > 0; size--, a++, b++)
        if (*a != *b)
            return *a < *b ? -1 : 1;
    return 0;
}
