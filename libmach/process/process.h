/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process.h - memory of tasks that are processes.  The caller's own is changed by the host's calls; another's is read
 * and written as far as the host lets one process do that to another: the same user's, and root's to all.
 */
#ifndef LIBMACH_PROCESS_H
#define LIBMACH_PROCESS_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>

#include <mach/mach.h>
#include <mach/mach_vm.h>

#include "gen/vm/kernelrpc.h" /* what the kernel does: _kernelrpc_mach_vm_map and so on */
#include "libmach/ring/os.h"

#pragma GCC visibility push(hidden)

/* The process that a task is.  KERN_INVALID_ARGUMENT: the name is no task's port. */
kern_return_t process_of(vm_map_read_t task, int *process);

/* PROT_* of the host's for VM_PROT_*. */
static inline int process_protection(vm_prot_t protection)
{
    return (protection & VM_PROT_READ ? PROT_READ : 0) | (protection & VM_PROT_WRITE ? PROT_WRITE : 0) |
           (protection & VM_PROT_EXECUTE ? PROT_EXEC : 0);
}

/* Locks with signals kept out, for a handler may make these calls too; gives the mask that unlocking brings back. */
static inline sigset_t process_lock(pthread_mutex_t *lock)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_mutex_lock(lock);
    return before;
}

static inline void process_unlock(pthread_mutex_t *lock, const sigset_t *before)
{
    pthread_mutex_unlock(lock);
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

/* Whether a range overflows. */
static inline bool process_overflows(uint64_t address, uint64_t size)
{
    return size > UINT64_MAX - address || address + size > UINT64_MAX - vm_page_size;
}

/* The first region that ends after an address.  KERN_INVALID_ADDRESS: none; KERN_NO_ACCESS: the host does not tell. */
kern_return_t process_region(int process, uint64_t address, bool pages, struct mach_os_region *region);

/*
 * Whether all of a range is there and allows `protection`.
 * KERN_INVALID_ADDRESS, KERN_PROTECTION_FAILURE; KERN_NO_ACCESS: the host does not tell.
 */
kern_return_t process_check(int process, uint64_t address, uint64_t size, vm_prot_t protection);

#pragma GCC visibility pop

#endif
