/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/task_info.h - what is known of a task.  Values and layouts are XNU's (LP64). */
#ifndef _MACH_TASK_INFO_H_
#define _MACH_TASK_INFO_H_

#include <mach/vm_types.h>

typedef natural_t task_flavor_t;
typedef integer_t *task_info_t;
typedef natural_t task_inspect_flavor_t;
typedef integer_t *task_inspect_info_t;
typedef natural_t task_policy_flavor_t;
typedef integer_t *task_policy_t;
typedef unsigned int mach_task_flavor_t;
typedef uint32_t task_exc_guard_behavior_t;
typedef vm_offset_t *emulation_vector_t;

typedef struct vm_purgeable_stat {
    uint64_t count;
    uint64_t size;
} vm_purgeable_stat_t;

typedef struct vm_purgeable_info {
    vm_purgeable_stat_t fifo_data[8];
    vm_purgeable_stat_t obsolete_data;
    vm_purgeable_stat_t lifo_data[8];
} task_purgable_info_t;

#define TASK_DYLD_ALL_IMAGE_INFO_32 0
#define TASK_EXC_GUARD_NONE 0
#define TASK_FLAVOR_CONTROL 0
#define TASK_ABSOLUTETIME_INFO 1
#define TASK_CATEGORY_POLICY 1
#define TASK_CORPSE_FORKING_DISABLED_MEM_DIAG 1
#define TASK_DYLD_ALL_IMAGE_INFO_64 1
#define TASK_EXC_GUARD_VM_DELIVER 1
#define TASK_FLAVOR_READ 1
#define TASK_KERNEL_PORT 1
#define TASK_EVENTS_INFO 2
#define TASK_EXC_GUARD_VM_ONCE 2
#define TASK_FLAVOR_INSPECT 2
#define TASK_HOST_PORT 2
#define TASK_FLAVOR_MAX 3
#define TASK_FLAVOR_NAME 3
#define TASK_NAME_PORT 3
#define TASK_SUPPRESSION_POLICY 3
#define TASK_THREAD_TIMES_INFO 3
#define TASK_BASIC_INFO_32 4
#define TASK_BOOTSTRAP_PORT 4
#define TASK_EXC_GUARD_VM_CORPSE 4
#define TASK_POLICY_STATE 4
#define TASK_BASIC_INFO 5
#define TASK_BASIC_INFO_64 5
#define TASK_INSPECT_PORT 5
#define TASK_BASIC2_INFO_32 6
#define TASK_READ_PORT 6
#define TASK_KERNELMEMORY_INFO 7
#define TASK_BASE_QOS_POLICY 8
#define TASK_EXC_GUARD_VM_FATAL 8
#define TASK_ACCESS_PORT 9
#define TASK_OVERRIDE_QOS_POLICY 9
#define TASK_BASE_LATENCY_QOS_POLICY 10
#define TASK_DEBUG_CONTROL_PORT 10
#define TASK_SCHED_TIMESHARE_INFO 10
#define TASK_BASE_THROUGHPUT_QOS_POLICY 11
#define TASK_MAX_SPECIAL_PORT 11
#define TASK_RESOURCE_NOTIFY_PORT 11
#define TASK_SCHED_RR_INFO 11
#define TASK_SCHED_FIFO_INFO 12
#define TASK_SECURITY_TOKEN 13
#define TASK_SCHED_INFO 14
#define TASK_AUDIT_TOKEN 15
#define TASK_EXC_GUARD_VM_ALL 15
#define TASK_AFFINITY_TAG_INFO 16
#define TASK_EXC_GUARD_MP_DELIVER 16
#define TASK_DYLD_INFO 17
#define TASK_EXTMOD_INFO 19
#define TASK_POWER_INFO 21
#define TASK_VM_INFO 22
#define TASK_VM_INFO_PURGEABLE 23
#define TASK_TRACE_MEMORY_INFO 24
#define TASK_WAIT_STATE_INFO 25
#define TASK_POWER_INFO_V2 26
#define TASK_FLAGS_INFO 28
#define TASK_DEBUG_INFO_INTERNAL 29
#define TASK_EXC_GUARD_MP_ONCE 32
#define TASK_EXC_GUARD_MP_CORPSE 64
#define TASK_EXC_GUARD_MP_FATAL 128
#define TASK_EXC_GUARD_MP_ALL 240
#define TASK_EXC_GUARD_ALL 255
#define TASK_INFO_MAX 0x400

#endif
