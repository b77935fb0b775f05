/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_map.h - what a task sees at which address: entries, in order, each a part of an object.
 *
 * An entry's node has its start as key, and the hole behind the entry as weight: so the first hole that is large
 * enough is found in logarithmic time.  A head that spans nothing stands before the first.
 *
 * Operations on ranges split the entries at the ends first ("clip").  The entries for that are reserved before
 * anything is changed, so that what has begun does not fail.
 *
 * The memory lock guards all; functions take it unless they say that the caller holds it.
 */
#ifndef VM_VM_MAP_H
#define VM_VM_MAP_H

#include <mach/kern_return.h>
#include <mach/vm_behavior.h>
#include <mach/vm_inherit.h>

#include "vm/vm_object.h"

struct vm_map_entry {
    struct tree_node node; /* key: start; weight: bytes of the hole behind */
    uint64_t end;
    struct vm_object *object; /* a reference; NULL: zeros, until someone looks */
    uint64_t offset;          /* of the start in the object */
    vm_prot_t protection, max_protection;
    vm_inherit_t inheritance;
    vm_behavior_t behavior;
    bool needs_copy; /* the object is to be shadowed before it is written */
    bool shared;     /* with other maps, or other places in this one */
    bool seen;       /* pages of it may be in the machine's map */
    uint32_t wired;  /* how often: all its pages are its object's own, and are wired as often */
    uint32_t tag;    /* what it is for: VM_MAKE_TAG */
};

struct vm_map {
    struct tree entries;
    struct vm_map_entry head;
    uint64_t start, end; /* the addresses there may be */
    uint64_t size;       /* bytes in entries */
    uint64_t limit;      /* ... and how many there may be */
    uint32_t count;      /* entries */
    struct hal_pmap *pmap;
    struct tree_node *spare; /* entries in reserve, each with the next as parent */
    uint32_t spares;
};

static inline uint64_t vm_map_entry_start(const struct vm_map_entry *entry)
{
    return entry->node.key;
}

/* Whether the machine has address spaces of its own. */
bool vm_map_exists(void);
/* A map of at most `limit` bytes.  NULL: no memory. */
struct vm_map *vm_map_create(uint64_t limit);
/* The same for addresses from `start` up to `end`, on a machine that leaves it to each task which there are. */
struct vm_map *vm_map_create_within(uint64_t limit, uint64_t start, uint64_t end);
/* Ends all that is mapped; no more will be. */
void vm_map_end(struct vm_map *map);
/* No one uses it any more. */
void vm_map_destroy(struct vm_map *map);

/* ---- with the memory lock held (vm_map.c) ------------------------------------------------------------ */

/* The entry at an address, or else the last before it, which may be the head.  True: it is at the address. */
bool vm_map_lookup(struct vm_map *map, uint64_t address, struct vm_map_entry **entry);
/* The entry after; NULL. */
struct vm_map_entry *vm_map_next(const struct vm_map_entry *entry);
/* The first entry that has something in a range, from its start on: those of it are split off at both ends. */
struct vm_map_entry *vm_map_clip(struct vm_map *map, uint64_t start, uint64_t end);
/* Sees to it that so many entries are in reserve.  False: no memory. */
bool vm_map_reserve(struct vm_map *map, uint32_t count);
/* Whether a range has no holes and each entry allows `protection` at most (by max_protection, if so asked). */
kern_return_t vm_map_check(struct vm_map *map, uint64_t start, uint64_t end, vm_prot_t protection, bool max);
/* Joins entries of a range that are one. */
void vm_map_simplify(struct vm_map *map, uint64_t start, uint64_t end);
/* Puts in an entry that is in no map; its place is free. */
void vm_map_put_in(struct vm_map *map, struct vm_map_entry *entry, uint64_t start, uint64_t end);
/* The same for a new one like another, from those in reserve.  Takes the reference to the object. */
struct vm_map_entry *vm_map_insert(struct vm_map *map, uint64_t start, uint64_t end,
                                   const struct vm_map_entry *like);
/* Room for `size` bytes, at an address that has none of the bits of `mask`, at or after *address.  False: none. */
bool vm_map_find_space(struct vm_map *map, uint64_t *address, uint64_t size, uint64_t mask);
/* The same, or that place itself, which with `overwrite` is cleared: two entries are in reserve.  As vm_map_enter. */
kern_return_t vm_map_find_place(struct vm_map *map, uint64_t *address, uint64_t size, uint64_t mask, bool anywhere,
                                bool overwrite);
