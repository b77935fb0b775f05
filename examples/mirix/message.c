/* SPDX-License-Identifier: BSD-2-Clause */
/* message.c - a message by MIRIX's names, to oneself. */
#include <mach/mach.h>
#include <stdio.h>

int main(void)
{
    mach_port_name_t port;
    mach_msg_header_t message;
    mach_msg_empty_rcv_t received;

    if (mach_userspace_init() != KERN_SUCCESS || mach_port_allocate_userspace(&port) != KERN_SUCCESS)
        return 1;
    message.msgh_bits = MACH_MSGH_BITS_LOCAL;
    message.msgh_size = sizeof(message);
    message.msgh_remote_port = MACH_PORT_NULL;
    message.msgh_local_port = port;
    message.msgh_voucher_port = MACH_PORT_NULL;
    message.msgh_id = 12345;
    if (mach_msg_send_userspace(&message) != MACH_MSG_SUCCESS ||
        mach_msg_receive_userspace(&received.header, sizeof(received), port) != MACH_MSG_SUCCESS)
        return 1;
    printf("Received message: id=%d\n", received.header.msgh_id);
    mach_port_deallocate_userspace(port);
    mach_userspace_cleanup();
    return 0;
}
