/* SPDX-License-Identifier: BSD-2-Clause */
/* test_pass.c - short messages to threads that wait for them: what arrives is as if it had been queued. */
#include "harness.h"

#include <string.h>

#include "ipc/pass.h"

/* Two tasks: one serves a port, to which the other has a send right. */
static struct sim_thread *client, *server;
static mach_port_name_t service, to_service, reply_port;

/* A message with room for the largest that pass, and more. */
typedef union {
    mach_msg_header_t header;
    number_message_t number;
    unsigned char bytes[IPC_PASS_MAX + 64 + MAX_TRAILER_SIZE];
} message_t;
static message_t asked, got;

static void start(void)
{
    harness_start();
    server = current;
    service = receive_right();
    client = sim_task(NULL, NULL);
    to_service = give(client, service, MACH_MSG_TYPE_MAKE_SEND);
    become(client);
    reply_port = receive_right();
}

static bool serve(mach_msg_option_t option, mach_msg_size_t room, mach_msg_timeout_t timeout)
{
    return start_mach_msg(server, &got.header, MACH_RCV_MSG | option, 0, room, service, timeout, MACH_PORT_NULL);
}

static void fill(mach_msg_size_t size)
{
    for (mach_msg_size_t i = sizeof asked.header; i < size; i++)
        asked.bytes[i] = (unsigned char)(i * 7);
}

/* Sends a request of some size, and waits for its answer. */
static bool call(mach_msg_size_t size)
{
    asked.header = (mach_msg_header_t){.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE),
                                       .msgh_remote_port = to_service,
                                       .msgh_local_port = reply_port,
                                       .msgh_id = 77};
    return start_mach_msg(client, &asked.header, MACH_SEND_MSG | MACH_RCV_MSG, size, sizeof asked, reply_port, 0, MACH_PORT_NULL);
}

/* Answers what the server has got with a number, and waits for more. */
static bool answer(int number)
{
    got.number = (number_message_t){.header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSGH_BITS_REMOTE(got.header.msgh_bits), 0),
                                               .msgh_remote_port = got.header.msgh_remote_port,
                                               .msgh_id = 177},
                                    .number = number};
    return start_mach_msg(server, &got.header, MACH_SEND_MSG | MACH_RCV_MSG, sizeof got.number, sizeof got, service, 0,
                          MACH_PORT_NULL);
}

static uint32_t names(struct sim_thread *thread)
{
    return thread->thread->task->space->names;
}

START_TEST(a_call_and_its_answer_pass)
{
    const uint32_t names_of_client = names(client), names_of_server = names(server);

    ck_assert(!serve(0, sizeof got, 0));
    for (int i = 0; i < 1000; i++) {
        fill(60);
        ck_assert(!call(60));
        ck_assert(!server->busy);
        ck_assert_int_eq((int)server->result, MACH_MSG_SUCCESS);
        ck_assert_uint_eq(got.header.msgh_bits, MACH_MSGH_BITS(MACH_MSG_TYPE_PORT_SEND_ONCE, MACH_MSG_TYPE_PORT_SEND));
        ck_assert_uint_eq(got.header.msgh_size, 60);
        ck_assert_uint_eq(got.header.msgh_local_port, service);
        ck_assert_int_eq(got.header.msgh_id, 77);
        ck_assert_mem_eq(got.bytes + 24, asked.bytes + 24, 36);
        ck_assert_uint_eq(names(server), names_of_server + 1);
        ck_assert(!answer(i));
        ck_assert(!client->busy);
        ck_assert_int_eq((int)client->result, MACH_MSG_SUCCESS);
        ck_assert_uint_eq(asked.header.msgh_bits, MACH_MSGH_BITS(0, MACH_MSG_TYPE_PORT_SEND_ONCE));
        ck_assert_uint_eq(asked.header.msgh_remote_port, MACH_PORT_NULL);
        ck_assert_uint_eq(asked.header.msgh_local_port, reply_port);
        ck_assert_int_eq(asked.number.number, i);
        ck_assert_uint_eq(names(server), names_of_server);
        ck_assert_uint_eq(names(client), names_of_client);
    }
    ck_assert_uint_eq(status_of(reply_port).mps_sorights, 0);
    ck_assert_uint_eq(status_of(reply_port).mps_seqno, 1000);
    ck_assert_uint_eq(urefs(to_service, MACH_PORT_RIGHT_SEND), 1);
}
END_TEST

START_TEST(that_needs_no_memory)
{
    ck_assert(!serve(0, sizeof got, 0));
    sim_fail_allocation(1);
    ck_assert(!call(60));
    ck_assert(!answer(5));
    ck_assert(!sim_failed());
    sim_fail_allocation(0);
    ck_assert_int_eq(asked.number.number, 5);
}
END_TEST

