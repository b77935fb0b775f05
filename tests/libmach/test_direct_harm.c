/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_direct_harm.c - peers that are killed at each of their steps, and peers that write rubbish into what they share: the other
 * side goes on, and so does the daemon.
 *
 * The part of the library that is concerned is compiled into this program, with each change of shared memory as a step.
 */
#include "../family.h"
#include "../suite.h"

#include <mach/mach.h>
#include <mach/notify.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libmach/direct/tables.h"

typedef struct {
    mach_msg_header_t header;
    int number;
    union {
        mach_msg_audit_trailer_t trailer;
        unsigned char room[256];
    };
} message_t;
#define SENT_SIZE ((mach_msg_size_t)offsetof(message_t, trailer))
#define WITH_AUDIT                                    \
    (MACH_RCV_TRAILER_TYPE(MACH_MSG_TRAILER_FORMAT_0) | \
     MACH_RCV_TRAILER_ELEMENTS(MACH_RCV_TRAILER_AUDIT))

typedef struct {
    mach_msg_header_t header;
    mach_msg_body_t body;
    mach_msg_port_descriptor_t port;
    mach_msg_max_trailer_t trailer;
} complex_t;
#define COMPLEX_SIZE ((mach_msg_size_t)offsetof(complex_t, trailer))

/* ---- steps ----------------------------------------------------------------------------------------- */

/* The process is killed when so many steps are left; < 0: never. */
static long steps_left = -1;
#define WITHOUT_STEPS 9 /* the status of a child that was to be killed, and has made no step */

void direct_step(void);
void direct_step(void)
{
    if (steps_left > 0 && --steps_left == 0)
        kill(getpid(), SIGKILL);
}

/* ---- ports and messages ---------------------------------------------------------------------------- */

static mach_msg_return_t send_number(mach_port_t to, int number, mach_port_t reply, mach_msg_option_t option)
{
    message_t message = {
        .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND,
                                               reply == MACH_PORT_NULL ? 0 : MACH_MSG_TYPE_MAKE_SEND_ONCE),
                   .msgh_remote_port = to, .msgh_local_port = reply},
        .number = number};

    return mach_msg(&message.header, MACH_SEND_MSG | option, SENT_SIZE, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
}

static mach_msg_return_t receive(message_t *message, mach_port_t from, mach_msg_timeout_t timeout)
{
    return mach_msg(&message->header, MACH_RCV_MSG | MACH_RCV_TIMEOUT | WITH_AUDIT, 0, sizeof *message, from, timeout,
                    MACH_PORT_NULL);
}

static mach_msg_return_t answer(const message_t *request, int number)
{
    message_t message = {.header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0),
                                    .msgh_remote_port = request->header.msgh_remote_port},
                         .number = number};

    return mach_msg(&message.header, MACH_SEND_MSG, SENT_SIZE, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
}

/* Calls a server: its answer, or -1 for a notification that there will be none, or -2. */
static int call(mach_port_t to, mach_port_t reply, int number)
{
    message_t message;

    if (send_number(to, number, reply, 0) != MACH_MSG_SUCCESS)
        return -2;
    if (receive(&message, reply, 20000) != MACH_MSG_SUCCESS)
        return -3;
    return message.header.msgh_id == MACH_NOTIFY_SEND_ONCE ? -1 : message.number;
}

/* Gives a right of a child's to its parent. */
static void present_right(mach_port_t to, mach_port_t port, mach_msg_type_name_t disposition)
{
    complex_t message = {
        .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) | MACH_MSGH_BITS_COMPLEX,
                   .msgh_remote_port = to},
        .body = {1},
        .port = {.name = port, .disposition = disposition, .type = MACH_MSG_PORT_DESCRIPTOR}};

    if (mach_msg(&message.header, MACH_SEND_MSG, COMPLEX_SIZE, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL) != MACH_MSG_SUCCESS)
        _exit(3);
}

static void present(mach_port_t to, mach_port_t port)
{
    present_right(to, port, MACH_MSG_TYPE_MAKE_SEND);
}

static mach_port_t meet(mach_port_t from)
{
    complex_t message;

    ck_assert_int_eq(mach_msg(&message.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof message, from, 20000, MACH_PORT_NULL),
                     MACH_MSG_SUCCESS);
    return message.port.name;
}

static struct outgoing *channel_to(mach_port_t name)
{
    struct named *named = direct_named(name);
    struct outgoing *channel = named == NULL ? NULL : named->outgoing;

    return channel != NULL && channel->name == name && channel->forward != NULL && channel->forward->open ? channel : NULL;
}

