/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm.c - what is mapped in the calling task, and how: whole pages, by the host's calls.  For other tasks the kernel is
 * asked.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libmach/process/faults.h"
#include "libmach/process/managed.h"
#include "libmach/process/objects.h"
#include "libmach/process/process.h"

/* ---- mapping --------------------------------------------------------------------------------------- */

/* Zeroed memory at a place, with `over` in place of what is there.  KERN_NO_SPACE: there is no room. */
static kern_return_t map_at(uint64_t address, uint64_t size, int protection, bool over)
{
    const int place = over ? MAP_FIXED : 0; /* else the place is a hint, which the host takes if it is free */
    void *map = mmap((void *)address, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | place, -1, 0);

    if (map == MAP_FAILED)
        return address < vm_page_size ? KERN_INVALID_ADDRESS : KERN_NO_SPACE;
    if ((uint64_t)map == address)
        return KERN_SUCCESS;
    munmap(map, size);
    return KERN_NO_SPACE;
}

/* Zeroed memory somewhere, at an address without the bits of `mask`: more is mapped, and what is too much given back. */
static kern_return_t map_anywhere(uint64_t *address, uint64_t size, uint64_t mask, int protection)
{
    const uint64_t more = mask < vm_page_size ? 0 : mask + 1;

    if (more > UINT64_MAX - size || (mask & (mask + 1)) != 0)
        return mask & (mask + 1) ? KERN_NOT_SUPPORTED : KERN_NO_SPACE;
    void *map = mmap(NULL, size + more, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (map == MAP_FAILED)
        return KERN_NO_SPACE;
    *address = ((uint64_t)map + (more == 0 ? 0 : mask)) & ~(more == 0 ? 0 : mask);
    if (*address > (uint64_t)map)
        munmap(map, *address - (uint64_t)map);
    if ((uint64_t)map + size + more > *address + size)
        munmap((void *)(*address + size), (uint64_t)map + more - *address);
    return KERN_SUCCESS;
}

/* What is in a range is about to go. */
static void forget(uint64_t start, uint64_t end)
{
    object_forget(start, end, true);
    managed_forget(start, end);
}

/* The kernel keeps memory that may be purged: it comes under a name that is used once. */
static kern_return_t map_purgable(uint64_t address, uint64_t size, vm_prot_t protection, vm_prot_t max,
                                  vm_inherit_t inheritance)
{
    memory_object_size_t bytes = size;
    mach_port_t entry;
    kern_return_t result =
        mach_make_memory_entry_64(mach_task_self(), &bytes, 0, MAP_MEM_NAMED_CREATE | MAP_MEM_PURGABLE | VM_PROT_ALL,
                                  &entry, MACH_PORT_NULL);

    if (result != KERN_SUCCESS)
        return result;
    result = managed_map(address, size, entry, 0, FALSE, protection, max, inheritance);
    (void)mach_port_deallocate(mach_task_self(), entry);
    return result;
}

kern_return_t mach_vm_map(vm_map_t task, mach_vm_address_t *address, mach_vm_size_t size, mach_vm_offset_t mask,
                          int flags, mem_entry_name_port_t object, memory_object_offset_t offset, boolean_t copy,
                          vm_prot_t protection, vm_prot_t max, vm_inherit_t inheritance)
{
    if (task != mach_task_self())
        return _kernelrpc_mach_vm_map(task, address, size, mask, flags, object, offset, copy, protection, max,
                                      inheritance);
    const bool anywhere = flags & VM_FLAGS_ANYWHERE;
    const uint64_t at = trunc_page(*address);

    if (process_overflows(anywhere ? 0 : *address, size) || size == 0 ||
        ((unsigned)flags & ~(unsigned)VM_FLAGS_USER_MAP) || (protection & ~max) || (max & ~VM_PROT_ALL) ||
        inheritance > VM_INHERIT_NONE)
        return KERN_INVALID_ARGUMENT;
    const bool purgable = flags & VM_FLAGS_PURGABLE, managed = purgable || MACH_PORT_VALID(object);

    if (purgable && MACH_PORT_VALID(object))
        return KERN_INVALID_ARGUMENT;
    if (!managed && (max != VM_PROT_ALL || inheritance == VM_INHERIT_SHARE))
        return KERN_NOT_SUPPORTED; /* the host keeps no such limits */
    if (!anywhere && (at & mask) != 0)
        return KERN_INVALID_ADDRESS;
    const uint64_t whole = round_page((anywhere ? 0 : *address - at) + size);
    const int access = managed ? PROT_NONE : process_protection(protection);

    if ((flags & VM_FLAGS_OVERWRITE) && !anywhere)
        forget(at, at + whole);
    kern_return_t result = anywhere ? map_anywhere(address, whole, mask, access)
                                    : map_at(at, whole, access, flags & VM_FLAGS_OVERWRITE);

    if (result == KERN_SUCCESS && !anywhere)
        *address = at;
    if (result == KERN_SUCCESS && managed) {
        result = purgable ? map_purgable(*address, whole, protection, max, inheritance)
                          : managed_map(*address, whole, object, offset, copy, protection, max, inheritance);
        if (result != KERN_SUCCESS)
            munmap((void *)*address, whole);
        return result;
    }
    if (result == KERN_SUCCESS && inheritance == VM_INHERIT_NONE)
        (void)mach_os_inherit((void *)*address, whole, false);
    return result;
}

kern_return_t mach_vm_allocate(vm_map_t task, mach_vm_address_t *address, mach_vm_size_t size, int flags)
{
    if (task != mach_task_self())
        return _kernelrpc_mach_vm_allocate(task, address, size, flags);
    if ((unsigned)flags & ~(unsigned)VM_FLAGS_USER_ALLOCATE)
        return KERN_INVALID_ARGUMENT;
    if (size == 0) {
        *address = 0;
        return KERN_SUCCESS;
    }
    if ((flags & VM_FLAGS_ANYWHERE) && !(flags & VM_FLAGS_PURGABLE) && size >= OBJECT_SMALLEST && !process_overflows(0, size) &&
        object_allocate(round_page(size), address))
        return KERN_SUCCESS;
    return mach_vm_map(task, address, size, 0, flags, MACH_PORT_NULL, 0, FALSE, VM_PROT_DEFAULT, VM_PROT_ALL,
                       VM_INHERIT_DEFAULT);
}

kern_return_t mach_vm_deallocate(vm_map_t task, mach_vm_address_t address, mach_vm_size_t size)
{
    if (task != mach_task_self())
        return _kernelrpc_mach_vm_deallocate(task, address, size);
    if (process_overflows(address, size))
        return KERN_INVALID_ARGUMENT;
    if (size == 0)
        return KERN_SUCCESS;
    const uint64_t start = trunc_page(address), end = round_page(address + size);

    object_forget(start, end, true);
    const bool unmapped = managed_part(start, end) != MANAGED_NONE ? managed_unmap(start, end)
                                                                   : munmap((void *)start, end - start) == 0;

    return unmapped ? KERN_SUCCESS : KERN_INVALID_ADDRESS;
}

/* A copy of memory of this task's or another's.  The host shares private memory with no one. */
kern_return_t mach_vm_remap(vm_map_t task, mach_vm_address_t *address, mach_vm_size_t size, mach_vm_offset_t mask,
                            int flags, vm_map_t source, mach_vm_address_t from, boolean_t copy, vm_prot_t *protection,
                            vm_prot_t *max, vm_inherit_t inheritance)
{
    struct mach_os_region region;
    int process;

    if (task != mach_task_self() || !copy)
        return _kernelrpc_mach_vm_remap(task, address, size, mask, flags, source, from, copy, protection, max,
                                        inheritance);
    const uint64_t start = trunc_page(from);

    if (process_overflows(from, size) || size == 0)
        return KERN_INVALID_ARGUMENT;
    const uint64_t length = round_page(from + size) - start;
    kern_return_t result = process_of(source, &process);

    if (result == KERN_SUCCESS)
        result = process_check(process, start, length, VM_PROT_READ);
    if (result == KERN_SUCCESS)
        result = mach_vm_map(task, address, length, mask, flags, MACH_PORT_NULL, 0, FALSE,
                             VM_PROT_DEFAULT, VM_PROT_ALL, inheritance);
    if (result != KERN_SUCCESS)
        return result;
    if (!mach_os_read(process, start, (void *)*address, length) ||
        !mach_os_region(process, start, false, &region)) {
        (void)mach_vm_deallocate(task, *address, size);
        return KERN_INVALID_ADDRESS;
    }
    *protection = region.protection;
    *max = VM_PROT_ALL;
    return mach_vm_protect(task, *address, size, FALSE, region.protection);
}

/* The host keeps no maximum: it must be all. */
kern_return_t mach_vm_remap_new(vm_map_t task, mach_vm_address_t *address, mach_vm_size_t size, mach_vm_offset_t mask,
                                int flags, vm_map_read_t source, mach_vm_address_t from, boolean_t copy,
                                vm_prot_t *protection, vm_prot_t *max, vm_inherit_t inheritance)
{
    const vm_prot_t wanted = *protection;

    if (task != mach_task_self() || !copy)
        return _kernelrpc_mach_vm_remap_new(task, address, size, mask, flags, source, from, copy, protection, max,
                                            inheritance);
    if ((wanted & ~*max) || (*max & ~VM_PROT_ALL))
        return KERN_INVALID_ARGUMENT;
    if (*max != VM_PROT_ALL)
        return KERN_NOT_SUPPORTED;
    int process;
    kern_return_t result = process_overflows(from, size) ? KERN_INVALID_ARGUMENT : process_of(source, &process);

    if (result == KERN_SUCCESS)
        result = process_check(process, from, size, wanted);
    if (result == KERN_SUCCESS)
        result = mach_vm_remap(task, address, size, mask, flags, source, from, copy, protection, max, inheritance);
    *protection = wanted;
    return result == KERN_SUCCESS ? mach_vm_protect(task, *address, size, FALSE, wanted) : result;
}

/* ---- attributes ------------------------------------------------------------------------------------ */

/* The whole pages of a range of this task's, all of which must be there. */
static kern_return_t own_range(mach_vm_address_t address, mach_vm_size_t size, void **start, size_t *length)
{
    const uint64_t first = trunc_page(address);

    if (process_overflows(address, size))
        return KERN_INVALID_ARGUMENT;
    *start = (void *)first;
    *length = round_page(address + size) - first;
    return process_check(getpid(), first, *length, VM_PROT_NONE);
}

/* Whether the kernel has a range, or a part of it, mapped; of a part it cannot do what is done to all. */
static bool is_managed(const void *start, size_t length, kern_return_t *result)
{
    const enum managed_part part = managed_part((uint64_t)start, (uint64_t)start + length);

    *result = part == MANAGED_SOME ? KERN_NOT_SUPPORTED : KERN_SUCCESS;
    return part != MANAGED_NONE;
}

static vm_prot_t protection_at(uint64_t address)
{
    struct mach_os_region region;

    return mach_os_region(getpid(), address, false, &region) ? region.protection : VM_PROT_NONE;
}

kern_return_t mach_vm_protect(vm_map_t task, mach_vm_address_t address, mach_vm_size_t size, boolean_t maximum,
                              vm_prot_t protection)
{
    void *start;
    size_t length;

    if (task != mach_task_self())
        return _kernelrpc_mach_vm_protect(task, address, size, maximum, protection);
    if (protection & ~VM_PROT_ALL)
        return KERN_INVALID_ARGUMENT;
    kern_return_t result = own_range(address, size, &start, &length);

    if (result != KERN_SUCCESS || length == 0)
        return result;
    if (is_managed(start, length, &result)) {
        if (result == KERN_SUCCESS)
            result = _kernelrpc_mach_vm_protect(task, address, size, maximum, protection);
        if (result != KERN_SUCCESS || faults_by_signals())
            return result;
    } else if (maximum) {
        return KERN_NOT_SUPPORTED; /* the host keeps no limit */
    }
    if (maximum) /* no more than there is */
        protection &= protection_at((uint64_t)start);
    object_forget((uint64_t)start, (uint64_t)start + length, false);
    if (mprotect(start, length, process_protection(protection)) == 0)
        return KERN_SUCCESS;
    return errno == ENOMEM ? KERN_RESOURCE_SHORTAGE : KERN_PROTECTION_FAILURE;
}

kern_return_t mach_vm_inherit(vm_map_t task, mach_vm_address_t address, mach_vm_size_t size, vm_inherit_t inheritance)
{
    struct mach_os_region region;
    void *start;
    size_t length;

    if (task != mach_task_self())
        return _kernelrpc_mach_vm_inherit(task, address, size, inheritance);
    if (inheritance > VM_INHERIT_NONE)
        return KERN_INVALID_ARGUMENT;
    kern_return_t result = own_range(address, size, &start, &length);

    if (result != KERN_SUCCESS || length == 0)
        return result;
    if (is_managed(start, length, &result))
        return result != KERN_SUCCESS ? result : _kernelrpc_mach_vm_inherit(task, address, size, inheritance);
    if (inheritance != VM_INHERIT_NONE &&
        object_share((uint64_t)start, (uint64_t)start + length, inheritance == VM_INHERIT_SHARE))
        return mach_os_inherit(start, length, true) ? KERN_SUCCESS : KERN_INVALID_ADDRESS;
    /* What a child gets is a copy of private memory, and the same shared memory: the host knows no other way. */
    if (inheritance != VM_INHERIT_NONE &&
        (!mach_os_region(getpid(), (uint64_t)start, false, &region) ||
         region.shared != (inheritance == VM_INHERIT_SHARE)))
        return KERN_NOT_SUPPORTED;
    return mach_os_inherit(start, length, inheritance != VM_INHERIT_NONE) ? KERN_SUCCESS : KERN_INVALID_ADDRESS;
}

kern_return_t mach_vm_behavior_set(vm_map_t task, mach_vm_address_t address, mach_vm_size_t size,
                                   vm_behavior_t behavior)
{
    void *start;
    size_t length;

    if (task != mach_task_self())
        return _kernelrpc_mach_vm_behavior_set(task, address, size, behavior);
    kern_return_t result = own_range(address, size, &start, &length);

    if (result != KERN_SUCCESS || length == 0)
        return result;
    if (is_managed(start, length, &result))
        return result != KERN_SUCCESS ? result : _kernelrpc_mach_vm_behavior_set(task, address, size, behavior);
    return mach_os_advise(start, length, behavior) ? KERN_SUCCESS : KERN_INVALID_ARGUMENT;
}

/* Writes back what there is in a range, and passes over holes. */
static kern_return_t sync_regions(uint64_t start, uint64_t end, int how)
{
    struct mach_os_region region;

    for (uint64_t at = start; at < end && process_region(getpid(), at, false, &region) == KERN_SUCCESS; at = region.end) {
        const uint64_t from = region.start > at ? region.start : at, to = region.end < end ? region.end : end;

        if (from < to && msync((void *)from, to - from, how) < 0)
            return KERN_FAILURE;
    }
    return KERN_SUCCESS;
}

kern_return_t mach_vm_msync(vm_map_t task, mach_vm_address_t address, mach_vm_size_t size, vm_sync_t flags)
{
    const bool wait = flags & VM_SYNC_SYNCHRONOUS;
    void *start;
    size_t length;

    if (task != mach_task_self())
        return _kernelrpc_mach_vm_msync(task, address, size, flags);
    if (wait && (flags & VM_SYNC_ASYNCHRONOUS))
        return KERN_INVALID_ARGUMENT;
    const kern_return_t result = own_range(address, size, &start, &length);

    if (result != KERN_SUCCESS && (result != KERN_INVALID_ADDRESS || (flags & VM_SYNC_CONTIGUOUS)))
        return result;
    if (managed_part((uint64_t)start, (uint64_t)start + length) != MANAGED_NONE) {
        const kern_return_t managed = _kernelrpc_mach_vm_msync(task, address, size, flags & ~VM_SYNC_CONTIGUOUS);

        if (managed != KERN_SUCCESS)
            return managed;
    }
    return sync_regions((uint64_t)start, (uint64_t)start + length,
                        (wait ? MS_SYNC : MS_ASYNC) | (flags & VM_SYNC_INVALIDATE ? MS_INVALIDATE : 0));
}

/* ---- for stubs ------------------------------------------------------------------------------------- */

void mig_allocate(vm_address_t *address, vm_size_t size)
{
    if (vm_allocate(mach_task_self(), address, size, VM_FLAGS_ANYWHERE) != KERN_SUCCESS)
        *address = 0;
}

void mig_deallocate(vm_address_t address, vm_size_t size)
{
    (void)vm_deallocate(mach_task_self(), address, size);
}
