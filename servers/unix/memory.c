/* SPDX-License-Identifier: BSD-2-Clause */
/* memory.c - brk, mmap and their like, by Mach's calls on the process's task.  Sources: brk(2), mmap(2). */
#include <mach/mach_vm.h>

#include "unix.h"

enum { FIXED = 0x10, ANONYMOUS = 0x20 };
enum { READ_WRITE = VM_PROT_READ | VM_PROT_WRITE }; /* Linux's rights have Mach's numbers */
#define PAGE ((uint64_t)4096)

static uint64_t round_up(uint64_t size)
{
    return (size + PAGE - 1) & ~(PAGE - 1);
}

int64_t unix_brk(struct unix_thread *thread, const struct arguments *arguments)
{
    struct process *process = thread->process;
    const uint64_t end = round_up(process->heap_end), wanted = round_up(arguments->a);
    vm_address_t address = end;

    if (arguments->a < process->heap || wanted < arguments->a)
        return (int64_t)process->heap_end;
    if (wanted > end && vm_allocate(process->task, &address, wanted - end, VM_FLAGS_FIXED) != KERN_SUCCESS)
        return (int64_t)process->heap_end;
    if (wanted < end)
        (void)vm_deallocate(process->task, wanted, end - wanted);
    process->heap_end = arguments->a;
    return (int64_t)process->heap_end;
}

/* Where nothing is yet, from the top down; or, when that is full, anywhere. */
static kern_return_t place(struct process *process, vm_address_t *address, vm_size_t size)
{
    *address = process->next_map - size;
    if (size < process->next_map - process->heap_end &&
        vm_allocate(process->task, address, size, VM_FLAGS_FIXED) == KERN_SUCCESS) {
        process->next_map = *address;
        return KERN_SUCCESS;
    }
    *address = 0;
    return vm_allocate(process->task, address, size, VM_FLAGS_ANYWHERE);
}

int64_t unix_mmap(struct unix_thread *thread, const struct arguments *arguments)
{
    struct process *process = thread->process;
    const vm_size_t size = round_up(arguments->b);
    vm_address_t address = arguments->a;
    kern_return_t result;

    if (size == 0 || size < arguments->b || arguments->c > VM_PROT_ALL)
        return -UNIX_EINVAL;
    if (!(arguments->d & ANONYMOUS))
        return -UNIX_ENODEV;
    if (arguments->d & FIXED) {
        if (address % PAGE != 0)
            return -UNIX_EINVAL;
        (void)vm_deallocate(process->task, address, size);
        result = vm_allocate(process->task, &address, size, VM_FLAGS_FIXED);
    } else {
        result = place(process, &address, size);
    }
    if (result != KERN_SUCCESS)
        return -UNIX_ENOMEM;
    if (arguments->c != READ_WRITE)
        (void)vm_protect(process->task, address, size, FALSE, (vm_prot_t)arguments->c);
    return (int64_t)address;
}

int64_t unix_munmap(struct unix_thread *thread, const struct arguments *arguments)
{
    if (arguments->a % PAGE != 0 || arguments->b == 0)
        return -UNIX_EINVAL;
    return vm_deallocate(thread->process->task, arguments->a, round_up(arguments->b)) == KERN_SUCCESS ? 0 : -UNIX_EINVAL;
}

int64_t unix_mprotect(struct unix_thread *thread, const struct arguments *arguments)
{
    if (arguments->a % PAGE != 0 || arguments->c > VM_PROT_ALL)
        return -UNIX_EINVAL;
    return vm_protect(thread->process->task, arguments->a, round_up(arguments->b), FALSE, (vm_prot_t)arguments->c) ==
                   KERN_SUCCESS
               ? 0
               : -UNIX_ENOMEM;
}

/* Memory that is to grow is copied by whoever asks: as if there were no room behind it. */
int64_t unix_mremap(struct unix_thread *thread, const struct arguments *arguments)
{
    (void)thread, (void)arguments;
    return -UNIX_ENOMEM;
}

/* Advice need not be taken; but what is not wanted any more is to read as zeros. */
int64_t unix_madvise(struct unix_thread *thread, const struct arguments *arguments)
{
    enum { NOT_WANTED = 4 };
    vm_address_t address = arguments->a;

    if (arguments->c != NOT_WANTED)
        return 0;
    if (vm_deallocate(thread->process->task, address, round_up(arguments->b)) != KERN_SUCCESS ||
        vm_allocate(thread->process->task, &address, round_up(arguments->b), VM_FLAGS_FIXED) != KERN_SUCCESS)
        return -UNIX_EINVAL;
    return 0;
}
