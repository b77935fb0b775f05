/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/port_descriptions.h - special ports in words.  Source: XNU, mach/port_descriptions.h. */
#ifndef _MACH_PORT_DESCRIPTIONS_H_
#define _MACH_PORT_DESCRIPTIONS_H_

#ifdef __cplusplus
extern "C" {
#endif

/* What a special port is, such as "host privileged port"; NULL: there is none of that number. */
const char *mach_host_special_port_description(int port);
const char *mach_task_special_port_description(int port);
const char *mach_thread_special_port_description(int port);

/* The number of the constant with a name, such as "HOST_PRIV_PORT"; -1: there is none. */
int mach_host_special_port_for_id(const char *id);
int mach_task_special_port_for_id(const char *id);
int mach_thread_special_port_for_id(const char *id);

#ifdef __cplusplus
}
#endif

#endif
