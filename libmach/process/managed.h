/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * managed.h - memory of this task's that the kernel maps: objects that programs manage, and named entries.
 *
 * The kernel has the map; here is done what it says.  What is mapped is the file that an object's pages lie in, and the
 * faults there go to the kernel: faults.h.  A child of fork has what it inherits of it: the parent has the kernel keep a map
 * for the child, which asks for it at once.
 */
#ifndef LIBMACH_MANAGED_H
#define LIBMACH_MANAGED_H

#include "libmach/process/process.h"

#pragma GCC visibility push(hidden)

/*
 * mach_vm_map of an object, in the calling task, at a place that the host has free, or with `over` whatever it has there;
 * address and size are whole pages.  KERN_NOT_SUPPORTED: the host lets no one serve another's faults, or is too old.
 */
kern_return_t managed_map(uint64_t address, uint64_t size, mem_entry_name_port_t object, memory_object_offset_t offset,
                          boolean_t copy, vm_prot_t protection, vm_prot_t max, vm_inherit_t inheritance);

enum managed_part { MANAGED_NONE, MANAGED_SOME, MANAGED_ALL };
/* How much of a range is managed. */
enum managed_part managed_part(uint64_t start, uint64_t end);
/* A range is about to be mapped over: the kernel lets go of what it had there. */
void managed_forget(uint64_t start, uint64_t end);
/*
 * Unmaps a range, of which some is managed.  False: it is no range.  The host gives the place to another thread as soon as it
 * is free: so that, and what the kernel is told, are one step for all who map objects.
 */
bool managed_unmap(uint64_t start, uint64_t end);

/* Has what children inherit done at each fork. */
void managed_watch_forks(void);

#pragma GCC visibility pop

#endif
