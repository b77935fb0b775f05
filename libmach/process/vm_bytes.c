/* SPDX-License-Identifier: BSD-2-Clause */
/* vm_bytes.c - bytes of tasks that are processes, from and to the caller's memory. */
#include <stdlib.h>
#include <string.h>

#include "libmach/process/process.h"

/* The number of a process that has ended may become another's: what was done with it counts if the task lives still. */
static kern_return_t still_is(vm_map_read_t task, int process)
{
    int now;
    const kern_return_t result = process_of(task, &now);

    return result == KERN_SUCCESS && now != process ? KERN_INVALID_ARGUMENT : result;
}

static kern_return_t read_managed(vm_map_read_t task, uint64_t address, uint64_t size, void *to)
{
    mach_msg_type_number_t count;
    vm_offset_t data;
    const kern_return_t result = _kernelrpc_mach_vm_read(task, address, size, &data, &count);

    if (result != KERN_SUCCESS)
        return result;
    memcpy(to, (const void *)data, size);
    return mach_vm_deallocate(mach_task_self(), data, count);
}

/* Why the host could not move bytes. */
static kern_return_t reason(int process, uint64_t address, uint64_t size, vm_prot_t protection)
{
    const kern_return_t result = process_check(process, address, size, protection);

    return result == KERN_SUCCESS ? KERN_NO_ACCESS : result;
}

/* Bytes that the host could not move may be in memory that the kernel maps: what came of asking it, if they are. */
static kern_return_t without_host(kern_return_t why, kern_return_t managed)
{
    return managed == KERN_NOT_SUPPORTED || managed == KERN_INVALID_ADDRESS ? why : managed;
}

kern_return_t mach_vm_read_overwrite(vm_map_read_t task, mach_vm_address_t address, mach_vm_size_t size,
                                     mach_vm_address_t data, mach_vm_size_t *out)
{
    int process;

    if (process_overflows(address, size) || process_overflows(data, size))
        return KERN_INVALID_ARGUMENT;
    kern_return_t result = process_of(task, &process);

    if (result != KERN_SUCCESS)
        return result;
    if (!mach_os_read(process, address, (void *)data, size)) {
        result = reason(process, address, size, VM_PROT_READ);
        result = without_host(result, read_managed(task, address, size, (void *)data));
        if (result != KERN_SUCCESS)
            return result;
    }
    *out = size;
    return still_is(task, process);
}

kern_return_t mach_vm_read(vm_map_read_t task, mach_vm_address_t address, mach_vm_size_t size, vm_offset_t *data,
                           mach_msg_type_number_t *count)
{
    mach_vm_address_t place = 0;
    mach_vm_size_t done;
    int process;

    if (size != (mach_msg_type_number_t)size)
        return KERN_INVALID_ARGUMENT;
    if (size == 0) {
        *data = *count = 0;
        return process_of(task, &process);
    }
    /* No large object: this is to be looked at, and plain memory is faster to touch. */
    kern_return_t result = mach_vm_map(mach_task_self(), &place, size, 0, VM_FLAGS_ANYWHERE, MACH_PORT_NULL, 0, FALSE,
                                       VM_PROT_DEFAULT, VM_PROT_ALL, VM_INHERIT_DEFAULT);

    if (result != KERN_SUCCESS)
        return KERN_RESOURCE_SHORTAGE;
    /* Where the copy came to be there was nothing, and nothing to read. */
    const bool hole = task == mach_task_self() && place < address + size && address < place + size;

    result = hole ? KERN_INVALID_ADDRESS : mach_vm_read_overwrite(task, address, size, place, &done);
    if (result != KERN_SUCCESS) {
        (void)mach_vm_deallocate(mach_task_self(), place, size);
        return result;
    }
    *data = place;
    *count = (mach_msg_type_number_t)size;
    return KERN_SUCCESS;
}

/* Each place of the list becomes that of the caller's copy; of those that fail, all do. */
kern_return_t mach_vm_read_list(vm_map_read_t task, mach_vm_read_entry_t list, natural_t count)
{
    mach_vm_read_entry_t copies;
    mach_msg_type_number_t size;
    vm_offset_t data;

    if (count == 0 || count > VM_MAP_ENTRY_MAX)
        return KERN_INVALID_ARGUMENT;
    for (natural_t i = 0; i < count; i++) {
        const kern_return_t result = mach_vm_read(task, list[i].address, list[i].size, &data, &size);

        if (result != KERN_SUCCESS) {
            while (i-- > 0)
                (void)mach_vm_deallocate(mach_task_self(), copies[i].address, list[i].size);
            return result;
        }
        copies[i].address = data;
    }
    for (natural_t i = 0; i < count; i++)
        list[i].address = copies[i].address;
    return KERN_SUCCESS;
}

/* Of several pages, all are looked at first, so that nothing is written unless all of it can be. */
kern_return_t mach_vm_write(vm_map_t task, mach_vm_address_t address, vm_offset_t data, mach_msg_type_number_t count)
{
    int process;

    if (process_overflows(address, count))
        return KERN_INVALID_ARGUMENT;
    kern_return_t result = process_of(task, &process);

    if (result != KERN_SUCCESS)
        return result;
    const bool may = count <= vm_page_size - (address & vm_page_mask) ||
                     process_check(process, address, count, VM_PROT_WRITE) == KERN_SUCCESS;

    if (!may || !mach_os_write(process, address, (const void *)data, count)) {
        result = reason(process, address, count, VM_PROT_WRITE);
        result = without_host(result, _kernelrpc_mach_vm_write(task, address, data, count));
    }
    return result == KERN_SUCCESS ? still_is(task, process) : result;
}

/* As memmove does, by way of a copy where the two overlap. */
static bool move(int process, uint64_t from, uint64_t size, uint64_t to)
{
    void *copy = malloc(size);
    const bool moved = copy != NULL && mach_os_read(process, from, copy, size) && mach_os_write(process, to, copy, size);

    free(copy);
    return moved;
}

/* By what reads and writes managed memory too.  What came of it; or, if there is none, why the host could not. */
static kern_return_t copy_managed(vm_map_t task, uint64_t from, uint64_t size, uint64_t to, kern_return_t why)
{
    mach_msg_type_number_t count;
    vm_offset_t data;
    kern_return_t result = mach_vm_read(task, from, size, &data, &count);

    if (result != KERN_SUCCESS)
        return why;
    result = mach_vm_write(task, to, data, count);
    (void)mach_vm_deallocate(mach_task_self(), data, count);
    return result;
}

kern_return_t mach_vm_copy(vm_map_t task, mach_vm_address_t from, mach_vm_size_t size, mach_vm_address_t to)
{
    int process;

    if (process_overflows(from, size) || process_overflows(to, size))
        return KERN_INVALID_ARGUMENT;
    kern_return_t result = process_of(task, &process);

    if (result != KERN_SUCCESS || size == 0)
        return result;
    result = process_check(process, from, size, VM_PROT_READ);
    if (result == KERN_SUCCESS)
        result = process_check(process, to, size, VM_PROT_WRITE);
    if (result != KERN_SUCCESS)
        return copy_managed(task, from, size, to, result);
    const bool apart = from + size <= to || to + size <= from;
    const bool moved = task == mach_task_self() && apart ? mach_os_read(process, from, (void *)to, size)
                                                         : move(process, from, size, to);

    return moved ? KERN_SUCCESS : copy_managed(task, from, size, to, KERN_RESOURCE_SHORTAGE);
}
