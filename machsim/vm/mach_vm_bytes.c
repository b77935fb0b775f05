/* SPDX-License-Identifier: BSD-2-Clause */
/* mach_vm_bytes.c - the routines of mach_vm.defs that move bytes: mach_vm_read, mach_vm_write, mach_vm_copy. */
#include "gen/kernel/mach_vm_server.h"
#include "vm/vm_copy.h"
#include "vm/vm_range.h"

kern_return_t kernel_mach_vm_read(task_ref_t task, mach_vm_address_t address, mach_vm_size_t size, vm_offset_t *data,
                                  mach_msg_type_number_t *count)
{
    struct vm_range range;
    kern_return_t result = vm_range_of(task, address, size, &range);
    size_t done;

    if (result != KERN_SUCCESS)
        return result;
    if (size != (mach_msg_type_number_t)size)
        return KERN_INVALID_ARGUMENT;
    *data = *count = 0;
    if (size == 0)
        return KERN_SUCCESS;
    struct vm_map_copy *copy = vm_map_copy_alloc(size);

    if (copy == NULL)
        return KERN_RESOURCE_SHORTAGE;
    result = vm_map_read(task->map, address, copy->data, (size_t)size, &done);
    if (result != KERN_SUCCESS) {
        vm_map_copy_discard(copy);
        return result;
    }
    *data = (vm_offset_t)copy->data;
    *count = (mach_msg_type_number_t)size;
    return KERN_SUCCESS;
}

/* Nothing is written unless all of it can be: the range is looked at first. */
kern_return_t kernel_mach_vm_write(task_ref_t task, mach_vm_address_t address, vm_offset_t data,
                                   mach_msg_type_number_t size)
{
    struct vm_range range;
    kern_return_t result = vm_range_of(task, address, size, &range);
    size_t done;

    if (result == KERN_SUCCESS) {
        lock_acquire(&vm_lock);
        result = vm_map_check(task->map, range.start, range.end, VM_PROT_WRITE, false);
        lock_release(&vm_lock);
    }
    if (result == KERN_SUCCESS)
        result = vm_map_write(task->map, address, (const void *)data, size, &done);
    return result;
}

/* Copies bytes that start anywhere, as memmove does. */
static kern_return_t copy_bytes(struct vm_map *map, uint64_t from, uint64_t size, uint64_t to)
{
    unsigned char bytes[1024];
    kern_return_t result = KERN_SUCCESS;
    size_t done;

    for (uint64_t moved = 0; moved < size && result == KERN_SUCCESS;) {
        const uint64_t left = size - moved;
        const size_t piece = left < sizeof bytes ? (size_t)left : sizeof bytes;
        const uint64_t at = to > from ? left - piece : moved;

        result = vm_map_read(map, from + at, bytes, piece, &done);
        if (result == KERN_SUCCESS)
            result = vm_map_write(map, to + at, bytes, piece, &done);
        moved += piece;
    }
    return result;
}

kern_return_t kernel_mach_vm_copy(task_ref_t task, mach_vm_address_t from, mach_vm_size_t size, mach_vm_address_t to)
{
    struct vm_range source, target;
    kern_return_t result = vm_range_of(task, from, size, &source);

    if (result == KERN_SUCCESS)
        result = vm_range_of(task, to, size, &target);
    if (result != KERN_SUCCESS || size == 0)
        return result;
    if (source.start == from && target.start == to && source.end == from + size)
        return vm_map_copy_range(task->map, from, size, to);
    lock_acquire(&vm_lock);
    result = vm_map_check(task->map, source.start, source.end, VM_PROT_READ, false);
    if (result == KERN_SUCCESS)
        result = vm_map_check(task->map, target.start, target.end, VM_PROT_WRITE, false);
    lock_release(&vm_lock);
    return result == KERN_SUCCESS ? copy_bytes(task->map, from, size, to) : result;
}
