/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hurt.c - tasks that use up what there is: memory, ports, messages, threads, their stack.  Each gets an error, or ends; and before,
 * while and after it does so a witness, another task, answers.
 */
#include <mach/host_priv.h>
#include <mach/mach.h>
#include <mach/mig.h>
#include <stdbool.h>

#include "libmach/trap/trap.h"
#include "start_thread.h"

#define HALT 8 /* RB_HALT: host_reboot */
#define PAGE ((vm_size_t)4096)

typedef struct {
    mach_msg_header_t header;
    int number;
    unsigned char room[100];
} message_t;

static mach_port_t witness, told; /* the witness's port; where a task tells that it has used up all */

/* ---- the witness ----------------------------------------------------------------------------------- */

static void answer(mach_port_t port)
{
    message_t message;
    mach_msg_option_t option = MACH_RCV_MSG;

    for (;;) {
        (void)mach_msg(&message.header, option, sizeof message.header + 4, sizeof message, port, 0, MACH_PORT_NULL);
        message.header.msgh_bits = MACH_MSGH_BITS(MACH_MSGH_BITS_REMOTE(message.header.msgh_bits), 0);
        message.header.msgh_local_port = MACH_PORT_NULL;
        message.number++;
        option = MACH_SEND_MSG | MACH_RCV_MSG;
    }
}

static bool start_witness(void)
{
    mach_port_t port, task, thread;
    mach_msg_type_name_t type;

    return mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port) == KERN_SUCCESS &&
           mach_port_extract_right(mach_task_self(), port, MACH_MSG_TYPE_MAKE_SEND, &witness, &type) == KERN_SUCCESS &&
           task_create(mach_task_self(), NULL, 0, TRUE, &task) == KERN_SUCCESS &&
           mach_port_insert_right(task, 0x100003, port, MACH_MSG_TYPE_MOVE_RECEIVE) == KERN_SUCCESS &&
           start_thread(task, answer, 0x100003, &thread) == KERN_SUCCESS;
}

static bool witness_answers(void)
{
    static mach_port_t reply;
    message_t message = {.number = 41};

    if (reply == MACH_PORT_NULL)
        reply = mach_reply_port();
    message.header = (mach_msg_header_t){.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE),
                                         .msgh_remote_port = witness,
                                         .msgh_local_port = reply};
    return mach_msg(&message.header, MACH_SEND_MSG | MACH_RCV_MSG | MACH_RCV_TIMEOUT, sizeof message.header + 4, sizeof message,
                    reply, 20000, MACH_PORT_NULL) == MACH_MSG_SUCCESS &&
           message.number == 42;
}

/* ---- what they do ---------------------------------------------------------------------------------- */

/* They go on until they are ended. */
_Noreturn static void tell(mach_port_t port)
{
    message_t message = {.header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), .msgh_remote_port = port}};
    const mach_port_t nothing = mach_reply_port();

    (void)mach_msg(&message.header, MACH_SEND_MSG, sizeof message.header + 4, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
    for (;;)
        (void)mach_msg(&message.header, MACH_RCV_MSG, 0, sizeof message, nothing, 0, MACH_PORT_NULL);
}

/* All of it is touched: the last touch is an exception, and the end. */
static void use_memory(mach_port_t port)
{
    vm_address_t address = 0;

    while (vm_allocate(mach_task_self(), &address, 256 * PAGE, VM_FLAGS_ANYWHERE) == KERN_SUCCESS)
        for (vm_size_t at = 0; at < 256 * PAGE; at += PAGE)
            *(volatile char *)(address + at) = 1;
    tell(port);
}

static void use_addresses(mach_port_t port)
{
    vm_address_t address = 0;

    for (vm_size_t size = (vm_size_t)1 << 46; size >= PAGE; size /= 2)
        while (vm_allocate(mach_task_self(), &address, size, VM_FLAGS_ANYWHERE) == KERN_SUCCESS)
            if (size <= (vm_size_t)1 << 34)
                break; /* the kernel would count for long */
    tell(port);
}