static mach_msg_type_number_t names(void)
{
    mach_port_name_array_t all;
    mach_port_type_array_t types;
    mach_msg_type_number_t count, type_count;

    ck_assert_int_eq(mach_port_names(mach_task_self(), &all, &count, &types, &type_count), KERN_SUCCESS);
    vm_deallocate(mach_task_self(), (vm_address_t)all, count * sizeof *all);
    vm_deallocate(mach_task_self(), (vm_address_t)types, type_count * sizeof *types);
    return count;
}

/* ---- killed at each step --------------------------------------------------------------------------- */

#define SCRIPT 3

/* A client: some messages by the channel without answers, some with. */
static _Noreturn void client_script(long steps)
{
    mach_port_t to = find(), reply = mach_reply_port();

    present_right(to, mach_task_self(), MACH_MSG_TYPE_COPY_SEND);
    for (int i = 0; i < 50 && (channel_to(to) == NULL || i < 4); i++)
        if (call(to, reply, 1000 + i) < 0)
            _exit(4);
    if (channel_to(to) == NULL)
        _exit(5);
    steps_left = steps;
    for (int i = 0; i < SCRIPT; i++)
        if (send_number(to, i, MACH_PORT_NULL, 0) != MACH_MSG_SUCCESS)
            _exit(6);
    for (int i = SCRIPT; i < 2 * SCRIPT; i++)
        if (call(to, reply, i) != i + 1)
            _exit(7);
    _exit(steps_left == steps ? WITHOUT_STEPS : 0);
}

/* Waits until the daemon has heard that a task has ended, and has put away all that it left; takes the right to its port. */
static void await_end(mach_port_t task)
{
    mach_port_type_t type = MACH_PORT_TYPE_SEND;

    while (type == MACH_PORT_TYPE_SEND) {
        ck_assert_int_eq(mach_port_type(mach_task_self(), task, &type), KERN_SUCCESS);
        usleep(100);
    }
    ck_assert_uint_eq(type, MACH_PORT_TYPE_DEAD_NAME);
    ck_assert_int_eq(mach_port_deallocate(mach_task_self(), task), KERN_SUCCESS);
}

/* Serves a client, which presents its task first, until it has ended, and no message is left: the number of the last. */
static int serve(mach_port_t port, pid_t child, int *status)
{
    int next = 0;
    message_t message;
    mach_port_t task = MACH_PORT_NULL;
    bool ended = false;

    for (;;) {
        const mach_msg_return_t result = receive(&message, port, ended ? 0 : 2);

        if (result == MACH_RCV_TIMED_OUT && ended)
            return next;
        if (result == MACH_RCV_TIMED_OUT) {
            ended = waitpid(child, status, WNOHANG) == child;
            if (ended)
                await_end(task);
            continue;
        }
        ck_assert_int_eq(result, MACH_MSG_SUCCESS);
        if (message.header.msgh_bits & MACH_MSGH_BITS_COMPLEX) {
            task = ((const complex_t *)(const void *)&message)->port.name;
            continue;
        }
        if (message.number < 1000)
            ck_assert_int_eq(message.number, next++);
        if (MACH_PORT_VALID(message.header.msgh_remote_port) && answer(&message, message.number + 1) != MACH_MSG_SUCCESS)
            (void)mach_port_deallocate(mach_task_self(), message.header.msgh_remote_port);
    }
}

/* The queue takes as many messages as it should. */
static void check_room(mach_port_t port)
{
    message_t message;

    for (int i = 0; i < MACH_PORT_QLIMIT_DEFAULT; i++)
        ck_assert_int_eq(send_number(port, i, MACH_PORT_NULL, MACH_SEND_TIMEOUT), MACH_MSG_SUCCESS);
    ck_assert_int_eq(send_number(port, 9, MACH_PORT_NULL, MACH_SEND_TIMEOUT), MACH_SEND_TIMED_OUT);
    for (int i = 0; i < MACH_PORT_QLIMIT_DEFAULT; i++) {
        ck_assert_int_eq(receive(&message, port, 1000), MACH_MSG_SUCCESS);
        ck_assert_int_eq(message.number, i);
    }
}

static bool was_killed(int status)
{
    ck_assert(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL
                                  : WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == WITHOUT_STEPS);
    return WIFSIGNALED(status);
}

/* On a machine that is so busy that nothing goes by the channel the same step is tried again. */
static bool is_tried_again(int status, unsigned *tries)
{
    return WIFEXITED(status) && WEXITSTATUS(status) == WITHOUT_STEPS && (*tries)++ < 50;
}

