/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * client.c - one of two that send each other all kinds of messages at once: see one.h.
 *
 * Each has a server, who receives at a port and at a set that it is in now and then; a requester, who asks the other's server;
 * and someone who meanwhile changes the port, and looks at it.
 */
#include <mach/mach.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "one.h"

#define SELF mach_task_self()

enum what { HELLO = 100, ASK, TELL, CARRY, BRIEF, LAST };

typedef struct {
    mach_msg_header_t header;
    mach_msg_body_t body;
    mach_msg_port_descriptor_t port; /* if it is complex */
    unsigned serial;
    unsigned char bytes[1000];
    mach_msg_max_trailer_t trailer;
} message_t;
#define HEAD ((mach_msg_size_t)offsetof(message_t, bytes))
#define WHOLE ((mach_msg_size_t)offsetof(message_t, trailer))

static mach_port_t mine, theirs, set, brief;
static _Atomic bool served;

#define CHECK(condition) one_check(condition, __LINE__, #condition, 0)
/* A call that is to succeed. */
#define DO(call) do_call(call, __LINE__, #call)

static void do_call(kern_return_t result, int line, const char *call)
{
    one_check(result == KERN_SUCCESS, line, call, result);
}

/* ---- messages ---------------------------------------------------------------------------------------------- */

static mach_port_t new_port(void)
{
    mach_port_t port = MACH_PORT_NULL;

    DO(mach_port_allocate(SELF, MACH_PORT_RIGHT_RECEIVE, &port));
    DO(mach_port_insert_right(SELF, port, port, MACH_MSG_TYPE_MAKE_SEND));
    return port;
}

static void put_port(message_t *message, mach_port_t port, mach_msg_type_name_t disposition)
{
    message->header.msgh_bits |= MACH_MSGH_BITS_COMPLEX;
    message->body.msgh_descriptor_count = 1;
    message->port = (mach_msg_port_descriptor_t){.name = port, .disposition = disposition, .type = MACH_MSG_PORT_DESCRIPTOR};
}

static void begin(message_t *message, enum what what, unsigned serial)
{
    memset(message, 0, sizeof *message);
    message->header.msgh_id = what;
    message->header.msgh_size = serial % 3 == 0 ? WHOLE : HEAD;
    message->serial = serial;
    memset(message->bytes, (int)serial, sizeof message->bytes);
}

static bool is_whole(const message_t *message)
{
    for (size_t i = 0; i < (message->header.msgh_size == WHOLE ? sizeof message->bytes : 0); i++)
        if (message->bytes[i] != (unsigned char)message->serial)
            return false;
    return true;
}

static void tell(mach_port_t to, enum what what, unsigned serial, mach_port_t carried)
{
    message_t message;

    begin(&message, what, serial);
    message.header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0);
    message.header.msgh_remote_port = to;
    if (carried != MACH_PORT_NULL)
        put_port(&message, carried, MACH_MSG_TYPE_MAKE_SEND);
    DO(mach_msg(&message.header, MACH_SEND_MSG, message.header.msgh_size, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL));
}

/* Asks, and has the answer in the message. */
static void ask(message_t *message, mach_port_t to, enum what what, unsigned serial, mach_port_t carried, mach_port_t reply)
{
    begin(message, what, serial);
    message->header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    message->header.msgh_remote_port = to;
    message->header.msgh_local_port = reply;
    if (carried != MACH_PORT_NULL)
        put_port(message, carried, MACH_MSG_TYPE_MAKE_SEND);
    DO(mach_msg(&message->header, MACH_SEND_MSG | MACH_RCV_MSG, message->header.msgh_size, sizeof *message, reply, 0,
                   MACH_PORT_NULL));
    CHECK(message->header.msgh_id == (int)what + 100);
    CHECK(message->serial == serial);
    CHECK(is_whole(message));
}

static void answer(message_t *message)
{
    const mach_port_t to = message->header.msgh_remote_port;
    const bool is_brief = message->header.msgh_id == BRIEF;

    message->header.msgh_id += 100;
    message->header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0);
    message->header.msgh_remote_port = to;
    message->header.msgh_local_port = MACH_PORT_NULL;
    if (is_brief)
        put_port(message, brief, MACH_MSG_TYPE_MAKE_SEND);
    DO(mach_msg(&message->header, MACH_SEND_MSG, message->header.msgh_size, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL));
}

/* ---- the server -------------------------------------------------------------------------------------------- */

/* A port that soon is another: channels to it come and go. */
static void renew_brief(void)
{
    if (brief != MACH_PORT_NULL)
        DO(mach_port_mod_refs(SELF, brief, MACH_PORT_RIGHT_RECEIVE, -1));
    DO(mach_port_allocate(SELF, MACH_PORT_RIGHT_RECEIVE, &brief));
    DO(mach_port_move_member(SELF, brief, set));
}

static void serve_one(message_t *message, unsigned *told)
{
    CHECK(is_whole(message));
    if (message->header.msgh_id == TELL)
        CHECK(message->serial == (*told)++);
    if (message->header.msgh_bits & MACH_MSGH_BITS_COMPLEX)
        DO(mach_port_deallocate(SELF, message->port.name));
    if (message->header.msgh_id == BRIEF)
        renew_brief();
    if (message->header.msgh_remote_port != MACH_PORT_NULL)
        answer(message);
}

