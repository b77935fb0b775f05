/* SPDX-License-Identifier: BSD-2-Clause */
/* test_waiting.c - threads that wait for room or for messages, and all that ends their waits. */
#include "harness.h"

#include <string.h>

/* A thread of the current task, and the message that it sends or receives. */
struct party {
    struct sim_thread *thread;
    number_buffer_t buffer;
};

/* One that outlives its test: a wait that the test leaves behind ends only with the machine. */
static struct party *new_party(void)
{
    static struct party parties[100];
    static unsigned next;
    struct party *party = &parties[next++ % 100];

    party->thread = sim_thread(current->thread->task);
    return party;
}

static bool start_send(struct party *party, mach_port_name_t to, int number, mach_msg_option_t option,
                       mach_msg_timeout_t timeout)
{
    party->buffer.message = (number_message_t){
        .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), .msgh_remote_port = to}, .number = number};
    return start_mach_msg(party->thread, &party->buffer.message.header, MACH_SEND_MSG | option,
                          sizeof party->buffer.message, 0, MACH_PORT_NULL, timeout, MACH_PORT_NULL);
}

static bool start_receive(struct party *party, mach_port_name_t from, mach_msg_option_t option,
                          mach_msg_timeout_t timeout)
{
    return start_mach_msg(party->thread, &party->buffer.message.header, MACH_RCV_MSG | option, 0,
                          sizeof party->buffer, from, timeout, MACH_PORT_NULL);
}

static void set_limit(mach_port_name_t port, mach_port_msgcount_t limit)
{
    mach_port_limits_t limits = {.mpl_qlimit = limit};

    ck_assert_int_eq(mach_port_set_attributes(self(), port, MACH_PORT_LIMITS_INFO, (mach_port_info_t)&limits, 1), 0);
}

static void must_send(mach_port_name_t port, int number)
{
    ck_assert_int_eq(send_number(port, MACH_MSG_TYPE_COPY_SEND, number), MACH_MSG_SUCCESS);
}

/* A port whose queue of one message, number 0, is full. */
static mach_port_name_t full_port(void)
{
    const mach_port_name_t port = send_receive_right();

    set_limit(port, 1);
    must_send(port, 0);
    return port;
}

START_TEST(senders_that_wait_are_served_in_order)
{
    const mach_port_name_t port = full_port();
    struct party *senders[5];

    for (int i = 0; i < 5; i++) {
        senders[i] = new_party();
        ck_assert(!start_send(senders[i], port, i + 1, 0, 0));
    }
    for (int i = 0; i < 6; i++) {
        ck_assert_int_eq(receive_number(port), i);
        for (int j = 0; j < 5; j++)
            ck_assert_int_eq(senders[j]->thread->busy, j > i);
    }
}
END_TEST

START_TEST(a_raised_limit_lets_waiting_senders_in)
{
    const mach_port_name_t port = full_port();
    struct party *one = new_party(), *other = new_party();

    ck_assert(!start_send(one, port, 1, 0, 0));
    ck_assert(!start_send(other, port, 2, 0, 0));
    set_limit(port, 2);
    ck_assert(!one->thread->busy);
    ck_assert(other->thread->busy);
}
END_TEST

START_TEST(a_sender_whose_time_is_up_gets_its_message_back)
{
    const mach_port_name_t port = full_port();
    struct party *sender = new_party();

    ck_assert(!start_send(sender, port, 1, MACH_SEND_TIMEOUT, 50));
    sim_pass(49 * 1000000);
    ck_assert(sender->thread->busy);
    sim_pass(2 * 1000000);
    ck_assert_int_eq((int)sender->thread->result, MACH_SEND_TIMED_OUT);
    ck_assert_uint_eq(sender->buffer.message.header.msgh_remote_port, port);
    ck_assert_uint_eq(urefs(port, MACH_PORT_RIGHT_SEND), 2); /* what was copied has come back */
    ck_assert_int_eq(receive_number(port), 0);
    ck_assert_int_eq(receive_number(port), -1);
}
END_TEST

