/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_purgable.h - memory that its owner can do without: while it is volatile its pages may go at any time, without being
 * kept anywhere, and whoever makes it nonvolatile again is told whether they did.
 *
 * Volatile objects stand in a list, the first to go first.  One that a copy depends on does not go.  The memory lock
 * guards all.  Source: XNU, vm_purgable.h.
 */
#ifndef VM_VM_PURGABLE_H
#define VM_VM_PURGABLE_H

#include <mach/vm_purgable.h>

#include "vm/vm_object.h"

void vm_purgable_init(void);

/* An object that may be made volatile.  NULL: no memory. */
struct vm_object *vm_purgable_create(uint64_t size);
/*
 * VM_PURGABLE_GET_STATE, or _SET_STATE: *state becomes what it was.
 * KERN_INVALID_ARGUMENT: it is no such object, or there is no such control or state.
 */
kern_return_t vm_purgable_set(struct vm_object *object, vm_purgable_t control, int *state);
/* Empties one volatile object.  False: there is none that can go. */
bool vm_purgable_purge(void);
/* The object ends. */
void vm_purgable_end(struct vm_object *object);

#endif
