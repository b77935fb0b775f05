/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel.c - what calls cost on the kernel that boots, in instructions: the first program, under an emulator whose clock
 * counts these (bench/kernel.sh).
 */
#include <mach/host_priv.h>
#include <mach/mach.h>
#include <mach/mach_vm.h>
#include <stdint.h>

#include "libmach/trap/trap.h"
#include "machsim/kern/trap.h"
#include "tests/kernel/start_thread.h"

#define HALT 8
#define ROUNDS 1000u

static mach_port_t port;

static uint64_t now(void)
{
    uint32_t low, high;

    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

/* ---- calls ----------------------------------------------------------------------------------------- */

static void null_trap(void)
{
    (void)trap_call(0, 0, 0, 0, 0, 1); /* there is no such */
}

static void message_to_self(void)
{
    struct {
        mach_msg_header_t header;
        unsigned char room[64 + 72];
    } message = {.header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), .msgh_remote_port = port}};

    (void)mach_msg(&message.header, MACH_SEND_MSG | MACH_RCV_MSG, sizeof message.header + 64, sizeof message, port, 0,
                   MACH_PORT_NULL);
}

static void kernel_rpc(void)
{
    mach_port_urefs_t refs;

    (void)mach_port_get_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, &refs);
}

static void port_life(void)
{
    mach_port_t new;

    (void)mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &new);
    (void)mach_port_destroy(mach_task_self(), new);
}

static void page_life(void)
{
    mach_vm_address_t address = 0;

    (void)mach_vm_allocate(mach_task_self(), &address, vm_page_size, VM_FLAGS_ANYWHERE);
    *(volatile char *)address = 1;
    (void)mach_vm_deallocate(mach_task_self(), address, vm_page_size);
}

/* All its pages have been touched. */
static void *a_megabyte(void)
{
    static mach_vm_address_t memory;

    if (memory == 0) {
        (void)mach_vm_allocate(mach_task_self(), &memory, 1 << 20, VM_FLAGS_ANYWHERE);
        for (unsigned i = 0; i < 1 << 20; i += 4096)
            ((volatile char *)memory)[i] = 1;
    }
    return (void *)memory;
}

static void large_message_to_self(void)
{
    static struct {
        mach_msg_header_t header;
        mach_msg_body_t body;
        mach_msg_ool_descriptor_t memory;
        unsigned char room[72];
    } message;
    message.header = (mach_msg_header_t){.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) | MACH_MSGH_BITS_COMPLEX,
                                         .msgh_remote_port = port};
    message.body.msgh_descriptor_count = 1;
    message.memory = (mach_msg_ool_descriptor_t){
        .address = a_megabyte(), .size = 1 << 20, .copy = MACH_MSG_VIRTUAL_COPY, .type = MACH_MSG_OOL_DESCRIPTOR};
    (void)mach_msg(&message.header, MACH_SEND_MSG | MACH_RCV_MSG, sizeof message - sizeof message.room, sizeof message, port, 0,
                   MACH_PORT_NULL);
    (void)mach_vm_deallocate(mach_task_self(), (mach_vm_address_t)message.memory.address, 1 << 20);
}

/* ---- another task ---------------------------------------------------------------------------------- */

typedef struct {
    mach_msg_header_t header;
    mach_msg_body_t body;
    mach_msg_ool_descriptor_t memory;
    unsigned char bytes[32768 + 72];
} buffer_t;

static mach_port_t server; /* the same name in both tasks */
static buffer_t buffer;

/* Answers each request with a header alone; memory in it goes. */
static void serve(mach_port_t unused)
{
    mach_msg_size_t size = 0;
    mach_msg_option_t option = MACH_RCV_MSG;

    (void)unused;
    for (;;) {
        if (mach_msg(&buffer.header, option, size, sizeof buffer, server, 0, MACH_PORT_NULL) != MACH_MSG_SUCCESS)
            __builtin_trap();
        if (buffer.header.msgh_bits & MACH_MSGH_BITS_COMPLEX)
            (void)mach_vm_deallocate(mach_task_self(), (mach_vm_address_t)buffer.memory.address, buffer.memory.size);
        size = sizeof buffer.header;
        buffer.header.msgh_bits = MACH_MSGH_BITS(MACH_MSGH_BITS_REMOTE(buffer.header.msgh_bits), 0);
        buffer.header.msgh_local_port = MACH_PORT_NULL;
        option = MACH_SEND_MSG | MACH_RCV_MSG;
    }
}

