/* SPDX-License-Identifier: BSD-2-Clause */
/* test_devices.c - the device interface, with the simulated machine's one device, which gives back what is written to it. */
#include "harness.h"

#include "device/devices.h"
#include "gen/device.h"
#include "gen/device_ids.h"
#include "gen/mach_vm.h"
#include "maps.h"

#include <device/tty_status.h>
#include <mach/clock_types.h>
#include <mach/time_value.h>

static mach_port_t master, echo;

static void set_up(void)
{
    mach_port_name_t name;

    harness_start();
    ck_assert_int_eq(ipc_right_give(current->thread->task->space,
                                    (struct ipc_right){.port = ipc_port_make_send(device_master_port),
                                                       .type = MACH_MSG_TYPE_PORT_SEND},
                                    &name),
                     KERN_SUCCESS);
    master = name;
    ck_assert_int_eq(device_open(master, D_READ | D_WRITE, "echo", &echo), D_SUCCESS);
}

START_TEST(devices_are_opened_by_name_and_mode)
{
    mach_port_t device;

    ck_assert_int_eq(device_open(master, D_READ, "nothing", &device), D_NO_SUCH_DEVICE);
    ck_assert_int_eq(device_open(echo, D_READ, "echo", &device), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(device_close(master), D_NO_SUCH_DEVICE);
}
END_TEST

START_TEST(a_device_tells_its_size)
{
    int status[DEV_STATUS_MAX];
    mach_msg_type_number_t count = DEV_STATUS_MAX;
    mach_port_t clock;

    ck_assert_int_eq(device_get_status(echo, DEV_GET_SIZE, status, &count), D_SUCCESS);
    ck_assert_uint_eq(count, DEV_GET_SIZE_COUNT);
    ck_assert_int_eq(status[DEV_GET_SIZE_DEVICE_SIZE], 0);
    ck_assert_int_eq(status[DEV_GET_SIZE_RECORD_SIZE], 1);
    ck_assert_int_eq(device_open(master, D_READ, "time", &clock), D_SUCCESS);
    count = DEV_STATUS_MAX;
    ck_assert_int_eq(device_get_status(clock, DEV_GET_SIZE, status, &count), D_SUCCESS);
    ck_assert_int_eq(status[DEV_GET_SIZE_RECORD_SIZE], sizeof(mach_timespec_t));
    count = 1;
    ck_assert_int_eq(device_get_status(clock, DEV_GET_SIZE, status, &count), D_INVALID_SIZE);
    count = DEV_STATUS_MAX;
    ck_assert_int_eq(device_get_status(echo, 77, status, &count), D_INVALID_OPERATION);
    ck_assert_int_eq(device_get_status(master, DEV_GET_SIZE, status, &count), D_NO_SUCH_DEVICE);
    ck_assert_int_eq(device_close(clock), D_SUCCESS);
}
END_TEST

START_TEST(what_was_not_read_can_be_dropped)
{
    char bytes[IO_INBAND_MAX];
    mach_msg_type_number_t count = sizeof bytes;
    mach_port_t clock;
    int written, what = D_WRITE;

    ck_assert_int_eq(device_write_inband(echo, 0, 0, (char[]){"hello"}, 5, &written), D_SUCCESS);
    ck_assert_int_eq(device_set_status(echo, TTY_FLUSH, &what, 1), D_SUCCESS);
    ck_assert_int_eq(device_read_inband(echo, D_NOWAIT, 0, 2, bytes, &count), D_SUCCESS);
    what = D_READ;
    ck_assert_int_eq(device_set_status(echo, TTY_FLUSH, &what, 0), D_INVALID_SIZE);
    ck_assert_int_eq(device_set_status(echo, TTY_FLUSH, &what, 1), D_SUCCESS);
    ck_assert_int_eq(device_read_inband(echo, D_NOWAIT, 0, 2, bytes, &count), D_WOULD_BLOCK);
    ck_assert_int_eq(device_set_status(echo, 77, &what, 1), D_INVALID_OPERATION);
    ck_assert_int_eq(device_open(master, D_READ, "time", &clock), D_SUCCESS);
    ck_assert_int_eq(device_set_status(clock, TTY_FLUSH, &what, 1), D_INVALID_OPERATION);
    ck_assert_int_eq(device_close(clock), D_SUCCESS);
}
END_TEST

START_TEST(what_is_written_is_read)
{
    char bytes[IO_INBAND_MAX];
    mach_msg_type_number_t count = sizeof bytes;
    int written = 0;
    vm_offset_t data;

    ck_assert_int_eq(device_write_inband(echo, 0, 0, (char[]){"hello"}, 5, &written), D_SUCCESS);
    ck_assert_int_eq(written, 5);
    ck_assert_int_eq(device_read_inband(echo, 0, 0, 3, bytes, &count), D_SUCCESS);
    ck_assert_int_eq(count, 3);
    ck_assert(memcmp(bytes, "hel", 3) == 0);
    ck_assert_int_eq(device_read(echo, 0, 0, 1000, &data, &count), D_SUCCESS);
    ck_assert_int_eq(count, 2);
    ck_assert(memcmp((void *)data, "lo", 2) == 0);
    sim_unmap(data, count);
    ck_assert_int_eq(device_write(echo, 0, 0, (vm_offset_t)"more", 4, &written), D_SUCCESS);
    ck_assert_int_eq(written, 4);
}
END_TEST

START_TEST(there_may_be_nothing_to_read)
{
    char bytes[IO_INBAND_MAX];
    mach_msg_type_number_t count = sizeof bytes;
    vm_offset_t data;

    ck_assert_int_eq(device_read_inband(echo, D_NOWAIT, 0, 10, bytes, &count), D_WOULD_BLOCK);
    ck_assert_int_eq(device_read(echo, D_NOWAIT, 0, 10, &data, &count), D_WOULD_BLOCK);
    ck_assert_int_eq(device_read_inband(echo, 0, 0, 0, bytes, &count), D_INVALID_SIZE);
}
END_TEST

START_TEST(a_reader_waits_until_there_is_something)
{
    struct sim_thread *reader = sim_thread(current->thread->task);
    const mach_port_t reply = receive_right();
    union {
        __Request__device_read_inband_t request;
        __Reply__device_read_inband_t reply;
        unsigned char room[400];
    } message = {.request = {.Head = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE),
                                      .msgh_remote_port = echo,
                                      .msgh_local_port = reply,
                                      .msgh_id = MACH_ID_device_read_inband},
                             .NDR = NDR_record,
                             .bytes_wanted = 100}};
    int written;

    ck_assert(!start_mach_msg(reader, &message.request.Head, MACH_SEND_MSG | MACH_RCV_MSG, sizeof message.request,
                              sizeof message, reply, 0, MACH_PORT_NULL));
    ck_assert_int_eq(device_write_inband(echo, 0, 0, (char[]){"late"}, 4, &written), D_SUCCESS);
    sim_run();
    ck_assert(!reader->busy && reader->result == MACH_MSG_SUCCESS);
    ck_assert_int_eq(message.reply.RetCode, D_SUCCESS);
    ck_assert_int_eq(message.reply.dataCnt, 4);
    ck_assert(memcmp(message.reply.data, "late", 4) == 0);
}
END_TEST

