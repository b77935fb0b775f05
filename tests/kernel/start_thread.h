/* SPDX-License-Identifier: BSD-2-Clause */
/* start_thread.h - threads of programs that have no C library: a stack, registers, and off. */
#ifndef TESTS_KERNEL_START_THREAD_H
#define TESTS_KERNEL_START_THREAD_H

#include <mach/mach.h>
#include <mach/thread_status.h>
#include <stdint.h>

#define START_STACK_SIZE ((vm_size_t)65536)

/* A thread in a task begins with a function, which must not return, and its argument.  *thread is a send right. */
static inline kern_return_t start_thread(mach_port_t task, void (*function)(mach_port_t argument), mach_port_t argument,
                                         mach_port_t *thread)
{
    x86_thread_state64_t state = {.__rip = (uintptr_t)function, .__rdi = argument};
    vm_address_t stack = 0;
    const kern_return_t result = vm_allocate(task, &stack, START_STACK_SIZE, VM_FLAGS_ANYWHERE);

    if (result != KERN_SUCCESS)
        return result;
    state.__rsp = stack + START_STACK_SIZE - 8;
    return thread_create_running(task, x86_THREAD_STATE64, (thread_state_t)&state, x86_THREAD_STATE64_COUNT, thread);
}

#endif
