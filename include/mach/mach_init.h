/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/mach_init.h - the ports that a task has from the start.  Source: XNU, mach/mach_init.h; mach_task_self(2). */
#ifndef _MACH_MACH_INIT_H_
#define _MACH_MACH_INIT_H_

#include <mach/mach_types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The calling task's own port; no reference is given, and no call is made. */
extern mach_port_t mach_task_self_;
#define mach_task_self() mach_task_self_
#define current_task() mach_task_self()

/* The task's bootstrap port, from which it finds everything else; no reference is given. */
extern mach_port_t bootstrap_port;

/* Memory is handed out in pages. */
extern vm_size_t vm_page_size;
extern vm_size_t vm_page_mask;
extern int vm_page_shift;
#define trunc_page(x) ((vm_offset_t)(x) & ~((vm_offset_t)vm_page_size - 1))
#define round_page(x) trunc_page((vm_offset_t)(x) + (vm_page_size - 1))
#define mach_vm_trunc_page(x) ((mach_vm_offset_t)trunc_page(x))
#define mach_vm_round_page(x) ((mach_vm_offset_t)round_page(x))

/*
 * Connects the process to its kernel, which the first call does otherwise.
 * KERN_SUCCESS; KERN_FAILURE: no kernel could be reached or started.
 */
int mach_init(void);

/*
 * The calling thread's port, and the host's.  Each call gives one more user reference to the send right.
 * MACH_PORT_NULL: there was no room for its name, or no kernel.
 */
mach_port_t mach_thread_self(void);
mach_port_t mach_host_self(void);

/* A new receive right, for replies.  MACH_PORT_NULL: there was no room, or no kernel. */
mach_port_name_t mach_reply_port(void);

/* Whether `task` names the caller's own. */
boolean_t mach_task_is_self(task_t task);

/*
 * A send right for the port of the task that the process `pid` is, or for its name port.  `target` is the caller's
 * own task.  Who may have it: the same user, if neither has changed identity, and root.
 * KERN_INVALID_ARGUMENT: target is not the caller.  KERN_FAILURE: there is no such task, or it is another user's.
 */
kern_return_t task_for_pid(mach_port_name_t target, int pid, mach_port_name_t *task);
kern_return_t task_name_for_pid(mach_port_name_t target, int pid, mach_port_name_t *name);
/* The process that a task, known by its port or name port, is.  KERN_FAILURE: it is no task's. */
kern_return_t pid_for_task(mach_port_name_t task, int *pid);

/* Older names of mach_host_self and mach_task_self; and of letting go of a send right. */
mach_port_t host_self(void);
kern_return_t mach_voucher_deallocate(mach_port_name_t voucher);

/* Names of a kind of processor, as Mach numbers them. */
void slot_name(int type, int subtype, char **type_name, char **subtype_name);

/* Writes to the standard error; and ends the program after that. */
int fprintf_stderr(const char *format, ...);
void panic(const char *format, ...);

/* The size of a page of the host's. */
kern_return_t host_page_size(host_t host, vm_size_t *size);

#ifdef __cplusplus
}
#endif

#endif
