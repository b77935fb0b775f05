/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_direct.c - messages that pass the daemon by: what must be the same as if they did not.
 *
 * The library is linked in as an archive, so that a test can see whether a message went by a channel.
 */
#include "../family.h"
#include "../suite.h"

#include <mach/mach.h>
#include <mach/notify.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libmach/direct/tables.h"

typedef struct {
    mach_msg_header_t header;
    int sender, number;
    unsigned char room[256];
} message_t;
#define SENT_SIZE ((mach_msg_size_t)offsetof(message_t, room))

typedef struct {
    mach_msg_header_t header;
    mach_msg_body_t body;
    mach_msg_port_descriptor_t port;
    int sender, number;
} complex_t;

/* ---- ports and messages ---------------------------------------------------------------------------- */

static void set_limit(mach_port_t port, mach_port_msgcount_t limit)
{
    mach_port_limits_t limits = {.mpl_qlimit = limit};

    ck_assert_int_eq(mach_port_set_attributes(mach_task_self(), port, MACH_PORT_LIMITS_INFO, (mach_port_info_t)&limits,
                                              MACH_PORT_LIMITS_INFO_COUNT),
                     KERN_SUCCESS);
}

static mach_port_status_t status_of(mach_port_t port)
{
    mach_port_status_t status;
    mach_msg_type_number_t count = MACH_PORT_RECEIVE_STATUS_COUNT;

    ck_assert_int_eq(mach_port_get_attributes(mach_task_self(), port, MACH_PORT_RECEIVE_STATUS,
                                              (mach_port_info_t)&status, &count),
                     KERN_SUCCESS);
    return status;
}

static mach_msg_return_t send_number(mach_port_t to, int sender, int number, mach_port_t reply,
                                     mach_msg_option_t option, mach_msg_timeout_t timeout)
{
    message_t message = {
        .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND,
                                               reply == MACH_PORT_NULL ? 0 : MACH_MSG_TYPE_MAKE_SEND_ONCE),
                   .msgh_remote_port = to, .msgh_local_port = reply, .msgh_id = 1000 + number},
        .sender = sender, .number = number};

    return mach_msg(&message.header, MACH_SEND_MSG | option, SENT_SIZE, 0, MACH_PORT_NULL, timeout, MACH_PORT_NULL);
}

/* The same in a message that carries a right, which is the sender's own task name port: it goes by the daemon. */
static mach_msg_return_t send_complex(mach_port_t to, int sender, int number)
{
    complex_t message = {
        .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) | MACH_MSGH_BITS_COMPLEX,
                   .msgh_remote_port = to, .msgh_id = 1000 + number},
        .body = {1},
        .port = {.name = to, .disposition = MACH_MSG_TYPE_COPY_SEND, .type = MACH_MSG_PORT_DESCRIPTOR},
        .sender = sender, .number = number};

    return mach_msg(&message.header, MACH_SEND_MSG, sizeof message, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
}

static mach_msg_return_t receive(message_t *message, mach_port_t from, mach_msg_option_t option,
                                 mach_msg_timeout_t timeout)
{
    return mach_msg(&message->header, MACH_RCV_MSG | option, 0, sizeof *message, from, timeout, MACH_PORT_NULL);
}

/* Whose message it is, and which; the right that it may carry is let go of. */
static void read_number(const message_t *message, int *sender, int *number)
{
    const complex_t *complex = (const void *)message;

    if (message->header.msgh_bits & MACH_MSGH_BITS_COMPLEX) {
        *sender = complex->sender;
        *number = complex->number;
        (void)mach_port_deallocate(mach_task_self(), complex->port.name);
    } else {
        *sender = message->sender;
        *number = message->number;
    }
}

static mach_msg_return_t answer(message_t *request, int number)
{
    message_t message = {.header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0),
                                    .msgh_remote_port = request->header.msgh_remote_port,
                                    .msgh_id = request->header.msgh_id + 100},
                         .number = number};

    return mach_msg(&message.header, MACH_SEND_MSG, SENT_SIZE, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
}

/* ---- channels -------------------------------------------------------------------------------------- */

/* How many messages this task has sent to a name by a channel. */
static uint32_t sent_by_channel(mach_port_t name)
{
    struct named *named = direct_named(name);
    struct outgoing *channel = named == NULL ? NULL : named->outgoing;

    return channel == NULL || channel->name != name || channel->forward == NULL ? 0 : channel->tail;
}

static bool has_channel(mach_port_t name)
{
    struct named *named = direct_named(name);
    struct outgoing *channel = named == NULL ? NULL : named->outgoing;

    return channel != NULL && channel->name == name && channel->forward != NULL && channel->forward->open;
}

/* A port with a channel from this task to itself. */
static mach_port_t new_channel(void)
{
    mach_port_t port = new_port();
    message_t message;

    for (int i = 0; i < 20 && !has_channel(port); i++) {
        ck_assert_int_eq(send_number(port, 0, i, MACH_PORT_NULL, 0, 0), MACH_MSG_SUCCESS);
        ck_assert_int_eq(receive(&message, port, 0, 0), MACH_MSG_SUCCESS);
    }
    ck_assert(has_channel(port));
    return port;
}

static void forget(mach_port_t port)
{
    ck_assert_int_eq(mach_port_destroy(mach_task_self(), port), KERN_SUCCESS);
}

/* A port for answers that come by channels: after a first request for one. */
static mach_port_t new_reply_port(mach_port_t to)
{
    mach_port_t reply = mach_reply_port();
    message_t message;

    for (int i = 0; i < 3; i++) {
        const uint32_t before = sent_by_channel(to);

        ck_assert_int_eq(send_number(to, 0, i, reply, 0, 0), MACH_MSG_SUCCESS);
        const bool by_channel = sent_by_channel(to) > before;

        ck_assert_int_eq(receive(&message, to, 0, 0), MACH_MSG_SUCCESS);
        ck_assert_int_eq(answer(&message, i), MACH_MSG_SUCCESS);
        ck_assert_int_eq(receive(&message, reply, 0, 0), MACH_MSG_SUCCESS);
        ck_assert_int_eq(message.number, i);
        if (by_channel)
            return reply;
    }
    ck_abort_msg("no request went by the channel");
}

/* Sends a request by the channel and takes it: the reply right is a lease. */
static void take_request(mach_port_t port, mach_port_t reply, message_t *request)
{
    const uint32_t before = sent_by_channel(port);

    ck_assert_int_eq(send_number(port, 1, 7, reply, 0, 0), MACH_MSG_SUCCESS);
    ck_assert_uint_eq(sent_by_channel(port), before + 1);
    ck_assert_int_eq(receive(request, port, 0, 0), MACH_MSG_SUCCESS);
    ck_assert_int_eq(request->number, 7);
    ck_assert_uint_eq(MACH_MSGH_BITS_REMOTE(request->header.msgh_bits), MACH_MSG_TYPE_PORT_SEND_ONCE);
}

/* ---- one task -------------------------------------------------------------------------------------- */

START_TEST(a_message_to_oneself_goes_by_a_channel)
{
    mach_port_t port = new_channel();
    const uint32_t before = sent_by_channel(port);
    message_t message;

    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(send_number(port, 1, i, MACH_PORT_NULL, 0, 0), MACH_MSG_SUCCESS);
        ck_assert_int_eq(receive(&message, port, 0, 0), MACH_MSG_SUCCESS);
        ck_assert_int_eq(message.number, i);
        ck_assert_uint_eq(message.header.msgh_bits, MACH_MSGH_BITS(0, MACH_MSG_TYPE_PORT_SEND));
        ck_assert_uint_eq(message.header.msgh_local_port, port);
        ck_assert_uint_eq(message.header.msgh_remote_port, MACH_PORT_NULL);
        ck_assert_uint_eq(message.header.msgh_size, SENT_SIZE);
        ck_assert_int_eq(message.header.msgh_id, 1000 + i);
    }
    ck_assert_uint_eq(sent_by_channel(port), before + 100);
    forget(port);
}
END_TEST

