/* SPDX-License-Identifier: BSD-2-Clause */
/* test_pager.c - memory that programs manage: each message between kernel and manager, in each order that may be. */
#include "manager.h"

#include <mach/vm_sync.h>

#include "vm/vm_pager.h"

static mach_port_name_t port, control;
static union request request;

static struct vm_map *own_map(void)
{
    return current->thread->task->map;
}

static int load(uint64_t address)
{
    unsigned char byte;
    const kern_return_t result = sim_load(own_map(), address, &byte);

    return result == KERN_SUCCESS ? byte : result == MIG_NO_REPLY ? -MIG_NO_REPLY : -result;
}

static kern_return_t store(uint64_t address, unsigned char byte)
{
    return sim_store(own_map(), address, byte);
}

#define WAITS (-MIG_NO_REPLY)

static mach_vm_address_t map_object(uint64_t offset, uint64_t size, bool copy)
{
    mach_vm_address_t address = 0;

    ck_assert_int_eq(mach_vm_map(self(), &address, size, 0, VM_FLAGS_ANYWHERE, port, offset, copy, VM_PROT_DEFAULT,
                                 VM_PROT_ALL, VM_INHERIT_SHARE), KERN_SUCCESS);
    return address;
}

static void unmap(mach_vm_address_t address, uint64_t size)
{
    ck_assert_int_eq(mach_vm_deallocate(self(), address, size), KERN_SUCCESS);
}

#define EXPECT(name) ck_assert_int_eq(next_request(port, &request), MACH_ID_##name)
#define EXPECT_NOTHING() ck_assert_int_eq(next_request(port, &request), 0)

/* Takes the first request, and says that all is as usual. */
static void be_ready(bool may_cache)
{
    EXPECT(memory_object_init);
    ck_assert_uint_eq(request.init.memory_object_page_size, PAGE);
    control = request.init.memory_control.name;
    ck_assert_int_eq(set_attributes(control, MEMORY_OBJECT_COPY_DELAY, HAL_PAGE_SIZE, may_cache, MACH_PORT_NULL),
                     KERN_SUCCESS);
}

/* An object of a few pages, mapped and ready. */
static mach_vm_address_t start(unsigned pages)
{
    port = send_receive_right();
    const mach_vm_address_t address = map_object(0, pages * PAGE, false);

    be_ready(false);
    return address;
}

static void expect_data_request(uint64_t offset, uint64_t length, vm_prot_t access)
{
    EXPECT(memory_object_data_request);
    ck_assert_uint_eq(request.data.offset, offset);
    ck_assert_uint_eq(request.data.length, length);
    ck_assert_int_eq(request.data.desired_access & access, access);
}

/* Has a page of the object in memory. */
static void bring_in(mach_vm_address_t address, uint64_t offset, unsigned char byte)
{
    ck_assert_int_eq(load(address), WAITS);
    expect_data_request(offset, PAGE, VM_PROT_READ);
    ck_assert_int_eq(supply(control, offset, 1, byte, VM_PROT_NONE, false, MACH_PORT_NULL), KERN_SUCCESS);
    ck_assert_int_eq(load(address), byte);
}

/* ---- content --------------------------------------------------------------------------------------- */

START_TEST(a_fault_is_answered_by_the_manager)
{
    port = send_receive_right();
    const mach_vm_address_t address = map_object(2 * PAGE, 2 * PAGE, false);

    ck_assert_int_eq(load(address), WAITS); /* for it to be ready */
    EXPECT(memory_object_init);
    EXPECT_NOTHING();
    control = request.init.memory_control.name;
    ck_assert_int_eq(set_attributes(control, MEMORY_OBJECT_COPY_DELAY, HAL_PAGE_SIZE, false, MACH_PORT_NULL),
                     KERN_SUCCESS);
    bring_in(address + 5, 2 * PAGE, 7);
    ck_assert_int_eq(load(address + PAGE - 1), 7);
    ck_assert_int_eq(load(address + PAGE), WAITS);
    expect_data_request(3 * PAGE, PAGE, VM_PROT_READ);
    EXPECT_NOTHING();
}
END_TEST

