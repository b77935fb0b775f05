/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_region.c - what is mapped in tasks that are processes, as far as the host tells, and the kernel of what it maps.
 * Maximum protection and inheritance the host does not tell: all is allowed, and fork copies.
 */
#include "libmach/process/managed.h"
#include "libmach/process/process.h"
#include "vm/vm_native.h"
#include "vm/vm_region_info.h"

static unsigned char share_mode(const struct mach_os_region *region)
{
    if (region->shared)
        return SM_SHARED;
    return region->resident == 0 ? SM_EMPTY : region->shared_pages > 0 ? SM_COW : SM_PRIVATE;
}

static struct vm_region_facts facts_of(const struct mach_os_region *region)
{
    return (struct vm_region_facts){
        .protection = region->protection,
        .max_protection = VM_PROT_ALL,
        .inheritance = region->shared ? VM_INHERIT_SHARE : VM_INHERIT_COPY,
        .behavior = VM_BEHAVIOR_DEFAULT,
        .shared = region->shared,
        .offset = region->offset,
        .resident = region->resident,
        .dirty = region->dirty,
        .swapped = region->swapped,
        .shared_pages = region->shared_pages,
        .refs = 1,
        .share_mode = share_mode(region),
    };
}

/* What a region was looked for with, and gets. */
struct query {
    vm_map_read_t task;
    mach_vm_address_t *address;
    mach_vm_size_t *size;
    vm_region_flavor_t flavor;
    int *info;
    mach_msg_type_number_t *count;
};

static kern_return_t ask_kernel(const struct query *query, mach_vm_address_t *at, mach_vm_size_t *size,
                                mach_msg_type_number_t *count)
{
    memory_object_name_t object = MACH_PORT_NULL;
    natural_t depth = 0;

    if (query->flavor == VM_REGION_SUBMAP_FLAVOR)
        return _kernelrpc_mach_vm_region_recurse(query->task, at, size, &depth, query->info, count);
    if (query->flavor == VM_REGION_SUBMAP_32_FLAVOR) {
        vm_address_t address = *at;
        vm_size_t bytes = 0;
        const kern_return_t result =
            _kernelrpc_vm_region_recurse(query->task, &address, &bytes, &depth, query->info, count);

        *at = address;
        *size = bytes;
        return result;
    }
    return _kernelrpc_mach_vm_region(query->task, at, size, query->flavor, query->info, count, &object);
}

/* What the kernel maps it knows more of than the host.  False: that is not its. */
static bool describe_managed(const struct query *query, const struct mach_os_region *region)
{
    const uint64_t start = region->start > *query->address ? region->start : *query->address;
    mach_msg_type_number_t count = *query->count;
    mach_vm_address_t at = start;
    mach_vm_size_t size;

    if (query->task == mach_task_self() && managed_part(region->start, region->end) == MANAGED_NONE)
        return false;
    if (ask_kernel(query, &at, &size, &count) != KERN_SUCCESS || at > start)
        return false;
    *query->address = at;
    *query->size = size;
    *query->count = count;
    return true;
}

static kern_return_t describe(const struct query *query)
{
    struct mach_os_region region;
    int process;
    kern_return_t result = process_of(query->task, &process);

    if (result == KERN_SUCCESS)
        result = process_region(process, *query->address, vm_region_has_pages(query->flavor), &region);
    if (result != KERN_SUCCESS || describe_managed(query, &region))
        return result;
    const struct vm_region_facts facts = facts_of(&region);

    if (!vm_region_describe(&facts, query->flavor, query->info, query->count))
        return KERN_INVALID_ARGUMENT;
    *query->address = region.start;
    *query->size = region.end - region.start;
    return KERN_SUCCESS;
}

kern_return_t mach_vm_region(vm_map_read_t task, mach_vm_address_t *address, mach_vm_size_t *size,
                             vm_region_flavor_t flavor, vm_region_info_t info, mach_msg_type_number_t *count,
                             memory_object_name_t *object)
{
    *object = MACH_PORT_NULL;
    if (!vm_region_is_flavor(flavor))
        return KERN_INVALID_ARGUMENT;
    return describe(&(struct query){task, address, size, flavor, info, count});
}

kern_return_t mach_vm_region_recurse(vm_map_read_t task, mach_vm_address_t *address, mach_vm_size_t *size,
                                     natural_t *depth, vm_region_recurse_info_t info, mach_msg_type_number_t *count)
{
    *depth = 0; /* there are no maps in maps */
    return describe(&(struct query){task, address, size, VM_REGION_SUBMAP_FLAVOR, info, count});
}

kern_return_t vm_region_recurse(vm_map_read_t task, vm_address_t *address, vm_size_t *size, natural_t *depth,
                                vm_region_recurse_info_t info, mach_msg_type_number_t *count)
{
    *depth = 0;
    WITH_RANGE(address, size, describe(&(struct query){task, &at, &bytes, VM_REGION_SUBMAP_32_FLAVOR, info, count}));
}

/* ---- pages ----------------------------------------------------------------------------------------- */

static int disposition_of(enum mach_os_page page)
{
    return page == MACH_OS_PAGE_PRESENT   ? VM_PAGE_QUERY_PAGE_PRESENT
           : page == MACH_OS_PAGE_SWAPPED ? VM_PAGE_QUERY_PAGE_PAGED_OUT
                                          : 0;
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
    enum mach_os_page page;

    mach_os_pages(process, address, 1, &page);
    *disposition = disposition_of(page);
    *refs = 1;
    return KERN_SUCCESS;
}

/* One for each page, as many as there is room for.  Where nothing is mapped it is 0. */
kern_return_t mach_vm_page_range_query(vm_map_read_t task, mach_vm_offset_t address, mach_vm_size_t size,
                                       mach_vm_address_t dispositions, mach_vm_size_t *count)
{
    int *out = (int *)dispositions;
    enum mach_os_page pages[256];
    int process;

    if (process_overflows(address, size))
        return KERN_INVALID_ARGUMENT;
    const kern_return_t result = process_of(task, &process);

    if (result != KERN_SUCCESS)
        return result;
    const uint64_t start = trunc_page(address), whole = (round_page(address + size) - start) / vm_page_size;

    if (size == 0 || *count > whole)
        *count = size == 0 ? 0 : whole;
    for (uint64_t done = 0; done < *count;) {
        const size_t some = *count - done < 256 ? (size_t)(*count - done) : 256;

        mach_os_pages(process, start + done * vm_page_size, some, pages);
        for (size_t i = 0; i < some; i++)
            out[done++] = disposition_of(pages[i]);
    }
    return KERN_SUCCESS;
}
