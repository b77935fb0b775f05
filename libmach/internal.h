/* SPDX-License-Identifier: BSD-2-Clause */
/* internal.h - what files of libmach tell each other. */
#ifndef LIBMACH_INTERNAL_H
#define LIBMACH_INTERNAL_H

/* The library's own: programs do not see these names. */
#pragma GCC visibility push(hidden)

/* The process has forked, and this is the child: what its parent's task had is not its own. */
void mach_after_fork(void);

#pragma GCC visibility pop

#endif
