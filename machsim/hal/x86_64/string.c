/* SPDX-License-Identifier: BSD-2-Clause */
/* string.c - kern/string.h, by the processor's own instructions for it. */
#include "kern/string.h"

#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    void *place = to;
    size_t words = size / 8, rest = size % 8;

    __asm__ volatile("rep movsq" : "+D"(place), "+S"(from), "+c"(words) : : "memory");
    __asm__ volatile("rep movsb" : "+D"(place), "+S"(from), "+c"(rest) : : "memory");
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
    size_t words = size / 8, rest = size % 8;
    const uint64_t value = (uint8_t)byte * (uint64_t)0x0101010101010101;

    __asm__ volatile("rep stosq" : "+D"(place), "+c"(words) : "a"(value) : "memory");
    __asm__ volatile("rep stosb" : "+D"(place), "+c"(rest) : "a"(value) : "memory");
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
