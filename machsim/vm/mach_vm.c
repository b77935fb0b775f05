/* SPDX-License-Identifier: BSD-2-Clause */
/* mach_vm.c - the routines of mach_vm.defs that change what is mapped, and how; and vm_wire of host_priv.defs. */
#include "gen/kernel/host_priv_server.h"
#include "gen/kernel/mach_vm_server.h"
#include "kern/kobject.h"
#include "vm/vm_named_entry.h"
#include "vm/vm_pager.h"
#include "vm/vm_purgable.h"
#include "vm/vm_range.h"

#include <mach/vm_attributes.h>
#include <mach/vm_statistics.h>

/* The tag that flags carry. */
static uint32_t tag_of(int flags)
{
    return (uint32_t)flags >> 24;
}

/* ---- mapping --------------------------------------------------------------------------------------- */

/* Makes a map's entry one of what a named entry gives, or of a copy; with a reference to the object. */
static kern_return_t map_named(const struct vm_named_entry *entry, uint64_t offset, uint64_t size, bool copy,
                               struct vm_map_entry *like)
{
    if (offset > entry->size || size > entry->size - offset || vm_page_trunc(offset) != offset)
        return KERN_INVALID_ARGUMENT;
    /* A copy may be written as its owner likes. */
    if (((like->protection | like->max_protection) & ~entry->protection) && !(copy && (entry->protection & VM_PROT_READ)))
        return KERN_INVALID_RIGHT;
    like->offset = entry->offset + offset;
    like->needs_copy = copy;
    like->shared = !copy;
    like->object = entry->object;
    lock_acquire(&vm_lock);
    const kern_return_t result =
        copy ? vm_fault_copy(entry->object, like->offset, size, kobject_waiter(), &like->object) : KERN_SUCCESS;

    if (!copy)
        vm_object_reference(like->object);
    lock_release(&vm_lock);
    return result;
}

/* Makes a map's entry one of a manager's object, or of a copy of that. */
static kern_return_t map_managed(struct ipc_port *manager, uint64_t offset, uint64_t size, bool copy,
                                 struct vm_map_entry *like)
{
    struct vm_object *object;

    if (vm_page_trunc(offset) != offset || size > UINT64_MAX - offset) {
        ipc_port_release_send(manager);
        return KERN_INVALID_ARGUMENT;
    }
    const kern_return_t result = vm_pager_map(manager, offset + size, &object);

    if (result != KERN_SUCCESS)
        return result;
    const struct vm_named_entry whole = {.object = object, .size = offset + size, .protection = VM_PROT_ALL};
    const kern_return_t mapped = map_named(&whole, offset, size, copy, like);

    lock_acquire(&vm_lock);
    vm_object_release(object);
    lock_release(&vm_lock);
    return mapped;
}

static kern_return_t take_part(mach_port_t port, uint64_t offset, uint64_t size, bool copy, struct vm_map_entry *like)
{
    struct vm_named_entry *entry = convert_port_to_named_entry(port);

    if (entry == NULL) {
        struct ipc_port *manager = convert_port_to_manager(port);

        return manager == NULL ? KERN_INVALID_ARGUMENT : map_managed(manager, offset, size, copy, like);
    }
    const kern_return_t result = map_named(entry, offset, size, copy, like);

    vm_named_entry_release(entry);
    return result;
}

static kern_return_t make_purgable(uint64_t size, struct vm_map_entry *like)
{
    lock_acquire(&vm_lock);
    like->object = vm_purgable_create(size);
    lock_release(&vm_lock);
    return like->object == NULL ? KERN_RESOURCE_SHORTAGE : KERN_SUCCESS;
}

