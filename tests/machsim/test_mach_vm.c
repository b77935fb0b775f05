/* SPDX-License-Identifier: BSD-2-Clause */
/* test_mach_vm.c - the routines of mach_vm.defs, as one task calls them on itself and on another. */
#include "harness.h"

#include "gen/mach_vm.h"
#include "gen/vm_map.h"
#include "maps.h"

#include <mach/vm_attributes.h>
#include <mach/vm_region.h>
#include <mach/vm_statistics.h>
#include <mach/vm_sync.h>

static struct vm_map *own_map(void)
{
    return current->thread->task->map;
}

static mach_vm_address_t allocate(mach_vm_size_t size)
{
    mach_vm_address_t address = 0;

    ck_assert_int_eq(mach_vm_allocate(self(), &address, size, VM_FLAGS_ANYWHERE), KERN_SUCCESS);
    return address;
}

static int load(uint64_t address)
{
    unsigned char byte;
    const kern_return_t result = sim_load(own_map(), address, &byte);

    return result == KERN_SUCCESS ? byte : -result;
}

static mach_port_name_t host_name(void)
{
    const uint64_t none[TRAP_MAX_ARGUMENTS] = {0};

    sim_trap(current, TRAP_HOST_SELF, none);
    return (mach_port_name_t)current->result;
}

/* Another task, and a right of the current one's to its port. */
static struct sim_thread *other_task(mach_port_name_t *name)
{
    struct sim_thread *first = current, *second = sim_task(NULL, NULL);

    become(second);
    *name = give(first, self(), MACH_MSG_TYPE_COPY_SEND);
    become(first);
    return second;
}

/* ---- allocating ------------------------------------------------------------------------------------ */

START_TEST(memory_is_allocated_in_whole_pages_anywhere_or_where_wanted)
{
    mach_vm_address_t address = allocate(1), next;

    ck_assert_uint_eq(address % PAGE, 0);
    ck_assert_int_eq(load(address + PAGE - 1), 0);
    ck_assert_int_eq(load(address + PAGE), -KERN_INVALID_ADDRESS);
    next = address + PAGE + 5;
    ck_assert_int_eq(mach_vm_allocate(self(), &next, PAGE, VM_FLAGS_FIXED), KERN_SUCCESS);
    ck_assert_uint_eq(next, address + PAGE);
    ck_assert_int_eq(mach_vm_allocate(self(), &next, PAGE, VM_FLAGS_FIXED), KERN_NO_SPACE);
    ck_assert_int_eq(sim_store(own_map(), next, 9), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_allocate(self(), &next, PAGE, VM_FLAGS_FIXED | VM_FLAGS_OVERWRITE), KERN_SUCCESS);
    ck_assert_int_eq(load(next), 0);
    ck_assert_int_eq(mach_vm_deallocate(self(), address, 2 * PAGE), KERN_SUCCESS);
    ck_assert_int_eq(load(next), -KERN_INVALID_ADDRESS);
}
END_TEST