/* Sends a number to a port of this task's, and receives from there, in one call. */
static message_t send_and_receive(mach_port_t port, int number, mach_msg_option_t option)
{
    message_t message = {.header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), .msgh_remote_port = port,
                                    .msgh_id = 1000 + number},
                         .number = number};

    ck_assert_int_eq(mach_msg(&message.header, MACH_SEND_MSG | MACH_RCV_MSG | option, SENT_SIZE, sizeof message, port, 0,
                              MACH_PORT_NULL),
                     MACH_MSG_SUCCESS);
    return message;
}

START_TEST(a_message_to_oneself_that_is_received_at_once_stays_where_it_is)
{
    mach_port_t port = new_channel();
    const uint32_t before = sent_by_channel(port);
    const mach_port_seqno_t seqno = status_of(port).mps_seqno;

    for (int i = 0; i < 100; i++) {
        const message_t message = send_and_receive(port, i, MACH_RCV_TRAILER_ELEMENTS(MACH_RCV_TRAILER_AUDIT));
        const mach_msg_audit_trailer_t *trailer = (const void *)message.room;

        ck_assert_int_eq(message.number, i);
        ck_assert_int_eq(message.header.msgh_id, 1000 + i);
        ck_assert_uint_eq(message.header.msgh_bits, MACH_MSGH_BITS(0, MACH_MSG_TYPE_PORT_SEND));
        ck_assert_uint_eq(message.header.msgh_local_port, port);
        ck_assert_uint_eq(message.header.msgh_remote_port, MACH_PORT_NULL);
        ck_assert_uint_eq(message.header.msgh_size, SENT_SIZE);
        ck_assert_uint_eq(trailer->msgh_trailer_size, sizeof *trailer);
        ck_assert_uint_eq(trailer->msgh_seqno, seqno + (unsigned)i);
        ck_assert_uint_eq(trailer->msgh_audit.val[5], (unsigned)getpid());
    }
    ck_assert_uint_eq(status_of(port).mps_seqno, seqno + 100);
    ck_assert_uint_eq(sent_by_channel(port), before);
    forget(port);
}
END_TEST

START_TEST(what_was_sent_to_oneself_before_is_received_before)
{
    mach_port_t port = new_channel();
    message_t message;
    int sender, number;

    ck_assert_int_eq(send_number(port, 1, 1, MACH_PORT_NULL, 0, 0), MACH_MSG_SUCCESS);
    ck_assert_int_eq(send_and_receive(port, 2, 0).number, 1);
    ck_assert_int_eq(send_complex(port, 1, 3), MACH_MSG_SUCCESS);
    ck_assert_int_eq(send_and_receive(port, 4, 0).number, 2);
    for (int i = 3; i <= 4; i++) {
        ck_assert_int_eq(receive(&message, port, MACH_RCV_TIMEOUT, 0), MACH_MSG_SUCCESS);
        read_number(&message, &sender, &number);
        ck_assert_int_eq(number, i);
    }
    ck_assert_int_eq(receive(&message, port, MACH_RCV_TIMEOUT, 0), MACH_RCV_TIMED_OUT);
    forget(port);
}
END_TEST

/* Whether a thread waits for messages of a port, here or in the daemon. */
static bool someone_waits(mach_port_t port)
{
    unsigned number;
    struct channel_record *record = direct_record(port, &number);

    return (record->flags & RECORD_PARKED) || direct_page(record, number)->sleeping > 0;
}

static void *receive_one(void *argument)
{
    static message_t message;

    return receive(&message, *(mach_port_t *)argument, 0, 0) == MACH_MSG_SUCCESS ? &message : NULL;
}

/* Who waits for a port's messages, and then sends one there himself. */
struct waiting {
    mach_port_t port;
    pthread_t thread;
    message_t *got;
};

static void *send_after(void *argument)
{
    struct waiting *waiting = argument;
    void *got;

    (void)pthread_join(waiting->thread, &got);
    waiting->got = got;
    (void)send_number(waiting->port, 1, 2, MACH_PORT_NULL, 0, 0);
    return NULL;
}

START_TEST(whoever_waited_before_gets_a_message_to_oneself)
{
    struct waiting waiting = {.port = new_channel()};
    pthread_t then;

    ck_assert_int_eq(pthread_create(&waiting.thread, NULL, receive_one, &waiting.port), 0);
    while (!someone_waits(waiting.port))
        usleep(1000);
    ck_assert_int_eq(pthread_create(&then, NULL, send_after, &waiting), 0);
    ck_assert_int_eq(send_and_receive(waiting.port, 1, 0).number, 2);
    ck_assert_int_eq(pthread_join(then, NULL), 0);
    ck_assert_ptr_nonnull(waiting.got);
    ck_assert_int_eq(waiting.got->number, 1);
    forget(waiting.port);
}
END_TEST

/* Sends a message that carries a send right for a port, and receives it: one more user reference of the port's name. */
static void give_right(mach_port_t port)
{
    message_t message;

    ck_assert_int_eq(send_complex(port, 1, 1), MACH_MSG_SUCCESS);
    ck_assert_int_eq(receive(&message, port, 0, 0), MACH_MSG_SUCCESS);
}

static mach_port_urefs_t references(mach_port_t name)
{
    mach_port_urefs_t urefs;

    ck_assert_int_eq(mach_port_get_refs(mach_task_self(), name, MACH_PORT_RIGHT_SEND, &urefs), KERN_SUCCESS);
    return urefs;
}

/* How many references this task has let go of without a trap. */
static uint32_t left(void)
{
    return direct_task->release_tail;
}

/* Lets go of a reference that a message brings.  True: without a trap; for that the ones before must have been just now. */
static bool leave_right(mach_port_t port)
{
    const uint32_t before = direct_task == NULL ? 0 : left();

    ck_assert_int_eq(mach_port_deallocate(mach_task_self(), port), KERN_SUCCESS);
    return direct_task != NULL && left() == before + 1;
}

START_TEST(references_that_came_in_messages_go_without_a_trap)
{
    mach_port_t port = new_channel();
    bool without = false;

    for (int i = 0; i < 500 || (!without && i < 5000); i++) {
        give_right(port);
        without = leave_right(port);
        if (i % 10 == 0)
            ck_assert_uint_eq(references(port), 1); /* as anyone who asks sees */
    }
    ck_assert(without);
    ck_assert_uint_eq(references(port), 1);
    forget(port);
}
END_TEST

START_TEST(a_reference_that_is_gone_is_not_let_go_of_again)
{
    mach_port_t port = new_channel();

    for (int i = 0; i < 20; i++) {
        give_right(port);
        ck_assert_int_eq(mach_port_deallocate(mach_task_self(), port), KERN_SUCCESS);
    }
    give_right(port);
    ck_assert_int_eq(mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_SEND, -2), KERN_SUCCESS);
    ck_assert_int_eq(mach_port_deallocate(mach_task_self(), port), KERN_INVALID_RIGHT); /* the receive right is left */
    forget(port);
    ck_assert_int_eq(mach_port_deallocate(mach_task_self(), port), KERN_INVALID_NAME);
}
END_TEST

/* The last send right goes, and no one makes a trap until that has been told.  True: it went without one, too. */
static bool last_right_goes(mach_port_t port, mach_port_t notify)
{
    mach_port_t previous;
    message_t message;
    struct {
        mach_no_senders_notification_t body;
        mach_msg_max_trailer_t trailer;
    } told;

    ck_assert_int_eq(mach_port_request_notification(mach_task_self(), port, MACH_NOTIFY_NO_SENDERS, 0, notify,
                                                    MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous),
                     KERN_SUCCESS);
    ck_assert_int_eq(send_complex(port, 1, 1), MACH_MSG_SUCCESS);
    ck_assert_int_eq(mach_port_deallocate(mach_task_self(), port), KERN_SUCCESS); /* the last but the message's */
    ck_assert_int_eq(receive(&message, port, 0, 0), MACH_MSG_SUCCESS);
    const bool without = leave_right(port);

    while (without && direct_task->release_head != direct_task->release_tail)
        usleep(1000);
    ck_assert_int_eq(mach_msg(&told.body.not_header, MACH_RCV_MSG, 0, sizeof told, notify, 0, MACH_PORT_NULL), MACH_MSG_SUCCESS);
    ck_assert_int_eq(told.body.not_header.msgh_id, MACH_NOTIFY_NO_SENDERS);
    ck_assert_int_eq(mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND), KERN_SUCCESS);
    return without;
}

