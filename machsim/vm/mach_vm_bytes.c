/* SPDX-License-Identifier: BSD-2-Clause */
/* mach_vm_bytes.c - the routines of mach_vm.defs that move bytes: mach_vm_read, mach_vm_write, mach_vm_copy. */
#include "gen/kernel/mach_vm_server.h"
#include "kern/kobject.h"
#include "kern/task.h"
#include "vm/vm_copy.h"
#include "vm/vm_range.h"

kern_return_t kernel_mach_vm_read(task_ref_t task, mach_vm_address_t address, mach_vm_size_t size, vm_offset_t *data,
                                  mach_msg_type_number_t *count)
{
    struct vm_range range;
    kern_return_t result = vm_range_in(task, address, size, &range);
    size_t done;

    if (result != KERN_SUCCESS)
        return result;
    if (size != (mach_msg_type_number_t)size)
        return KERN_INVALID_ARGUMENT;
    *data = *count = 0;
    if (size == 0)
        return KERN_SUCCESS;
    struct vm_map_copy **copy = kobject_partial();

    if (*copy == NULL)
        *copy = vm_map_copy_alloc(size);
    if (*copy == NULL)
        return KERN_RESOURCE_SHORTAGE;
    done = (size_t)*kobject_progress();
    result = vm_map_read(task->map, address, (*copy)->data, (size_t)size, kobject_waiter(), &done);
    *kobject_progress() = done;
    if (result != KERN_SUCCESS)
        return result;
    *data = (vm_offset_t)(*copy)->data;
    *count = (mach_msg_type_number_t)size;
    *copy = NULL;
    return KERN_SUCCESS;
}

/* How many of the bytes left are copied at once: they go into one page, so that all go or none. */
static size_t piece_size(uint64_t to, uint64_t moved, uint64_t left, bool backward, size_t room)
{
    const uint64_t start = to + moved, end = to + left;
    const uint64_t in_page = backward ? (end - 1) % HAL_PAGE_SIZE + 1 : HAL_PAGE_SIZE - start % HAL_PAGE_SIZE;
    const uint64_t most = left < in_page ? left : in_page;

    return most < room ? (size_t)most : room;
}

/* Copies bytes that start anywhere, within a map as memmove does.  What is done stays done when it has to wait. */
static kern_return_t copy_bytes(struct vm_map *source, uint64_t from, uint64_t size, struct vm_map *target, uint64_t to)
{
    const bool backward = source == target && to > from;
    unsigned char bytes[1024];
    uint64_t *moved = kobject_progress();
    kern_return_t result = KERN_SUCCESS;

    while (*moved < size && result == KERN_SUCCESS) {
        const uint64_t left = size - *moved;
        const size_t piece = piece_size(to, *moved, left, backward, sizeof bytes);
        const uint64_t at = backward ? left - piece : *moved;
        size_t done = 0;

        result = vm_map_read(source, from + at, bytes, piece, kobject_waiter(), &done);
        done = 0;
        if (result == KERN_SUCCESS)
            result = vm_map_write(target, to + at, bytes, piece, kobject_waiter(), &done);
        if (result == KERN_SUCCESS)
            *moved += piece;
    }
    return result;
}

/* Into the memory of whoever asks.  Where processes have memory that is not the core's, libmach does it. */
kern_return_t kernel_mach_vm_read_overwrite(task_ref_t task, mach_vm_address_t address, mach_vm_size_t size,
                                            mach_vm_address_t data, mach_vm_size_t *count)
{
    struct vm_range from, to;
    kern_return_t result = hal_maps_are_own() ? KERN_NOT_SUPPORTED : vm_range_in(task, address, size, &from);
    struct task *sender = result == KERN_SUCCESS ? kobject_sender() : NULL;

    if (result == KERN_SUCCESS)
        result = sender == NULL ? KERN_INVALID_ARGUMENT : vm_range_in(sender, data, size, &to);
    if (result == KERN_SUCCESS)
        result = copy_bytes(task->map, address, size, sender->map, data);
    if (sender != NULL)
        task_release(sender);
    *count = result == KERN_SUCCESS ? size : 0;
    return result;
}

/* Nothing is written unless all of it can be: the range is looked at first. */
kern_return_t kernel_mach_vm_write(task_ref_t task, mach_vm_address_t address, vm_offset_t data,
                                   mach_msg_type_number_t size)
{
    struct vm_range range;
    kern_return_t result = vm_range_in(task, address, size, &range);
    size_t done;

    if (result == KERN_SUCCESS) {
        lock_acquire(&vm_lock);
        result = vm_map_check(task->map, range.start, range.end, VM_PROT_WRITE, false);
        lock_release(&vm_lock);
    }
    if (result != KERN_SUCCESS)
        return result;
    done = (size_t)*kobject_progress();
    result = vm_map_write(task->map, address, (const void *)data, size, kobject_waiter(), &done);
    *kobject_progress() = done;
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
        return vm_map_copy_range(task->map, from, size, to, kobject_waiter());
    lock_acquire(&vm_lock);
    result = vm_map_check(task->map, source.start, source.end, VM_PROT_READ, false);
    if (result == KERN_SUCCESS)
        result = vm_map_check(task->map, target.start, target.end, VM_PROT_WRITE, false);
    lock_release(&vm_lock);
    return result == KERN_SUCCESS ? copy_bytes(task->map, from, size, task->map, to) : result;
}
