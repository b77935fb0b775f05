/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * user.h - threads of programs: their registers while they are in the kernel, and who runs next.
 *
 * The kernel has one stack for each processor and none for threads: whatever brings a thread into the kernel ends in
 * processor_run, which never returns.
 */
#ifndef X86_64_USER_H
#define X86_64_USER_H

#include "hal/x86_64/machine.h"
#include "kern/thread.h"
#include "kern/waiter.h"

struct program {
    struct trap_frame registers; /* entry.S puts them there; they end on 16 bytes, as the processor wants it */
    _Alignas(16) unsigned char vectors[512]; /* x87 and SSE, as fxsave has them */
    struct list link;     /* among those that may run */
    struct thread *thread; /* a reference */
    struct waiter waiter; /* of a page fault that has to wait */
    uint64_t fault;       /* where, and */
    int access;           /* for what */
    bool in_trap, gone;
};

/* A thread of a task that begins at a place, with a stack.  NULL: no memory, or too many. */
struct program *program_make(struct task *task, uint64_t place, uint64_t stack);

/* The thread that ran has come into the kernel: its registers are saved. */
_Noreturn void program_trap(void);

/* Does what is to be done, and runs whose turn it is. */
_Noreturn void processor_run(void);

void program_start(void);

/* init.c: the first program, from the archive that the boot loader has brought.  False: there is none, and it was said why. */
bool init_start(void);

#endif
