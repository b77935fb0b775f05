/* SPDX-License-Identifier: BSD-2-Clause */
/* trap.h - how a thread enters the core: trap numbers are XNU's, made positive. */
#ifndef KERN_TRAP_H
#define KERN_TRAP_H

#include <stdbool.h>
#include <stdint.h>

struct thread;

enum trap_number {
    TRAP_VM_ALLOCATE = 10,    /* own task, address, size, flags -> result; address */
    TRAP_VM_DEALLOCATE = 12,  /* own task, address, size -> result */
    TRAP_VM_PROTECT = 14,     /* own task, address, size, whether the maximum, protection -> result */
    TRAP_PORT_ALLOCATE = 16,  /* own task, kind of right -> result; name */
    TRAP_PORT_DESTROY = 17,   /* own task, name -> result */
    TRAP_PORT_DEALLOCATE = 18, /* own task, name -> result */
    TRAP_PORT_MOD_REFS = 19,  /* own task, name, kind of right, delta -> result */
    TRAP_REPLY_PORT = 26,  /* -> name of a new receive right, or MACH_PORT_NULL */
    TRAP_THREAD_SELF = 27, /* -> name of a send right, one more user reference */
    TRAP_TASK_SELF = 28,
    TRAP_HOST_SELF = 29,
    TRAP_PRINT = 30,       /* text: GNU Mach's mach_print, for machines that have a console; theirs, not the core's */
    TRAP_MACH_MSG = 31, /* message, option, send size, receive size, receive name, timeout, notify */
    TRAP_MACH_MSG_OVERWRITE = 32, /* the same; address to receive at, size of the scatter list there */
    TRAP_TASK_NAME_FOR_PID = 44,  /* own task, pid -> result; name */
    TRAP_TASK_FOR_PID = 45,       /* own task, pid -> result; name */
    TRAP_PID_FOR_TASK = 46,       /* task -> result; pid */
};

#define TRAP_MAX_ARGUMENTS 9

/*
 * Does a trap: those of messages have TRAP_MAX_ARGUMENTS arguments, others six at most.  It ends in hal_thread_return, now or
 * later; until then the thread makes no other.
 */
void trap(struct thread *thread, uint32_t number, const uint64_t *arguments);
/* The same for mach_msg, whose arguments are in thread->msg. */
void trap_message(struct thread *thread);
/* Whether there is a trap of that number; others give KERN_INVALID_ARGUMENT. */
bool trap_exists(uint32_t number);

#endif
