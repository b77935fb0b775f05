/* SPDX-License-Identifier: BSD-2-Clause */
/* test_messages.c - sending and receiving: options, errors, and what becomes of rights.  mach_msg(2). */
#include "conformance.h"

static void messages_arrive_in_order_with_sequence_numbers(void)
{
    mach_port_t port = new_port_with_send();
    struct {
        number_message_t message;
        mach_msg_seqno_trailer_t trailer;
    } buffer;

    for (int i = 0; i < 5; i++)
        CHECK_SUCCESS(send_number(port, i));
    CHECK_EQUAL(status_of(port).mps_msgcount, 5);
    for (int i = 0; i < 5; i++) {
        CHECK_SUCCESS(mach_msg(&buffer.message.header,
                               MACH_RCV_MSG | MACH_RCV_TRAILER_ELEMENTS(MACH_RCV_TRAILER_SEQNO), 0, sizeof buffer,
                               port, 0, MACH_PORT_NULL));
        CHECK_EQUAL(buffer.message.number, i);
        CHECK_EQUAL(buffer.message.header.msgh_size, sizeof(number_message_t));
        CHECK_EQUAL(buffer.message.header.msgh_local_port, port);
        CHECK_EQUAL(buffer.message.header.msgh_remote_port, MACH_PORT_NULL);
        CHECK_EQUAL(buffer.message.header.msgh_bits, MACH_MSGH_BITS(0, MACH_MSG_TYPE_PORT_SEND));
        CHECK_EQUAL(buffer.trailer.msgh_trailer_size, sizeof buffer.trailer);
        CHECK_EQUAL(buffer.trailer.msgh_seqno, i);
    }
    destroy(port);
}

static void a_full_queue_times_out_and_gives_the_message_back(void)
{
    mach_port_t port = new_port_with_send();
    number_message_t message = {
        .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE),
                   .msgh_remote_port = port,
                   .msgh_local_port = port},
        .number = 9};

    set_limit(port, 2);
    CHECK_SUCCESS(send_number(port, 1));
    CHECK_SUCCESS(send_number(port, 2));
    CHECK_EQUAL(mach_msg(&message.header, MACH_SEND_MSG | MACH_SEND_TIMEOUT, sizeof message, 0, MACH_PORT_NULL, 10,
                         MACH_PORT_NULL),
                MACH_SEND_TIMED_OUT);
    /* As if received: the moved right is back, and the send-once right that was made is there. */
    CHECK_EQUAL(message.header.msgh_remote_port, port);
    CHECK_EQUAL(refs_of(port, MACH_PORT_RIGHT_SEND), 1);
    CHECK_EQUAL(message.header.msgh_bits,
                MACH_MSGH_BITS(MACH_MSG_TYPE_PORT_SEND, MACH_MSG_TYPE_PORT_SEND_ONCE));
    CHECK_EQUAL(type_of(message.header.msgh_local_port), MACH_PORT_TYPE_SEND_ONCE);
    CHECK_EQUAL(message.number, 9);
    CHECK_EQUAL(receive_number(port), 1);
    CHECK_SUCCESS(mach_msg(&message.header, MACH_SEND_MSG, sizeof message, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL));
    CHECK_EQUAL(receive_number(port), 2);
    CHECK_EQUAL(receive_number(port), 9);
    destroy(port);
}

static void send_once_rights_pass_a_full_queue(void)
{
    mach_port_t port = new_port_with_send();

    set_limit(port, 1);
    CHECK_SUCCESS(send_number(port, 1));
    CHECK_EQUAL(send_number(port, 2), MACH_SEND_TIMED_OUT);
    CHECK_SUCCESS(send_number_as(port, MACH_MSG_TYPE_MAKE_SEND_ONCE, 3));
    CHECK_EQUAL(receive_number(port), 1);
    CHECK_EQUAL(receive_number(port), 3);
    destroy(port);
}

