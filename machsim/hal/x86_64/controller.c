/* SPDX-License-Identifier: BSD-2-Clause */
/* controller.c - the local APIC: see controller.h.  Source: Intel, Software Developer's Manual, volume 3, chapter 11. */
#include "hal/x86_64/controller.h"

#include "hal/x86_64/cpu.h"
#include "hal/x86_64/machine.h"

enum {
    NAME = 0x20,
    END_OF_INTERRUPT = 0xb0,
    SPURIOUS = 0xf0,
    COMMAND = 0x300,
    COMMAND_TO = 0x310,
    TIMER = 0x320,
    INITIAL = 0x380,
    CURRENT = 0x390,
    DIVIDE = 0x3e0
};
enum { ENABLED = 0x100, BY_16 = 3, UNREFUSABLE = 4 << 8, RESET = 5 << 8, STARTUP = 6 << 8, UNDER_WAY = 1 << 12, ASSERT = 1 << 14 };

static volatile uint32_t *at(uint32_t offset)
{
    return (volatile uint32_t *)memory_at(CONTROLLER_ADDRESS + offset);
}

void controller_start(void)
{
    *at(SPURIOUS) = ENABLED | VECTOR_SPURIOUS;
    *at(DIVIDE) = BY_16;
    *at(TIMER) = VECTOR_TIMER; /* one shot */
}

uint32_t controller_name(void)
{
    return *at(NAME) >> 24;
}

void controller_interrupt_ends(void)
{
    *at(END_OF_INTERRUPT) = 0;
}

void controller_set_timer(uint32_t ticks)
{
    *at(INITIAL) = ticks;
}

uint32_t controller_timer(void)
{
    return *at(CURRENT);
}

void controller_route(uint64_t lines, unsigned line, uint8_t vector, uint32_t name)
{
    volatile uint32_t *which = memory_at(lines), *value = memory_at(lines + 0x10);

    *which = 0x11 + 2 * line;
    *value = name << 24;
    *which = 0x10 + 2 * line;
    *value = vector;
}

static void command(uint32_t name, uint32_t what)
{
    *at(COMMAND_TO) = name << 24;
    *at(COMMAND) = what | ASSERT;
    while (*at(COMMAND) & UNDER_WAY)
        cpu_pause();
}

void controller_send(uint32_t name, uint8_t vector)
{
    command(name, vector);
}

void controller_stop(uint32_t name)
{
    command(name, UNREFUSABLE);
}

static void wait(uint64_t nanoseconds)
{
    for (const uint64_t end = hal_now() + nanoseconds; hal_now() < end;)
        cpu_pause();
}

void controller_begin(uint32_t name, uint8_t page)
{
    command(name, RESET);
    wait(10000000);
    for (int i = 0; i < 2; i++) {
        command(name, STARTUP | page);
        wait(200000);
    }
}
