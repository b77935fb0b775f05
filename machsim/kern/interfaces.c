/* SPDX-License-Identifier: BSD-2-Clause */
/* interfaces.c - the interfaces that the kernel serves: first those without routines that may wait, the most used first. */
#include "kern/interfaces.h"

#include <stddef.h>

#include "gen/kernel/clock_server.h"
#include "gen/kernel/clock_priv_server.h"
#include "gen/kernel/device_server.h"
#include "gen/kernel/host_priv_server.h"
#include "gen/kernel/host_security_server.h"
#include "gen/kernel/mach_eventlink_server.h"
#include "gen/kernel/mach_host_server.h"
#include "gen/kernel/mach_port_server.h"
#include "gen/kernel/mach_vm_server.h"
#include "gen/kernel/mach_voucher_server.h"
#include "gen/kernel/memory_entry_server.h"
#include "gen/kernel/memory_object_control_server.h"
#include "gen/kernel/processor_server.h"
#include "gen/kernel/processor_set_server.h"
#include "gen/kernel/semaphore_server.h"
#include "gen/kernel/task_server.h"
#include "gen/kernel/thread_act_server.h"
#include "gen/kernel/vm_map_server.h"

#define TABLE(subsystem) ((const struct mig_subsystem *)(const void *)&(subsystem))

const struct mig_subsystem *const kernel_interfaces[] = {
    TABLE(kernel_mach_port_subsystem),
    TABLE(kernel_task_subsystem),
    TABLE(kernel_thread_act_subsystem),
    TABLE(kernel_mach_host_subsystem), /* KERNEL_INTERFACES_AT_ONCE are these */
    TABLE(kernel_clock_subsystem),
    TABLE(kernel_clock_priv_subsystem),
    TABLE(kernel_device_subsystem),
    TABLE(kernel_host_priv_subsystem),
    TABLE(kernel_host_security_subsystem),
    TABLE(kernel_mach_eventlink_subsystem),
    TABLE(kernel_mach_vm_subsystem),
    TABLE(kernel_mach_voucher_subsystem),
    TABLE(kernel_memory_entry_subsystem),
    TABLE(kernel_memory_object_control_subsystem),
    TABLE(kernel_processor_subsystem),
    TABLE(kernel_processor_set_subsystem),
    TABLE(kernel_semaphore_subsystem),
    TABLE(kernel_vm_map_subsystem),
    NULL,
};
