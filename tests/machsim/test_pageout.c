/* SPDX-License-Identifier: BSD-2-Clause */
/* test_pageout.c - few frames and much memory: what goes, where to, and that it comes back. */
#include "manager.h"

#include <string.h>

#include <mach/vm_purgable.h>
#include <mach/vm_statistics.h>

#include "vm/vm_pageout.h"

#define FRAMES 96
#define OBJECTS 8
#define OBJECT_PAGES 1024

static mach_port_name_t default_port;
static bool answers; /* the default manager does its work */

/* What the default manager has, by object. */
static struct kept {
    mach_port_name_t port, control;
    bool ended;
    bool has[OBJECT_PAGES];
    unsigned char bytes[OBJECT_PAGES];
} kept[OBJECTS];
static unsigned objects, returned, requested;

static struct vm_map *own_map(void)
{
    return current->thread->task->map;
}

/* A page is told by its first byte, which all others equal. */
static void take_back(struct kept *object, const __Request__memory_object_data_return_t *back)
{
    const unsigned char *bytes = back->data.address;
    const uint64_t first = back->offset / PAGE;

    for (uint64_t i = 0; i < back->dataCnt / PAGE; i++) {
        ck_assert_mem_eq(bytes + i * PAGE, bytes + i * PAGE + 1, PAGE - 1);
        ck_assert_uint_lt(first + i, OBJECT_PAGES);
        object->has[first + i] = true;
        object->bytes[first + i] = bytes[i * PAGE];
        returned++;
    }
    sim_unmap((uintptr_t)bytes, back->dataCnt);
}

static void give_page(struct kept *object, uint64_t offset)
{
    ck_assert(object->has[offset / PAGE]); /* asked only for what it has */
    requested++;
    ck_assert_int_eq(supply(object->control, offset, 1, object->bytes[offset / PAGE], VM_PROT_NONE, false, MACH_PORT_NULL),
                     KERN_SUCCESS);
}

static bool serve_object(struct kept *object)
{
    union request request;

    switch (next_request(object->port, &request)) {
    case MACH_ID_memory_object_data_return: take_back(object, &request.back); return true;
    case MACH_ID_memory_object_data_request: give_page(object, request.data.offset); return true;
    case MACH_ID_memory_object_terminate: object->ended = true; return true;
    default: return false;
    }
}

/* All that the default manager can do. */
static bool serve(void)
{
    union request request;
    bool did = false;

    while (next_request(default_port, &request) == MACH_ID_memory_object_create) {
        ck_assert_uint_lt(objects, OBJECTS);
        kept[objects++] = (struct kept){.port = request.create.new_memory_object.name,
                                        .control = request.create.new_control.name};
        did = true;
    }
    for (unsigned i = 0; i < objects; i++)
        while (!kept[i].ended && serve_object(&kept[i]))
            did = true;
    return did;
}

static void setup(void)
{
    harness_start();
    memset(kept, 0, sizeof kept);
    objects = returned = requested = 0;
    answers = true;
    default_port = send_receive_right();
    sim_set_frames(FRAMES);
}

static void teardown(void)
{
    harness_stop();
}

static void set_default_manager(void)
{
    struct ipc_space *space = current->thread->task->space;
    struct ipc_right right;

    ipc_space_lock(space);
    ck_assert_int_eq(ipc_right_copyin(space, default_port, ipc_space_lookup(space, default_port),
                                      MACH_MSG_TYPE_COPY_SEND, false, &right), KERN_SUCCESS);
    ipc_space_unlock(space);
    vm_pageout_set_default_manager(right.port);
}

static kern_return_t store_served(uint64_t address, unsigned char byte)
{
    kern_return_t result;

    while ((result = sim_store(own_map(), address, byte)) == MIG_NO_REPLY && answers && serve())
        ;
    return result;
}

static int load_served(uint64_t address)
{
    unsigned char byte;
    kern_return_t result;

    while ((result = sim_load(own_map(), address, &byte)) == MIG_NO_REPLY && answers && serve())
        ;
    return result == KERN_SUCCESS ? byte : -result;
}

/* All bytes of a page. */
static kern_return_t try_to_fill(uint64_t address, unsigned char byte)
{
    kern_return_t result = KERN_SUCCESS;

    for (unsigned i = 0; i < PAGE && result == KERN_SUCCESS; i++)
        result = store_served(address + i, byte);
    return result;
}