static void the_reply_right_of_a_destroyed_message_is_told(void)
{
    mach_port_t port = new_port_with_send(), reply = new_port();
    mach_msg_header_t message = {
        .msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE),
        .msgh_remote_port = port,
        .msgh_local_port = reply};
    natural_t value;

    CHECK_SUCCESS(mach_msg(&message, MACH_SEND_MSG, sizeof message, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL));
    CHECK_EQUAL(status_of(reply).mps_sorights, 1);
    destroy(port);
    CHECK_EQUAL(receive_notification(reply, &value), MACH_NOTIFY_SEND_ONCE);
    CHECK_EQUAL(status_of(reply).mps_sorights, 0);
    destroy(reply);
}

static void headers_that_are_wrong_change_nothing(void)
{
    mach_port_t port = new_port_with_send();
    mach_msg_header_t message = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), .msgh_remote_port = port};
    mach_msg_header_t bad = message;
#define SEND(header) mach_msg(&(header), MACH_SEND_MSG, sizeof(header), 0, MACH_PORT_NULL, 0, MACH_PORT_NULL)

    bad.msgh_remote_port = MACH_PORT_NULL;
    CHECK_EQUAL(SEND(bad), MACH_SEND_INVALID_DEST);
    bad.msgh_remote_port = MACH_PORT_DEAD;
    CHECK_EQUAL(SEND(bad), MACH_SEND_INVALID_DEST);
    bad.msgh_remote_port = 0x7777703;
    CHECK_EQUAL(SEND(bad), MACH_SEND_INVALID_DEST);
    bad = message;
    bad.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0);
    CHECK_EQUAL(SEND(bad), MACH_SEND_INVALID_DEST);
    bad.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_RECEIVE, 0);
    CHECK_EQUAL(SEND(bad), MACH_SEND_INVALID_HEADER);
    bad.msgh_bits = 0;
    CHECK_EQUAL(SEND(bad), MACH_SEND_INVALID_HEADER);
    bad.msgh_bits = message.msgh_bits | 0x40000000;
    CHECK_EQUAL(SEND(bad), MACH_SEND_INVALID_HEADER);
    bad = message;
    bad.msgh_local_port = port;
    CHECK_EQUAL(SEND(bad), MACH_SEND_INVALID_HEADER);
    bad.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MOVE_SEND_ONCE);
    CHECK_EQUAL(SEND(bad), MACH_SEND_INVALID_REPLY);
    bad.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND, MACH_MSG_TYPE_MOVE_SEND);
    CHECK_EQUAL(SEND(bad), MACH_SEND_INVALID_REPLY);
    bad = message;
    bad.msgh_bits = MACH_MSGH_BITS_SET(MACH_MSG_TYPE_COPY_SEND, 0, MACH_MSG_TYPE_MAKE_SEND, 0);
    bad.msgh_voucher_port = port;
    CHECK_EQUAL(SEND(bad), MACH_SEND_INVALID_VOUCHER);
    bad.msgh_bits = MACH_MSGH_BITS_SET(MACH_MSG_TYPE_COPY_SEND, 0, MACH_MSG_TYPE_MOVE_SEND, 0);
    bad.msgh_voucher_port = 0x7777703;
    CHECK_EQUAL(SEND(bad), MACH_SEND_INVALID_VOUCHER);
    CHECK_EQUAL(refs_of(port, MACH_PORT_RIGHT_SEND), 1);
    CHECK(is_empty(port));
    destroy(port);
}

static void sizes_that_are_wrong_are_refused(void)
{
    mach_port_t port = new_port_with_send();
    number_message_t message = {
        .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), .msgh_remote_port = port}};

    CHECK_EQUAL(mach_msg(&message.header, MACH_SEND_MSG, 20, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL),
                MACH_SEND_MSG_TOO_SMALL);
    CHECK_EQUAL(mach_msg(&message.header, MACH_SEND_MSG, 26, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL),
                MACH_SEND_MSG_TOO_SMALL);
    CHECK_EQUAL(mach_msg(&message.header, MACH_SEND_MSG, 0xfffffff0, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL),
                MACH_SEND_TOO_LARGE);
    CHECK_EQUAL(mach_msg(NULL, MACH_SEND_MSG, sizeof message, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL),
                MACH_SEND_INVALID_DATA);
    destroy(port);
}

