/* SPDX-License-Identifier: BSD-2-Clause */
/* mach.c - messages and traps: what machbench is about. */
#include "mach.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "must.h"
#include "subject.h"

typedef struct {
    mach_msg_header_t header;
    unsigned char bytes[65536];
    unsigned char room[128];
} inline_message_t;

static mach_port_t process_server, thread_server, own_port, reply_port;

static mach_port_t new_port(void)
{
    mach_port_t port;

    must_mach(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port), "mach_port_allocate");
    must_mach(mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND), "mach_port_insert_right");
    return port;
}

/* ---- servers --------------------------------------------------------------------------------------- */

/* Lets go of what a message carries, once its memory has been looked at. */
static void take_apart(complex_message_t *message)
{
    if (message->memory.type == MACH_MSG_OOL_DESCRIPTOR) {
        if (message->header.msgh_id != UNTOUCHED)
            touch_pages(message->memory.address, message->memory.size);
        (void)vm_deallocate(mach_task_self(), (vm_address_t)message->memory.address, message->memory.size);
    } else {
        (void)mach_port_deallocate(mach_task_self(), message->port.name);
    }
}

/* Answers each message that wants it with its own bytes, or with a header alone if it carried something. */
static void *serve(void *argument)
{
    const mach_port_t port = *(mach_port_t *)argument;
    inline_message_t *message = malloc(sizeof *message);
    mach_msg_option_t option = MACH_RCV_MSG;
    mach_msg_size_t size = 0;

    while (mach_msg(&message->header, option, size, sizeof *message, port, 0, MACH_PORT_NULL) == MACH_MSG_SUCCESS) {
        size = message->header.msgh_size;
        option = message->header.msgh_remote_port == MACH_PORT_NULL ? MACH_RCV_MSG : MACH_SEND_MSG | MACH_RCV_MSG;
        if (message->header.msgh_bits & MACH_MSGH_BITS_COMPLEX) {
            take_apart((complex_message_t *)(void *)message);
            size = sizeof message->header;
        }
        if (option == MACH_RCV_MSG)
            size = 0;
        message->header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0);
        message->header.msgh_local_port = MACH_PORT_NULL;
    }
    free(message);
    return NULL;
}

/* As many messages may wait as with the libraries. */
static void set_limit(mach_port_t port)
{
    mach_port_limits_t limits = {.mpl_qlimit = MACH_PORT_QLIMIT_LARGE};

    must_mach(mach_port_set_attributes(mach_task_self(), port, MACH_PORT_LIMITS_INFO, (mach_port_info_t)&limits,
                                       MACH_PORT_LIMITS_INFO_COUNT),
              "mach_port_set_attributes");
}

/* A server in another process sends its port to one that its parent has registered. */
static void start_process(void)
{
    complex_message_t message;

    must_mach(mach_ports_register(mach_task_self(), &own_port, 1), "mach_ports_register");
    if (in_child()) {
        mach_port_array_t ports;
        mach_msg_type_number_t count;

        must_mach(mach_ports_lookup(mach_task_self(), &ports, &count), "mach_ports_lookup");
        mach_port_t port = new_port();

        set_limit(port);

        message = (complex_message_t){
            .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) | MACH_MSGH_BITS_COMPLEX,
                       .msgh_remote_port = ports[0]},
            .body = {.msgh_descriptor_count = 1},
            .port = {.name = port, .disposition = MACH_MSG_TYPE_MAKE_SEND, .type = MACH_MSG_PORT_DESCRIPTOR},
        };
        must_mach(mach_msg(&message.header, MACH_SEND_MSG, 40, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL), "mach_msg");
        serve(&port);
        _exit(EXIT_SUCCESS);
    }
    must_mach(mach_msg(&message.header, MACH_RCV_MSG, 0, sizeof message, own_port, 0, MACH_PORT_NULL), "mach_msg");
    process_server = message.port.name;
}

bool mach_start(void)
{
    if (process_server != MACH_PORT_NULL)
        return true;
    own_port = new_port();
    reply_port = mach_reply_port();
    start_process();
    return true;
}