START_TEST(no_senders_is_told_though_no_one_asks)
{
    mach_port_t port = new_channel(), notify = mach_reply_port();
    bool without = false;

    for (int i = 0; i < 100 && !without; i++) {
        for (int j = 0; j < 20; j++) {
            give_right(port);
            (void)leave_right(port);
        }
        without = last_right_goes(port, notify);
    }
    ck_assert(without);
    forget(port);
}
END_TEST

START_TEST(the_queue_limit_holds)
{
    mach_port_t port = new_channel();
    message_t message;

    for (int i = 0; i < MACH_PORT_QLIMIT_DEFAULT; i++)
        ck_assert_int_eq(send_number(port, 1, i, MACH_PORT_NULL, MACH_SEND_TIMEOUT, 0), MACH_MSG_SUCCESS);
    ck_assert_int_eq(send_number(port, 1, 99, MACH_PORT_NULL, MACH_SEND_TIMEOUT, 0), MACH_SEND_TIMED_OUT);
    ck_assert_int_eq(send_number(port, 1, 99, MACH_PORT_NULL, MACH_SEND_TIMEOUT, 10), MACH_SEND_TIMED_OUT);
    ck_assert_uint_eq(status_of(port).mps_msgcount, MACH_PORT_QLIMIT_DEFAULT);
    for (int i = 0; i < MACH_PORT_QLIMIT_DEFAULT; i++) {
        ck_assert_int_eq(receive(&message, port, MACH_RCV_TIMEOUT, 0), MACH_MSG_SUCCESS);
        ck_assert_int_eq(message.number, i);
    }
    ck_assert_int_eq(receive(&message, port, MACH_RCV_TIMEOUT, 0), MACH_RCV_TIMED_OUT);
    set_limit(port, 2);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(send_number(port, 1, i, MACH_PORT_NULL, MACH_SEND_TIMEOUT, 0), MACH_MSG_SUCCESS);
    ck_assert_int_eq(send_number(port, 1, 99, MACH_PORT_NULL, MACH_SEND_TIMEOUT, 0), MACH_SEND_TIMED_OUT);
    forget(port);
}
END_TEST

START_TEST(sequence_numbers_have_no_gaps)
{
    mach_port_t port = new_channel();
    const mach_port_seqno_t first = status_of(port).mps_seqno;
    union {
        message_t message;
        struct {
            message_t message;
            mach_msg_max_trailer_t trailer;
        } room;
    } got;
    const mach_msg_option_t option = MACH_RCV_TRAILER_TYPE(MACH_MSG_TRAILER_FORMAT_0) |
                                     MACH_RCV_TRAILER_ELEMENTS(MACH_RCV_TRAILER_AUDIT);

    for (unsigned i = 0; i < 60; i++) {
        ck_assert_int_eq(i % 3 == 1 ? send_complex(port, 1, (int)i) : send_number(port, 1, (int)i, MACH_PORT_NULL, 0, 0),
                         MACH_MSG_SUCCESS);
        ck_assert_int_eq(mach_msg(&got.message.header, MACH_RCV_MSG | option, 0, sizeof got, port, 0, MACH_PORT_NULL),
                         MACH_MSG_SUCCESS);
        const mach_msg_audit_trailer_t *trailer =
            (const void *)((const char *)&got + round_msg(got.message.header.msgh_size));

        ck_assert_uint_eq(trailer->msgh_seqno, first + i);
        ck_assert_uint_eq(trailer->msgh_trailer_size, sizeof *trailer);
        ck_assert_uint_eq(trailer->msgh_sender.val[0], geteuid());
        ck_assert_uint_eq(trailer->msgh_audit.val[5], (unsigned)getpid());
        int sender, number;

        read_number(&got.message, &sender, &number);
        ck_assert_int_eq(number, (int)i);
    }
    ck_assert_uint_eq(status_of(port).mps_seqno, first + 60);
    forget(port);
}
END_TEST

START_TEST(a_leased_reply_right_is_a_right_like_any)
{
    mach_port_t port = new_channel(), reply = new_reply_port(port);
    mach_port_type_t type;
    message_t request, other;

    take_request(port, reply, &request);
    const mach_port_t name = request.header.msgh_remote_port;

    ck_assert_int_eq(mach_port_type(mach_task_self(), name, &type), KERN_SUCCESS);
    ck_assert_uint_eq(type, MACH_PORT_TYPE_SEND_ONCE);
    ck_assert_uint_eq(status_of(reply).mps_sorights, 1);
    ck_assert_int_eq(answer(&request, 8), MACH_MSG_SUCCESS);
    ck_assert_int_eq(receive(&other, reply, 0, 0), MACH_MSG_SUCCESS);
    ck_assert_int_eq(other.number, 8);
    ck_assert_uint_eq(other.header.msgh_bits, MACH_MSGH_BITS(0, MACH_MSG_TYPE_PORT_SEND_ONCE));
    ck_assert_int_eq(mach_port_type(mach_task_self(), name, &type), KERN_INVALID_NAME);
    ck_assert_int_eq(answer(&request, 8), MACH_SEND_INVALID_DEST);
    forget(reply);
    forget(port);
}
END_TEST

START_TEST(a_leased_reply_right_answers_once)
{
    mach_port_t port = new_channel(), reply = new_reply_port(port);
    message_t request, other;

    for (int i = 0; i < 300; i++) {
        take_request(port, reply, &request);
        ck_assert_int_eq(answer(&request, i), MACH_MSG_SUCCESS);
        ck_assert_int_eq(answer(&request, 99), MACH_SEND_INVALID_DEST);
        ck_assert_int_eq(receive(&other, reply, 0, 0), MACH_MSG_SUCCESS);
        ck_assert_int_eq(other.number, i);
        ck_assert_int_eq(receive(&other, reply, MACH_RCV_TIMEOUT, 0), MACH_RCV_TIMED_OUT);
    }
    forget(reply);
    forget(port);
}
END_TEST

START_TEST(a_dropped_reply_right_tells_so)
{
    mach_port_t port = new_channel(), reply = new_reply_port(port);
    message_t request, other;

    take_request(port, reply, &request);
    ck_assert_int_eq(mach_port_deallocate(mach_task_self(), request.header.msgh_remote_port), KERN_SUCCESS);
    ck_assert_int_eq(receive(&other, reply, 0, 0), MACH_MSG_SUCCESS);
    ck_assert_int_eq(other.header.msgh_id, MACH_NOTIFY_SEND_ONCE);
    /* The next one comes by the channel again. */
    take_request(port, reply, &request);
    ck_assert_int_eq(answer(&request, 5), MACH_MSG_SUCCESS);
    ck_assert_int_eq(receive(&other, reply, 0, 0), MACH_MSG_SUCCESS);
    ck_assert_int_eq(other.number, 5);
    forget(reply);
    forget(port);
}
END_TEST

START_TEST(names_for_reply_rights_do_not_run_out)
{
    mach_port_t port = new_channel(), reply = new_reply_port(port);
    message_t request, other;

    for (int i = 0; i < 5 * (int)CHANNEL_LEASES; i++) {
        take_request(port, reply, &request);
        ck_assert(direct_task->used != 0);
        ck_assert_int_eq(mach_port_deallocate(mach_task_self(), request.header.msgh_remote_port), KERN_SUCCESS);
        ck_assert(direct_task->used == 0);
        ck_assert_int_eq(receive(&other, reply, 0, 0), MACH_MSG_SUCCESS);
        ck_assert_int_eq(other.header.msgh_id, MACH_NOTIFY_SEND_ONCE);
    }
    forget(reply);
    forget(port);
}
END_TEST

