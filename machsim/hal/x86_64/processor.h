/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * processor.h - processors, and what each has for itself.
 *
 * All run the same kernel.  A processor is in a program, idle, or in the kernel; there it does one thing after the other,
 * with interrupts off.  Only it touches its own struct, but for the fields that say otherwise.
 */
#ifndef X86_64_PROCESSOR_H
#define X86_64_PROCESSOR_H

#include <stdatomic.h>

#include "hal/x86_64/machine.h"
#include "kern/inline.h"

#define PROCESSORS_MAX 32u

/* COPYING: in the kernel, but goes by what a program sees; whoever changes that waits for it. */
enum place { IN_KERNEL, IN_PROGRAM, COPYING, IDLE };

struct __attribute__((packed)) task_state {
    uint32_t unused;
    uint64_t stacks[3], unused_too, interrupt_stacks[7];
    uint64_t unused_last;
    uint16_t unused_more, io_map;
};

/* Blocks of one size that a processor keeps: zone.c. */
#define ZONE_COUNT 14
struct kept {
    void *first; /* each begins with the next */
    uint32_t count;
};

struct cpu {
    void *stack;         /* entry.S knows these four: the kernel's stack here, */
    uint64_t scratch;    /* for a moment what a register had, */
    void *registers_end; /* of the program whose turn it is, */
    struct cpu *self;    /* this */
    unsigned number;
    uint32_t controller; /* of interrupts: its name */
    struct processor core;
    struct program *_Atomic current; /* who is, or was just now, in its program; others compare it */
    _Atomic uint64_t since;     /* when that began there, by the counter; others read it */
    struct program *vectors_of; /* whose vector registers are there */
    struct program *next;       /* who goes on here before all others: schedule.c */
    struct hal_pmap *_Atomic pmap; /* what it sees; NULL: the kernel's half alone */
    uint64_t fs_base, gs_base;  /* as they are for programs */
    struct list runnable;       /* threads whose continuations are to be called */
    struct hal_rcu *callbacks, **last_callback; /* waiting for the grace period that begins with `epoch` */
    struct hal_rcu *new_callbacks, **last_new;
    uint32_t callback_count;    /* in both */
    uint64_t epoch;
    uint64_t quantum_end, alarm; /* 0: none */
    bool unlimited;             /* runs a program without a quantum: the scheduler's lock; so for the next two */
    unsigned priority;          /* of that program; 0: it runs none, or one that gives way to all others */
    _Atomic bool chooses;       /* is to choose who runs before a program goes on */
    _Atomic uint64_t in_kernel_since; /* an epoch; 0: it is not in the kernel.  Others read it */
    _Atomic uint32_t place;     /* an enum place; others read it */
    _Atomic bool flush;         /* others: what it remembers of its map is to be forgotten before a program goes on */
    struct kept kept[ZONE_COUNT];
    uint64_t bytes; /* allocated here, less those freed here */
    uint64_t segments[7];
    struct task_state state;
};

extern struct cpu *processors[PROCESSORS_MAX];
extern unsigned processor_count;

static inline struct cpu *cpu_self(void)
{
    struct cpu *self;

    __asm__("movq %%gs:24, %0" : "=r"(self));
    return self;
}

/* The first, which runs. */
void processor_start(void);
/* What each does first. */
void processor_prepare(struct cpu *cpu);
/* The others, as the tables of the firmware name them; each ends in processor_enter when it may go. */
void processor_start_others(void);
void processor_go(void);
/* A stack with nothing mapped below. */
void stack_make(struct cpu *cpu);

/* From now on it goes by what a program sees, as that is now. */
void processor_sees(struct cpu *cpu, enum place place);

/* Coming into the kernel and leaving it; what is more to be done where there are others. */
void processor_came_among(struct cpu *cpu);
void processor_leaves_among(struct cpu *cpu, enum place place);

ALWAYS_INLINE void processor_came(struct cpu *cpu)
{
    atomic_store_explicit(&cpu->place, IN_KERNEL, memory_order_relaxed);
    if (UNLIKELY(processor_count > 1))
        processor_came_among(cpu);
}

ALWAYS_INLINE void processor_leaves(struct cpu *cpu, enum place place)
{
    if (processor_count > 1)
        processor_leaves_among(cpu, place);
    else
        atomic_store_explicit(&cpu->place, place, memory_order_relaxed);
}

/* What is mapped at an address in a pmap is what the processor sees from now on; NULL: the kernel's half alone. */
void pmap_load(struct cpu *cpu, struct hal_pmap *pmap);

ALWAYS_INLINE void pmap_use(struct cpu *cpu, struct hal_pmap *pmap)
{
    if (atomic_load_explicit(&cpu->pmap, memory_order_relaxed) != pmap)
        pmap_load(cpu, pmap);
}

/* An interrupt for another, which has it look for work. */
void processor_rouse(const struct cpu *cpu);
/* The same for all others at once, which end. */
void processor_stop_others(void);

/* Calls the continuations that wait here: whoever they are of is the next to go on, mostly. */
void processor_continue(struct cpu *cpu);
/* Does what there is to do: continuations, timers, callbacks.  True: there was something. */
bool processor_work(void);
/* Callbacks only give memory back: so many may wait until the processor has something else to do, or is interrupted. */
#define CALLBACKS_WAIT 32u

/* Whether there is something to do but continuations, and what an interrupt will tell of. */
static inline bool processor_is_busy(const struct cpu *cpu)
{
    return cpu->core.deferred.first != NULL || cpu->callback_count > CALLBACKS_WAIT;
}
/* Whether callbacks wait for other processors. */
bool processor_owes(const struct cpu *cpu);

#endif
