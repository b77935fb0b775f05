/* SPDX-License-Identifier: BSD-2-Clause */
/* test_tasks.c - ports that a task has, guards, trailers: task_get_special_port(3), mach_port_guard(3). */
#include "conformance.h"

#include <mach/clock.h>
#include <mach/clock_types.h>

#include <unistd.h>

static void a_task_has_its_ports(void)
{
    mach_port_t task, host, name, thread = mach_thread_self(), again = mach_thread_self(), own_host = mach_host_self();

    CHECK_SUCCESS(task_get_special_port(SELF, TASK_KERNEL_PORT, &task));
    CHECK_EQUAL(task, SELF);
    CHECK_SUCCESS(mach_port_deallocate(SELF, task));
    CHECK_SUCCESS(task_get_special_port(SELF, TASK_HOST_PORT, &host));
    CHECK_EQUAL(host, own_host);
    CHECK_SUCCESS(task_get_special_port(SELF, TASK_NAME_PORT, &name));
    CHECK(name != task);
    CHECK_EQUAL(task_get_special_port(SELF, 77, &task), KERN_INVALID_ARGUMENT);
    CHECK_EQUAL(thread, again);
    CHECK_EQUAL(refs_of(thread, MACH_PORT_RIGHT_SEND), 2);
    CHECK_SUCCESS(mach_port_mod_refs(SELF, thread, MACH_PORT_RIGHT_SEND, -2));
    CHECK_SUCCESS(mach_port_mod_refs(SELF, host, MACH_PORT_RIGHT_SEND, -2));
    CHECK_SUCCESS(mach_port_deallocate(SELF, name));
}

static void special_ports_can_be_set(void)
{
    mach_port_t port = new_port_with_send(), got, before;

    CHECK_SUCCESS(task_get_special_port(SELF, TASK_BOOTSTRAP_PORT, &before));
    CHECK_SUCCESS(task_set_special_port(SELF, TASK_BOOTSTRAP_PORT, port));
    CHECK_SUCCESS(task_get_special_port(SELF, TASK_BOOTSTRAP_PORT, &got));
    CHECK_EQUAL(got, port);
    CHECK_EQUAL(refs_of(port, MACH_PORT_RIGHT_SEND), 2);
    CHECK_EQUAL(task_set_special_port(SELF, TASK_NAME_PORT, port), KERN_INVALID_ARGUMENT);
    CHECK_SUCCESS(task_set_special_port(SELF, TASK_BOOTSTRAP_PORT, before));
    destroy(port);
}

static void registered_ports_are_looked_up(void)
{
    mach_port_t port = new_port_with_send(), ports[2] = {MACH_PORT_NULL, port}, many[4] = {0};
    mach_port_array_t got;
    mach_msg_type_number_t count;

    CHECK_SUCCESS(mach_ports_register(SELF, ports, 2));
    CHECK_SUCCESS(mach_ports_lookup(SELF, &got, &count));
    CHECK_EQUAL(count, 3);
    CHECK_EQUAL(got[0], MACH_PORT_NULL);
    CHECK_EQUAL(got[1], port);
    CHECK_EQUAL(refs_of(port, MACH_PORT_RIGHT_SEND), 2);
    CHECK_SUCCESS(vm_deallocate(SELF, (vm_address_t)got, count * sizeof *got));
    CHECK_EQUAL(mach_ports_register(SELF, many, 4), KERN_INVALID_ARGUMENT);
    CHECK_SUCCESS(mach_ports_register(SELF, NULL, 0));
    destroy(port);
}

static void a_process_finds_its_own_task(void)
{
    mach_port_t task = MACH_PORT_NULL, name = MACH_PORT_NULL;
    int pid = 0;

    CHECK_SUCCESS(pid_for_task(SELF, &pid));
    CHECK_SUCCESS(task_for_pid(SELF, pid, &task));
    CHECK_EQUAL(task, SELF);
    CHECK_SUCCESS(mach_port_deallocate(SELF, task));
    CHECK_SUCCESS(task_name_for_pid(SELF, pid, &name));
    CHECK_SUCCESS(pid_for_task(name, &pid));
    CHECK_EQUAL(task_for_pid(name, pid, &task), KERN_INVALID_ARGUMENT);
    CHECK_EQUAL(task_for_pid(SELF, 0x7ffffff0, &task), KERN_FAILURE);
    CHECK_EQUAL(pid_for_task(MACH_PORT_NULL, &pid), KERN_FAILURE);
    CHECK_SUCCESS(mach_port_deallocate(SELF, name));
}

