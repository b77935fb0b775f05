/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/task_special_ports.h - ports that a task has from the start: task_get_special_port. */
#ifndef _MACH_TASK_SPECIAL_PORTS_H_
#define _MACH_TASK_SPECIAL_PORTS_H_

#define TASK_KERNEL_PORT 1
#define TASK_HOST_PORT 2
#define TASK_NAME_PORT 3
#define TASK_BOOTSTRAP_PORT 4
#define TASK_INSPECT_PORT 5
#define TASK_READ_PORT 6
#define TASK_ACCESS_PORT 9
#define TASK_DEBUG_CONTROL_PORT 10
#define TASK_RESOURCE_NOTIFY_PORT 11
#define TASK_MAX_SPECIAL_PORT 11

/* The names that a new task has for its own port and its bootstrap port, before it has made a call. */
#define TASK_SELF_NAME 0x103
#define TASK_BOOTSTRAP_NAME 0x203

#endif
