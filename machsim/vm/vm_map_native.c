/* SPDX-License-Identifier: BSD-2-Clause */
/* vm_map_native.c - the routines of vm_map.defs: those of mach_vm.defs, with addresses of the machine's own size. */
#include "gen/kernel/mach_vm_server.h"
#include "gen/kernel/vm_map_server.h"
#include "kern/task.h"
#include "vm/vm_native.h"

#include <mach/vm_region.h>

kern_return_t kernel_vm_allocate(task_ref_t task, vm_address_t *address, vm_size_t size, int flags)
{
    WITH_ADDRESS(address, kernel_mach_vm_allocate(task, &at, size, flags));
}

kern_return_t kernel_vm_deallocate(task_ref_t task, vm_address_t address, vm_size_t size)
{
    return kernel_mach_vm_deallocate(task, address, size);
}

kern_return_t kernel_vm_protect(task_ref_t task, vm_address_t address, vm_size_t size, boolean_t max,
                                vm_prot_t protection)
{
    return kernel_mach_vm_protect(task, address, size, max, protection);
}

kern_return_t kernel_vm_inherit(task_ref_t task, vm_address_t address, vm_size_t size, vm_inherit_t inheritance)
{
    return kernel_mach_vm_inherit(task, address, size, inheritance);
}

kern_return_t kernel_vm_read(task_ref_t task, vm_address_t address, vm_size_t size, vm_offset_t *data,
                             mach_msg_type_number_t *count)
{
    return kernel_mach_vm_read(task, address, size, data, count);
}

kern_return_t kernel_vm_read_overwrite(task_ref_t task, vm_address_t address, vm_size_t size, vm_address_t data, vm_size_t *count)
{
    WITH_ADDRESS(count, kernel_mach_vm_read_overwrite(task, address, size, data, &at));
}

kern_return_t kernel_vm_write(task_ref_t task, vm_address_t address, vm_offset_t data, mach_msg_type_number_t count)
{
    return kernel_mach_vm_write(task, address, data, count);
}

kern_return_t kernel_vm_copy(task_ref_t task, vm_address_t from, vm_size_t size, vm_address_t to)
{
    return kernel_mach_vm_copy(task, from, size, to);
}

kern_return_t kernel_vm_msync(task_ref_t task, vm_address_t address, vm_size_t size, vm_sync_t flags)
{
    return kernel_mach_vm_msync(task, address, size, flags);
}

kern_return_t kernel_vm_behavior_set(task_ref_t task, vm_address_t address, vm_size_t size, vm_behavior_t behavior)
{
    return kernel_mach_vm_behavior_set(task, address, size, behavior);
}

kern_return_t kernel_vm_machine_attribute(task_ref_t task, vm_address_t address, vm_size_t size,
                                          vm_machine_attribute_t attribute, vm_machine_attribute_val_t *value)
{
    return kernel_mach_vm_machine_attribute(task, address, size, attribute, value);
}

kern_return_t kernel_vm_map_64(task_ref_t task, vm_address_t *address, vm_size_t size, vm_address_t mask, int flags,
                               mem_entry_name_port_t object, memory_object_offset_t offset, boolean_t copy,
                               vm_prot_t protection, vm_prot_t max, vm_inherit_t inheritance)
{
    WITH_ADDRESS(address, kernel_mach_vm_map(task, &at, size, mask, flags, object, offset, copy, protection, max,
                                             inheritance));
}

kern_return_t kernel_vm_map(task_ref_t task, vm_address_t *address, vm_size_t size, vm_address_t mask, int flags,
                            mem_entry_name_port_t object, vm_offset_t offset, boolean_t copy, vm_prot_t protection,
                            vm_prot_t max, vm_inherit_t inheritance)
{
    return kernel_vm_map_64(task, address, size, mask, flags, object, offset, copy, protection, max, inheritance);
}

kern_return_t kernel_vm_remap(task_ref_t task, vm_address_t *address, vm_size_t size, vm_address_t mask, int flags,
                              task_ref_t source, vm_address_t from, boolean_t copy, vm_prot_t *protection,
                              vm_prot_t *max, vm_inherit_t inheritance)
{
    WITH_ADDRESS(address, kernel_mach_vm_remap(task, &at, size, mask, flags, source, from, copy, protection, max,
                                               inheritance));
}

kern_return_t kernel_vm_remap_new(task_ref_t task, vm_address_t *address, vm_size_t size, vm_address_t mask, int flags,
                                  task_ref_t source, vm_address_t from, boolean_t copy, vm_prot_t *protection,
                                  vm_prot_t *max, vm_inherit_t inheritance)
{
    WITH_ADDRESS(address, kernel_mach_vm_remap_new(task, &at, size, mask, flags, source, from, copy, protection, max,
                                                   inheritance));
}

kern_return_t kernel_vm_region_64(task_ref_t task, vm_address_t *address, vm_size_t *size, vm_region_flavor_t flavor,
                                  vm_region_info_t info, mach_msg_type_number_t *count, memory_object_name_t *object)
{
    WITH_RANGE(address, size, kernel_mach_vm_region(task, &at, &bytes, flavor, info, count, object));
}

kern_return_t kernel_vm_region(task_ref_t task, vm_address_t *address, vm_size_t *size, vm_region_flavor_t flavor,
                               vm_region_info_t info, mach_msg_type_number_t *count, memory_object_name_t *object)
{
    return kernel_vm_region_64(task, address, size, flavor, info, count, object);
}

kern_return_t kernel_vm_region_recurse_64(task_ref_t task, vm_address_t *address, vm_size_t *size, natural_t *depth,
                                          vm_region_recurse_info_t info, mach_msg_type_number_t *count)
{
    WITH_RANGE(address, size, kernel_mach_vm_region_recurse(task, &at, &bytes, depth, info, count));
}

kern_return_t kernel_vm_map_page_query(task_ref_t task, vm_offset_t address, integer_t *disposition, integer_t *refs)
{
    return kernel_mach_vm_page_query(task, address, disposition, refs);
}