START_TEST(who_waits_is_woken_by_each_kind_of_answer)
{
    const mach_vm_address_t address = start(4);

    ck_assert_int_eq(load(address), WAITS);
    ck_assert_int_eq(load(address), WAITS);
    expect_data_request(0, PAGE, VM_PROT_READ);
    EXPECT_NOTHING(); /* asked once */
    ck_assert_int_eq(memory_object_data_unavailable(control, 0, PAGE), KERN_SUCCESS);
    ck_assert_int_eq(load(address), 0);
    ck_assert_int_eq(store(address, 4), KERN_SUCCESS);
    ck_assert_int_eq(load(address), 4);
    EXPECT_NOTHING();
    ck_assert_int_eq(store(address + PAGE, 3), MIG_NO_REPLY);
    expect_data_request(PAGE, PAGE, VM_PROT_READ | VM_PROT_WRITE);
    ck_assert_int_eq(memory_object_data_error(control, PAGE, PAGE, KERN_FAILURE), KERN_SUCCESS);
    ck_assert_int_eq(load(address + PAGE), WAITS); /* who waited is gone: it is asked again */
    expect_data_request(PAGE, PAGE, VM_PROT_READ);
}
END_TEST

static kern_return_t woken_with;
static struct vm_map *waiting_map;
static uint64_t waiting_at;
static vm_prot_t waiting_for;

static void fault_again(struct waiter *waiter)
{
    waiter_restart(waiter);
    woken_with = vm_fault(waiting_map, waiting_at, waiting_for, waiter);
}

/* A fault that goes on by itself: its result is in woken_with. */
static void leave_fault(struct waiter *waiter, uint64_t address, vm_prot_t access)
{
    waiter_init(waiter, fault_again);
    waiting_map = own_map();
    waiting_at = address;
    waiting_for = access;
    woken_with = vm_fault(waiting_map, address, access, waiter);
    sim_settle();
}

START_TEST(a_waiting_fault_goes_on_or_fails)
{
    const mach_vm_address_t address = start(4);
    struct waiter waiter;

    leave_fault(&waiter, address, VM_PROT_READ);
    ck_assert_int_eq(woken_with, MIG_NO_REPLY);
    expect_data_request(0, PAGE, VM_PROT_READ);
    ck_assert_int_eq(supply(control, 0, 1, 9, VM_PROT_NONE, false, MACH_PORT_NULL), KERN_SUCCESS);
    ck_assert_int_eq(woken_with, KERN_SUCCESS);
    leave_fault(&waiter, address + PAGE, VM_PROT_READ);
    expect_data_request(PAGE, PAGE, VM_PROT_READ);
    ck_assert_int_eq(memory_object_data_error(control, PAGE, PAGE, KERN_FAILURE), KERN_SUCCESS);
    ck_assert_int_eq(woken_with, KERN_MEMORY_ERROR);
    leave_fault(&waiter, address + PAGE, VM_PROT_WRITE);
    expect_data_request(PAGE, PAGE, VM_PROT_WRITE);
    unmap(address, 4 * PAGE); /* and with it the object ends */
    ck_assert_int_eq(woken_with, KERN_INVALID_ADDRESS);
}
END_TEST

START_TEST(a_manager_that_does_not_answer_fails_those_who_wait)
{
    struct waiter waiter;

    port = send_receive_right();
    const mach_vm_address_t address = map_object(0, 2 * PAGE, false);

    leave_fault(&waiter, address, VM_PROT_READ);
    ck_assert_int_eq(woken_with, MIG_NO_REPLY);
    sim_pass(vm_pager_timeout);
    ck_assert_int_eq(woken_with, KERN_MEMORY_ERROR);
    be_ready(false); /* late, but there */
    leave_fault(&waiter, address, VM_PROT_READ);
    ck_assert_int_eq(woken_with, MIG_NO_REPLY);
    expect_data_request(0, PAGE, VM_PROT_READ);
    sim_pass(vm_pager_timeout / 2);
    ck_assert_int_eq(woken_with, MIG_NO_REPLY);
    ck_assert_int_eq(load(address + PAGE), WAITS);
    sim_pass(vm_pager_timeout / 2);
    ck_assert_int_eq(woken_with, KERN_MEMORY_ERROR);
    ck_assert_int_eq(supply(control, 0, 1, 3, VM_PROT_NONE, false, MACH_PORT_NULL), KERN_SUCCESS);
    ck_assert_int_eq(load(address), 3); /* late as well */
    ck_assert_int_eq(supply(control, PAGE, 1, 4, VM_PROT_NONE, false, MACH_PORT_NULL), KERN_SUCCESS);
    sim_pass(vm_pager_timeout);
    ck_assert_int_eq(load(address + PAGE), 4);
}
END_TEST

START_TEST(a_manager_that_dies_fails_faults_but_what_is_there_stays)
{
    const mach_vm_address_t address = start(3);
    struct waiter waiter;

    bring_in(address, 0, 5);
    leave_fault(&waiter, address + PAGE, VM_PROT_READ);
    ck_assert_int_eq(mach_port_mod_refs(self(), port, MACH_PORT_RIGHT_RECEIVE, -1), KERN_SUCCESS);
    ck_assert_int_eq(woken_with, KERN_MEMORY_FAILURE);
    ck_assert_int_eq(load(address + 2 * PAGE), -KERN_MEMORY_FAILURE);
    ck_assert_int_eq(load(address), 5);
    ck_assert_int_eq(store(address, 6), KERN_SUCCESS);
    ck_assert_int_eq(load(address), 6);
}
END_TEST

