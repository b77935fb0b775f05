/* SPDX-License-Identifier: BSD-2-Clause */
/* test_memory.c - out-of-line memory and ports, and large messages: mach_msg(2). */
#include "conformance.h"

typedef struct {
    mach_msg_header_t header;
    mach_msg_body_t body;
    mach_msg_ool_descriptor_t memory;
    unsigned char room[200];
} memory_message_t;
#define MEMORY_MESSAGE_SIZE ((mach_msg_size_t)offsetof(memory_message_t, room))

static memory_message_t memory_message(mach_port_t to, void *address, mach_msg_size_t size)
{
    return (memory_message_t){
        .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) | MACH_MSGH_BITS_COMPLEX,
                   .msgh_remote_port = to},
        .body = {.msgh_descriptor_count = 1},
        .memory = {.address = address, .size = size, .copy = MACH_MSG_VIRTUAL_COPY, .type = MACH_MSG_OOL_DESCRIPTOR},
    };
}

static mach_msg_return_t send_memory(memory_message_t *message)
{
    return mach_msg(&message->header, MACH_SEND_MSG, MEMORY_MESSAGE_SIZE, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
}

static void receive_memory(mach_port_t from, memory_message_t *message)
{
    CHECK_SUCCESS(mach_msg(&message->header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof *message, from, 0, MACH_PORT_NULL));
    CHECK_EQUAL(message->memory.type, MACH_MSG_OOL_DESCRIPTOR);
}

/* Room for the largest message, aligned as a header must be. */
static _Alignas(16) unsigned char large[(20 << 20) + sizeof(mach_msg_max_trailer_t)];

/* Memory whose every page differs, and whether some is so. */
static void fill(unsigned char *memory, size_t size)
{
    for (size_t i = 0; i < size; i++)
        memory[i] = (unsigned char)(i + i / 4096);
}

static bool is_filled(const unsigned char *memory, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (memory[i] != (unsigned char)(i + i / 4096))
            return false;
    return true;
}

static void memory_arrives_as_it_was_when_it_was_sent(void)
{
    static const mach_msg_size_t sizes[] = {1, 100, 4096, 40000, 65536, 131073, 1 << 20, 16 << 20};
    mach_port_t port = new_port_with_send();

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        unsigned char *memory = large;
        memory_message_t message = memory_message(port, memory, sizes[i]);

        fill(memory, sizes[i]);
        CHECK_SUCCESS(send_memory(&message));
        memset(memory, 0, sizes[i]);
        receive_memory(port, &message);
        CHECK_EQUAL(message.memory.size, sizes[i]);
        CHECK(is_filled(message.memory.address, sizes[i]));
        memset(message.memory.address, 1, sizes[i]); /* it is the receiver's own */
        CHECK_SUCCESS(vm_deallocate(SELF, (vm_address_t)message.memory.address, sizes[i]));
    }
    destroy(port);
}

static void no_memory_at_all_is_sent_as_none(void)
{
    mach_port_t port = new_port_with_send();
    memory_message_t message = memory_message(port, NULL, 0);

    CHECK_SUCCESS(send_memory(&message));
    receive_memory(port, &message);
    CHECK_EQUAL(message.memory.size, 0);
    CHECK_EQUAL((uintptr_t)message.memory.address, 0);
    destroy(port);
}

static void memory_that_is_not_there_is_refused(void)
{
    mach_port_t port = new_port_with_send();
    memory_message_t message = memory_message(port, (void *)16, 100);

    CHECK_EQUAL(send_memory(&message), MACH_SEND_INVALID_MEMORY);
    message = memory_message(port, &message, 100);
    message.memory.copy = MACH_MSG_OVERWRITE;
    CHECK_EQUAL(send_memory(&message), MACH_SEND_INVALID_TYPE);
    CHECK(is_empty(port));
    destroy(port);
}

