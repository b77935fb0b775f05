/* SPDX-License-Identifier: BSD-2-Clause */
/* allocate.c - a port by MIRIX's names. */
#include <mach/mach.h>
#include <stdio.h>

int main(void)
{
    mach_port_name_t port;

    if (mach_userspace_init() != KERN_SUCCESS || mach_port_allocate_userspace(&port) != KERN_SUCCESS)
        return 1;
    printf("Allocated port: %u\n", port);
    mach_port_deallocate_userspace(port);
    mach_userspace_cleanup();
    return 0;
}
