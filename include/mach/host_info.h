/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/host_info.h - what is known of a host and its processors.  Values and layouts are XNU's (LP64). */
#ifndef _MACH_HOST_INFO_H_
#define _MACH_HOST_INFO_H_

#include <mach/boolean.h>
#include <mach/machine.h>
#include <mach/message.h>
#include <mach/vm_statistics.h>
#include <mach/vm_types.h>

typedef integer_t *host_info_t;
typedef integer_t *host_info64_t;
typedef integer_t host_flavor_t;
typedef char kernel_version_t[512];
typedef char kernel_boot_info_t[4096];

#define MACH_ZONE_NAME_MAX_LEN 80
typedef struct mach_zone_name {
    char mzn_name[MACH_ZONE_NAME_MAX_LEN];
} mach_zone_name_t;
typedef mach_zone_name_t *mach_zone_name_array_t;

typedef struct mach_zone_info_data {
    uint64_t mzi_count;
    uint64_t mzi_cur_size;
    uint64_t mzi_max_size;
    uint64_t mzi_elem_size;
    uint64_t mzi_alloc_size;
    uint64_t mzi_sum_size;
    uint64_t mzi_exhaustible;
    uint64_t mzi_collectable;
} mach_zone_info_t;
typedef mach_zone_info_t *mach_zone_info_array_t;

typedef struct task_zone_info_data {
    uint64_t tzi_count;
    uint64_t tzi_cur_size;
    uint64_t tzi_max_size;
    uint64_t tzi_elem_size;
    uint64_t tzi_alloc_size;
    uint64_t tzi_sum_size;
    uint64_t tzi_exhaustible;
    uint64_t tzi_collectable;
    uint64_t tzi_caller_acct;
    uint64_t tzi_task_alloc;
    uint64_t tzi_task_free;
} task_zone_info_t;
typedef task_zone_info_t *task_zone_info_array_t;

#define MACH_MEMORY_INFO_NAME_MAX_LEN 80
typedef struct mach_memory_info {
    uint64_t flags;
    uint64_t site;
    uint64_t size;
    uint64_t free;
    uint64_t largest;
    uint64_t collectable_bytes;
    uint64_t mapped;
    uint64_t peak;
    uint16_t tag;
    uint16_t zone;
    uint16_t _resvA[2];
    uint64_t _resv[3];
    char name[MACH_MEMORY_INFO_NAME_MAX_LEN];
} mach_memory_info_t;
typedef mach_memory_info_t *mach_memory_info_array_t;

#define HOST_LOCAL_NODE (-1)
#define HOST_MIN_SPECIAL_PORT 0
#define HOST_NOTIFY_CALENDAR_CHANGE 0
#define HOST_SECURITY_PORT 0
#define HOST_BASIC_INFO 1
#define HOST_LOAD_INFO 1
#define HOST_NOTIFY_CALENDAR_SET 1
#define HOST_NOTIFY_TYPE_MAX 1
#define HOST_PORT 1
#define HOST_PRIV_PORT 2
#define HOST_VM_INFO 2
#define HOST_CPU_LOAD_INFO 3
#define HOST_IO_MAIN_PORT 3
#define HOST_LAST_SPECIAL_KERNEL_PORT 3
#define HOST_SCHED_INFO 3
#define HOST_RESOURCE_SIZES 4
#define HOST_VM_INFO64 4
#define HOST_EXTMOD_INFO64 5
#define HOST_PRIORITY_INFO 5
#define HOST_EXPIRED_TASK_INFO 6
#define HOST_MAX_SPECIAL_KERNEL_PORT 7
#define HOST_SEMAPHORE_TRAPS 7
#define HOST_DYNAMIC_PAGER_PORT 8
#define HOST_MACH_MSG_TRAP 8
#define HOST_AUDIT_CONTROL_PORT 9
#define HOST_VM_PURGABLE 9
#define HOST_DEBUG_INFO_INTERNAL 10
#define HOST_USER_NOTIFICATION_PORT 10
#define HOST_AUTOMOUNTD_PORT 11
#define HOST_CAN_HAS_DEBUGGER 11
#define HOST_LOCKD_PORT 12
#define HOST_PREFERRED_USER_ARCH 12
#define HOST_KTRACE_BACKGROUND_PORT 13
#define HOST_SEATBELT_PORT 14
#define HOST_KEXTD_PORT 15
#define HOST_CHUD_PORT 16
#define HOST_LAUNCHCTL_PORT 16
#define HOST_UNFREED_PORT 17
#define HOST_AMFID_PORT 18
#define HOST_GSSD_PORT 19
#define HOST_TELEMETRY_PORT 20
#define HOST_ATM_NOTIFICATION_PORT 21
#define HOST_COALITION_PORT 22
#define HOST_SYSDIAGNOSE_PORT 23
#define HOST_XPC_EXCEPTION_PORT 24
#define HOST_CONTAINERD_PORT 25
#define HOST_NODE_PORT 26
#define HOST_RESOURCE_NOTIFY_PORT 27
#define HOST_CLOSURED_PORT 28
#define HOST_SYSPOLICYD_PORT 29
#define HOST_FILECOORDINATIOND_PORT 30
#define HOST_FAIRPLAYD_PORT 31
#define HOST_IOCOMPRESSIONSTATS_PORT 32
#define HOST_MEMORY_ERROR_PORT 33
#define HOST_MANAGEDAPPDISTD_PORT 34
#define HOST_DOUBLEAGENTD_PORT 35
#define HOST_MAX_SPECIAL_PORT 35
#define HOST_CALENDAR_CHANGED_REPLYID 0x3b6
#define HOST_CALENDAR_SET_REPLYID 0x3b7

