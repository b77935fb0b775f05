/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conformance.h - tests of what Mach calls are documented to do.  A file of tests calls only libmach, so it runs on
 * every target: run_hosted.c runs it against machsim, run_sim.c in one process, without and with memory that fails, and
 * run_kernel.c on the kernel that boots.
 */
#ifndef TESTS_CONFORMANCE_H
#define TESTS_CONFORMANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <mach/mach.h>
#include <mach/mach_vm.h>

struct conformance_test {
    const char *name;
    void (*function)(void);
};

/* The tests of a file; the last has no name. */
extern const struct conformance_test conformance_tests[];

/* A check that fails ends the test. */
void conformance_failed(const char *file, int line, const char *what, long long got, long long expected);
#define CHECK(condition) ((condition) ? (void)0 : conformance_failed(__FILE__, __LINE__, #condition, 0, 1))
#define CHECK_EQUAL(got, expected)                                                                         \
    do {                                                                                                   \
        const long long got_ = (long long)(got), expected_ = (long long)(expected);                        \
        if (got_ != expected_)                                                                             \
            conformance_failed(__FILE__, __LINE__, #got " == " #expected, got_, expected_);                \
    } while (0)
#define CHECK_SUCCESS(call) CHECK_EQUAL(call, KERN_SUCCESS)

/*
 * Runs `function` in a second task, which gets a send right made from `port`, and waits until it ends.  Checks that
 * fail there fail the test.
 */
void in_second_task(void (*function)(mach_port_t port), mach_port_t port);

/* Where programs make threads, a kernel that boots: one that begins with a function, which must not return. */
mach_port_t new_thread(mach_port_t task, void (*function)(mach_port_t argument), mach_port_t argument);

/* ---- what most tests need -------------------------------------------------------------------------- */

#define SELF mach_task_self()

static inline mach_port_t new_port(void)
{
    mach_port_t name;

    CHECK_SUCCESS(mach_port_allocate(SELF, MACH_PORT_RIGHT_RECEIVE, &name));
    return name;
}

/* A receive right and one send right under the same name. */
static inline mach_port_t new_port_with_send(void)
{
    mach_port_t name = new_port();

    CHECK_SUCCESS(mach_port_insert_right(SELF, name, name, MACH_MSG_TYPE_MAKE_SEND));
    return name;
}

static inline mach_port_t new_set(void)
{
    mach_port_t name;

    CHECK_SUCCESS(mach_port_allocate(SELF, MACH_PORT_RIGHT_PORT_SET, &name));
    return name;
}

static inline mach_port_type_t type_of(mach_port_t name)
{
    mach_port_type_t type = MACH_PORT_TYPE_NONE;

    return mach_port_type(SELF, name, &type) == KERN_SUCCESS ? type : MACH_PORT_TYPE_NONE;
}

static inline mach_port_urefs_t refs_of(mach_port_t name, mach_port_right_t right)
{
    mach_port_urefs_t refs = 0;

    return mach_port_get_refs(SELF, name, right, &refs) == KERN_SUCCESS ? refs : 0;
}

static inline mach_port_status_t status_of(mach_port_t name)
{
    mach_port_status_t status;
    mach_msg_type_number_t count = MACH_PORT_RECEIVE_STATUS_COUNT;

    CHECK_SUCCESS(mach_port_get_attributes(SELF, name, MACH_PORT_RECEIVE_STATUS, (mach_port_info_t)&status, &count));
    return status;
}

static inline void set_limit(mach_port_t name, mach_port_msgcount_t limit)
{
    mach_port_limits_t limits = {.mpl_qlimit = limit};

    CHECK_SUCCESS(mach_port_set_attributes(SELF, name, MACH_PORT_LIMITS_INFO, (mach_port_info_t)&limits,
                                           MACH_PORT_LIMITS_INFO_COUNT));
}

/* Lets go of everything that a name denotes. */
static inline void destroy(mach_port_t name)
{
    CHECK_SUCCESS(mach_port_destroy(SELF, name));
}

/* A number in a message, and room to receive one. */
typedef struct {
    mach_msg_header_t header;
    int number;
} number_message_t;

typedef struct {
    mach_msg_header_t header;
    int number;
    unsigned char room[200];
} number_buffer_t;

static inline mach_msg_return_t send_number_as(mach_port_t to, mach_msg_type_name_t disposition, int number)
{
    number_message_t message = {.header = {.msgh_bits = MACH_MSGH_BITS(disposition, 0), .msgh_remote_port = to},
                                .number = number};

    message.header.msgh_id = 500;
    return mach_msg(&message.header, MACH_SEND_MSG | MACH_SEND_TIMEOUT, sizeof message, 0, MACH_PORT_NULL, 0,
                    MACH_PORT_NULL);
}

static inline mach_msg_return_t send_number(mach_port_t to, int number)
{
    return send_number_as(to, MACH_MSG_TYPE_COPY_SEND, number);
}

/* What there is to receive, at once; -1: nothing. */
static inline int receive_number(mach_port_t from)
{
    number_buffer_t buffer;

    if (mach_msg(&buffer.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof buffer, from, 0, MACH_PORT_NULL) !=
        MACH_MSG_SUCCESS)
        return -1;
    return buffer.number;
}

/* A notification that is there: its id, or 0; *value is the name or count in it. */
static inline mach_msg_id_t receive_notification(mach_port_t from, natural_t *value)
{
    union {
        mach_msg_header_t header;
        mach_dead_name_notification_t name;
        mach_port_destroyed_notification_t port;
        unsigned char room[200];
    } buffer;

    memset(&buffer, 0, sizeof buffer);
    if (mach_msg(&buffer.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof buffer, from, 2000, MACH_PORT_NULL) !=
        MACH_MSG_SUCCESS)
        return 0;
    *value = buffer.header.msgh_id == MACH_NOTIFY_PORT_DESTROYED ? buffer.port.not_port.name : buffer.name.not_port;
    return buffer.header.msgh_id;
}

/* Whether nothing is there to receive. */
static inline bool is_empty(mach_port_t port)
{
    return status_of(port).mps_msgcount == 0;
}

static inline mach_port_t request(mach_port_t name, mach_msg_id_t what, mach_port_mscount_t sync, mach_port_t notify)
{
    mach_port_t previous = MACH_PORT_NULL;

    CHECK_SUCCESS(mach_port_request_notification(SELF, name, what, sync, notify, MACH_MSG_TYPE_MAKE_SEND_ONCE,
                                                 &previous));
    return previous;
}

#endif
