/* SPDX-License-Identifier: BSD-2-Clause */
/* maps.h - tests of maps on the simulated machine, without tasks. */
#ifndef TESTS_MACHSIM_MAPS_H
#define TESTS_MACHSIM_MAPS_H

#include "hal/sim/memory.h"
#include "hal/sim/sim.h"
#include "vm/vm_fault.h"

#define PAGE ((uint64_t)HAL_PAGE_SIZE)

/* Zeroed memory of a task's own. */
static const struct vm_map_entry plain_memory = {
    .protection = VM_PROT_DEFAULT,
    .max_protection = VM_PROT_ALL,
    .inheritance = VM_INHERIT_DEFAULT,
    .behavior = VM_BEHAVIOR_DEFAULT,
};

static inline struct vm_map *new_map(void)
{
    return vm_map_create(UINT64_MAX);
}

static inline kern_return_t allocate_at(struct vm_map *map, uint64_t address, uint64_t size)
{
    return vm_map_enter(map, &address, size, 0, false, false, &plain_memory);
}

#endif