kern_return_t kernel_mach_vm_map(task_ref_t task, mach_vm_address_t *address, mach_vm_size_t size,
                                 mach_vm_offset_t mask, int flags, mem_entry_name_port_t object,
                                 memory_object_offset_t offset, boolean_t copy, vm_prot_t protection, vm_prot_t max,
                                 vm_inherit_t inheritance)
{
    struct vm_map_entry like = {
        .protection = protection,
        .max_protection = max,
        .inheritance = inheritance,
        .behavior = VM_BEHAVIOR_DEFAULT,
        .tag = tag_of(flags),
    };
    struct vm_range range;
    kern_return_t result = vm_range_of(task, flags & VM_FLAGS_ANYWHERE ? 0 : *address, size, &range);

    if (result != KERN_SUCCESS)
        return result;
    if (((unsigned)flags & ~(unsigned)VM_FLAGS_USER_MAP) || (protection & ~max) || (max & ~VM_PROT_ALL) ||
        inheritance > VM_INHERIT_NONE || size == 0)
        return KERN_INVALID_ARGUMENT;
    if ((flags & VM_FLAGS_PURGABLE) && MACH_PORT_VALID(object))
        return KERN_INVALID_ARGUMENT;
    if (MACH_PORT_VALID(object) || (flags & VM_FLAGS_PURGABLE)) {
        result = MACH_PORT_VALID(object) ? take_part(object, offset, range.end - range.start, copy != FALSE, &like)
                                         : make_purgable(range.end - range.start, &like);
        if (result != KERN_SUCCESS)
            return result;
    }
    *address = vm_page_trunc(*address);
    result = vm_map_enter(task->map, address, range.end - range.start, mask, flags & VM_FLAGS_ANYWHERE,
                          flags & VM_FLAGS_OVERWRITE, &like);
    if (result != KERN_SUCCESS && like.object != NULL) {
        lock_acquire(&vm_lock);
        vm_object_release(like.object);
        lock_release(&vm_lock);
    }
    return result;
}

kern_return_t kernel_mach_vm_allocate(task_ref_t task, mach_vm_address_t *address, mach_vm_size_t size, int flags)
{
    struct vm_range range;

    if ((unsigned)flags & ~(unsigned)VM_FLAGS_USER_ALLOCATE)
        return KERN_INVALID_ARGUMENT;
    if (size != 0)
        return kernel_mach_vm_map(task, address, size, 0, flags, MACH_PORT_NULL, 0, FALSE, VM_PROT_DEFAULT,
                                  VM_PROT_ALL, VM_INHERIT_DEFAULT);
    *address = 0;
    return vm_range_of(task, 0, 0, &range);
}

kern_return_t kernel_mach_vm_deallocate(task_ref_t task, mach_vm_address_t address, mach_vm_size_t size)
{
    struct vm_range range;
    const kern_return_t result = vm_range_of(task, address, size, &range);

    if (result != KERN_SUCCESS || size == 0)
        return result;
    return vm_map_remove(task->map, range.start, range.end);
}

kern_return_t kernel_mach_vm_remap(task_ref_t task, mach_vm_address_t *address, mach_vm_size_t size,
                                   mach_vm_offset_t mask, int flags, task_ref_t source, mach_vm_address_t from,
                                   boolean_t copy, vm_prot_t *protection, vm_prot_t *max, vm_inherit_t inheritance)
{
    struct vm_range range, target;
    kern_return_t result = vm_range_of(source, from, size, &range);

    if (result == KERN_SUCCESS)
        result = vm_range_of(task, flags & VM_FLAGS_ANYWHERE ? 0 : *address, size, &target);
    if (result != KERN_SUCCESS)
        return result;
    if (size == 0 || inheritance > VM_INHERIT_NONE)
        return KERN_INVALID_ARGUMENT;
    *address = vm_page_trunc(*address);
    return vm_map_remap(source->map, range.start, range.end - range.start, task->map, address, mask,
                        flags & VM_FLAGS_ANYWHERE, flags & VM_FLAGS_OVERWRITE, copy != FALSE, inheritance, protection,
                        max, kobject_waiter());
}