START_TEST(a_manager_that_dies_before_it_is_ready_fails_faults)
{
    struct waiter waiter;

    port = send_receive_right();
    const mach_vm_address_t address = map_object(0, PAGE, false);

    leave_fault(&waiter, address, VM_PROT_READ);
    ck_assert_int_eq(mach_port_mod_refs(self(), port, MACH_PORT_RIGHT_RECEIVE, -1), KERN_SUCCESS);
    ck_assert_int_eq(woken_with, KERN_MEMORY_FAILURE);
}
END_TEST

START_TEST(what_no_one_asked_for_is_taken_if_it_fits)
{
    const mach_vm_address_t address = start(4);
    const mach_port_name_t answers = receive_right();

    ck_assert_int_eq(supply(control, PAGE, 2, 8, VM_PROT_NONE, false, answers), KERN_SUCCESS);
    ck_assert_int_eq(next_request(answers, &request), MACH_ID_memory_object_supply_completed);
    ck_assert_int_eq(request.supplied.result, KERN_SUCCESS);
    ck_assert_uint_eq(request.supplied.length, 2 * PAGE);
    ck_assert_int_eq(load(address + PAGE), 8);
    ck_assert_int_eq(load(address + 2 * PAGE), 8);
    EXPECT_NOTHING();
    ck_assert_int_eq(supply(control, 0, 3, 9, VM_PROT_NONE, false, answers), KERN_SUCCESS); /* two are there */
    ck_assert_int_eq(next_request(answers, &request), MACH_ID_memory_object_supply_completed);
    ck_assert_int_eq(request.supplied.result, KERN_MEMORY_PRESENT);
    ck_assert_uint_eq(request.supplied.error_offset, PAGE);
    ck_assert_int_eq(load(address), 9);
    ck_assert_int_eq(load(address + PAGE), 8);
    (void)supply(control, 4 * PAGE, 1, 1, VM_PROT_NONE, false, answers); /* past the end */
    ck_assert_int_eq(next_request(answers, &request), MACH_ID_memory_object_supply_completed);
    ck_assert_int_eq(request.supplied.result, KERN_INVALID_ARGUMENT);
    (void)supply(control, 7, 1, 1, VM_PROT_NONE, false, answers);
    (void)supply(control, UINT64_MAX - PAGE + 1, 1, 1, VM_PROT_NONE, false, answers);
    (void)memory_object_data_unavailable(control, 0, 4 * PAGE);
    (void)memory_object_data_error(control, 0, 4 * PAGE, 1);
    (void)memory_object_data_error(control, 5, UINT64_MAX, 1);
    ck_assert_int_eq(load(address + PAGE), 8);
}
END_TEST

START_TEST(pages_are_asked_for_in_the_managers_clusters)
{
    port = send_receive_right();
    const mach_vm_address_t address = map_object(0, 10 * PAGE, false);

    EXPECT(memory_object_init);
    control = request.init.memory_control.name;
    ck_assert_int_eq(set_attributes(control, MEMORY_OBJECT_COPY_DELAY, 4 * HAL_PAGE_SIZE, false, MACH_PORT_NULL),
                     KERN_SUCCESS);
    ck_assert_int_eq(load(address + 6 * PAGE), WAITS);
    expect_data_request(4 * PAGE, 4 * PAGE, VM_PROT_READ);
    ck_assert_int_eq(load(address + 5 * PAGE), WAITS);
    EXPECT_NOTHING();
    ck_assert_int_eq(supply(control, 4 * PAGE, 4, 6, VM_PROT_NONE, false, MACH_PORT_NULL), KERN_SUCCESS);
    ck_assert_int_eq(load(address + 5 * PAGE), 6);
    ck_assert_int_eq(load(address + 9 * PAGE), WAITS); /* not past the end */
    expect_data_request(8 * PAGE, 2 * PAGE, VM_PROT_READ);
}
END_TEST

/* ---- giving back ----------------------------------------------------------------------------------- */

static void expect_return(uint64_t offset, unsigned char byte, bool dirty, bool kernel_copy)
{
    EXPECT(memory_object_data_return);
    ck_assert_uint_eq(request.back.offset, offset);
    ck_assert_int_eq(request.back.dirty, dirty);
    ck_assert_int_eq(request.back.kernel_copy, kernel_copy);
    ck_assert_uint_eq(*(unsigned char *)request.back.data.address, byte);
    sim_unmap((uintptr_t)request.back.data.address, request.back.dataCnt);
}