/* It waits at the set, where all is, or for a little at the port, which may be there. */
static void *server(void *number)
{
    message_t message;
    unsigned told = 0, count = 0;
    bool last = false;

    one_is((unsigned)(uintptr_t)number);
    while (!last) {
        const bool at_set = count++ / 16 % 2 == 0;
        const mach_msg_return_t result = mach_msg(&message.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof message,
                                                  at_set ? set : mine, 2, MACH_PORT_NULL);

        if (result == MACH_RCV_TIMED_OUT)
            continue;
        DO(result);
        last = message.header.msgh_id == LAST;
        serve_one(&message, &told);
    }
    served = true;
    return NULL;
}

/* ---- the requester ----------------------------------------------------------------------------------------- */

/* What concerns no one else. */
static void keep_to_oneself(unsigned serial)
{
    mach_port_t port = MACH_PORT_NULL;
    message_t message;

    DO(mach_port_allocate(SELF, MACH_PORT_RIGHT_RECEIVE, &port));
    if (serial % 2 == 0) {
        DO(mach_port_insert_right(SELF, port, port, MACH_MSG_TYPE_MAKE_SEND));
        tell(port, TELL, serial, MACH_PORT_NULL);
        DO(mach_msg(&message.header, MACH_RCV_MSG, 0, sizeof message, port, 0, MACH_PORT_NULL));
        CHECK(message.serial == serial && is_whole(&message));
    }
    DO(mach_port_destroy(SELF, port));
}

/* A port that the server has just made. */
static void use_brief(unsigned serial, mach_port_t reply)
{
    message_t message;

    ask(&message, theirs, BRIEF, serial, MACH_PORT_NULL, reply);
    const mach_port_t port = message.port.name;

    for (unsigned i = 0; i < 4; i++)
        ask(&message, port, ASK, serial + i, MACH_PORT_NULL, reply);
    DO(mach_port_deallocate(SELF, port));
}

static void *requester(void *number)
{
    message_t message;
    unsigned told = 0;

    one_is((unsigned)(uintptr_t)number);
    mach_port_t reply = new_port();

    for (unsigned i = 0; i < one_rounds(); i++) {
        ask(&message, theirs, ASK, i, MACH_PORT_NULL, reply);
        ask(&message, theirs, CARRY, i, i % 4 == 0 ? mine : MACH_PORT_NULL, reply);
        for (unsigned j = 0; j < i % 16; j++)
            tell(theirs, TELL, told++, j % 8 == 7 ? mine : MACH_PORT_NULL);
        if (i % 16 == 5)
            use_brief(i, reply);
        if (i % 32 == 7) {
            DO(mach_port_mod_refs(SELF, reply, MACH_PORT_RIGHT_RECEIVE, -1));
            DO(mach_port_deallocate(SELF, reply)); /* a dead name */
            reply = new_port();
        }
        keep_to_oneself(i);
    }
    ask(&message, theirs, LAST, 0, MACH_PORT_NULL, reply);
    return NULL;
}

/* ---- who changes the port ---------------------------------------------------------------------------------- */

static void disturb(unsigned i)
{
    mach_port_limits_t limits = {.mpl_qlimit = i % 8 + 1};
    mach_port_status_t status;
    mach_msg_type_number_t count = MACH_PORT_RECEIVE_STATUS_COUNT;

    DO(mach_port_get_attributes(SELF, mine, MACH_PORT_RECEIVE_STATUS, (mach_port_info_t)&status, &count));
    DO(mach_port_set_attributes(SELF, mine, MACH_PORT_LIMITS_INFO, (mach_port_info_t)&limits, MACH_PORT_LIMITS_INFO_COUNT));
    CHECK(mach_port_move_member(SELF, mine, i % 4 < 2 ? set : MACH_PORT_NULL) == KERN_SUCCESS || i % 4 >= 2);
}

static void *disturber(void *number)
{
    one_is((unsigned)(uintptr_t)number);
    for (unsigned i = 0; !served; i++) {
        disturb(i);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return NULL;
}

/* ---- the client -------------------------------------------------------------------------------------------- */

/* The second inherits a right to the first's port, as it comes after it, and sends it one to its own. */
static void find_parent(void)
{
    mach_port_array_t ports;
    mach_msg_type_number_t count;

    one_meet();
    mine = new_port();
    DO(mach_ports_lookup(SELF, &ports, &count));
    theirs = ports[0];
    tell(theirs, HELLO, 0, mine);
}

static void await_child(void)
{
    message_t message;

    mine = new_port();
    DO(mach_ports_register(SELF, &mine, 1));
    one_meet();
    DO(mach_msg(&message.header, MACH_RCV_MSG, 0, sizeof message, mine, 0, MACH_PORT_NULL));
    theirs = message.port.name;
}

void client_main(unsigned number)
{
    void *(*const parts[])(void *) = {server, requester, disturber};
    pthread_t threads[3];

    if (number == 1)
        await_child();
    else
        find_parent();
    CHECK(MACH_PORT_VALID(theirs));
    DO(mach_port_allocate(SELF, MACH_PORT_RIGHT_PORT_SET, &set));
    renew_brief();
    for (int i = 0; i < 3; i++)
        CHECK(pthread_create(&threads[i], NULL, parts[i], (void *)(uintptr_t)number) == 0);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
}