static void what_is_not_built_says_so(void)
{
    mach_port_t host = mach_host_self();
    vm_size_t size;

    CHECK_EQUAL(task_set_ras_pc(SELF, 0, 0), KERN_NOT_SUPPORTED);
    CHECK_EQUAL(task_set_emulation(SELF, 0, 0), KERN_NOT_SUPPORTED);
    CHECK_SUCCESS(_host_page_size(host, &size));
    CHECK_EQUAL(size, 4096);
    CHECK_SUCCESS(mach_port_deallocate(SELF, host));
}

static void the_kernel_tells_its_version(void)
{
    kernel_version_t version;
    mach_port_t host = mach_host_self();

    CHECK_SUCCESS(host_kernel_version(host, version));
    CHECK(strncmp(version, "Mach", 4) == 0);
    CHECK_EQUAL(host_kernel_version(SELF, version), KERN_INVALID_ARGUMENT);
    CHECK_SUCCESS(mach_port_deallocate(SELF, host));
}

static void a_task_lists_its_threads_and_they_have_ports(void)
{
    mach_port_t self = mach_thread_self(), port = new_port_with_send(), got;
    thread_act_array_t threads;
    mach_msg_type_number_t count;

    CHECK_SUCCESS(task_threads(SELF, &threads, &count));
    CHECK_EQUAL(count, 1);
    CHECK_EQUAL(threads[0], self);
    CHECK_SUCCESS(vm_deallocate(SELF, (vm_address_t)threads, count * sizeof *threads));
    CHECK_SUCCESS(thread_get_special_port(self, THREAD_KERNEL_PORT, &got));
    CHECK_EQUAL(got, self);
    CHECK_EQUAL(thread_get_special_port(self, 99, &got), KERN_INVALID_ARGUMENT);
    CHECK_SUCCESS(thread_set_special_port(self, THREAD_KERNEL_PORT, port));
    CHECK_EQUAL(mach_thread_self(), port);
    CHECK_SUCCESS(thread_set_special_port(self, THREAD_KERNEL_PORT, self));
    destroy(port);
}

static void older_ways_to_allocate_ports_work_too(void)
{
    mach_port_qos_t qos = {.name = 0};
    mach_port_t port, named = 0x2222203;
    unsigned total, used, type, address;

    CHECK_SUCCESS(mach_port_allocate_qos(SELF, MACH_PORT_RIGHT_RECEIVE, &qos, &port));
    CHECK_EQUAL(type_of(port), MACH_PORT_TYPE_RECEIVE);
    CHECK_SUCCESS(mach_port_dnrequest_info(SELF, port, &total, &used));
    CHECK_EQUAL(used, 0);
    CHECK_SUCCESS(mach_port_kernel_object(SELF, port, &type, &address));
    CHECK_EQUAL(type, 0);
    qos.name = 1;
    CHECK_EQUAL(mach_port_allocate_qos(SELF, MACH_PORT_RIGHT_RECEIVE, &qos, &port), KERN_INVALID_VALUE);
    CHECK_SUCCESS(mach_port_allocate_full(SELF, MACH_PORT_RIGHT_RECEIVE, MACH_PORT_NULL, &qos, &named));
    CHECK_EQUAL(type_of(0x2222203), MACH_PORT_TYPE_RECEIVE);
    destroy(port);
    destroy(named);
}