START_TEST(a_request_in_a_port_that_dies_tells_so)
{
    mach_port_t port = new_channel(), reply = new_reply_port(port);
    const uint32_t before = sent_by_channel(port);
    message_t other;

    ck_assert_int_eq(send_number(port, 1, 7, reply, 0, 0), MACH_MSG_SUCCESS);
    ck_assert_uint_eq(sent_by_channel(port), before + 1);
    forget(port);
    ck_assert_int_eq(receive(&other, reply, MACH_RCV_TIMEOUT, 10000), MACH_MSG_SUCCESS);
    ck_assert_int_eq(other.header.msgh_id, MACH_NOTIFY_SEND_ONCE);
    forget(reply);
}
END_TEST

START_TEST(the_reply_right_of_a_port_that_died_is_a_dead_name)
{
    mach_port_t port = new_channel(), reply = new_reply_port(port);
    mach_port_type_t type;
    message_t request;

    take_request(port, reply, &request);
    forget(reply);
    ck_assert_int_eq(mach_port_type(mach_task_self(), request.header.msgh_remote_port, &type), KERN_SUCCESS);
    ck_assert_uint_eq(type, MACH_PORT_TYPE_DEAD_NAME);
    reply = new_reply_port(port);
    take_request(port, reply, &request);
    forget(reply);
    ck_assert_int_eq(answer(&request, 5), MACH_SEND_INVALID_DEST);
    forget(port);
}
END_TEST

START_TEST(a_reply_follows_its_port)
{
    mach_port_t port = new_channel(), reply = new_reply_port(port), to = new_port();
    message_t request, other;
    complex_t mover = {
        .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) | MACH_MSGH_BITS_COMPLEX,
                   .msgh_remote_port = to},
        .body = {1},
        .port = {.name = reply, .disposition = MACH_MSG_TYPE_MOVE_RECEIVE, .type = MACH_MSG_PORT_DESCRIPTOR}};

    take_request(port, reply, &request);
    ck_assert_int_eq(mach_msg(&mover.header, MACH_SEND_MSG, sizeof mover, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL),
                     MACH_MSG_SUCCESS);
    ck_assert_int_eq(answer(&request, 12), MACH_MSG_SUCCESS);
    ck_assert_int_eq(receive(&other, to, 0, 0), MACH_MSG_SUCCESS);
    const mach_port_t moved = ((complex_t *)(void *)&other)->port.name;

    ck_assert_int_eq(receive(&other, moved, MACH_RCV_TIMEOUT, 10000), MACH_MSG_SUCCESS);
    ck_assert_int_eq(other.number, 12);
    forget(moved);
    forget(to);
    forget(port);
}
END_TEST

START_TEST(messages_come_before_no_senders)
{
    mach_port_t port = new_channel(), notify = new_port(), previous;
    message_t message;

    ck_assert_int_eq(mach_port_request_notification(mach_task_self(), port, MACH_NOTIFY_NO_SENDERS, 0, notify,
                                                    MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous),
                     KERN_SUCCESS);
    ck_assert_int_eq(send_number(port, 1, 3, MACH_PORT_NULL, 0, 0), MACH_MSG_SUCCESS);
    ck_assert_int_eq(mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_SEND, -1), KERN_SUCCESS);
    ck_assert_int_eq(receive(&message, notify, MACH_RCV_TIMEOUT, 0), MACH_RCV_TIMED_OUT);
    ck_assert_int_eq(send_number(port, 1, 4, MACH_PORT_NULL, 0, 0), MACH_SEND_INVALID_DEST);
    ck_assert_int_eq(receive(&message, port, MACH_RCV_TIMEOUT, 0), MACH_MSG_SUCCESS);
    ck_assert_int_eq(message.number, 3);
    ck_assert_int_eq(receive(&message, notify, MACH_RCV_TIMEOUT, 10000), MACH_MSG_SUCCESS);
    ck_assert_int_eq(message.header.msgh_id, MACH_NOTIFY_NO_SENDERS);
    forget(port);
    forget(notify);
}
END_TEST

START_TEST(a_renamed_port_goes_on)
{
    mach_port_t port = new_channel();
    const mach_port_t name = 0x1f0003;
    message_t message;

    ck_assert_int_eq(send_number(port, 1, 3, MACH_PORT_NULL, 0, 0), MACH_MSG_SUCCESS);
    ck_assert_int_eq(mach_port_rename(mach_task_self(), port, name), KERN_SUCCESS);
    ck_assert_int_eq(send_number(name, 1, 4, MACH_PORT_NULL, 0, 0), MACH_MSG_SUCCESS);
    for (int i = 3; i <= 4; i++) {
        ck_assert_int_eq(receive(&message, name, MACH_RCV_TIMEOUT, 0), MACH_MSG_SUCCESS);
        ck_assert_int_eq(message.number, i);
        ck_assert_uint_eq(message.header.msgh_local_port, name);
    }
    forget(name);
}
END_TEST

START_TEST(a_set_gets_what_was_sent_before_and_after)
{
    mach_port_t port = new_channel(), set;
    message_t message;

    ck_assert_int_eq(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET, &set), KERN_SUCCESS);
    for (int i = 0; i < 50; i++) {
        ck_assert_int_eq(send_number(port, 1, 3, MACH_PORT_NULL, 0, 0), MACH_MSG_SUCCESS);
        ck_assert_int_eq(mach_port_insert_member(mach_task_self(), port, set), KERN_SUCCESS);
        ck_assert_int_eq(send_number(port, 1, 4, MACH_PORT_NULL, 0, 0), MACH_MSG_SUCCESS);
        ck_assert_int_eq(receive(&message, set, MACH_RCV_TIMEOUT, 0), MACH_MSG_SUCCESS);
        ck_assert_int_eq(message.number, 3);
        ck_assert_int_eq(mach_port_extract_member(mach_task_self(), port, set), KERN_SUCCESS);
        ck_assert_int_eq(send_number(port, 1, 5, MACH_PORT_NULL, 0, 0), MACH_MSG_SUCCESS);
        for (int number = 4; number <= 5; number++) {
            ck_assert_int_eq(receive(&message, port, MACH_RCV_TIMEOUT, 0), MACH_MSG_SUCCESS);
            ck_assert_int_eq(message.number, number);
        }
    }
    forget(set);
    forget(port);
}
END_TEST

/* A set with a port in it, from which messages come by channels. */
static mach_port_t new_set(mach_port_t port)
{
    mach_port_t set;
    message_t message;

    ck_assert_int_eq(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET, &set), KERN_SUCCESS);
    ck_assert_int_eq(mach_port_insert_member(mach_task_self(), port, set), KERN_SUCCESS);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(send_number(port, 1, i, MACH_PORT_NULL, 0, 0), MACH_MSG_SUCCESS);
        ck_assert_int_eq(receive(&message, set, 0, 0), MACH_MSG_SUCCESS);
        ck_assert_int_eq(message.number, i);
    }
    return set;
}

START_TEST(messages_come_to_a_set_by_channels)
{
    mach_port_t ports[4], set = MACH_PORT_NULL, plain = new_port();
    message_t message;

    for (int i = 0; i < 4; i++)
        ports[i] = new_channel();
    set = new_set(ports[0]);
    for (int i = 1; i < 4; i++)
        ck_assert_int_eq(mach_port_insert_member(mach_task_self(), ports[i], set), KERN_SUCCESS);
    ck_assert_int_eq(mach_port_insert_member(mach_task_self(), plain, set), KERN_SUCCESS);
    for (int i = 0; i < 200; i++) {
        const mach_port_t port = ports[i % 4];
        const uint32_t before = sent_by_channel(port);

        ck_assert_int_eq(send_number(port, 1, i, MACH_PORT_NULL, 0, 0), MACH_MSG_SUCCESS);
        ck_assert_uint_eq(sent_by_channel(port), before + 1);
        if (i % 10 == 0)
            ck_assert_int_eq(send_complex(plain, 1, 1000 + i), MACH_MSG_SUCCESS);
        for (int got = 0; got < 1 + (i % 10 == 0); got++) {
            int sender, number;

            ck_assert_int_eq(receive(&message, set, MACH_RCV_TIMEOUT, 10000), MACH_MSG_SUCCESS);
            read_number(&message, &sender, &number);
            ck_assert_uint_eq(message.header.msgh_local_port, number >= 1000 ? plain : port);
            ck_assert(number == i || number == 1000 + i);
        }
        ck_assert_int_eq(receive(&message, set, MACH_RCV_TIMEOUT, 0), MACH_RCV_TIMED_OUT);
    }
    forget(plain);
    forget(set);
    for (int i = 0; i < 4; i++)
        forget(ports[i]);
}
END_TEST

