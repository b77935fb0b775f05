/* SPDX-License-Identifier: BSD-2-Clause */
/* common.h - what each example does with errors, and how its two processes find each other. */
#ifndef EXAMPLES_COMMON_H
#define EXAMPLES_COMMON_H

#include <mach/mach.h>
#include <stdio.h>
#include <stdlib.h>

static inline void must(kern_return_t result, const char *what)
{
    if (result == KERN_SUCCESS)
        return;
    mach_error(what, result);
    exit(EXIT_FAILURE);
}

/* Some hosts let no process serve another's faults: then there is nothing to show. */
static inline void need_managed_memory(void)
{
    vm_address_t address = 0;
    const kern_return_t result =
        vm_allocate(mach_task_self(), &address, vm_page_size, VM_FLAGS_ANYWHERE | VM_FLAGS_PURGABLE);

    if (result == KERN_NOT_SUPPORTED) {
        printf("there is no managed memory here: it needs userfaultfd (Linux 6.10), or a daemon of one's own\n");
        exit(77);
    }
    must(result, "vm_allocate");
    must(vm_deallocate(mach_task_self(), address, vm_page_size), "vm_deallocate");
}

/* A receive right, with a send right under the same name. */
static inline mach_port_t new_port(void)
{
    mach_port_t port;

    must(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port), "mach_port_allocate");
    must(mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND), "mach_port_insert_right");
    return port;
}

/* Leaves a port for children that are forked from now on. */
static inline void leave_for_children(mach_port_t port)
{
    must(mach_ports_register(mach_task_self(), &port, 1), "mach_ports_register");
}

/* The port that the parent has left. */
static inline mach_port_t from_parent(void)
{
    mach_port_array_t ports;
    mach_msg_type_number_t count;

    must(mach_ports_lookup(mach_task_self(), &ports, &count), "mach_ports_lookup");
    const mach_port_t port = ports[0];

    vm_deallocate(mach_task_self(), (vm_address_t)ports, count * sizeof *ports);
    return port;
}

/* A message with one right in it, and room to receive one. */
typedef struct {
    mach_msg_header_t header;
    mach_msg_body_t body;
    mach_msg_port_descriptor_t port;
    mach_msg_max_trailer_t trailer;
} port_message_t;
#define PORT_MESSAGE_SIZE ((mach_msg_size_t)(sizeof(port_message_t) - sizeof(mach_msg_max_trailer_t)))

static inline void send_port(mach_port_t to, mach_port_t port, mach_msg_type_name_t disposition)
{
    port_message_t message = {
        .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) | MACH_MSGH_BITS_COMPLEX,
                   .msgh_remote_port = to},
        .body = {.msgh_descriptor_count = 1},
        .port = {.name = port, .disposition = disposition, .type = MACH_MSG_PORT_DESCRIPTOR}};

    must(mach_msg(&message.header, MACH_SEND_MSG, PORT_MESSAGE_SIZE, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL), "send");
}

static inline mach_port_t receive_port(mach_port_t from)
{
    port_message_t message;

    must(mach_msg(&message.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof message, from, 10000, MACH_PORT_NULL),
         "receive");
    return message.port.name;
}

/* A message with a number in it. */
typedef struct {
    mach_msg_header_t header;
    int number;
    mach_msg_max_trailer_t trailer;
} number_message_t;

static inline void send_number(mach_port_t to, int number)
{
    number_message_t message = {
        .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), .msgh_remote_port = to}, .number = number};

    must(mach_msg(&message.header, MACH_SEND_MSG, sizeof message.header + 4, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL),
         "send");
}

static inline int receive_number(mach_port_t from, mach_port_t *port)
{
    number_message_t message;

    must(mach_msg(&message.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof message, from, 10000, MACH_PORT_NULL),
         "receive");
    if (port != NULL)
        *port = message.header.msgh_local_port;
    return message.number;
}

#endif
