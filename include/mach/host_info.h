/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/host_info.h - what is known of a host and its processors.  Values and layouts are XNU's (LP64). */
#ifndef _MACH_HOST_INFO_H_
#define _MACH_HOST_INFO_H_

#include <mach/vm_types.h>

typedef integer_t *host_info_t;
typedef integer_t *host_info64_t;
typedef integer_t *host_purgable_info_t;
typedef integer_t host_flavor_t;
typedef char kernel_version_t[512];
typedef char kernel_boot_info_t[4096];
typedef integer_t *processor_info_t;
typedef integer_t *processor_info_array_t;
typedef int processor_flavor_t;
typedef integer_t *processor_set_info_t;
typedef int processor_set_flavor_t;

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

#endif
