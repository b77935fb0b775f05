/* SPDX-License-Identifier: BSD-2-Clause */
/* others.c - stacks of processors, and how all but the first start: see processor.h. */
#include "hal/x86_64/acpi.h"
#include "hal/x86_64/controller.h"
#include "hal/x86_64/cpu.h"
#include "hal/x86_64/user.h"

/* In a processor's part of the stacks: a page for double faults, and the stack itself up to the end. */
#define DOUBLE_FAULT 0x2000
#define STACK 0x8000

extern uint64_t boot_map[], boot_pointers[];
extern char trampoline[], trampoline_end[];
/* boot.S: what the processor that starts is to have. */
extern void *trampoline_stack;
extern struct cpu *trampoline_cpu;

static _Atomic bool may_go;

/* ---- stacks ---------------------------------------------------------------------------------------- */

static void map_page(uint64_t address)
{
    const uint64_t physical = memory_take(0);

    if (physical == 0 || !pmap_enter_kernel(address, physical))
        panic_at(NULL, "there is no memory for a processor's stack");
}

void stack_make(struct cpu *cpu)
{
    const uint64_t part = STACKS + cpu->number * (uint64_t)STACK_SPACE;

    map_page(part + DOUBLE_FAULT);
    for (uint64_t at = STACK; at < STACK_SPACE; at += HAL_PAGE_SIZE)
        map_page(part + at);
    cpu->stack = (void *)(part + STACK_SPACE);
    cpu->state.interrupt_stacks[0] = part + DOUBLE_FAULT + HAL_PAGE_SIZE;
}

/* ---- starting -------------------------------------------------------------------------------------- */

/* Where another begins, on its stack. */
_Noreturn void processor_other(struct cpu *cpu);
_Noreturn void processor_other(struct cpu *cpu)
{
    processor_prepare(cpu);
    trap_start(cpu, (void *)cpu->state.interrupt_stacks[0]);
    controller_start();
    atomic_store(&cpu->in_kernel_since, 0);
    atomic_store(&cpu->place, IDLE);
    while (!atomic_load(&may_go))
        cpu_pause();
    cpu_set_map((uint64_t)boot_map - KERNEL_BASE); /* without what was at 0 */
    processor_enter(cpu);
}

void processor_go(void)
{
    atomic_store(&may_go, true);
}

/* False: it does not come. */
static bool start(struct cpu *cpu)
{
    trampoline_cpu = cpu;
    trampoline_stack = cpu->stack;
    controller_begin(cpu->controller, TRAMPOLINE >> HAL_PAGE_SHIFT);
    for (const uint64_t end = hal_now() + 2000000000u; atomic_load(&cpu->place) != IDLE && hal_now() < end;)
        cpu_pause();
    return atomic_load(&cpu->place) == IDLE;
}

static void start_one(uint32_t controller)
{
    struct cpu *cpu = hal_alloc(sizeof *cpu);

    if (cpu == NULL)
        return;
    cpu->number = processor_count;
    cpu->controller = controller;
    stack_make(cpu);
    if (start(cpu))
        processors[processor_count++] = cpu;
    else
        console_print("machsim: the processor with controller %u does not start\n", controller);
}

void processor_start_others(void)
{
    uint32_t controllers[PROCESSORS_MAX];
    const unsigned count = acpi_processors(controllers, PROCESSORS_MAX);

    cpu_self()->controller = controller_name();
    memcpy(memory_at(TRAMPOLINE), trampoline, (size_t)(trampoline_end - trampoline));
    boot_map[0] = ((uint64_t)boot_pointers - KERNEL_BASE) | 3; /* they begin where addresses are physical ones */
    for (unsigned i = 0; i < count; i++)
        if (controllers[i] != cpu_self()->controller)
            start_one(controllers[i]);
    boot_map[0] = 0;
    cpu_set_map(cpu_map());
}
