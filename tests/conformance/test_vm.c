/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_vm.c - memory of a task: mach_vm.defs.  All bytes are written and read by calls, as not every target's test has the
 * memory that it asks the kernel for.
 */
#include "conformance.h"

#include <mach/vm_purgable.h>

#define PAGE ((mach_vm_size_t)vm_page_size)

static mach_vm_address_t allocate(unsigned pages)
{
    mach_vm_address_t address = 0;

    CHECK_SUCCESS(mach_vm_allocate(SELF, &address, pages * PAGE, VM_FLAGS_ANYWHERE));
    return address;
}

static void deallocate(mach_vm_address_t address, unsigned pages)
{
    CHECK_SUCCESS(mach_vm_deallocate(SELF, address, pages * PAGE));
}

static kern_return_t write_byte(mach_vm_address_t address, unsigned char byte)
{
    return mach_vm_write(SELF, address, (vm_offset_t)&byte, 1);
}

/* What is at an address; the result of the call, negative, if that cannot be read. */
static int byte_at(mach_vm_address_t address)
{
    mach_msg_type_number_t count;
    vm_offset_t data;
    const kern_return_t result = mach_vm_read(SELF, address, 1, &data, &count);

    if (result != KERN_SUCCESS)
        return -result;
    const int byte = *(const unsigned char *)data;

    CHECK_EQUAL(count, 1);
    CHECK_SUCCESS(vm_deallocate(SELF, data, count));
    return byte;
}

/* ---- mapping --------------------------------------------------------------------------------------- */

static void memory_is_zeroed_and_keeps_what_is_written(void)
{
    const mach_vm_address_t address = allocate(3);
    unsigned char bytes[3];
    mach_msg_type_number_t count;
    vm_offset_t data;

    CHECK_EQUAL(address % PAGE, 0);
    CHECK_EQUAL(byte_at(address), 0);
    CHECK_EQUAL(byte_at(address + 3 * PAGE - 1), 0);
    memset(bytes, 7, sizeof bytes);
    CHECK_SUCCESS(mach_vm_write(SELF, address + PAGE - 1, (vm_offset_t)bytes, sizeof bytes)); /* over the edge */
    CHECK_EQUAL(byte_at(address + PAGE - 2), 0);
    CHECK_EQUAL(byte_at(address + PAGE - 1), 7);
    CHECK_EQUAL(byte_at(address + PAGE + 1), 7);
    CHECK_EQUAL(byte_at(address + PAGE + 2), 0);
    CHECK_SUCCESS(mach_vm_read(SELF, address + 5, 2 * PAGE, &data, &count));
    CHECK_EQUAL(count, 2 * PAGE);
    CHECK_EQUAL(((const unsigned char *)data)[PAGE - 6], 7);
    CHECK_SUCCESS(vm_deallocate(SELF, data, count));
    deallocate(address, 3);
}

static void places_are_taken_once(void)
{
    mach_vm_address_t address = allocate(2), inside = address + PAGE + 1;

    CHECK_EQUAL(mach_vm_allocate(SELF, &inside, PAGE, VM_FLAGS_FIXED), KERN_NO_SPACE);
    CHECK_SUCCESS(write_byte(address + PAGE, 9));
    inside = address + PAGE;
    CHECK_SUCCESS(mach_vm_allocate(SELF, &inside, PAGE, VM_FLAGS_FIXED | VM_FLAGS_OVERWRITE));
    CHECK_EQUAL(inside, address + PAGE);
    CHECK_EQUAL(byte_at(inside), 0);
    deallocate(address + PAGE, 1);
    CHECK_EQUAL(byte_at(address), 0);
    CHECK_EQUAL(byte_at(address + PAGE), -KERN_INVALID_ADDRESS);
    inside = address + PAGE + 100; /* cut down to the page */
    CHECK_SUCCESS(mach_vm_allocate(SELF, &inside, 10, VM_FLAGS_FIXED));
    CHECK_EQUAL(inside, address + PAGE);
    deallocate(address, 2);
}

