/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * objects.h - large memory of vm_allocate's, which lies in files: so a message takes it along by handing the file
 * over, and no byte is copied.
 *
 *   allocated   the file is mapped shared, and this task alone has it
 *   given       the file is final, and goes to the receiver; here it is mapped privately, so that what either writes
 *               is its own.  It is an object no more: what is sent once more is copied.
 *   fork        makes the mapping private too, before the child is there; what is to be shared stays as it is
 */
#ifndef LIBMACH_OBJECTS_H
#define LIBMACH_OBJECTS_H

#include <stdbool.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/* Smaller memory is the host's plain kind, which is faster to touch. */
#define OBJECT_SMALLEST ((uint64_t)256 * 1024)

/* Zeroed memory, somewhere.  False: there is none, or too many objects. */
bool object_allocate(uint64_t size, uint64_t *address);

/*
 * What touches a range is an object no more: its memory is mapped privately, unless all of it is `gone` or will be.
 */
void object_forget(uint64_t start, uint64_t end, bool gone);

/* Whether a child of fork shares the object that is all of a range.  False: there is no such. */
bool object_share(uint64_t start, uint64_t end, bool shared);

/*
 * Gives what is in a range, if that is (part of) an object: a final file, which is the caller's to close, and the
 * place of the range in it.  False: there is no such object.
 */
bool object_give(uint64_t address, uint64_t size, int *file, uint64_t *offset);

/* Has what children inherit done at each fork. */
void objects_watch_forks(void);

#pragma GCC visibility pop

#endif