static void fill(uint64_t address, unsigned char byte)
{
    ck_assert_int_eq(try_to_fill(address, byte), KERN_SUCCESS);
}

static mach_vm_address_t allocate(mach_vm_size_t size)
{
    mach_vm_address_t address = 0;

    ck_assert_int_eq(mach_vm_allocate(self(), &address, size, VM_FLAGS_ANYWHERE), KERN_SUCCESS);
    return address;
}

/* ---- anonymous memory ------------------------------------------------------------------------------- */

START_TEST(memory_far_larger_than_the_frames_keeps_what_was_written)
{
    const unsigned pages = 10 * FRAMES;
    const mach_vm_address_t address = allocate(pages * PAGE);

    set_default_manager();
    for (unsigned i = 0; i < pages; i++)
        fill(address + i * PAGE, (unsigned char)(i * 7 + 1));
    ck_assert_uint_le(sim_frames_used(), FRAMES);
    for (unsigned i = 0; i < pages; i++)
        ck_assert_int_eq(load_served(address + i * PAGE + i % PAGE), (unsigned char)(i * 7 + 1));
    for (unsigned i = pages; i-- > 0;)
        ck_assert_int_eq(load_served(address + i * PAGE), (unsigned char)(i * 7 + 1));
    ck_assert_uint_eq(objects, 1);
    ck_assert_uint_gt(returned, pages - FRAMES);
    ck_assert_int_eq(mach_vm_deallocate(self(), address, pages * PAGE), KERN_SUCCESS);
    serve();
    ck_assert(kept[0].ended);
}
END_TEST

START_TEST(what_is_not_written_again_is_not_sent_again)
{
    const unsigned pages = 2 * FRAMES;
    const mach_vm_address_t address = allocate(pages * PAGE);

    set_default_manager();
    for (unsigned i = 0; i < pages; i++)
        fill(address + i * PAGE, (unsigned char)(i + 1));
    for (unsigned round = 0; round < 3; round++)
        for (unsigned i = 0; i < pages; i++)
            ck_assert_int_eq(load_served(address + i * PAGE), (unsigned char)(i + 1));
    ck_assert_uint_le(returned, pages);
    ck_assert_uint_gt(requested, 2 * FRAMES);
}
END_TEST

START_TEST(without_a_default_manager_memory_ends_with_the_frames_and_stays)
{
    const mach_vm_address_t address = allocate(2 * FRAMES * PAGE);
    unsigned i = 0;

    while (sim_store(own_map(), address + i * PAGE, (unsigned char)i) == KERN_SUCCESS)
        i++;
    ck_assert_uint_ge(i, FRAMES - 8);
    ck_assert_int_eq(sim_store(own_map(), address + i * PAGE, 1), KERN_RESOURCE_SHORTAGE);
    for (unsigned k = 0; k < i; k++)
        ck_assert_int_eq(load_served(address + k * PAGE), (unsigned char)k);
    ck_assert_int_eq(mach_vm_deallocate(self(), address, 2 * PAGE), KERN_SUCCESS);
    ck_assert_int_eq(sim_store(own_map(), address + i * PAGE, 1), KERN_SUCCESS);
}
END_TEST

START_TEST(copies_keep_their_own_pages)
{
    const unsigned pages = 2 * FRAMES;
    const mach_vm_address_t address = allocate(pages * PAGE);
    mach_vm_address_t copy = 0;
    vm_prot_t now, max;

    set_default_manager();
    for (unsigned i = 0; i < pages; i++)
        fill(address + i * PAGE, 1);
    ck_assert_int_eq(mach_vm_remap(self(), &copy, pages * PAGE, 0, VM_FLAGS_ANYWHERE, self(), address, TRUE, &now, &max,
                                   VM_INHERIT_COPY), KERN_SUCCESS);
    for (unsigned i = 0; i < pages; i += 2)
        fill(address + i * PAGE, 2);
    for (unsigned i = 0; i < pages; i += 3)
        fill(copy + i * PAGE, 3);
    for (unsigned i = 0; i < pages; i++) {
        ck_assert_int_eq(load_served(address + i * PAGE), i % 2 == 0 ? 2 : 1);
        ck_assert_int_eq(load_served(copy + i * PAGE), i % 3 == 0 ? 3 : 1);
    }
    ck_assert_uint_le(sim_frames_used(), FRAMES);
}
END_TEST

