/* SPDX-License-Identifier: BSD-2-Clause */
/* vm_fault.h - someone touches memory: the one way to get it there. */
#ifndef VM_VM_FAULT_H
#define VM_VM_FAULT_H

#include "vm/vm_map.h"

/*
 * Maps the page at an address for an access (VM_PROT_READ, _WRITE, _EXECUTE or several).
 * MIG_NO_REPLY: something has to happen first; then the waiter is woken, and the fault to be taken again.
 * KERN_INVALID_ADDRESS: nothing is there.  KERN_PROTECTION_FAILURE.  KERN_RESOURCE_SHORTAGE: no memory.
 * KERN_MEMORY_FAILURE: the object's manager is gone.  KERN_MEMORY_ERROR: it has failed, or does not answer.
 */
kern_return_t vm_fault(struct vm_map *map, uint64_t address, vm_prot_t access, struct waiter *waiter);

/* The same with the memory lock held; gives the page, with `own` one of the entry's own object in any case. */
kern_return_t vm_fault_page(struct vm_map *map, uint64_t address, vm_prot_t access, bool own, struct waiter *waiter,
                            struct vm_page **page);

/*
 * Sees to it that a range, which is part of an entry, has an object that will stay the same whatever becomes of the entry;
 * *offset is where the range starts in it.  The memory lock is held.  NULL: it is not, or there is no memory.
 */
struct vm_object *vm_map_settle(struct vm_map *map, uint64_t start, uint64_t end, uint64_t *offset, vm_prot_t *max);

/*
 * A copy of a part of an object that several maps share: as vm_object_copy_delayed, but of memory whose manager will not have
 * that (MEMORY_OBJECT_COPY_NONE) all pages are got and copied first.  Without a waiter it is delayed all the same.  Results
 * are vm_fault's.  The memory lock is held.
 */
kern_return_t vm_fault_copy(struct vm_object *object, uint64_t offset, uint64_t size, struct waiter *waiter,
                            struct vm_object **copy);

/*
 * Reads or writes bytes of a map, as its task would.  Results are vm_fault's; *done tells how many bytes went well, and
 * from there on goes on what is called again.
 */
kern_return_t vm_map_read(struct vm_map *map, uint64_t address, void *to, size_t size, struct waiter *waiter,
                          size_t *done);
kern_return_t vm_map_write(struct vm_map *map, uint64_t address, const void *from, size_t size, struct waiter *waiter,
                           size_t *done);

#endif
