/* SPDX-License-Identifier: BSD-2-Clause */
/* managed.h - tests of memory whose faults another process serves: not every host allows that. */
#ifndef TESTS_MANAGED_H
#define TESTS_MANAGED_H

#include <mach/mach.h>
#include <stdio.h>
#include <stdlib.h>

/* Ends the program as skipped where there is no such memory. */
static inline void need_managed_memory(void)
{
    vm_address_t address = 0;

    if (vm_allocate(mach_task_self(), &address, vm_page_size, VM_FLAGS_ANYWHERE | VM_FLAGS_PURGABLE) ==
        KERN_NOT_SUPPORTED) {
        printf("skipped: there is no managed memory here, for want of userfaultfd (Linux 6.10) or a daemon of one's own\n");
        exit(77);
    }
    (void)vm_deallocate(mach_task_self(), address, vm_page_size);
}

#endif
