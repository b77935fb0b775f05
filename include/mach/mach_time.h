/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/mach_time.h - the clock that only goes up. */
#ifndef _MACH_MACH_TIME_H_
#define _MACH_MACH_TIME_H_

#include <mach/kern_return.h>
#include <stdint.h>

/* Absolute time times numer divided by denom is nanoseconds. */
struct mach_timebase_info {
    uint32_t numer;
    uint32_t denom;
};
typedef struct mach_timebase_info *mach_timebase_info_t;
typedef struct mach_timebase_info mach_timebase_info_data_t;

#ifdef __cplusplus
extern "C" {
#endif

/* Gives in INFO what turns absolute time into nanoseconds.  KERN_SUCCESS, or KERN_INVALID_ADDRESS where INFO is null
 * (XNU's mach_timebase_info). */
kern_return_t mach_timebase_info(mach_timebase_info_t info);

/* Time since the system was started, not counting the time it slept, in the units of mach_timebase_info. */
uint64_t mach_absolute_time(void);

/* The same, counting the time the system slept. */
uint64_t mach_continuous_time(void);

#ifdef __cplusplus
}
#endif

#endif
