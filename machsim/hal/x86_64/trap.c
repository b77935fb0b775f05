/* SPDX-License-Identifier: BSD-2-Clause */
/* trap.c - descriptor tables, and what becomes of exceptions and interrupts: see machine.h. */
#include "hal/x86_64/controller.h"
#include "hal/x86_64/cpu.h"
#include "hal/x86_64/processor.h"

enum { KERNEL_CODE = 8, KERNEL_DATA = 16, TASK_STATE = 40 };

int *volatile fault_expected;
void *volatile fault_resume;

/* ---- tables ---------------------------------------------------------------------------------------- */

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

static const uint64_t segments[5] = {
    0,
    0x00af9a000000ffff, /* code of the kernel */
    0x00cf92000000ffff, /* its data */
    0x00cff2000000ffff, /* data of programs */
    0x00affa000000ffff, /* their code */
};
static struct gate gates[256];
extern char trap_vectors[256][16];

static void set_gate(unsigned vector, unsigned stack)
{
    const uint64_t place = (uint64_t)trap_vectors[vector];

    gates[vector] = (struct gate){.low = (uint16_t)place,
                                  .selector = KERNEL_CODE,
                                  .stack = (uint8_t)stack,
                                  .kind = vector == VECTOR_BREAKPOINT ? 0xee : 0x8e, /* a program may do int3 */
                                  .middle = (uint16_t)(place >> 16),
                                  .high = (uint32_t)(place >> 32)};
}

static void load_segments(struct cpu *cpu, void *double_fault_stack)
{
    const uint64_t base = (uint64_t)&cpu->state, limit = sizeof cpu->state - 1;
    const struct table_pointer pointer = {.limit = sizeof cpu->segments - 1, .base = (uint64_t)cpu->segments};

    memcpy(cpu->segments, segments, sizeof segments);
    cpu->state.io_map = sizeof cpu->state;
    cpu->state.interrupt_stacks[0] = (uint64_t)double_fault_stack;
    cpu->segments[TASK_STATE / 8] = limit | (base & 0xffffff) << 16 | (uint64_t)0x89 << 40 | (base >> 24 & 0xff) << 56;
    cpu->segments[TASK_STATE / 8 + 1] = base >> 32;
    __asm__ volatile("lgdt %0; ltr %w1" : : "m"(pointer), "r"(TASK_STATE));
}

void trap_start(struct cpu *cpu, void *double_fault_stack)
{
    const struct table_pointer pointer = {.limit = sizeof gates - 1, .base = (uint64_t)gates};

    load_segments(cpu, double_fault_stack);
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

/* entry.S: a fault in the one goes on at the other. */
extern char copy_user_start[], copy_user_end[], copy_failed[];

void trap_handle(struct trap_frame *frame);
void trap_handle(struct trap_frame *frame)
{
    switch (frame->vector) {
    case VECTOR_TIMER: (void)clock_interrupt(); return;
    case VECTOR_ROUSE: controller_interrupt_ends(); return;
    case VECTOR_CONSOLE: console_interrupt(); return;
    case VECTOR_UNREFUSABLE: cpu_stop(); /* another panics */
    case VECTOR_SPURIOUS: return;
    default: break;
    }
    if (frame->vector == VECTOR_PAGE_FAULT && frame->rip >= (uint64_t)copy_user_start && frame->rip < (uint64_t)copy_user_end) {
        frame->rip = (uint64_t)copy_failed;
        return;
    }
    if (fault_expected == NULL || frame->vector >= 32)
        panic_at(frame, trap_name(frame->vector));
    *fault_expected = (int)frame->vector;
    frame->rip = (uint64_t)fault_resume;
}