/* A task with this one's memory, the receive right for a port, and a thread that serves it. */
static void start_server(void)
{
    mach_port_t task, thread, name, send;
    mach_msg_type_name_t type;

    (void)mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &name);
    (void)mach_port_extract_right(mach_task_self(), name, MACH_MSG_TYPE_MAKE_SEND, &send, &type);
    server = 0x100003;
    (void)task_create(mach_task_self(), NULL, 0, TRUE, &task);
    (void)mach_port_insert_right(task, server, name, MACH_MSG_TYPE_MOVE_RECEIVE);
    (void)start_thread(task, serve, MACH_PORT_NULL, &thread);
    server = send;
}

static void rpc(mach_msg_size_t size, mach_msg_bits_t complex)
{
    static mach_port_t reply;

    if (server == MACH_PORT_NULL)
        start_server();
    if (reply == MACH_PORT_NULL)
        reply = mach_reply_port();
    buffer.header = (mach_msg_header_t){.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE) | complex,
                                        .msgh_remote_port = server,
                                        .msgh_local_port = reply};
    if (mach_msg(&buffer.header, MACH_SEND_MSG | MACH_RCV_MSG, sizeof buffer.header + size, sizeof buffer, reply, 0,
                 MACH_PORT_NULL) != MACH_MSG_SUCCESS)
        mach_print("# an RPC has failed\n");
}

static void rpc_0(void)
{
    rpc(0, 0);
}

static void rpc_1k(void)
{
    rpc(1024, 0);
}

static void rpc_4k(void)
{
    rpc(4096, 0);
}

static void rpc_32k(void)
{
    rpc(32768, 0);
}

/* Its memory is copied, given to the other task, and let go of there; no one reads it. */
static void rpc_1m(void)
{
    buffer.body.msgh_descriptor_count = 1;
    buffer.memory = (mach_msg_ool_descriptor_t){
        .address = a_megabyte(), .size = 1 << 20, .copy = MACH_MSG_VIRTUAL_COPY, .type = MACH_MSG_OOL_DESCRIPTOR};
    rpc(sizeof buffer.body + sizeof buffer.memory, MACH_MSGH_BITS_COMPLEX);
}

static void thread_life(void)
{
    mach_port_t thread;

    (void)thread_create(mach_task_self(), &thread);
    (void)thread_terminate(thread);
    (void)mach_port_deallocate(mach_task_self(), thread);
}

static void task_life(void)
{
    mach_port_t task;

    (void)task_create(mach_task_self(), NULL, 0, FALSE, &task);
    (void)task_terminate(task);
    (void)mach_port_deallocate(mach_task_self(), task);
}

/* ---- all ------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    void (*call)(void);
} operations[] = {
    {"null_trap", null_trap},
    {"send_receive_self_64", message_to_self},
    {"kernel_rpc_get_refs", kernel_rpc},
    {"port_allocate_destroy", port_life},
    {"vm_allocate_touch_deallocate_4K", page_life},
    {"out_of_line_1M_self", large_message_to_self},
    {"rpc_0", rpc_0},
    {"rpc_1K", rpc_1k},
    {"rpc_4K", rpc_4k},
    {"rpc_32K", rpc_32k},
    {"rpc_1M_out_of_line", rpc_1m},
    {"thread_create_terminate", thread_life},
    {"task_create_terminate", task_life},
};

static uint64_t measure(void (*call)(void))
{
    for (unsigned i = 0; i < 20; i++)
        call();
    const uint64_t start = now();

    for (unsigned i = 0; i < ROUNDS; i++)
        call();
    return (now() - start) / ROUNDS;
}

_Noreturn void program_main(const void *archive, size_t size)
{
    (void)archive, (void)size;
    (void)mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port);
    (void)mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND);
    for (unsigned i = 0; i < sizeof operations / sizeof *operations; i++) {
        mach_print("instructions ");
        mach_print(operations[i].name);
        mach_print(" ");
        mach_print_number(measure(operations[i].call));
        mach_print("\n");
    }
    (void)host_reboot(mach_host_self(), HALT);
    __builtin_trap();
}
