/* SPDX-License-Identifier: BSD-2-Clause */
/* vm_kept.h - which pages of an anonymous object the default manager keeps: bits, in pieces that stand in a tree. */
#ifndef VM_VM_KEPT_H
#define VM_VM_KEPT_H

#include <stdbool.h>

#include "kern/tree.h"

/* Sees to it that the bit for an offset can be set.  False: no memory. */
bool vm_kept_reserve(struct tree *kept, uint64_t offset);
void vm_kept_add(struct tree *kept, uint64_t offset);
bool vm_kept_has(const struct tree *kept, uint64_t offset);
void vm_kept_clear(struct tree *kept);

#endif