static void sizes_and_flags_are_checked(void)
{
    mach_vm_address_t address = 77;

    CHECK_SUCCESS(mach_vm_allocate(SELF, &address, 0, VM_FLAGS_ANYWHERE));
    CHECK_EQUAL(address, 0);
    CHECK_EQUAL(mach_vm_allocate(SELF, &address, UINT64_MAX - 10, VM_FLAGS_ANYWHERE), KERN_INVALID_ARGUMENT);
    CHECK_EQUAL(mach_vm_allocate(SELF, &address, PAGE, VM_FLAGS_ANYWHERE | 0x00080000), KERN_INVALID_ARGUMENT);
    CHECK_EQUAL(mach_vm_deallocate(SELF, UINT64_MAX - PAGE, 2 * PAGE), KERN_INVALID_ARGUMENT);
    CHECK_SUCCESS(mach_vm_deallocate(SELF, PAGE, 0));
    CHECK_EQUAL(mach_vm_map(SELF, &address, PAGE, 0, VM_FLAGS_ANYWHERE, MACH_PORT_NULL, 0, FALSE, VM_PROT_DEFAULT,
                            VM_PROT_READ, VM_INHERIT_COPY), KERN_INVALID_ARGUMENT);
    CHECK_EQUAL(mach_vm_map(SELF, &address, PAGE, 0, VM_FLAGS_ANYWHERE, MACH_PORT_NULL, 0, FALSE, VM_PROT_DEFAULT,
                            VM_PROT_ALL, 99), KERN_INVALID_ARGUMENT);
    CHECK_EQUAL(mach_vm_map(SELF, &address, 0, 0, VM_FLAGS_ANYWHERE, MACH_PORT_NULL, 0, FALSE, VM_PROT_DEFAULT,
                            VM_PROT_ALL, VM_INHERIT_COPY), KERN_INVALID_ARGUMENT);
}

static void a_mask_keeps_bits_of_the_place_clear(void)
{
    mach_vm_address_t address = 0;

    CHECK_SUCCESS(mach_vm_map(SELF, &address, 3 * PAGE, (64 << 10) - 1, VM_FLAGS_ANYWHERE, MACH_PORT_NULL, 0, FALSE,
                              VM_PROT_DEFAULT, VM_PROT_ALL, VM_INHERIT_COPY));
    CHECK_EQUAL(address & ((64 << 10) - 1), 0);
    CHECK_SUCCESS(write_byte(address + 3 * PAGE - 1, 1));
    deallocate(address, 3);
}

/* ---- attributes ------------------------------------------------------------------------------------ */

static void protection_is_kept(void)
{
    const mach_vm_address_t address = allocate(3);

    CHECK_SUCCESS(write_byte(address + PAGE, 5));
    CHECK_SUCCESS(mach_vm_protect(SELF, address + PAGE, PAGE, FALSE, VM_PROT_READ));
    CHECK_EQUAL(write_byte(address + PAGE, 6), KERN_PROTECTION_FAILURE);
    CHECK_EQUAL(byte_at(address + PAGE), 5);
    CHECK_SUCCESS(write_byte(address, 1));
    CHECK_SUCCESS(write_byte(address + 2 * PAGE, 1));
    CHECK_SUCCESS(mach_vm_protect(SELF, address + PAGE, PAGE, FALSE, VM_PROT_NONE));
    CHECK_EQUAL(byte_at(address + PAGE), -KERN_PROTECTION_FAILURE);
    CHECK_SUCCESS(mach_vm_protect(SELF, address + PAGE, PAGE, FALSE, VM_PROT_DEFAULT));
    CHECK_EQUAL(byte_at(address + PAGE), 5);
    CHECK_EQUAL(mach_vm_protect(SELF, address, PAGE, FALSE, 0x100), KERN_INVALID_ARGUMENT);
    CHECK_EQUAL(mach_vm_protect(SELF, UINT64_MAX - PAGE, 2 * PAGE, FALSE, VM_PROT_READ), KERN_INVALID_ARGUMENT);
    deallocate(address + PAGE, 1);
    CHECK_EQUAL(mach_vm_protect(SELF, address, 3 * PAGE, FALSE, VM_PROT_READ), KERN_INVALID_ADDRESS);
    CHECK_SUCCESS(mach_vm_protect(SELF, address, 0, FALSE, VM_PROT_READ));
    deallocate(address, 3);
}

static void nothing_is_written_unless_all_can_be(void)
{
    static unsigned char bytes[3 * 4096];
    const mach_vm_address_t address = allocate(3);

    memset(bytes, 8, sizeof bytes);
    CHECK_SUCCESS(mach_vm_protect(SELF, address + 2 * PAGE, PAGE, FALSE, VM_PROT_READ));
    CHECK_EQUAL(mach_vm_write(SELF, address, (vm_offset_t)bytes, sizeof bytes), KERN_PROTECTION_FAILURE);
    CHECK_EQUAL(byte_at(address), 0);
    deallocate(address + 2 * PAGE, 1);
    CHECK_EQUAL(mach_vm_write(SELF, address, (vm_offset_t)bytes, sizeof bytes), KERN_INVALID_ADDRESS);
    CHECK_EQUAL(byte_at(address), 0);
    deallocate(address, 2);
}