static void trailers_tell_of_the_sender(void)
{
    mach_port_t port = new_port_with_send();
    struct {
        number_message_t message;
        mach_msg_mac_trailer_t trailer;
    } buffer;
    security_token_t security;
    audit_token_t audit;
    mach_msg_type_number_t security_count = sizeof security / sizeof(int), audit_count = sizeof audit / sizeof(int);

    CHECK_SUCCESS(task_info(SELF, TASK_SECURITY_TOKEN, (task_info_t)&security, &security_count));
    CHECK_SUCCESS(task_info(SELF, TASK_AUDIT_TOKEN, (task_info_t)&audit, &audit_count));
    CHECK_SUCCESS(mach_port_set_context(SELF, port, 0x1122334455667788));
    static const struct {
        int elements;
        size_t size;
    } trailers[] = {
        {MACH_RCV_TRAILER_NULL, sizeof(mach_msg_trailer_t)},
        {MACH_RCV_TRAILER_SEQNO, sizeof(mach_msg_seqno_trailer_t)},
        {MACH_RCV_TRAILER_SENDER, sizeof(mach_msg_security_trailer_t)},
        {MACH_RCV_TRAILER_AUDIT, sizeof(mach_msg_audit_trailer_t)},
        {MACH_RCV_TRAILER_CTX, sizeof(mach_msg_context_trailer_t)},
        {MACH_RCV_TRAILER_AV, sizeof(mach_msg_mac_trailer_t)},
        {MACH_RCV_TRAILER_LABELS, sizeof(mach_msg_mac_trailer_t)},
    };
    for (size_t i = 0; i < sizeof trailers / sizeof *trailers; i++) {
        CHECK_SUCCESS(send_number(port, 1));
        CHECK_SUCCESS(mach_msg(&buffer.message.header,
                               MACH_RCV_MSG | MACH_RCV_TRAILER_TYPE(MACH_MSG_TRAILER_FORMAT_0) |
                                   MACH_RCV_TRAILER_ELEMENTS(trailers[i].elements),
                               0, (mach_msg_size_t)(sizeof buffer.message + trailers[i].size), port, 0, MACH_PORT_NULL));
        CHECK_EQUAL(buffer.trailer.msgh_trailer_type, MACH_MSG_TRAILER_FORMAT_0);
        CHECK_EQUAL(buffer.trailer.msgh_trailer_size, trailers[i].size);
    }
    CHECK_EQUAL(buffer.trailer.msgh_seqno, 6);
    CHECK(memcmp(&buffer.trailer.msgh_sender, &security, sizeof security) == 0);
    CHECK(memcmp(&buffer.trailer.msgh_audit, &audit, sizeof audit) == 0);
    CHECK_EQUAL(buffer.trailer.msgh_context, 0x1122334455667788);
    destroy(port);
}

static void a_guarded_port_goes_only_with_its_guard(void)
{
    mach_port_t port = new_port(), right;
    mach_msg_type_name_t type;
    mach_port_context_t context;
    mach_port_guard_info_t info = {.mpgi_guard = 5};

    CHECK_SUCCESS(mach_port_guard(SELF, port, 5, TRUE));
    CHECK_EQUAL(mach_port_guard(SELF, port, 6, TRUE), KERN_INVALID_ARGUMENT);
    CHECK_SUCCESS(mach_port_assert_attributes(SELF, port, MACH_PORT_GUARD_INFO, (mach_port_info_t)&info,
                                              MACH_PORT_GUARD_INFO_COUNT));
    CHECK_EQUAL(mach_port_destroy(SELF, port), KERN_INVALID_RIGHT);
    CHECK_EQUAL(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_RECEIVE, -1), KERN_INVALID_ARGUMENT);
    CHECK_EQUAL(mach_port_extract_right(SELF, port, MACH_MSG_TYPE_MOVE_RECEIVE, &right, &type), KERN_INVALID_RIGHT);
    CHECK_EQUAL(mach_port_set_context(SELF, port, 9), KERN_INVALID_ARGUMENT);
    CHECK_SUCCESS(mach_port_get_context(SELF, port, &context));
    CHECK_EQUAL(context, 0);
    CHECK_EQUAL(mach_port_unguard(SELF, port, 6), KERN_INVALID_ARGUMENT);
    CHECK_SUCCESS(mach_port_swap_guard(SELF, port, 5, 6));
    CHECK_EQUAL(mach_port_destruct(SELF, port, 0, 5), KERN_INVALID_ARGUMENT);
    CHECK_SUCCESS(mach_port_unguard(SELF, port, 6));
    CHECK_SUCCESS(mach_port_guard_with_flags(SELF, port, 7, MPG_IMMOVABLE_RECEIVE));
    CHECK_EQUAL(mach_port_guard_with_flags(SELF, port, 7, 0x80), KERN_INVALID_ARGUMENT);
    CHECK_SUCCESS(mach_port_destruct(SELF, port, 0, 7));
}