/* The message that the server got, with its trailer. */
static message_t passed_or_queued(mach_msg_size_t size, mach_msg_option_t option, bool queued)
{
    memset(&got, 0xaa, sizeof got);
    if (!queued)
        ck_assert(!serve(option, sizeof got, 0));
    fill(size);
    ck_assert(!call(size));
    if (queued)
        ck_assert(serve(option, sizeof got, 0));
    ck_assert_int_eq((int)server->result, MACH_MSG_SUCCESS);
    message_t received = got;

    ck_assert(!answer(1)); /* the server waits again */
    return received;
}

/* Ends the server's wait. */
static void rouse(void)
{
    ipc_wait_abort(server->thread, false);
    sim_run();
    ck_assert(!server->busy);
}

START_TEST(what_passes_is_what_would_be_queued)
{
    static const mach_msg_option_t trailers[] = {
        0,
        MACH_RCV_TRAILER_ELEMENTS(MACH_RCV_TRAILER_SEQNO),
        MACH_RCV_TRAILER_ELEMENTS(MACH_RCV_TRAILER_SENDER),
        MACH_RCV_TRAILER_ELEMENTS(MACH_RCV_TRAILER_AUDIT),
        MACH_RCV_TRAILER_ELEMENTS(MACH_RCV_TRAILER_CTX),
    };
    static const mach_msg_size_t sizes[] = {24, 28, 100, IPC_PASS_MAX - 4, IPC_PASS_MAX, IPC_PASS_MAX + 4};

    for (size_t i = 0; i < sizeof trailers / sizeof *trailers; i++)
        for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++) {
            become(server);
            ck_assert_int_eq(mach_port_set_seqno(self(), service, 9), KERN_SUCCESS);
            ck_assert_int_eq(mach_port_set_context(self(), service, 0x1234567890), KERN_SUCCESS);
            become(client);
            message_t one = passed_or_queued(sizes[j], trailers[i], false);

            rouse();
            become(server);
            ck_assert_int_eq(mach_port_set_seqno(self(), service, 9), KERN_SUCCESS);
            become(client);
            message_t other = passed_or_queued(sizes[j], trailers[i], true);

            rouse();
            ck_assert_uint_ne(one.header.msgh_remote_port, MACH_PORT_NULL);
            one.header.msgh_remote_port = other.header.msgh_remote_port;
            ck_assert_mem_eq(&one, &other, sizeof one);
        }
}
END_TEST

START_TEST(who_waits_with_too_little_room_gets_the_header)
{
    ck_assert(!serve(0, 40, 0));
    ck_assert(call(60));
    ck_assert_int_eq((int)server->result, MACH_RCV_TOO_LARGE);
    ck_assert_uint_eq(got.header.msgh_size, 60);
    /* The right for the answer went with the message. */
    ck_assert_int_eq(asked.header.msgh_id, MACH_NOTIFY_SEND_ONCE);
}
END_TEST

START_TEST(room_for_the_message_must_be_room_for_its_trailer)
{
    ck_assert(!serve(MACH_RCV_LARGE, 60 + sizeof(mach_msg_trailer_t) - 4, 0));
    ck_assert(!call(60));
    ck_assert_int_eq((int)server->result, MACH_RCV_TOO_LARGE);
    ck_assert(serve(0, 60 + sizeof(mach_msg_trailer_t), 0));
    ck_assert_int_eq((int)server->result, MACH_MSG_SUCCESS);
}
END_TEST

START_TEST(an_answer_without_a_name_is_told)
{
    server->thread->task->space->max_names = names(server);
    ck_assert(!serve(0, sizeof got, 0));
    ck_assert(call(60));
    ck_assert_int_eq((int)server->result, MACH_RCV_HEADER_ERROR | MACH_MSG_IPC_SPACE);
    ck_assert_uint_eq(got.header.msgh_size, 60);
    ck_assert_uint_eq(got.header.msgh_remote_port, MACH_PORT_NULL);
    ck_assert_uint_eq(got.header.msgh_local_port, service);
    ck_assert_int_eq(asked.header.msgh_id, MACH_NOTIFY_SEND_ONCE);
}
END_TEST

