/* SPDX-License-Identifier: BSD-2-Clause */
/* every_service.c - every.defs served by libmig. */
#include "every_service.h"

#include <stdio.h>
#include <stdlib.h>

#include "every_impl.h"

#define FUNCTION(name) {#name, (void (*)(void))do_##name}

static const mig_function_t functions[] = {
    FUNCTION(numbers),      FUNCTION(structs),       FUNCTION(fixed),        FUNCTION(echo_bytes),
    FUNCTION(echo_ints),    FUNCTION(echo_longs),    FUNCTION(echo_points),  FUNCTION(echo_grid),
    FUNCTION(echo_big),     FUNCTION(double_ints),   FUNCTION(mixed),        FUNCTION(same_count),
    FUNCTION(strings),      FUNCTION(echo_ool),      FUNCTION(give_ool),     FUNCTION(maybe_ool),
    FUNCTION(keep_ool),     FUNCTION(auto_ool),      FUNCTION(scopy_ool),    FUNCTION(point_ool),
    FUNCTION(points_ool),   FUNCTION(inout_ool),     FUNCTION(over_ool),     FUNCTION(either),
    FUNCTION(ports),        FUNCTION(move_receive),  FUNCTION(inout_port),   FUNCTION(poly),
    FUNCTION(poly_once),    FUNCTION(port_array),    FUNCTION(three_ports),  FUNCTION(ool_ports),
    FUNCTION(ool_poly),     FUNCTION(both_ways),     FUNCTION(native),        FUNCTION(tokens),       FUNCTION(timed),
    FUNCTION(send_timed),   FUNCTION(with_reply),    FUNCTION(with_sreply),  FUNCTION(poly_server),
    FUNCTION(settings),     FUNCTION(consume_timeout), FUNCTION(note),       FUNCTION(ask_back),
    FUNCTION(result),       FUNCTION(shout),         FUNCTION(add),          FUNCTION(product),
    FUNCTION(midpoint),     FUNCTION(fail_with),     FUNCTION(later),
};

static mig_interface_t interface;
static mig_service_t service;

static void forget(void)
{
    mig_service_free(service);
    mig_interface_free(interface);
}

mig_interface_t every_interface(void)
{
    const char *folder = getenv("DESCRIPTIONS");
    char path[4096], error[256];

    if (interface != NULL)
        return interface;
    snprintf(path, sizeof path, "%s/every.json", folder != NULL ? folder : EVERY_TYPED ? "gen/typed" : "gen");
    if (mig_interface_open(path, &interface, error, sizeof error) != KERN_SUCCESS) {
        fprintf(stderr, "%s: %s\n", path, error);
        abort();
    }
    atexit(forget);
    return interface;
}

static mig_service_t get_service(void)
{
    if (service == NULL && mig_service_create(every_interface(), functions, sizeof functions / sizeof functions[0],
                                              &service) != KERN_SUCCESS)
        abort();
    return service;
}

boolean_t every_service_demux(mach_msg_header_t *request, mach_msg_header_t *reply)
{
    return mig_service_demux(get_service(), request, reply);
}

mach_msg_size_t every_service_max_reply(void)
{
    return mig_service_max_reply(get_service());
}
