/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock.c - time by the processors' counters, which go as one, alarms by their controllers' timers.  How fast the two go the
 * old interval timer tells, once.
 *
 * The core's alarm is armed on the processor that asked for it; it comes there alone, but whoever looks when it is due serves it.
 */
#include "hal/x86_64/controller.h"
#include "hal/x86_64/cpu.h"
#include "hal/x86_64/processor.h"

#define INTERVAL_HZ 1193182u
#define CALIBRATION (INTERVAL_HZ / 100) /* 10 ms */

/* Of 2^-32: nanoseconds of a tick of the counter, and ticks of the timer in a nanosecond. */
static uint64_t nanoseconds_per_tick, timer_per_nanosecond;
static uint64_t start;
static uint64_t calendar_start; /* the calendar when hal_now was 0 */
static _Atomic uint64_t alarm; /* 0: none */

/* Waits for 10 ms of the interval timer's second channel, which no one hears. */
static void wait_interval(void)
{
    cpu_out8(0x61, (uint8_t)((cpu_in8(0x61) & ~2) | 1));
    cpu_out8(0x43, 0xb0);
    cpu_out8(0x42, (uint8_t)CALIBRATION);
    cpu_out8(0x42, (uint8_t)(CALIBRATION >> 8));
    while (!(cpu_in8(0x61) & 0x20))
        cpu_pause();
}

static void calibrate(void)
{
    controller_set_timer(UINT32_MAX);
    const uint64_t before = cpu_timestamp();
    const uint32_t timer_before = controller_timer();

    wait_interval();
    const uint64_t ticks = (cpu_timestamp() - before) * 100, timer = (timer_before - controller_timer()) * (uint64_t)100;

    controller_set_timer(0);
    if (ticks == 0 || timer == 0 || timer > UINT32_MAX)
        panic_at(NULL, "the processor has no clock that goes");
    nanoseconds_per_tick = ((uint64_t)1000000000u << 32) / ticks;
    timer_per_nanosecond = (timer << 32) / 1000000000u;
}

/* ---- the calendar: a clock that runs on its battery -------------------------------------------------- */

static uint8_t calendar_register(uint8_t which)
{
    cpu_out8(0x70, which);
    return cpu_in8(0x71);
}

enum { SECONDS = 0, MINUTES = 2, HOURS = 4, DAY = 7, MONTH = 8, YEAR = 9, CHANGING = 10, FORMAT = 11 };
enum { IS_CHANGING = 0x80, IS_BINARY = 4, IS_24_HOURS = 2 };

static unsigned calendar_number(uint8_t which)
{
    const uint8_t value = calendar_register(which);

    return calendar_register(FORMAT) & IS_BINARY ? value : value / 16u * 10 + value % 16u;
}

/* Days from 1970 on to a day, in the calendar that begins in March.  Source: the Gregorian rule for leap years. */
static uint64_t days_to(unsigned year, unsigned month, unsigned day)
{
    const unsigned y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;

    return (uint64_t)y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

/* Seconds since 1970; it may just be changing, and then tells so. */
static uint64_t read_calendar(void)
{
    for (int i = 0; i < 100000 && (calendar_register(CHANGING) & IS_CHANGING); i++)
        cpu_pause();
    unsigned hours = calendar_number(HOURS);

    if (!(calendar_register(FORMAT) & IS_24_HOURS)) /* the upper bit is the afternoon */
        hours = (hours & 0x7f) % 12 + (calendar_register(HOURS) & 0x80 ? 12 : 0);
    const uint64_t days = days_to(2000 + calendar_number(YEAR), calendar_number(MONTH), calendar_number(DAY));

    return ((days * 24 + hours) * 60 + calendar_number(MINUTES)) * 60 + calendar_number(SECONDS);
}

void clock_start(void)
{
    cpu_out8(0x21, 0xff); /* the old interrupt controllers are silent */
    cpu_out8(0xa1, 0xff);
    controller_start();
    calibrate();
    start = cpu_timestamp();
    calendar_start = read_calendar() * 1000000000u;
}

static uint64_t scale(uint64_t value, uint64_t by)
{
    return (uint64_t)((unsigned __int128)value * by >> 32);
}

uint64_t clock_nanoseconds(uint64_t ticks)
{
    return scale(ticks, nanoseconds_per_tick);
}

uint64_t hal_now(void)
{
    return clock_nanoseconds(cpu_timestamp() - start) + 1;
}

/* The timer runs to what comes first here, or as far as it can. */
static void arm(const struct cpu *cpu)
{
    const uint64_t next = cpu->alarm == 0 || (cpu->quantum_end != 0 && cpu->quantum_end < cpu->alarm) ? cpu->quantum_end
                                                                                                      : cpu->alarm;

    if (next == 0) {
        controller_set_timer(0);
        return;
    }
    const uint64_t now = hal_now(), ticks = scale(next > now ? next - now : 1, timer_per_nanosecond) + 1;

    controller_set_timer(ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks);
}

uint64_t hal_calendar(void)
{
    return calendar_start + hal_now();
}

void hal_alarm(uint64_t deadline)
{
    struct cpu *cpu = cpu_self();

    atomic_store_explicit(&alarm, deadline, memory_order_relaxed);
    cpu->alarm = deadline;
    arm(cpu);
}

void clock_quantum(uint64_t nanoseconds)
{
    struct cpu *cpu = cpu_self();

    cpu->quantum_end = nanoseconds == 0 ? 0 : hal_now() + nanoseconds;
    arm(cpu);
}

bool clock_due(void)
{
    const uint64_t deadline = atomic_load_explicit(&alarm, memory_order_relaxed);

    return deadline != 0 && hal_now() >= deadline;
}

bool clock_interrupt(void)
{
    struct cpu *cpu = cpu_self();
    const uint64_t now = hal_now();
    const bool over = cpu->quantum_end != 0 && now >= cpu->quantum_end;

    controller_interrupt_ends();
    if (over)
        cpu->quantum_end = 0;
    if (cpu->alarm != 0 && now >= cpu->alarm)
        cpu->alarm = 0; /* clock_due sees to it */
    if (cpu->alarm != 0 || cpu->quantum_end != 0)
        arm(cpu);
    return over;
}