static void several_pieces_arrive_in_order(void)
{
    enum { PIECES = 10 };
    struct {
        mach_msg_header_t header;
        mach_msg_body_t body;
        mach_msg_ool_descriptor_t memory[PIECES];
        unsigned char room[200];
    } message = {.body = {.msgh_descriptor_count = PIECES}};
    mach_port_t port = new_port_with_send();
    static unsigned char bytes[PIECES][20000];

    message.header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) | MACH_MSGH_BITS_COMPLEX;
    message.header.msgh_remote_port = port;
    for (int i = 0; i < PIECES; i++) {
        memset(bytes[i], i + 1, sizeof bytes[i]);
        message.memory[i] = (mach_msg_ool_descriptor_t){.address = bytes[i],
                                                        .size = (mach_msg_size_t)(i % 3 == 0 ? 0 : i * 2000),
                                                        .copy = MACH_MSG_PHYSICAL_COPY,
                                                        .type = MACH_MSG_OOL_DESCRIPTOR};
    }
    CHECK_SUCCESS(mach_msg(&message.header, MACH_SEND_MSG | MACH_RCV_MSG,
                           (mach_msg_size_t)((char *)message.room - (char *)&message), sizeof message, port, 0,
                           MACH_PORT_NULL));
    for (int i = 0; i < PIECES; i++) {
        const unsigned char *got = message.memory[i].address;

        CHECK_EQUAL(message.memory[i].size, i % 3 == 0 ? 0 : i * 2000);
        if (message.memory[i].size > 0) {
            CHECK_EQUAL(got[0], i + 1);
            CHECK_EQUAL(got[message.memory[i].size - 1], i + 1);
            CHECK_SUCCESS(vm_deallocate(SELF, (vm_address_t)got, message.memory[i].size));
        }
    }
    destroy(port);
}

static void memory_is_put_where_the_receiver_wants_it(void)
{
    mach_port_t port = new_port_with_send();
    static unsigned char bytes[5000], place[5000];
    memory_message_t message = memory_message(port, bytes, sizeof bytes), list;

    fill(bytes, sizeof bytes);
    memset(place, 0, sizeof place);
    CHECK_SUCCESS(send_memory(&message));
    list = memory_message(MACH_PORT_NULL, place, sizeof place);
    list.memory.copy = MACH_MSG_OVERWRITE;
    CHECK_SUCCESS(mach_msg_overwrite(&message.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof list, port, 0,
                                     MACH_PORT_NULL, &list.header, MEMORY_MESSAGE_SIZE));
    CHECK_EQUAL((uintptr_t)list.memory.address, (uintptr_t)place);
    CHECK_EQUAL(list.memory.size, sizeof place);
    CHECK(is_filled(place, sizeof place));
    destroy(port);
}

/* Receives into a list with one place, of a size and type. */
static mach_msg_return_t receive_at(mach_port_t port, memory_message_t *list, void *place, mach_msg_size_t size,
                                    mach_msg_descriptor_type_t type)
{
    memory_message_t unused;

    *list = memory_message(MACH_PORT_NULL, place, size);
    list->memory.copy = MACH_MSG_OVERWRITE;
    list->memory.type = type;
    return mach_msg_overwrite(&unused.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof *list, port, 0, MACH_PORT_NULL,
                              &list->header, MEMORY_MESSAGE_SIZE);
}

static void a_place_that_does_not_fit_loses_the_message(void)
{
    mach_port_t port = new_port_with_send();
    static unsigned char bytes[5000], place[5000];
    memory_message_t message = memory_message(port, bytes, sizeof bytes), list;

    CHECK_SUCCESS(send_memory(&message));
    CHECK_EQUAL(receive_at(port, &list, place, sizeof place - 1, MACH_MSG_OOL_DESCRIPTOR), MACH_RCV_SCATTER_SMALL);
    CHECK_EQUAL(list.header.msgh_local_port, port);
    message = memory_message(port, bytes, sizeof bytes);
    CHECK_SUCCESS(send_memory(&message));
    CHECK_EQUAL(receive_at(port, &list, place, sizeof place, MACH_MSG_OOL_PORTS_DESCRIPTOR), MACH_RCV_INVALID_TYPE);
    CHECK_EQUAL(receive_at(port, &list, place, sizeof place, MACH_MSG_OOL_DESCRIPTOR), MACH_RCV_TIMED_OUT);
    destroy(port);
}

