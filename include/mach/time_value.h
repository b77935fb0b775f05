/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/time_value.h - seconds and microseconds.  Values and layouts are XNU's (LP64). */
#ifndef _MACH_TIME_VALUE_H_
#define _MACH_TIME_VALUE_H_

#include <mach/vm_types.h>

typedef struct time_value {
    integer_t seconds;
    integer_t microseconds;
} time_value_t;

#define TIME_MICROS_MAX 1000000

/*
 * What the device "time" has where it is mapped: read seconds, then microseconds, then check_seconds, and again if that is not the
 * same as seconds.  GNU Mach's layout.
 */
typedef struct mapped_time_value {
    integer_t seconds;
    integer_t microseconds;
    integer_t check_seconds;
} mapped_time_value_t;

/* VALUE is a lvalue of type time_value_t *. */
#define time_value_add_usec(value, micros)                                                                             \
    do {                                                                                                               \
        if (((value)->microseconds += (micros)) >= TIME_MICROS_MAX) {                                                  \
            (value)->microseconds -= TIME_MICROS_MAX;                                                                  \
            (value)->seconds++;                                                                                        \
        }                                                                                                              \
    } while (0)

#define time_value_add(value, other)                                                                                   \
    do {                                                                                                               \
        (value)->seconds += (other)->seconds;                                                                          \
        time_value_add_usec(value, (other)->microseconds);                                                             \
    } while (0)

#endif
