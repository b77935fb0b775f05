/* SPDX-License-Identifier: BSD-2-Clause */
/* test_room.c - messages to a task that has no room for what they carry. */
#include "harness.h"

static const struct task_limits small = {.names = 20, .receives = 20, .memory = 100000, .threads = 2};

typedef struct {
    mach_msg_header_t header;
    mach_msg_body_t body;
    mach_msg_port_descriptor_t port;
    mach_msg_max_trailer_t trailer;
} port_message_t;

/* A task whose space is full, which has one more right to receive at: its name, and in *sent_by a right to that. */
static struct sim_thread *full_task(mach_port_name_t *receive, mach_port_name_t *to)
{
    struct sim_thread *first = current, *second = sim_task(NULL, &small);
    const uint64_t none[TRAP_MAX_ARGUMENTS] = {0};

    become(second);
    *receive = send_receive_right();
    *to = give(first, *receive, MACH_MSG_TYPE_COPY_SEND);
    do
        sim_trap(second, TRAP_REPLY_PORT, none);
    while (second->result != MACH_PORT_NULL);
    become(first);
    return second;
}

/* Receives as some thread, without a message that would need room itself. */
static mach_msg_return_t receive_as(struct sim_thread *thread, port_message_t *message, mach_port_name_t from)
{
    ck_assert(start_mach_msg(thread, &message->header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof *message, from, 0, 0));
    return (mach_msg_return_t)thread->result;
}

START_TEST(a_reply_right_without_room_loses_the_message)
{
    mach_port_name_t receive, to, reply = receive_right();
    struct sim_thread *second = full_task(&receive, &to);
    port_message_t message = {.header = {
        .msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE),
        .msgh_remote_port = to,
        .msgh_local_port = reply,
        .msgh_id = 5,
    }};
    natural_t value;

    ck_assert_int_eq(mach_msg(&message.header, MACH_SEND_MSG, sizeof message.header, 0, 0, 0, 0), MACH_MSG_SUCCESS);
    ck_assert_int_eq(receive_as(second, &message, receive), MACH_RCV_HEADER_ERROR | MACH_MSG_IPC_SPACE);
    ck_assert_uint_eq(message.header.msgh_local_port, receive);
    ck_assert_uint_eq(message.header.msgh_remote_port, MACH_PORT_NULL);
    ck_assert_int_eq(receive_notification(reply, &value), MACH_NOTIFY_SEND_ONCE);
    ck_assert_int_eq(receive_as(second, &message, receive), MACH_RCV_TIMED_OUT);
}
END_TEST

START_TEST(a_right_in_the_body_without_room_stands_as_null)
{
    mach_port_name_t receive, to, carried = receive_right();
    struct sim_thread *second = full_task(&receive, &to);
    port_message_t message = {
        .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) | MACH_MSGH_BITS_COMPLEX,
                   .msgh_remote_port = to,
                   .msgh_id = 6},
        .body = {.msgh_descriptor_count = 1},
        .port = {.name = carried, .disposition = MACH_MSG_TYPE_MAKE_SEND, .type = MACH_MSG_PORT_DESCRIPTOR},
    };

    ck_assert_int_eq(mach_msg(&message.header, MACH_SEND_MSG, offsetof(port_message_t, trailer), 0, 0, 0, 0),
                     MACH_MSG_SUCCESS);
    ck_assert_int_eq(receive_as(second, &message, receive), MACH_RCV_BODY_ERROR | MACH_MSG_IPC_SPACE);
    ck_assert_int_eq(message.header.msgh_id, 6);
    ck_assert_uint_eq(message.port.name, MACH_PORT_NULL);
    ck_assert(!status_of(carried).mps_srights);
}
END_TEST

START_TEST(memory_without_room_stands_as_null)
{
    struct {
        mach_msg_header_t header;
        mach_msg_body_t body;
        mach_msg_ool_descriptor_t memory;
        mach_msg_max_trailer_t trailer;
    } message = {
        .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) | MACH_MSGH_BITS_COMPLEX},
        .body = {.msgh_descriptor_count = 1},
        .memory = {.address = &message, .size = 10, .copy = MACH_MSG_PHYSICAL_COPY, .type = MACH_MSG_OOL_DESCRIPTOR},
    };
    const mach_port_name_t port = send_receive_right();

    message.header.msgh_remote_port = port;
    ck_assert_int_eq(mach_msg(&message.header, MACH_SEND_MSG, sizeof message - sizeof message.trailer, 0, 0, 0, 0),
                     MACH_MSG_SUCCESS);
    sim_fail_allocation(1);
    const mach_msg_return_t result = mach_msg(&message.header, MACH_RCV_MSG, 0, sizeof message, port, 0, 0);

    sim_fail_allocation(0);
    ck_assert_int_eq(result & ~MACH_MSG_MASK, MACH_RCV_BODY_ERROR);
    ck_assert_int_ne(result & (MACH_MSG_VM_SPACE | MACH_MSG_VM_KERNEL), 0);
    ck_assert_uint_eq(message.memory.size, 0);
    ck_assert_ptr_null(message.memory.address);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("room");
    const TTest *const tests[] = {
        a_reply_right_without_room_loses_the_message,
        a_right_in_the_body_without_room_stands_as_null,
        memory_without_room_stands_as_null,
    };

    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        add_test(suite, tests[i], harness_start, harness_stop, 20);
    return run_suite(suite);
}