START_TEST(the_device_time_tells_the_calendar)
{
    mach_port_t clock;
    char bytes[IO_INBAND_MAX];
    mach_msg_type_number_t count = sizeof bytes;
    int written, status[4];

    ck_assert_int_eq(device_open(master, D_WRITE, "time", &clock), D_INVALID_OPERATION);
    ck_assert_int_eq(device_open(master, D_READ, "time", &clock), D_SUCCESS);
    ck_assert_int_eq(device_read_inband(clock, 0, 0, 100, bytes, &count), D_SUCCESS);
    ck_assert_int_eq(count, 8);
    ck_assert_int_eq(device_write_inband(clock, 0, 0, bytes, 1, &written), D_INVALID_OPERATION);
    count = 4;
    ck_assert_int_eq(device_get_status(clock, 1, status, &count), D_INVALID_OPERATION);
    ck_assert_int_eq(device_close(clock), D_SUCCESS);
}
END_TEST

/* ---- the time, mapped ------------------------------------------------------------------------------ */

static mapped_time_value_t time_at(uint64_t address)
{
    mapped_time_value_t value;
    unsigned char *bytes = (unsigned char *)&value;

    for (size_t i = 0; i < sizeof value; i++)
        ck_assert_int_eq(sim_load(current->thread->task->map, address + i, &bytes[i]), KERN_SUCCESS);
    return value;
}