START_TEST(an_aborted_wait_says_so)
{
    const mach_port_name_t port = full_port(), empty = receive_right();
    struct party *sender = new_party(), *receiver = new_party();

    ck_assert(!start_send(sender, port, 1, 0, 0));
    ck_assert(!start_receive(receiver, empty, 0, 0));
    ipc_wait_abort(sender->thread->thread, false);
    ipc_wait_abort(receiver->thread->thread, false);
    sim_run();
    ck_assert_int_eq((int)sender->thread->result, MACH_SEND_INTERRUPTED);
    ck_assert_int_eq((int)receiver->thread->result, MACH_RCV_INTERRUPTED);
}
END_TEST

START_TEST(senders_to_a_port_that_dies_have_sent)
{
    const mach_port_name_t port = full_port();
    struct party *sender = new_party();

    ck_assert(!start_send(sender, port, 1, 0, 0));
    ck_assert_int_eq(mach_port_mod_refs(self(), port, MACH_PORT_RIGHT_RECEIVE, -1), KERN_SUCCESS);
    ck_assert(!sender->thread->busy);
    ck_assert_int_eq((int)sender->thread->result, MACH_MSG_SUCCESS);
}
END_TEST

START_TEST(a_limit_of_none_passes_messages_from_hand_to_hand)
{
    const mach_port_name_t port = send_receive_right();
    struct party *sender = new_party(), *receiver = new_party();

    set_limit(port, 0);
    ck_assert_int_eq(send_number(port, MACH_MSG_TYPE_COPY_SEND, 1), MACH_SEND_TIMED_OUT);
    ck_assert(!start_send(sender, port, 2, 0, 0));
    ck_assert_int_eq(receive_number(port), 2);
    ck_assert(!sender->thread->busy);
    ck_assert(!start_receive(receiver, port, 0, 0));
    must_send(port, 3);
    ck_assert_int_eq(receiver->buffer.message.number, 3);
}
END_TEST

START_TEST(receivers_that_wait_are_served_in_order)
{
    const mach_port_name_t port = send_receive_right();
    struct party *one = new_party(), *other = new_party();

    ck_assert(!start_receive(one, port, 0, 0));
    ck_assert(!start_receive(other, port, 0, 0));
    must_send(port, 1);
    ck_assert(!one->thread->busy);
    ck_assert(other->thread->busy);
    ck_assert_int_eq(one->buffer.message.number, 1);
    must_send(port, 2);
    ck_assert_int_eq(other->buffer.message.number, 2);
}
END_TEST

START_TEST(a_receiver_with_too_little_room_leaves_the_message_to_the_next)
{
    const mach_port_name_t port = send_receive_right();
    struct party *small = new_party(), *large = new_party();

    ck_assert(!start_mach_msg(small->thread, &small->buffer.message.header, MACH_RCV_MSG | MACH_RCV_LARGE, 0, 24, port, 0,
                              MACH_PORT_NULL));
    ck_assert(!start_receive(large, port, 0, 0));
    must_send(port, 1);
    ck_assert_int_eq((int)small->thread->result, MACH_RCV_TOO_LARGE);
    ck_assert_uint_eq(small->buffer.message.header.msgh_size, sizeof(number_message_t));
    ck_assert_int_eq(large->buffer.message.number, 1);
}
END_TEST

START_TEST(receivers_hear_that_the_port_died_or_moved)
{
    const mach_port_name_t dies = receive_right(), moves = send_receive_right();
    struct party *one = new_party(), *other = new_party();
    struct sim_thread *second = sim_task(NULL, NULL);

    ck_assert(!start_receive(one, dies, 0, 0));
    ck_assert(!start_receive(other, moves, 0, 0));
    ck_assert_int_eq(mach_port_destroy(self(), dies), KERN_SUCCESS);
    ck_assert_int_eq((int)one->thread->result, MACH_RCV_PORT_DIED);
    (void)give(second, moves, MACH_MSG_TYPE_MOVE_RECEIVE);
    sim_run();
    ck_assert_int_eq((int)other->thread->result, MACH_RCV_PORT_CHANGED);
}
END_TEST

