/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock.c - time by the processor's counter, alarms by the local interrupt controller's timer.  How fast the two go the old
 * interval timer tells, once.
 */
#include "hal/x86_64/cpu.h"
#include "hal/x86_64/machine.h"

#define CONTROLLER 0xfee00000u
enum { END_OF_INTERRUPT = 0xb0, SPURIOUS = 0xf0, TIMER = 0x320, INITIAL = 0x380, CURRENT = 0x390, DIVIDE = 0x3e0 };

#define INTERVAL_HZ 1193182u
#define CALIBRATION (INTERVAL_HZ / 100) /* 10 ms */

/* Of 2^-32: nanoseconds of a tick of the counter, and ticks of the timer in a nanosecond. */
static uint64_t nanoseconds_per_tick, timer_per_nanosecond;
static uint64_t start;
static uint64_t alarm, quantum_end; /* 0: none */

static volatile uint32_t *controller(uint32_t offset)
{
    return (volatile uint32_t *)memory_at(CONTROLLER + offset);
}

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
    *controller(INITIAL) = UINT32_MAX;
    const uint64_t before = cpu_timestamp();
    const uint32_t timer_before = *controller(CURRENT);

    wait_interval();
    const uint64_t ticks = (cpu_timestamp() - before) * 100, timer = (timer_before - *controller(CURRENT)) * (uint64_t)100;

    *controller(INITIAL) = 0;
    if (ticks == 0 || timer == 0 || timer > UINT32_MAX)
        panic_at(NULL, "the processor has no clock that goes");
    nanoseconds_per_tick = ((uint64_t)1000000000u << 32) / ticks;
    timer_per_nanosecond = (timer << 32) / 1000000000u;
}

void clock_start(void)
{
    cpu_out8(0x21, 0xff); /* the old interrupt controllers are silent */
    cpu_out8(0xa1, 0xff);
    *controller(SPURIOUS) = 0x100 | VECTOR_SPURIOUS;
    *controller(DIVIDE) = 3; /* by 16 */
    *controller(TIMER) = VECTOR_TIMER; /* one shot */
    calibrate();
    start = cpu_timestamp();
}

static uint64_t scale(uint64_t value, uint64_t by)
{
    return (uint64_t)((unsigned __int128)value * by >> 32);
}

uint64_t hal_now(void)
{
    return scale(cpu_timestamp() - start, nanoseconds_per_tick) + 1;
}

/* The timer runs to what comes first, or as far as it can. */
static void arm(void)
{
    const uint64_t now = hal_now(), next = alarm == 0 || (quantum_end != 0 && quantum_end < alarm) ? quantum_end : alarm;
    const uint64_t left = next > now ? next - now : 1;
    const uint64_t ticks = scale(left, timer_per_nanosecond) + 1;

    *controller(INITIAL) = ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks;
}

void hal_alarm(uint64_t deadline)
{
    alarm = deadline;
    if (deadline == 0 && quantum_end == 0)
        *controller(INITIAL) = 0;
    else
        arm();
}

void clock_quantum(uint64_t nanoseconds)
{
    quantum_end = hal_now() + nanoseconds;
    arm();
}

bool clock_due(void)
{
    return alarm != 0 && hal_now() >= alarm;
}

void clock_interrupt(void)
{
    *controller(END_OF_INTERRUPT) = 0;
    quantum_end = 0;
    if (alarm != 0 && !clock_due())
        arm();
}
