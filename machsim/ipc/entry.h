/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry.h - one name of a space.
 *
 * Written under the space's lock.  Read under it, or without any lock within an RCU section by
 * ipc_space_snapshot; `sequence` is odd while bits and object do not belong together.
 */
#ifndef IPC_ENTRY_H
#define IPC_ENTRY_H

#include <stdatomic.h>
#include <stdint.h>

#include <mach/port.h>

struct ipc_request;

/* bits: generation of the name (8) | 0 (2) | leased (1) | MACH_PORT_TYPE_* (5) | user references (16). */
#define ENTRY_UREFS_MASK 0x0000ffffu
#define ENTRY_TYPE_MASK 0x001f0000u
#define ENTRY_LEASED 0x00200000u /* set aside, and denotes nothing: ipc_space_lease */
#define ENTRY_GEN_MASK 0xff000000u
#define ENTRY_GEN_STEP 0x04000000u /* the two low bits of a generation are always set in names that we choose */
#define ENTRY_GEN_FIRST 0x03000000u
#define ENTRY_UREFS_MAX 0xffffu

struct ipc_entry {
    _Atomic uint32_t bits;
    _Atomic uint32_t sequence;
    _Atomic(void *) object; /* ipc_port, ipc_pset; NULL for a dead name */
    union {
        struct ipc_request *request; /* dead-name or send-possible request, this entry's */
        struct {
            uint32_t next, previous; /* indexes in the list of free entries */
        } free;
    };
};

static inline uint32_t entry_bits(const struct ipc_entry *entry)
{
    return atomic_load_explicit(&entry->bits, memory_order_relaxed);
}

static inline mach_port_type_t entry_type(const struct ipc_entry *entry)
{
    return entry_bits(entry) & ENTRY_TYPE_MASK;
}

static inline uint32_t entry_urefs(const struct ipc_entry *entry)
{
    return entry_bits(entry) & ENTRY_UREFS_MASK;
}

static inline void *entry_object(const struct ipc_entry *entry)
{
    return atomic_load_explicit(&entry->object, memory_order_relaxed);
}

/* Changes type or user references; what the name denotes stays the same. */
static inline void entry_set_bits(struct ipc_entry *entry, uint32_t bits)
{
    atomic_store_explicit(&entry->bits, bits, memory_order_release);
}

/*
 * Changes everything.  A reader whose acquiring load sees the new bits or object also sees the odd sequence
 * that stands before them, and so finds that the sequence has changed.
 */
static inline void entry_set(struct ipc_entry *entry, uint32_t bits, void *object)
{
    uint32_t sequence = atomic_load_explicit(&entry->sequence, memory_order_relaxed);

    atomic_store_explicit(&entry->sequence, sequence + 1, memory_order_relaxed);
    atomic_store_explicit(&entry->bits, bits, memory_order_release);
    atomic_store_explicit(&entry->object, object, memory_order_release);
    atomic_store_explicit(&entry->sequence, sequence + 2, memory_order_release);
}

#endif
