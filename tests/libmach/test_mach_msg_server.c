/* SPDX-License-Identifier: BSD-2-Clause */
/* test_mach_msg_server.c - a server's loop: what is served, what is destroyed, when it ends. */
#include "../suite.h"

#include <mach/mach_msg_server.h>
#include <mach/mig_errors.h>
#include <stddef.h>

#include "loopback.h"

static mach_port_t server, port;
static kern_return_t answer_with;
static unsigned calls;

static void setup(void)
{
    loopback_reset(false);
    server = loopback_port(NULL, 0);
    port = loopback_port(NULL, 0);
    answer_with = KERN_SUCCESS;
    calls = 0;
}

static void teardown(void)
{
    ck_assert_uint_eq(loopback_rights(), 4);
    ck_assert_uint_eq(loopback_memory(), 0);
    loopback_reset(false);
}

/* A routine that takes a right: on success it is the routine's. */
static boolean_t demux(mach_msg_header_t *request, mach_msg_header_t *reply)
{
    mig_reply_error_t *error = (mig_reply_error_t *)reply;
    mach_msg_port_descriptor_t *descriptor = (void *)((mach_msg_base_t *)request + 1);

    calls++;
    if (answer_with == KERN_SUCCESS)
        mach_port_deallocate(mach_task_self(), descriptor->name);
    *error = (mig_reply_error_t){
        .Head = {.msgh_bits = MACH_MSGH_BITS(MACH_MSGH_BITS_REMOTE(request->msgh_bits), 0),
                 .msgh_size = sizeof *error,
                 .msgh_remote_port = request->msgh_remote_port,
                 .msgh_id = request->msgh_id + 100},
        .NDR = NDR_record,
        .RetCode = answer_with,
    };
    return TRUE;
}

struct message {
    mach_msg_header_t head;
    mach_msg_body_t body;
    mach_msg_port_descriptor_t right;
    char trailer[MAX_TRAILER_SIZE];
};

static void ask(mach_msg_type_name_t reply_right)
{
    struct message message = {
        .head = {.msgh_bits = MACH_MSGH_BITS_COMPLEX | MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, reply_right),
                 .msgh_remote_port = server,
                 .msgh_local_port = reply_right != 0 ? mig_get_reply_port() : MACH_PORT_NULL,
                 .msgh_id = 1},
        .body = {.msgh_descriptor_count = 1},
        .right = {.name = port, .disposition = MACH_MSG_TYPE_COPY_SEND, .type = MACH_MSG_PORT_DESCRIPTOR},
    };
    const mach_msg_size_t size = offsetof(struct message, trailer);

    ck_assert_int_eq(mach_msg(&message.head, MACH_SEND_MSG, size, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL),
                     MACH_MSG_SUCCESS);
}

static kern_return_t get_answer(void)
{
    struct {
        mig_reply_error_t error;
        char trailer[MAX_TRAILER_SIZE];
    } reply;

    ck_assert_int_eq(mach_msg(&reply.error.Head, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof reply,
                              mig_get_reply_port(), 0, MACH_PORT_NULL),
                     MACH_MSG_SUCCESS);
    ck_assert_int_eq(reply.error.Head.msgh_id, 101);
    return reply.error.RetCode;
}

START_TEST(one_request_is_served)
{
    ask(MACH_MSG_TYPE_MAKE_SEND_ONCE);
    ck_assert_int_eq(mach_msg_server_once(demux, 100, server, 0), MACH_MSG_SUCCESS);
    ck_assert_int_eq(get_answer(), KERN_SUCCESS);
}
END_TEST

START_TEST(what_a_failed_request_brought_is_destroyed)
{
    answer_with = KERN_NO_ACCESS;
    ask(MACH_MSG_TYPE_MAKE_SEND_ONCE);
    ck_assert_int_eq(mach_msg_server_once(demux, 100, server, 0), MACH_MSG_SUCCESS);
    ck_assert_int_eq(get_answer(), KERN_NO_ACCESS);
}
END_TEST

START_TEST(a_failed_request_without_a_reply_port_is_destroyed)
{
    answer_with = KERN_NO_ACCESS;
    ask(0);
    ck_assert_int_eq(mach_msg_server_once(demux, 100, server, 0), MACH_MSG_SUCCESS);
}
END_TEST

START_TEST(no_reply_leaves_everything_with_the_function)
{
    answer_with = MIG_NO_REPLY;
    ask(MACH_MSG_TYPE_MAKE_SEND_ONCE);
    ck_assert_int_eq(mach_msg_server_once(demux, 100, server, 0), MACH_MSG_SUCCESS);
    ck_assert_uint_eq(loopback_rights(), 5);
    mach_port_deallocate(mach_task_self(), port);
}
END_TEST

START_TEST(a_reply_right_that_is_dead_is_destroyed_with_the_reply)
{
    ask(MACH_MSG_TYPE_MAKE_SEND_ONCE);
    mig_dealloc_reply_port(mig_get_reply_port());
    ck_assert_int_eq(mach_msg_server_once(demux, 100, server, 0), MACH_MSG_SUCCESS);
}
END_TEST

START_TEST(the_loop_ends_when_a_receive_fails)
{
    ask(0);
    ask(0);
    ask(0);
    ck_assert_int_eq(mach_msg_server(demux, 100, server, MACH_RCV_TIMEOUT), MACH_RCV_TIMED_OUT);
    ck_assert_uint_eq(calls, 3);
    ck_assert_int_eq(mach_msg_server(demux, 100, 0xffff03, 0), MACH_RCV_INVALID_NAME);
}
END_TEST

START_TEST(a_request_that_is_too_large_is_refused)
{
    struct {
        mach_msg_header_t head;
        char rest[400];
    } message = {.head = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), .msgh_remote_port = server}};

    ck_assert_int_eq(mach_msg(&message.head, MACH_SEND_MSG, sizeof message, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL),
                     MACH_MSG_SUCCESS);
    ck_assert_int_eq(mach_msg_server_once(demux, 100, server, 0), MACH_RCV_TOO_LARGE);
    ck_assert_uint_eq(calls, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mach_msg_server");
    const TTest *const tests[] = {
        one_request_is_served,
        what_a_failed_request_brought_is_destroyed,
        a_failed_request_without_a_reply_port_is_destroyed,
        no_reply_leaves_everything_with_the_function,
        a_reply_right_that_is_dead_is_destroyed_with_the_reply,
        the_loop_ends_when_a_receive_fails,
        a_request_that_is_too_large_is_refused,
    };

    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        add_test(suite, tests[i], setup, teardown, 20);
    return run_suite(suite);
}
