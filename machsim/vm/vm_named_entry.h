/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_named_entry.h - a part of an object that has a port: who has a send right to that may map it, with the rights
 * that the entry gives.  It goes with the last send right.  Source: XNU, mach_make_memory_entry_64.
 */
#ifndef VM_VM_NAMED_ENTRY_H
#define VM_VM_NAMED_ENTRY_H

#include <mach/port.h>

#include "kern/ref.h"
#include "vm/vm_map.h"

/* None of this changes. */
struct vm_named_entry {
    struct ref refs;
    struct vm_object *object; /* a reference */
    uint64_t offset, size;    /* whole pages */
    vm_prot_t protection;
};

/* Takes the reference to the object.  NULL: no memory, and the reference is let go of. */
struct vm_named_entry *vm_named_entry_create(struct vm_object *object, uint64_t offset, uint64_t size,
                                             vm_prot_t protection);
void vm_named_entry_release(struct vm_named_entry *entry);
/* Gives it its port, and a send right a name for a reply.  KERN_RESOURCE_SHORTAGE: it is let go of. */
kern_return_t vm_named_entry_name(struct vm_named_entry *entry, mach_port_t *name);

#endif
