/* SPDX-License-Identifier: BSD-2-Clause */
/* mach_msg.h - the trap that sends and receives. */
#ifndef IPC_MACH_MSG_H
#define IPC_MACH_MSG_H

struct thread;

/*
 * Sends, receives, or does both, as thread->msg says: mach_msg(2).  Ends in thread_return, now or when what the
 * thread waits for has come.
 */
void mach_msg_trap(struct thread *thread);

#endif