START_TEST(what_was_written_or_is_precious_comes_back_at_the_end)
{
    const mach_vm_address_t address = start(4);

    bring_in(address, 0, 1);
    bring_in(address + PAGE, PAGE, 2);
    ck_assert_int_eq(store(address + PAGE, 3), KERN_SUCCESS);
    ck_assert_int_eq(load(address + 3 * PAGE), WAITS);
    expect_data_request(3 * PAGE, PAGE, VM_PROT_READ);
    ck_assert_int_eq(supply(control, 3 * PAGE, 1, 4, VM_PROT_NONE, true, MACH_PORT_NULL), KERN_SUCCESS);
    unmap(address, 4 * PAGE);
    expect_return(PAGE, 3, true, true);
    expect_return(3 * PAGE, 4, false, true);
    EXPECT(memory_object_terminate);
    ck_assert_uint_eq(request.terminate.memory_control.name, control); /* the receive right too, now */
    ck_assert_uint_eq(type_of(control) & MACH_PORT_TYPE_SEND_RECEIVE, MACH_PORT_TYPE_SEND_RECEIVE);
    ck_assert_int_eq(memory_object_data_unavailable(control, 0, PAGE), KERN_SUCCESS); /* to oneself */
    EXPECT_NOTHING();
}
END_TEST

START_TEST(an_object_is_one_wherever_it_is_mapped_and_starts_anew_after_its_end)
{
    const mach_vm_address_t one = start(2), other = map_object(0, 2 * PAGE, false);

    EXPECT_NOTHING();
    bring_in(one, 0, 1);
    ck_assert_int_eq(load(other), 1);
    ck_assert_int_eq(store(other, 2), KERN_SUCCESS);
    ck_assert_int_eq(load(one), 2);
    unmap(one, 2 * PAGE);
    EXPECT_NOTHING();
    unmap(other, 2 * PAGE);
    const mach_vm_address_t again = map_object(0, PAGE, false);

    expect_return(0, 2, true, true);
    EXPECT(memory_object_terminate);
    be_ready(false);
    bring_in(again, 0, 3);
}
END_TEST

START_TEST(an_object_that_may_be_cached_outlives_its_mappings)
{
    port = send_receive_right();
    const mach_vm_address_t address = map_object(0, PAGE, false);

    be_ready(true);
    bring_in(address, 0, 5);
    ck_assert_int_eq(store(address, 6), KERN_SUCCESS);
    unmap(address, PAGE);
    EXPECT_NOTHING();
    const mach_vm_address_t again = map_object(0, PAGE, false);

    ck_assert_int_eq(load(again), 6);
    EXPECT_NOTHING();
    ck_assert_int_eq(set_attributes(control, MEMORY_OBJECT_COPY_DELAY, HAL_PAGE_SIZE, false, MACH_PORT_NULL),
                     KERN_SUCCESS);
    unmap(again, PAGE);
    expect_return(0, 6, true, true);
    EXPECT(memory_object_terminate);
}
END_TEST

START_TEST(the_manager_may_flush_clean_and_destroy)
{
    const mach_vm_address_t address = start(4);
    const mach_port_name_t answers = receive_right();

    bring_in(address, 0, 1);
    bring_in(address + PAGE, PAGE, 2);
    ck_assert_int_eq(store(address, 3), KERN_SUCCESS);
    ck_assert_int_eq(memory_object_lock_request(control, 0, 4 * PAGE, MEMORY_OBJECT_RETURN_DIRTY, FALSE,
                                                VM_PROT_NO_CHANGE, answers), KERN_SUCCESS);
    expect_return(0, 3, true, true);
    ck_assert_int_eq(next_request(answers, &request), MACH_ID_memory_object_lock_completed);
    ck_assert_uint_eq(request.locked.length, 4 * PAGE);
    ck_assert_int_eq(load(address), 3);
    ck_assert_int_eq(memory_object_lock_request(control, 0, 4 * PAGE, MEMORY_OBJECT_RETURN_DIRTY, FALSE,
                                                VM_PROT_NO_CHANGE, MACH_PORT_NULL), KERN_SUCCESS);
    EXPECT_NOTHING(); /* it is clean now */
    ck_assert_int_eq(store(address, 4), KERN_SUCCESS);
    ck_assert_int_eq(memory_object_lock_request(control, 0, 4 * PAGE, MEMORY_OBJECT_RETURN_DIRTY, TRUE,
                                                VM_PROT_NO_CHANGE, MACH_PORT_NULL), KERN_SUCCESS);
    expect_return(0, 4, true, false);
    bring_in(address, 0, 9);
    bring_in(address + PAGE, PAGE, 8);
    ck_assert_int_eq(memory_object_lock_request(control, 0, 4 * PAGE, MEMORY_OBJECT_RETURN_ANYTHING, FALSE,
                                                VM_PROT_NO_CHANGE, MACH_PORT_NULL), KERN_SUCCESS);
    EXPECT(memory_object_data_return); /* both in one */
    ck_assert_uint_eq(request.back.dataCnt, 2 * PAGE);
    sim_unmap((uintptr_t)request.back.data.address, request.back.dataCnt);
    ck_assert_int_eq(memory_object_destroy(control, KERN_FAILURE), KERN_SUCCESS);
    EXPECT(memory_object_terminate);
    ck_assert_int_eq(load(address), -KERN_MEMORY_FAILURE);
    unmap(address, 4 * PAGE);
    EXPECT_NOTHING();
}
END_TEST

