/* SPDX-License-Identifier: BSD-2-Clause */
/* test_vm.c - memory of tasks that are processes: the caller's own, and another's through its port. */
#include "../suite.h"

#include <mach/mach.h>
#include <mach/mach_vm.h>
#include <mach/mig_errors.h>
#include <mach/vm_map.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE ((mach_vm_size_t)vm_page_size)
#define SELF mach_task_self()

static unsigned char *allocate(mach_vm_size_t size)
{
    mach_vm_address_t address = 0;

    ck_assert_int_eq(mach_vm_allocate(SELF, &address, size, VM_FLAGS_ANYWHERE), KERN_SUCCESS);
    return (unsigned char *)address;
}

static mach_vm_address_t at(const void *memory)
{
    return (mach_vm_address_t)(uintptr_t)memory;
}

/* A process that waits, with what memory this one has, and a right to its task; a deaf one keeps SIGURG out. */
static pid_t waiting_process(mach_port_t *task, bool deaf)
{
    int ends[2];
    char byte;
    sigset_t set;

    ck_assert_int_eq(pipe(ends), 0);
    pid_t pid = fork();

    if (pid == 0) {
        (void)mach_init();
        sigemptyset(&set);
        sigaddset(&set, SIGURG);
        sigprocmask(deaf ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
        (void)!write(ends[1], "r", 1);
        for (;;)
            pause();
    }
    ck_assert_int_eq((int)read(ends[0], &byte, 1), 1);
    ck_assert_int_eq(task_for_pid(SELF, pid, task), KERN_SUCCESS);
    close(ends[0]);
    close(ends[1]);
    return pid;
}

static pid_t other_process(mach_port_t *task)
{
    return waiting_process(task, false);
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static vm_prot_t protection_of(mach_port_t task, mach_vm_address_t address)
{
    vm_region_basic_info_data_64_t info;
    mach_msg_type_number_t count = VM_REGION_BASIC_INFO_COUNT_64;
    mach_port_t object;
    mach_vm_size_t size;

    ck_assert_int_eq(mach_vm_region(task, &address, &size, VM_REGION_BASIC_INFO_64, (vm_region_info_t)&info, &count,
                                    &object), KERN_SUCCESS);
    return info.protection;
}

/* ---- one's own ------------------------------------------------------------------------------------- */

START_TEST(memory_is_allocated_anywhere_or_where_wanted)
{
    unsigned char *memory = allocate(3 * PAGE);
    mach_vm_address_t wanted = at(memory + PAGE);

    memory[2 * PAGE] = 1;
    ck_assert_int_eq(mach_vm_allocate(SELF, &wanted, PAGE, VM_FLAGS_FIXED), KERN_NO_SPACE);
    ck_assert_int_eq(mach_vm_deallocate(SELF, wanted, PAGE), KERN_SUCCESS);
    wanted += 7;
    ck_assert_int_eq(mach_vm_allocate(SELF, &wanted, PAGE - 7, VM_FLAGS_FIXED), KERN_SUCCESS);
    ck_assert_uint_eq(wanted, at(memory + PAGE));
    memory[PAGE] = 5;
    ck_assert_int_eq(mach_vm_allocate(SELF, &wanted, PAGE, VM_FLAGS_FIXED | VM_FLAGS_OVERWRITE), KERN_SUCCESS);
    ck_assert_int_eq(memory[PAGE], 0);
    ck_assert_int_eq(memory[2 * PAGE], 1);
    ck_assert_int_eq(mach_vm_allocate(SELF, &wanted, UINT64_MAX, VM_FLAGS_ANYWHERE), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(mach_vm_allocate(SELF, &wanted, (uint64_t)1 << 60, VM_FLAGS_ANYWHERE), KERN_NO_SPACE);
    ck_assert_int_eq(mach_vm_allocate(SELF, &wanted, PAGE, 0x00800000), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(mach_vm_deallocate(SELF, at(memory), 3 * PAGE), KERN_SUCCESS);
}
END_TEST

START_TEST(memory_is_mapped_on_the_boundary_that_is_asked_for)
{
    mach_vm_address_t address = 0;

    ck_assert_int_eq(mach_vm_map(SELF, &address, 5 * PAGE, 0xfffff, VM_FLAGS_ANYWHERE, MACH_PORT_NULL, 0, FALSE,
                                 VM_PROT_READ, VM_PROT_ALL, VM_INHERIT_COPY), KERN_SUCCESS);
    ck_assert_uint_eq(address & 0xfffff, 0);
    ck_assert_int_eq(*(unsigned char *)(address + 5 * PAGE - 1), 0);
    ck_assert_int_eq(mach_vm_map(SELF, &address, PAGE, 0, VM_FLAGS_ANYWHERE, MACH_PORT_NULL, 0, FALSE, VM_PROT_ALL,
                                 VM_PROT_READ, VM_INHERIT_COPY), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(mach_vm_map(SELF, &address, PAGE, 0, VM_FLAGS_ANYWHERE, MACH_PORT_NULL, 0, FALSE, VM_PROT_READ,
                                 VM_PROT_READ, VM_INHERIT_COPY), KERN_NOT_SUPPORTED);
    ck_assert_int_eq(mach_vm_deallocate(SELF, address, 5 * PAGE), KERN_SUCCESS);
}
END_TEST

START_TEST(protection_changes_where_there_is_memory)
{
    unsigned char *memory = allocate(3 * PAGE);
    vm_region_basic_info_data_64_t info;
    mach_msg_type_number_t count = VM_REGION_BASIC_INFO_COUNT_64;
    mach_vm_address_t found = at(memory + PAGE);
    mach_vm_size_t size;
    mach_port_t object;

    ck_assert_int_eq(mach_vm_protect(SELF, at(memory + PAGE), 1, FALSE, VM_PROT_READ), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_region(SELF, &found, &size, VM_REGION_BASIC_INFO_64, (vm_region_info_t)&info, &count,
                                    &object), KERN_SUCCESS);
    ck_assert_uint_eq(found, at(memory + PAGE));
    ck_assert_uint_eq(size, PAGE);
    ck_assert_int_eq(info.protection, VM_PROT_READ);
    ck_assert_int_eq(mach_vm_deallocate(SELF, at(memory + 2 * PAGE), PAGE), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_protect(SELF, at(memory), 3 * PAGE, FALSE, VM_PROT_NONE), KERN_INVALID_ADDRESS);
    memory[0] = 1; /* nothing was changed */
    ck_assert_int_eq(mach_vm_protect(SELF, at(memory), PAGE, FALSE, 64), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(mach_vm_protect(SELF, at(memory), PAGE, TRUE, VM_PROT_READ), KERN_NOT_SUPPORTED);
    ck_assert_int_eq(mach_vm_protect(SELF, UINT64_MAX - 100, PAGE, FALSE, VM_PROT_READ), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(mach_vm_deallocate(SELF, at(memory), 2 * PAGE), KERN_SUCCESS);
}
END_TEST

START_TEST(a_child_does_not_get_what_is_not_inherited)
{
    unsigned char *memory = allocate(2 * PAGE);
    int status;

    ck_assert_int_eq(mach_vm_inherit(SELF, at(memory), PAGE, VM_INHERIT_NONE), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_inherit(SELF, at(memory + PAGE), PAGE, VM_INHERIT_SHARE), KERN_NOT_SUPPORTED);
    ck_assert_int_eq(mach_vm_inherit(SELF, at(memory), PAGE, 9), KERN_INVALID_ARGUMENT);
    pid_t pid = fork();

    if (pid == 0) {
        unsigned char byte;
        mach_vm_size_t done;

        if (mach_vm_read_overwrite(SELF, at(memory + PAGE), 1, at(&byte), &done) != KERN_SUCCESS)
            _exit(1);
        _exit(mach_vm_read_overwrite(SELF, at(memory), 1, at(&byte), &done) == KERN_INVALID_ADDRESS ? 0 : 2);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(mach_vm_inherit(SELF, at(memory), PAGE, VM_INHERIT_COPY), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_deallocate(SELF, at(memory), 2 * PAGE), KERN_SUCCESS);
}
END_TEST

START_TEST(bytes_are_copied_also_onto_themselves)
{
    unsigned char *memory = allocate(4 * PAGE);

    for (mach_vm_size_t i = 0; i < 2 * PAGE; i++)
        memory[i] = (unsigned char)(i * 3 + i / 256);
    ck_assert_int_eq(mach_vm_copy(SELF, at(memory), 2 * PAGE, at(memory + 2 * PAGE)), KERN_SUCCESS);
    ck_assert_mem_eq(memory, memory + 2 * PAGE, 2 * PAGE);
    ck_assert_int_eq(mach_vm_copy(SELF, at(memory), 2 * PAGE - 100, at(memory + 100)), KERN_SUCCESS);
    ck_assert_mem_eq(memory + 100, memory + 2 * PAGE, 2 * PAGE - 100);
    ck_assert_int_eq(mach_vm_protect(SELF, at(memory), PAGE, FALSE, VM_PROT_READ), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_copy(SELF, at(memory + PAGE), PAGE, at(memory)), KERN_PROTECTION_FAILURE);
    ck_assert_int_eq(mach_vm_copy(SELF, 0, PAGE, at(memory)), KERN_INVALID_ADDRESS);
    ck_assert_int_eq(mach_vm_deallocate(SELF, at(memory), 4 * PAGE), KERN_SUCCESS);
}
END_TEST

START_TEST(advice_and_writing_back_are_checked)
{
    unsigned char *memory = allocate(2 * PAGE);

    memory[0] = 1;
    ck_assert_int_eq(mach_vm_behavior_set(SELF, at(memory), PAGE, VM_BEHAVIOR_DONTNEED), KERN_SUCCESS);
    ck_assert_int_eq(memory[0], 1);
    ck_assert_int_eq(mach_vm_behavior_set(SELF, at(memory), PAGE, 99), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(mach_vm_msync(SELF, at(memory), PAGE, VM_SYNC_SYNCHRONOUS), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_msync(SELF, at(memory), PAGE, VM_SYNC_SYNCHRONOUS | VM_SYNC_ASYNCHRONOUS),
                     KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(mach_vm_deallocate(SELF, at(memory + PAGE), PAGE), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_msync(SELF, at(memory), 2 * PAGE, VM_SYNC_SYNCHRONOUS), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_msync(SELF, at(memory), 2 * PAGE, VM_SYNC_CONTIGUOUS), KERN_INVALID_ADDRESS);
    ck_assert_int_eq(mach_vm_behavior_set(SELF, at(memory), 2 * PAGE, VM_BEHAVIOR_DEFAULT), KERN_INVALID_ADDRESS);
    ck_assert_int_eq(mach_vm_deallocate(SELF, at(memory), PAGE), KERN_SUCCESS);
}
END_TEST

START_TEST(regions_are_found_with_what_their_pages_are)
{
    unsigned char *memory = allocate(8 * PAGE);
    vm_region_extended_info_data_t extended;
    vm_region_submap_info_data_64_t submap;
    mach_msg_type_number_t count = VM_REGION_EXTENDED_INFO_COUNT;
    mach_vm_address_t found = at(memory);
    mach_vm_size_t size;
    natural_t depth = 5;
    mach_port_t object;
    integer_t disposition, refs;

    memory[0] = memory[3 * PAGE] = 1;
    /* The kernel may have joined it with its neighbours: a different protection parts them. */
    ck_assert_int_eq(mach_vm_protect(SELF, at(memory), 8 * PAGE, FALSE, VM_PROT_READ), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_region(SELF, &found, &size, VM_REGION_EXTENDED_INFO, (vm_region_info_t)&extended, &count,
                                    &object), KERN_SUCCESS);
    ck_assert_uint_ge(extended.pages_resident, 2);
    ck_assert_int_eq(extended.protection, VM_PROT_READ);
    count = VM_REGION_EXTENDED_INFO_COUNT - 1;
    ck_assert_int_eq(mach_vm_region(SELF, &found, &size, VM_REGION_EXTENDED_INFO, (vm_region_info_t)&extended, &count,
                                    &object), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(mach_vm_region(SELF, &found, &size, 99, (vm_region_info_t)&extended, &count, &object),
                     KERN_INVALID_ARGUMENT);
    count = VM_REGION_SUBMAP_INFO_COUNT_64;
    ck_assert_int_eq(mach_vm_region_recurse(SELF, &found, &size, &depth, (vm_region_recurse_info_t)&submap, &count),
                     KERN_SUCCESS);
    ck_assert_uint_eq(depth, 0);
    ck_assert_uint_ge(submap.pages_resident, 2);
    ck_assert_int_eq(mach_vm_page_query(SELF, at(memory), &disposition, &refs), KERN_SUCCESS);
    ck_assert_int_ne(disposition, 0);
    ck_assert_int_eq(mach_vm_page_query(SELF, at(memory + 5 * PAGE), &disposition, &refs), KERN_SUCCESS);
    ck_assert_int_eq(disposition, 0);
    found = UINT64_MAX - PAGE;
    count = VM_REGION_EXTENDED_INFO_COUNT;
    ck_assert_int_eq(mach_vm_region(SELF, &found, &size, VM_REGION_EXTENDED_INFO, (vm_region_info_t)&extended, &count,
                                    &object), KERN_INVALID_ADDRESS);
    ck_assert_int_eq(mach_vm_deallocate(SELF, at(memory), 8 * PAGE), KERN_SUCCESS);
}
END_TEST

START_TEST(pages_of_a_range_are_told_one_by_one)
{
    unsigned char *memory = allocate(600 * PAGE);
    static int pages[600];
    mach_vm_size_t count = 600;

    memory[PAGE] = 1;
    memory[599 * PAGE] = 1;
    ck_assert_int_eq(mach_vm_page_range_query(SELF, at(memory), 600 * PAGE, at(pages), &count), KERN_SUCCESS);
    ck_assert_uint_eq(count, 600);
    for (int i = 0; i < 600; i++)
        ck_assert_int_eq(pages[i] & VM_PAGE_QUERY_PAGE_PRESENT, i == 1 || i == 599 ? VM_PAGE_QUERY_PAGE_PRESENT : 0);
    count = 2;
    ck_assert_int_eq(mach_vm_page_range_query(SELF, at(memory) + 5, 600 * PAGE, at(pages), &count), KERN_SUCCESS);
    ck_assert_uint_eq(count, 2);
    ck_assert_int_eq(mach_vm_page_range_query(SELF, at(memory), 0, at(pages), &count), KERN_SUCCESS);
    ck_assert_uint_eq(count, 0);
    count = 1;
    ck_assert_int_eq(mach_vm_page_range_query(SELF, UINT64_MAX - 5, PAGE, at(pages), &count), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(mach_vm_page_range_query(MACH_PORT_NULL, at(memory), PAGE, at(pages), &count), KERN_INVALID_ARGUMENT);
}
END_TEST

START_TEST(a_copy_has_the_rights_that_are_asked_for)
{
    unsigned char *memory = allocate(2 * PAGE);
    mach_vm_address_t copy = 0;
    vm_address_t native = 0;
    vm_prot_t protection = VM_PROT_READ, max = VM_PROT_ALL;

    memory[PAGE] = 3;
    ck_assert_int_eq(mach_vm_remap_new(SELF, &copy, 2 * PAGE, 0, VM_FLAGS_ANYWHERE, SELF, at(memory), TRUE, &protection,
                                       &max, VM_INHERIT_COPY), KERN_SUCCESS);
    ck_assert_int_eq(((unsigned char *)copy)[PAGE], 3);
    ck_assert_int_eq(protection_of(SELF, copy), VM_PROT_READ);
    ck_assert_int_eq(mach_vm_protect(SELF, at(memory), 2 * PAGE, FALSE, VM_PROT_READ), KERN_SUCCESS);
    protection = VM_PROT_DEFAULT;
    ck_assert_int_eq(vm_remap_new(SELF, &native, 2 * PAGE, 0, VM_FLAGS_ANYWHERE, SELF, (vm_address_t)memory, TRUE,
                                  &protection, &max, VM_INHERIT_COPY), KERN_PROTECTION_FAILURE);
    max = VM_PROT_READ;
    ck_assert_int_eq(vm_remap_new(SELF, &native, 2 * PAGE, 0, VM_FLAGS_ANYWHERE, SELF, (vm_address_t)memory, TRUE,
                                  &protection, &max, VM_INHERIT_COPY), KERN_INVALID_ARGUMENT);
}
END_TEST

START_TEST(the_older_form_of_regions_is_told_too)
{
    unsigned char *memory = allocate(3 * PAGE);
    vm_region_submap_info_data_t info;
    mach_msg_type_number_t count = VM_REGION_SUBMAP_INFO_COUNT;
    vm_address_t address = (vm_address_t)memory;
    vm_size_t size;
    natural_t depth = 9;

    ck_assert_int_eq(mach_vm_protect(SELF, at(memory), 3 * PAGE, FALSE, VM_PROT_READ), KERN_SUCCESS);
    ck_assert_int_eq(vm_region_recurse(SELF, &address, &size, &depth, (vm_region_recurse_info_t)&info, &count),
                     KERN_SUCCESS);
    ck_assert_int_eq(info.protection, VM_PROT_READ);
    ck_assert_uint_eq(depth, 0);
    ck_assert_uint_ge(size, 3 * PAGE);
    count = VM_REGION_SUBMAP_INFO_COUNT - 1;
    ck_assert_int_eq(vm_region_recurse(SELF, &address, &size, &depth, (vm_region_recurse_info_t)&info, &count),
                     KERN_INVALID_ARGUMENT);
}
END_TEST

/* ---- another's ------------------------------------------------------------------------------------- */

START_TEST(another_process_is_read_and_written_through_its_task_port)
{
    static unsigned char here[5000];
    unsigned char *memory = allocate(4 * PAGE);
    mach_msg_type_number_t count;
    mach_port_t task;
    vm_offset_t data;

    memset(memory, 7, 4 * PAGE);
    pid_t pid = other_process(&task);

    memset(memory, 8, 4 * PAGE);
    ck_assert_int_eq(mach_vm_read(task, at(memory + 10), 9000, &data, &count), KERN_SUCCESS);
    ck_assert_uint_eq(count, 9000);
    for (int i = 0; i < 9000; i++)
        ck_assert_int_eq(((unsigned char *)data)[i], 7);
    ck_assert_int_eq(mach_vm_deallocate(SELF, data, count), KERN_SUCCESS);
    memset(here, 9, sizeof here);
    ck_assert_int_eq(mach_vm_write(task, at(memory + 100), (vm_offset_t)here, sizeof here), KERN_SUCCESS);
    ck_assert_int_eq(memory[100], 8);
    ck_assert_int_eq(vm_read(task, (vm_address_t)memory + 99, 3, &data, &count), KERN_SUCCESS);
    ck_assert_int_eq(((unsigned char *)data)[0], 7);
    ck_assert_int_eq(((unsigned char *)data)[1], 9);
    ck_assert_int_eq(mach_vm_copy(task, at(memory + 100), 10, at(memory)), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_read(task, at(memory), 10, &data, &count), KERN_SUCCESS);
    ck_assert_int_eq(((unsigned char *)data)[9], 9);
    ck_assert_int_eq(mach_vm_read(task, 0, 10, &data, &count), KERN_INVALID_ADDRESS);
    ck_assert_int_eq(mach_vm_write(task, at("constant"), (vm_offset_t)here, 1), KERN_PROTECTION_FAILURE);
    end(pid);
    ck_assert_int_ne(mach_vm_read(task, at(memory), 10, &data, &count), KERN_SUCCESS);
}
END_TEST

START_TEST(lists_of_places_are_read_whole_or_not_at_all)
{
    unsigned char *memory = allocate(2 * PAGE);
    mach_vm_read_entry_t list = {{at(memory), 100}, {at(memory + PAGE), 200}};
    mach_port_t task;

    memset(memory, 3, 2 * PAGE);
    pid_t pid = other_process(&task);

    ck_assert_int_eq(mach_vm_read_list(task, list, 2), KERN_SUCCESS);
    ck_assert_int_eq(((unsigned char *)list[1].address)[199], 3);
    ck_assert_uint_ne(list[0].address, at(memory));
    list[1].address = 0;
    ck_assert_int_eq(mach_vm_read_list(task, list, 2), KERN_INVALID_ADDRESS);
    ck_assert_int_eq(mach_vm_read_list(task, list, 0), KERN_INVALID_ARGUMENT);
    end(pid);
}
END_TEST

START_TEST(another_process_shows_its_regions_and_gives_copies)
{
    unsigned char *memory = allocate(2 * PAGE);
    vm_region_basic_info_data_64_t info;
    mach_msg_type_number_t count = VM_REGION_BASIC_INFO_COUNT_64;
    mach_vm_address_t found = 0, copy = 0;
    mach_vm_size_t size;
    mach_port_t task, object;
    vm_prot_t protection, max;
    unsigned regions = 0;

    memset(memory, 6, 2 * PAGE);
    pid_t pid = other_process(&task);

    while (mach_vm_region(task, &found, &size, VM_REGION_BASIC_INFO_64, (vm_region_info_t)&info, &count, &object) ==
           KERN_SUCCESS) {
        found += size;
        regions++;
    }
    ck_assert_uint_gt(regions, 5); /* libc's own among them */
    ck_assert_int_eq(mach_vm_remap(SELF, &copy, 2 * PAGE, 0, VM_FLAGS_ANYWHERE, task, at(memory), TRUE, &protection,
                                   &max, VM_INHERIT_COPY), KERN_SUCCESS);
    ck_assert_int_eq(*(unsigned char *)copy, 6);
    ck_assert_int_eq(protection, VM_PROT_DEFAULT);
    ck_assert_int_eq(mach_vm_remap(SELF, &copy, PAGE, 0, VM_FLAGS_ANYWHERE, task, at(memory), FALSE, &protection, &max,
                                   VM_INHERIT_COPY), KERN_NOT_SUPPORTED);
    end(pid);
}
END_TEST

/* What the other has at an address; 0: it cannot be read there. */
static unsigned char byte_of(mach_port_t task, mach_vm_address_t address)
{
    mach_msg_type_number_t count;
    unsigned char byte = 0;
    vm_offset_t data;

    if (mach_vm_read(task, address, 1, &data, &count) == KERN_SUCCESS) {
        byte = *(unsigned char *)data;
        ck_assert_int_eq(mach_vm_deallocate(SELF, data, count), KERN_SUCCESS);
    }
    return byte;
}

START_TEST(another_process_has_memory_allocated_protected_and_deallocated)
{
    unsigned char *memory = allocate(2 * PAGE);
    mach_vm_address_t address = 0, large = 0, fixed = at(memory);
    unsigned char byte = 5;
    mach_port_t task;

    memset(memory, 6, 2 * PAGE);
    pid_t pid = other_process(&task);

    ck_assert_int_eq(mach_vm_allocate(task, &address, 3 * PAGE, VM_FLAGS_ANYWHERE), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_write(task, address + PAGE, (vm_offset_t)&byte, 1), KERN_SUCCESS);
    ck_assert_uint_eq(byte_of(task, address + PAGE), 5);
    ck_assert_int_eq(mach_vm_protect(task, address, PAGE, FALSE, VM_PROT_READ), KERN_SUCCESS);
    ck_assert_int_eq(protection_of(task, address), VM_PROT_READ);
    ck_assert_int_eq(mach_vm_write(task, address, (vm_offset_t)&byte, 1), KERN_PROTECTION_FAILURE);
    ck_assert_int_eq(mach_vm_deallocate(task, address, 3 * PAGE), KERN_SUCCESS);
    ck_assert_uint_eq(byte_of(task, address + PAGE), 0);
    ck_assert_int_eq(mach_vm_allocate(task, &large, 1 << 20, VM_FLAGS_ANYWHERE), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_inherit(task, large, 1 << 20, VM_INHERIT_NONE), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_deallocate(task, large, 1 << 20), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_deallocate(task, fixed, PAGE), KERN_SUCCESS); /* what it had from here */
    ck_assert_int_eq(mach_vm_map(task, &fixed, PAGE, 0, VM_FLAGS_FIXED, MACH_PORT_NULL, 0, FALSE, VM_PROT_READ,
                                 VM_PROT_ALL, VM_INHERIT_COPY), KERN_SUCCESS);
    ck_assert_uint_eq(fixed, at(memory));
    ck_assert_int_eq(protection_of(task, fixed), VM_PROT_READ);
    ck_assert_int_eq(memory[0], 6); /* and this one has */
    end(pid);
    ck_assert_int_ne(mach_vm_allocate(task, &address, PAGE, VM_FLAGS_ANYWHERE), KERN_SUCCESS);
}
END_TEST

START_TEST(what_is_asked_of_another_process_is_checked_there)
{
    mach_vm_address_t address = 0;
    mach_port_t task, name;
    pid_t pid = other_process(&task);

    ck_assert_int_eq(mach_vm_allocate(task, &address, UINT64_MAX, VM_FLAGS_ANYWHERE), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(mach_vm_allocate(task, &address, PAGE, 0x00080001), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(mach_vm_protect(task, 1 << 20, PAGE, FALSE, VM_PROT_READ), KERN_INVALID_ADDRESS);
    ck_assert_int_eq(mach_vm_inherit(task, 1 << 20, PAGE, 77), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(task_name_for_pid(SELF, pid, &name), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_allocate(name, &address, PAGE, VM_FLAGS_ANYWHERE), KERN_INVALID_ARGUMENT);
    end(pid);
}
END_TEST

START_TEST(another_process_gets_a_copy_of_memory)
{
    unsigned char *memory = allocate(2 * PAGE);
    mach_vm_address_t copy = 0;
    vm_prot_t protection, max;
    mach_port_t task;
    pid_t pid = other_process(&task);

    memset(memory, 9, 2 * PAGE);
    ck_assert_int_eq(mach_vm_remap(task, &copy, 2 * PAGE, 0, VM_FLAGS_ANYWHERE, SELF, at(memory), TRUE, &protection, &max,
                                   VM_INHERIT_COPY), KERN_SUCCESS);
    ck_assert_uint_eq(byte_of(task, copy + PAGE), 9);
    ck_assert_int_eq(protection, VM_PROT_DEFAULT);
    end(pid);
}
END_TEST

/* A process that makes calls of its own without end, in two threads, and keeps malloc busy. */
static void *work_without_end(void *unused)
{
    for (;;) {
        mach_vm_address_t address = 0;
        mach_port_t port;

        free(malloc(100));
        if (mach_port_allocate(SELF, MACH_PORT_RIGHT_RECEIVE, &port) != KERN_SUCCESS ||
            mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_RECEIVE, -1) != KERN_SUCCESS ||
            mach_vm_allocate(SELF, &address, 1 << 20, VM_FLAGS_ANYWHERE) != KERN_SUCCESS ||
            mach_vm_deallocate(SELF, address, 1 << 20) != KERN_SUCCESS)
            _exit(9);
    }
    return unused;
}

static pid_t busy_process(mach_port_t *task)
{
    pid_t pid = fork();
    pthread_t thread;

    if (pid == 0) {
        pthread_create(&thread, NULL, work_without_end, NULL);
        (void)work_without_end(NULL);
    }
    for (;;)
        if (task_for_pid(SELF, pid, task) == KERN_SUCCESS)
            return pid;
}

START_TEST(a_busy_process_does_what_is_asked_and_goes_on)
{
    mach_port_t task;
    pid_t pid = busy_process(&task);
    int status;

    for (int i = 0; i < 300; i++) {
        mach_vm_address_t address = 0;
        const mach_vm_size_t size = i % 2 ? PAGE : 1 << 20;

        ck_assert_int_eq(mach_vm_allocate(task, &address, size, VM_FLAGS_ANYWHERE), KERN_SUCCESS);
        ck_assert_int_eq(mach_vm_protect(task, address, PAGE, FALSE, VM_PROT_READ), KERN_SUCCESS);
        ck_assert_int_eq(mach_vm_deallocate(task, address, size), KERN_SUCCESS);
    }
    ck_assert_int_eq(waitpid(pid, &status, WNOHANG), 0);
    end(pid);
}
END_TEST

static volatile sig_atomic_t urgent;

static void count_urgent(int signal)
{
    (void)signal;
    urgent++;
}

START_TEST(a_process_that_does_not_listen_makes_no_one_wait_for_ever)
{
    mach_vm_address_t address = 0;
    mach_port_t task;
    pid_t pid = waiting_process(&task, true);

    ck_assert_int_eq(mach_vm_allocate(task, &address, PAGE, VM_FLAGS_ANYWHERE), MIG_SERVER_DIED);
    end(pid);
}
END_TEST

START_TEST(a_handler_that_was_there_before_gets_its_signals)
{
    const char *forks = getenv("CK_FORK");

    if (forks != NULL && strcmp(forks, "no") == 0)
        return; /* this process has made its first call long ago */
    mach_vm_address_t address = 0;
    mach_port_t task;
    int ends[2];
    char byte = 0;

    ck_assert_int_eq(pipe(ends), 0);
    pid_t pid = fork();

    if (pid == 0) {
        signal(SIGURG, count_urgent);
        (void)mach_init();
        (void)!write(ends[1], "r", 1);
        while (urgent == 0)
            usleep(1000);
        (void)!write(ends[1], urgent == 1 ? "1" : "2", 1);
        _exit(0);
    }
    ck_assert_int_eq((int)read(ends[0], &byte, 1), 1);
    ck_assert_int_eq(task_for_pid(SELF, pid, &task), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_allocate(task, &address, PAGE, VM_FLAGS_ANYWHERE), KERN_SUCCESS);
    kill(pid, SIGURG);
    ck_assert_int_eq((int)read(ends[0], &byte, 1), 1);
    ck_assert_int_eq(byte, '1');
    waitpid(pid, NULL, 0);
}
END_TEST

START_TEST(a_name_port_gives_no_memory)
{
    mach_msg_type_number_t count;
    mach_port_t task, name;
    vm_offset_t data;
    pid_t pid = other_process(&task);

    ck_assert_int_eq(task_name_for_pid(SELF, pid, &name), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_read(name, at(&pid), 1, &data, &count), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(mach_vm_read(MACH_PORT_NULL, at(&pid), 1, &data, &count), KERN_INVALID_ARGUMENT);
    ck_assert_int_eq(mach_vm_read(mach_host_self(), at(&pid), 1, &data, &count), KERN_INVALID_ARGUMENT);
    end(pid);
}
END_TEST

/* ---- large memory ---------------------------------------------------------------------------------- */

#define LARGE ((mach_vm_size_t)1 << 20)

typedef struct {
    mach_msg_header_t header;
    mach_msg_body_t body;
    mach_msg_ool_descriptor_t memory[2];
    mach_msg_max_trailer_t trailer;
} memory_message_t;

static mach_port_t new_port(void)
{
    mach_port_t port = MACH_PORT_NULL;

    ck_assert_int_eq(mach_port_allocate(SELF, MACH_PORT_RIGHT_RECEIVE, &port), KERN_SUCCESS);
    ck_assert_int_eq(mach_port_insert_right(SELF, port, port, MACH_MSG_TYPE_MAKE_SEND), KERN_SUCCESS);
    return port;
}

static mach_msg_ool_descriptor_t piece(void *memory, mach_vm_size_t size, bool deallocate)
{
    return (mach_msg_ool_descriptor_t){.address = memory,
                                       .size = (mach_msg_size_t)size,
                                       .deallocate = deallocate,
                                       .copy = MACH_MSG_VIRTUAL_COPY,
                                       .type = MACH_MSG_OOL_DESCRIPTOR};
}

static void send_pieces(mach_port_t port, mach_msg_ool_descriptor_t one, mach_msg_ool_descriptor_t other)
{
    memory_message_t message = {
        .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) | MACH_MSGH_BITS_COMPLEX,
                   .msgh_remote_port = port},
        .body = {.msgh_descriptor_count = 2},
        .memory = {one, other},
    };

    ck_assert_int_eq(mach_msg(&message.header, MACH_SEND_MSG, offsetof(memory_message_t, trailer), 0, 0, 0, 0),
                     MACH_MSG_SUCCESS);
}

static unsigned char *receive_pieces(mach_port_t port, unsigned char **other)
{
    static memory_message_t message;

    ck_assert_int_eq(mach_msg(&message.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof message, port, 0, 0),
                     MACH_MSG_SUCCESS);
    *other = message.memory[1].address;
    return message.memory[0].address;
}

static bool is_all(const unsigned char *memory, mach_vm_size_t size, int byte)
{
    for (mach_vm_size_t i = 0; i < size; i++)
        if (memory[i] != byte)
            return false;
    return true;
}

START_TEST(large_memory_in_a_message_is_a_true_copy_whoever_writes_first)
{
    unsigned char *memory = allocate(LARGE), *plain = allocate(PAGE), *got, *other, *again;
    mach_port_t port = new_port();

    memset(memory, 1, LARGE);
    memset(plain, 2, PAGE);
    send_pieces(port, piece(memory, LARGE, false), piece(plain, PAGE, false));
    memory[5] = 9;
    send_pieces(port, piece(memory + PAGE, LARGE - PAGE, false), piece(memory, 100, false));
    memset(memory, 3, LARGE);
    got = receive_pieces(port, &other);
    ck_assert(is_all(got, LARGE, 1));
    ck_assert(is_all(other, PAGE, 2));
    memset(got, 4, LARGE);
    ck_assert(is_all(memory, LARGE, 3));
    again = receive_pieces(port, &other);
    ck_assert(is_all(again, LARGE - PAGE, 1));
    ck_assert_int_eq(other[5], 9);
    ck_assert_int_eq(mach_vm_deallocate(SELF, at(got), LARGE), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_deallocate(SELF, at(again), LARGE - PAGE), KERN_SUCCESS);
    ck_assert_int_eq(mach_vm_deallocate(SELF, at(memory), LARGE), KERN_SUCCESS);
}
END_TEST

/* Whether what was at a place is there no more; something else may be by now. */
static bool is_gone(const unsigned char *memory, int former)
{
    mach_vm_size_t done;
    unsigned char byte = 0;

    return mach_vm_read_overwrite(SELF, at(memory), 1, at(&byte), &done) != KERN_SUCCESS || byte != former;
}

START_TEST(large_memory_that_is_sent_away_is_gone)
{
    unsigned char *memory = allocate(LARGE), *second = allocate(2 * LARGE), *got, *other;
    mach_port_t port = new_port();

    memset(memory, 121, LARGE);
    memset(second, 122, 2 * LARGE);
    send_pieces(port, piece(memory, LARGE, true), piece(second, 2 * LARGE, true));
    ck_assert(is_gone(memory, 121));
    ck_assert(is_gone(second, 122));
    got = receive_pieces(port, &other);
    ck_assert(is_all(got, LARGE, 121));
    ck_assert(is_all(other, 2 * LARGE, 122));
}
END_TEST

START_TEST(large_memory_is_copied_by_fork_or_shared_if_so_said)
{
    unsigned char *own = allocate(LARGE), *common = allocate(LARGE);
    int status;

    memset(own, 1, LARGE);
    memset(common, 1, LARGE);
    ck_assert_int_eq(mach_vm_inherit(SELF, at(common), LARGE, VM_INHERIT_SHARE), KERN_SUCCESS);
    pid_t pid = fork();

    if (pid == 0) {
        const bool fine = is_all(own, LARGE, 1) && is_all(common, LARGE, 1);

        memset(own, 2, LARGE);
        memset(common, 2, LARGE);
        _exit(fine ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert(is_all(own, LARGE, 1));
    ck_assert(is_all(common, LARGE, 2));
}
END_TEST

START_TEST(what_a_program_does_to_large_memory_itself_counts)
{
    unsigned char *replaced = allocate(LARGE), *limited = allocate(LARGE), *got, *other;
    mach_port_t port = new_port();

    memset(replaced, 1, LARGE);
    memset(limited, 1, LARGE);
    ck_assert_ptr_eq(mmap(replaced, LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
                     replaced);
    memset(replaced, 2, LARGE);
    ck_assert_int_eq(mprotect(limited + PAGE, PAGE, PROT_READ), 0);
    send_pieces(port, piece(replaced, LARGE, false), piece(limited, LARGE, false));
    got = receive_pieces(port, &other);
    ck_assert(is_all(got, LARGE, 2));
    ck_assert(is_all(other, LARGE, 1));
    ck_assert_int_eq(mach_vm_deallocate(SELF, at(replaced + PAGE), LARGE - PAGE), KERN_SUCCESS);
    ck_assert_int_eq(replaced[0], 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vm of processes");
    const TTest *const tests[] = {
        memory_is_allocated_anywhere_or_where_wanted,
        memory_is_mapped_on_the_boundary_that_is_asked_for,
        protection_changes_where_there_is_memory,
        a_child_does_not_get_what_is_not_inherited,
        bytes_are_copied_also_onto_themselves,
        advice_and_writing_back_are_checked,
        regions_are_found_with_what_their_pages_are,
        pages_of_a_range_are_told_one_by_one,
        a_copy_has_the_rights_that_are_asked_for,
        the_older_form_of_regions_is_told_too,
        another_process_is_read_and_written_through_its_task_port,
        lists_of_places_are_read_whole_or_not_at_all,
        another_process_shows_its_regions_and_gives_copies,
        another_process_has_memory_allocated_protected_and_deallocated,
        what_is_asked_of_another_process_is_checked_there,
        another_process_gets_a_copy_of_memory,
        a_busy_process_does_what_is_asked_and_goes_on,
        a_process_that_does_not_listen_makes_no_one_wait_for_ever,
        a_handler_that_was_there_before_gets_its_signals,
        a_name_port_gives_no_memory,
        large_memory_in_a_message_is_a_true_copy_whoever_writes_first,
        large_memory_that_is_sent_away_is_gone,
        large_memory_is_copied_by_fork_or_shared_if_so_said,
        what_a_program_does_to_large_memory_itself_counts,
    };

    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        add_test(suite, tests[i], NULL, NULL, 60);
    return run_suite(suite);
}
