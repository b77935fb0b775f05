/* SPDX-License-Identifier: BSD-2-Clause */
/* arena.h - memory that lives as long as one compilation, on glibc's obstacks. */
#ifndef MIG_ARENA_H
#define MIG_ARENA_H

#include <obstack.h>
#include <stdarg.h>
#include <stddef.h>

struct arena {
    struct obstack stack;
};

void arena_init(struct arena *arena);
void arena_free(struct arena *arena);

/* Zeroed memory.  Running out of memory ends the program with a message: a compiler has nothing to save. */
void *arena_alloc(struct arena *arena, size_t size);
char *arena_strndup(struct arena *arena, const char *text, size_t length);
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list args);

#define arena_new(arena, type) ((type *)arena_alloc((arena), sizeof(type)))

#endif