START_TEST(locked_pages_are_asked_to_be_unlocked)
{
    const mach_vm_address_t address = start(2);
    struct waiter waiter;

    ck_assert_int_eq(load(address), WAITS);
    expect_data_request(0, PAGE, VM_PROT_READ);
    ck_assert_int_eq(supply(control, 0, 1, 1, VM_PROT_WRITE, false, MACH_PORT_NULL), KERN_SUCCESS);
    ck_assert_int_eq(load(address), 1);
    leave_fault(&waiter, address, VM_PROT_WRITE);
    EXPECT(memory_object_data_unlock);
    ck_assert_uint_eq(request.unlock.offset, 0);
    ck_assert_int_eq(request.unlock.desired_access & VM_PROT_WRITE, VM_PROT_WRITE);
    ck_assert_int_eq(store(address, 2), MIG_NO_REPLY);
    EXPECT_NOTHING();
    ck_assert_int_eq(memory_object_lock_request(control, 0, PAGE, MEMORY_OBJECT_RETURN_NONE, FALSE, VM_PROT_NONE,
                                                MACH_PORT_NULL), KERN_SUCCESS);
    ck_assert_int_eq(woken_with, KERN_SUCCESS);
    ck_assert_int_eq(store(address, 2), KERN_SUCCESS);
    ck_assert_int_eq(memory_object_lock_request(control, 0, PAGE, MEMORY_OBJECT_RETURN_NONE, FALSE, VM_PROT_ALL,
                                                MACH_PORT_NULL), KERN_SUCCESS);
    leave_fault(&waiter, address, VM_PROT_READ);
    EXPECT(memory_object_data_unlock);
    sim_pass(vm_pager_timeout);
    ck_assert_int_eq(woken_with, KERN_MEMORY_ERROR);
    ck_assert_int_eq(memory_object_lock_request(control, 0, PAGE, MEMORY_OBJECT_RETURN_NONE, FALSE, VM_PROT_NONE,
                                                MACH_PORT_NULL), KERN_SUCCESS);
    ck_assert_int_eq(load(address), 2);
}
END_TEST

/* ---- copies ---------------------------------------------------------------------------------------- */

START_TEST(a_copy_is_of_what_the_object_was)
{
    const mach_vm_address_t address = start(4);
    const mach_vm_address_t copy = map_object(0, 4 * PAGE, true);

    bring_in(address, 0, 1);
    ck_assert_int_eq(store(address, 2), KERN_SUCCESS);
    ck_assert_int_eq(load(copy), 1);
    ck_assert_int_eq(load(copy + PAGE), WAITS);
    expect_data_request(PAGE, PAGE, VM_PROT_READ);
    ck_assert_int_eq(supply(control, PAGE, 1, 5, VM_PROT_NONE, false, MACH_PORT_NULL), KERN_SUCCESS);
    ck_assert_int_eq(store(copy + PAGE, 6), KERN_SUCCESS);
    ck_assert_int_eq(load(address + PAGE), 5);
    ck_assert_int_eq(store(copy + 2 * PAGE, 7), MIG_NO_REPLY);
    expect_data_request(2 * PAGE, PAGE, VM_PROT_READ);
    ck_assert_int_eq(memory_object_data_unavailable(control, 2 * PAGE, PAGE), KERN_SUCCESS);
    ck_assert_int_eq(store(copy + 2 * PAGE, 7), KERN_SUCCESS);
    ck_assert_int_eq(load(address + 2 * PAGE), 0);
    unmap(address, 4 * PAGE);
    EXPECT_NOTHING(); /* the copy still needs it */
    ck_assert_int_eq(load(copy), 1);
    unmap(copy, 4 * PAGE);
    expect_return(0, 2, true, true);
    EXPECT(memory_object_terminate);
}
END_TEST

static struct waiter copying;

static void goes_on(struct waiter *waiter)
{
    waiter_restart(waiter);
}