/* The page that the entry's object has itself at an address; NULL. */
struct vm_page *vm_map_entry_page(const struct vm_map_entry *entry, uint64_t address);
/* Takes one wiring of the pages up to `end` back. */
void vm_map_entry_unwire(struct vm_map_entry *entry, uint64_t end);
void vm_map_remove_locked(struct vm_map *map, uint64_t start, uint64_t end);

/* ---- operations ------------------------------------------------------------------------------------ */

/*
 * Maps a part of an object, or zeros: `like` says what, and how.  At *address, or anywhere from there on, and told
 * there.  `overwrite`: what is there goes.  Takes the reference to the object if all goes well.
 * KERN_NO_SPACE; KERN_INVALID_ADDRESS: that is no address; KERN_RESOURCE_SHORTAGE.
 */
kern_return_t vm_map_enter(struct vm_map *map, uint64_t *address, uint64_t size, uint64_t mask, bool anywhere,
                           bool overwrite, const struct vm_map_entry *like);
/*
 * A map that has so many entries gets no more, by new mappings or by parts of old ones; by a mapping of many at once it may
 * come to have twice as many.
 */
#define VM_MAP_MAX_ENTRIES ((uint32_t)1 << 18)

/* Ends what is mapped in a range. KERN_INVALID_ADDRESS: it is not all of the map. KERN_RESOURCE_SHORTAGE. */
kern_return_t vm_map_remove(struct vm_map *map, uint64_t start, uint64_t end);

/* vm_map_attributes.c: results are those of the routines of mach_vm.defs. */
kern_return_t vm_map_protect(struct vm_map *map, uint64_t start, uint64_t end, vm_prot_t protection, bool max);
kern_return_t vm_map_inherit(struct vm_map *map, uint64_t start, uint64_t end, vm_inherit_t inheritance);
kern_return_t vm_map_behavior_set(struct vm_map *map, uint64_t start, uint64_t end, vm_behavior_t behavior);
/* Wires a range for access, or with VM_PROT_NONE takes one wiring back.  Waits as vm_fault does. */
kern_return_t vm_map_wire(struct vm_map *map, uint64_t start, uint64_t end, vm_prot_t access, struct waiter *waiter);

/* vm_map_share.c */
/*
 * The object behind a range, for a name: up to the end of the entry where the range starts, which *size becomes; or
 * with `copied` a copy of it.  Gives a reference.  Waits as vm_fault does.
 */
kern_return_t vm_map_name(struct vm_map *map, uint64_t start, uint64_t *size, vm_prot_t protection, bool copied,
                          struct waiter *waiter, struct vm_object **object, uint64_t *offset);
/* What a child inherits: a new map.  All copies are delayed: it does not wait.  NULL: no memory. */
struct vm_map *vm_map_fork(struct vm_map *map);
/* Puts a copy of one range in the place of another, which is mapped and may be written.  Waits as vm_fault does. */
kern_return_t vm_map_copy_range(struct vm_map *map, uint64_t from, uint64_t size, uint64_t to, struct waiter *waiter);
/* Maps a range of one map into another too, or a copy of it.  Waits as vm_fault does. */
kern_return_t vm_map_remap(struct vm_map *from, uint64_t source, uint64_t size, struct vm_map *to, uint64_t *address,
                           uint64_t mask, bool anywhere, bool overwrite, bool copy, vm_inherit_t inheritance,
                           vm_prot_t *current, vm_prot_t *max, struct waiter *waiter);

/* Memory on its way from one map to another: entries that no map has. */
struct vm_map_part {
    struct tree_node *first; /* each has the next as parent; NULL: none */
    uint64_t start, size;    /* of the range that they had, in whole pages */
};

/*
 * Takes a copy of a range, as new memory that may be read and written.  Copies that cannot be delayed are made at once.
 * KERN_INVALID_ADDRESS, KERN_PROTECTION_FAILURE: it cannot be read; KERN_RESOURCE_SHORTAGE; others: of managers.
 */
kern_return_t vm_map_take_copy(struct vm_map *map, uint64_t start, uint64_t size, struct vm_map_part *part);
/* Maps that anywhere, and tells where; the part has nothing then.  KERN_NO_SPACE, KERN_RESOURCE_SHORTAGE: it stays. */
kern_return_t vm_map_put_copy(struct vm_map *map, struct vm_map_part *part, uint64_t *address);
void vm_map_drop_copy(struct vm_map_part *part);

#endif