START_TEST(a_port_that_has_left_a_set_gives_it_nothing)
{
    mach_port_t port = new_channel(), set = new_set(port);
    message_t message;

    ck_assert_int_eq(mach_port_extract_member(mach_task_self(), port, set), KERN_SUCCESS);
    ck_assert_int_eq(send_number(port, 1, 9, MACH_PORT_NULL, 0, 0), MACH_MSG_SUCCESS);
    ck_assert_int_eq(receive(&message, set, MACH_RCV_TIMEOUT, 0), MACH_RCV_TIMED_OUT);
    ck_assert_int_eq(receive(&message, set, MACH_RCV_TIMEOUT, 100), MACH_RCV_TIMED_OUT);
    ck_assert_int_eq(mach_port_insert_member(mach_task_self(), port, set), KERN_SUCCESS);
    ck_assert_int_eq(receive(&message, set, MACH_RCV_TIMEOUT, 0), MACH_MSG_SUCCESS);
    ck_assert_int_eq(message.number, 9);
    ck_assert_int_eq(mach_port_rename(mach_task_self(), set, 0x1f0003), KERN_SUCCESS);
    ck_assert_int_eq(receive(&message, set, MACH_RCV_TIMEOUT, 0), MACH_RCV_INVALID_NAME);
    ck_assert_int_eq(send_number(port, 1, 10, MACH_PORT_NULL, 0, 0), MACH_MSG_SUCCESS);
    ck_assert_int_eq(receive(&message, 0x1f0003, MACH_RCV_TIMEOUT, 0), MACH_MSG_SUCCESS);
    ck_assert_int_eq(message.number, 10);
    forget(0x1f0003);
    forget(port);
}
END_TEST

static void *wait_at(void *argument)
{
    message_t *message = argument;

    return (void *)(intptr_t)receive(message, message->header.msgh_local_port, 0, 0);
}

static void *send_one(void *argument)
{
    (void)send_number((mach_port_t)(uintptr_t)argument, 1, 77, MACH_PORT_NULL, 0, 0);
    return NULL;
}

/* Whether a sender waits in machsim for room. */
static bool someone_is_blocked(mach_port_t port)
{
    unsigned number;

    return direct_record(port, &number)->flags & RECORD_BLOCKED;
}

START_TEST(with_no_room_messages_pass_from_sender_to_receiver)
{
    mach_port_t port = new_channel();
    message_t message;
    pthread_t thread;

    set_limit(port, 0);
    for (int i = 0; i < 6; i++) {
        const bool sender_first = i % 2 == 1;

        ck_assert_int_eq(pthread_create(&thread, NULL, send_one, (void *)(uintptr_t)port), 0);
        while (sender_first && !someone_is_blocked(port))
            usleep(1000);
        ck_assert_int_eq(receive(&message, port, MACH_RCV_TIMEOUT, sender_first ? 0 : 10000), MACH_MSG_SUCCESS);
        ck_assert_int_eq(message.number, 77);
        pthread_join(thread, NULL);
    }
    forget(port);
}
END_TEST

START_TEST(who_waits_long_is_woken)
{
    mach_port_t port = new_channel();
    message_t message = {.header = {.msgh_local_port = port}};
    pthread_t thread;
    void *result;

    for (int i = 0; i < 4; i++) {
        message.header.msgh_local_port = port;
        ck_assert_int_eq(pthread_create(&thread, NULL, wait_at, &message), 0);
        usleep(i % 2 == 0 ? 120000 : 20000); /* asleep in the daemon, or at the port */
        ck_assert_int_eq(send_number(port, 1, i, MACH_PORT_NULL, 0, 0), MACH_MSG_SUCCESS);
        pthread_join(thread, &result);
        ck_assert_int_eq((intptr_t)result, MACH_MSG_SUCCESS);
        ck_assert_int_eq(message.number, i);
    }
    forget(port);
}
END_TEST

START_TEST(who_waits_at_a_set_is_woken)
{
    mach_port_t port = new_channel(), set = new_set(port), plain = new_port();
    message_t message;
    pthread_t thread;
    void *result;

    ck_assert_int_eq(mach_port_insert_member(mach_task_self(), plain, set), KERN_SUCCESS);
    for (int i = 0; i < 8; i++) {
        message.header.msgh_local_port = set;
        ck_assert_int_eq(pthread_create(&thread, NULL, wait_at, &message), 0);
        usleep(i % 2 == 0 ? 120000 : 20000); /* asleep in the daemon, or at the port */
        ck_assert_int_eq(send_number(i < 4 ? port : plain, 1, i, MACH_PORT_NULL, 0, 0), MACH_MSG_SUCCESS);
        pthread_join(thread, &result);
        ck_assert_int_eq((intptr_t)result, MACH_MSG_SUCCESS);
        ck_assert_int_eq(message.number, i);
    }
    forget(set);
    forget(plain);
    forget(port);
}
END_TEST

START_TEST(an_answer_comes_to_a_set_too)
{
    mach_port_t port = new_channel(), reply = new_reply_port(port), set;
    message_t request, other;

    ck_assert_int_eq(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET, &set), KERN_SUCCESS);
    for (int i = 0; i < 50; i++) {
        take_request(port, reply, &request);
        if (i % 2 == 0)
            ck_assert_int_eq(answer(&request, i), MACH_MSG_SUCCESS);
        ck_assert_int_eq(mach_port_insert_member(mach_task_self(), reply, set), KERN_SUCCESS);
        if (i % 2 == 1)
            ck_assert_int_eq(answer(&request, i), MACH_MSG_SUCCESS);
        ck_assert_int_eq(receive(&other, set, MACH_RCV_TIMEOUT, 0), MACH_MSG_SUCCESS);
        ck_assert_int_eq(other.number, i);
        ck_assert_int_eq(mach_port_extract_member(mach_task_self(), reply, set), KERN_SUCCESS);
    }
    forget(set);
    forget(reply);
    forget(port);
}
END_TEST

START_TEST(who_polls_hears_of_messages_in_channels)
{
    mach_port_t port = new_channel(), other = new_channel(), set = new_set(other);
    struct pollfd at[2] = {{.fd = mach_port_pollfd(port), .events = POLLIN}, {.fd = mach_port_pollfd(set), .events = POLLIN}};
    message_t message;

    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(poll(at, 2, 0), 0);
        ck_assert_int_eq(send_number(i % 2 == 0 ? port : other, 1, i, MACH_PORT_NULL, 0, 0), MACH_MSG_SUCCESS);
        ck_assert_int_eq(poll(&at[i % 2], 1, 10000), 1);
        ck_assert_int_eq(receive(&message, i % 2 == 0 ? port : set, MACH_RCV_TIMEOUT, 0), MACH_MSG_SUCCESS);
        ck_assert_int_eq(message.number, i);
    }
    close(at[0].fd);
    close(at[1].fd);
    forget(set);
    forget(other);
    forget(port);
}
END_TEST

START_TEST(who_waits_hears_that_the_port_has_died)
{
    for (int i = 0; i < 2; i++) {
        mach_port_t port = new_channel();
        message_t message = {.header = {.msgh_local_port = port}};
        pthread_t thread;
        void *result;

        ck_assert_int_eq(pthread_create(&thread, NULL, wait_at, &message), 0);
        usleep(i == 0 ? 120000 : 20000);
        forget(port);
        pthread_join(thread, &result);
        ck_assert((mach_msg_return_t)(intptr_t)result == MACH_RCV_PORT_DIED ||
                  (mach_msg_return_t)(intptr_t)result == MACH_RCV_INVALID_NAME);
    }
}
END_TEST

