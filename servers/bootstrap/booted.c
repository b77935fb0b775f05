/* SPDX-License-Identifier: BSD-2-Clause */
/* booted.c - the bootstrap server as a program of a kernel that boots: whoever started it gives its port to all others. */
#include <mach/mach.h>
#include <servers/bootstrap.h>

#include "bootstrap_server.h"
#include "publish.h"

bool publish(mach_port_t port)
{
    (void)mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND);
    return bootstrap_register(bootstrap_port, "bootstrap", port) == KERN_SUCCESS;
}

int main(void)
{
    return bootstrap_serve();
}
