/* SPDX-License-Identifier: BSD-2-Clause */
/* own.c - calls that a task makes on itself most often: traps of their own, without messages. */
#include <mach/mach.h>
#include <mach/mach_vm.h>

#include "gen/trap/kernelrpc.h"
#include "libmach/trap/trap.h"
#include "machsim/kern/trap.h"

/* ---- ports ----------------------------------------------------------------------------------------- */

kern_return_t mach_port_allocate(ipc_space_t task, mach_port_right_t right, mach_port_name_t *name)
{
    if (task != mach_task_self())
        return _kernelrpc_mach_port_allocate(task, right, name);
    const struct trap_result result = trap_call(task, right, 0, 0, 0, TRAP_PORT_ALLOCATE);

    if (result.result == KERN_SUCCESS)
        *name = (mach_port_name_t)result.second;
    return (kern_return_t)result.result;
}

kern_return_t mach_port_destroy(ipc_space_t task, mach_port_name_t name)
{
    return task != mach_task_self() ? _kernelrpc_mach_port_destroy(task, name)
                                    : (kern_return_t)trap_call(task, name, 0, 0, 0, TRAP_PORT_DESTROY).result;
}

kern_return_t mach_port_deallocate(ipc_space_t task, mach_port_name_t name)
{
    return task != mach_task_self() ? _kernelrpc_mach_port_deallocate(task, name)
                                    : (kern_return_t)trap_call(task, name, 0, 0, 0, TRAP_PORT_DEALLOCATE).result;
}

kern_return_t mach_port_mod_refs(ipc_space_t task, mach_port_name_t name, mach_port_right_t right, mach_port_delta_t delta)
{
    return task != mach_task_self()
               ? _kernelrpc_mach_port_mod_refs(task, name, right, delta)
               : (kern_return_t)trap_call(task, name, right, (uint64_t)(int64_t)delta, 0, TRAP_PORT_MOD_REFS).result;
}

/* ---- memory ---------------------------------------------------------------------------------------- */

kern_return_t mach_vm_allocate(vm_map_t task, mach_vm_address_t *address, mach_vm_size_t size, int flags)
{
    if (task != mach_task_self())
        return _kernelrpc_mach_vm_allocate(task, address, size, flags);
    const struct trap_result result = trap_call(task, *address, size, (uint64_t)(int64_t)flags, 0, TRAP_VM_ALLOCATE);

    if (result.result == KERN_SUCCESS)
        *address = result.second;
    return (kern_return_t)result.result;
}

kern_return_t mach_vm_deallocate(vm_map_t task, mach_vm_address_t address, mach_vm_size_t size)
{
    return task != mach_task_self() ? _kernelrpc_mach_vm_deallocate(task, address, size)
                                    : (kern_return_t)trap_call(task, address, size, 0, 0, TRAP_VM_DEALLOCATE).result;
}

kern_return_t mach_vm_protect(vm_map_t task, mach_vm_address_t address, mach_vm_size_t size, boolean_t max, vm_prot_t protection)
{
    return task != mach_task_self() ? _kernelrpc_mach_vm_protect(task, address, size, max, protection)
                                    : (kern_return_t)trap_call(task, address, size, (uint64_t)max, (uint64_t)protection, TRAP_VM_PROTECT).result;
}

kern_return_t vm_allocate(vm_map_t task, vm_address_t *address, vm_size_t size, int flags)
{
    mach_vm_address_t at = *address;
    const kern_return_t result = mach_vm_allocate(task, &at, size, flags);

    *address = (vm_address_t)at;
    return result;
}

kern_return_t vm_deallocate(vm_map_t task, vm_address_t address, vm_size_t size)
{
    return mach_vm_deallocate(task, address, size);
}

kern_return_t vm_protect(vm_map_t task, vm_address_t address, vm_size_t size, boolean_t max, vm_prot_t protection)
{
    return mach_vm_protect(task, address, size, max, protection);
}
