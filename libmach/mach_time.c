/* SPDX-License-Identifier: BSD-2-Clause */
/* mach_time.c - the clock that only goes up, in nanoseconds: mach/mach_time.h. */
#include <time.h>

#include <mach/clock_types.h>
#include <mach/mach_time.h>

static uint64_t now(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * NSEC_PER_SEC + (uint64_t)time.tv_nsec;
}

#ifdef CLOCK_BOOTTIME
#define CLOCK_SINCE_BOOT CLOCK_BOOTTIME
#else
#define CLOCK_SINCE_BOOT CLOCK_MONOTONIC
#endif

kern_return_t mach_timebase_info(mach_timebase_info_t info)
{
    if (info == NULL)
        return KERN_INVALID_ADDRESS;
    *info = (struct mach_timebase_info){.numer = 1, .denom = 1};
    return KERN_SUCCESS;
}

uint64_t mach_absolute_time(void)
{
    return now(CLOCK_MONOTONIC);
}

uint64_t mach_continuous_time(void)
{
    return now(CLOCK_SINCE_BOOT);
}