static kern_return_t copy_at_once(mach_vm_address_t address, uint64_t size, mach_vm_address_t *copied)
{
    vm_prot_t current_rights, max;

    *copied = 0;
    waiter_restart(&copying);
    const kern_return_t result = vm_map_remap(own_map(), address, size, own_map(), copied, 0, true, false, true,
                                              VM_INHERIT_COPY, &current_rights, &max, &copying);

    sim_settle();
    return result;
}

START_TEST(a_copy_that_is_to_be_made_at_once_gets_all_pages_first)
{
    const mach_vm_address_t address = start(3);
    mach_vm_address_t copied;

    waiter_init(&copying, goes_on);
    ck_assert_int_eq(set_attributes(control, MEMORY_OBJECT_COPY_NONE, HAL_PAGE_SIZE, false, MACH_PORT_NULL), KERN_SUCCESS);
    bring_in(address, 0, 1);
    ck_assert_int_eq(copy_at_once(address, 3 * PAGE, &copied), MIG_NO_REPLY);
    expect_data_request(PAGE, PAGE, VM_PROT_READ);
    ck_assert_int_eq(supply(control, PAGE, 1, 2, VM_PROT_NONE, false, MACH_PORT_NULL), KERN_SUCCESS);
    ck_assert_int_eq(copy_at_once(address, 3 * PAGE, &copied), MIG_NO_REPLY);
    expect_data_request(2 * PAGE, PAGE, VM_PROT_READ);
    ck_assert_int_eq(memory_object_data_unavailable(control, 2 * PAGE, PAGE), KERN_SUCCESS);
    ck_assert_int_eq(copy_at_once(address, 3 * PAGE, &copied), KERN_SUCCESS);
    /* What the manager gives from now on is not the copy's. */
    ck_assert_int_eq(memory_object_lock_request(control, 0, 3 * PAGE, MEMORY_OBJECT_RETURN_NONE, TRUE, VM_PROT_NO_CHANGE,
                                                MACH_PORT_NULL), KERN_SUCCESS);
    bring_in(address, 0, 11);
    bring_in(address + PAGE, PAGE, 12);
    ck_assert_int_eq(load(copied), 1);
    ck_assert_int_eq(load(copied + PAGE), 2);
    EXPECT_NOTHING();
    ck_assert_int_eq(copy_at_once(address, 2 * PAGE, &copied), KERN_SUCCESS);
    ck_assert_int_eq(load(copied + PAGE), 12);
    ck_assert_int_eq(copy_at_once(address + 2 * PAGE, PAGE, &copied), MIG_NO_REPLY);
    expect_data_request(2 * PAGE, PAGE, VM_PROT_READ);
    ck_assert_int_eq(memory_object_data_error(control, 2 * PAGE, PAGE, KERN_FAILURE), KERN_SUCCESS);
    ck_assert_int_eq(copy_at_once(address + 2 * PAGE, PAGE, &copied), KERN_MEMORY_ERROR);
}
END_TEST

/* ---- calls that wait ------------------------------------------------------------------------------- */

START_TEST(vm_read_of_absent_pages_waits_for_them)
{
    const mach_vm_address_t address = start(3);
    struct sim_thread *first = current, *reader = sim_task(NULL, NULL);
    const mach_port_name_t task = give(reader, self(), MACH_MSG_TYPE_COPY_SEND);

    bring_in(address, 0, 1);
    become(reader);
    const mach_port_name_t reply_port = receive_right();
    __Request__mach_vm_read_t call = {
        .Head = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE),
                 .msgh_remote_port = task,
                 .msgh_local_port = reply_port,
                 .msgh_id = 4804},
        .NDR = NDR_record,
        .address = address,
        .size = 3 * PAGE,
    };
    union {
        __Reply__mach_vm_read_t body;
        unsigned char room[sizeof(__Reply__mach_vm_read_t) + MAX_TRAILER_SIZE];
    } reply;

    ck_assert_int_eq(mach_msg(&call.Head, MACH_SEND_MSG, sizeof call, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL),
                     MACH_MSG_SUCCESS);
    become(first);
    expect_data_request(PAGE, PAGE, VM_PROT_READ);
    ck_assert_int_eq(supply(control, PAGE, 1, 2, VM_PROT_NONE, false, MACH_PORT_NULL), KERN_SUCCESS);
    expect_data_request(2 * PAGE, PAGE, VM_PROT_READ);
    ck_assert_int_eq(supply(control, 2 * PAGE, 1, 3, VM_PROT_NONE, false, MACH_PORT_NULL), KERN_SUCCESS);
    become(reader);
    ck_assert_int_eq(mach_msg(&reply.body.Head, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof reply, reply_port, 0,
                              MACH_PORT_NULL), MACH_MSG_SUCCESS);
    ck_assert(reply.body.Head.msgh_bits & MACH_MSGH_BITS_COMPLEX);
    const unsigned char *bytes = reply.body.data.address;

    ck_assert_uint_eq(bytes[0], 1);
    ck_assert_uint_eq(bytes[PAGE], 2);
    ck_assert_uint_eq(bytes[3 * PAGE - 1], 3);
    sim_unmap((uintptr_t)bytes, 3 * PAGE);
}
END_TEST

