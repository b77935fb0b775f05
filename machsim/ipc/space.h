/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * space.h - the port names of one task.
 *
 * A name is index << 8 | generation.  Entries stand in chunks that never move; a directory of chunks is replaced
 * by a larger one when it is full, and readers without a lock go on in the old one.  Entries that were never in use come first,
 * then those that are free in the order in which they became so, so that an index, and with it a generation, comes back as late
 * as it can.
 */
#ifndef IPC_SPACE_H
#define IPC_SPACE_H

#include <mach/kern_return.h>

#include "ipc/entry.h"
#include "ipc/hash.h"
#include "kern/inline.h"
#include "kern/lock.h"
#include "kern/ref.h"

struct ipc_port;
struct task;

#define SPACE_CHUNK_ENTRIES 64u
#define SPACE_MAX_INDEX 0xfffffeu /* one more would make MACH_PORT_DEAD */

struct ipc_chunk {
    struct ipc_entry entries[SPACE_CHUNK_ENTRIES];
};

struct ipc_directory {
    struct hal_rcu rcu;
    uint32_t size;
    struct ipc_chunk *_Atomic chunks[];
};

struct ipc_space {
    struct ref refs;
    struct hal_rcu rcu;
    struct task *task; /* whose it is, not referenced: it lives while the space has receive rights; NULL: the kernel's */
    struct lock lock; /* guards all below; what is _Atomic is also read without it */
    bool active;      /* false once its task has ended: nothing gets in any more */
    struct ipc_directory *_Atomic directory;
    uint32_t next_chunk;           /* no chunk below it is missing */
    uint32_t free_first, free_last; /* indexes; 0: none */
    uint32_t unused, unused_end;    /* indexes from here on, to there: never in use, unless by a name of choice; their bits are 0 */
    uint32_t names;                /* entries in use */
    uint32_t max_names;
    uint32_t receives; /* receive rights among them */
    uint32_t max_receives;
    struct ipc_hash hash; /* send rights without the receive right beside them */
};

/* The kernel's own: receive rights of kernel objects, and the rights in requests while the kernel serves them. */
extern struct ipc_space *ipc_space_kernel;

struct ipc_space *ipc_space_create(uint32_t max_names, uint32_t max_receives);
void ipc_space_reference(struct ipc_space *space);
void ipc_space_release(struct ipc_space *space);

/* Lets go of all rights; the space stays, empty and inactive, while there are references. */
void ipc_space_destroy(struct ipc_space *space);

static inline void ipc_space_lock(struct ipc_space *space)
{
    lock_acquire(&space->lock);
}

static inline void ipc_space_unlock(struct ipc_space *space)
{
    lock_release(&space->lock);
}

/* ---- under the lock -------------------------------------------------------------------------------- */

static inline struct ipc_directory *ipc_space_directory(struct ipc_space *space)
{
    return atomic_load_explicit(&space->directory, memory_order_relaxed);
}

static inline struct ipc_chunk *ipc_space_chunk(const struct ipc_directory *directory, uint32_t number)
{
    if (UNLIKELY(directory == NULL || number >= directory->size))
        return NULL;
    return atomic_load_explicit(&directory->chunks[number], memory_order_acquire);
}

/* The entry at an index, in use or not; NULL if no chunk is there. */
static inline struct ipc_entry *ipc_space_entry(struct ipc_space *space, uint32_t index)
{
    struct ipc_chunk *chunk = ipc_space_chunk(ipc_space_directory(space), index / SPACE_CHUNK_ENTRIES);

    return chunk == NULL ? NULL : &chunk->entries[index % SPACE_CHUNK_ENTRIES];
}

/* The same for one that is there. */
ALWAYS_INLINE struct ipc_entry *ipc_space_at(struct ipc_space *space, uint32_t index)
{
    struct ipc_chunk *chunk =
        atomic_load_explicit(&ipc_space_directory(space)->chunks[index / SPACE_CHUNK_ENTRIES], memory_order_relaxed);

    return &chunk->entries[index % SPACE_CHUNK_ENTRIES];
}

