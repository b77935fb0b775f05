/* SPDX-License-Identifier: BSD-2-Clause */
/* embedded.c - the kernel inside the program: two tasks, and messages by priority. */
#include <mach/mach.h>
#include <stdio.h>

static mach_msg_return_t enqueue(mach_port_name_t port, int id, mach_msg_priority_t priority)
{
    mach_msg_header_t message = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0),
                                 .msgh_size = sizeof message,
                                 .msgh_remote_port = port,
                                 .msgh_id = id};

    return mach_msg_enqueue(MACH_KERNEL_TASK, &message, priority);
}

int main(void)
{
    static const int expected[] = {3, 1, 2};
    mach_port_name_t port;
    mach_kernel_stats_t stats;
    task_t second;
    vm_address_t memory;

    if (mach_kernel_init() != KERN_SUCCESS || mach_port_allocate_kernel(MACH_KERNEL_TASK, &port) != KERN_SUCCESS)
        return 1;
    if (enqueue(port, 1, 0) != 0 || enqueue(port, 2, 0) != 0 || enqueue(port, 3, 10) != 0)
        return 2;
    for (int i = 0; i < 3; i++) {
        mach_msg_empty_rcv_t received;

        if (mach_msg_dequeue(MACH_KERNEL_TASK, port, &received.header, sizeof received) != MACH_MSG_SUCCESS ||
            received.header.msgh_id != expected[i])
            return 3;
        printf("message %d\n", received.header.msgh_id);
    }
    if (task_create_kernel(&second) != KERN_SUCCESS || mach_kernel_stats(&stats) != KERN_SUCCESS || stats.tasks != 2)
        return 4;
    printf("%llu tasks, %llu port, %llu messages\n", (unsigned long long)stats.tasks, (unsigned long long)stats.ports,
           (unsigned long long)stats.received);
    if (vm_allocate_kernel(&memory, 100) != KERN_SUCCESS || vm_deallocate_kernel(memory, 100) != KERN_SUCCESS)
        return 5;
    if (task_terminate_kernel(second) != KERN_SUCCESS || task_terminate_kernel(second) != KERN_INVALID_TASK)
        return 6;
    if (mach_port_deallocate_kernel(MACH_KERNEL_TASK, port) != KERN_SUCCESS)
        return 7;
    mach_kernel_cleanup();
    return mach_kernel_stats(&stats) == KERN_FAILURE ? 0 : 8;
}
