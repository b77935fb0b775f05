/* SPDX-License-Identifier: BSD-2-Clause */
/* test_vm.c - maps, objects and faults: each state and edge that random operations might miss. */
#include "../suite.h"

#include "maps.h"

static struct vm_map *map;
static const uint64_t base = 0x200000;

static void start(void)
{
    sim_start(1);
    map = new_map();
    ck_assert_ptr_nonnull(map);
}

static void stop(void)
{
    if (map != NULL)
        vm_map_destroy(map);
    ck_assert_uint_eq(vm_object_count, 0);
    sim_stop();
}

static void allocate(uint64_t address, uint64_t pages)
{
    ck_assert_int_eq(allocate_at(map, address, pages * PAGE), KERN_SUCCESS);
}

static void store(struct vm_map *at, uint64_t address, unsigned char byte)
{
    ck_assert_int_eq(sim_store(at, address, byte), KERN_SUCCESS);
}

static int load(struct vm_map *at, uint64_t address)
{
    unsigned char byte;

    ck_assert_int_eq(sim_load(at, address, &byte), KERN_SUCCESS);
    return byte;
}

static void remap(struct vm_map *from, uint64_t source, uint64_t pages, struct vm_map *to, uint64_t address, bool copy)
{
    vm_prot_t current, max;

    ck_assert_int_eq(vm_map_remap(from, source, pages * PAGE, to, &address, 0, false, false, copy, VM_INHERIT_COPY,
                                  &current, &max, NULL), KERN_SUCCESS);
}

/* ---- entries --------------------------------------------------------------------------------------- */

START_TEST(memory_reads_as_zeros_and_takes_frames_when_it_is_touched)
{
    allocate(base, 1000);
    ck_assert_uint_eq(sim_frames_used(), 0);
    ck_assert_int_eq(load(map, base + 5 * PAGE), 0);
    store(map, base + 7 * PAGE, 9);
    ck_assert_int_eq(load(map, base + 7 * PAGE), 9);
    ck_assert_uint_eq(sim_frames_used(), 2);
    ck_assert_int_eq(vm_map_remove(map, base, base + 1000 * PAGE), KERN_SUCCESS);
    ck_assert_uint_eq(sim_frames_used(), 0);
}
END_TEST

START_TEST(entries_that_are_one_become_one)
{
    allocate(base, 1);
    allocate(base + 2 * PAGE, 1);
    ck_assert_uint_eq(map->count, 2);
    allocate(base + PAGE, 1);
    ck_assert_uint_eq(map->count, 1);
    ck_assert_int_eq(vm_map_protect(map, base + PAGE, base + 2 * PAGE, VM_PROT_READ, false), KERN_SUCCESS);
    ck_assert_uint_eq(map->count, 3);
    ck_assert_int_eq(vm_map_protect(map, base + PAGE, base + 2 * PAGE, VM_PROT_DEFAULT, false), KERN_SUCCESS);
    ck_assert_uint_eq(map->count, 1);
    ck_assert_uint_eq(map->size, 3 * PAGE);
}
END_TEST

START_TEST(space_is_the_first_hole_that_is_large_enough)
{
    uint64_t address = base;

    allocate(base, 1);
    allocate(base + 3 * PAGE, 1);
    allocate(base + 8 * PAGE, 1);
    ck_assert(vm_map_find_space(map, &address, 3 * PAGE, 0));
    ck_assert_uint_eq(address, base + 4 * PAGE);
    address = base;
    ck_assert(vm_map_find_space(map, &address, 2 * PAGE, 2 * PAGE - 1));
    ck_assert_uint_eq(address, base + 4 * PAGE);
    address = base + 2 * PAGE;
    ck_assert(vm_map_find_space(map, &address, PAGE, 0));
    ck_assert_uint_eq(address, base + 2 * PAGE);
    address = map->end - PAGE;
    ck_assert(!vm_map_find_space(map, &address, 2 * PAGE, 0));
}
END_TEST

