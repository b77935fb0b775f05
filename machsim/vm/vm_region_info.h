/* SPDX-License-Identifier: BSD-2-Clause */
/* vm_region_info.h - what is known of a region, in the structures that vm_region and vm_region_recurse give. */
#ifndef VM_VM_REGION_INFO_H
#define VM_VM_REGION_INFO_H

#include <stdbool.h>

#include <mach/message.h>
#include <mach/vm_region.h>

struct vm_region_facts {
    vm_prot_t protection, max_protection;
    vm_inherit_t inheritance;
    vm_behavior_t behavior;
    bool shared, external; /* external: a program manages it */
    uint64_t offset;
    uint32_t wired, tag;
    uint64_t resident, dirty, swapped, shared_pages; /* pages */
    uint32_t refs, depth, object;                    /* of the object: references, length of its chain, number */
    unsigned char share_mode;                        /* SM_* */
};

/* What vm_region_recurse_64 and vm_region_recurse give; the others are those of vm_region. */
#define VM_REGION_SUBMAP_FLAVOR (-1)
#define VM_REGION_SUBMAP_32_FLAVOR (-2)

/* Whether vm_region has such a flavor; whether one tells of pages. */
bool vm_region_is_flavor(vm_region_flavor_t flavor);
bool vm_region_has_pages(vm_region_flavor_t flavor);

/* Writes a flavor's structure to `info`, which has room for *count ints: how many it took.  False: too little room. */
bool vm_region_describe(const struct vm_region_facts *facts, vm_region_flavor_t flavor, int *info,
                        mach_msg_type_number_t *count);

#endif
