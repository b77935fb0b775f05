/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/memory_object_types.h - memory objects and what is said to their managers.
 * Values and layouts are XNU's (LP64). */
#ifndef _MACH_MEMORY_OBJECT_TYPES_H_
#define _MACH_MEMORY_OBJECT_TYPES_H_

#include <mach/boolean.h>
#include <mach/message.h>
#include <mach/port.h>
#include <mach/vm_prot.h>
#include <mach/vm_types.h>

typedef mach_port_t memory_object_t;
typedef mach_port_t memory_object_control_t;
typedef mach_port_t memory_object_default_t;
typedef mach_port_t memory_object_name_t;
typedef memory_object_t *memory_object_array_t;
typedef natural_t memory_object_cluster_size_t;
typedef int memory_object_copy_strategy_t;
typedef int memory_object_return_t;
typedef int *memory_object_info_t;
typedef int memory_object_flavor_t;
typedef uintptr_t memory_object_fault_info_t;

#define MEMORY_OBJECT_NULL ((memory_object_t)0)
#define MEMORY_OBJECT_CONTROL_NULL ((memory_object_control_t)0)
#define MEMORY_OBJECT_DEFAULT_NULL ((memory_object_default_t)0)
#define MEMORY_OBJECT_NAME_NULL ((memory_object_name_t)0)

#define MEMORY_OBJECT_COPY_NONE 0
#define MEMORY_OBJECT_COPY_CALL 1
#define MEMORY_OBJECT_COPY_DELAY 2
#define MEMORY_OBJECT_COPY_TEMPORARY 3
#define MEMORY_OBJECT_COPY_SYMMETRIC 4
#define MEMORY_OBJECT_COPY_INVALID 5
#define MEMORY_OBJECT_COPY_DELAY_FORK 6
#define MEMORY_OBJECT_COPY_SYNC 8

#define MEMORY_OBJECT_RETURN_NONE 0
#define MEMORY_OBJECT_RETURN_DIRTY 1
#define MEMORY_OBJECT_RETURN_ALL 2
#define MEMORY_OBJECT_RETURN_ANYTHING 3

#define MEMORY_OBJECT_DATA_FLUSH 1
#define MEMORY_OBJECT_TERMINATE_IDLE 1
#define MEMORY_OBJECT_DATA_NO_CHANGE 2
#define MEMORY_OBJECT_RESPECT_CACHE 2
#define MEMORY_OBJECT_DATA_PURGE 4
#define MEMORY_OBJECT_RELEASE_NO_OP 4
#define MEMORY_OBJECT_DATA_SYNC 16
#define MEMORY_OBJECT_IO_SYNC 32
#define MEMORY_OBJECT_DATA_FLUSH_ALL 64

#define MEMORY_OBJECT_PERFORMANCE_INFO 11
#define MEMORY_OBJECT_ATTRIBUTE_INFO 14
#define MEMORY_OBJECT_BEHAVIOR_INFO 15
#define MEMORY_OBJECT_INFO_MAX 0x400

typedef int memory_object_info_data_t[MEMORY_OBJECT_INFO_MAX];

struct memory_object_perf_info {
    memory_object_cluster_size_t cluster_size;
    boolean_t may_cache;
};
typedef struct memory_object_perf_info memory_object_perf_info_data_t;
typedef struct memory_object_perf_info *memory_object_perf_info_t;
#define MEMORY_OBJECT_PERF_INFO_COUNT ((mach_msg_type_number_t)(sizeof(memory_object_perf_info_data_t) / sizeof(int)))

struct memory_object_attr_info {
    memory_object_copy_strategy_t copy_strategy;
    memory_object_cluster_size_t cluster_size;
    boolean_t may_cache_object;
    boolean_t temporary;
};
typedef struct memory_object_attr_info memory_object_attr_info_data_t;
typedef struct memory_object_attr_info *memory_object_attr_info_t;
#define MEMORY_OBJECT_ATTR_INFO_COUNT ((mach_msg_type_number_t)(sizeof(memory_object_attr_info_data_t) / sizeof(int)))

struct memory_object_behave_info {
    memory_object_copy_strategy_t copy_strategy;
    boolean_t temporary;
    boolean_t invalidate;
    boolean_t silent_overwrite;
    boolean_t advisory_pageout;
};
typedef struct memory_object_behave_info memory_object_behave_info_data_t;
typedef struct memory_object_behave_info *memory_object_behave_info_t;
#define MEMORY_OBJECT_BEHAVE_INFO_COUNT \
    ((mach_msg_type_number_t)(sizeof(memory_object_behave_info_data_t) / sizeof(int)))

/* How a named entry is made, and how its memory may be cached. */
#define MAP_MEM_NOOP 0
#define MAP_MEM_COPYBACK 1
#define MAP_MEM_IO 2
#define MAP_MEM_WTHRU 3
#define MAP_MEM_WCOMB 4
#define MAP_MEM_INNERWBACK 5
#define MAP_MEM_POSTED 6
#define MAP_MEM_RT 7
#define MAP_MEM_POSTED_REORDERED 8
#define MAP_MEM_POSTED_COMBINED_REORDERED 9
#define MAP_MEM_PROT_MASK 255
#define MAP_MEM_LEDGER_TAGGED 0x2000
#define MAP_MEM_PURGABLE_KERNEL_ONLY 0x4000
#define MAP_MEM_GRAB_SECLUDED 0x8000
#define MAP_MEM_ONLY 0x10000
#define MAP_MEM_NAMED_CREATE 0x20000
#define MAP_MEM_PURGABLE 0x40000
#define MAP_MEM_NAMED_REUSE 0x80000
#define MAP_MEM_USE_DATA_ADDR 0x100000
#define MAP_MEM_VM_COPY 0x200000
#define MAP_MEM_VM_SHARE 0x400000
#define MAP_MEM_4K_DATA_ADDR 0x800000
#define MAP_MEM_FLAGS_ALL 0xffe000
#define MAP_MEM_FLAGS_USER 0xffe000
#define MAP_MEM_FLAGS_MASK 0xffff00

#endif
