/* SPDX-License-Identifier: BSD-2-Clause */
/* devices.c - the devices of the kernel that boots, as the first program has them: the console, and the time read and mapped. */
#include <device/device.h>
#include <device/device_types.h>
#include <mach/clock_types.h>
#include <mach/host_priv.h>
#include <mach/mach.h>
#include <mach/mach_vm.h>
#include <mach/time_value.h>
#include <stdbool.h>

#include "libmach/trap/trap.h"

#define HALT 8 /* RB_HALT: host_reboot */
#define MICROSECONDS 1000000

static void check(bool fine, int number, const char *what)
{
    mach_print(fine ? "ok " : "not ok ");
    mach_print_number(number);
    mach_print(" - ");
    mach_print(what);
    mach_print("\n");
}

/* The kernel has left it as the first of the registered ports. */
static mach_port_t master_port(void)
{
    mach_port_array_t ports;
    mach_msg_type_number_t count;

    return mach_ports_lookup(mach_task_self(), &ports, &count) == KERN_SUCCESS && count > 0 ? ports[0] : MACH_PORT_NULL;
}

static bool writes(mach_port_t master)
{
    mach_port_t console;
    int written = 0;

    return device_open(master, D_READ | D_WRITE, "console", &console) == D_SUCCESS &&
           device_write_inband(console, 0, 0, "# by the console\n", 17, &written) == D_SUCCESS && written == 17 &&
           device_close(console) == D_SUCCESS;
}

static const volatile mapped_time_value_t *map_time(mach_port_t clock)
{
    mach_vm_address_t address = 0;
    mach_port_t pager;

    if (device_map(clock, VM_PROT_READ, 0, vm_page_size, &pager, 0) != D_SUCCESS ||
        mach_vm_map(mach_task_self(), &address, vm_page_size, 0, VM_FLAGS_ANYWHERE, pager, 0, FALSE, VM_PROT_READ, VM_PROT_READ,
                    VM_INHERIT_SHARE) != KERN_SUCCESS)
        return NULL;
    (void)mach_port_deallocate(mach_task_self(), pager);
    return (const volatile mapped_time_value_t *)address;
}

/* In microseconds. */
static long mapped(const volatile mapped_time_value_t *time)
{
    integer_t seconds, microseconds;

    do {
        seconds = time->seconds;
        microseconds = time->microseconds;
    } while (seconds != time->check_seconds);
    return (long)seconds * MICROSECONDS + microseconds;
}

static long read_time(mach_port_t clock)
{
    mach_timespec_t time = {0};
    mach_msg_type_number_t count = IO_INBAND_MAX;
    char bytes[IO_INBAND_MAX];

    if (device_read_inband(clock, 0, 0, sizeof time, bytes, &count) != D_SUCCESS || count != sizeof time)
        return 0;
    __builtin_memcpy(&time, bytes, sizeof time);
    return (long)time.tv_sec * MICROSECONDS + time.tv_nsec / 1000;
}

/* What is mapped comes to tell what was read, without a call; and is never ahead. */
static bool goes_on(mach_port_t clock, const volatile mapped_time_value_t *time)
{
    const long before = read_time(clock);
    bool fine = before > 0;

    for (int i = 0; i < 5 && fine; i++) {
        const long now = mapped(time);

        while (mapped(time) == now)
            ;
        fine = mapped(time) > now && mapped(time) <= read_time(clock);
    }
    return fine && mapped(time) > before;
}

_Noreturn void program_main(const void *archive, size_t size)
{
    const mach_port_t master = master_port();
    const volatile mapped_time_value_t *time = NULL;
    mach_port_t clock;

    (void)archive, (void)size;
    mach_print("1..3\n");
    check(writes(master), 1, "the console is opened and written");
    if (device_open(master, D_READ, "time", &clock) == D_SUCCESS)
        time = map_time(clock);
    check(time != NULL, 2, "the time is mapped");
    check(time != NULL && goes_on(clock, time), 3, "the mapped time goes on");
    (void)host_reboot(mach_host_self(), HALT);
    __builtin_trap();
}