START_TEST(a_message_that_is_too_large_stays_or_goes)
{
    mach_port_t port = new_channel();
    message_t message;
    struct {
        mach_msg_header_t header;
        char room[16];
    } small;

    ck_assert_int_eq(send_number(port, 1, 3, MACH_PORT_NULL, 0, 0), MACH_MSG_SUCCESS);
    ck_assert_int_eq(mach_msg(&small.header, MACH_RCV_MSG | MACH_RCV_LARGE, 0, sizeof small - 12, port, 0, MACH_PORT_NULL),
                     MACH_RCV_TOO_LARGE);
    ck_assert_uint_eq(small.header.msgh_size, SENT_SIZE);
    ck_assert_int_eq(receive(&message, port, MACH_RCV_TIMEOUT, 0), MACH_MSG_SUCCESS);
    ck_assert_int_eq(send_number(port, 1, 3, MACH_PORT_NULL, 0, 0), MACH_MSG_SUCCESS);
    ck_assert_int_eq(mach_msg(&small.header, MACH_RCV_MSG, 0, sizeof small - 12, port, 0, MACH_PORT_NULL), MACH_RCV_TOO_LARGE);
    ck_assert_int_eq(receive(&message, port, MACH_RCV_TIMEOUT, 0), MACH_RCV_TIMED_OUT);
    forget(port);
}
END_TEST

START_TEST(messages_of_all_sizes_arrive_whole)
{
    mach_port_t port = new_channel();
    static struct {
        mach_msg_header_t header;
        unsigned char bytes[100000];
    } sent, got;

    for (mach_msg_size_t size = 24; size < 60000; size += size < 600 ? 4 : 3332) {
        memset(sent.bytes, (int)size & 0xff, sizeof sent.bytes);
        sent.header = (mach_msg_header_t){.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0),
                                          .msgh_remote_port = port};
        for (int i = 0; i < 4; i++)
            ck_assert_int_eq(mach_msg(&sent.header, MACH_SEND_MSG, size, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL),
                             MACH_MSG_SUCCESS);
        for (int i = 0; i < 4; i++) {
            memset(&got, 0, sizeof got);
            ck_assert_int_eq(mach_msg(&got.header, MACH_RCV_MSG, 0, sizeof got, port, 0, MACH_PORT_NULL),
                             MACH_MSG_SUCCESS);
            ck_assert_uint_eq(got.header.msgh_size, size);
            ck_assert_int_eq(memcmp(got.bytes, sent.bytes, size - sizeof got.header), 0);
        }
    }
    forget(port);
}
END_TEST

/* ---- ports made in advance --------------------------------------------------------------------------- */

/* Allocates ports until one was there already. */
static mach_port_t fresh_port(void)
{
    for (int i = 0; i < 200; i++) {
        mach_port_t port = MACH_PORT_NULL;

        ck_assert_int_eq(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port), KERN_SUCCESS);
        ck_assert_ptr_nonnull(direct_named(port));
        const uint32_t number = direct_named(port)->fresh;

        if (number != 0 && direct_task->fresh[number - 1].name == port &&
            direct_task->fresh[number - 1].state == LEASE_USED)
            return port;
        ck_assert_int_eq(mach_port_destroy(mach_task_self(), port), KERN_SUCCESS);
    }
    ck_abort_msg("no port was made in advance");
}

START_TEST(a_fresh_port_is_a_port_like_any)
{
    mach_port_t port = fresh_port(), other, previous;
    mach_port_type_t type;
    message_t message;

    ck_assert_int_eq(mach_port_type(mach_task_self(), port, &type), KERN_SUCCESS);
    ck_assert_uint_eq(type, MACH_PORT_TYPE_RECEIVE);
    ck_assert_int_eq(mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND), KERN_SUCCESS);
    ck_assert_int_eq(send_number(port, 1, 5, MACH_PORT_NULL, 0, 0), MACH_MSG_SUCCESS);
    ck_assert_int_eq(receive(&message, port, MACH_RCV_TIMEOUT, 0), MACH_MSG_SUCCESS);
    ck_assert_int_eq(message.number, 5);
    forget(port);
    ck_assert_int_eq(mach_port_type(mach_task_self(), port, &type), KERN_INVALID_NAME);

    port = fresh_port();
    ck_assert_int_eq(receive(&message, port, MACH_RCV_TIMEOUT, 0), MACH_RCV_TIMED_OUT);
    forget(port);

    port = fresh_port();
    other = new_port();
    ck_assert_int_eq(mach_port_request_notification(mach_task_self(), other, MACH_NOTIFY_NO_SENDERS, 0, port,
                                                    MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous),
                     KERN_SUCCESS);
    ck_assert_int_eq(mach_port_mod_refs(mach_task_self(), other, MACH_PORT_RIGHT_SEND, -1), KERN_SUCCESS);
    ck_assert_int_eq(receive(&message, port, MACH_RCV_TIMEOUT, 10000), MACH_MSG_SUCCESS);
    forget(other);
    forget(port);
}
END_TEST

START_TEST(a_fresh_port_that_is_gone_is_gone)
{
    for (int i = 0; i < 1000; i++) {
        mach_port_t port = fresh_port();
        mach_port_type_t type;

        if (i % 2 == 0)
            ck_assert_int_eq(mach_port_destroy(mach_task_self(), port), KERN_SUCCESS);
        else
            ck_assert_int_eq(mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1), KERN_SUCCESS);
        ck_assert_int_eq(mach_port_destroy(mach_task_self(), port), KERN_INVALID_NAME);
        ck_assert_int_eq(mach_port_type(mach_task_self(), port, &type), KERN_INVALID_NAME);
    }
}
END_TEST

START_TEST(a_fresh_port_serves_for_replies)
{
    mach_port_t port = new_channel();
    message_t request, other;

    for (int i = 0; i < 100; i++) {
        mach_port_t reply = fresh_port();

        ck_assert_int_eq(send_number(port, 1, i, reply, 0, 0), MACH_MSG_SUCCESS);
        ck_assert_int_eq(receive(&request, port, 0, 0), MACH_MSG_SUCCESS);
        ck_assert_int_eq(answer(&request, i + 1), MACH_MSG_SUCCESS);
        ck_assert_int_eq(receive(&other, reply, MACH_RCV_TIMEOUT, 10000), MACH_MSG_SUCCESS);
        ck_assert_int_eq(other.number, i + 1);
        forget(reply);
    }
    forget(port);
}
END_TEST

/* ---- several tasks --------------------------------------------------------------------------------- */

#define SENDERS 12

/* Of each sender; fewer where all is slow. */
static int messages(void)
{
    const char *rounds = getenv("ROUNDS");

    return rounds != NULL ? 5 * atoi(rounds) : 3000;
}

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Sends messages, some by the daemon and most by a channel. */
static _Noreturn void send_mixture(int sender)
{
    mach_port_t to = find();
    uint32_t state = 77u + (uint32_t)sender;

    for (int i = 0; i < messages(); i++) {
        const mach_msg_return_t result = next_random(&state) % 8 == 0
                                             ? send_complex(to, sender, i)
                                             : send_number(to, sender, i, MACH_PORT_NULL, 0, 0);

        if (result != MACH_MSG_SUCCESS)
            _exit(4);
    }
    _exit(0);
}

static void start(pid_t *children, int count, void (*run)(int))
{
    for (int i = 0; i < count; i++) {
        children[i] = fork();
        ck_assert_int_ge(children[i], 0);
        if (children[i] == 0)
            run(i);
    }
}

