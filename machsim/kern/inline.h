/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inline.h - what the way of short messages consists of (ipc/pass.h) becomes one piece of code, as it is walked twice for each
 * call; what is rarely done stays out of it.
 */
#ifndef KERN_INLINE_H
#define KERN_INLINE_H

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define RARELY __attribute__((noinline, cold))
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

#endif