START_TEST(sizes_and_flags_that_make_no_sense_are_refused)
{
    mach_vm_address_t address = 5;

    ck_assert_int_eq(mach_vm_allocate(self(), &address, 0, VM_FLAGS_ANYWHERE), KERN_SUCCESS);
    ck_assert_uint_eq(address, 0);
    ck_assert_int_eq(mach_vm_allocate(self(), &address, UINT64_MAX, VM_FLAGS_ANYWHERE), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(mach_vm_allocate(self(), &address, (uint64_t)1 << 60, VM_FLAGS_ANYWHERE), KERN_NO_SPACE);
    ck_assert_int_eq(mach_vm_allocate(self(), &address, PAGE, 0x00800000), KERN_INVALID_ARGUMENT);
    address = UINT64_MAX - PAGE;
    ck_assert_int_eq(mach_vm_allocate(self(), &address, 4 * PAGE, VM_FLAGS_FIXED), KERN_INVALID_ARGUMENT);
    address = 0;
    ck_assert_int_eq(mach_vm_allocate(self(), &address, PAGE, VM_FLAGS_FIXED), KERN_INVALID_ADDRESS);
    ck_assert_int_eq(mach_vm_deallocate(self(), PAGE * 100, 0), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_deallocate(self(), PAGE * 100, UINT64_MAX - PAGE), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(mach_vm_deallocate(self(), 100 * PAGE, PAGE), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_allocate(receive_right(), &address, PAGE, VM_FLAGS_ANYWHERE),
                     MACH_SEND_INVALID_DEST);
}
END_TEST

START_TEST(memory_is_mapped_with_the_rights_that_are_asked_for)
{
    mach_vm_address_t address = 0;

    ck_assert_int_eq(mach_vm_map(self(), &address, PAGE, 0xffff, VM_FLAGS_ANYWHERE, MACH_PORT_NULL, 0, FALSE,
                                 VM_PROT_READ, VM_PROT_READ | VM_PROT_WRITE, VM_INHERIT_NONE), KERN_SUCCESS);
    ck_assert_uint_eq(address & 0xffff, 0);
    ck_assert_int_eq(sim_store(own_map(), address, 1), KERN_PROTECTION_FAILURE);
    ck_assert_int_eq(mach_vm_protect(self(), address, PAGE, FALSE, VM_PROT_READ | VM_PROT_WRITE), KERN_SUCCESS);
    ck_assert_int_eq(sim_store(own_map(), address, 1), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_protect(self(), address, PAGE, FALSE, VM_PROT_ALL), KERN_PROTECTION_FAILURE);
    ck_assert_int_eq(mach_vm_protect(self(), address, PAGE, TRUE, VM_PROT_READ), KERN_SUCCESS);
    ck_assert_int_eq(sim_store(own_map(), address, 1), KERN_PROTECTION_FAILURE);
    ck_assert_int_eq(mach_vm_map(self(), &address, PAGE, 0, VM_FLAGS_ANYWHERE, MACH_PORT_NULL, 0, FALSE, VM_PROT_ALL,
                                 VM_PROT_READ, VM_INHERIT_NONE), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(mach_vm_map(self(), &address, PAGE, 0, VM_FLAGS_ANYWHERE, receive_right(), 0, FALSE, VM_PROT_READ,
                                 VM_PROT_READ, VM_INHERIT_NONE), MACH_SEND_INVALID_RIGHT);
}
END_TEST

/* ---- another task's memory ------------------------------------------------------------------------- */

START_TEST(another_tasks_memory_is_read_and_written_through_its_port)
{
    mach_port_name_t task;
    struct sim_thread *first = current, *second = other_task(&task);
    mach_vm_address_t address = 0;
    static unsigned char bytes[10000];
    vm_offset_t data;
    mach_msg_type_number_t count;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 3);
    ck_assert_int_eq(mach_vm_allocate(task, &address, sizeof bytes, VM_FLAGS_ANYWHERE), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_write(task, address + 50, (vm_offset_t)bytes, sizeof bytes), KERN_SUCCESS);
    become(second);
    ck_assert_int_eq(load(address + 50 + 9999), (unsigned char)(9999 * 3));
    become(first);
    ck_assert_int_eq(mach_vm_read(task, address + 50, sizeof bytes, &data, &count), KERN_SUCCESS);
    ck_assert_uint_eq(count, sizeof bytes);
    ck_assert_mem_eq((void *)data, bytes, sizeof bytes);
    sim_unmap(data, sizeof bytes);
    ck_assert_int_eq(mach_vm_read(task, address, 4 * PAGE, &data, &count), KERN_INVALID_ADDRESS);
    ck_assert_int_eq(mach_vm_protect(task, address, PAGE, FALSE, VM_PROT_READ), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_write(task, address, (vm_offset_t)bytes, 4), KERN_PROTECTION_FAILURE);
    ck_assert_int_eq(mach_vm_protect(task, address, PAGE, FALSE, VM_PROT_NONE), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_read(task, address, 4, &data, &count), KERN_PROTECTION_FAILURE);
    sim_task_end(second);
    ck_assert_int_ne(mach_vm_read(task, address, 4, &data, &count), KERN_SUCCESS);
}
END_TEST

START_TEST(memory_is_shared_with_another_task_or_copied)
{
    mach_port_name_t task;
    struct sim_thread *first = current, *second = other_task(&task);
    const mach_vm_address_t from = allocate(3 * PAGE);
    mach_vm_address_t shared = 0, copied = 0;
    vm_prot_t protection, max;

    ck_assert_int_eq(sim_store(own_map(), from + PAGE, 7), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_remap(task, &shared, 3 * PAGE, 0, VM_FLAGS_ANYWHERE, self(), from, FALSE, &protection, &max,
                                   VM_INHERIT_SHARE), KERN_SUCCESS);
    ck_assert_int_eq(protection, VM_PROT_DEFAULT);
    ck_assert_int_eq(max, VM_PROT_ALL);
    ck_assert_int_eq(mach_vm_remap(task, &copied, 3 * PAGE, 0, VM_FLAGS_ANYWHERE, self(), from, TRUE, &protection, &max,
                                   VM_INHERIT_COPY), KERN_SUCCESS);
    become(second);
    ck_assert_int_eq(load(shared + PAGE), 7);
    ck_assert_int_eq(sim_store(own_map(), shared + PAGE, 8), KERN_SUCCESS);
    ck_assert_int_eq(load(copied + PAGE), 7);
    ck_assert_int_eq(sim_store(own_map(), copied, 1), KERN_SUCCESS);
    become(first);
    ck_assert_int_eq(load(from + PAGE), 8);
    ck_assert_int_eq(load(from), 0);
    ck_assert_int_eq(mach_vm_remap(task, &copied, 9 * PAGE, 0, VM_FLAGS_ANYWHERE, self(), from, TRUE, &protection, &max,
                                   VM_INHERIT_COPY), KERN_INVALID_ADDRESS);
}
END_TEST

START_TEST(a_second_place_has_the_rights_that_are_asked_for)
{
    const mach_vm_address_t from = allocate(2 * PAGE);
    mach_vm_address_t place = 0;
    vm_prot_t protection = VM_PROT_READ, max = VM_PROT_DEFAULT;

    ck_assert_int_eq(sim_store(own_map(), from, 7), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_remap_new(self(), &place, 2 * PAGE, 0, VM_FLAGS_ANYWHERE, self(), from, FALSE, &protection,
                                       &max, VM_INHERIT_COPY), KERN_SUCCESS);
    ck_assert_int_eq(protection, VM_PROT_READ);
    ck_assert_int_eq(load(place), 7);
    ck_assert_int_eq(sim_store(own_map(), place, 1), KERN_PROTECTION_FAILURE);
    ck_assert_int_eq(mach_vm_protect(self(), place, PAGE, FALSE, VM_PROT_ALL), KERN_PROTECTION_FAILURE);
    ck_assert_int_eq(mach_vm_protect(self(), place, PAGE, FALSE, VM_PROT_DEFAULT), KERN_SUCCESS);
    ck_assert_int_eq(sim_store(own_map(), place, 8), KERN_SUCCESS);
    ck_assert_int_eq(load(from), 8);
    protection = VM_PROT_ALL;
    max = VM_PROT_ALL;
    ck_assert_int_eq(mach_vm_remap_new(self(), &place, 2 * PAGE, 0, VM_FLAGS_ANYWHERE, self(), from, TRUE, &protection, &max,
                                       VM_INHERIT_COPY), KERN_PROTECTION_FAILURE);
    max = VM_PROT_READ;
    ck_assert_int_eq(mach_vm_remap_new(self(), &place, 2 * PAGE, 0, VM_FLAGS_ANYWHERE, self(), from, TRUE, &protection, &max,
                                       VM_INHERIT_COPY), KERN_INVALID_ARGUMENT);
}
END_TEST

START_TEST(bytes_are_copied_from_anywhere_to_anywhere)
{
    const mach_vm_address_t at = allocate(8 * PAGE);

    for (unsigned i = 0; i < 2 * PAGE; i++)
        ck_assert_int_eq(sim_store(own_map(), at + i, (unsigned char)(i * 5 + i / 256)), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_copy(self(), at, 2 * PAGE, at + 4 * PAGE), KERN_SUCCESS);
    ck_assert_int_eq(load(at + 5 * PAGE + 9), load(at + PAGE + 9));
    const int before = load(at + 3000), last = load(at + 10);

    ck_assert_int_eq(mach_vm_copy(self(), at + 10, 5000, at + 110), KERN_SUCCESS);
    ck_assert_int_eq(load(at + 3100), before);
    ck_assert_int_eq(load(at + 110), last);
    ck_assert_int_eq(mach_vm_copy(self(), at + 7, 2 * PAGE, at + 7 * PAGE), KERN_INVALID_ADDRESS);
    ck_assert_int_eq(mach_vm_copy(self(), at, UINT64_MAX - PAGE, at), KERN_INVALID_ARGUMENT);
}
END_TEST

/* ---- named entries --------------------------------------------------------------------------------- */

static mach_port_name_t name_memory(mach_vm_address_t at, memory_object_size_t size, vm_prot_t permission)
{
    mach_port_name_t entry;
    memory_object_size_t got = size;

    ck_assert_int_eq(mach_make_memory_entry_64(self(), &got, at, permission, &entry, MACH_PORT_NULL), KERN_SUCCESS);
    ck_assert_uint_eq(got, (size + PAGE - 1) / PAGE * PAGE);
    return entry;
}

/* Maps a named entry in the current task. */
static kern_return_t map_named(mach_port_name_t entry, memory_object_offset_t offset, mach_vm_size_t size, bool copy,
                               vm_prot_t protection, mach_vm_address_t *address)
{
    *address = 0;
    return mach_vm_map(self(), address, size, 0, VM_FLAGS_ANYWHERE, entry, offset, copy, protection, protection,
                       VM_INHERIT_SHARE);
}

START_TEST(memory_with_a_name_is_mapped_by_whoever_has_the_right)
{
    const mach_vm_address_t at = allocate(4 * PAGE);
    const mach_port_name_t entry = name_memory(at + PAGE, 2 * PAGE, VM_PROT_READ | VM_PROT_WRITE);
    struct sim_thread *first = current, *second = sim_task(NULL, NULL);
    const mach_port_name_t given = give(second, entry, MACH_MSG_TYPE_COPY_SEND);
    mach_vm_address_t shared, copied;

    ck_assert_int_eq(sim_store(own_map(), at + PAGE, 5), KERN_SUCCESS);
    become(second);
    ck_assert_int_eq(map_named(given, 0, 2 * PAGE, false, VM_PROT_DEFAULT, &shared), KERN_SUCCESS);
    ck_assert_int_eq(map_named(given, PAGE, PAGE, true, VM_PROT_ALL, &copied), KERN_SUCCESS);
    ck_assert_int_eq(load(shared), 5);
    ck_assert_int_eq(sim_store(own_map(), shared + PAGE, 6), KERN_SUCCESS);
    ck_assert_int_eq(load(copied), 0);
    ck_assert_int_eq(sim_store(own_map(), copied, 7), KERN_SUCCESS);
    ck_assert_int_eq(map_named(given, PAGE, 2 * PAGE, false, VM_PROT_READ, &copied), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(map_named(given, 0, PAGE, false, VM_PROT_ALL, &copied), KERN_INVALID_RIGHT);
    become(first);
    ck_assert_int_eq(load(at + 2 * PAGE), 6);
}
END_TEST

START_TEST(a_name_gives_no_more_than_its_memory_and_its_parent)
{
    const mach_vm_address_t at = allocate(2 * PAGE);
    mach_port_name_t entry, part;
    memory_object_size_t size = PAGE;
    mach_vm_address_t address;

    ck_assert_int_eq(mach_vm_protect(self(), at, PAGE, FALSE, VM_PROT_READ), KERN_SUCCESS);
    ck_assert_int_eq(mach_make_memory_entry_64(self(), &size, at, VM_PROT_DEFAULT, &entry, MACH_PORT_NULL),
                     KERN_PROTECTION_FAILURE);
    ck_assert_int_eq(mach_make_memory_entry_64(self(), &size, at + 9 * PAGE, VM_PROT_READ, &entry, MACH_PORT_NULL),
                     KERN_INVALID_ADDRESS);
    ck_assert_int_eq(mach_make_memory_entry_64(self(), &size, at, 1 << 30 | VM_PROT_READ, &entry, MACH_PORT_NULL),
                     KERN_INVALID_VALUE);
    ck_assert_int_eq(mach_make_memory_entry_64(self(), &size, at, VM_PROT_READ, &entry, receive_right()),
                     MACH_SEND_INVALID_RIGHT);
    size = 2 * PAGE; /* up to the end of the region */
    ck_assert_int_eq(mach_make_memory_entry_64(self(), &size, at, VM_PROT_READ, &entry, MACH_PORT_NULL), KERN_SUCCESS);
    ck_assert_uint_eq(size, PAGE);
    entry = name_memory(at + PAGE, PAGE, VM_PROT_READ);
    ck_assert_int_eq(mach_make_memory_entry_64(self(), &size, 0, VM_PROT_DEFAULT, &part, entry), KERN_PROTECTION_FAILURE);
    size = 2 * PAGE;
    ck_assert_int_eq(mach_make_memory_entry_64(self(), &size, 0, VM_PROT_READ, &part, entry), KERN_INVALID_ARGUMENT);
    size = PAGE;
    ck_assert_int_eq(mach_make_memory_entry_64(self(), &size, 0, VM_PROT_READ, &part, entry), KERN_SUCCESS);
    ck_assert_int_eq(sim_store(own_map(), at + PAGE, 3), KERN_SUCCESS);
    ck_assert_int_eq(map_named(part, 0, PAGE, false, VM_PROT_READ, &address), KERN_SUCCESS);
    ck_assert_int_eq(load(address), 3);
}
END_TEST

START_TEST(a_name_may_be_of_new_memory_or_of_a_copy)
{
    const mach_vm_address_t at = allocate(PAGE);
    const mach_port_name_t new = name_memory(0, 3 * PAGE, MAP_MEM_NAMED_CREATE | VM_PROT_DEFAULT);
    mach_vm_address_t one, other;

    ck_assert_int_eq(sim_store(own_map(), at, 1), KERN_SUCCESS);
    const mach_port_name_t early = name_memory(at, PAGE, MAP_MEM_VM_COPY | VM_PROT_DEFAULT);

    ck_assert_int_eq(sim_store(own_map(), at, 2), KERN_SUCCESS);
    const mach_port_name_t late = name_memory(at, PAGE, MAP_MEM_VM_COPY | VM_PROT_DEFAULT);

    ck_assert_int_eq(sim_store(own_map(), at, 3), KERN_SUCCESS);
    ck_assert_int_eq(map_named(late, 0, PAGE, false, VM_PROT_DEFAULT, &one), KERN_SUCCESS);
    ck_assert_int_eq(sim_store(own_map(), one, 4), KERN_SUCCESS);
    ck_assert_int_eq(map_named(early, 0, PAGE, false, VM_PROT_DEFAULT, &other), KERN_SUCCESS);
    ck_assert_int_eq(load(other), 1);
    ck_assert_int_eq(load(at), 3);
    ck_assert_int_eq(map_named(late, 0, PAGE, false, VM_PROT_DEFAULT, &other), KERN_SUCCESS);
    ck_assert_int_eq(load(other), 4);
    ck_assert_int_eq(map_named(new, 0, 3 * PAGE, false, VM_PROT_DEFAULT, &one), KERN_SUCCESS);
    ck_assert_int_eq(map_named(new, 2 * PAGE, PAGE, false, VM_PROT_DEFAULT, &other), KERN_SUCCESS);
    ck_assert_int_eq(sim_store(own_map(), one + 2 * PAGE, 9), KERN_SUCCESS);
    ck_assert_int_eq(load(other), 9);
}
END_TEST

START_TEST(a_named_entry_goes_with_its_last_right)
{
    const uint64_t before = vm_object_count;
    const mach_port_name_t entry = name_memory(0, PAGE, MAP_MEM_NAMED_CREATE | VM_PROT_DEFAULT);
    natural_t type;
    mach_vm_address_t object;

    ck_assert_uint_eq(vm_object_count, before + 1);
    ck_assert_int_eq(mach_port_kobject(self(), entry, &type, &object), KERN_SUCCESS);
    ck_assert_uint_eq(type, 28);
    ck_assert_int_eq(mach_port_deallocate(self(), entry), KERN_SUCCESS);
    ck_assert_uint_eq(vm_object_count, before);
}
END_TEST

/* ---- what is known --------------------------------------------------------------------------------- */

START_TEST(regions_are_described)
{
    mach_vm_address_t at = allocate(4 * PAGE), found = 0;
    vm_region_basic_info_data_64_t basic;
    vm_region_extended_info_data_t extended;
    mach_msg_type_number_t count = VM_REGION_BASIC_INFO_COUNT_64;
    mach_port_t object = 77;
    mach_vm_size_t size;

    ck_assert_int_eq(mach_vm_protect(self(), at + PAGE, PAGE, FALSE, VM_PROT_READ), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_region(self(), &found, &size, VM_REGION_BASIC_INFO_64, (vm_region_info_t)&basic, &count,
                                    &object), KERN_SUCCESS);
    ck_assert_uint_eq(found, at);
    ck_assert_uint_eq(size, PAGE);
    ck_assert_uint_eq(object, MACH_PORT_NULL);
    ck_assert_int_eq(basic.protection, VM_PROT_DEFAULT);
    found += size;
    ck_assert_int_eq(mach_vm_region(self(), &found, &size, VM_REGION_BASIC_INFO_64, (vm_region_info_t)&basic, &count,
                                    &object), KERN_SUCCESS);
    ck_assert_int_eq(basic.protection, VM_PROT_READ);
    ck_assert_int_eq(basic.max_protection, VM_PROT_ALL);
    found += size;
    ck_assert_int_eq(sim_store(own_map(), found, 1), KERN_SUCCESS);
    count = VM_REGION_EXTENDED_INFO_COUNT;
    ck_assert_int_eq(mach_vm_region(self(), &found, &size, VM_REGION_EXTENDED_INFO, (vm_region_info_t)&extended, &count,
                                    &object), KERN_SUCCESS);
    ck_assert_uint_eq(extended.pages_resident, 1);
    ck_assert_uint_eq(extended.pages_dirtied, 1);
    count = VM_REGION_EXTENDED_INFO_COUNT - 1;
    ck_assert_int_eq(mach_vm_region(self(), &found, &size, VM_REGION_EXTENDED_INFO, (vm_region_info_t)&extended, &count,
                                    &object), KERN_INVALID_ARGUMENT);
    found += size;
    count = VM_REGION_BASIC_INFO_COUNT_64;
    ck_assert_int_eq(mach_vm_region(self(), &found, &size, VM_REGION_BASIC_INFO_64, (vm_region_info_t)&basic, &count,
                                    &object), KERN_INVALID_ADDRESS);
    ck_assert_int_eq(mach_vm_region(self(), &at, &size, 99, (vm_region_info_t)&basic, &count, &object),
                     KERN_INVALID_ARGUMENT);
}
END_TEST

START_TEST(regions_without_submaps_are_described_recursively)
{
    mach_vm_address_t at = allocate(2 * PAGE), found = 0;
    vm_region_submap_info_data_64_t info;
    mach_msg_type_number_t count = VM_REGION_SUBMAP_INFO_COUNT_64;
    natural_t depth = 3;
    mach_vm_size_t size;

    ck_assert_int_eq(load(at), 0);
    ck_assert_int_eq(mach_vm_region_recurse(self(), &found, &size, &depth, (vm_region_recurse_info_t)&info, &count),
                     KERN_SUCCESS);
    ck_assert_uint_eq(found, at);
    ck_assert_uint_eq(depth, 0);
    ck_assert_int_eq(info.is_submap, FALSE);
    ck_assert_uint_eq(info.pages_resident, 1);
    ck_assert_int_eq(info.share_mode, SM_PRIVATE);
    count = VM_REGION_SUBMAP_SHORT_INFO_COUNT_64;
    ck_assert_int_eq(mach_vm_region_recurse(self(), &found, &size, &depth, (vm_region_recurse_info_t)&info, &count),
                     KERN_SUCCESS);
    ck_assert_uint_eq(count, VM_REGION_SUBMAP_SHORT_INFO_COUNT_64);
}
END_TEST

START_TEST(pages_are_told_of)
{
    const mach_vm_address_t at = allocate(2 * PAGE);
    integer_t disposition, refs;

    ck_assert_int_eq(mach_vm_page_query(self(), at, &disposition, &refs), KERN_SUCCESS);
    ck_assert_int_eq(disposition, 0);
    ck_assert_int_eq(sim_store(own_map(), at, 1), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_page_query(self(), at + 9, &disposition, &refs), KERN_SUCCESS);
    ck_assert_int_eq(disposition, VM_PAGE_QUERY_PAGE_PRESENT | VM_PAGE_QUERY_PAGE_DIRTY);
    ck_assert_int_eq(refs, 1);
    ck_assert_int_eq(mach_vm_page_query(self(), at + 2 * PAGE, &disposition, &refs), KERN_INVALID_ADDRESS);
    vm_page_info_basic_data_t basic;
    mach_msg_type_number_t count = VM_PAGE_INFO_BASIC_COUNT;

    ck_assert_int_eq(mach_vm_page_info(self(), at, VM_PAGE_INFO_BASIC, (vm_page_info_t)&basic, &count), KERN_SUCCESS);
    ck_assert_int_eq(basic.disposition, VM_PAGE_QUERY_PAGE_PRESENT | VM_PAGE_QUERY_PAGE_DIRTY);
    ck_assert_uint_ne(basic.object_id, 0);
    ck_assert_int_eq(basic.depth, 0);
    ck_assert_int_eq(mach_vm_copy(self(), at, PAGE, at + PAGE), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_page_info(self(), at + PAGE, VM_PAGE_INFO_BASIC, (vm_page_info_t)&basic, &count),
                     KERN_SUCCESS);
    ck_assert(basic.disposition & VM_PAGE_QUERY_PAGE_PRESENT);
    count--;
    ck_assert_int_eq(mach_vm_page_info(self(), at, VM_PAGE_INFO_BASIC, (vm_page_info_t)&basic, &count),
                     KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(mach_vm_page_info(self(), at, 9, (vm_page_info_t)&basic, &count), KERN_INVALID_ARGUMENT);
}
END_TEST

START_TEST(the_host_counts_pages)
{
    const mach_vm_address_t at = allocate(3 * PAGE);
    vm_statistics64_data_t wide;
    vm_statistics_data_t narrow;
    mach_msg_type_number_t count = HOST_VM_INFO64_COUNT;
    const mach_port_name_t host = host_name();

    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(sim_store(own_map(), at + (mach_vm_address_t)i * PAGE, 1), KERN_SUCCESS);
    ck_assert_int_eq(load(at), 1);
    ck_assert_int_eq(host_statistics64(host, HOST_VM_INFO64, (host_info64_t)&wide, &count), KERN_SUCCESS);
    ck_assert_uint_eq(wide.active_count, 3);
    ck_assert_uint_eq(wide.zero_fill_count, 3);
    ck_assert_uint_eq(wide.faults, 3);
    ck_assert_uint_eq(wide.wire_count, 0);
    count = HOST_VM_INFO_COUNT;
    ck_assert_int_eq(host_statistics(host, HOST_VM_INFO, (host_info_t)&narrow, &count), KERN_SUCCESS);
    ck_assert_uint_eq(narrow.active_count, 3);
    count = HOST_VM_INFO_REV0_COUNT;
    ck_assert_int_eq(host_statistics(host, HOST_VM_INFO, (host_info_t)&narrow, &count), KERN_SUCCESS);
    ck_assert_uint_eq(count, HOST_VM_INFO_REV0_COUNT);
    count--;
    ck_assert_int_eq(host_statistics(host, HOST_VM_INFO, (host_info_t)&narrow, &count), KERN_FAILURE);
    ck_assert_int_eq(host_statistics(host, HOST_CPU_LOAD_INFO, (host_info_t)&narrow, &count), KERN_NOT_SUPPORTED);
    ck_assert_int_eq(host_statistics(host, 99, (host_info_t)&narrow, &count), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(host_statistics64(self(), HOST_VM_INFO64, (host_info64_t)&wide, &count), KERN_INVALID_ARGUMENT);
}
END_TEST

START_TEST(advice_and_attributes_are_checked)
{
    const mach_vm_address_t at = allocate(2 * PAGE);
    vm_machine_attribute_val_t value = MATTR_VAL_CACHE_SYNC;

    ck_assert_int_eq(mach_vm_behavior_set(self(), at, 2 * PAGE, VM_BEHAVIOR_SEQUENTIAL), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_behavior_set(self(), at, 3 * PAGE, VM_BEHAVIOR_SEQUENTIAL), KERN_INVALID_ADDRESS);
    ck_assert_int_eq(mach_vm_inherit(self(), at, PAGE, VM_INHERIT_NONE), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_inherit(self(), at, PAGE, 9), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(mach_vm_machine_attribute(self(), at, PAGE, MATTR_CACHE, &value), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_machine_attribute(self(), at, 3 * PAGE, MATTR_CACHE, &value), KERN_INVALID_ADDRESS);
    ck_assert_int_eq(mach_vm_machine_attribute(self(), at, PAGE, MATTR_MIGRATE, &value), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(mach_vm_msync(self(), at, PAGE, VM_SYNC_SYNCHRONOUS), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_msync(self(), at, 3 * PAGE, VM_SYNC_SYNCHRONOUS | VM_SYNC_CONTIGUOUS), KERN_INVALID_ADDRESS);
    ck_assert_int_eq(mach_vm_msync(self(), at, PAGE, VM_SYNC_SYNCHRONOUS | VM_SYNC_ASYNCHRONOUS), KERN_INVALID_ARGUMENT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mach_vm");
    const TTest *const tests[] = {
        memory_is_allocated_in_whole_pages_anywhere_or_where_wanted,
        sizes_and_flags_that_make_no_sense_are_refused,
        memory_is_mapped_with_the_rights_that_are_asked_for,
        another_tasks_memory_is_read_and_written_through_its_port,
        memory_is_shared_with_another_task_or_copied,
        a_second_place_has_the_rights_that_are_asked_for,
        bytes_are_copied_from_anywhere_to_anywhere,
        memory_with_a_name_is_mapped_by_whoever_has_the_right,
        a_name_gives_no_more_than_its_memory_and_its_parent,
        a_name_may_be_of_new_memory_or_of_a_copy,
        a_named_entry_goes_with_its_last_right,
        regions_are_described,
        regions_without_submaps_are_described_recursively,
        pages_are_told_of,
        the_host_counts_pages,
        advice_and_attributes_are_checked,
    };

    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        add_test(suite, tests[i], harness_start, harness_stop, 20);
    return run_suite(suite);
}
