/* SPDX-License-Identifier: BSD-2-Clause */
/* arena.c - memory that lives as long as one compilation. */
#include "arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* glibc's obstack macros align by arithmetic on a null pointer, which UBSan would rather not see. */
#define OBSTACK_USER __attribute__((no_sanitize("pointer-overflow")))

#define obstack_chunk_alloc xalloc
#define obstack_chunk_free free

static void *xalloc(size_t size)
{
    void *memory = malloc(size);

    if (memory == NULL) {
        fputs("mig: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    return memory;
}

OBSTACK_USER void arena_init(struct arena *arena)
{
    obstack_init(&arena->stack);
}

OBSTACK_USER void arena_free(struct arena *arena)
{
    obstack_free(&arena->stack, NULL);
}

OBSTACK_USER void *arena_alloc(struct arena *arena, size_t size)
{
    return memset(obstack_alloc(&arena->stack, size), 0, size);
}

OBSTACK_USER char *arena_strndup(struct arena *arena, const char *text, size_t length)
{
    return obstack_copy0(&arena->stack, text, length);
}

OBSTACK_USER char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);

    char *text = obstack_alloc(&arena->stack, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, args);
    return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    char *text = arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}
