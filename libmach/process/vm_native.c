/* SPDX-License-Identifier: BSD-2-Clause */
/* vm_native.c - calls of vm_map.defs: those of mach_vm.defs, with addresses of the machine's own size. */
#include "libmach/process/process.h"
#include "vm/vm_native.h"

kern_return_t vm_allocate(vm_map_t task, vm_address_t *address, vm_size_t size, int flags)
{
    WITH_ADDRESS(address, mach_vm_allocate(task, &at, size, flags));
}

kern_return_t vm_deallocate(vm_map_t task, vm_address_t address, vm_size_t size)
{
    return mach_vm_deallocate(task, address, size);
}

kern_return_t vm_protect(vm_map_t task, vm_address_t address, vm_size_t size, boolean_t maximum, vm_prot_t protection)
{
    return mach_vm_protect(task, address, size, maximum, protection);
}

kern_return_t vm_inherit(vm_map_t task, vm_address_t address, vm_size_t size, vm_inherit_t inheritance)
{
    return mach_vm_inherit(task, address, size, inheritance);
}

kern_return_t vm_behavior_set(vm_map_t task, vm_address_t address, vm_size_t size, vm_behavior_t behavior)
{
    return mach_vm_behavior_set(task, address, size, behavior);
}

kern_return_t vm_msync(vm_map_t task, vm_address_t address, vm_size_t size, vm_sync_t flags)
{
    return mach_vm_msync(task, address, size, flags);
}

kern_return_t vm_read(vm_map_read_t task, vm_address_t address, vm_size_t size, vm_offset_t *data,
                      mach_msg_type_number_t *count)
{
    return mach_vm_read(task, address, size, data, count);
}

kern_return_t vm_read_overwrite(vm_map_read_t task, vm_address_t address, vm_size_t size, vm_address_t data,
                                vm_size_t *out)
{
    mach_vm_size_t done = 0;
    const kern_return_t result = mach_vm_read_overwrite(task, address, size, data, &done);

    *out = (vm_size_t)done;
    return result;
}

kern_return_t vm_read_list(vm_map_read_t task, vm_read_entry_t list, natural_t count)
{
    mach_vm_read_entry_t wide;

    if (count > VM_MAP_ENTRY_MAX)
        return KERN_INVALID_ARGUMENT;
    for (natural_t i = 0; i < count; i++) {
        wide[i].address = list[i].address;
        wide[i].size = list[i].size;
    }
    const kern_return_t result = mach_vm_read_list(task, wide, count);

    for (natural_t i = 0; i < count && result == KERN_SUCCESS; i++)
        list[i].address = (vm_address_t)wide[i].address;
    return result;
}

kern_return_t vm_write(vm_map_t task, vm_address_t address, vm_offset_t data, mach_msg_type_number_t count)
{
    return mach_vm_write(task, address, data, count);
}

kern_return_t vm_copy(vm_map_t task, vm_address_t from, vm_size_t size, vm_address_t to)
{
    return mach_vm_copy(task, from, size, to);
}

kern_return_t vm_map_64(vm_map_t task, vm_address_t *address, vm_size_t size, vm_address_t mask, int flags,
                        mem_entry_name_port_t object, memory_object_offset_t offset, boolean_t copy,
                        vm_prot_t protection, vm_prot_t max, vm_inherit_t inheritance)
{
    WITH_ADDRESS(address, mach_vm_map(task, &at, size, mask, flags, object, offset, copy, protection, max, inheritance));
}

kern_return_t vm_map(vm_map_t task, vm_address_t *address, vm_size_t size, vm_address_t mask, int flags,
                     mem_entry_name_port_t object, vm_offset_t offset, boolean_t copy, vm_prot_t protection,
                     vm_prot_t max, vm_inherit_t inheritance)
{
    return vm_map_64(task, address, size, mask, flags, object, offset, copy, protection, max, inheritance);
}

kern_return_t vm_remap(vm_map_t task, vm_address_t *address, vm_size_t size, vm_address_t mask, int flags,
                       vm_map_t source, vm_address_t from, boolean_t copy, vm_prot_t *protection, vm_prot_t *max,
                       vm_inherit_t inheritance)
{
    WITH_ADDRESS(address, mach_vm_remap(task, &at, size, mask, flags, source, from, copy, protection, max, inheritance));
}

kern_return_t vm_remap_new(vm_map_t task, vm_address_t *address, vm_size_t size, vm_address_t mask, int flags,
                           vm_map_read_t source, vm_address_t from, boolean_t copy, vm_prot_t *protection, vm_prot_t *max,
                           vm_inherit_t inheritance)
{
    WITH_ADDRESS(address,
                 mach_vm_remap_new(task, &at, size, mask, flags, source, from, copy, protection, max, inheritance));
}

kern_return_t vm_region_64(vm_map_read_t task, vm_address_t *address, vm_size_t *size, vm_region_flavor_t flavor,
                           vm_region_info_t info, mach_msg_type_number_t *count, memory_object_name_t *object)
{
    WITH_RANGE(address, size, mach_vm_region(task, &at, &bytes, flavor, info, count, object));
}

kern_return_t vm_region(vm_map_read_t task, vm_address_t *address, vm_size_t *size, vm_region_flavor_t flavor,
                        vm_region_info_t info, mach_msg_type_number_t *count, memory_object_name_t *object)
{
    return vm_region_64(task, address, size, flavor, info, count, object);
}

kern_return_t vm_region_recurse_64(vm_map_read_t task, vm_address_t *address, vm_size_t *size, natural_t *depth,
                                   vm_region_recurse_info_t info, mach_msg_type_number_t *count)
{
    WITH_RANGE(address, size, mach_vm_region_recurse(task, &at, &bytes, depth, info, count));
}

kern_return_t vm_map_page_query(vm_map_read_t task, vm_offset_t address, integer_t *disposition, integer_t *refs)
{
    return mach_vm_page_query(task, address, disposition, refs);
}