static void ports_are_constructed_as_told(void)
{
    mach_port_options_t options = {.flags = MPO_QLIMIT | MPO_INSERT_SEND_RIGHT | MPO_CONTEXT_AS_GUARD | MPO_STRICT,
                                   .mpl = {.mpl_qlimit = 3}};
    mach_port_t port;

    CHECK_SUCCESS(mach_port_construct(SELF, &options, 44, &port));
    CHECK_EQUAL(type_of(port), MACH_PORT_TYPE_SEND_RECEIVE);
    mach_port_status_t status = status_of(port);
    CHECK_EQUAL(status.mps_qlimit, 3);
    CHECK_EQUAL(status.mps_flags, MACH_PORT_STATUS_FLAG_GUARDED | MACH_PORT_STATUS_FLAG_STRICT_GUARD);
    CHECK_EQUAL(mach_port_destruct(SELF, port, -2, 44), KERN_INVALID_VALUE);
    CHECK_SUCCESS(mach_port_destruct(SELF, port, -1, 44));
    CHECK_EQUAL(type_of(port), MACH_PORT_TYPE_NONE);
    options.flags = 0x80000000;
    CHECK_EQUAL(mach_port_construct(SELF, &options, 0, &port), KERN_INVALID_ARGUMENT);
    options = (mach_port_options_t){.flags = MPO_QLIMIT, .mpl = {.mpl_qlimit = MACH_PORT_QLIMIT_MAX + 1}};
    CHECK_EQUAL(mach_port_construct(SELF, &options, 0, &port), KERN_INVALID_VALUE);
}

static void a_guarded_descriptor_takes_the_guard_off_and_puts_it_on(void)
{
    struct {
        mach_msg_header_t header;
        mach_msg_body_t body;
        mach_msg_guarded_port_descriptor_t port;
        unsigned char room[200];
    } message = {.body = {.msgh_descriptor_count = 1}};
    mach_port_t to = new_port_with_send(), port = new_port();
    const mach_msg_size_t size = (mach_msg_size_t)((char *)message.room - (char *)&message);

    CHECK_SUCCESS(mach_port_guard(SELF, port, 5, FALSE));
    message.header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) | MACH_MSGH_BITS_COMPLEX;
    message.header.msgh_remote_port = to;
    message.port = (mach_msg_guarded_port_descriptor_t){
        .name = port,
        .context = 6,
        .flags = MACH_MSG_GUARD_FLAGS_UNGUARDED_ON_SEND | MACH_MSG_GUARD_FLAGS_IMMOVABLE_RECEIVE,
        .disposition = MACH_MSG_TYPE_MOVE_RECEIVE,
        .type = MACH_MSG_GUARDED_PORT_DESCRIPTOR};
    CHECK_EQUAL(mach_msg(&message.header, MACH_SEND_MSG, size, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL),
                MACH_SEND_INVALID_RIGHT);
    message.port.context = 5;
    CHECK_SUCCESS(mach_msg(&message.header, MACH_SEND_MSG | MACH_RCV_MSG | MACH_RCV_GUARDED_DESC, size, sizeof message,
                           to, 0, MACH_PORT_NULL));
    CHECK_EQUAL(message.port.type, MACH_MSG_GUARDED_PORT_DESCRIPTOR);
    CHECK_EQUAL(message.port.disposition, MACH_MSG_TYPE_PORT_RECEIVE);
    CHECK_EQUAL(status_of(message.port.name).mps_flags,
                MACH_PORT_STATUS_FLAG_GUARDED | MACH_PORT_STATUS_FLAG_STRICT_GUARD |
                    MACH_PORT_STATUS_FLAG_GUARD_IMMOVABLE_RECEIVE);
    CHECK_SUCCESS(mach_port_destruct(SELF, message.port.name, 0, message.port.context));
    destroy(to);
}

static void attributes_are_checked(void)
{
    mach_port_t port = new_port_with_send();
    mach_port_limits_t limits = {.mpl_qlimit = MACH_PORT_QLIMIT_MAX + 1};
    integer_t info[20];
    mach_msg_type_number_t count = 0;
    mach_port_rights_t rights;

    CHECK_EQUAL(mach_port_set_attributes(SELF, port, MACH_PORT_LIMITS_INFO, (mach_port_info_t)&limits, 1),
                KERN_INVALID_VALUE);
    CHECK_EQUAL(mach_port_get_attributes(SELF, port, MACH_PORT_LIMITS_INFO, info, &count), KERN_FAILURE);
    count = 20;
    CHECK_EQUAL(mach_port_get_attributes(SELF, port, 99, info, &count), KERN_INVALID_ARGUMENT);
    CHECK_EQUAL(mach_port_get_attributes(SELF, SELF, MACH_PORT_LIMITS_INFO, info, &count), KERN_INVALID_RIGHT);
    CHECK_SUCCESS(mach_port_get_srights(SELF, port, &rights));
    CHECK_EQUAL(rights, 1);
    CHECK_SUCCESS(mach_port_set_mscount(SELF, port, 12));
    CHECK_SUCCESS(mach_port_set_seqno(SELF, port, 34));
    CHECK_EQUAL(status_of(port).mps_mscount, 12);
    CHECK_EQUAL(status_of(port).mps_seqno, 34);
    destroy(port);
}

