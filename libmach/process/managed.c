/* SPDX-License-Identifier: BSD-2-Clause */
/* managed.c - memory that the kernel maps: see managed.h.  `lock` guards the list of ranges. */
#include "libmach/process/managed.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <unistd.h>

#include "libmach/process/faults.h"
#include "libmach/process/stock.h"
#include "libmach/ring/ring.h"

struct range {
    LIST_ENTRY(range) link;
    uint64_t start, end;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static LIST_HEAD(range_list, range) ranges = LIST_HEAD_INITIALIZER(ranges);
static struct range first_ranges[32];
static struct stock stock = STOCK_OF(first_ranges);
static bool ready; /* the kernel has this task's faults */
static _Atomic unsigned count;

/* ---- ranges ---------------------------------------------------------------------------------------- */

/* Takes a part out of a range, of which one piece or two may be left. */
static void cut(struct range *range, uint64_t start, uint64_t end)
{
    struct range *rest = range->start < start && end < range->end ? stock_take(&stock) : NULL;

    if (rest != NULL) {
        *rest = (struct range){.start = end, .end = range->end};
        LIST_INSERT_HEAD(&ranges, rest, link);
        count++;
    }
    if (range->start < start) {
        range->end = start;
    } else if (end < range->end) {
        range->start = end;
    } else {
        LIST_REMOVE(range, link);
        stock_give(&stock, range);
        count--;
    }
}

static bool cut_all(uint64_t start, uint64_t end)
{
    struct range *range, *next;
    bool some = false;

    for (range = LIST_FIRST(&ranges); range != NULL; range = next) {
        next = LIST_NEXT(range, link);
        if (range->start < end && start < range->end) {
            some = true;
            cut(range, start, end);
        }
    }
    return some;
}

static bool add(uint64_t start, uint64_t end)
{
    struct range *range = stock_take(&stock);

    if (range == NULL)
        return false;
    *range = (struct range){.start = start, .end = end};
    LIST_INSERT_HEAD(&ranges, range, link);
    count++;
    return true;
}

enum managed_part managed_part(uint64_t start, uint64_t end)
{
    const struct range *range;
    uint64_t bytes = 0;

    if (count == 0)
        return MANAGED_NONE;
    const sigset_t before = process_lock(&lock);

