/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/mach_types.h - the C types that mach_types.defs names.  A port's type says what it stands for. */
#ifndef _MACH_MACH_TYPES_H_
#define _MACH_MACH_TYPES_H_

#include <mach/clock_types.h>
#include <mach/exception_types.h>
#include <mach/host_info.h>
#include <mach/ipc_info.h>
#include <mach/kern_return.h>
#include <mach/mach_voucher_types.h>
#include <mach/memory_object_types.h>
#include <mach/message.h>
#include <mach/policy.h>
#include <mach/port.h>
#include <mach/processor_info.h>
#include <mach/std_types.h>
#include <mach/sync_policy.h>
#include <mach/task_info.h>
#include <mach/task_policy.h>
#include <mach/thread_info.h>
#include <mach/thread_policy.h>
#include <mach/thread_status.h>
#include <mach/time_value.h>
#include <mach/vm_attributes.h>
#include <mach/vm_behavior.h>
#include <mach/vm_inherit.h>
#include <mach/vm_prot.h>
#include <mach/vm_purgable.h>
#include <mach/vm_region.h>
#include <mach/vm_statistics.h>
#include <mach/vm_sync.h>

typedef mach_port_t host_t;
typedef mach_port_t host_priv_t;
typedef mach_port_t host_security_t;
typedef mach_port_t processor_t;
typedef mach_port_t processor_set_t;
typedef mach_port_t processor_set_control_t;
typedef mach_port_t processor_set_name_t;
typedef mach_port_t task_t;
typedef mach_port_t task_name_t;
typedef mach_port_t task_inspect_t;
typedef mach_port_t task_read_t;
typedef mach_port_t task_policy_get_t;
typedef mach_port_t task_policy_set_t;
typedef mach_port_t task_suspension_token_t;
typedef mach_port_t task_id_token_t;
typedef mach_port_t thread_t;
typedef mach_port_t thread_act_t;
typedef mach_port_t thread_inspect_t;
typedef mach_port_t thread_read_t;
typedef mach_port_t ipc_space_t;
typedef mach_port_t ipc_space_read_t;
typedef mach_port_t ipc_space_inspect_t;
typedef mach_port_t vm_map_t;
typedef mach_port_t vm_map_read_t;
typedef mach_port_t vm_map_inspect_t;
typedef mach_port_t vm_task_entry_t;
typedef mach_port_t vm_named_entry_t;
typedef mach_port_t mem_entry_name_port_t;
typedef mach_port_t semaphore_t;
typedef mach_port_t lock_set_t;
typedef mach_port_t ledger_t;
typedef mach_port_t clock_serv_t;
typedef mach_port_t clock_ctrl_t;
typedef mach_port_t clock_reply_t;
typedef mach_port_t io_main_t;
typedef mach_port_t UNDServerRef;
typedef mach_port_t mach_eventlink_t;
typedef mach_port_t ipc_eventlink_t;
typedef mach_port_t *eventlink_port_pair_t;

/* Older names of the same rights. */
typedef mach_port_t task_port_t;
typedef mach_port_t thread_port_t;
typedef mach_port_t thread_act_port_t;
typedef mach_port_t ipc_space_port_t;
typedef mach_port_t host_name_t;
typedef mach_port_t host_name_port_t;
typedef mach_port_t processor_port_t;
typedef mach_port_t processor_set_port_t;
typedef mach_port_t processor_set_name_port_t;
typedef mach_port_t processor_set_control_port_t;
typedef mach_port_t semaphore_port_t;
typedef mach_port_t clock_serv_port_t;
typedef mach_port_t clock_ctrl_port_t;

typedef uint32_t mach_eventlink_create_option_t;
typedef uint32_t mach_eventlink_associate_option_t;
typedef uint32_t mach_eventlink_disassociate_option_t;
typedef uint32_t mach_eventlink_signal_wait_option_t;

typedef processor_t *processor_array_t;
typedef processor_port_t *processor_port_array_t;
typedef processor_set_name_port_t *processor_set_name_port_array_t;
typedef task_port_t *task_port_array_t;
typedef thread_port_t *thread_port_array_t;
typedef thread_act_port_t *thread_act_port_array_t;
typedef processor_set_t *processor_set_array_t;
typedef processor_set_name_t *processor_set_name_array_t;
typedef task_t *task_array_t;
typedef thread_t *thread_array_t;
typedef thread_act_t *thread_act_array_t;
typedef ledger_t *ledger_array_t;

/* How many of mach_ports_register's ports there are. */
#define MACH_PORTS_SLOTS_USED 3

#define HOST_NULL ((host_t)0)
#define HOST_PRIV_NULL ((host_priv_t)0)
#define HOST_SECURITY_NULL ((host_security_t)0)
#define PROCESSOR_NULL ((processor_t)0)
#define PROCESSOR_SET_NULL ((processor_set_t)0)
#define TASK_NULL ((task_t)0)
#define TASK_NAME_NULL ((task_name_t)0)
#define TASK_INSPECT_NULL ((task_inspect_t)0)
#define TASK_READ_NULL ((task_read_t)0)
#define TASK_ID_TOKEN_NULL ((task_id_token_t)0)
#define THREAD_NULL ((thread_t)0)
#define THREAD_INSPECT_NULL ((thread_inspect_t)0)
#define THREAD_READ_NULL ((thread_read_t)0)
#define VM_MAP_NULL ((vm_map_t)0)
#define VM_MAP_READ_NULL ((vm_map_read_t)0)
#define VM_MAP_INSPECT_NULL ((vm_map_inspect_t)0)
#define VM_NAMED_ENTRY_NULL ((vm_named_entry_t)0)
#define SEMAPHORE_NULL ((semaphore_t)0)
#define CLOCK_NULL ((clock_serv_t)0)
#define MACH_EVENTLINK_NULL ((mach_eventlink_t)0)

#endif