static void other_attributes_are_checked(void)
{
    const mach_vm_address_t address = allocate(2);

    CHECK_SUCCESS(mach_vm_inherit(SELF, address, PAGE, VM_INHERIT_NONE));
    CHECK_SUCCESS(mach_vm_inherit(SELF, address, PAGE, VM_INHERIT_COPY));
    CHECK_EQUAL(mach_vm_inherit(SELF, address, PAGE, 99), KERN_INVALID_ARGUMENT);
    CHECK_SUCCESS(mach_vm_behavior_set(SELF, address, 2 * PAGE, VM_BEHAVIOR_SEQUENTIAL));
    CHECK_EQUAL(mach_vm_behavior_set(SELF, address, PAGE, 77), KERN_INVALID_ARGUMENT);
    CHECK_SUCCESS(mach_vm_msync(SELF, address, 2 * PAGE, VM_SYNC_SYNCHRONOUS));
    CHECK_EQUAL(mach_vm_msync(SELF, address, PAGE, VM_SYNC_SYNCHRONOUS | VM_SYNC_ASYNCHRONOUS), KERN_INVALID_ARGUMENT);
    deallocate(address + PAGE, 1);
    CHECK_EQUAL(mach_vm_msync(SELF, address, 2 * PAGE, VM_SYNC_SYNCHRONOUS | VM_SYNC_CONTIGUOUS), KERN_INVALID_ADDRESS);
    deallocate(address, 1);
}

/* ---- bytes ----------------------------------------------------------------------------------------- */

static void bytes_are_copied_also_onto_themselves(void)
{
    const mach_vm_address_t address = allocate(5);

    for (unsigned i = 0; i < 4; i++)
        CHECK_SUCCESS(write_byte(address + i * PAGE, (unsigned char)(i + 1)));
    CHECK_SUCCESS(mach_vm_copy(SELF, address, 3 * PAGE, address + PAGE));
    CHECK_EQUAL(byte_at(address), 1);
    CHECK_EQUAL(byte_at(address + PAGE), 1);
    CHECK_EQUAL(byte_at(address + 3 * PAGE), 3);
    CHECK_SUCCESS(write_byte(address + PAGE, 50)); /* a copy, not the same */
    CHECK_EQUAL(byte_at(address), 1);
    CHECK_SUCCESS(mach_vm_protect(SELF, address + 2 * PAGE, PAGE, FALSE, VM_PROT_READ));
    CHECK_EQUAL(mach_vm_copy(SELF, address, PAGE, address + 2 * PAGE), KERN_PROTECTION_FAILURE);
    deallocate(address + 4 * PAGE, 1);
    CHECK_EQUAL(mach_vm_copy(SELF, address, 5 * PAGE, address), KERN_INVALID_ADDRESS);
    deallocate(address, 4);
}

static void what_is_read_is_a_copy(void)
{
    const mach_vm_address_t address = allocate(3);
    mach_msg_type_number_t count;
    vm_offset_t data;

    CHECK_SUCCESS(write_byte(address, 1));
    CHECK_SUCCESS(mach_vm_read(SELF, address, 2 * PAGE, &data, &count));
    CHECK_SUCCESS(write_byte(address, 2));
    CHECK_EQUAL(*(const unsigned char *)data, 1);
    *(unsigned char *)data = 3;
    CHECK_EQUAL(byte_at(address), 2);
    CHECK_SUCCESS(vm_deallocate(SELF, data, count));
    CHECK_EQUAL(mach_vm_read(SELF, UINT64_MAX - 5, 10, &data, &count), KERN_INVALID_ARGUMENT);
    deallocate(address + 2 * PAGE, 1);
    CHECK_EQUAL(mach_vm_read(SELF, address + PAGE, 2 * PAGE, &data, &count), KERN_INVALID_ADDRESS);
    deallocate(address, 2);
}

