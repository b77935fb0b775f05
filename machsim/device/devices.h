/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * devices.h - devices: the machine's drivers (hal.h) and the core's own, each behind a port.  Whoever has the master port can open
 * them by name; who has a device's port can use it.  A read that finds nothing waits as a request does (kern/kobject.h).
 */
#ifndef DEVICE_DEVICES_H
#define DEVICE_DEVICES_H

#include "hal/hal.h"

struct ipc_port;

extern struct ipc_port *device_master_port; /* the kernel's receive right */

/* Makes the ports.  False: no memory. */
bool device_init(void);
/* time.c: the calendar, as a mach_timespec_t to be read, and as a mapped_time_value_t to be mapped. */
extern const struct hal_device device_time;
/* The kernel ends. */
void device_time_stop(void);

#endif
