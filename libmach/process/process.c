/* SPDX-License-Identifier: BSD-2-Clause */
/* process.c - tasks, their processes and what these have mapped: see process.h. */
#include "libmach/process/process.h"

#include <unistd.h>

#include "libmach/process/agent.h"
#include "libmach/process/managed.h"
#include "libmach/process/objects.h"
#include "libmach/ring/ring.h"

void process_prepare(void)
{
    objects_watch_forks();
    managed_watch_forks();
    agent_watch();
}

kern_return_t process_of(vm_map_read_t task, int *process)
{
    const uint64_t arguments[] = {task};
    uint64_t result, out = 0;

    *process = getpid();
    if (task == mach_task_self())
        return KERN_SUCCESS;
    if (!ring_simple_trap(WIRE_TRAP_TASK_PROCESS, arguments, 1, &result, &out))
        return KERN_INVALID_ARGUMENT;
    *process = (int)out;
    return (kern_return_t)result;
}

kern_return_t process_region(int process, uint64_t address, bool pages, struct mach_os_region *region)
{
    if (mach_os_region(process, address, pages, region))
        return KERN_SUCCESS;
    return mach_os_region(process, 0, false, region) ? KERN_INVALID_ADDRESS : KERN_NO_ACCESS;
}

kern_return_t process_check(int process, uint64_t address, uint64_t size, vm_prot_t protection)
{
    struct mach_os_region region;

    for (uint64_t at = address; at < address + size; at = region.end) {
        const kern_return_t result = process_region(process, at, false, &region);

        if (result != KERN_SUCCESS)
            return result;
        if (region.start > at)
            return KERN_INVALID_ADDRESS;
        if (protection & ~region.protection)
            return KERN_PROTECTION_FAILURE;
    }
    return KERN_SUCCESS;
}