static void a_message_that_is_too_large_is_lost_or_stays(void)
{
    mach_port_t port = new_port_with_send();
    number_buffer_t buffer;
    const mach_msg_size_t small = sizeof(mach_msg_header_t);

    CHECK_SUCCESS(send_number(port, 1));
    memset(&buffer, 0x5a, sizeof buffer);
    CHECK_EQUAL(mach_msg(&buffer.header, MACH_RCV_MSG | MACH_RCV_LARGE | MACH_RCV_LARGE_IDENTITY, 0, small, port, 0,
                         MACH_PORT_NULL),
                MACH_RCV_TOO_LARGE);
    CHECK_EQUAL(buffer.header.msgh_size, sizeof(number_message_t));
    CHECK_EQUAL(buffer.header.msgh_local_port, port);
    CHECK_EQUAL(buffer.header.msgh_id, 0x5a5a5a5a);
    CHECK_EQUAL(status_of(port).mps_msgcount, 1);
    CHECK_EQUAL(mach_msg(&buffer.header, MACH_RCV_MSG, 0, small, port, 0, MACH_PORT_NULL), MACH_RCV_TOO_LARGE);
    CHECK_EQUAL(buffer.header.msgh_size, sizeof(number_message_t));
    CHECK_EQUAL(buffer.header.msgh_id, 500);
    CHECK(is_empty(port));
    destroy(port);
}

static void receiving_needs_a_receive_right_or_a_set(void)
{
    number_buffer_t buffer;
    mach_port_t port = new_port_with_send(), dead;

    CHECK_SUCCESS(mach_port_allocate(SELF, MACH_PORT_RIGHT_DEAD_NAME, &dead));
    CHECK_EQUAL(mach_msg(&buffer.header, MACH_RCV_MSG, 0, sizeof buffer, dead, 0, MACH_PORT_NULL),
                MACH_RCV_INVALID_NAME);
    CHECK_EQUAL(mach_msg(&buffer.header, MACH_RCV_MSG, 0, sizeof buffer, 0x7777703, 0, MACH_PORT_NULL),
                MACH_RCV_INVALID_NAME);
    CHECK_EQUAL(mach_msg(&buffer.header, MACH_RCV_MSG, 0, sizeof buffer, SELF, 0, MACH_PORT_NULL),
                MACH_RCV_INVALID_NAME);
    CHECK_SUCCESS(send_number(port, 1));
    CHECK_EQUAL(mach_msg(NULL, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof buffer, port, 0, MACH_PORT_NULL),
                MACH_RCV_INVALID_DATA);
    (void)receive_number(port); /* whether the message was lost with that is not said */
    CHECK_EQUAL(mach_msg(&buffer.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof buffer, port, 0, MACH_PORT_NULL),
                MACH_RCV_TIMED_OUT);
    CHECK_EQUAL(mach_msg(&buffer.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof buffer, port, 20, MACH_PORT_NULL),
                MACH_RCV_TIMED_OUT);
    destroy(dead);
    destroy(port);
}

static void one_call_sends_and_receives(void)
{
    mach_port_t port = new_port_with_send();
    number_buffer_t buffer = {
        .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), .msgh_remote_port = port}, .number = 77};

    CHECK_SUCCESS(mach_msg(&buffer.header, MACH_SEND_MSG | MACH_RCV_MSG, sizeof(number_message_t), sizeof buffer, port,
                           0, MACH_PORT_NULL));
    CHECK_EQUAL(buffer.number, 77);
    CHECK_EQUAL(buffer.header.msgh_local_port, port);
    CHECK_SUCCESS(mach_msg(&buffer.header, 0, 0, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL));
    destroy(port);
}

static void a_message_to_a_dead_port_is_refused_by_name(void)
{
    mach_port_t port = new_port_with_send();

    CHECK_SUCCESS(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_RECEIVE, -1));
    CHECK_EQUAL(send_number(port, 1), MACH_SEND_INVALID_DEST);
    CHECK_EQUAL(refs_of(port, MACH_PORT_RIGHT_DEAD_NAME), 1);
    destroy(port);
}

