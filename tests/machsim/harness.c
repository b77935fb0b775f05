/* SPDX-License-Identifier: BSD-2-Clause */
/* harness.c - tests of the core on the simulated machine: see harness.h. */
#include "harness.h"

#include <string.h>

#include <mach/task_special_ports.h>

struct sim_thread *current;
mach_port_t mach_task_self_ = TASK_SELF_NAME;

void become(struct sim_thread *thread)
{
    current = thread;
}

void harness_start(void)
{
    sim_start(1);
    become(sim_task(NULL, NULL));
}

void harness_stop(void)
{
    sim_stop();
}

static uint64_t simple_trap(uint32_t number)
{
    const uint64_t none[TRAP_MAX_ARGUMENTS] = {0};

    sim_trap(current, number, none);
    ck_assert(!current->busy);
    return current->result;
}

mach_port_t self(void)
{
    return TASK_SELF_NAME;
}

bool start_mach_msg(struct sim_thread *thread, mach_msg_header_t *message, mach_msg_option_t option,
                    mach_msg_size_t send_size, mach_msg_size_t receive_size, mach_port_name_t receive_name,
                    mach_msg_timeout_t timeout, mach_port_name_t notify)
{
    const uint64_t arguments[TRAP_MAX_ARGUMENTS] = {
        (uintptr_t)message, (uint64_t)(int64_t)option, send_size, receive_size, receive_name, timeout, notify,
    };

    sim_trap(thread, TRAP_MACH_MSG, arguments);
    return !thread->busy;
}

mach_msg_return_t mach_msg(mach_msg_header_t *msg, mach_msg_option_t option, mach_msg_size_t send_size,
                           mach_msg_size_t rcv_size, mach_port_name_t rcv_name, mach_msg_timeout_t timeout,
                           mach_port_name_t notify)
{
    bool ended = start_mach_msg(current, msg, option, send_size, rcv_size, rcv_name, timeout, notify);

    while (!ended && sim_next_timer())
        ended = !current->busy;
    ck_assert_msg(ended, "a test waits for what does not come");
    return (mach_msg_return_t)current->result;
}

/* What libmach does for stubs. */
mach_port_t mig_get_reply_port(void)
{
    return (mach_port_t)simple_trap(TRAP_REPLY_PORT);
}

void mig_put_reply_port(mach_port_t port)
{
    mig_dealloc_reply_port(port);
}

void mig_dealloc_reply_port(mach_port_t name)
{
    struct ipc_space *space = current->thread->task->space;

    ipc_space_lock(space);
    struct ipc_entry *entry = ipc_space_lookup(space, name);
    if (entry != NULL)
        ipc_right_destroy(space, name, entry);
    ipc_space_unlock(space);
    defer_drain();
    sim_run();
}

kern_return_t vm_allocate(vm_task_entry_t task, vm_address_t *address, vm_size_t size, int flags)
{
    (void)task;
    void *memory = sim_map(flags & VM_FLAGS_ANYWHERE ? 0 : *address, size);

    *address = memory == NULL ? *address : (vm_address_t)memory;
    return memory == NULL ? KERN_NO_SPACE : KERN_SUCCESS;
}

kern_return_t vm_deallocate(vm_task_entry_t task, vm_address_t address, vm_size_t size)
{
    (void)task;
    if (address + size < address)
        return KERN_INVALID_ARGUMENT;
    sim_unmap(address, size);
    return KERN_SUCCESS;
}

/* ---- ports ----------------------------------------------------------------------------------------- */

mach_port_name_t receive_right(void)
{
    mach_port_name_t name;

    ck_assert_int_eq(mach_port_allocate(self(), MACH_PORT_RIGHT_RECEIVE, &name), KERN_SUCCESS);
    return name;
}

mach_port_name_t send_receive_right(void)
{
    const mach_port_name_t name = receive_right();

    ck_assert_int_eq(mach_port_insert_right(self(), name, name, MACH_MSG_TYPE_MAKE_SEND), KERN_SUCCESS);
    return name;
}

mach_port_name_t give(struct sim_thread *to, mach_port_name_t name, mach_msg_type_name_t disposition)
{
    struct ipc_space *from = current->thread->task->space, *space = to->thread->task->space;
    mach_port_name_t given = MACH_PORT_NULL;
    struct ipc_right right;

    ipc_space_lock(from);
    ck_assert_int_eq(ipc_right_copyin(from, name, ipc_space_lookup(from, name), disposition, false, &right),
                     KERN_SUCCESS);
    ipc_space_unlock(from);
    ipc_space_lock(space);
    ck_assert_int_eq(ipc_right_copyout(space, right, &given), KERN_SUCCESS);
    ipc_space_unlock(space);
    return given;
}

mach_port_urefs_t urefs(mach_port_name_t name, mach_port_right_t right)
{
    mach_port_urefs_t refs = 0;

    return mach_port_get_refs(self(), name, right, &refs) == KERN_SUCCESS ? refs : 0;
}

mach_port_type_t type_of(mach_port_name_t name)
{
    mach_port_type_t type = 0;

    return mach_port_type(self(), name, &type) == KERN_SUCCESS ? type : 0;
}

mach_port_status_t status_of(mach_port_name_t name)
{
    mach_port_status_t status;
    mach_msg_type_number_t count = MACH_PORT_RECEIVE_STATUS_COUNT;

    ck_assert_int_eq(mach_port_get_attributes(self(), name, MACH_PORT_RECEIVE_STATUS, (mach_port_info_t)&status, &count),
                     KERN_SUCCESS);
    return status;
}

/* ---- messages -------------------------------------------------------------------------------------- */

mach_msg_return_t send_number(mach_port_name_t to, mach_msg_type_name_t disposition, int number)
{
    number_message_t message = {
        .header = {.msgh_bits = MACH_MSGH_BITS(disposition, 0), .msgh_remote_port = to, .msgh_id = 7},
        .number = number,
    };

    return mach_msg(&message.header, MACH_SEND_MSG | MACH_SEND_TIMEOUT, sizeof message, 0, MACH_PORT_NULL, 0,
                    MACH_PORT_NULL);
}

int receive_number(mach_port_name_t from)
{
    number_buffer_t buffer;

    if (mach_msg(&buffer.message.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof buffer, from, 0, MACH_PORT_NULL) !=
        MACH_MSG_SUCCESS)
        return -1;
    ck_assert_uint_eq(buffer.message.header.msgh_local_port, from);
    return buffer.message.number;
}

mach_msg_id_t receive_notification(mach_port_name_t from, natural_t *value)
{
    union {
        mach_msg_header_t header;
        mach_dead_name_notification_t name;
        mach_port_destroyed_notification_t port;
        unsigned char room[sizeof(mach_port_destroyed_notification_t) + MAX_TRAILER_SIZE];
    } buffer;

    memset(&buffer, 0, sizeof buffer);
    if (mach_msg(&buffer.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof buffer, from, 0, MACH_PORT_NULL) !=
        MACH_MSG_SUCCESS)
        return 0;
    if (value != NULL)
        *value = buffer.header.msgh_id == MACH_NOTIFY_PORT_DESTROYED ? buffer.port.not_port.name : buffer.name.not_port;
    return buffer.header.msgh_id;
}

void sweep_allocations(void (*test)(void))
{
    for (uint64_t n = 1;; n++) {
        harness_start();
        sim_fail_allocation(n);
        test();
        const bool failed = sim_failed();

        sim_fail_allocation(0);
        harness_stop();
        if (!failed)
            return;
    }
}
