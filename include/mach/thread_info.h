/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/thread_info.h - what is known of a thread.  Values and layouts are XNU's (LP64). */
#ifndef _MACH_THREAD_INFO_H_
#define _MACH_THREAD_INFO_H_

#include <mach/message.h>
#include <mach/policy.h>
#include <mach/thread_policy.h>
#include <mach/time_value.h>
#include <mach/vm_types.h>

typedef natural_t thread_flavor_t;
typedef integer_t *thread_info_t;

#define TH_STATE_RUNNING 1
#define TH_STATE_STOPPED 2
#define TH_STATE_WAITING 3
#define TH_STATE_UNINTERRUPTIBLE 4
#define TH_STATE_HALTED 5
#define TH_FLAGS_SWAPPED 1
#define TH_FLAGS_IDLE 2
#define THREAD_FLAVOR_CONTROL 0
#define THREAD_CONVERT_THREAD_STATE_TO_SELF 1
#define THREAD_EXTENDED_POLICY 1
#define THREAD_FLAVOR_READ 1
#define THREAD_KERNEL_PORT 1
#define THREAD_STANDARD_POLICY 1
#define THREAD_CONVERT_THREAD_STATE_FROM_SELF 2
#define THREAD_FLAVOR_INSPECT 2
#define THREAD_FLAVOR_MAX 2
#define THREAD_INSPECT_PORT 2
#define THREAD_TIME_CONSTRAINT_POLICY 2
#define THREAD_BASIC_INFO 3
#define THREAD_MAX_SPECIAL_PORT 3
#define THREAD_PRECEDENCE_POLICY 3
#define THREAD_READ_PORT 3
#define THREAD_AFFINITY_POLICY 4
#define THREAD_IDENTIFIER_INFO 4
#define THREAD_BACKGROUND_POLICY 5
#define THREAD_EXTENDED_INFO 5
#define THREAD_DEBUG_INFO_INTERNAL 6
#define THREAD_LATENCY_QOS_POLICY 7
#define THREAD_THROUGHPUT_QOS_POLICY 8
#define THREAD_SCHED_TIMESHARE_INFO 10
#define THREAD_SCHED_RR_INFO 11
#define THREAD_SCHED_FIFO_INFO 12
#define THREAD_INFO_MAX 32
#define THREAD_BACKGROUND_POLICY_DARWIN_BG 0x1000

typedef integer_t thread_info_data_t[THREAD_INFO_MAX];
typedef unsigned int mach_thread_flavor_t;
#define MAXTHREADNAMESIZE 64

struct thread_basic_info {
    time_value_t user_time;
    time_value_t system_time;
    integer_t cpu_usage;
    policy_t policy;
    integer_t run_state;
    integer_t flags;
    integer_t suspend_count;
    integer_t sleep_time;
};
typedef struct thread_basic_info thread_basic_info_data_t;
typedef struct thread_basic_info *thread_basic_info_t;
#define THREAD_BASIC_INFO_COUNT ((mach_msg_type_number_t)(sizeof(thread_basic_info_data_t) / sizeof(natural_t)))

struct thread_identifier_info {
    uint64_t thread_id;
    uint64_t thread_handle;
    uint64_t dispatch_qaddr;
};
typedef struct thread_identifier_info thread_identifier_info_data_t;
typedef struct thread_identifier_info *thread_identifier_info_t;
#define THREAD_IDENTIFIER_INFO_COUNT \
    ((mach_msg_type_number_t)(sizeof(thread_identifier_info_data_t) / sizeof(natural_t)))

struct thread_extended_info {
    uint64_t pth_user_time;
    uint64_t pth_system_time;
    int32_t pth_cpu_usage;
    int32_t pth_policy;
    int32_t pth_run_state;
    int32_t pth_flags;
    int32_t pth_sleep_time;
    int32_t pth_curpri;
    int32_t pth_priority;
    int32_t pth_maxpriority;
    char pth_name[MAXTHREADNAMESIZE];
};
typedef struct thread_extended_info thread_extended_info_data_t;
typedef struct thread_extended_info *thread_extended_info_t;
#define THREAD_EXTENDED_INFO_COUNT ((mach_msg_type_number_t)(sizeof(thread_extended_info_data_t) / sizeof(natural_t)))

#endif
