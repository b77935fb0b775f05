/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock.c - the clocks that programs can read, by ports: one that never goes back, and the calendar.  Routines of clock.defs, and
 * host_get_clock_service.  Sources: Mach 3, clock_get_time(3) of OSF's and of XNU's.
 */
#include "kern/clock.h"

#include <mach/clock_types.h>

#include "gen/kernel/clock_server.h"
#include "gen/kernel/mach_host_server.h"
#include "ipc/port.h"
#include "kern/kobject.h"

#define CLOCKS 2

/* By their numbers: SYSTEM_CLOCK, CALENDAR_CLOCK. */
static struct clock {
    struct ipc_port *port;
    uint64_t (*now)(void);
} clocks[CLOCKS] = {{.now = hal_now}, {.now = hal_calendar}};

bool clock_init(void)
{
    for (int i = 0; i < CLOCKS; i++) {
        clocks[i].port = ipc_port_create_kernel(OBJECT_CLOCK, &clocks[i]);
        if (clocks[i].port == NULL)
            return false;
    }
    return true;
}

/* ---- routines -------------------------------------------------------------------------------------- */

kern_return_t kernel_host_get_clock_service(host_ref_t host, clock_id_t id, clock_serv_t *service)
{
    if (host == NULL || id < 0 || id >= CLOCKS)
        return KERN_INVALID_ARGUMENT;
    return kobject_name((struct ipc_right){.port = ipc_port_make_send(clocks[id].port), .type = MACH_MSG_TYPE_PORT_SEND},
                        service);
}

kern_return_t kernel_clock_get_time(clock_serv_t service, mach_timespec_t *time)
{
    const struct clock *clock = convert_port_to_lasting(service, OBJECT_CLOCK);

    if (clock == NULL)
        return KERN_INVALID_ARGUMENT;
    const uint64_t now = clock->now();

    *time = (mach_timespec_t){.tv_sec = (unsigned)(now / NSEC_PER_SEC), .tv_nsec = (clock_res_t)(now % NSEC_PER_SEC)};
    return KERN_SUCCESS;
}

/* Times are counted in nanoseconds; no alarm can be had of these. */
kern_return_t kernel_clock_get_attributes(clock_serv_t service, clock_flavor_t flavor, clock_attr_t attribute,
                                          mach_msg_type_number_t *count)
{
    if (convert_port_to_lasting(service, OBJECT_CLOCK) == NULL || *count < 1)
        return KERN_INVALID_ARGUMENT;
    switch (flavor) {
    case CLOCK_GET_TIME_RES: attribute[0] = 1; break;
    case CLOCK_ALARM_CURRES:
    case CLOCK_ALARM_MINRES:
    case CLOCK_ALARM_MAXRES: attribute[0] = 0; break;
    default: return KERN_INVALID_VALUE;
    }
    *count = 1;
    return KERN_SUCCESS;
}