START_TEST(wired_pages_stay)
{
    const mach_vm_address_t address = allocate(4 * FRAMES * PAGE);
    const uint64_t former = vm_page_counts.wired;

    set_default_manager();
    for (unsigned i = 0; i < 16; i++)
        fill(address + i * PAGE, 9);
    ck_assert_int_eq(vm_map_wire(own_map(), address, address + 16 * PAGE, VM_PROT_READ, NULL), KERN_SUCCESS);
    for (unsigned i = 16; i < 4 * FRAMES; i++)
        fill(address + i * PAGE, 8);
    ck_assert_uint_eq(vm_page_counts.wired, former + 16);
    answers = false;
    for (unsigned i = 0; i < 16; i++)
        ck_assert_int_eq(load_served(address + i * PAGE), 9); /* without asking anyone */
}
END_TEST

START_TEST(a_default_manager_that_does_not_take_its_messages_is_sent_only_so_many)
{
    const mach_vm_address_t address = allocate(10 * FRAMES * PAGE);
    unsigned i = 0;

    set_default_manager();
    answers = false;
    while (i < 10 * FRAMES && try_to_fill(address + i * PAGE, 1) == KERN_SUCCESS)
        i++;
    ck_assert_uint_lt(i, 4 * FRAMES);
    ck_assert_int_eq(store_served(address + i * PAGE, 1), MIG_NO_REPLY);
    answers = true;
    fill(address + i * PAGE, 1);
}
END_TEST

static void woken(struct waiter *waiter)
{
    waiter_restart(waiter);
}

START_TEST(a_fault_that_waits_for_a_frame_goes_on_when_memory_is_given_back)
{
    const mach_vm_address_t address = allocate(10 * FRAMES * PAGE);
    struct waiter waiter;
    unsigned i = 0;

    set_default_manager();
    answers = false;
    while (i < 10 * FRAMES && try_to_fill(address + i * PAGE, 1) == KERN_SUCCESS)
        i++;
    waiter_init(&waiter, woken);
    ck_assert_int_eq(vm_fault(own_map(), address + i * PAGE, VM_PROT_WRITE, &waiter), MIG_NO_REPLY);
    sim_settle();
    ck_assert(waiter.waited);
    ck_assert_int_eq(mach_vm_deallocate(self(), address + (i - 40) * PAGE, 40 * PAGE), KERN_SUCCESS);
    ck_assert(!waiter.waited);
    ck_assert_int_eq(store_served(address + i * PAGE, 1), KERN_SUCCESS);
}
END_TEST

/* ---- managed memory ---------------------------------------------------------------------------------- */

START_TEST(managers_get_back_what_was_written_and_nothing_else)
{
    const mach_port_name_t port = send_receive_right();
    mach_vm_address_t address = 0, other = allocate(4 * FRAMES * PAGE);
    union request request;

    ck_assert_int_eq(mach_vm_map(self(), &address, 8 * PAGE, 0, VM_FLAGS_ANYWHERE, port, 0, FALSE, VM_PROT_DEFAULT,
                                 VM_PROT_ALL, VM_INHERIT_SHARE), KERN_SUCCESS);
    ck_assert_int_eq(next_request(port, &request), MACH_ID_memory_object_init);
    const mach_port_name_t control = request.init.memory_control.name;

    set_default_manager();
    ck_assert_int_eq(set_attributes(control, MEMORY_OBJECT_COPY_DELAY, HAL_PAGE_SIZE, false, MACH_PORT_NULL),
                     KERN_SUCCESS);
    for (unsigned i = 0; i < 8; i++) {
        ck_assert_int_eq(load_served(address + i * PAGE), -MIG_NO_REPLY);
        ck_assert_int_eq(next_request(port, &request), MACH_ID_memory_object_data_request);
        ck_assert_int_eq(supply(control, i * PAGE, 1, (unsigned char)i, VM_PROT_NONE, i >= 6, MACH_PORT_NULL),
                         KERN_SUCCESS);
    }
    ck_assert_int_eq(store_served(address + 3 * PAGE, 77), KERN_SUCCESS);
    for (unsigned i = 0; i < 4 * FRAMES; i++)
        fill(other + i * PAGE, 8);
    for (unsigned i = 0; i < 3; i++) { /* one written, two precious */
        ck_assert_int_eq(next_request(port, &request), MACH_ID_memory_object_data_return);
        ck_assert_int_eq(request.back.dirty, request.back.offset == 3 * PAGE);
        ck_assert_int_eq(request.back.kernel_copy, FALSE);
        sim_unmap((uintptr_t)request.back.data.address, request.back.dataCnt);
    }
    ck_assert_int_eq(next_request(port, &request), 0);
}
END_TEST

