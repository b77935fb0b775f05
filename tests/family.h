/* SPDX-License-Identifier: BSD-2-Clause */
/* family.h - a process and its children: ports, and how the children find one of their parent's. */
#ifndef TESTS_FAMILY_H
#define TESTS_FAMILY_H

#include <check.h>
#include <mach/mach.h>
#include <unistd.h>

/* A port with a send right beside the receive right. */
static inline mach_port_t new_port(void)
{
    mach_port_t port = MACH_PORT_NULL;

    ck_assert_int_eq(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port), KERN_SUCCESS);
    ck_assert_int_eq(mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND), KERN_SUCCESS);
    return port;
}

/* Registers a port, for children to find. */
static inline void publish(mach_port_t port)
{
    ck_assert_int_eq(mach_ports_register(mach_task_self(), &port, 1), KERN_SUCCESS);
}

/* For a child: its parent's port. */
static inline mach_port_t find(void)
{
    mach_port_array_t ports;
    mach_msg_type_number_t count;

    if (mach_ports_lookup(mach_task_self(), &ports, &count) != KERN_SUCCESS)
        _exit(3);
    return ports[0];
}

#endif
