/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * convert.h - from the ports in requests to the objects that they stand for: mach_types.defs says where.
 * Each conversion gives a reference, or NULL where the port stands for no such object (any more).
 */
#ifndef KERN_CONVERT_H
#define KERN_CONVERT_H

#include <mach/port.h>

#include "ipc/port.h"

struct host;
typedef struct ipc_space *space_ref_t;
typedef struct task *task_ref_t;
typedef struct thread *thread_ref_t;
typedef const struct host *host_ref_t; /* there is one: no reference is counted */

space_ref_t convert_port_to_space(mach_port_t port);
void space_deallocate(space_ref_t space);

task_ref_t convert_port_to_task(mach_port_t port);
/* A task by its name port will do too. */
task_ref_t convert_port_to_task_name(mach_port_t port);
void task_deallocate(task_ref_t task);

/* The name of a send right, for a reply; MACH_PORT_NULL without memory.  Consumes the reference. */
mach_port_t convert_task_to_port(task_ref_t task);
mach_port_t convert_thread_to_port(thread_ref_t thread);

/* What a port of a type stands for, if such objects last as long as the kernel: no reference is counted.  NULL: it is no such port. */
void *convert_port_to_lasting(mach_port_t port, enum ipc_object_type type);

struct vm_named_entry;
struct vm_pager;
typedef struct vm_pager *pager_ref_t;
/* The object that a manager speaks of, by its control port. */
pager_ref_t convert_port_to_pager(mach_port_t port);
void pager_deallocate(pager_ref_t pager);
/* A new send right for a port of a program's, which may be a manager; NULL: it is the kernel's, or dead. */
struct ipc_port *convert_port_to_manager(mach_port_t port);
/* A named entry of memory. */
struct vm_named_entry *convert_port_to_named_entry(mach_port_t port);

thread_ref_t convert_port_to_thread(mach_port_t port);
void thread_deallocate(thread_ref_t thread);

host_ref_t convert_port_to_host(mach_port_t port);
host_ref_t convert_port_to_host_priv(mach_port_t port);
mach_port_t convert_host_to_port(host_ref_t host);

#endif