/* ---- purgable memory --------------------------------------------------------------------------------- */

static int purge_state(mach_vm_address_t address, int wanted)
{
    int state = wanted;

    ck_assert_int_eq(mach_vm_purgable_control(self(), address, VM_PURGABLE_SET_STATE, &state), KERN_SUCCESS);
    return state;
}

START_TEST(volatile_memory_goes_first_and_tells)
{
    mach_vm_address_t first = 0, second = 0, other = allocate(4 * FRAMES * PAGE);
    int state = VM_PURGABLE_VOLATILE;

    ck_assert_int_eq(mach_vm_allocate(self(), &first, 8 * PAGE, VM_FLAGS_ANYWHERE | VM_FLAGS_PURGABLE), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_allocate(self(), &second, 8 * PAGE, VM_FLAGS_ANYWHERE | VM_FLAGS_PURGABLE), KERN_SUCCESS);
    for (unsigned i = 0; i < 8; i++) {
        fill(first + i * PAGE, 1);
        fill(second + i * PAGE, 2);
    }
    ck_assert_int_eq(purge_state(first, VM_PURGABLE_VOLATILE), VM_PURGABLE_NONVOLATILE);
    ck_assert_int_eq(load_served(first), 1); /* there is room */
    ck_assert_int_eq(purge_state(first, VM_PURGABLE_NONVOLATILE), VM_PURGABLE_VOLATILE);
    ck_assert_int_eq(load_served(first), 1);
    ck_assert_int_eq(purge_state(first, VM_PURGABLE_VOLATILE), VM_PURGABLE_NONVOLATILE);
    for (unsigned i = 0; i < FRAMES - 16; i++) /* without a default manager: only what is volatile can go */
        fill(other + i * PAGE, 3);
    ck_assert_int_eq(mach_vm_purgable_control(self(), first, VM_PURGABLE_GET_STATE, &state), KERN_SUCCESS);
    ck_assert_int_eq(state, VM_PURGABLE_EMPTY);
    ck_assert_int_eq(purge_state(first, VM_PURGABLE_NONVOLATILE), VM_PURGABLE_EMPTY);
    ck_assert_int_eq(load_served(second), 2);
    ck_assert_int_eq(mach_vm_deallocate(self(), other, FRAMES * PAGE), KERN_SUCCESS);
    ck_assert_int_eq(load_served(first), 0);
    ck_assert_int_eq(purge_state(second, VM_PURGABLE_EMPTY), VM_PURGABLE_NONVOLATILE);
    ck_assert_int_eq(load_served(second), 0);
}
END_TEST