START_TEST(who_waits_at_a_set_gets_it)
{
    mach_port_name_t set;

    become(server);
    ck_assert_int_eq(mach_port_allocate(self(), MACH_PORT_RIGHT_PORT_SET, &set), KERN_SUCCESS);
    ck_assert_int_eq(mach_port_insert_member(self(), service, set), KERN_SUCCESS);
    become(client);
    sim_fail_allocation(1);
    ck_assert(!start_mach_msg(server, &got.header, MACH_RCV_MSG, 0, sizeof got, set, 0, MACH_PORT_NULL));
    ck_assert(!call(60));
    sim_fail_allocation(0);
    ck_assert_int_eq((int)server->result, MACH_MSG_SUCCESS);
    ck_assert_uint_eq(got.header.msgh_local_port, service);
}
END_TEST

START_TEST(a_timer_goes_with_the_wait)
{
    ck_assert(!serve(MACH_RCV_TIMEOUT, sizeof got, 1000));
    ck_assert(!call(60));
    ck_assert_int_eq((int)server->result, MACH_MSG_SUCCESS);
    ck_assert(!sim_next_timer());
}
END_TEST

START_TEST(a_request_about_the_right_for_the_answer_is_told)
{
    mach_port_name_t notify, former;
    natural_t value = 0;

    ck_assert(!serve(0, sizeof got, 0));
    ck_assert(!call(60));
    become(server);
    notify = receive_right();
    ck_assert_int_eq(mach_port_request_notification(self(), got.header.msgh_remote_port, MACH_NOTIFY_DEAD_NAME, 0, notify,
                                                    MACH_MSG_TYPE_MAKE_SEND_ONCE, &former),
                     KERN_SUCCESS);
    const mach_port_name_t name = got.header.msgh_remote_port;

    ck_assert(!answer(3));
    ck_assert_int_eq(asked.number.number, 3);
    rouse();
    ck_assert_int_eq(receive_notification(notify, &value), MACH_NOTIFY_PORT_DELETED);
    ck_assert_uint_eq(value, name);
}
END_TEST

/* ---- to oneself ------------------------------------------------------------------------------------ */

static mach_msg_return_t send_to_oneself(mach_port_name_t port, int number, mach_msg_option_t option)
{
    asked.number = (number_message_t){
        .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), .msgh_remote_port = port}, .number = number};
    return mach_msg(&asked.header, MACH_SEND_MSG | MACH_RCV_MSG | option, sizeof asked.number, sizeof asked, port, 0, MACH_PORT_NULL);
}

START_TEST(one_may_be_the_receiver_oneself)
{
    const mach_port_name_t port = send_receive_right();

    sim_fail_allocation(1);
    ck_assert_int_eq(send_to_oneself(port, 5, 0), MACH_MSG_SUCCESS);
    sim_fail_allocation(0);
    ck_assert_int_eq(asked.number.number, 5);
    /* What is there before is received before. */
    ck_assert_int_eq(send_number(port, MACH_MSG_TYPE_COPY_SEND, 6), MACH_MSG_SUCCESS);
    ck_assert_int_eq(send_to_oneself(port, 7, 0), MACH_MSG_SUCCESS);
    ck_assert_int_eq(asked.number.number, 6);
    ck_assert_int_eq(receive_number(port), 7);
}
END_TEST

START_TEST(others_who_wait_come_first)
{
    const mach_port_name_t port = send_receive_right();
    struct sim_thread *other = sim_thread(client->thread->task);

    ck_assert(!start_mach_msg(other, &got.header, MACH_RCV_MSG, 0, sizeof got, port, 0, MACH_PORT_NULL));
    ck_assert_int_eq(send_to_oneself(port, 5, MACH_RCV_TIMEOUT), MACH_RCV_TIMED_OUT);
    ck_assert(!other->busy);
    ck_assert_int_eq(got.number.number, 5);
}
END_TEST

START_TEST(a_limit_of_none_holds_for_oneself)
{
    const mach_port_name_t port = send_receive_right();
    mach_port_limits_t limits = {.mpl_qlimit = 0};

    ck_assert_int_eq(mach_port_set_attributes(self(), port, MACH_PORT_LIMITS_INFO, (mach_port_info_t)&limits, 1), KERN_SUCCESS);
    ck_assert_int_eq(send_to_oneself(port, 5, MACH_SEND_TIMEOUT), MACH_SEND_TIMED_OUT);
}
END_TEST

/* ---- the kernel's answers -------------------------------------------------------------------------- */

/* Asks the kernel for the type of a name; the answer is received from `from`, if it fits into so much room. */
static mach_msg_return_t ask_for(mach_port_name_t reply, mach_port_name_t from, mach_msg_option_t option, mach_msg_size_t room)
{
    __Request__mach_port_type_t *request = (void *)&asked;

    *request = (__Request__mach_port_type_t){
        .Head = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE),
                 .msgh_remote_port = self(),
                 .msgh_local_port = reply,
                 .msgh_id = 3201},
        .NDR = NDR_record,
        .name = reply};
    return mach_msg(&asked.header, MACH_SEND_MSG | MACH_RCV_MSG | option, sizeof *request, room, from, 0, MACH_PORT_NULL);
}