static void a_second_place_is_a_true_copy(void)
{
    const mach_vm_address_t address = allocate(3);
    mach_vm_address_t copy = 0;
    vm_prot_t protection = VM_PROT_NONE, max = VM_PROT_NONE;

    CHECK_SUCCESS(write_byte(address + PAGE, 4));
    CHECK_SUCCESS(mach_vm_remap(SELF, &copy, 2 * PAGE, 0, VM_FLAGS_ANYWHERE, SELF, address, TRUE, &protection, &max,
                                VM_INHERIT_COPY));
    CHECK_EQUAL(protection, VM_PROT_DEFAULT);
    CHECK_EQUAL(byte_at(copy + PAGE), 4);
    CHECK_SUCCESS(write_byte(copy + PAGE, 5));
    CHECK_EQUAL(byte_at(address + PAGE), 4);
    CHECK_SUCCESS(write_byte(address, 6));
    CHECK_EQUAL(byte_at(copy), 0);
    deallocate(copy, 2);
    deallocate(address + 2 * PAGE, 1);
    CHECK_EQUAL(mach_vm_remap(SELF, &copy, 3 * PAGE, 0, VM_FLAGS_ANYWHERE, SELF, address, TRUE, &protection, &max,
                              VM_INHERIT_COPY), KERN_INVALID_ADDRESS);
    deallocate(address, 2);
}

/* ---- what there is --------------------------------------------------------------------------------- */

static kern_return_t region_at(mach_vm_address_t *address, mach_vm_size_t *size, vm_prot_t *protection)
{
    vm_region_basic_info_data_64_t info;
    mach_msg_type_number_t count = VM_REGION_BASIC_INFO_COUNT_64;
    mach_port_t object;
    const kern_return_t result =
        mach_vm_region(SELF, address, size, VM_REGION_BASIC_INFO_64, (vm_region_info_t)&info, &count, &object);

    *protection = info.protection;
    return result;
}

static void regions_tell_where_they_are(void)
{
    const mach_vm_address_t address = allocate(3);
    mach_vm_address_t found = address + PAGE + 7;
    mach_vm_size_t size;
    vm_prot_t protection;
    mach_msg_type_number_t few = VM_REGION_BASIC_INFO_COUNT_64 - 1;
    mach_port_t object;
    int info[VM_REGION_BASIC_INFO_COUNT_64];

    CHECK_SUCCESS(mach_vm_protect(SELF, address + PAGE, PAGE, FALSE, VM_PROT_READ));
    CHECK_SUCCESS(region_at(&found, &size, &protection));
    CHECK_EQUAL(found, address + PAGE);
    CHECK_EQUAL(size, PAGE);
    CHECK_EQUAL(protection, VM_PROT_READ);
    deallocate(address + PAGE, 1);
    found = address + PAGE; /* a hole: the next one */
    CHECK_SUCCESS(region_at(&found, &size, &protection));
    CHECK_EQUAL(found, address + 2 * PAGE);
    found = address;
    CHECK_EQUAL(mach_vm_region(SELF, &found, &size, VM_REGION_BASIC_INFO_64, info, &few, &object), KERN_INVALID_ARGUMENT);
    CHECK_EQUAL(mach_vm_region(SELF, &found, &size, 1234, info, &few, &object), KERN_INVALID_ARGUMENT);
    deallocate(address, 3);
}

/* ---- names ----------------------------------------------------------------------------------------- */

static mach_vm_address_t map_entry(mach_port_t entry, unsigned pages, vm_prot_t protection)
{
    mach_vm_address_t address = 0;

    CHECK_SUCCESS(mach_vm_map(SELF, &address, pages * PAGE, 0, VM_FLAGS_ANYWHERE, entry, 0, FALSE, protection, protection,
                              VM_INHERIT_NONE));
    return address;
}

/* Not every host can map memory of the kernel's in its processes. */
static bool make_entry(unsigned pages, mach_port_t *entry)
{
    memory_object_size_t size = pages * PAGE;
    mach_vm_address_t address = 0;
    const kern_return_t can = mach_vm_allocate(SELF, &address, PAGE, VM_FLAGS_ANYWHERE | VM_FLAGS_PURGABLE);

    if (can == KERN_NOT_SUPPORTED)
        return false;
    CHECK_SUCCESS(can);
    deallocate(address, 1);
    CHECK_SUCCESS(mach_make_memory_entry_64(SELF, &size, 0, MAP_MEM_NAMED_CREATE | VM_PROT_DEFAULT, entry,
                                            MACH_PORT_NULL));
    CHECK_EQUAL(size, pages * PAGE);
    return true;
}