/* What the name denotes, if that is of one of some types, or NULL. */
ALWAYS_INLINE struct ipc_entry *ipc_space_lookup_type(struct ipc_space *space, mach_port_name_t name, mach_port_type_t types)
{
    struct ipc_entry *entry = ipc_space_entry(space, MACH_PORT_INDEX(name));

    if (UNLIKELY(entry == NULL))
        return NULL;
    const uint32_t bits = entry_bits(entry);

    return UNLIKELY((bits & ENTRY_GEN_MASK) != MACH_PORT_GEN(name) || !(bits & types)) ? NULL : entry;
}

/* What the name denotes, or NULL. */
static inline struct ipc_entry *ipc_space_lookup(struct ipc_space *space, mach_port_name_t name)
{
    return ipc_space_lookup_type(space, name, ENTRY_TYPE_MASK);
}

/*
 * A new entry with no type yet, which the caller gives one before it unlocks, or frees.
 * KERN_NO_SPACE: max_names are in use.  KERN_RESOURCE_SHORTAGE: no memory.  KERN_INVALID_TASK: inactive.
 */
kern_return_t ipc_space_alloc(struct ipc_space *space, mach_port_name_t *name, struct ipc_entry **entry);

/* The same at once for one of a type, with one user reference, and an object: false: ipc_space_alloc tells why not. */
ALWAYS_INLINE bool ipc_space_put(struct ipc_space *space, mach_port_type_t type, void *object, mach_port_name_t *name)
{
    const uint32_t index = space->free_first;

    if (UNLIKELY(index == 0 || space->unused < space->unused_end || !space->active || space->names >= space->max_names))
        return false;
    struct ipc_entry *entry = ipc_space_at(space, index);
    const uint32_t generation = entry_bits(entry) & ENTRY_GEN_MASK, next = entry->free.next;

    space->free_first = next;
    if (next != 0)
        ipc_space_at(space, next)->free.previous = 0;
    else
        space->free_last = 0;
    space->names++;
    entry->request = NULL;
    entry_set(entry, generation | type | 1, object);
    *name = MACH_PORT_MAKE(index, generation);
    return true;
}

/* As ipc_space_alloc, for a name of the caller's choice.  KERN_NAME_EXISTS, KERN_INVALID_VALUE: no name can be that. */
kern_return_t ipc_space_alloc_name(struct ipc_space *space, mach_port_name_t name, struct ipc_entry **entry);

/* The name denotes nothing any more. */
void ipc_space_free(struct ipc_space *space, mach_port_name_t name, struct ipc_entry *entry);

/*
 * Sets a name aside that denotes nothing, and that no one else gets: its index, with any generation, is the machine's to
 * give to a right later.  Errors are those of ipc_space_alloc.
 */
kern_return_t ipc_space_lease(struct ipc_space *space, mach_port_name_t *name);
/* Makes it a new entry under a name of that index, as ipc_space_alloc does; NULL: it is not set aside. */
struct ipc_entry *ipc_space_take_lease(struct ipc_space *space, mach_port_name_t name);

/* Makes room for `entries` names in all.  KERN_NO_SPACE, KERN_RESOURCE_SHORTAGE. */
kern_return_t ipc_space_reserve(struct ipc_space *space, uint32_t entries);

/* One past the highest index for which there may be an entry. */
uint32_t ipc_space_end(struct ipc_space *space);

/* The name that an entry in use at an index has. */
static inline mach_port_name_t ipc_space_name(uint32_t index, const struct ipc_entry *entry)
{
    return MACH_PORT_MAKE(index, entry_bits(entry) & ENTRY_GEN_MASK);
}

/* ---- without the lock ------------------------------------------------------------------------------ */

/*
 * What a name denotes at some moment during the call, without taking the lock: its bits (0: nothing) and object.
 * False: a writer was at it just now; take the lock.  Within an RCU section.
 */
bool ipc_space_snapshot(struct ipc_space *space, mach_port_name_t name, uint32_t *bits, void **object);

#endif