START_TEST(a_client_that_is_killed_at_any_step_does_no_harm)
{
    mach_port_t port = new_port();
    bool killed = true;
    long step;
    unsigned tries = 0;

    publish(port);
    const mach_msg_type_number_t before = names();

    for (step = 1; killed; step++) {
        const pid_t child = fork();
        int status;

        ck_assert_int_ge(child, 0);
        if (child == 0)
            client_script(step);
        const int count = serve(port, child, &status);

        killed = was_killed(status);
        ck_assert(killed || count == 2 * SCRIPT);
        check_room(port);
        if (is_tried_again(status, &tries)) {
            killed = true;
            step--;
        }
    }
    ck_assert_int_gt(step, 30); /* it did go by the channel */
    ck_assert_uint_eq(names(), before);
}
END_TEST

/* A server that answers until it is killed; the first requests do not count. */
static _Noreturn void server_script(long steps)
{
    mach_port_t port = new_port();
    message_t message;

    present(find(), port);
    for (;;) {
        if (receive(&message, port, 10000) != MACH_MSG_SUCCESS)
            _exit(4);
        if (message.number == -1)
            _exit(steps_left == steps ? WITHOUT_STEPS : 0);
        if (message.number == 0)
            steps_left = steps;
        if (MACH_PORT_VALID(message.header.msgh_remote_port))
            (void)answer(&message, message.number + 1);
    }
}

/* Calls a server of which one never knows when it is killed; whether it is alive at the end. */
static bool call_all(mach_port_t server, mach_port_t reply)
{
    bool alive = true;

    for (int i = 0; i < 2 * SCRIPT && alive; i++) {
        const int got = call(server, reply, i);

        alive = got == i + 1;
        ck_assert_msg(alive || got == -1 || got == -2, "request %d got %d", i, got);
        if (i % 2 == 0)
            (void)send_number(server, 500, MACH_PORT_NULL, MACH_SEND_TIMEOUT);
    }
    return alive;
}

START_TEST(a_server_that_is_killed_at_any_step_does_no_harm)
{
    mach_port_t own = new_port(), reply = mach_reply_port();
    bool killed = true;
    long step;
    unsigned tries = 0;

    publish(own);
    const mach_msg_type_number_t before = names();

    for (step = 1; killed; step++) {
        const pid_t child = fork();
        int status;

        ck_assert_int_ge(child, 0);
        if (child == 0)
            server_script(step);
        const mach_port_t server = meet(own);

        for (int i = 0; i < 50 && (channel_to(server) == NULL || i < 4); i++)
            ck_assert_int_eq(call(server, reply, 1000 + i), 1001 + i);
        ck_assert_ptr_nonnull(channel_to(server));
        if (call_all(server, reply))
            (void)send_number(server, -1, MACH_PORT_NULL, 0);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        killed = was_killed(status);
        message_t message;

        ck_assert_int_eq(receive(&message, reply, 0), MACH_RCV_TIMED_OUT);
        ck_assert_int_eq(mach_port_destroy(mach_task_self(), server), KERN_SUCCESS);
        if (is_tried_again(status, &tries)) {
            killed = true;
            step--;
        }
    }
    ck_assert_int_gt(step, 30); /* it did go by the channel */
    ck_assert_uint_eq(names(), before);
}
END_TEST

/* ---- rubbish --------------------------------------------------------------------------------------- */

