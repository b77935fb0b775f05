/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/clock_types.h - clocks, times and alarms.  Values and layouts are XNU's (LP64). */
#ifndef _MACH_CLOCK_TYPES_H_
#define _MACH_CLOCK_TYPES_H_

#include <stdint.h>

typedef int alarm_type_t;
typedef uint32_t alarm_t;
typedef int clock_id_t;
typedef int clock_flavor_t;
typedef int *clock_attr_t;
typedef int clock_res_t;

typedef struct mach_timespec {
    unsigned int tv_sec;
    clock_res_t tv_nsec;
} mach_timespec_t;

#define SYSTEM_CLOCK 0
#define CALENDAR_CLOCK 1
#define REALTIME_CLOCK 0

#define TIME_ABSOLUTE 0
#define CLOCK_GET_TIME_RES 1
#define TIME_RELATIVE 1
#define CLOCK_ALARM_CURRES 3
#define CLOCK_ALARM_MINRES 4
#define CLOCK_ALARM_MAXRES 5
#define NSEC_PER_USEC 1000ull
#define USEC_PER_SEC 1000000ull
#define NSEC_PER_SEC 1000000000ull
#define NSEC_PER_MSEC 1000000ull

#define ALARM_NULL ((alarm_t)0)

#endif