START_TEST(what_a_copy_needs_does_not_go_and_wrong_requests_are_refused)
{
    mach_vm_address_t memory = 0, copy = 0, plain = allocate(PAGE);
    vm_prot_t now, max;
    int state = VM_PURGABLE_VOLATILE;

    ck_assert_int_eq(mach_vm_allocate(self(), &memory, 2 * PAGE, VM_FLAGS_ANYWHERE | VM_FLAGS_PURGABLE), KERN_SUCCESS);
    fill(memory, 1);
    fill(memory + PAGE, 2);
    ck_assert_int_eq(mach_vm_remap(self(), &copy, 2 * PAGE, 0, VM_FLAGS_ANYWHERE, self(), memory, TRUE, &now, &max,
                                   VM_INHERIT_COPY), KERN_SUCCESS);
    ck_assert_int_eq(purge_state(memory, VM_PURGABLE_VOLATILE), VM_PURGABLE_NONVOLATILE);
    ck_assert_int_eq(mach_vm_purgable_control(self(), memory, VM_PURGABLE_PURGE_ALL, &state), KERN_SUCCESS);
    ck_assert_int_eq(load_served(copy), 1);
    ck_assert_int_eq(load_served(memory + PAGE), 2);
    ck_assert_int_eq(mach_vm_deallocate(self(), copy, 2 * PAGE), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_purgable_control(self(), memory, VM_PURGABLE_PURGE_ALL, &state), KERN_SUCCESS);
    ck_assert_int_eq(purge_state(memory, VM_PURGABLE_NONVOLATILE), VM_PURGABLE_EMPTY);
    state = VM_PURGABLE_VOLATILE;
    ck_assert_int_eq(store_served(plain, 1), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_purgable_control(self(), plain, VM_PURGABLE_SET_STATE, &state), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(mach_vm_purgable_control(self(), memory, 77, &state), KERN_INVALID_ARGUMENT);
    state = 1 << 20;
    ck_assert_int_eq(mach_vm_purgable_control(self(), memory, VM_PURGABLE_SET_STATE, &state), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(mach_vm_purgable_control(self(), 1 << 20, VM_PURGABLE_GET_STATE, &state), KERN_INVALID_ADDRESS);
    ck_assert_int_eq(mach_vm_protect(self(), memory, PAGE, FALSE, VM_PROT_READ), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_purgable_control(self(), memory, VM_PURGABLE_GET_STATE, &state), KERN_PROTECTION_FAILURE);
}
END_TEST

START_TEST(without_its_default_manager_the_kernel_pages_out_what_others_manage)
{
    const mach_port_name_t port = send_receive_right();
    const mach_vm_address_t plain = allocate(20 * PAGE);
    mach_vm_address_t address = 0;
    union request request;

    set_default_manager();
    ck_assert_int_eq(mach_port_mod_refs(self(), default_port, MACH_PORT_RIGHT_RECEIVE, -1), KERN_SUCCESS);
    answers = false;
    for (unsigned i = 0; i < 20; i++)
        fill(plain + i * PAGE, 1);
    ck_assert_int_eq(mach_vm_map(self(), &address, 4 * FRAMES * PAGE, 0, VM_FLAGS_ANYWHERE, port, 0, FALSE,
                                 VM_PROT_DEFAULT, VM_PROT_ALL, VM_INHERIT_SHARE), KERN_SUCCESS);
    ck_assert_int_eq(next_request(port, &request), MACH_ID_memory_object_init);
    const mach_port_name_t control = request.init.memory_control.name;

    ck_assert_int_eq(set_attributes(control, MEMORY_OBJECT_COPY_DELAY, HAL_PAGE_SIZE, false, MACH_PORT_NULL),
                     KERN_SUCCESS);
    for (unsigned i = 0; i < 4 * FRAMES; i++) {
        ck_assert_int_eq(load_served(address + i * PAGE), -MIG_NO_REPLY);
        ck_assert_int_eq(next_request(port, &request), MACH_ID_memory_object_data_request);
        ck_assert_int_eq(supply(control, i * PAGE, 1, (unsigned char)i, VM_PROT_NONE, false, MACH_PORT_NULL),
                         KERN_SUCCESS);
        ck_assert_int_eq(load_served(address + i * PAGE), (unsigned char)i);
    }
    for (unsigned i = 0; i < 20; i++)
        ck_assert_int_eq(load_served(plain + i * PAGE), 1);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("pageout");
    const TTest *const tests[] = {
        memory_far_larger_than_the_frames_keeps_what_was_written,
        what_is_not_written_again_is_not_sent_again,
        without_a_default_manager_memory_ends_with_the_frames_and_stays,
        copies_keep_their_own_pages,
        wired_pages_stay,
        a_default_manager_that_does_not_take_its_messages_is_sent_only_so_many,
        a_fault_that_waits_for_a_frame_goes_on_when_memory_is_given_back,
        managers_get_back_what_was_written_and_nothing_else,
        without_its_default_manager_the_kernel_pages_out_what_others_manage,
        volatile_memory_goes_first_and_tells,
        what_a_copy_needs_does_not_go_and_wrong_requests_are_refused,
    };

    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        add_test(s, tests[i], setup, teardown, 60);
    return s;
}

int main(void)
{
    return run_suite(suite());
}
