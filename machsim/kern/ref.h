/* SPDX-License-Identifier: BSD-2-Clause */
/* ref.h - the reference count of the core.  Whoever drops the last reference frees the object. */
#ifndef KERN_REF_H
#define KERN_REF_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "kern/assert.h"

struct ref {
    _Atomic uint32_t count;
};

static inline void ref_init(struct ref *ref)
{
    atomic_init(&ref->count, 1);
}

/* One more, for someone who holds one already: nothing needs ordering. */
static inline void ref_get(struct ref *ref)
{
    uint32_t before = atomic_fetch_add_explicit(&ref->count, 1, memory_order_relaxed);

    kern_assert(before != 0 && before != UINT32_MAX);
}

/* One more, for a lock-free reader who holds none: false if the object is going. */
static inline bool ref_try_get(struct ref *ref)
{
    uint32_t count = atomic_load_explicit(&ref->count, memory_order_relaxed);

    while (count != 0)
        if (atomic_compare_exchange_weak_explicit(&ref->count, &count, count + 1, memory_order_acquire,
                                                  memory_order_relaxed))
            return true;
    return false;
}

/* One less.  True: it was the last, and the caller frees; all that others did before lies behind it. */
static inline bool ref_put(struct ref *ref)
{
    uint32_t before = atomic_fetch_sub_explicit(&ref->count, 1, memory_order_acq_rel);

    kern_assert(before != 0);
    return before == 1;
}

#endif
