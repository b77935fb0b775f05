/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * steps.h - for a test alone: each change of shared memory is a step, and direct_step is called before it.  Included after
 * all other headers.
 */
#ifdef DIRECT_STEPS
void direct_step(void);

#undef atomic_store
#undef atomic_store_explicit
#undef atomic_exchange
#undef atomic_fetch_add
#undef atomic_fetch_sub
#undef atomic_fetch_or
#undef atomic_fetch_and
#undef atomic_compare_exchange_strong
#undef atomic_compare_exchange_weak
/* A store by exchange: it does no less. */
#define atomic_store(p, v) (direct_step(), (void)atomic_exchange_explicit(p, v, memory_order_seq_cst))
#define atomic_store_explicit(p, v, order) (direct_step(), (void)atomic_exchange_explicit(p, v, order))
#define atomic_exchange(p, v) (direct_step(), atomic_exchange_explicit(p, v, memory_order_seq_cst))
#define atomic_fetch_add(p, v) (direct_step(), atomic_fetch_add_explicit(p, v, memory_order_seq_cst))
#define atomic_fetch_sub(p, v) (direct_step(), atomic_fetch_sub_explicit(p, v, memory_order_seq_cst))
#define atomic_fetch_or(p, v) (direct_step(), atomic_fetch_or_explicit(p, v, memory_order_seq_cst))
#define atomic_fetch_and(p, v) (direct_step(), atomic_fetch_and_explicit(p, v, memory_order_seq_cst))
#define atomic_compare_exchange_strong(p, e, v) \
    (direct_step(), atomic_compare_exchange_strong_explicit(p, e, v, memory_order_seq_cst, memory_order_seq_cst))
#define atomic_compare_exchange_weak(p, e, v) \
    (direct_step(), atomic_compare_exchange_weak_explicit(p, e, v, memory_order_seq_cst, memory_order_seq_cst))
#endif
