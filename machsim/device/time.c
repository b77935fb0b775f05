/* SPDX-License-Identifier: BSD-2-Clause */
/* time.c - the device "time": what is read is the calendar. */
#include <mach/clock_types.h>

#include "device/devices.h"
#include "kern/string.h"

static size_t read_time(void *bytes, size_t size)
{
    const uint64_t now = hal_calendar();
    const mach_timespec_t time = {.tv_sec = (unsigned)(now / NSEC_PER_SEC), .tv_nsec = (clock_res_t)(now % NSEC_PER_SEC)};
    const size_t length = size < sizeof time ? size : sizeof time;

    memcpy(bytes, &time, length);
    return length;
}

const struct hal_device device_time = {.name = "time", .read = read_time};