static mach_msg_return_t ask_kernel(mach_port_name_t reply, mach_port_name_t from)
{
    return ask_for(reply, from, MACH_RCV_TIMEOUT, sizeof asked);
}

static void check_answer(void)
{
    const __Reply__mach_port_type_t *reply = (const void *)&asked;

    ck_assert_int_eq(asked.header.msgh_id, 3301);
    ck_assert_int_eq(reply->RetCode, KERN_SUCCESS);
    ck_assert_uint_eq(reply->ptype, MACH_PORT_TYPE_RECEIVE);
}

START_TEST(the_kernels_answer_comes_where_it_is_expected)
{
    mach_port_name_t set;

    for (unsigned i = 0; i < 3; i++) {
        ck_assert_int_eq(ask_kernel(reply_port, reply_port), MACH_MSG_SUCCESS);
        check_answer();
        ck_assert_uint_eq(status_of(reply_port).mps_seqno, i + 1);
        ck_assert_uint_eq(status_of(reply_port).mps_sorights, 0);
    }
    /* Elsewhere it waits. */
    const mach_port_name_t other = receive_right();

    ck_assert_int_eq(ask_kernel(reply_port, other), MACH_RCV_TIMED_OUT);
    ck_assert_uint_eq(status_of(reply_port).mps_msgcount, 1);
    ck_assert_int_eq(mach_msg(&asked.header, MACH_RCV_MSG, 0, sizeof asked, reply_port, 0, MACH_PORT_NULL), MACH_MSG_SUCCESS);
    check_answer();
    /* And at a set. */
    ck_assert_int_eq(mach_port_allocate(self(), MACH_PORT_RIGHT_PORT_SET, &set), KERN_SUCCESS);
    ck_assert_int_eq(mach_port_insert_member(self(), reply_port, set), KERN_SUCCESS);
    ck_assert_int_eq(ask_kernel(reply_port, set), MACH_MSG_SUCCESS);
    check_answer();
}
END_TEST

START_TEST(what_came_before_the_kernels_answer_is_received_before)
{
    ck_assert_int_eq(mach_port_insert_right(self(), reply_port, reply_port, MACH_MSG_TYPE_MAKE_SEND), KERN_SUCCESS);
    ck_assert_int_eq(send_number(reply_port, MACH_MSG_TYPE_COPY_SEND, 4), MACH_MSG_SUCCESS);
    ck_assert_int_eq(ask_kernel(reply_port, reply_port), MACH_MSG_SUCCESS);
    ck_assert_int_eq(asked.number.number, 4);
    ck_assert_int_eq(mach_msg(&asked.header, MACH_RCV_MSG, 0, sizeof asked, reply_port, 0, MACH_PORT_NULL), MACH_MSG_SUCCESS);
    ck_assert_int_eq(asked.header.msgh_id, 3301);
}
END_TEST

START_TEST(an_answer_that_does_not_fit_tells_its_size)
{
    ck_assert_int_eq(ask_for(reply_port, reply_port, MACH_RCV_LARGE, 30), MACH_RCV_TOO_LARGE);
    ck_assert_uint_eq(asked.header.msgh_size, sizeof(__Reply__mach_port_type_t));
    ck_assert_int_eq(mach_msg(&asked.header, MACH_RCV_MSG, 0, sizeof asked, reply_port, 0, MACH_PORT_NULL), MACH_MSG_SUCCESS);
    check_answer();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pass");
    const TTest *const tests[] = {
        a_call_and_its_answer_pass,
        that_needs_no_memory,
        what_passes_is_what_would_be_queued,
        who_waits_with_too_little_room_gets_the_header,
        room_for_the_message_must_be_room_for_its_trailer,
        an_answer_without_a_name_is_told,
        who_waits_at_a_set_gets_it,
        a_timer_goes_with_the_wait,
        a_request_about_the_right_for_the_answer_is_told,
        one_may_be_the_receiver_oneself,
        others_who_wait_come_first,
        a_limit_of_none_holds_for_oneself,
        the_kernels_answer_comes_where_it_is_expected,
        what_came_before_the_kernels_answer_is_received_before,
        an_answer_that_does_not_fit_tells_its_size,
    };

    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        add_test(suite, tests[i], start, harness_stop, 20);
    return run_suite(suite);
}
