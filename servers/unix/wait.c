/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wait.c - calls that wait, for a time or for a word in memory, and clocks.  A word is looked at while nothing else is served: who
 * changes it calls to wake afterwards, and that call comes later.  Sources: futex(2), clock_gettime(2), clock_nanosleep(2).
 */
#include <mach/clock.h>
#include <mach/clock_types.h>

#include "unix.h"

#define SECOND ((uint64_t)1000000000)

struct timespec {
    int64_t seconds, nanoseconds;
};

/* ---- clocks ---------------------------------------------------------------------------------------- */

static uint64_t read_clock(clock_id_t which)
{
    static mach_port_t clocks[2];
    mach_timespec_t time;

    if (clocks[which] == MACH_PORT_NULL)
        (void)host_get_clock_service(mach_host_self(), which, &clocks[which]);
    if (clock_get_time(clocks[which], &time) != KERN_SUCCESS)
        return 0;
    return time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

uint64_t time_now(void)
{
    return read_clock(SYSTEM_CLOCK);
}

/* Linux's clocks: 0 is the calendar, in a coarse form 5. */
static bool is_clock(uint64_t number)
{
    return number <= 1 || (number >= 4 && number <= 7);
}

static uint64_t clock_of(uint64_t number)
{
    return read_clock(number == 0 || number == 5 ? CALENDAR_CLOCK : SYSTEM_CLOCK);
}

int64_t unix_clock_gettime(struct unix_thread *thread, const struct arguments *arguments)
{
    if (!is_clock(arguments->a))
        return -UNIX_EINVAL;
    const uint64_t now = clock_of(arguments->a);
    const struct timespec time = {(int64_t)(now / SECOND), (int64_t)(now % SECOND)};

    return unix_write(thread->process, arguments->b, &time, sizeof time) ? 0 : -UNIX_EFAULT;
}

int64_t unix_clock_getres(struct unix_thread *thread, const struct arguments *arguments)
{
    static const struct timespec resolution = {0, 1};

    if (!is_clock(arguments->a))
        return -UNIX_EINVAL;
    return arguments->b == 0 || unix_write(thread->process, arguments->b, &resolution, sizeof resolution) ? 0 : -UNIX_EFAULT;
}

int64_t unix_gettimeofday(struct unix_thread *thread, const struct arguments *arguments)
{
    const uint64_t now = read_clock(CALENDAR_CLOCK);
    const int64_t time[2] = {(int64_t)(now / SECOND), (int64_t)(now % SECOND / 1000)};

    return arguments->a == 0 || unix_write(thread->process, arguments->a, time, sizeof time) ? 0 : -UNIX_EFAULT;
}

/* ---- waiting --------------------------------------------------------------------------------------- */

/* A time in memory, as nanoseconds, from now on or since the clock's start.  An error's number, negative. */
static int64_t read_deadline(struct unix_thread *thread, uint64_t address, uint64_t since)
{
    struct timespec time;

    if (!unix_read(thread->process, address, &time, sizeof time))
        return -UNIX_EFAULT;
    if (time.seconds < 0 || time.nanoseconds < 0 || time.nanoseconds >= (int64_t)SECOND)
        return -UNIX_EINVAL;
    if ((uint64_t)time.seconds > SECOND) /* in thirty years: never */
        time.seconds = (int64_t)SECOND;
    const uint64_t now = time_now(), at = (uint64_t)time.seconds * SECOND + (uint64_t)time.nanoseconds;

    thread->deadline = at + now > since ? at + now - since : 1;
    return 0;
}

int64_t unix_nanosleep(struct unix_thread *thread, const struct arguments *arguments)
{
    const int64_t result = read_deadline(thread, arguments->a, 0);

    if (result != 0)
        return result;
    thread->wait = WAITS_FOR_TIME;
    return LATER;
}

int64_t unix_clock_nanosleep(struct unix_thread *thread, const struct arguments *arguments)
{
    enum { ABSOLUTE_TIME = 1 };

    if (!is_clock(arguments->a))
        return -UNIX_EINVAL;
    const uint64_t since = arguments->b & ABSOLUTE_TIME ? clock_of(arguments->a) : 0;
    const int64_t result = read_deadline(thread, arguments->c, since);

    if (result != 0)
        return result;
    thread->wait = WAITS_FOR_TIME;
    return LATER;
}

int64_t wait_wake(const struct process *process, uint64_t word, uint64_t most)
{
    int64_t count = 0;

    for (unsigned i = 0; i < THREADS_MAX && (uint64_t)count < most; i++)
        if (threads[i].process == process && threads[i].wait == WAITS_FOR_WORD && threads[i].word == word) {
            unix_answer(&threads[i], 0);
            count++;
        }
    return count;
}

/* Those that are not woken wait for another word from now on. */
static int64_t move_waiters(const struct process *process, uint64_t word, uint64_t most, uint64_t other)
{
    int64_t count = 0;

    for (unsigned i = 0; i < THREADS_MAX && (uint64_t)count < most; i++)
        if (threads[i].process == process && threads[i].wait == WAITS_FOR_WORD && threads[i].word == word) {
            threads[i].word = other;
            count++;
        }
    return count;
}

static int64_t wait_for_word(struct unix_thread *thread, uint64_t word, uint32_t expected, uint64_t timeout)
{
    uint32_t value;
    int64_t result = 0;

    if (!unix_read(thread->process, word, &value, sizeof value))
        return -UNIX_EFAULT;
    if (value != expected)
        return -UNIX_EAGAIN;
    thread->deadline = 0;
    if (timeout != 0 && (result = read_deadline(thread, timeout, 0)) != 0)
        return result;
    thread->wait = WAITS_FOR_WORD;
    thread->word = word;
    return LATER;
}

int64_t unix_futex(struct unix_thread *thread, const struct arguments *arguments)
{
    enum { WAIT = 0, WAKE = 1, REQUEUE = 3, PRIVATE = 128 };
    const struct process *process = thread->process;
    int64_t woken;

    if (arguments->a % 4 != 0)
        return -UNIX_EINVAL;
    switch (arguments->b & ~(uint64_t)PRIVATE) {
    case WAIT: return wait_for_word(thread, arguments->a, (uint32_t)arguments->c, arguments->d);
    case WAKE: return wait_wake(process, arguments->a, (uint32_t)arguments->c);
    case REQUEUE:
        woken = wait_wake(process, arguments->a, (uint32_t)arguments->c);
        return woken + move_waiters(process, arguments->a, arguments->d, arguments->e);
    default: return -UNIX_ENOSYS;
    }
}

static bool waits_for_time(const struct unix_thread *thread)
{
    return thread->process != NULL && thread->wait != NO_WAIT && thread->deadline != 0;
}

int64_t wait_expire(void)
{
    uint64_t next = 0, now = 0;

    for (unsigned i = 0; i < THREADS_MAX; i++) {
        struct unix_thread *thread = &threads[i];

        if (!waits_for_time(thread))
            continue;
        if (now == 0)
            now = time_now();
        if (thread->deadline <= now)
            unix_answer(thread, thread->wait == WAITS_FOR_TIME ? 0 : -UNIX_ETIMEDOUT);
        else if (next == 0 || thread->deadline < next)
            next = thread->deadline;
    }
    return next == 0 ? -1 : (int64_t)((next - now + 999999) / 1000000);
}