#define HOST_NAME_MAX 64
#define HOST_INFO_MAX 0x400

struct host_can_has_debugger_info {
    boolean_t can_has_debugger;
};
typedef struct host_can_has_debugger_info host_can_has_debugger_info_data_t;
typedef struct host_can_has_debugger_info *host_can_has_debugger_info_t;
#define HOST_CAN_HAS_DEBUGGER_COUNT \
    ((mach_msg_type_number_t)(sizeof(host_can_has_debugger_info_data_t) / sizeof(integer_t)))

#pragma pack(push, 4)
struct host_basic_info {
    integer_t max_cpus;
    integer_t avail_cpus;
    natural_t memory_size;
    cpu_type_t cpu_type;
    cpu_subtype_t cpu_subtype;
    cpu_threadtype_t cpu_threadtype;
    integer_t physical_cpu;
    integer_t physical_cpu_max;
    integer_t logical_cpu;
    integer_t logical_cpu_max;
    uint64_t max_mem;
};
#pragma pack(pop)
typedef struct host_basic_info host_basic_info_data_t;
typedef struct host_basic_info *host_basic_info_t;
#define HOST_BASIC_INFO_COUNT ((mach_msg_type_number_t)(sizeof(host_basic_info_data_t) / sizeof(integer_t)))

struct host_load_info {
    integer_t avenrun[3];
    integer_t mach_factor[3];
};
typedef struct host_load_info host_load_info_data_t;
typedef struct host_load_info *host_load_info_t;
#define HOST_LOAD_INFO_COUNT ((mach_msg_type_number_t)(sizeof(host_load_info_data_t) / sizeof(integer_t)))

struct host_cpu_load_info {
    natural_t cpu_ticks[CPU_STATE_MAX];
};
typedef struct host_cpu_load_info host_cpu_load_info_data_t;
typedef struct host_cpu_load_info *host_cpu_load_info_t;
#define HOST_CPU_LOAD_INFO_COUNT ((mach_msg_type_number_t)(sizeof(host_cpu_load_info_data_t) / sizeof(integer_t)))

struct host_sched_info {
    integer_t min_timeout;
    integer_t min_quantum;
};
typedef struct host_sched_info host_sched_info_data_t;
typedef struct host_sched_info *host_sched_info_t;
#define HOST_SCHED_INFO_COUNT ((mach_msg_type_number_t)(sizeof(host_sched_info_data_t) / sizeof(integer_t)))

struct host_priority_info {
    integer_t kernel_priority;
    integer_t system_priority;
    integer_t server_priority;
    integer_t user_priority;
    integer_t depress_priority;
    integer_t idle_priority;
    integer_t minimum_priority;
    integer_t maximum_priority;
};
typedef struct host_priority_info host_priority_info_data_t;
typedef struct host_priority_info *host_priority_info_t;
#define HOST_PRIORITY_INFO_COUNT ((mach_msg_type_number_t)(sizeof(host_priority_info_data_t) / sizeof(integer_t)))

struct host_preferred_user_arch {
    cpu_type_t cpu_type;
    cpu_subtype_t cpu_subtype;
};
typedef struct host_preferred_user_arch host_preferred_user_arch_data_t;
typedef struct host_preferred_user_arch *host_preferred_user_arch_t;
#define HOST_PREFERRED_USER_ARCH_COUNT \
    ((mach_msg_type_number_t)(sizeof(host_preferred_user_arch_data_t) / sizeof(integer_t)))

typedef struct vm_purgeable_info host_purgable_info_data_t;
typedef struct vm_purgeable_info *host_purgable_info_t;
typedef integer_t host_info_data_t[HOST_INFO_MAX];

/* What a Mach kernel's own structures weigh. */
struct kernel_resource_sizes {
    natural_t task;
    natural_t thread;
    natural_t port;
    natural_t memory_region;
    natural_t memory_object;
};
typedef struct kernel_resource_sizes kernel_resource_sizes_data_t;
typedef struct kernel_resource_sizes *kernel_resource_sizes_t;
#define HOST_RESOURCE_SIZES_COUNT ((mach_msg_type_number_t)(sizeof(kernel_resource_sizes_data_t) / sizeof(integer_t)))

#define HOST_VM_INFO64_COUNT ((mach_msg_type_number_t)(sizeof(vm_statistics64_data_t) / sizeof(integer_t)))
#define HOST_VM_INFO64_LATEST_COUNT HOST_VM_INFO64_COUNT
#define HOST_VM_INFO64_REV1_COUNT HOST_VM_INFO64_LATEST_COUNT
#define HOST_VM_INFO64_REV0_COUNT 24
#define HOST_EXTMOD_INFO64_COUNT ((mach_msg_type_number_t)(sizeof(vm_extmod_statistics_data_t) / sizeof(integer_t)))
#define HOST_EXTMOD_INFO64_LATEST_COUNT HOST_EXTMOD_INFO64_COUNT
#define HOST_VM_INFO_COUNT ((mach_msg_type_number_t)(sizeof(vm_statistics_data_t) / sizeof(integer_t)))
#define HOST_VM_INFO_LATEST_COUNT HOST_VM_INFO_COUNT
#define HOST_VM_INFO_REV2_COUNT HOST_VM_INFO_LATEST_COUNT
#define HOST_VM_INFO_REV1_COUNT 14
#define HOST_VM_INFO_REV0_COUNT 12
#define HOST_VM_PURGABLE_COUNT ((mach_msg_type_number_t)(sizeof(host_purgable_info_data_t) / sizeof(integer_t)))

#endif