/* ---- rights in bodies ------------------------------------------------------------------------------ */

typedef struct {
    mach_msg_header_t header;
    mach_msg_body_t body;
    mach_msg_port_descriptor_t port;
    unsigned char room[200];
} port_message_t;
#define PORT_MESSAGE_SIZE ((mach_msg_size_t)offsetof(port_message_t, room))

static port_message_t port_message(mach_port_t to, mach_port_t name, mach_msg_type_name_t disposition)
{
    return (port_message_t){
        .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) | MACH_MSGH_BITS_COMPLEX,
                   .msgh_remote_port = to},
        .body = {.msgh_descriptor_count = 1},
        .port = {.name = name, .disposition = disposition, .type = MACH_MSG_PORT_DESCRIPTOR},
    };
}

static mach_msg_return_t send_port(mach_port_t to, mach_port_t name, mach_msg_type_name_t disposition)
{
    port_message_t message = port_message(to, name, disposition);

    return mach_msg(&message.header, MACH_SEND_MSG, PORT_MESSAGE_SIZE, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
}

/* The right that arrives. */
static mach_port_t receive_port(mach_port_t from, mach_msg_type_name_t expected)
{
    port_message_t message;

    CHECK_SUCCESS(mach_msg(&message.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof message, from, 0, MACH_PORT_NULL));
    CHECK(message.header.msgh_bits & MACH_MSGH_BITS_COMPLEX);
    CHECK_EQUAL(message.body.msgh_descriptor_count, 1);
    CHECK_EQUAL(message.port.type, MACH_MSG_PORT_DESCRIPTOR);
    CHECK_EQUAL(message.port.disposition, expected);
    return message.port.name;
}

static void each_disposition_gives_its_right(void)
{
    mach_port_t to = new_port_with_send(), port = new_port_with_send();

    CHECK_SUCCESS(send_port(to, port, MACH_MSG_TYPE_COPY_SEND));
    CHECK_EQUAL(receive_port(to, MACH_MSG_TYPE_PORT_SEND), port);
    CHECK_EQUAL(refs_of(port, MACH_PORT_RIGHT_SEND), 2);
    CHECK_SUCCESS(send_port(to, port, MACH_MSG_TYPE_MOVE_SEND));
    CHECK_EQUAL(refs_of(port, MACH_PORT_RIGHT_SEND), 1);
    CHECK_EQUAL(receive_port(to, MACH_MSG_TYPE_PORT_SEND), port);
    CHECK_SUCCESS(send_port(to, port, MACH_MSG_TYPE_MAKE_SEND));
    CHECK_EQUAL(receive_port(to, MACH_MSG_TYPE_PORT_SEND), port);
    CHECK_EQUAL(refs_of(port, MACH_PORT_RIGHT_SEND), 3);
    CHECK_SUCCESS(send_port(to, port, MACH_MSG_TYPE_MAKE_SEND_ONCE));
    mach_port_t once = receive_port(to, MACH_MSG_TYPE_PORT_SEND_ONCE);
    CHECK_EQUAL(type_of(once), MACH_PORT_TYPE_SEND_ONCE);
    CHECK_SUCCESS(send_port(to, once, MACH_MSG_TYPE_MOVE_SEND_ONCE));
    CHECK_EQUAL(type_of(once), MACH_PORT_TYPE_NONE);
    once = receive_port(to, MACH_MSG_TYPE_PORT_SEND_ONCE);
    CHECK_SUCCESS(mach_port_deallocate(SELF, once));
    CHECK_SUCCESS(send_port(to, port, MACH_MSG_TYPE_MOVE_RECEIVE));
    CHECK_EQUAL(type_of(port), MACH_PORT_TYPE_SEND);
    CHECK_EQUAL(receive_port(to, MACH_MSG_TYPE_PORT_RECEIVE), port);
    CHECK_EQUAL(type_of(port), MACH_PORT_TYPE_SEND_RECEIVE);
    destroy(port);
    destroy(to);
}

static void null_and_dead_names_travel(void)
{
    mach_port_t to = new_port_with_send();

    CHECK_SUCCESS(send_port(to, MACH_PORT_NULL, MACH_MSG_TYPE_COPY_SEND));
    CHECK_EQUAL(receive_port(to, MACH_MSG_TYPE_PORT_SEND), MACH_PORT_NULL);
    CHECK_SUCCESS(send_port(to, MACH_PORT_DEAD, MACH_MSG_TYPE_MOVE_SEND_ONCE));
    CHECK_EQUAL(receive_port(to, MACH_MSG_TYPE_PORT_SEND_ONCE), MACH_PORT_DEAD);
    mach_port_t dead;
    CHECK_SUCCESS(mach_port_allocate(SELF, MACH_PORT_RIGHT_DEAD_NAME, &dead));
    CHECK_SUCCESS(send_port(to, dead, MACH_MSG_TYPE_MOVE_SEND));
    CHECK_EQUAL(receive_port(to, MACH_MSG_TYPE_PORT_SEND), MACH_PORT_DEAD);
    CHECK_EQUAL(type_of(dead), MACH_PORT_TYPE_NONE);
    destroy(to);
}

static void a_wrong_right_in_the_body_destroys_what_was_taken(void)
{
    mach_port_t to = new_port_with_send(), reply = new_port();
    port_message_t message = port_message(to, 0x7777703, MACH_MSG_TYPE_COPY_SEND);
    natural_t value;

    message.header.msgh_bits |= MACH_MSGH_BITS(0, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    message.header.msgh_local_port = reply;
    CHECK_EQUAL(mach_msg(&message.header, MACH_SEND_MSG, PORT_MESSAGE_SIZE, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL),
                MACH_SEND_INVALID_RIGHT);
    CHECK_EQUAL(receive_notification(reply, &value), MACH_NOTIFY_SEND_ONCE);
    CHECK_EQUAL(send_port(to, reply, MACH_MSG_TYPE_MOVE_SEND), MACH_SEND_INVALID_RIGHT);
    CHECK_EQUAL(send_port(to, reply, 3), MACH_SEND_INVALID_TYPE);
    CHECK_EQUAL(refs_of(to, MACH_PORT_RIGHT_SEND), 1);
    CHECK(is_empty(to));
    destroy(reply);
    destroy(to);
}

static void descriptors_that_lie_are_refused(void)
{
    mach_port_t to = new_port_with_send();
    port_message_t message = port_message(to, MACH_PORT_NULL, MACH_MSG_TYPE_COPY_SEND);

    message.body.msgh_descriptor_count = 2;
    CHECK_EQUAL(mach_msg(&message.header, MACH_SEND_MSG, PORT_MESSAGE_SIZE, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL),
                MACH_SEND_MSG_TOO_SMALL);
    message.body.msgh_descriptor_count = 0xffffffff;
    CHECK_EQUAL(mach_msg(&message.header, MACH_SEND_MSG, PORT_MESSAGE_SIZE, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL),
                MACH_SEND_MSG_TOO_SMALL);
    message.body.msgh_descriptor_count = 1;
    message.port.type = 200;
    CHECK_EQUAL(mach_msg(&message.header, MACH_SEND_MSG, PORT_MESSAGE_SIZE, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL),
                MACH_SEND_INVALID_TYPE);
    message.port.type = MACH_MSG_OOL_DESCRIPTOR;
    CHECK_EQUAL(mach_msg(&message.header, MACH_SEND_MSG, PORT_MESSAGE_SIZE, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL),
                MACH_SEND_MSG_TOO_SMALL);
    CHECK_EQUAL(mach_msg(&message.header, MACH_SEND_MSG, sizeof(mach_msg_header_t), 0, MACH_PORT_NULL, 0, MACH_PORT_NULL),
                MACH_SEND_MSG_TOO_SMALL);
    CHECK(is_empty(to));
    destroy(to);
}

static void a_receive_right_sent_to_itself_is_destroyed(void)
{
    mach_port_t port = new_port_with_send(), other = new_port_with_send();

    CHECK_SUCCESS(send_port(port, port, MACH_MSG_TYPE_MOVE_RECEIVE));
    CHECK_EQUAL(type_of(port), MACH_PORT_TYPE_DEAD_NAME);
    destroy(port);
    /* And by way of another. */
    port = new_port_with_send();
    CHECK_SUCCESS(send_port(port, other, MACH_MSG_TYPE_MOVE_RECEIVE));
    CHECK_SUCCESS(send_port(other, port, MACH_MSG_TYPE_MOVE_RECEIVE));
    CHECK_EQUAL(type_of(port), MACH_PORT_TYPE_DEAD_NAME);
    CHECK_EQUAL(type_of(other), MACH_PORT_TYPE_DEAD_NAME);
    destroy(port);
    destroy(other);
}

static void a_moved_receive_right_takes_its_messages_along(void)
{
    mach_port_t to = new_port_with_send(), port = new_port_with_send();

    CHECK_SUCCESS(send_number(port, 31));
    CHECK_SUCCESS(send_port(to, port, MACH_MSG_TYPE_MOVE_RECEIVE));
    CHECK_SUCCESS(send_number(port, 32));
    CHECK_EQUAL(receive_port(to, MACH_MSG_TYPE_PORT_RECEIVE), port);
    CHECK_EQUAL(receive_number(port), 31);
    CHECK_EQUAL(receive_number(port), 32);
    destroy(port);
    destroy(to);
}

static void a_long_chain_of_receive_rights_is_destroyed(void)
{
    enum { LENGTH = 2000 };
    mach_port_t inner = new_port_with_send();

    for (int i = 0; i < LENGTH; i++) {
        mach_port_t outer = new_port_with_send();

        CHECK_SUCCESS(send_port(outer, inner, MACH_MSG_TYPE_MOVE_RECEIVE));
        CHECK_SUCCESS(mach_port_deallocate(SELF, inner));
        inner = outer;
    }
    destroy(inner);
}

static void a_voucher_goes_to_those_who_ask_for_it(void)
{
    mach_port_t port = new_port_with_send(), voucher = new_port_with_send();
    number_buffer_t buffer = {
        .header = {.msgh_bits = MACH_MSGH_BITS_SET(MACH_MSG_TYPE_COPY_SEND, 0, MACH_MSG_TYPE_COPY_SEND, 0),
                   .msgh_remote_port = port,
                   .msgh_voucher_port = voucher}};
    number_buffer_t copy = buffer;

    CHECK_SUCCESS(mach_msg(&buffer.header, MACH_SEND_MSG | MACH_RCV_MSG | MACH_RCV_VOUCHER, sizeof(number_message_t),
                           sizeof buffer, port, 0, MACH_PORT_NULL));
    CHECK_EQUAL(buffer.header.msgh_voucher_port, voucher);
    CHECK_EQUAL(refs_of(voucher, MACH_PORT_RIGHT_SEND), 2);
    CHECK_SUCCESS(mach_msg(&copy.header, MACH_SEND_MSG | MACH_RCV_MSG, sizeof(number_message_t), sizeof copy, port, 0,
                           MACH_PORT_NULL));
    CHECK_EQUAL(copy.header.msgh_voucher_port, MACH_PORT_NULL);
    CHECK_EQUAL(refs_of(voucher, MACH_PORT_RIGHT_SEND), 2);
    destroy(voucher);
    destroy(port);
}

static void send_to_second_task(mach_port_t port)
{
    CHECK_SUCCESS(send_port(port, new_port(), MACH_MSG_TYPE_MAKE_SEND));
    CHECK_SUCCESS(send_number(port, 42));
}

static void rights_of_a_task_that_has_ended_are_dead(void)
{
    mach_port_t port = new_port();

    in_second_task(send_to_second_task, port);
    mach_port_t name = receive_port(port, MACH_MSG_TYPE_PORT_SEND);
    CHECK_EQUAL(receive_number(port), 42);
    if (name != MACH_PORT_DEAD) {
        /* Its death may take a moment to be known; that it is known, a notification tells. */
        mach_port_t notify = new_port();
        natural_t dead = 0;

        (void)request(name, MACH_NOTIFY_DEAD_NAME, 1, notify);
        CHECK_EQUAL(receive_notification(notify, &dead), MACH_NOTIFY_DEAD_NAME);
        CHECK_EQUAL(dead, name);
        CHECK_EQUAL(type_of(name), MACH_PORT_TYPE_DEAD_NAME);
        destroy(notify);
    }
    destroy(port);
}

static void trailers_that_are_not_there_are_refused(void)
{
    mach_port_t port = new_port_with_send();
    number_buffer_t buffer;

    CHECK_SUCCESS(send_number(port, 1));
    for (int elements = 0; elements < 16; elements++) {
        const bool there = elements <= MACH_RCV_TRAILER_CTX || elements == MACH_RCV_TRAILER_AV ||
                           elements == MACH_RCV_TRAILER_LABELS;

        if (!there)
            CHECK_EQUAL(mach_msg(&buffer.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT | MACH_RCV_TRAILER_ELEMENTS(elements),
                                 0, sizeof buffer, port, 0, MACH_PORT_NULL), MACH_RCV_INVALID_TRAILER);
    }
    CHECK_EQUAL(mach_msg(&buffer.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT | MACH_RCV_TRAILER_TYPE(1), 0, sizeof buffer,
                         port, 0, MACH_PORT_NULL), MACH_RCV_INVALID_TRAILER);
    CHECK_EQUAL(receive_number(port), 1);
    buffer.header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0);
    buffer.header.msgh_remote_port = port;
    CHECK_EQUAL(mach_msg(&buffer.header, MACH_SEND_MSG | MACH_SEND_TRAILER, sizeof(number_message_t), 0,
                         MACH_PORT_NULL, 0, MACH_PORT_NULL), MACH_SEND_INVALID_TRAILER);
    CHECK_EQUAL(receive_number(port), -1);
    destroy(port);
}

const struct conformance_test conformance_tests[] = {
    {"trailers that are not there are refused", trailers_that_are_not_there_are_refused},
    {"messages arrive in order, with sequence numbers", messages_arrive_in_order_with_sequence_numbers},
    {"a full queue times out and gives the message back", a_full_queue_times_out_and_gives_the_message_back},
    {"send-once rights pass a full queue", send_once_rights_pass_a_full_queue},
    {"the reply right of a destroyed message is told", the_reply_right_of_a_destroyed_message_is_told},
    {"headers that are wrong change nothing", headers_that_are_wrong_change_nothing},
    {"sizes that are wrong are refused", sizes_that_are_wrong_are_refused},
    {"a message that is too large is lost or stays", a_message_that_is_too_large_is_lost_or_stays},
    {"receiving needs a receive right or a set", receiving_needs_a_receive_right_or_a_set},
    {"one call sends and receives", one_call_sends_and_receives},
    {"a message to a dead port is refused by name", a_message_to_a_dead_port_is_refused_by_name},
    {"each disposition gives its right", each_disposition_gives_its_right},
    {"null and dead names travel", null_and_dead_names_travel},
    {"a wrong right in the body destroys what was taken", a_wrong_right_in_the_body_destroys_what_was_taken},
    {"descriptors that lie are refused", descriptors_that_lie_are_refused},
    {"a receive right sent to itself is destroyed", a_receive_right_sent_to_itself_is_destroyed},
    {"a moved receive right takes its messages along", a_moved_receive_right_takes_its_messages_along},
    {"a long chain of receive rights is destroyed", a_long_chain_of_receive_rights_is_destroyed},
    {"a voucher goes to those who ask for it", a_voucher_goes_to_those_who_ask_for_it},
    {"rights of a task that has ended are dead", rights_of_a_task_that_has_ended_are_dead},
    {NULL, NULL},
};