/* What may be done with the new range is asked for, and no more than could be with the old one. */
kern_return_t kernel_mach_vm_remap_new(task_ref_t task, mach_vm_address_t *address, mach_vm_size_t size,
                                       mach_vm_offset_t mask, int flags, task_ref_t source, mach_vm_address_t from,
                                       boolean_t copy, vm_prot_t *protection, vm_prot_t *max, vm_inherit_t inheritance)
{
    const vm_prot_t wanted = *protection, most = *max;
    struct vm_range range;
    kern_return_t result = vm_range_in(source, from, size, &range);

    if ((wanted & ~most) || (most & ~VM_PROT_ALL))
        return KERN_INVALID_ARGUMENT;
    if (result != KERN_SUCCESS)
        return result;
    lock_acquire(&vm_lock);
    result = vm_map_check(source->map, range.start, range.end, wanted, false);
    if (result == KERN_SUCCESS)
        result = vm_map_check(source->map, range.start, range.end, most, true);
    lock_release(&vm_lock);
    if (result == KERN_SUCCESS)
        result = kernel_mach_vm_remap(task, address, size, mask, flags, source, from, copy, protection, max, inheritance);
    if (result == KERN_SUCCESS)
        result = vm_map_protect(task->map, *address, *address + (range.end - range.start), wanted, false);
    if (result == KERN_SUCCESS)
        result = vm_map_protect(task->map, *address, *address + (range.end - range.start), most, true);
    *protection = wanted;
    *max = most;
    return result;
}

/* ---- attributes ------------------------------------------------------------------------------------ */

kern_return_t kernel_mach_vm_protect(task_ref_t task, mach_vm_address_t address, mach_vm_size_t size, boolean_t max,
                                     vm_prot_t protection)
{
    struct vm_range range;
    const kern_return_t result = vm_range_of(task, address, size, &range);

    if (result != KERN_SUCCESS || size == 0)
        return result;
    return vm_map_protect(task->map, range.start, range.end, protection, max != FALSE);
}

kern_return_t kernel_mach_vm_inherit(task_ref_t task, mach_vm_address_t address, mach_vm_size_t size,
                                     vm_inherit_t inheritance)
{
    struct vm_range range;
    const kern_return_t result = vm_range_of(task, address, size, &range);

    if (result != KERN_SUCCESS || size == 0)
        return result;
    return vm_map_inherit(task->map, range.start, range.end, inheritance);
}

kern_return_t kernel_mach_vm_behavior_set(task_ref_t task, mach_vm_address_t address, mach_vm_size_t size,
                                          vm_behavior_t behavior)
{
    struct vm_range range;
    const kern_return_t result = vm_range_of(task, address, size, &range);

    if (result != KERN_SUCCESS || size == 0)
        return result;
    return vm_map_behavior_set(task->map, range.start, range.end, behavior);
}

/* Caches are coherent here: what is asked is so already, where there is memory. */
kern_return_t kernel_mach_vm_machine_attribute(task_ref_t task, mach_vm_address_t address, mach_vm_size_t size,
                                               vm_machine_attribute_t attribute, vm_machine_attribute_val_t *value)
{
    struct vm_range range;
    kern_return_t result = vm_range_of(task, address, size, &range);

    if (result != KERN_SUCCESS)
        return result;
    if (attribute != MATTR_CACHE || *value < MATTR_VAL_CACHE_FLUSH || *value > MATTR_VAL_CACHE_SYNC)
        return KERN_INVALID_ARGUMENT;
    lock_acquire(&vm_lock);
    result = vm_map_check(task->map, range.start, range.end, VM_PROT_NONE, false);
    lock_release(&vm_lock);
    return result;
}

/* ---- wiring ---------------------------------------------------------------------------------------- */

kern_return_t kernel_mach_vm_wire(host_ref_t host, task_ref_t task, mach_vm_address_t address, mach_vm_size_t size,
                                  vm_prot_t access)
{
    struct vm_range range;

    if (host == NULL)
        return KERN_INVALID_HOST;
    const kern_return_t result = vm_range_of(task, address, size, &range);

    if (result != KERN_SUCCESS)
        return result;
    if (access & ~VM_PROT_ALL)
        return KERN_INVALID_ARGUMENT;
    return vm_map_wire(task->map, range.start, range.end, access, kobject_waiter());
}

kern_return_t kernel_vm_wire(host_ref_t host, task_ref_t task, vm_address_t address, vm_size_t size, vm_prot_t access)
{
    return kernel_mach_vm_wire(host, task, address, size, access);
}