static void a_list_of_places_that_lies_is_refused(void)
{
    mach_port_t port = new_port();
    memory_message_t list = memory_message(MACH_PORT_NULL, &list, sizeof list), unused;

    list.body.msgh_descriptor_count = 1000;
    CHECK_EQUAL(mach_msg_overwrite(&unused.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof list, port, 0,
                                   MACH_PORT_NULL, &list.header, MEMORY_MESSAGE_SIZE), MACH_RCV_INVALID_TYPE);
    destroy(port);
}

static void sent_memory_is_taken_from_the_sender_if_it_says_so(void)
{
    mach_port_t port = new_port_with_send();
    vm_address_t memory = 0;

    CHECK_SUCCESS(vm_allocate(SELF, &memory, 8192, VM_FLAGS_ANYWHERE));
    fill((unsigned char *)memory, 8192);
    memory_message_t message = memory_message(port, (void *)memory, 8192);
    message.memory.deallocate = TRUE;
    CHECK_SUCCESS(send_memory(&message));
    receive_memory(port, &message);
    CHECK(is_filled(message.memory.address, 8192));
    CHECK_SUCCESS(vm_deallocate(SELF, (vm_address_t)message.memory.address, 8192));
    destroy(port);
}

static void arrays_of_rights_arrive(void)
{
    enum { COUNT = 300 };
    struct {
        mach_msg_header_t header;
        mach_msg_body_t body;
        mach_msg_ool_ports_descriptor_t ports;
        unsigned char room[200];
    } message = {.body = {.msgh_descriptor_count = 1}};
    mach_port_t to = new_port_with_send(), names[COUNT];

    for (int i = 0; i < COUNT; i++)
        names[i] = i == 7 ? MACH_PORT_NULL : new_port();
    message.header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) | MACH_MSGH_BITS_COMPLEX;
    message.header.msgh_remote_port = to;
    message.ports = (mach_msg_ool_ports_descriptor_t){.address = names,
                                                      .count = COUNT,
                                                      .copy = MACH_MSG_PHYSICAL_COPY,
                                                      .disposition = MACH_MSG_TYPE_MAKE_SEND,
                                                      .type = MACH_MSG_OOL_PORTS_DESCRIPTOR};
    CHECK_SUCCESS(mach_msg(&message.header, MACH_SEND_MSG | MACH_RCV_MSG,
                           (mach_msg_size_t)((char *)message.room - (char *)&message), sizeof message, to, 0,
                           MACH_PORT_NULL));
    CHECK_EQUAL(message.ports.count, COUNT);
    CHECK_EQUAL(message.ports.disposition, MACH_MSG_TYPE_PORT_SEND);
    const mach_port_t *got = message.ports.address;
    for (int i = 0; i < COUNT; i++) {
        CHECK_EQUAL(got[i], names[i]);
        if (names[i] != MACH_PORT_NULL) {
            CHECK_EQUAL(refs_of(names[i], MACH_PORT_RIGHT_SEND), 1);
            destroy(names[i]);
        }
    }
    CHECK_SUCCESS(vm_deallocate(SELF, (vm_address_t)got, COUNT * sizeof *got));
    destroy(to);
}

