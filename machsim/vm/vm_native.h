/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_native.h - for functions of vm_map.defs that are those of mach_vm.defs: a call with an address (and a size) that
 * may be of another type, as `at` and `bytes`; what comes back goes into their places.
 */
#ifndef VM_VM_NATIVE_H
#define VM_VM_NATIVE_H

#define WITH_ADDRESS(address, call)                                                                                    \
    mach_vm_address_t at = *(address);                                                                                 \
    const kern_return_t result = call;                                                                                 \
                                                                                                                       \
    *(address) = (vm_address_t)at;                                                                                     \
    return result

#define WITH_RANGE(address, size, call)                                                                                \
    mach_vm_address_t at = *(address);                                                                                 \
    mach_vm_size_t bytes = *(size);                                                                                    \
    const kern_return_t result = call;                                                                                 \
                                                                                                                       \
    *(address) = (vm_address_t)at;                                                                                     \
    *(size) = (vm_size_t)bytes;                                                                                        \
    return result

#endif