START_TEST(who_waits_at_a_set_is_served_by_any_member)
{
    mach_port_name_t set, later = send_receive_right(), port = send_receive_right();
    struct party *one = new_party(), *other = new_party(), *third = new_party();

    ck_assert_int_eq(mach_port_allocate(self(), MACH_PORT_RIGHT_PORT_SET, &set), KERN_SUCCESS);
    ck_assert_int_eq(mach_port_insert_member(self(), port, set), KERN_SUCCESS);
    ck_assert(!start_receive(one, set, 0, 0));
    ck_assert(!start_receive(other, set, 0, 0));
    ck_assert(!start_receive(third, set, 0, 0));
    must_send(port, 1);
    ck_assert_int_eq(one->buffer.message.number, 1);
    /* A port that comes in with a message serves who waits. */
    must_send(later, 2);
    ck_assert(other->thread->busy);
    ck_assert_int_eq(mach_port_insert_member(self(), later, set), KERN_SUCCESS);
    ck_assert(!other->thread->busy);
    ck_assert_int_eq(other->buffer.message.number, 2);
    ck_assert_int_eq(mach_port_destroy(self(), set), KERN_SUCCESS);
    ck_assert_int_eq((int)third->thread->result, MACH_RCV_PORT_DIED);
}
END_TEST

START_TEST(timeouts_come_in_the_order_of_their_times)
{
    enum { MANY = 50 };
    struct party *waiting[MANY];

    for (unsigned i = 0; i < MANY; i++) {
        waiting[i] = new_party();
        ck_assert(!start_receive(waiting[i], receive_right(), MACH_RCV_TIMEOUT, 1 + (i * 37) % MANY));
    }
    for (unsigned ms = 1; ms <= MANY; ms++) {
        sim_pass(1000000);
        for (unsigned i = 0; i < MANY; i++)
            ck_assert_int_eq(waiting[i]->thread->busy, 1 + (i * 37) % MANY > ms);
    }
}
END_TEST

START_TEST(a_task_that_ends_takes_its_waits_along)
{
    struct sim_thread *first = current, *second = sim_task(NULL, NULL);
    const mach_port_name_t port = full_port(), given = give(second, port, MACH_MSG_TYPE_COPY_SEND);
    struct party *sender = new_party(), *receiver;

    sender->thread = second;
    become(second);
    receiver = new_party();
    ck_assert(!start_receive(receiver, receive_right(), 0, 0));
    ck_assert(!start_send(sender, given, 9, 0, 0));
    become(first);
    sim_task_end(second);
    ck_assert_int_eq(receive_number(port), 0);
    ck_assert_int_eq(receive_number(port), -1);
}
END_TEST

START_TEST(one_task_cannot_have_more_than_its_limits)
{
    const struct task_limits limits = {.names = 20, .receives = 10, .memory = 5000, .threads = 2};
    struct sim_thread *second = sim_task(NULL, &limits);
    mach_port_name_t name = MACH_PORT_NULL, port;
    static struct {
        mach_msg_header_t header;
        char room[3000];
    } message;
    int receives = 0;

    become(second);
    port = send_receive_right();
    ck_assert_ptr_nonnull(sim_thread(second->thread->task));
    ck_assert_ptr_null(sim_thread(second->thread->task));
    message.header = (mach_msg_header_t){.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), .msgh_remote_port = port};
    ck_assert_int_eq(mach_msg(&message.header, MACH_SEND_MSG, sizeof message, 0, 0, 0, 0), MACH_MSG_SUCCESS);
    ck_assert_int_eq(mach_msg(&message.header, MACH_SEND_MSG, sizeof message, 0, 0, 0, 0), MACH_SEND_NO_BUFFER);
    while (mach_port_allocate(self(), MACH_PORT_RIGHT_RECEIVE, &name) == KERN_SUCCESS)
        receives++;
    ck_assert_int_eq(receives, 10 - 2); /* one more is the port for the last call's answer */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("waiting");
    const TTest *const tests[] = {
        senders_that_wait_are_served_in_order,
        a_raised_limit_lets_waiting_senders_in,
        a_sender_whose_time_is_up_gets_its_message_back,
        an_aborted_wait_says_so,
        senders_to_a_port_that_dies_have_sent,
        a_limit_of_none_passes_messages_from_hand_to_hand,
        receivers_that_wait_are_served_in_order,
        a_receiver_with_too_little_room_leaves_the_message_to_the_next,
        receivers_hear_that_the_port_died_or_moved,
        who_waits_at_a_set_is_served_by_any_member,
        timeouts_come_in_the_order_of_their_times,
        a_task_that_ends_takes_its_waits_along,
        one_task_cannot_have_more_than_its_limits,
    };

    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        add_test(suite, tests[i], harness_start, harness_stop, 20);
    return run_suite(suite);
}
