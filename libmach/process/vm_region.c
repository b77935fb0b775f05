/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_region.c - what is mapped in tasks that are processes, as far as the host tells.  Maximum protection and
 * inheritance are not among that: all is allowed, and fork copies.
 */
#include <string.h>

#include "libmach/process/process.h"

static unsigned char share_mode(const struct mach_os_region *region)
{
    if (region->shared)
        return SM_SHARED;
    return region->resident == 0 ? SM_EMPTY : region->shared_pages > 0 ? SM_COW : SM_PRIVATE;
}

/* Each writes its structure to `info`, and gives its words; 0: there is no room for so many. */
typedef mach_msg_type_number_t describe_t(const struct mach_os_region *region, int *info, mach_msg_type_number_t room);

#define WORDS(structure) ((mach_msg_type_number_t)(sizeof(structure) / sizeof(int)))
#define GIVE(structure, info, room)                                                                                    \
    ((room) < WORDS(structure) ? 0 : (memcpy(info, &(structure), sizeof(structure)), WORDS(structure)))

static mach_msg_type_number_t basic_64(const struct mach_os_region *region, int *info, mach_msg_type_number_t room)
{
    const vm_region_basic_info_data_64_t basic = {
        .protection = region->protection,
        .max_protection = VM_PROT_ALL,
        .inheritance = region->shared ? VM_INHERIT_SHARE : VM_INHERIT_COPY,
        .shared = region->shared,
        .offset = region->offset,
    };

    return GIVE(basic, info, room);
}

static mach_msg_type_number_t basic(const struct mach_os_region *region, int *info, mach_msg_type_number_t room)
{
    const vm_region_basic_info_data_t basic = {
        .protection = region->protection,
        .max_protection = VM_PROT_ALL,
        .inheritance = region->shared ? VM_INHERIT_SHARE : VM_INHERIT_COPY,
        .shared = region->shared,
        .offset = (uint32_t)region->offset,
    };

    return GIVE(basic, info, room);
}

static mach_msg_type_number_t extended(const struct mach_os_region *region, int *info, mach_msg_type_number_t room)
{
    const vm_region_extended_info_data_t extended = {
        .protection = region->protection,
        .pages_resident = (unsigned)region->resident,
        .pages_swapped_out = (unsigned)region->swapped,
        .pages_dirtied = (unsigned)region->dirty,
        .ref_count = 1,
        .share_mode = share_mode(region),
    };

    return GIVE(extended, info, room);
}

static mach_msg_type_number_t top(const struct mach_os_region *region, int *info, mach_msg_type_number_t room)
{
    const vm_region_top_info_data_t top = {
        .ref_count = 1,
        .private_pages_resident = (unsigned)(region->resident - region->shared_pages),
        .shared_pages_resident = (unsigned)region->shared_pages,
        .share_mode = share_mode(region),
    };

    return GIVE(top, info, room);
}

static mach_msg_type_number_t submap_64(const struct mach_os_region *region, int *info, mach_msg_type_number_t room)
{
    const vm_region_submap_info_data_64_t whole = {
        .protection = region->protection,
        .max_protection = VM_PROT_ALL,
        .inheritance = region->shared ? VM_INHERIT_SHARE : VM_INHERIT_COPY,
        .offset = region->offset,
        .pages_resident = (unsigned)region->resident,
        .pages_swapped_out = (unsigned)region->swapped,
        .pages_dirtied = (unsigned)region->dirty,
        .ref_count = 1,
        .share_mode = share_mode(region),
    };
    const vm_region_submap_short_info_data_64_t few = {
        .protection = whole.protection,
        .max_protection = whole.max_protection,
        .inheritance = whole.inheritance,
        .offset = whole.offset,
        .ref_count = whole.ref_count,
        .share_mode = whole.share_mode,
    };

    if (room < VM_REGION_SUBMAP_INFO_V0_COUNT_64)
        return GIVE(few, info, room);
    room = room < VM_REGION_SUBMAP_INFO_COUNT_64 ? VM_REGION_SUBMAP_INFO_V0_COUNT_64 : VM_REGION_SUBMAP_INFO_COUNT_64;
    memcpy(info, &whole, room * sizeof *info);
    return room;
}

static kern_return_t describe(vm_map_read_t task, mach_vm_address_t *address, mach_vm_size_t *size, bool pages,
                              describe_t *function, int *info, mach_msg_type_number_t *count)
{
    struct mach_os_region region;
    int process;
    const kern_return_t result = process_of(task, &process);

    if (result != KERN_SUCCESS)
        return result;
    if (!mach_os_region(process, *address, pages, &region))
        return mach_os_region(process, 0, false, &region) ? KERN_INVALID_ADDRESS : KERN_NO_ACCESS;
    const mach_msg_type_number_t words = function(&region, info, *count);

    if (words == 0)
        return KERN_INVALID_ARGUMENT;
    *count = words;
    *address = region.start;
    *size = region.end - region.start;
    return KERN_SUCCESS;
}

kern_return_t mach_vm_region(vm_map_read_t task, mach_vm_address_t *address, mach_vm_size_t *size,
                             vm_region_flavor_t flavor, vm_region_info_t info, mach_msg_type_number_t *count,
                             memory_object_name_t *object)
{
    *object = MACH_PORT_NULL;
    switch (flavor) {
    case VM_REGION_BASIC_INFO_64: return describe(task, address, size, false, basic_64, info, count);
    case VM_REGION_BASIC_INFO: return describe(task, address, size, false, basic, info, count);
    case VM_REGION_EXTENDED_INFO: return describe(task, address, size, true, extended, info, count);
    case VM_REGION_TOP_INFO: return describe(task, address, size, true, top, info, count);
    default: return KERN_INVALID_ARGUMENT;
    }
}

kern_return_t mach_vm_region_recurse(vm_map_read_t task, mach_vm_address_t *address, mach_vm_size_t *size,
                                     natural_t *depth, vm_region_recurse_info_t info, mach_msg_type_number_t *count)
{
    *depth = 0; /* there are no maps in maps */
    return describe(task, address, size, true, submap_64, info, count);
}

kern_return_t mach_vm_page_query(vm_map_read_t task, mach_vm_offset_t address, integer_t *disposition, integer_t *refs)
{
    struct mach_os_region region;
    int process;
    const kern_return_t result = process_of(task, &process);

    if (result != KERN_SUCCESS)
        return result;
    if (!mach_os_region(process, address, false, &region) || region.start > address)
        return KERN_INVALID_ADDRESS;
    const enum mach_os_page page = mach_os_page(process, address);

    *disposition = page == MACH_OS_PAGE_PRESENT   ? VM_PAGE_QUERY_PAGE_PRESENT
                   : page == MACH_OS_PAGE_SWAPPED ? VM_PAGE_QUERY_PAGE_PAGED_OUT
                                                  : 0;
    *refs = 1;
    return KERN_SUCCESS;
}
