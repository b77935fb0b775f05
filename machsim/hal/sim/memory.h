/* SPDX-License-Identifier: BSD-2-Clause */
/* memory.h - the simulated machine's page frames and mappings, and what a program of its does with them. */
#ifndef SIM_MEMORY_H
#define SIM_MEMORY_H

#include "vm/vm_map.h"

/* How many frames there may be; the default is plenty. */
void sim_set_frames(uint64_t limit);
uint64_t sim_frames_used(void);

/*
 * Reads or writes a byte at an address of a map, by its mappings, and has faults served until that works.  The result
 * of the fault that did not; MIG_NO_REPLY: it waits for a manager.
 */
kern_return_t sim_load(struct vm_map *map, uint64_t address, unsigned char *byte);
kern_return_t sim_store(struct vm_map *map, uint64_t address, unsigned char byte);

/* No frame may be left. */
void sim_memory_stop(void);

#endif
