/* SPDX-License-Identifier: BSD-2-Clause */
/* interfaces.c - the interfaces that the kernel serves, those most used first. */
#include "kern/interfaces.h"

#include <stddef.h>

#include "gen/kernel/mach_host_server.h"
#include "gen/kernel/mach_port_server.h"
#include "gen/kernel/task_server.h"
#include "gen/kernel/thread_act_server.h"

#define TABLE(subsystem) ((const struct mig_subsystem *)(const void *)&(subsystem))

const struct mig_subsystem *const kernel_interfaces[] = {
    TABLE(kernel_mach_port_subsystem), TABLE(kernel_task_subsystem), TABLE(kernel_thread_act_subsystem),
    TABLE(kernel_mach_host_subsystem), NULL,
};
