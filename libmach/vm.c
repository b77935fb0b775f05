/* SPDX-License-Identifier: BSD-2-Clause */
/* vm.c - memory of the calling task: whole pages, by the host's mmap.  Of other tasks: KERN_NOT_SUPPORTED yet. */
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>

#include <mach/mach.h>
#include <mach/mach_vm.h>

kern_return_t mach_vm_allocate(vm_map_t task, mach_vm_address_t *address, mach_vm_size_t size, int flags)
{
    if (task != mach_task_self())
        return KERN_NOT_SUPPORTED;
    if (size == 0) {
        *address = 0;
        return KERN_SUCCESS;
    }
    if (size > UINT64_MAX - vm_page_size)
        return KERN_INVALID_ARGUMENT;
    const bool anywhere = (flags & VM_FLAGS_ANYWHERE) != 0;
    void *wanted = anywhere ? NULL : (void *)trunc_page(*address);
    /* A place that is wanted is only a hint to the host, which takes it if it is free. */
    void *map = mmap(wanted, round_page(size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (map == MAP_FAILED)
        return KERN_NO_SPACE;
    if (!anywhere && map != wanted) {
        munmap(map, round_page(size));
        return KERN_NO_SPACE;
    }
    *address = (mach_vm_address_t)map;
    return KERN_SUCCESS;
}

kern_return_t mach_vm_deallocate(vm_map_t task, mach_vm_address_t address, mach_vm_size_t size)
{
    if (task != mach_task_self())
        return KERN_NOT_SUPPORTED;
    if (size == 0)
        return KERN_SUCCESS;
    if (size > UINT64_MAX - address || address + size > UINT64_MAX - vm_page_size)
        return KERN_INVALID_ARGUMENT;
    const mach_vm_address_t start = trunc_page(address);

    return munmap((void *)start, round_page(address + size) - start) == 0 ? KERN_SUCCESS : KERN_INVALID_ADDRESS;
}

kern_return_t vm_allocate(vm_map_t task, vm_address_t *address, vm_size_t size, int flags)
{
    mach_vm_address_t at = *address;
    kern_return_t result = mach_vm_allocate(task, &at, size, flags);

    *address = (vm_address_t)at;
    return result;
}

kern_return_t vm_deallocate(vm_map_t task, vm_address_t address, vm_size_t size)
{
    return mach_vm_deallocate(task, address, size);
}

void mig_allocate(vm_address_t *address, vm_size_t size)
{
    if (vm_allocate(mach_task_self(), address, size, VM_FLAGS_ANYWHERE) != KERN_SUCCESS)
        *address = 0;
}

void mig_deallocate(vm_address_t address, vm_size_t size)
{
    (void)vm_deallocate(mach_task_self(), address, size);
}
