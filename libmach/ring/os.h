/* SPDX-License-Identifier: BSD-2-Clause */
/* os.h - what libmach asks of the host system: a file for each, linux.c and so on. */
#ifndef LIBMACH_OS_H
#define LIBMACH_OS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The library's own: programs do not see these names. */
#pragma GCC visibility push(hidden)

/* Wakes one who waits at a word of shared memory. */
void mach_os_wake(_Atomic uint32_t *word);
/* Waits while a word is `value`.  0 or EAGAIN: look again.  EINTR: a signal handler ran.  ETIMEDOUT. */
int mach_os_wait(_Atomic uint32_t *word, uint32_t value, int milliseconds);

/* A file in memory of `size` bytes; -1. */
int mach_os_memory_file(size_t size);
/* Makes it final. */
bool mach_os_seal(int file);

/* Copies memory of this process that may not be there; false: it is not. */
bool mach_os_copy(void *to, const void *from, size_t size);

#pragma GCC visibility pop

#endif
