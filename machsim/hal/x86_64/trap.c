/* SPDX-License-Identifier: BSD-2-Clause */
/* trap.c - descriptor tables, and what becomes of exceptions and interrupts: see machine.h. */
#include "hal/x86_64/cpu.h"
#include "hal/x86_64/user.h"

enum { KERNEL_CODE = 8, KERNEL_DATA = 16, TASK_STATE = 40 };

int *volatile fault_expected;
void *volatile fault_resume;

/* ---- tables ---------------------------------------------------------------------------------------- */

struct __attribute__((packed)) task_state {
    uint32_t unused;
    uint64_t stacks[3], unused_too, interrupt_stacks[7];
    uint64_t unused_last;
    uint16_t unused_more, io_map;
};

struct gate {
    uint16_t low, selector;
    uint8_t stack, kind;
    uint16_t middle;
    uint32_t high, zero;
};

struct __attribute__((packed)) table_pointer {
    uint16_t limit;
    uint64_t base;
};

static uint64_t segments[7] = {
    0,
    0x00af9a000000ffff, /* code of the kernel */
    0x00cf92000000ffff, /* its data */
    0x00cff2000000ffff, /* data of programs */
    0x00affa000000ffff, /* their code */
};
static struct gate gates[256];
static struct task_state state;
static _Alignas(16) char double_fault_stack[4096];
extern char trap_vectors[256][16];

static void set_gate(unsigned vector, unsigned stack)
{
    const uint64_t place = (uint64_t)trap_vectors[vector];

    gates[vector] = (struct gate){.low = (uint16_t)place,
                                  .selector = KERNEL_CODE,
                                  .stack = (uint8_t)stack,
                                  .kind = 0x8e,
                                  .middle = (uint16_t)(place >> 16),
                                  .high = (uint32_t)(place >> 32)};
}

static void load_segments(void)
{
    const uint64_t base = (uint64_t)&state, limit = sizeof state - 1;
    const struct table_pointer pointer = {.limit = sizeof segments - 1, .base = (uint64_t)segments};

    state.io_map = sizeof state;
    state.interrupt_stacks[0] = (uint64_t)(double_fault_stack + sizeof double_fault_stack);
    segments[TASK_STATE / 8] = limit | (base & 0xffffff) << 16 | (uint64_t)0x89 << 40 | (base >> 24 & 0xff) << 56;
    segments[TASK_STATE / 8 + 1] = base >> 32;
    __asm__ volatile("lgdt %0; ltr %w1" : : "m"(pointer), "r"(TASK_STATE));
}

void trap_set_stack(void *top)
{
    state.stacks[0] = (uint64_t)top;
}

void trap_start(void)
{
    const struct table_pointer pointer = {.limit = sizeof gates - 1, .base = (uint64_t)gates};

    load_segments();
    for (unsigned vector = 0; vector < 256; vector++)
        set_gate(vector, vector == 8);
    __asm__ volatile("lidt %0" : : "m"(pointer));
}

/* ---- handling -------------------------------------------------------------------------------------- */

const char *trap_name(uint64_t vector)
{
    static const char *const names[] = {
        "division by zero", "debug trap", "non-maskable interrupt", "breakpoint", "overflow", "bounds", "undefined instruction",
        "no coprocessor", "double fault", "coprocessor overrun", "bad task state", "segment not present", "stack fault",
        "general protection", "page fault", "reserved", "floating point", "alignment", "machine check", "vector floating point",
    };

    return vector < sizeof names / sizeof *names ? names[vector] : "an interrupt that no one expects";
}

void trap_handle(struct trap_frame *frame);
void trap_handle(struct trap_frame *frame)
{
    switch (frame->vector) {
    case VECTOR_TIMER: clock_interrupt(); return;
    case VECTOR_SPURIOUS: return;
    default: break;
    }
    if (fault_expected == NULL || frame->vector >= 32)
        panic_at(frame, trap_name(frame->vector));
    *fault_expected = (int)frame->vector;
    frame->rip = (uint64_t)fault_resume;
}