static void end(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void expect_ends(const pid_t *children, int count)
{
    for (int i = 0; i < count; i++) {
        int status;

        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        ck_assert_int_eq(status, 0);
    }
}

/* What each sender has been heard of last. */
struct history {
    int last[SENDERS];
    int total;
};

/* Receives a message, which must be its sender's next. */
static void receive_next(struct history *history, mach_port_t from)
{
    message_t message;
    int sender, number;

    ck_assert_int_eq(receive(&message, from, MACH_RCV_TIMEOUT, 20000), MACH_MSG_SUCCESS);
    read_number(&message, &sender, &number);
    ck_assert(sender >= 0 && sender < SENDERS);
    ck_assert_int_eq(number, history->last[sender]++);
    history->total++;
}

START_TEST(what_a_task_sends_arrives_in_order)
{
    mach_port_t port = new_port();
    pid_t children[SENDERS];
    struct history history = {.total = 0};

    publish(port);
    start(children, SENDERS, (void (*)(int))send_mixture);
    while (history.total < SENDERS * messages()) {
        receive_next(&history, port);
        if (history.total % 97 == 0)
            ck_assert_uint_le(status_of(port).mps_msgcount, MACH_PORT_QLIMIT_DEFAULT);
    }
    expect_ends(children, SENDERS);
    forget(port);
}
END_TEST

#define MANY 200 /* tasks; fewer where all is slow */
#define OF_EACH 40

/* Messages of a child's, to its parent, with so many microseconds between them. */
static void send_all(mach_port_t to, int sender, int count, useconds_t between)
{
    for (int i = 0; i < count; i++) {
        if (send_number(to, sender, i, MACH_PORT_NULL, 0, 0) != MACH_MSG_SUCCESS)
            _exit(4);
        if (between > 0)
            usleep(between);
    }
}

static _Noreturn void send_some(int sender)
{
    send_all(find(), sender, OF_EACH, 0);
    _exit(0);
}

START_TEST(hundreds_of_tasks_send_to_one_port)
{
    static pid_t children[MANY];
    static int last[MANY];
    const int many = getenv("ROUNDS") != NULL ? 12 : MANY;
    mach_port_t port = new_port();
    message_t message;

    publish(port);
    start(children, many, (void (*)(int))send_some);
    for (int i = 0; i < many * OF_EACH; i++) {
        ck_assert_int_eq(receive(&message, port, MACH_RCV_TIMEOUT, 20000), MACH_MSG_SUCCESS);
        ck_assert(message.sender >= 0 && message.sender < MANY);
        ck_assert_int_eq(message.number, last[message.sender]++);
    }
    expect_ends(children, many);
    ck_assert_int_eq(receive(&message, port, MACH_RCV_TIMEOUT, 0), MACH_RCV_TIMED_OUT);
    forget(port);
}
END_TEST

static void run_on(int processor)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    (void)sched_setaffinity(0, sizeof set, &set); /* there may be no such */
}

static _Noreturn void stay(void)
{
    for (;;)
        pause();
}

static _Noreturn void send_from_afar(int sender)
{
    run_on(1);
    send_all(find(), sender, OF_EACH, 0);
    stay();
}

/* The receiver waits in machsim for the first, and hears by the second that it need not. */
static _Noreturn void send_two(int sender)
{
    send_all(find(), sender, 2, 100000);
    stay();
}

/*
 * Whoever waits looks at the channel that the last message came by, without sleeping, even where that is no more: of two that have
 * gone another gets the first's number.
 */
START_TEST(who_waits_sleeps_though_the_last_sender_has_gone)
{
    mach_port_t port = new_port();
    message_t message;
    pid_t children[2], last;
    cpu_set_t former;

    ck_assert_int_eq(sched_getaffinity(0, sizeof former, &former), 0);
    publish(port);
    run_on(0);
    for (int i = 0; i < 2; i++) {
        start(&children[i], 1, send_from_afar);
        for (int j = 0; j < OF_EACH; j++)
            ck_assert_int_eq(receive(&message, port, MACH_RCV_TIMEOUT, 20000), MACH_MSG_SUCCESS);
    }
    end(children[0]);
    end(children[1]);
    ck_assert_int_eq(receive(&message, port, MACH_RCV_TIMEOUT, 50), MACH_RCV_TIMED_OUT);
    start(&last, 1, send_two);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(receive(&message, port, MACH_RCV_TIMEOUT, 20000), MACH_MSG_SUCCESS);
    ck_assert_int_eq(receive(&message, port, MACH_RCV_TIMEOUT, 50), MACH_RCV_TIMED_OUT);
    end(last);
    (void)sched_setaffinity(0, sizeof former, &former);
    forget(port);
}
END_TEST

/* Says all the time that there is something in its channel, where nothing is. */
static _Noreturn void cry_wolf(int sender)
{
    const mach_port_t to = find();

    send_all(to, sender, OF_EACH, 0);
    if (!has_channel(to))
        stay(); /* messages go by machsim here */
    const struct outgoing *channel = direct_named(to)->outgoing;
    const uint32_t number = channel->forward->incoming;

    for (;;)
        atomic_fetch_or(&channel->port->ready[number / 64], (uint64_t)1 << number % 64);
}

START_TEST(who_waits_comes_to_the_end_of_its_time_whatever_a_sender_says)
{
    mach_port_t port = new_port(), set;
    message_t message;
    pid_t child;

    publish(port);
    start(&child, 1, cry_wolf);
    for (int i = 0; i < OF_EACH; i++)
        ck_assert_int_eq(receive(&message, port, MACH_RCV_TIMEOUT, 20000), MACH_MSG_SUCCESS);
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(receive(&message, port, MACH_RCV_TIMEOUT, 20), MACH_RCV_TIMED_OUT);
    ck_assert_int_eq(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET, &set), KERN_SUCCESS);
    ck_assert_int_eq(mach_port_move_member(mach_task_self(), port, set), KERN_SUCCESS);
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(receive(&message, set, MACH_RCV_TIMEOUT, 20), MACH_RCV_TIMED_OUT);
    end(child);
    forget(port);
}
END_TEST

START_TEST(sets_in_mid_burst_lose_nothing)
{
    mach_port_t port = new_port(), set;
    pid_t children[SENDERS];
    struct history history = {.total = 0};

    ck_assert_int_eq(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET, &set), KERN_SUCCESS);
    publish(port);
    start(children, SENDERS, (void (*)(int))send_mixture);
    while (history.total < SENDERS * messages()) {
        const bool in_set = history.total / 50 % 2 == 1;

        if (history.total % 50 == 0 && history.total > 0)
            ck_assert_int_eq(mach_port_move_member(mach_task_self(), port, in_set ? set : MACH_PORT_NULL), KERN_SUCCESS);
        receive_next(&history, in_set ? set : port);
    }
    expect_ends(children, SENDERS);
    forget(port);
    forget(set);
}
END_TEST

/* Receives some messages, sends its receive right back with what it has heard, and ends. */
typedef struct {
    mach_msg_header_t header;
    mach_msg_body_t body;
    mach_msg_port_descriptor_t port;
    struct history history;
    mach_msg_max_trailer_t trailer;
} baton_t;
#define BATON_SIZE ((mach_msg_size_t)offsetof(baton_t, trailer))

static void pass_on(mach_port_t to, mach_port_t port, const struct history *history)
{
    baton_t baton = {
        .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) | MACH_MSGH_BITS_COMPLEX,
                   .msgh_remote_port = to},
        .body = {1},
        .port = {.name = port, .disposition = MACH_MSG_TYPE_MOVE_RECEIVE, .type = MACH_MSG_PORT_DESCRIPTOR},
        .history = *history};

    ck_assert_int_eq(mach_msg(&baton.header, MACH_SEND_MSG, BATON_SIZE, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL),
                     MACH_MSG_SUCCESS);
}

static mach_port_t take_over(mach_port_t from, struct history *history)
{
    baton_t baton;

    ck_assert_int_eq(mach_msg(&baton.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof baton, from, 20000, MACH_PORT_NULL),
                     MACH_MSG_SUCCESS);
    *history = baton.history;
    return baton.port.name;
}

#define TURN (messages() / 8)

/* The two receivers give the port to each other. */
static void receive_in_turns(mach_port_t own, mach_port_t other, mach_port_t port)
{
    struct history history = {.total = 0};

    for (;;) {
        if (port == MACH_PORT_NULL)
            port = take_over(own, &history);
        for (int i = 0; i < TURN && history.total < SENDERS * messages(); i++)
            receive_next(&history, port);
        const bool over = history.total == SENDERS * messages();

        if (over) {
            history.total = -1;
            pass_on(other, port, &history);
            return;
        }
        pass_on(other, port, &history);
        port = take_over(own, &history);
        if (history.total == -1)
            return;
    }
}