/* Starts vm_msync of the current task, to be answered at a port. */
static void start_msync(mach_vm_address_t address, mach_vm_size_t size, vm_sync_t flags, mach_port_name_t reply_port)
{
    __Request__mach_vm_msync_t call = {
        .Head = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE),
                 .msgh_remote_port = self(),
                 .msgh_local_port = reply_port,
                 .msgh_id = 4809},
        .NDR = NDR_record,
        .address = address,
        .size = size,
        .sync_flags = flags,
    };

    ck_assert_int_eq(mach_msg(&call.Head, MACH_SEND_MSG, sizeof call, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL),
                     MACH_MSG_SUCCESS);
}

/* What it resulted in; -1: that is to come. */
static kern_return_t end_msync(mach_port_name_t reply_port)
{
    union {
        mig_reply_error_t body;
        unsigned char room[sizeof(mig_reply_error_t) + MAX_TRAILER_SIZE];
    } reply;

    if (mach_msg(&reply.body.Head, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof reply, reply_port, 0, MACH_PORT_NULL) !=
        MACH_MSG_SUCCESS)
        return -1;
    return reply.body.RetCode;
}

START_TEST(vm_msync_waits_for_the_manager)
{
    const mach_vm_address_t address = start(2);
    const mach_port_name_t reply_port = receive_right();

    bring_in(address, 0, 1);
    ck_assert_int_eq(store(address, 2), KERN_SUCCESS);
    start_msync(address, 2 * PAGE, VM_SYNC_SYNCHRONOUS, reply_port);
    expect_return(0, 2, true, true);
    EXPECT(memory_object_synchronize);
    ck_assert_uint_eq(request.synchronize.length, 2 * PAGE);
    ck_assert_int_eq(end_msync(reply_port), -1);
    ck_assert_int_eq(memory_object_synchronize_completed(control, 0, PAGE), KERN_SUCCESS); /* something else */
    ck_assert_int_eq(end_msync(reply_port), -1);
    ck_assert_int_eq(memory_object_synchronize_completed(control, 0, 2 * PAGE), KERN_SUCCESS);
    ck_assert_int_eq(end_msync(reply_port), KERN_SUCCESS);
    start_msync(address, 2 * PAGE, VM_SYNC_ASYNCHRONOUS, reply_port);
    ck_assert_int_eq(end_msync(reply_port), KERN_SUCCESS);
    EXPECT_NOTHING();
    start_msync(address, 2 * PAGE, VM_SYNC_SYNCHRONOUS | VM_SYNC_INVALIDATE, reply_port);
    EXPECT(memory_object_synchronize);
    sim_pass(vm_pager_timeout);
    ck_assert_int_eq(end_msync(reply_port), KERN_MEMORY_ERROR);
    ck_assert_int_eq(load(address), WAITS);
    expect_data_request(0, PAGE, VM_PROT_READ);
    start_msync(address, 2 * PAGE, VM_SYNC_SYNCHRONOUS, reply_port);
    EXPECT(memory_object_synchronize);
    ck_assert_int_eq(mach_port_mod_refs(self(), port, MACH_PORT_RIGHT_RECEIVE, -1), KERN_SUCCESS);
    ck_assert_int_eq(end_msync(reply_port), KERN_MEMORY_ERROR);
}
END_TEST

/* ---- attributes ------------------------------------------------------------------------------------ */