static void use_ports(mach_port_t port)
{
    mach_port_t name;

    while (mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &name) == KERN_SUCCESS)
        ;
    while (mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_DEAD_NAME, &name) == KERN_SUCCESS)
        ;
    tell(port);
}

static void use_messages(mach_port_t port)
{
    static struct {
        mach_msg_header_t header;
        unsigned char bytes[30000];
    } message;
    mach_port_t queue;
    mach_port_limits_t limits = {.mpl_qlimit = MACH_PORT_QLIMIT_MAX};

    for (int i = 0; i < 1000; i++) {
        if (mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &queue) != KERN_SUCCESS)
            break;
        (void)mach_port_set_attributes(mach_task_self(), queue, MACH_PORT_LIMITS_INFO, (mach_port_info_t)&limits,
                                       MACH_PORT_LIMITS_INFO_COUNT);
        message.header = (mach_msg_header_t){.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MAKE_SEND, 0), .msgh_remote_port = queue};
        while (mach_msg(&message.header, MACH_SEND_MSG | MACH_SEND_TIMEOUT, sizeof message, 0, MACH_PORT_NULL, 0,
                        MACH_PORT_NULL) == MACH_MSG_SUCCESS)
            ;
    }
    tell(port);
}

static void use_threads(mach_port_t port)
{
    mach_port_t thread;

    while (thread_create(mach_task_self(), &thread) == KERN_SUCCESS)
        ;
    tell(port);
}

/* Each with a place of its own below. */
static void use_stack(mach_port_t port)
{
    volatile char place[8192];

    place[0] = (char)port;
    if (port != MACH_PORT_NULL) /* which it never is */
        use_stack(port | 1);
    place[1] = place[0];
}

/* ---- all ------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    void (*function)(mach_port_t port);
} ways[] = {
    {"memory", use_memory}, {"addresses", use_addresses}, {"ports", use_ports},
    {"messages", use_messages}, {"threads", use_threads}, {"the stack", use_stack},
};

/* Whether the task tells that it has all, or is dead. */
static bool has_used_up(mach_port_t task)
{
    message_t message;
    mach_port_type_t type = 0;

    for (int i = 0; i < 600; i++) {
        if (mach_msg(&message.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof message, told, 100, MACH_PORT_NULL) ==
            MACH_MSG_SUCCESS)
            return true;
        if (!witness_answers())
            return false;
        if (mach_port_type(mach_task_self(), task, &type) == KERN_SUCCESS && (type & MACH_PORT_TYPE_DEAD_NAME))
            return true;
    }
    return false;
}

static bool survives(void (*function)(mach_port_t port))
{
    mach_port_t task, thread;
    bool fine;

    if (task_create(mach_task_self(), NULL, 0, TRUE, &task) != KERN_SUCCESS)
        return false;
    if (mach_port_insert_right(task, 0x100003, told, MACH_MSG_TYPE_COPY_SEND) != KERN_SUCCESS ||
        start_thread(task, function, 0x100003, &thread) != KERN_SUCCESS)
        return false;
    fine = has_used_up(task) && witness_answers();
    (void)task_terminate(task);
    (void)mach_port_deallocate(mach_task_self(), task);
    (void)mach_port_deallocate(mach_task_self(), thread);
    return fine && witness_answers();
}

_Noreturn void program_main(const void *archive, size_t size)
{
    const int count = sizeof ways / sizeof *ways;
    const bool ready = start_witness() && mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &told) == KERN_SUCCESS &&
                       mach_port_insert_right(mach_task_self(), told, told, MACH_MSG_TYPE_MAKE_SEND) == KERN_SUCCESS;

    (void)archive, (void)size;
    mach_print("1..");
    mach_print_number(count);
    mach_print("\n");
    for (int i = 0; i < count; i++) {
        mach_print(ready && survives(ways[i].function) ? "ok " : "not ok ");
        mach_print_number(i + 1);
        mach_print(" - who uses up ");
        mach_print(ways[i].name);
        mach_print(" hurts no one else\n");
    }
    (void)host_reboot(mach_host_self(), HALT);
    __builtin_trap();
}
