/* SPDX-License-Identifier: BSD-2-Clause */
/* publish.c - the bootstrap server of a daemon: see publish.h. */
#include "publish.h"

#include <mach/mach.h>

#include "libmach/ring/ring.h"
#include "machsim/hal/hosted/wire.h"

bool publish(mach_port_t port)
{
    const uint64_t arguments[] = {port};
    uint64_t result;

    (void)mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND);
    return ring_simple_trap(WIRE_TRAP_SET_BOOTSTRAP, arguments, 1, &result, NULL) && result == KERN_SUCCESS;
}
