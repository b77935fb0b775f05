/* SPDX-License-Identifier: BSD-2-Clause */
/* test_kernel.c - stubs of KernelUser subsystems send with the kernel's own calls. */
#include "../suite.h"

#include "kernelish.h"
#include "kernelish_server.h"
#include "loopback.h"

static int told, rpcs, sends;

mach_msg_return_t mach_msg_rpc_from_kernel(mach_msg_header_t *message, mach_msg_size_t send_size,
                                           mach_msg_size_t rcv_size);
mach_msg_return_t mach_msg_rpc_from_kernel(mach_msg_header_t *message, mach_msg_size_t send_size,
                                           mach_msg_size_t rcv_size)
{
    rpcs++;
    return mach_msg(message, MACH_SEND_MSG | MACH_RCV_MSG, send_size, rcv_size, message->msgh_local_port,
                    MACH_MSG_TIMEOUT_NONE, MACH_PORT_NULL);
}

mach_msg_return_t mach_msg_send_from_kernel(mach_msg_header_t *message, mach_msg_size_t send_size);
mach_msg_return_t mach_msg_send_from_kernel(mach_msg_header_t *message, mach_msg_size_t send_size)
{
    sends++;
    return mach_msg(message, MACH_SEND_MSG, send_size, 0, MACH_PORT_NULL, MACH_MSG_TIMEOUT_NONE, MACH_PORT_NULL);
}

kern_return_t k_double_it(mach_port_t server, int number, int *twice)
{
    (void)server;
    *twice = number * 2;
    return KERN_SUCCESS;
}

kern_return_t k_tell(mach_port_t server, int number)
{
    (void)server;
    told = number;
    return KERN_SUCCESS;
}

kern_return_t k_sum_block(mach_port_t server, block_t block, int *sum)
{
    (void)server;
    *sum = 0;
    for (int i = 0; i < 32; i++)
        *sum += block.numbers[i];
    return KERN_SUCCESS;
}

START_TEST(large_structures_are_passed_by_reference_in_allocated_messages)
{
    block_t block = {{1, 2, 3}};
    const block_t *by_reference = &block;
    int sum;

    loopback_reset(false);
    mach_port_t server = loopback_port(kernelish_server, k_kernelish_subsystem.maxsize);
    ck_assert_int_eq(sum_block(server, by_reference, &sum), KERN_SUCCESS);
    ck_assert_int_eq(sum, 6);
    loopback_reset(false);
}
END_TEST

START_TEST(a_kernel_sends_with_its_own_calls)
{
    int twice;

    loopback_reset(false);
    mach_port_t server = loopback_port(kernelish_server, k_kernelish_subsystem.maxsize);
    ck_assert_int_eq(double_it(server, 21, &twice), KERN_SUCCESS);
    ck_assert_int_eq(twice, 42);
    ck_assert_int_eq(rpcs, 1);
    loopback_add_send_once(server);
    ck_assert_int_eq(tell(server, 7), KERN_SUCCESS);
    ck_assert_int_eq(told, 7);
    ck_assert_int_eq(sends, 1);
    ck_assert_uint_eq(loopback_rights(), 2);
    loopback_reset(false);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mig stubs in a kernel");

    add_test(suite, a_kernel_sends_with_its_own_calls, NULL, NULL, 20);
    add_test(suite, large_structures_are_passed_by_reference_in_allocated_messages, NULL, NULL, 20);
    return run_suite(suite);
}