START_TEST(attributes_are_told_and_checked)
{
    struct memory_object_attr_info info;
    struct memory_object_perf_info perf = {.cluster_size = 8 * HAL_PAGE_SIZE, .may_cache = TRUE};
    mach_msg_type_number_t count = MEMORY_OBJECT_ATTR_INFO_COUNT;
    const mach_port_name_t answers = receive_right();

    (void)start(1);
    ck_assert_int_eq(memory_object_change_attributes(control, MEMORY_OBJECT_PERFORMANCE_INFO,
                                                     (memory_object_info_t)&perf, MEMORY_OBJECT_PERF_INFO_COUNT,
                                                     answers), KERN_SUCCESS);
    ck_assert_int_eq(next_request(answers, &request), MACH_ID_memory_object_change_completed);
    ck_assert_int_eq(request.changed.flavor, MEMORY_OBJECT_PERFORMANCE_INFO);
    ck_assert_int_eq(memory_object_get_attributes(control, MEMORY_OBJECT_ATTRIBUTE_INFO, (memory_object_info_t)&info,
                                                  &count), KERN_SUCCESS);
    ck_assert_int_eq(info.copy_strategy, MEMORY_OBJECT_COPY_DELAY);
    ck_assert_uint_eq(info.cluster_size, 8 * PAGE);
    ck_assert_int_eq(info.may_cache_object, TRUE);
    (void)set_attributes(control, 77, HAL_PAGE_SIZE, false, answers);
    (void)set_attributes(control, MEMORY_OBJECT_COPY_NONE, 5000, false, answers);
    (void)set_attributes(control, MEMORY_OBJECT_COPY_NONE, 0, false, answers);
    ck_assert_int_eq(next_request(answers, &request), MACH_NOTIFY_SEND_ONCE); /* refused: no answer */
    count = 1;
    ck_assert_int_eq(memory_object_get_attributes(control, MEMORY_OBJECT_ATTRIBUTE_INFO, (memory_object_info_t)&info,
                                                  &count), KERN_INVALID_ARGUMENT);
    count = MEMORY_OBJECT_ATTR_INFO_COUNT;
    ck_assert_int_eq(memory_object_get_attributes(control, 5, (memory_object_info_t)&info, &count),
                     KERN_INVALID_ARGUMENT);
}
END_TEST

/* ---- running out of memory -------------------------------------------------------------------------- */

/* A whole life; each step may lack memory, and then those after it too. */
static void live(void)
{
    mach_vm_address_t address = 0;
    unsigned char byte;

    if (mach_port_allocate(self(), MACH_PORT_RIGHT_RECEIVE, &port) != KERN_SUCCESS ||
        mach_port_insert_right(self(), port, port, MACH_MSG_TYPE_MAKE_SEND) != KERN_SUCCESS)
        return;
    if (mach_vm_map(self(), &address, 2 * PAGE, 0, VM_FLAGS_ANYWHERE, port, 0, FALSE, VM_PROT_DEFAULT, VM_PROT_ALL,
                    VM_INHERIT_SHARE) == KERN_SUCCESS &&
        next_request(port, &request) == MACH_ID_memory_object_init) {
        control = request.init.memory_control.name;
        (void)set_attributes(control, MEMORY_OBJECT_COPY_DELAY, 2 * HAL_PAGE_SIZE, false, MACH_PORT_NULL);
        (void)sim_load(own_map(), address, &byte);
        (void)supply(control, 0, 2, 1, VM_PROT_NONE, false, MACH_PORT_NULL);
        (void)sim_store(own_map(), address, 2);
        (void)memory_object_lock_request(control, 0, 2 * PAGE, MEMORY_OBJECT_RETURN_ALL, TRUE, VM_PROT_NO_CHANGE, port);
        (void)mach_vm_deallocate(self(), address, 2 * PAGE);
    }
    while (next_request(port, &request) != 0)
        if (request.head.msgh_id == MACH_ID_memory_object_data_return && request.back.data.address != NULL)
            sim_unmap((uintptr_t)request.back.data.address, request.back.dataCnt);
}

START_TEST(nothing_leaks_without_memory)
{
    sweep_allocations(live);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("pager");
    const TTest *const tests[] = {
        a_fault_is_answered_by_the_manager,
        who_waits_is_woken_by_each_kind_of_answer,
        a_waiting_fault_goes_on_or_fails,
        a_manager_that_does_not_answer_fails_those_who_wait,
        a_manager_that_dies_fails_faults_but_what_is_there_stays,
        a_manager_that_dies_before_it_is_ready_fails_faults,
        what_no_one_asked_for_is_taken_if_it_fits,
        pages_are_asked_for_in_the_managers_clusters,
        what_was_written_or_is_precious_comes_back_at_the_end,
        an_object_is_one_wherever_it_is_mapped_and_starts_anew_after_its_end,
        an_object_that_may_be_cached_outlives_its_mappings,
        the_manager_may_flush_clean_and_destroy,
        locked_pages_are_asked_to_be_unlocked,
        a_copy_is_of_what_the_object_was,
        a_copy_that_is_to_be_made_at_once_gets_all_pages_first,
        vm_read_of_absent_pages_waits_for_them,
        vm_msync_waits_for_the_manager,
        attributes_are_told_and_checked,
    };

    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        add_test(s, tests[i], harness_start, harness_stop, 20);
    add_test(s, nothing_leaks_without_memory, NULL, NULL, 120);
    return s;
}

int main(void)
{
    return run_suite(suite());
}