static void *serve_in_thread(void *port)
{
    be_server();
    return serve(port);
}

static bool start_thread(void)
{
    pthread_t thread;

    (void)mach_start();
    thread_server = new_port();
    must(pthread_create(&thread, NULL, serve_in_thread, &thread_server) == 0, "pthread_create");
    return true;
}

/* ---- calls ----------------------------------------------------------------------------------------- */

static void call_trap(size_t size)
{
    mach_port_urefs_t refs;

    (void)size;
    must_mach(mach_port_get_refs(mach_task_self(), own_port, MACH_PORT_RIGHT_SEND, &refs), "mach_port_get_refs");
}

static void call_port(size_t size)
{
    mach_port_t port;

    (void)size;
    must_mach(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port), "mach_port_allocate");
    must_mach(mach_port_destroy(mach_task_self(), port), "mach_port_destroy");
}

static void call_self(size_t size)
{
    static inline_message_t message;

    message.header = (mach_msg_header_t){.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0),
                                         .msgh_remote_port = own_port};
    must_mach(mach_msg(&message.header, MACH_SEND_MSG | MACH_RCV_MSG, (mach_msg_size_t)(sizeof message.header + size),
                       sizeof message, own_port, 0, MACH_PORT_NULL),
              "mach_msg");
}

static void call(mach_port_t server, size_t size)
{
    static inline_message_t message;

    memcpy(message.bytes, source, size);
    message.header =
        (mach_msg_header_t){.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE),
                            .msgh_remote_port = server,
                            .msgh_local_port = reply_port};
    must_mach(mach_msg(&message.header, MACH_SEND_MSG | MACH_RCV_MSG, (mach_msg_size_t)(sizeof message.header + size),
                       sizeof message, reply_port, 0, MACH_PORT_NULL),
              "mach_msg");
}

static void call_thread(size_t size)
{
    call(thread_server, size);
}

static void call_process(size_t size)
{
    call(process_server, size);
}

/* The last of a burst is answered: then all have come. */
static void call_oneway(size_t size)
{
    static inline_message_t message;

    for (unsigned i = 1; i < BURST; i++) {
        memcpy(message.bytes, source, size);
        message.header = (mach_msg_header_t){.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0),
                                             .msgh_remote_port = process_server};
        must_mach(mach_msg(&message.header, MACH_SEND_MSG, (mach_msg_size_t)(sizeof message.header + size), 0,
                           MACH_PORT_NULL, 0, MACH_PORT_NULL),
                  "mach_msg");
    }
    call(process_server, size);
}

void mach_complex(complex_message_t *message, mach_msg_size_t size)
{
    message->header =
        (mach_msg_header_t){.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE) |
                                         MACH_MSGH_BITS_COMPLEX,
                            .msgh_remote_port = process_server,
                            .msgh_local_port = reply_port,
                            .msgh_id = message->header.msgh_id};
    message->body.msgh_descriptor_count = 1;
    must_mach(mach_msg(&message->header, MACH_SEND_MSG | MACH_RCV_MSG, size, sizeof *message, reply_port, 0,
                       MACH_PORT_NULL),
              "mach_msg");
}

static void call_right(size_t size)
{
    complex_message_t message = {
        .port = {.name = own_port, .disposition = MACH_MSG_TYPE_MAKE_SEND, .type = MACH_MSG_PORT_DESCRIPTOR}};

    (void)size;
    mach_complex(&message, 40);
}

const struct subject mach_trap = {"mach", mach_start, call_trap};
const struct subject mach_port = {"mach", mach_start, call_port};
const struct subject mach_self = {"mach", mach_start, call_self};
const struct subject mach_thread_rpc = {"mach", start_thread, call_thread};
const struct subject mach_rpc = {"mach", mach_start, call_process};
const struct subject mach_oneway = {"mach", mach_start, call_oneway};
const struct subject mach_right = {"mach", mach_start, call_right};