static uint32_t chance(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Values that are likely to do harm. */
static uint32_t bad_value(uint32_t *state)
{
    static const uint32_t values[] = {0, 1, 2, 3, 0x7f, 0xff, 0x80000000u, 0xffffffffu, 0x7fffffffu, CHANNEL_ROOM,
                                      CHANNEL_LARGEST, CHANNEL_LARGEST + 4, CHANNEL_ENTRIES, CHANNEL_ENTRIES + 1};
    const uint32_t random = chance(state);

    return random % 3 == 0 ? random : values[random / 3 % (sizeof values / sizeof *values)];
}

static void scribble(void *memory, size_t size, uint32_t *state)
{
    _Atomic uint32_t *words = memory;

    atomic_store_explicit(&words[chance(state) % (size / 4)], bad_value(state), memory_order_relaxed);
}

#define RUBBISH_MILLISECONDS 1500

/* Writes into all that a sender shares with its receiver, and sends now and then. */
static _Noreturn void scribbling_sender(int seed)
{
    uint32_t state = 12345u + (uint32_t)seed;
    mach_port_t to = find();
    const uint64_t end = direct_now() + (uint64_t)RUBBISH_MILLISECONDS * 1000000;

    present_right(to, mach_task_self(), MACH_MSG_TYPE_COPY_SEND);
    while (direct_now() < end) {
        struct outgoing *channel = channel_to(to);

        (void)send_number(to, 7, MACH_PORT_NULL, MACH_SEND_TIMEOUT);
        for (int i = 0; i < 50 && channel != NULL && channel->forward != NULL; i++) {
            scribble(channel->forward, 4096, &state);
            scribble(channel->port, sizeof *channel->port, &state);
        }
    }
    _exit(0);
}

#define HONEST 4000

static _Noreturn void honest_sender(void)
{
    mach_port_t to = find();

    for (int i = 0; i < HONEST; i++)
        if (send_number(to, i, MACH_PORT_NULL, 0) != MACH_MSG_SUCCESS)
            _exit(4);
    _exit(0);
}

START_TEST(rubbish_from_a_sender_does_no_harm_to_others)
{
    mach_port_t port = new_port();
    int next = 0, status;
    message_t message;

    publish(port);
    const pid_t bad = fork();
    if (bad == 0)
        scribbling_sender(_i);
    const mach_port_t bad_task = meet(port);
    const pid_t good = fork();
    if (good == 0)
        honest_sender();
    while (next < HONEST) {
        const mach_msg_return_t result = receive(&message, port, 20000);

        if (result == MACH_RCV_TOO_LARGE) /* one of the other's, whatever it says that it is */
            continue;
        ck_assert_int_eq(result, MACH_MSG_SUCCESS);
        const mach_msg_audit_trailer_t *trailer =
            (const void *)((const char *)&message + round_msg(message.header.msgh_size));
        const pid_t from = (pid_t)trailer->msgh_audit.val[5];

        ck_assert(from == bad || from == good);
        if (from == good)
            ck_assert_int_eq(message.number, next++);
        else if (MACH_PORT_VALID(message.header.msgh_remote_port))
            (void)answer(&message, 0);
    }
    ck_assert_int_eq(waitpid(good, &status, 0), good);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(waitpid(bad, &status, 0), bad);
    await_end(bad_task);
    while (receive(&message, port, 0) != MACH_RCV_TIMED_OUT)
        ; /* what is left of it */
    check_room(port);
}
END_TEST

/* A server that writes into all that it shares with those who call it, and with the daemon. */
static _Noreturn void scribbling_server(int seed)
{
    uint32_t state = 54321u + (uint32_t)seed;
    mach_port_t port = new_port();
    const uint64_t end = direct_now() + (uint64_t)RUBBISH_MILLISECONDS * 1000000;
    message_t message;

    present(find(), port);
    while (direct_now() < end) {
        if (receive(&message, port, 5) == MACH_MSG_SUCCESS && MACH_PORT_VALID(message.header.msgh_remote_port))
            (void)answer(&message, message.number + 1);
        for (unsigned i = 0; i < CHANNEL_INCOMING; i++)
            if (direct_incoming[i].forward != NULL) {
                scribble(direct_incoming[i].backward, 4096, &state);
                scribble(direct_task, sizeof *direct_task, &state);
            }
    }
    kill(getpid(), SIGKILL);
    _exit(0);
}

START_TEST(rubbish_from_a_receiver_does_no_harm_to_others)
{
    mach_port_t own = new_port(), reply = mach_reply_port(), quiet = new_port();
    message_t message;
    int status;

    publish(own);
    const pid_t bad = fork();
    if (bad == 0)
        scribbling_server(_i);
    const mach_port_t server = meet(own);

    while (waitpid(bad, &status, WNOHANG) == 0) {
        if (send_number(server, 1, reply, MACH_SEND_TIMEOUT) == MACH_MSG_SUCCESS)
            (void)receive(&message, reply, 3);
        mach_port_destroy(mach_task_self(), reply);
        reply = mach_reply_port();
        check_room(quiet);
    }
    ck_assert_int_eq(receive(&message, quiet, 0), MACH_RCV_TIMED_OUT);
}
END_TEST

static Suite *harm_suite(void)
{
    Suite *suite = suite_create("harm");
    TCase *rubbish = tcase_create("rubbish");

    add_test(suite, a_client_that_is_killed_at_any_step_does_no_harm, NULL, NULL, 300);
    add_test(suite, a_server_that_is_killed_at_any_step_does_no_harm, NULL, NULL, 300);
    tcase_set_timeout(rubbish, 120);
    tcase_add_loop_test(rubbish, rubbish_from_a_sender_does_no_harm_to_others, 0, 3);
    tcase_add_loop_test(rubbish, rubbish_from_a_receiver_does_no_harm_to_others, 0, 3);
    suite_add_tcase(suite, rubbish);
    return suite;
}

int main(void)
{
    setenv("MACH_DIRECT", "1", 1);
    return run_suite(harm_suite());
}
