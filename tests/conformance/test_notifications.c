/* SPDX-License-Identifier: BSD-2-Clause */
/* test_notifications.c - what the kernel tells of rights: mach_port_request_notification(3). */
#include "conformance.h"

static void no_senders_comes_with_the_make_send_count(void)
{
    mach_port_t port = new_port_with_send(), notify = new_port();
    natural_t count = 0;

    CHECK_EQUAL(request(port, MACH_NOTIFY_NO_SENDERS, 1, notify), MACH_PORT_NULL);
    CHECK_EQUAL(status_of(port).mps_nsrequest, TRUE);
    CHECK(is_empty(notify));
    CHECK_SUCCESS(mach_port_deallocate(SELF, port));
    CHECK_EQUAL(receive_notification(notify, &count), MACH_NOTIFY_NO_SENDERS);
    CHECK_EQUAL(count, 1);
    CHECK_EQUAL(status_of(port).mps_nsrequest, FALSE);
    /* At once if there are none, and the caller knows of all that were made. */
    CHECK_EQUAL(request(port, MACH_NOTIFY_NO_SENDERS, 1, notify), MACH_PORT_NULL);
    CHECK_EQUAL(receive_notification(notify, &count), MACH_NOTIFY_NO_SENDERS);
    CHECK_EQUAL(request(port, MACH_NOTIFY_NO_SENDERS, 2, notify), MACH_PORT_NULL);
    CHECK(is_empty(notify));
    destroy(port);
    CHECK_EQUAL(receive_notification(notify, &count), MACH_NOTIFY_SEND_ONCE);
    destroy(notify);
}

static void a_new_request_gives_back_the_former(void)
{
    mach_port_t port = new_port_with_send(), notify = new_port(), previous;

    CHECK_EQUAL(request(port, MACH_NOTIFY_DEAD_NAME, 0, notify), MACH_PORT_NULL);
    CHECK_EQUAL(type_of(port), MACH_PORT_TYPE_SEND_RECEIVE | MACH_PORT_TYPE_DNREQUEST);
    previous = request(port, MACH_NOTIFY_DEAD_NAME, 0, notify);
    CHECK_EQUAL(type_of(previous), MACH_PORT_TYPE_SEND_ONCE);
    CHECK_SUCCESS(mach_port_deallocate(SELF, previous));
    CHECK_SUCCESS(mach_port_request_notification(SELF, port, MACH_NOTIFY_DEAD_NAME, 0, MACH_PORT_NULL,
                                                 MACH_MSG_TYPE_MOVE_SEND_ONCE, &previous));
    CHECK_EQUAL(type_of(previous), MACH_PORT_TYPE_SEND_ONCE);
    CHECK_EQUAL(type_of(port), MACH_PORT_TYPE_SEND_RECEIVE);
    CHECK_SUCCESS(mach_port_deallocate(SELF, previous));
    destroy(port);
    destroy(notify);
}

static void a_dead_name_is_told_with_a_reference(void)
{
    mach_port_t port = new_port_with_send(), notify = new_port();
    natural_t name = 0;

    (void)request(port, MACH_NOTIFY_DEAD_NAME, 0, notify);
    CHECK_SUCCESS(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_RECEIVE, -1));
    CHECK_EQUAL(receive_notification(notify, &name), MACH_NOTIFY_DEAD_NAME);
    CHECK_EQUAL(name, port);
    CHECK_EQUAL(refs_of(port, MACH_PORT_RIGHT_DEAD_NAME), 2);
    /* It is dead already: told at once if that is wanted. */
    (void)request(port, MACH_NOTIFY_DEAD_NAME, 1, notify);
    CHECK_EQUAL(receive_notification(notify, &name), MACH_NOTIFY_DEAD_NAME);
    CHECK_EQUAL(refs_of(port, MACH_PORT_RIGHT_DEAD_NAME), 3);
    mach_port_t previous;
    CHECK_EQUAL(mach_port_request_notification(SELF, port, MACH_NOTIFY_DEAD_NAME, 0, notify,
                                               MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous),
                KERN_INVALID_ARGUMENT);
    CHECK_EQUAL(receive_notification(notify, &name), MACH_NOTIFY_SEND_ONCE);
    destroy(port);
    destroy(notify);
}

static void a_deleted_right_is_told(void)
{
    mach_port_t port = new_port(), notify = new_port(), once;
    mach_msg_type_name_t type;
    natural_t name = 0;

    CHECK_SUCCESS(mach_port_extract_right(SELF, port, MACH_MSG_TYPE_MAKE_SEND_ONCE, &once, &type));
    (void)request(once, MACH_NOTIFY_DEAD_NAME, 0, notify);
    CHECK_SUCCESS(send_number_as(once, MACH_MSG_TYPE_MOVE_SEND_ONCE, 3));
    CHECK_EQUAL(receive_notification(notify, &name), MACH_NOTIFY_PORT_DELETED);
    CHECK_EQUAL(name, once);
    CHECK_EQUAL(receive_number(port), 3);
    destroy(port);
    destroy(notify);
}

