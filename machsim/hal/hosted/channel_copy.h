/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * channel_copy.h - copies bytes that another may be changing: what they were worth is found out afterwards.
 *
 * ThreadSanitizer is told so by copying words one by one, with no order.
 */
#ifndef HOSTED_CHANNEL_COPY_H
#define HOSTED_CHANNEL_COPY_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SANITIZE_THREAD__)
#define CHANNEL_COPY_BY_WORDS 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CHANNEL_COPY_BY_WORDS 1
#endif
#endif

#define CHANNEL_COPY_PART 2048u
#define CHANNEL_COPY_PARTS 2u

/* Message bytes: a multiple of four. */
static inline void channel_copy(void *to, const void *from, size_t size)
{
#if defined(DIRECT_STEPS)
    void direct_step(void);
    direct_step();
    memcpy(to, from, size / 2);
    direct_step();
    memcpy((char *)to + size / 2, (const char *)from + size / 2, size - size / 2);
#elif defined(CHANNEL_COPY_BY_WORDS)
    for (size_t i = 0; i < size / 4; i++)
        atomic_store_explicit((_Atomic uint32_t *)to + i,
                              atomic_load_explicit((const _Atomic uint32_t *)from + i, memory_order_relaxed),
                              memory_order_relaxed);
#else
    memcpy(to, from, size);
#endif
}

/*
 * Out of a channel.  A message of a few KiB is copied in parts for which the C library uses no string instructions: those begin
 * slowly where lines come from another processor.  For longer ones, and into a channel, they are faster: whole lines are written
 * without being fetched first.
 */
static inline void channel_fetch(void *to, const void *from, size_t size)
{
    if (size <= CHANNEL_COPY_PART || size > CHANNEL_COPY_PART * CHANNEL_COPY_PARTS) {
        channel_copy(to, from, size);
        return;
    }
    for (size_t at = 0, part; at < size; at += part) {
        part = size - at < CHANNEL_COPY_PART ? size - at : CHANNEL_COPY_PART;
        __asm__("" : "+r"(part)); /* the compiler, which would use one itself, does not know how many bytes it is */
        channel_copy((uint8_t *)to + at, (const uint8_t *)from + at, part);
    }
}

#endif