    LIST_FOREACH(range, &ranges, link)
        if (range->start < end && start < range->end)
            bytes += (range->end < end ? range->end : end) - (range->start > start ? range->start : start);
    process_unlock(&lock, &before);
    return bytes == 0 ? MANAGED_NONE : bytes == end - start ? MANAGED_ALL : MANAGED_SOME;
}

static void forget(uint64_t start, uint64_t end)
{
    if (cut_all(start, end))
        (void)_kernelrpc_mach_vm_deallocate(mach_task_self(), start, end - start);
}

void managed_forget(uint64_t start, uint64_t end)
{
    if (count == 0)
        return;
    const sigset_t before = process_lock(&lock);

    forget(start, end);
    process_unlock(&lock, &before);
}

bool managed_unmap(uint64_t start, uint64_t end)
{
    const sigset_t before = process_lock(&lock);

    if (faults_by_signals()) /* who gives rights back must not meet another's mapping there */
        forget(start, end);
    const bool unmapped = munmap((void *)start, end - start) == 0;

    if (unmapped)
        forget(start, end);
    process_unlock(&lock, &before);
    return unmapped;
}

/* ---- files that the kernel tells of ------------------------------------------------------------------ */

/*
 * Maps the file that has what the kernel has put at a range.  What will never be written is a private mapping of it: the
 * host lets no one serve the faults of a shared mapping that is for reading alone.
 */
static kern_return_t map_file(uint64_t address, uint64_t size, vm_prot_t protection, vm_prot_t max)
{
    const int kind = max & VM_PROT_WRITE ? MAP_SHARED : MAP_PRIVATE;
    const uint64_t arguments[] = {address, size};
    uint64_t result, offset;
    int file = -1;

    if (!ring_file_trap(WIRE_TRAP_PART, arguments, 2, -1, &file, &result, &offset))
        return KERN_FAILURE;
    if (result != KERN_SUCCESS)
        return (kern_return_t)result;
    const int access = faults_by_signals() ? PROT_NONE : process_protection(protection);
    void *map = mmap((void *)address, size, access, kind | MAP_FIXED, file, (off_t)offset);

    close(file);
    if (map == MAP_FAILED)
        return KERN_RESOURCE_SHORTAGE;
    (void)mach_os_inherit(map, size, false);
    if (faults_by_signals())
        return KERN_SUCCESS;
    return ring_simple_trap(WIRE_TRAP_WATCH, arguments, 2, &result, NULL) ? (kern_return_t)result : KERN_FAILURE;
}

/* ---- fork: a child has what it inherits of the memory -------------------------------------------------- */

static sigset_t mask_before_fork;
static uint64_t legacy; /* by which the child gets it; 0: it gets nothing */

static void before_fork(void)
{
    uint64_t result;

    mask_before_fork = process_lock(&lock);
    legacy = 0;
    if (LIST_FIRST(&ranges) != NULL &&
        (!ring_simple_trap(WIRE_TRAP_FORK, NULL, 0, &result, &legacy) || result != KERN_SUCCESS))
        legacy = 0;
}

static void after_fork_in_parent(void)
{
    process_unlock(&lock, &mask_before_fork);
}

/* Has the kernel give this new task the map that its parent has left.  False: it has none. */
static bool adopt(void)
{
    return legacy != 0 && faults_offer(WIRE_TRAP_ADOPT, (uint64_t[]){legacy, 0}, 2) == KERN_SUCCESS;
}

/* Maps what the kernel has at an address, or finds the next such.  The address behind; 0: there is no more. */
static uint64_t inherit(uint64_t address)
{
    const uint64_t bits = vm_page_mask;
    uint64_t result, out;

    if (!ring_simple_trap(WIRE_TRAP_ENTRY, &address, 1, &result, &out))
        return 0;
    if (result != KERN_SUCCESS)
        return out;
    const uint64_t end = out & ~bits;

    if (map_file(address, end - address, (vm_prot_t)(out & 7), (vm_prot_t)(out >> 3 & 7)) != KERN_SUCCESS ||
        !add(address, end))
        (void)_kernelrpc_mach_vm_deallocate(mach_task_self(), address, end - address);
    return end;
}

/*
 * What the parent has there is not mapped here yet: nothing else must come to be there, as a thread's stack would.
 * The list of what was kept free; the child has no ranges then.
 */
static void keep_places(struct range_list *kept)
{
    struct range *range;

    LIST_INIT(kept);
    while ((range = LIST_FIRST(&ranges)) != NULL) {
        LIST_REMOVE(range, link);
        LIST_INSERT_HEAD(kept, range, link);
        (void)mmap((void *)range->start, range->end - range->start, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    }
    count = 0;
}

/* The end of what is at an address and in the list of ranges, or before the next that is. */
static uint64_t piece_end(uint64_t at, uint64_t end, bool *inherited)
{
    const struct range *range;

    *inherited = false;
    LIST_FOREACH(range, &ranges, link) {
        if (range->start <= at && at < range->end) {
            *inherited = true;
            return range->end < end ? range->end : end;
        }
        if (range->start > at && range->start < end)
            end = range->start;
    }
    return end;
}

/* Lets go of the places of what was not inherited. */
static void free_places(struct range_list *kept)
{
    struct range *range;
    bool inherited;

    while ((range = LIST_FIRST(kept)) != NULL) {
        LIST_REMOVE(range, link);
        for (uint64_t at = range->start, end; at < range->end; at = end) {
            end = piece_end(at, range->end, &inherited);
            if (!inherited)
                (void)munmap((void *)at, end - at);
        }
        stock_give(&stock, range);
    }
}

static void after_fork_in_child(void)
{
    struct range_list kept;

    keep_places(&kept);
    faults_forget();
    ready = adopt();
    for (uint64_t at = vm_page_size; ready && at != 0;)
        at = inherit(at);
    free_places(&kept);
    process_unlock(&lock, &mask_before_fork);
}

void managed_watch_forks(void)
{
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

/* ---- mapping --------------------------------------------------------------------------------------- */

/* Lets the kernel serve the faults of this task.  With the lock held. */
static kern_return_t make_ready(void)
{
    /* All addresses that a process may have. */
    uint64_t arguments[] = {vm_page_size, ((uint64_t)1 << 47) - 2 * vm_page_size, 0};
    const kern_return_t result = ready ? KERN_SUCCESS : faults_offer(WIRE_TRAP_ARENA, arguments, 3);

    ready = result == KERN_SUCCESS;
    return result;
}

/* With the lock held. */
static kern_return_t map_object(uint64_t address, uint64_t size, mem_entry_name_port_t object,
                                memory_object_offset_t offset, boolean_t copy, vm_prot_t protection, vm_prot_t max,
                                vm_inherit_t inheritance)
{
    mach_vm_address_t at = address;
    kern_return_t result = make_ready();

    if (result != KERN_SUCCESS)
        return result;
    (void)cut_all(address, address + size);
    /* The host knows what is free.  What the kernel may still have there was unmapped behind its back. */
    result = _kernelrpc_mach_vm_map(mach_task_self(), &at, size, 0, VM_FLAGS_FIXED | VM_FLAGS_OVERWRITE, object, offset,
                                    copy, protection, max, inheritance);
    if (result != KERN_SUCCESS)
        return result;
    result = map_file(address, size, protection, max);
    if (result == KERN_SUCCESS && !add(address, address + size))
        result = KERN_RESOURCE_SHORTAGE;
    if (result != KERN_SUCCESS)
        (void)_kernelrpc_mach_vm_deallocate(mach_task_self(), address, size);
    return result;
}

kern_return_t managed_map(uint64_t address, uint64_t size, mem_entry_name_port_t object, memory_object_offset_t offset,
                          boolean_t copy, vm_prot_t protection, vm_prot_t max, vm_inherit_t inheritance)
{
    const sigset_t before = process_lock(&lock);
    const kern_return_t result = map_object(address, size, object, offset, copy, protection, max, inheritance);

    process_unlock(&lock, &before);
    return result;
}
