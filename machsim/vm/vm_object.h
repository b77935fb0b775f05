/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_object.h - memory objects: pages by offset, and what shows where there is none.
 *
 * An object that shadows another shows the other's pages where it has none of its own: that is how a copy is made
 * without copying.  Two ways lead there.
 *
 *   symmetric   Both sides of a copy refer to one object, which is written no more; whoever writes first makes an
 *               object that shadows it (vm_object_shadow).  For memory that one map has to itself.
 *   asymmetric  The copy is an object that shadows the original.  Before a page of the original is written, it is
 *               pushed into the copy (vm_object_copy_delayed).  For memory that several maps share.  Of several copies
 *               the youngest shadows the original, and each older one the next younger: a push reaches all.  So a
 *               copy itself is not written, but shadowed in its turn.
 *
 * Chains that copies leave behind are cut short: an object takes over what it shadows if no one else uses that
 * (vm_object_collapse), and lets go of it if it hides all of it.
 *
 * The memory lock guards all.  Source: Rashid et al., Machine-independent virtual memory management, ASPLOS 1987.
 */
#ifndef VM_VM_OBJECT_H
#define VM_VM_OBJECT_H

#include "vm/vm_page.h"

struct vm_object {
    uint32_t refs; /* of map entries, of what shadows it, of named entries */
    uint32_t number; /* for those who ask which object it is */
    uint64_t size; /* bytes, whole pages */
    struct tree pages;
    uint64_t resident; /* how many */
    struct vm_object *shadow; /* a reference, or NULL */
    uint64_t shadow_offset;   /* where in it this one's first byte is */
    struct list shadowers;    /* objects that shadow this one, by shadow_link */
    struct list shadow_link;
    struct vm_object *copy; /* the youngest asymmetric copy, which shadows this one; no reference */
    bool shared;            /* several maps write it: copies are asymmetric */
    bool purgable;          /* vm_purgable.h; and the next two */
    int purge_state;
    struct list volatile_link;
    struct hal_store *store; /* the machine's */
    struct vm_pager *pager; /* who has the pages that are not here; NULL: no one */
};

/* An object that reads as zeros.  NULL: no memory. */
struct vm_object *vm_object_create(uint64_t size);
void vm_object_reference(struct vm_object *object);
/* Lets go of a reference; with the last the object ends, and its pages. */
void vm_object_release(struct vm_object *object);

/*
 * A new object that shadows *object from *offset on, takes over the reference, and takes its place in both.  False:
 * no memory.
 */
bool vm_object_shadow(struct vm_object **object, uint64_t *offset, uint64_t size);
/* An asymmetric copy of a part of an object: a new object.  NULL: no memory. */
struct vm_object *vm_object_copy_delayed(struct vm_object *object, uint64_t offset, uint64_t size);
/* Cuts short the chain below an object. */
void vm_object_collapse(struct vm_object *object);

/*
 * The page with a frame that shows at an offset: the object's own, or the nearest below.  NULL: zeros, as of no object, or
 * what a manager has.
 */
struct vm_page *vm_object_page(struct vm_object *object, uint64_t offset);

/* The object's own first page with a frame at or after an offset; NULL. */
struct vm_page *vm_object_page_from(const struct vm_object *object, uint64_t offset);

/* Forbids to write the pages of a range, wherever they are mapped. */
void vm_object_write_protect(struct vm_object *object, uint64_t offset, uint64_t size);
/* Frees the object's own pages of a range, but for wired ones and those that a manager is asked for. */
void vm_object_discard(struct vm_object *object, uint64_t offset, uint64_t size);

/* How many objects there are. */
extern uint64_t vm_object_count;

#endif