START_TEST(a_receive_right_that_moves_in_mid_burst_loses_nothing)
{
    mach_port_t port = new_port(), own = new_port(), others;
    pid_t children[SENDERS + 1];
    mach_port_t ports[2] = {port, own};
    message_t message;

    ck_assert_int_eq(mach_ports_register(mach_task_self(), ports, 2), KERN_SUCCESS);
    start(children, SENDERS, (void (*)(int))send_mixture);
    children[SENDERS] = fork();
    if (children[SENDERS] == 0) {
        mach_port_array_t found;
        mach_msg_type_number_t count;
        mach_port_t mine = new_port();

        ck_assert_int_eq(mach_ports_lookup(mach_task_self(), &found, &count), KERN_SUCCESS);
        complex_t hello = {
            .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) | MACH_MSGH_BITS_COMPLEX,
                       .msgh_remote_port = found[1]},
            .body = {1},
            .port = {.name = mine, .disposition = MACH_MSG_TYPE_MAKE_SEND, .type = MACH_MSG_PORT_DESCRIPTOR}};

        ck_assert_int_eq(mach_msg(&hello.header, MACH_SEND_MSG, sizeof hello, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL),
                         MACH_MSG_SUCCESS);
        receive_in_turns(mine, found[1], MACH_PORT_NULL);
        _exit(0);
    }
    ck_assert_int_eq(receive(&message, own, MACH_RCV_TIMEOUT, 20000), MACH_MSG_SUCCESS);
    others = ((complex_t *)(void *)&message)->port.name;
    receive_in_turns(own, others, port);
    expect_ends(children, SENDERS + 1);
    forget(own);
}
END_TEST

/* ---- the end of tasks ------------------------------------------------------------------------------ */

#define REQUESTS 1000

/* A server that takes requests and answers none. */
static void take_all(int unused)
{
    mach_port_t to = find(), port = new_port();
    message_t message;
    complex_t hello = {
        .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) | MACH_MSGH_BITS_COMPLEX,
                   .msgh_remote_port = to},
        .body = {1},
        .port = {.name = port, .disposition = MACH_MSG_TYPE_MAKE_SEND, .type = MACH_MSG_PORT_DESCRIPTOR}};

    (void)unused;
    set_limit(port, 1000);
    ck_assert_int_eq(mach_msg(&hello.header, MACH_SEND_MSG, sizeof hello, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL),
                     MACH_MSG_SUCCESS);
    for (int i = 0; i < REQUESTS / 2; i++)
        ck_assert_int_eq(receive(&message, port, 0, 0), MACH_MSG_SUCCESS);
    (void)send_number(to, 0, 0, MACH_PORT_NULL, 0, 0);
    for (;;)
        pause();
}

START_TEST(a_server_that_dies_leaves_no_request_without_answer)
{
    static mach_port_t replies[REQUESTS];
    mach_port_t own = new_port();
    message_t message;
    pid_t child;

    publish(own);
    start(&child, 1, take_all);
    ck_assert_int_eq(receive(&message, own, MACH_RCV_TIMEOUT, 20000), MACH_MSG_SUCCESS);
    const mach_port_t server = ((complex_t *)(void *)&message)->port.name;

    for (int i = 0; i < REQUESTS; i++) {
        replies[i] = mach_reply_port();
        ck_assert_int_eq(send_number(server, 1, i, replies[i], 0, 0), MACH_MSG_SUCCESS);
    }
    ck_assert_int_eq(receive(&message, own, MACH_RCV_TIMEOUT, 20000), MACH_MSG_SUCCESS);
    end(child);
    for (int i = 0; i < REQUESTS; i++) {
        ck_assert_int_eq(receive(&message, replies[i], MACH_RCV_TIMEOUT, 20000), MACH_MSG_SUCCESS);
        ck_assert_int_eq(message.header.msgh_id, MACH_NOTIFY_SEND_ONCE);
        ck_assert_int_eq(receive(&message, replies[i], MACH_RCV_TIMEOUT, 0), MACH_RCV_TIMED_OUT);
        forget(replies[i]);
    }
    forget(own);
}
END_TEST

static Suite *direct_suite(void)
{
    Suite *suite = suite_create("direct");

    add_test(suite, a_message_to_oneself_goes_by_a_channel, NULL, NULL, 30);
    add_test(suite, a_message_to_oneself_that_is_received_at_once_stays_where_it_is, NULL, NULL, 30);
    add_test(suite, what_was_sent_to_oneself_before_is_received_before, NULL, NULL, 30);
    add_test(suite, whoever_waited_before_gets_a_message_to_oneself, NULL, NULL, 30);
    add_test(suite, references_that_came_in_messages_go_without_a_trap, NULL, NULL, 30);
    add_test(suite, a_reference_that_is_gone_is_not_let_go_of_again, NULL, NULL, 30);
    add_test(suite, no_senders_is_told_though_no_one_asks, NULL, NULL, 30);
    add_test(suite, the_queue_limit_holds, NULL, NULL, 30);
    add_test(suite, sequence_numbers_have_no_gaps, NULL, NULL, 30);
    add_test(suite, a_leased_reply_right_is_a_right_like_any, NULL, NULL, 30);
    add_test(suite, a_leased_reply_right_answers_once, NULL, NULL, 30);
    add_test(suite, a_dropped_reply_right_tells_so, NULL, NULL, 30);
    add_test(suite, names_for_reply_rights_do_not_run_out, NULL, NULL, 60);
    add_test(suite, a_request_in_a_port_that_dies_tells_so, NULL, NULL, 30);
    add_test(suite, the_reply_right_of_a_port_that_died_is_a_dead_name, NULL, NULL, 30);
    add_test(suite, a_reply_follows_its_port, NULL, NULL, 30);
    add_test(suite, messages_come_before_no_senders, NULL, NULL, 30);
    add_test(suite, a_renamed_port_goes_on, NULL, NULL, 30);
    add_test(suite, a_set_gets_what_was_sent_before_and_after, NULL, NULL, 30);
    add_test(suite, messages_come_to_a_set_by_channels, NULL, NULL, 60);
    add_test(suite, a_port_that_has_left_a_set_gives_it_nothing, NULL, NULL, 60);
    add_test(suite, who_waits_at_a_set_is_woken, NULL, NULL, 60);
    add_test(suite, an_answer_comes_to_a_set_too, NULL, NULL, 60);
    add_test(suite, who_polls_hears_of_messages_in_channels, NULL, NULL, 60);
    add_test(suite, with_no_room_messages_pass_from_sender_to_receiver, NULL, NULL, 60);
    add_test(suite, who_waits_long_is_woken, NULL, NULL, 30);
    add_test(suite, who_waits_hears_that_the_port_has_died, NULL, NULL, 30);
    add_test(suite, a_message_that_is_too_large_stays_or_goes, NULL, NULL, 30);
    add_test(suite, messages_of_all_sizes_arrive_whole, NULL, NULL, 60);
    add_test(suite, a_fresh_port_is_a_port_like_any, NULL, NULL, 30);
    add_test(suite, a_fresh_port_that_is_gone_is_gone, NULL, NULL, 60);
    add_test(suite, a_fresh_port_serves_for_replies, NULL, NULL, 30);
    add_test(suite, what_a_task_sends_arrives_in_order, NULL, NULL, 200);
    add_test(suite, hundreds_of_tasks_send_to_one_port, NULL, NULL, 200);
    add_test(suite, sets_in_mid_burst_lose_nothing, NULL, NULL, 200);
    add_test(suite, a_receive_right_that_moves_in_mid_burst_loses_nothing, NULL, NULL, 200);
    add_test(suite, who_waits_comes_to_the_end_of_its_time_whatever_a_sender_says, NULL, NULL, 20);
    add_test(suite, who_waits_sleeps_though_the_last_sender_has_gone, NULL, NULL, 20);
    add_test(suite, a_server_that_dies_leaves_no_request_without_answer, NULL, NULL, 200);
    return suite;
}

int main(void)
{
    setenv("MACH_DIRECT", "1", 1);
    return run_suite(direct_suite());
}
