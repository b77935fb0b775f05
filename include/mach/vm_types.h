/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/vm_types.h - integers of fixed size, addresses and sizes; LP64. */
#ifndef _MACH_VM_TYPES_H_
#define _MACH_VM_TYPES_H_

#include <stdint.h>

typedef unsigned int natural_t;
typedef int integer_t;

typedef uintptr_t vm_offset_t;
typedef uintptr_t vm_size_t;
typedef vm_offset_t vm_address_t;
typedef vm_offset_t pointer_t;

typedef uint64_t mach_vm_address_t;
typedef uint64_t mach_vm_offset_t;
typedef uint64_t mach_vm_size_t;
typedef uint64_t vm_map_offset_t;
typedef uint64_t vm_map_address_t;
typedef uint64_t vm_map_size_t;
typedef uint64_t mach_port_context_t;

typedef uint64_t vm_object_id_t;
typedef uint32_t vm32_object_id_t;
typedef uint64_t memory_object_offset_t;
typedef uint64_t memory_object_size_t;
typedef uint64_t vm_object_offset_t;
typedef uint64_t vm_object_size_t;

/* A range of addresses, and what mach_vm_range_create is told of one. */
typedef uint64_t mach_vm_range_flags_t;
typedef uint16_t mach_vm_range_tag_t;
typedef uint32_t mach_vm_range_flavor_t;
typedef uint8_t *mach_vm_range_recipes_raw_t;

struct mach_vm_range {
    mach_vm_offset_t min_address;
    mach_vm_offset_t max_address;
};
typedef struct mach_vm_range *mach_vm_range_t;

typedef struct {
    mach_vm_range_flags_t flags: 48;
    mach_vm_range_tag_t range_tag: 16;
    struct mach_vm_range range;
} mach_vm_range_recipe_v1_t;
typedef mach_vm_range_recipe_v1_t mach_vm_range_recipe_t;

#define MACH_VM_RANGE_FLAVOR_DEFAULT 1

#endif