static void a_destroyed_receive_right_comes_to_whoever_asked(void)
{
    mach_port_t port = new_port_with_send(), notify = new_port();
    natural_t name = 0;

    (void)request(port, MACH_NOTIFY_PORT_DESTROYED, 0, notify);
    CHECK_EQUAL(status_of(port).mps_pdrequest, TRUE);
    CHECK_SUCCESS(send_number(port, 8));
    CHECK_SUCCESS(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_RECEIVE, -1));
    CHECK_EQUAL(type_of(port), MACH_PORT_TYPE_SEND);
    CHECK_EQUAL(receive_notification(notify, &name), MACH_NOTIFY_PORT_DESTROYED);
    CHECK_EQUAL(name, port);
    CHECK_EQUAL(type_of(port), MACH_PORT_TYPE_SEND_RECEIVE);
    CHECK_EQUAL(status_of(port).mps_pdrequest, FALSE);
    CHECK_EQUAL(receive_number(port), 8);
    destroy(port);
    destroy(notify);
}

static void room_in_a_full_queue_is_told(void)
{
    mach_port_t port = new_port_with_send(), notify = new_port();
    number_message_t message = {
        .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), .msgh_remote_port = port}};
    natural_t name = 0;

    set_limit(port, 1);
    CHECK_SUCCESS(send_number(port, 1));
    CHECK_EQUAL(mach_msg(&message.header, MACH_SEND_MSG | MACH_SEND_TIMEOUT | MACH_SEND_NOTIFY, sizeof message, 0,
                         MACH_PORT_NULL, 0, 0x7777703),
                MACH_SEND_INVALID_NOTIFY);
    CHECK_EQUAL(mach_msg(&message.header, MACH_SEND_MSG | MACH_SEND_TIMEOUT | MACH_SEND_NOTIFY, sizeof message, 0,
                         MACH_PORT_NULL, 0, notify),
                MACH_SEND_TIMED_OUT);
    CHECK(is_empty(notify));
    CHECK(type_of(port) & MACH_PORT_TYPE_SPREQUEST);
    CHECK_EQUAL(receive_number(port), 1);
    CHECK_EQUAL(receive_notification(notify, &name), MACH_NOTIFY_SEND_POSSIBLE);
    CHECK_EQUAL(name, port);
    CHECK(!(type_of(port) & MACH_PORT_TYPE_SPREQUEST));
    destroy(port);
    destroy(notify);
}

static void a_registered_request_for_room_is_armed_by_a_send(void)
{
    mach_port_t port = new_port_with_send(), notify = new_port();
    number_message_t message = {
        .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), .msgh_remote_port = port}};
    natural_t name = 0;

    set_limit(port, 1);
    (void)request(port, MACH_NOTIFY_SEND_POSSIBLE, 0, notify);
    CHECK(type_of(port) & MACH_PORT_TYPE_SPREQUEST_DELAYED);
    CHECK_SUCCESS(send_number(port, 1));
    CHECK_EQUAL(receive_number(port), 1);
    CHECK(is_empty(notify));
    CHECK_SUCCESS(send_number(port, 2));
    CHECK_EQUAL(mach_msg(&message.header, MACH_SEND_MSG | MACH_SEND_TIMEOUT | MACH_SEND_NOTIFY, sizeof message, 0,
                         MACH_PORT_NULL, 0, MACH_PORT_NULL),
                MACH_SEND_TIMED_OUT);
    CHECK_EQUAL(receive_number(port), 2);
    CHECK_EQUAL(receive_notification(notify, &name), MACH_NOTIFY_SEND_POSSIBLE);
    destroy(port);
    destroy(notify);
}

static void wrong_requests_are_refused(void)
{
    mach_port_t port = new_port(), previous;

    CHECK_EQUAL(mach_port_request_notification(SELF, port, 99, 0, MACH_PORT_NULL, MACH_MSG_TYPE_MOVE_SEND_ONCE, &previous),
                KERN_INVALID_VALUE);
    CHECK_EQUAL(mach_port_request_notification(SELF, port, MACH_NOTIFY_PORT_DESTROYED, 1, MACH_PORT_NULL,
                                               MACH_MSG_TYPE_MOVE_SEND_ONCE, &previous),
                KERN_INVALID_VALUE);
    CHECK_EQUAL(mach_port_request_notification(SELF, 0x7777703, MACH_NOTIFY_NO_SENDERS, 0, MACH_PORT_NULL,
                                               MACH_MSG_TYPE_MOVE_SEND_ONCE, &previous),
                KERN_INVALID_NAME);
    CHECK_EQUAL(mach_port_request_notification(SELF, SELF, MACH_NOTIFY_NO_SENDERS, 0, MACH_PORT_NULL,
                                               MACH_MSG_TYPE_MOVE_SEND_ONCE, &previous),
                KERN_INVALID_RIGHT);
    destroy(port);
}

const struct conformance_test conformance_tests[] = {
    {"no senders comes with the make-send count", no_senders_comes_with_the_make_send_count},
    {"a new request gives back the former", a_new_request_gives_back_the_former},
    {"a dead name is told, with a reference", a_dead_name_is_told_with_a_reference},
    {"a deleted right is told", a_deleted_right_is_told},
    {"a destroyed receive right comes to whoever asked", a_destroyed_receive_right_comes_to_whoever_asked},
    {"room in a full queue is told", room_in_a_full_queue_is_told},
    {"a registered request for room is armed by a send", a_registered_request_for_room_is_armed_by_a_send},
    {"wrong requests are refused", wrong_requests_are_refused},
    {NULL, NULL},
};