static void a_wrong_name_in_an_array_destroys_the_rest(void)
{
    struct {
        mach_msg_header_t header;
        mach_msg_body_t body;
        mach_msg_ool_ports_descriptor_t ports;
    } message = {.body = {.msgh_descriptor_count = 1}};
    mach_port_t to = new_port_with_send(), port = new_port_with_send(), names[3] = {port, 0x7777703, port};

    message.header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) | MACH_MSGH_BITS_COMPLEX;
    message.header.msgh_remote_port = to;
    message.ports = (mach_msg_ool_ports_descriptor_t){.address = names,
                                                      .count = 3,
                                                      .copy = MACH_MSG_PHYSICAL_COPY,
                                                      .disposition = MACH_MSG_TYPE_COPY_SEND,
                                                      .type = MACH_MSG_OOL_PORTS_DESCRIPTOR};
    CHECK_EQUAL(mach_msg(&message.header, MACH_SEND_MSG, sizeof message, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL),
                MACH_SEND_INVALID_RIGHT);
    CHECK_EQUAL(refs_of(port, MACH_PORT_RIGHT_SEND), 1);
    message.ports.count = 0x7fffffff;
    CHECK_EQUAL(mach_msg(&message.header, MACH_SEND_MSG, sizeof message, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL),
                MACH_SEND_TOO_LARGE);
    destroy(port);
    destroy(to);
}

static void large_messages_pass_inline(void)
{
    static const mach_msg_size_t sizes[] = {1000, 32768, 130000, 1 << 20, 20 << 20};
    mach_port_t port = new_port_with_send();

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const mach_msg_size_t size = sizes[i] & ~3u;
        unsigned char *bytes = large;
        mach_msg_header_t *header = (void *)bytes;

        fill(bytes, size);
        *header = (mach_msg_header_t){.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), .msgh_remote_port = port};
        CHECK_SUCCESS(mach_msg(header, MACH_SEND_MSG, size, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL));
        memset(bytes, 0, size);
        CHECK_SUCCESS(mach_msg(header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, size + MAX_TRAILER_SIZE, port, 0, MACH_PORT_NULL));
        CHECK_EQUAL(header->msgh_size, size);
        fill((unsigned char *)header, sizeof *header);
        CHECK(is_filled(bytes, size));
    }
    destroy(port);
}

static void memory_of_ones_own_is_allocated_in_pages(void)
{
    vm_address_t address = 0;

    CHECK_SUCCESS(vm_allocate(SELF, &address, 10, VM_FLAGS_ANYWHERE));
    CHECK_EQUAL(address % vm_page_size, 0);
    CHECK_EQUAL(*(int *)address, 0);
    CHECK_EQUAL(vm_allocate(SELF, &address, vm_page_size, VM_FLAGS_FIXED), KERN_NO_SPACE);
    CHECK_SUCCESS(vm_deallocate(SELF, address, 10));
    CHECK_SUCCESS(vm_allocate(SELF, &address, vm_page_size, VM_FLAGS_FIXED));
    CHECK_SUCCESS(vm_deallocate(SELF, address, vm_page_size));
    CHECK_EQUAL(vm_deallocate(SELF, address, (vm_size_t)-1), KERN_INVALID_ARGUMENT);
}

const struct conformance_test conformance_tests[] = {
    {"memory arrives as it was when it was sent", memory_arrives_as_it_was_when_it_was_sent},
    {"no memory at all is sent as none", no_memory_at_all_is_sent_as_none},
    {"memory that is not there is refused", memory_that_is_not_there_is_refused},
    {"several pieces arrive in order", several_pieces_arrive_in_order},
    {"memory is put where the receiver wants it", memory_is_put_where_the_receiver_wants_it},
    {"a place that does not fit loses the message", a_place_that_does_not_fit_loses_the_message},
    {"a list of places that lies is refused", a_list_of_places_that_lies_is_refused},
    {"sent memory is taken from the sender if it says so", sent_memory_is_taken_from_the_sender_if_it_says_so},
    {"arrays of rights arrive", arrays_of_rights_arrive},
    {"a wrong name in an array destroys the rest", a_wrong_name_in_an_array_destroys_the_rest},
    {"large messages pass inline", large_messages_pass_inline},
    {"memory of one's own is allocated in pages", memory_of_ones_own_is_allocated_in_pages},
    {NULL, NULL},
};