static void memory_with_a_name_is_shared_by_its_mappings(void)
{
    mach_vm_address_t again = 0;
    mach_port_t entry;

    if (!make_entry(2, &entry))
        return;
    const mach_vm_address_t one = map_entry(entry, 2, VM_PROT_DEFAULT), other = map_entry(entry, 2, VM_PROT_READ);

    CHECK_EQUAL(byte_at(other + PAGE), 0);
    CHECK_SUCCESS(write_byte(one + PAGE, 9));
    CHECK_EQUAL(byte_at(other + PAGE), 9);
    CHECK_EQUAL(write_byte(other + PAGE, 1), KERN_PROTECTION_FAILURE);
    CHECK_EQUAL(mach_vm_map(SELF, &again, 3 * PAGE, 0, VM_FLAGS_ANYWHERE, entry, 0, FALSE, VM_PROT_READ, VM_PROT_READ,
                            VM_INHERIT_NONE), KERN_INVALID_ARGUMENT);
    CHECK_SUCCESS(mach_port_deallocate(SELF, entry));
    CHECK_EQUAL(byte_at(other + PAGE), 9); /* it stays as long as it is mapped */
    deallocate(one, 2);
    CHECK_EQUAL(byte_at(other + PAGE), 9);
    deallocate(other, 2);
}

static void a_mapped_copy_is_of_what_there_was(void)
{
    mach_vm_address_t copy = 0;
    mach_port_t entry;

    if (!make_entry(2, &entry))
        return;
    const mach_vm_address_t shared = map_entry(entry, 2, VM_PROT_DEFAULT);

    CHECK_SUCCESS(write_byte(shared, 1));
    CHECK_SUCCESS(mach_vm_map(SELF, &copy, 2 * PAGE, 0, VM_FLAGS_ANYWHERE, entry, 0, TRUE, VM_PROT_DEFAULT, VM_PROT_ALL,
                              VM_INHERIT_NONE));
    CHECK_SUCCESS(write_byte(shared, 2));
    CHECK_EQUAL(byte_at(copy), 1);
    CHECK_SUCCESS(write_byte(copy + PAGE, 3));
    CHECK_EQUAL(byte_at(shared + PAGE), 0);
    deallocate(copy, 2);
    deallocate(shared, 2);
    CHECK_SUCCESS(mach_port_deallocate(SELF, entry));
}

static void purgable_memory_tells_its_state(void)
{
    mach_vm_address_t address = 0;
    int state = VM_PURGABLE_VOLATILE;
    const kern_return_t result = mach_vm_allocate(SELF, &address, PAGE, VM_FLAGS_ANYWHERE | VM_FLAGS_PURGABLE);

    if (result == KERN_NOT_SUPPORTED)
        return;
    CHECK_SUCCESS(result);
    CHECK_SUCCESS(write_byte(address, 1));
    CHECK_SUCCESS(mach_vm_purgable_control(SELF, address, VM_PURGABLE_SET_STATE, &state));
    CHECK_EQUAL(state & VM_PURGABLE_STATE_MASK, VM_PURGABLE_NONVOLATILE);
    CHECK_SUCCESS(mach_vm_purgable_control(SELF, address, VM_PURGABLE_GET_STATE, &state));
    CHECK_EQUAL(state & VM_PURGABLE_STATE_MASK, VM_PURGABLE_VOLATILE);
    state = VM_PURGABLE_NONVOLATILE;
    CHECK_SUCCESS(mach_vm_purgable_control(SELF, address, VM_PURGABLE_SET_STATE, &state));
    CHECK_EQUAL(byte_at(address), 1); /* no one was short of memory */
    CHECK_EQUAL(mach_vm_purgable_control(SELF, address, 99, &state), KERN_INVALID_ARGUMENT);
    deallocate(address, 1);
}

const struct conformance_test conformance_tests[] = {
    {"memory is zeroed and keeps what is written", memory_is_zeroed_and_keeps_what_is_written},
    {"places are taken once", places_are_taken_once},
    {"sizes and flags are checked", sizes_and_flags_are_checked},
    {"a mask keeps bits of the place clear", a_mask_keeps_bits_of_the_place_clear},
    {"protection is kept", protection_is_kept},
    {"nothing is written unless all can be", nothing_is_written_unless_all_can_be},
    {"other attributes are checked", other_attributes_are_checked},
    {"bytes are copied also onto themselves", bytes_are_copied_also_onto_themselves},
    {"what is read is a copy", what_is_read_is_a_copy},
    {"a second place is a true copy", a_second_place_is_a_true_copy},
    {"regions tell where they are", regions_tell_where_they_are},
    {"memory with a name is shared by its mappings", memory_with_a_name_is_shared_by_its_mappings},
    {"a mapped copy is of what there was", a_mapped_copy_is_of_what_there_was},
    {"purgable memory tells its state", purgable_memory_tells_its_state},
    {NULL, NULL},
};
