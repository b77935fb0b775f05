/* SPDX-License-Identifier: BSD-2-Clause */
/* own.c - calls that a task makes on itself most often: traps of their own, without messages. */
#include <mach/mach.h>
#include <mach/mach_vm.h>

#include "gen/trap/kernelrpc.h"
#include "libmach/trap/trap.h"
#include "machsim/kern/trap.h"

static kern_return_t own_trap(uint32_t number, uint64_t first, uint64_t second, uint64_t third, uint64_t fourth, uint64_t *out)
{
    const uint64_t arguments[TRAP_MAX_ARGUMENTS] = {mach_task_self(), first, second, third, fourth};

    return (kern_return_t)trap_call(arguments, out, number);
}

/* ---- ports ----------------------------------------------------------------------------------------- */

kern_return_t mach_port_allocate(ipc_space_t task, mach_port_right_t right, mach_port_name_t *name)
{
    uint64_t out;

    if (task != mach_task_self())
        return _kernelrpc_mach_port_allocate(task, right, name);
    const kern_return_t result = own_trap(TRAP_PORT_ALLOCATE, right, 0, 0, 0, &out);

    if (result == KERN_SUCCESS)
        *name = (mach_port_name_t)out;
    return result;
}

kern_return_t mach_port_destroy(ipc_space_t task, mach_port_name_t name)
{
    uint64_t out;

    return task != mach_task_self() ? _kernelrpc_mach_port_destroy(task, name)
                                    : own_trap(TRAP_PORT_DESTROY, name, 0, 0, 0, &out);
}

kern_return_t mach_port_deallocate(ipc_space_t task, mach_port_name_t name)
{
    uint64_t out;

    return task != mach_task_self() ? _kernelrpc_mach_port_deallocate(task, name)
                                    : own_trap(TRAP_PORT_DEALLOCATE, name, 0, 0, 0, &out);
}

kern_return_t mach_port_mod_refs(ipc_space_t task, mach_port_name_t name, mach_port_right_t right, mach_port_delta_t delta)
{
    uint64_t out;

    return task != mach_task_self()
               ? _kernelrpc_mach_port_mod_refs(task, name, right, delta)
               : own_trap(TRAP_PORT_MOD_REFS, name, right, (uint64_t)(int64_t)delta, 0, &out);
}

/* ---- memory ---------------------------------------------------------------------------------------- */

kern_return_t mach_vm_allocate(vm_map_t task, mach_vm_address_t *address, mach_vm_size_t size, int flags)
{
    uint64_t out;

    if (task != mach_task_self())
        return _kernelrpc_mach_vm_allocate(task, address, size, flags);
    const kern_return_t result = own_trap(TRAP_VM_ALLOCATE, *address, size, (uint64_t)(int64_t)flags, 0, &out);

    if (result == KERN_SUCCESS)
        *address = out;
    return result;
}

kern_return_t mach_vm_deallocate(vm_map_t task, mach_vm_address_t address, mach_vm_size_t size)
{
    uint64_t out;

    return task != mach_task_self() ? _kernelrpc_mach_vm_deallocate(task, address, size)
                                    : own_trap(TRAP_VM_DEALLOCATE, address, size, 0, 0, &out);
}

kern_return_t mach_vm_protect(vm_map_t task, mach_vm_address_t address, mach_vm_size_t size, boolean_t max, vm_prot_t protection)
{
    uint64_t out;

    return task != mach_task_self() ? _kernelrpc_mach_vm_protect(task, address, size, max, protection)
                                    : own_trap(TRAP_VM_PROTECT, address, size, (uint64_t)max, (uint64_t)protection, &out);
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