static uint64_t microseconds(mapped_time_value_t value)
{
    ck_assert_int_eq(value.seconds, value.check_seconds);
    return (uint64_t)value.seconds * 1000000 + (uint64_t)value.microseconds;
}

START_TEST(the_time_can_be_mapped)
{
    mach_port_t clock, pager, again;
    mach_vm_address_t address = 0, other = 0;

    ck_assert_int_eq(device_map(echo, VM_PROT_READ, 0, PAGE, &pager, 0), D_INVALID_OPERATION);
    ck_assert_int_eq(device_open(master, D_READ, "time", &clock), D_SUCCESS);
    ck_assert_int_eq(device_map(clock, VM_PROT_READ | VM_PROT_WRITE, 0, PAGE, &pager, 0), D_READ_ONLY);
    ck_assert_int_eq(device_map(clock, VM_PROT_READ, PAGE, PAGE, &pager, 0), D_INVALID_SIZE);
    ck_assert_int_eq(device_map(clock, VM_PROT_READ, 0, 0, &pager, 0), D_INVALID_SIZE);
    ck_assert_int_eq(device_map(clock, VM_PROT_READ, 0, sizeof(mapped_time_value_t), &pager, 0), D_SUCCESS);
    ck_assert_int_eq(device_map(clock, VM_PROT_READ, 0, PAGE, &again, 0), D_SUCCESS);
    ck_assert_int_eq(mach_vm_map(self(), &address, PAGE, 0, VM_FLAGS_ANYWHERE, pager, 0, FALSE, VM_PROT_READ, VM_PROT_READ,
                                 VM_INHERIT_SHARE),
                     KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_map(self(), &other, PAGE, 0, VM_FLAGS_ANYWHERE, again, 0, FALSE, VM_PROT_READ, VM_PROT_READ,
                                 VM_INHERIT_SHARE),
                     KERN_SUCCESS);
    const uint64_t before = microseconds(time_at(address));

    sim_pass(1500 * NSEC_PER_MSEC);
    const uint64_t after = microseconds(time_at(address));

    ck_assert_uint_ge(after, before + 1490000);
    ck_assert_uint_le(after, before + 1510000);
    ck_assert_uint_eq(microseconds(time_at(other)), after);
    ck_assert_int_eq(sim_store(current->thread->task->map, address, 1), KERN_PROTECTION_FAILURE);
    /* When no one has it any more there is no timer either. */
    ck_assert_int_eq(mach_port_deallocate(self(), pager), KERN_SUCCESS);
    ck_assert_int_eq(mach_port_deallocate(self(), again), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_deallocate(self(), address, PAGE), KERN_SUCCESS);
    ck_assert(sim_next_timer());
    ck_assert_uint_eq(microseconds(time_at(other)) > after, 1);
    ck_assert_int_eq(mach_vm_deallocate(self(), other, PAGE), KERN_SUCCESS);
    ck_assert(sim_next_timer());
    ck_assert(!sim_next_timer());
    ck_assert_uint_eq(vm_object_count, 0);
    /* And it can be mapped anew; what is left when the machine ends goes with that. */
    ck_assert_int_eq(device_map(clock, VM_PROT_READ, 0, PAGE, &pager, 0), D_SUCCESS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("devices");
    const TTest *const tests[] = {
        devices_are_opened_by_name_and_mode, a_device_tells_its_size, what_was_not_read_can_be_dropped, what_is_written_is_read,
        there_may_be_nothing_to_read,
        a_reader_waits_until_there_is_something, the_device_time_tells_the_calendar, the_time_can_be_mapped,
    };

    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        add_test(suite, tests[i], set_up, harness_stop, 20);
    return run_suite(suite);
}
