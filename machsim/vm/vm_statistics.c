/* SPDX-License-Identifier: BSD-2-Clause */
/* vm_statistics.c - counts of pages: host_statistics and host_statistics64, of which there are two flavors so far. */
#include "gen/kernel/mach_host_server.h"
#include "kern/string.h"
#include "vm/vm_map.h"

#include <mach/host_info.h>

static uint32_t capped(uint64_t count)
{
    return count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
}

static vm_statistics64_data_t count_pages(void)
{
    lock_acquire(&vm_lock);
    const struct vm_page_counts counts = vm_page_counts;
    const uint64_t free = hal_frames_free();

    lock_release(&vm_lock);
    return (vm_statistics64_data_t){
        .free_count = capped(free),
        .active_count = capped(counts.active),
        .inactive_count = capped(counts.inactive),
        .wire_count = capped(counts.wired),
        .zero_fill_count = counts.zero_filled,
        .faults = counts.faults,
        .cow_faults = counts.copied,
        .lookups = counts.lookups,
        .hits = counts.hits,
        .internal_page_count = capped(counts.active + counts.inactive + counts.wired),
    };
}

/* Whether statistics of a flavor are here: the others of XNU's are not built. */
static kern_return_t check_flavor(host_ref_t host, host_flavor_t flavor, host_flavor_t built)
{
    if (host == NULL || flavor < HOST_LOAD_INFO || flavor > HOST_EXPIRED_TASK_INFO)
        return KERN_INVALID_ARGUMENT;
    return flavor == built && vm_map_exists() ? KERN_SUCCESS : KERN_NOT_SUPPORTED;
}

/* Gives as much of a structure as some release of it had.  KERN_FAILURE: there is less room than the first needs. */
static kern_return_t give(const void *structure, mach_msg_type_number_t all, mach_msg_type_number_t least, integer_t *info,
                          mach_msg_type_number_t *count)
{
    if (*count < least)
        return KERN_FAILURE;
    *count = *count >= all ? all : least;
    memcpy(info, structure, *count * sizeof *info);
    return KERN_SUCCESS;
}

kern_return_t kernel_host_statistics64(host_ref_t host, host_flavor_t flavor, host_info64_t info,
                                       mach_msg_type_number_t *count)
{
    const kern_return_t result = check_flavor(host, flavor, HOST_VM_INFO64);

    if (result != KERN_SUCCESS)
        return result;
    const vm_statistics64_data_t wide = count_pages();

    return give(&wide, HOST_VM_INFO64_COUNT, HOST_VM_INFO64_REV0_COUNT, info, count);
}

kern_return_t kernel_host_statistics(host_ref_t host, host_flavor_t flavor, host_info_t info,
                                     mach_msg_type_number_t *count)
{
    const kern_return_t result = check_flavor(host, flavor, HOST_VM_INFO);

    if (result != KERN_SUCCESS)
        return result;
    const vm_statistics64_data_t wide = count_pages();
    const vm_statistics_data_t narrow = {
        .free_count = wide.free_count,
        .active_count = wide.active_count,
        .inactive_count = wide.inactive_count,
        .wire_count = wide.wire_count,
        .zero_fill_count = capped(wide.zero_fill_count),
        .faults = capped(wide.faults),
        .cow_faults = capped(wide.cow_faults),
        .lookups = capped(wide.lookups),
        .hits = capped(wide.hits),
    };

    return give(&narrow, HOST_VM_INFO_COUNT, HOST_VM_INFO_REV0_COUNT, info, count);
}