static void a_queue_can_be_looked_into(void)
{
    mach_port_t port = new_port_with_send();
    mach_port_seqno_t seqno = 0;
    natural_t size = 0;
    mach_msg_id_t id = 0;
    char trailer[68];
    mach_msg_type_number_t trailer_size = sizeof trailer;

    CHECK_EQUAL(mach_port_peek(SELF, port, 0, &seqno, &size, &id, trailer, &trailer_size), KERN_FAILURE);
    CHECK_SUCCESS(send_number(port, 1));
    trailer_size = sizeof trailer;
    CHECK_SUCCESS(mach_port_peek(SELF, port, 0, &seqno, &size, &id, trailer, &trailer_size));
    CHECK_EQUAL(size, sizeof(number_message_t));
    CHECK_EQUAL(id, 500);
    CHECK_EQUAL(trailer_size, sizeof(mach_msg_trailer_t));
    CHECK_EQUAL(receive_number(port), 1);
    destroy(port);
}

static void clocks_are_read(void)
{
    mach_port_t host = mach_host_self(), clock, calendar;
    mach_timespec_t before, after;
    int resolution = 0;
    mach_msg_type_number_t count = 1;

    CHECK_SUCCESS(host_get_clock_service(host, SYSTEM_CLOCK, &clock));
    CHECK_SUCCESS(host_get_clock_service(host, CALENDAR_CLOCK, &calendar));
    CHECK_EQUAL(host_get_clock_service(host, 7, &calendar), KERN_INVALID_ARGUMENT);
    CHECK_SUCCESS(clock_get_time(clock, &before));
    CHECK_SUCCESS(clock_get_time(clock, &after));
    CHECK(after.tv_sec > before.tv_sec || (after.tv_sec == before.tv_sec && after.tv_nsec >= before.tv_nsec));
    CHECK_SUCCESS(clock_get_time(calendar, &after));
    CHECK(after.tv_nsec >= 0 && after.tv_nsec < 1000000000);
    CHECK_SUCCESS(clock_get_attributes(clock, CLOCK_GET_TIME_RES, &resolution, &count));
    CHECK_EQUAL(resolution, 1);
    CHECK_EQUAL(clock_get_attributes(clock, 99, &resolution, &count), KERN_INVALID_VALUE);
    CHECK_EQUAL(clock_get_time(host, &after), KERN_INVALID_ARGUMENT);
    CHECK_SUCCESS(mach_port_deallocate(SELF, clock));
    CHECK_SUCCESS(mach_port_deallocate(SELF, calendar));
    CHECK_SUCCESS(mach_port_deallocate(SELF, host));
}

const struct conformance_test conformance_tests[] = {
    {"clocks are read", clocks_are_read},
    {"a task has its ports", a_task_has_its_ports},
    {"special ports can be set", special_ports_can_be_set},
    {"registered ports are looked up", registered_ports_are_looked_up},
    {"a process finds its own task", a_process_finds_its_own_task},
    {"what is not built says so", what_is_not_built_says_so},
    {"the kernel tells its version", the_kernel_tells_its_version},
    {"a task lists its threads, and they have ports", a_task_lists_its_threads_and_they_have_ports},
    {"older ways to allocate ports work too", older_ways_to_allocate_ports_work_too},
    {"trailers tell of the sender", trailers_tell_of_the_sender},
    {"a guarded port goes only with its guard", a_guarded_port_goes_only_with_its_guard},
    {"ports are constructed as told", ports_are_constructed_as_told},
    {"a guarded descriptor takes the guard off, and puts it on", a_guarded_descriptor_takes_the_guard_off_and_puts_it_on},
    {"attributes are checked", attributes_are_checked},
    {"a queue can be looked into", a_queue_can_be_looked_into},
    {NULL, NULL},
};
