/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * user.h - threads of programs: their registers while they are in the kernel, and who runs next.
 *
 * The kernel has one stack for each processor and none for threads: whatever brings a thread into the kernel ends in
 * processor_run, which never returns.
 */
#ifndef X86_64_USER_H
#define X86_64_USER_H

#include "hal/x86_64/processor.h"
#include "kern/thread.h"
#include "kern/waiter.h"

/* Room for what xsave writes of x87, SSE and AVX registers. */
#define VECTORS_SIZE 832

/*
 * Where a program is.  Whoever works for it in the kernel has it alone, but for `stays`, which the scheduler's lock guards as it
 * does the change from one of these to another: schedule_go_on reads it without.
 */
enum turn { WORKING, READY, RUNNING, STOPPED };

/* Ended: it goes when its work is done.  Registers have been set that the processor may not have. */
enum { GONE = 1, CHANGED = 2, HELD = 4 };

struct program {
    struct trap_frame registers; /* entry.S puts them there; they end on 16 bytes, as the processor wants it */
    unsigned char vectors_room[VECTORS_SIZE + 48]; /* program_vectors */
    struct list link;      /* among those that may run */
    struct thread *thread; /* a reference */
    uint64_t fs_base, gs_base;
    struct waiter waiter; /* of a page fault that has to wait */
    uint64_t fault;       /* where, and */
    int access;           /* for what */
    _Atomic uint32_t turn; /* an enum turn */
    _Atomic uint32_t stays; /* why it does not just go on: GONE, CHANGED, and HELD as often as it is held; 0: it does */
    unsigned priority;      /* the scheduler's lock */
    struct hal_pmap *pmap;  /* its task's */
    _Atomic uint64_t time; /* how long it has run, by the counter, before its processor's `since` */
    struct hal_rcu rcu;
    unsigned on;          /* the processor that it runs on, or ran on last */
    unsigned vectors_on;  /* the same for its vector registers, if that has no other's */
};

/* ---- schedule.c ------------------------------------------------------------------------------------- */

void schedule_start(void);
/* Its work in the kernel is done: it goes on when it is its turn. */
void schedule(struct program *program);
/* The same for one that has had its turn. */
void schedule_last(struct program *program);
/* Whether a program that has come into the kernel just goes on: all is as it left it, but for what it was given. */
bool schedule_go_on(struct cpu *cpu, struct program *program);
/* Its registers are not those that the processor has. */
void schedule_changed(struct program *program);
/* Does what is to be done, and runs whose turn it is. */
_Noreturn void processor_run(void);
/* A processor begins with that; nothing is on its stack any more. */
_Noreturn void processor_enter(struct cpu *cpu);

/* ---- user.c ------------------------------------------------------------------------------------------ */

/* Vector registers that the processor has not: on 64 bytes, as it wants them, in a struct that lies on 16. */
static inline unsigned char *program_vectors(const struct program *program)
{
    return (unsigned char *)(((uint64_t)program->vectors_room + 63) & ~(uint64_t)63);
}

/* Serves the page fault of a program, from the start. */
void program_fault(struct waiter *waiter);
/*
 * The thread that ran has come into the kernel: its registers are saved.  From a system call this may come back, and then it goes
 * on at once, with those registers that functions keep as they are, and results in rax and rdx.
 */
void program_call(void);
/* The same for mach_msg, but it does not come back: only what functions keep is in the thread's registers. */
_Noreturn void program_message(uint64_t message, mach_msg_option_t option, mach_msg_size_t send_size, mach_msg_size_t receive_size,
                     mach_port_name_t receive_name, mach_msg_timeout_t timeout);
_Noreturn void program_trap(void);
/* Before there are any. */
void program_start(void);
/* entry.S: goes to the program that is in a system call of Mach's, whose registers but that call's results are where it left them. */
_Noreturn void program_go_on(void);
/* entry.S: goes to a program. */
_Noreturn void program_resume(const struct trap_frame *registers);

/* What programs may have: an address and the bytes from there on. */
static inline bool is_users(uint64_t address, uint64_t size)
{
    return size <= USER_END && address <= USER_END - size;
}

/* ---- state.c ----------------------------------------------------------------------------------------- */

void state_start(void);
/* As at the start of a program: all 0 but what must not be. */
void state_init(struct program *program);
/* The processor's vector registers, and back. */
void state_save_vectors(struct program *program);
void state_load_vectors(const struct program *program);

/* ---- init.c ------------------------------------------------------------------------------------------ */

/* The first program, from the archive that the boot loader has brought.  False: there is none, and it was said why. */
bool init_start(void);

#endif