START_TEST(places_that_are_none_are_refused)
{
    uint64_t address = base + 1;

    allocate(base, 2);
    ck_assert_int_eq(allocate_at(map, base + PAGE, PAGE), KERN_NO_SPACE);
    ck_assert_int_eq(allocate_at(map, map->end, PAGE), KERN_INVALID_ADDRESS);
    ck_assert_int_eq(allocate_at(map, map->start - PAGE, PAGE), KERN_INVALID_ADDRESS);
    ck_assert_int_eq(allocate_at(map, map->end - PAGE, 2 * PAGE), KERN_INVALID_ADDRESS);
    ck_assert_int_eq(vm_map_enter(map, &address, PAGE, PAGE - 1, false, false, &plain_memory), KERN_INVALID_ADDRESS);
    ck_assert_int_eq(vm_map_remove(map, base, map->end + PAGE), KERN_INVALID_ADDRESS);
    ck_assert_int_eq(vm_map_protect(map, base, base + 3 * PAGE, VM_PROT_READ, false), KERN_INVALID_ADDRESS);
    ck_assert_int_eq(vm_map_protect(map, base, base + PAGE, 64, false), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(vm_map_inherit(map, base, base + PAGE, 3), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(vm_map_behavior_set(map, base, base + PAGE, 77), KERN_INVALID_ARGUMENT);
}
END_TEST

START_TEST(a_hundred_thousand_entries_make_no_chain)
{
    const uint64_t entries = 100000;

    for (uint64_t i = 0; i < entries; i++)
        allocate(base + 2 * i * PAGE, 1);
    ck_assert_uint_eq(map->count, entries);
    ck_assert_int_le(map->entries.root->height, 24);
    store(map, base + 2 * (entries - 1) * PAGE, 5);
    uint64_t address = 0;
    ck_assert(vm_map_find_space(map, &address, 2 * PAGE, 0));
    ck_assert_uint_eq(address, map->start);
}
END_TEST

/* ---- copies ---------------------------------------------------------------------------------------- */

START_TEST(a_map_has_only_so_many_entries_and_can_be_emptied_then)
{
    kern_return_t result = KERN_SUCCESS;
    uint64_t address = base;

    for (; result == KERN_SUCCESS && map->count <= VM_MAP_MAX_ENTRIES; address += 2 * PAGE)
        result = allocate_at(map, address, PAGE);
    ck_assert_int_eq(result, KERN_RESOURCE_SHORTAGE);
    ck_assert_uint_eq(map->count, VM_MAP_MAX_ENTRIES);
    ck_assert_int_eq(vm_map_protect(map, base, base + PAGE, VM_PROT_READ, false), KERN_RESOURCE_SHORTAGE);
    ck_assert_int_eq(vm_map_remove(map, base, base + 3 * PAGE), KERN_SUCCESS);
    ck_assert_int_eq(allocate_at(map, base, 3 * PAGE), KERN_SUCCESS);
    ck_assert_int_eq(allocate_at(map, address, PAGE), KERN_SUCCESS);
    ck_assert_uint_eq(map->count, VM_MAP_MAX_ENTRIES);
    ck_assert_int_eq(vm_map_remove(map, base + PAGE, base + 2 * PAGE), KERN_RESOURCE_SHORTAGE);
    ck_assert_int_eq(vm_map_remove(map, map->start, map->end), KERN_SUCCESS);
    ck_assert_uint_eq(map->count, 0);
}
END_TEST

START_TEST(a_copy_takes_a_frame_only_for_what_is_written)
{
    allocate(base, 100);
    for (int i = 0; i < 100; i++)
        store(map, base + (uint64_t)i * PAGE, (unsigned char)i);
    struct vm_map *child = vm_map_fork(map);

    ck_assert_uint_eq(sim_frames_used(), 100);
    store(child, base + 3 * PAGE, 77);
    store(map, base + 4 * PAGE, 88);
    ck_assert_uint_eq(sim_frames_used(), 102);
    ck_assert_int_eq(load(map, base + 3 * PAGE), 3);
    ck_assert_int_eq(load(child, base + 4 * PAGE), 4);
    vm_map_destroy(child);
    ck_assert_uint_eq(sim_frames_used(), 100);
    ck_assert_int_eq(load(map, base + 4 * PAGE), 88);
}
END_TEST

START_TEST(a_thousand_forks_leave_no_chain)
{
    allocate(base, 4);
    for (int i = 0; i < 1000; i++) {
        store(map, base + (uint64_t)(i % 4) * PAGE, (unsigned char)i);
        struct vm_map *child = vm_map_fork(map);

        store(child, base + (uint64_t)((i + 1) % 4) * PAGE, (unsigned char)(i + 100));
        vm_map_destroy(map);
        map = child;
        ck_assert_uint_le(vm_object_count, 3);
        ck_assert_uint_le(sim_frames_used(), 8);
    }
    ck_assert_int_eq(load(map, base), (unsigned char)(999 + 100));
}
END_TEST

START_TEST(a_thousand_copies_of_one_range_leave_no_chain)
{
    allocate(base, 8);
    for (int i = 0; i < 1000; i++) {
        store(map, base, (unsigned char)i);
        ck_assert_int_eq(vm_map_copy_range(map, base, 4 * PAGE, base + 4 * PAGE, NULL), KERN_SUCCESS);
        ck_assert_int_eq(load(map, base + 4 * PAGE), (unsigned char)i);
    }
    ck_assert_uint_le(vm_object_count, 8);
    ck_assert_uint_le(sim_frames_used(), 8);
}
END_TEST

START_TEST(copies_of_shared_memory_see_no_later_change)
{
    struct vm_map *other = new_map();

    allocate(base, 2);
    store(map, base, 1);
    remap(map, base, 2, other, base, false);
    remap(map, base, 2, map, base + 10 * PAGE, true);
    store(other, base, 2);
    remap(map, base, 2, map, base + 20 * PAGE, true);
    store(map, base, 3);
    store(map, base + PAGE, 4);
    ck_assert_int_eq(load(other, base), 3);
    ck_assert_int_eq(load(other, base + PAGE), 4);
    ck_assert_int_eq(load(map, base + 10 * PAGE), 1);
    ck_assert_int_eq(load(map, base + 20 * PAGE), 2);
    ck_assert_int_eq(load(map, base + 21 * PAGE), 0);
    vm_map_destroy(other);
    store(map, base + 10 * PAGE, 5);
    ck_assert_int_eq(load(map, base), 3);
}
END_TEST

START_TEST(a_thousand_copies_of_shared_memory_leave_no_chain)
{
    struct vm_map *other = new_map();

    allocate(base, 2);
    remap(map, base, 2, other, base, false);
    for (int i = 0; i < 1000; i++) {
        store(other, base, (unsigned char)i);
        remap(map, base, 2, map, base + 10 * PAGE, true);
        store(map, base, (unsigned char)(i + 1));
        ck_assert_int_eq(load(map, base + 10 * PAGE), (unsigned char)i);
        ck_assert_int_eq(vm_map_remove(map, base + 10 * PAGE, base + 12 * PAGE), KERN_SUCCESS);
        ck_assert_uint_le(vm_object_count, 3);
    }
    vm_map_destroy(other);
}
END_TEST

START_TEST(memory_on_its_way_is_a_copy)
{
    struct vm_map *other = vm_map_create_within(UINT64_MAX, base, base + 3 * PAGE);
    struct vm_map_part part;
    uint64_t address;

    allocate(base, 4);
    ck_assert_int_eq(vm_map_protect(map, base + 2 * PAGE, base + 3 * PAGE, VM_PROT_READ, true), KERN_SUCCESS);
    store(map, base + PAGE, 5);
    ck_assert_int_eq(vm_map_take_copy(map, base + PAGE, 2 * PAGE, &part), KERN_SUCCESS);
    store(map, base + PAGE, 6);
    ck_assert_int_eq(vm_map_put_copy(other, &part, &address), KERN_SUCCESS);
    ck_assert_int_eq(load(other, address), 5);
    store(other, address + PAGE, 7); /* new memory may be written, whatever the old may */
    ck_assert_int_eq(load(map, base + 2 * PAGE), 0);
    /* Without room it stays what it is. */
    ck_assert_int_eq(vm_map_take_copy(map, base + PAGE, 2 * PAGE, &part), KERN_SUCCESS);
    ck_assert_int_eq(vm_map_put_copy(other, &part, &address), KERN_NO_SPACE);
    ck_assert_int_eq(vm_map_remove(other, base, base + 3 * PAGE), KERN_SUCCESS);
    ck_assert_int_eq(vm_map_put_copy(other, &part, &address), KERN_SUCCESS);
    ck_assert_int_eq(load(other, address), 6);
    /* What cannot be read is not taken, and what is let go of takes up nothing. */
    ck_assert_int_eq(vm_map_take_copy(map, base + 3 * PAGE, 2 * PAGE, &part), KERN_INVALID_ADDRESS);
    ck_assert_ptr_null(part.first);
    ck_assert_int_eq(vm_map_take_copy(map, base, 4 * PAGE, &part), KERN_SUCCESS);
    vm_map_drop_copy(&part);
    vm_map_destroy(other);
    ck_assert_int_eq(vm_map_remove(map, base, base + 4 * PAGE), KERN_SUCCESS);
    ck_assert_uint_eq(sim_frames_used(), 0);
}
END_TEST

START_TEST(a_thousand_maps_share_one_object)
{
    enum { MANY = 1000 };
    static struct vm_map *many[MANY];

    allocate(base, 1);
    store(map, base, 1);
    for (int i = 0; i < MANY; i++) {
        many[i] = new_map();
        remap(map, base, 1, many[i], base, false);
    }
    store(many[500], base, 42);
    for (int i = 0; i < MANY; i++) {
        ck_assert_int_eq(load(many[i], base), 42);
        vm_map_destroy(many[i]);
    }
    ck_assert_uint_eq(sim_frames_used(), 1);
}
END_TEST

/* ---- wiring ---------------------------------------------------------------------------------------- */

START_TEST(wired_pages_are_there_and_stay_with_their_entry)
{
    allocate(base, 4);
    ck_assert_int_eq(vm_map_wire(map, base, base + 4 * PAGE, VM_PROT_READ | VM_PROT_WRITE, NULL), KERN_SUCCESS);
    ck_assert_uint_eq(vm_page_counts.wired, 4);
    struct vm_map *child = vm_map_fork(map);

    store(map, base, 1);
    ck_assert_int_eq(load(child, base), 0);
    ck_assert_uint_eq(vm_page_counts.wired, 4);
    ck_assert_int_eq(vm_map_wire(map, base, base + PAGE, VM_PROT_READ, NULL), KERN_SUCCESS);
    ck_assert_int_eq(vm_map_wire(map, base, base + 4 * PAGE, VM_PROT_NONE, NULL), KERN_SUCCESS);
    ck_assert_uint_eq(vm_page_counts.wired, 1);
    vm_map_destroy(child);
    ck_assert_int_eq(vm_map_remove(map, base, base + 4 * PAGE), KERN_SUCCESS);
    ck_assert_uint_eq(vm_page_counts.wired, 0);
}
END_TEST

START_TEST(a_range_is_wired_whole_or_not_at_all)
{
    allocate(base, 4);
    sim_set_frames(3);
    ck_assert_int_eq(vm_map_wire(map, base, base + 4 * PAGE, VM_PROT_READ, NULL), KERN_RESOURCE_SHORTAGE);
    ck_assert_uint_eq(vm_page_counts.wired, 0);
    ck_assert_int_eq(vm_map_wire(map, base, base + 5 * PAGE, VM_PROT_READ, NULL), KERN_INVALID_ADDRESS);
    ck_assert_int_eq(vm_map_protect(map, base, base + PAGE, VM_PROT_NONE, false), KERN_SUCCESS);
    ck_assert_int_eq(vm_map_wire(map, base, base + PAGE, VM_PROT_READ, NULL), KERN_PROTECTION_FAILURE);
}
END_TEST

/* ---- without memory -------------------------------------------------------------------------------- */

START_TEST(without_frames_faults_fail_and_nothing_is_lost)
{
    unsigned char byte;

    allocate(base, 4);
    sim_set_frames(2);
    store(map, base, 1);
    store(map, base + PAGE, 2);
    ck_assert_int_eq(sim_store(map, base + 2 * PAGE, 3), KERN_RESOURCE_SHORTAGE);
    ck_assert_int_eq(sim_load(map, base + 2 * PAGE, &byte), KERN_RESOURCE_SHORTAGE);
    ck_assert_int_eq(load(map, base), 1);
    struct vm_map *child = vm_map_fork(map);

    ck_assert_int_eq(sim_store(child, base, 9), KERN_RESOURCE_SHORTAGE);
    ck_assert_int_eq(load(child, base), 1);
    vm_map_destroy(child);
    store(map, base, 5);
    sim_set_frames(4);
    store(map, base + 2 * PAGE, 3);
}
END_TEST

/* A little of everything; true if no allocation failed. */
static bool exercise(void)
{
    struct vm_map *one = new_map(), *other = one == NULL ? NULL : vm_map_fork(one);
    bool fine = other != NULL;
    uint64_t address = base + 50 * PAGE;
    struct vm_map_part part = {.first = NULL};
    vm_prot_t current, max;
    size_t done = 0;

    fine = fine && allocate_at(one, base, 8 * PAGE) == KERN_SUCCESS;
    fine = fine && vm_map_write(one, base + 100, "hello", 6, NULL, &done) == KERN_SUCCESS;
    fine = fine && vm_map_protect(one, base + PAGE, base + 2 * PAGE, VM_PROT_READ, false) == KERN_SUCCESS;
    fine = fine && vm_map_remap(one, base, 8 * PAGE, other, &address, 0, true, false, false, VM_INHERIT_COPY, &current,
                                &max, NULL) == KERN_SUCCESS;
    fine = fine && vm_map_remap(one, base, 8 * PAGE, other, &address, 0, true, false, true, VM_INHERIT_COPY, &current,
                                &max, NULL) == KERN_SUCCESS;
    done = 0;
    fine = fine && vm_map_write(one, base + 100, "HELLO", 6, NULL, &done) == KERN_SUCCESS;
    fine = fine && vm_map_copy_range(one, base, PAGE, base + 4 * PAGE, NULL) == KERN_SUCCESS;
    fine = fine && vm_map_wire(one, base, base + 8 * PAGE, VM_PROT_READ, NULL) == KERN_SUCCESS;
    fine = fine && vm_map_take_copy(one, base, 2 * PAGE, &part) == KERN_SUCCESS;
    fine = fine && vm_map_put_copy(other, &part, &address) == KERN_SUCCESS;
    vm_map_drop_copy(&part);
    fine = fine && vm_map_remove(one, base + 3 * PAGE, base + 5 * PAGE) == KERN_SUCCESS;
    if (one != NULL)
        vm_map_destroy(one);
    if (other != NULL)
        vm_map_destroy(other);
    return fine;
}

START_TEST(each_allocation_may_fail)
{
    bool failed = true;

    for (uint64_t n = 1; failed; n++) {
        sim_fail_allocation(n);
        const bool fine = exercise();

        failed = sim_failed();
        sim_fail_allocation(0);
        ck_assert_int_eq(fine, !failed);
        ck_assert_uint_eq(sim_frames_used(), 0);
        ck_assert_uint_eq(vm_object_count, 0);
    }
}
END_TEST

START_TEST(what_is_deallocated_takes_up_no_memory_though_the_rest_stays)
{
    allocate(base, 8);
    for (int i = 0; i < 8; i++)
        store(map, base + i * PAGE, (unsigned char)i);
    ck_assert_uint_eq(sim_frames_used(), 8);
    ck_assert_int_eq(vm_map_remove(map, base, base + 6 * PAGE), KERN_SUCCESS);
    ck_assert_uint_eq(sim_frames_used(), 2);
    ck_assert_int_eq(load(map, base + 7 * PAGE), 7);
}
END_TEST

START_TEST(bytes_cross_pages)
{
    char text[3 * 4096], back[3 * 4096];
    size_t done = 0;

    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)(i * 7);
    allocate(base, 3);
    ck_assert_int_eq(vm_map_write(map, base + 100, text, 2 * PAGE, NULL, &done), KERN_SUCCESS);
    done = 0;
    ck_assert_int_eq(vm_map_read(map, base + 100, back, 2 * PAGE, NULL, &done), KERN_SUCCESS);
    ck_assert_mem_eq(text, back, 2 * PAGE);
    done = 0;
    ck_assert_int_eq(vm_map_write(map, base + 100, text, 3 * PAGE, NULL, &done), KERN_INVALID_ADDRESS);
    ck_assert_uint_eq(done, 3 * PAGE - 100);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vm");
    const TTest *const tests[] = {
        memory_reads_as_zeros_and_takes_frames_when_it_is_touched,
        entries_that_are_one_become_one,
        space_is_the_first_hole_that_is_large_enough,
        places_that_are_none_are_refused,
        a_hundred_thousand_entries_make_no_chain,
        a_map_has_only_so_many_entries_and_can_be_emptied_then,
        a_copy_takes_a_frame_only_for_what_is_written,
        a_thousand_forks_leave_no_chain,
        a_thousand_copies_of_one_range_leave_no_chain,
        copies_of_shared_memory_see_no_later_change,
        a_thousand_copies_of_shared_memory_leave_no_chain,
        memory_on_its_way_is_a_copy,
        a_thousand_maps_share_one_object,
        wired_pages_are_there_and_stay_with_their_entry,
        a_range_is_wired_whole_or_not_at_all,
        without_frames_faults_fail_and_nothing_is_lost,
        each_allocation_may_fail,
        bytes_cross_pages,
        what_is_deallocated_takes_up_no_memory_though_the_rest_stays,
    };

    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        add_test(suite, tests[i], start, stop, 60);
    return run_suite(suite);
}
