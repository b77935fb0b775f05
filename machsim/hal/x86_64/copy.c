/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * copy.c - the kernel's way to the memory of programs: bytes of messages, and memory that goes along.
 *
 * Bytes are copied where the program sees them, by its own map: what it may not do faults, and then the fault is taken as the
 * program would, and the rest is copied.  While that is done the processor counts as one that is in the program, so whoever takes
 * a page away waits for it (pmap.c): it takes no lock meanwhile.
 */
#include <mach/vm_inherit.h>
#include <mach/vm_prot.h>

#include "hal/x86_64/cpu.h"
#include "hal/x86_64/user.h"
#include "kern/task.h"
#include "vm/vm_copy.h"
#include "vm/vm_fault.h"

/* ---- bytes ----------------------------------------------------------------------------------------- */

/* entry.S: copies up to a fault, by addresses that may fault; what is left.  It leaves most registers as they are. */
static inline size_t copy_user(void *to, const void *from, size_t size)
{
    size_t left;

    __asm__ volatile("call copy_user" : "=a"(left), "+D"(to), "+S"(from), "+d"(size) : : "rcx", "memory", "cc");
    return left;
}

/* What is left of some bytes when they have been copied up to a fault. */
static inline size_t copy_mapped(struct cpu *cpu, void *to, const void *from, size_t size)
{
    if (!UNLIKELY(processor_count > 1))
        return copy_user(to, from, size);
    processor_sees(cpu, COPYING);
    const size_t left = copy_user(to, from, size);

    atomic_store_explicit(&cpu->place, IN_KERNEL, memory_order_release);
    return left;
}

/* Copies what is left of bytes where there was a fault.  Who takes a page away each time does so without end. */
RARELY static bool copy_rest(struct vm_map *map, void *to, const void *from, size_t size, bool write, size_t left)
{
    const vm_prot_t access = write ? VM_PROT_READ | VM_PROT_WRITE : VM_PROT_READ;

    for (unsigned tries = 0; tries < 1000; tries++) {
        const size_t done = size - left;

        if (vm_fault(map, vm_page_trunc((uint64_t)(write ? to : from) + done), access, NULL) != KERN_SUCCESS)
            return false;
        const size_t still = copy_mapped(cpu_self(), (char *)to + done, (const char *)from + done, left);

        if (still == 0)
            return true;
        if (still < left)
            tries = 0;
        left = still;
    }
    return false;
}

/* Copies bytes of a program's: `write` is whether they are its, and not the kernel's, that are written. */
static inline bool copy_bytes(struct vm_map *map, void *to, const void *from, size_t size, bool write)
{
    if (UNLIKELY(!is_users((uint64_t)(write ? to : from), size)))
        return false;
    struct cpu *cpu = cpu_self();

    pmap_use(cpu, map->pmap);
    const size_t left = copy_mapped(cpu, to, from, size);

    return !UNLIKELY(left != 0) || copy_rest(map, to, from, size, write, left);
}

bool hal_copyin_message(struct thread *thread, uint64_t address, void *to, size_t size)
{
    return copy_bytes(thread->task->map, to, (const void *)address, size, false);
}

bool hal_copyout_message(struct thread *thread, const void *from, uint64_t address, size_t size)
{
    return copy_bytes(thread->task->map, (void *)address, from, size, true);
}

/* ---- memory in messages ---------------------------------------------------------------------------- */

/* More than this is copied virtually. */
#define LARGE ((uint64_t)16 * HAL_PAGE_SIZE)

struct hal_pages {
    struct vm_map_part part;
    struct vm_map *map; /* where it has been mapped to be read; NULL: nowhere */
    uint64_t address;   /* of the bytes there, or else in their first page */
};

void hal_pages_release(struct hal_pages *pages)
{
    if (pages->map != NULL)
        vm_map_destroy(pages->map);
    vm_map_drop_copy(&pages->part);
    hal_free(pages, sizeof *pages);
}

/* Gives it a map: it is to be seen by the kernel. */
static bool map_pages(struct hal_pages *pages)
{
    uint64_t start;

    if (pages->map != NULL)
        return true;
    pages->map = vm_map_create(UINT64_MAX);
    if (pages->map == NULL)
        return false;
    if (vm_map_put_copy(pages->map, &pages->part, &start) == KERN_SUCCESS) {
        pages->address += start;
        return true;
    }
    vm_map_destroy(pages->map);
    pages->map = NULL;
    return false;
}

bool hal_pages_read(struct hal_pages *pages, uint64_t offset, void *to, size_t size)
{
    size_t done = 0;

    return map_pages(pages) && vm_map_read(pages->map, pages->address + offset, to, size, NULL, &done) == KERN_SUCCESS;
}

static kern_return_t take_copy(struct vm_map *map, uint64_t address, uint64_t size, struct vm_map_part *part)
{
    const uint64_t start = vm_page_trunc(address);

    return vm_map_take_copy(map, start, vm_page_round(address + size) - start, part);
}

static kern_return_t copyin_pages(struct vm_map *map, uint64_t address, uint64_t size, struct vm_map_copy **copy)
{
    struct hal_pages *pages = hal_alloc(sizeof *pages);

    *copy = NULL;
    if (pages == NULL)
        return KERN_RESOURCE_SHORTAGE;
    pages->address = address - vm_page_trunc(address);
    const kern_return_t result = take_copy(map, address, size, &pages->part);

    if (result == KERN_SUCCESS)
        *copy = vm_map_copy_of_pages(pages, size);
    if (*copy != NULL)
        return KERN_SUCCESS;
    hal_pages_release(pages);
    return result == KERN_SUCCESS ? KERN_RESOURCE_SHORTAGE : result;
}

/* Maps it; *address is where the bytes are. */
static kern_return_t copyout_pages(struct vm_map *map, struct hal_pages *pages, uint64_t size, uint64_t *address)
{
    const uint64_t offset = pages->address - vm_page_trunc(pages->address);
    struct vm_map_part again = {.first = NULL};
    kern_return_t result = KERN_SUCCESS;

    if (pages->map != NULL)
        result = take_copy(pages->map, pages->address, size, &again);
    if (result == KERN_SUCCESS)
        result = vm_map_put_copy(map, pages->map != NULL ? &again : &pages->part, address);
    *address += offset;
    vm_map_drop_copy(&again);
    return result;
}

static kern_return_t copyin_bytes(struct vm_map *map, uint64_t address, uint64_t size, struct vm_map_copy **copy)
{
    size_t done = 0;

    *copy = vm_map_copy_alloc(size);
    if (*copy == NULL)
        return KERN_RESOURCE_SHORTAGE;
    const kern_return_t result = vm_map_read(map, address, (*copy)->data, (size_t)size, NULL, &done);

    if (result != KERN_SUCCESS) {
        vm_map_copy_discard(*copy);
        *copy = NULL;
    }
    return result;
}

kern_return_t hal_copyin_memory(struct thread *thread, uint64_t address, uint64_t size, bool deallocate,
                                struct vm_map_copy **copy)
{
    struct vm_map *map = thread->task->map;

    if (!is_users(address, size))
        return KERN_INVALID_ADDRESS;
    const kern_return_t result = size >= LARGE ? copyin_pages(map, address, size, copy) : copyin_bytes(map, address, size, copy);

    if (result == KERN_SUCCESS && deallocate)
        (void)vm_map_remove(map, vm_page_trunc(address), vm_page_round(address + size));
    return result == KERN_SUCCESS || result == KERN_RESOURCE_SHORTAGE ? result : KERN_INVALID_ADDRESS;
}

/* Writes a copy's bytes to where there is memory already. */
static kern_return_t write_copy(struct vm_map *map, const struct vm_map_copy *copy, uint64_t address)
{
    unsigned char piece[512];
    kern_return_t result = is_users(address, copy->size) ? KERN_SUCCESS : KERN_INVALID_ADDRESS;

    for (uint64_t at = 0; at < copy->size && result == KERN_SUCCESS; at += sizeof piece) {
        const size_t size = copy->size - at < sizeof piece ? (size_t)(copy->size - at) : sizeof piece;
        size_t done = 0;

        if (copy->pages != NULL && !hal_pages_read(copy->pages, at, piece, size))
            return KERN_RESOURCE_SHORTAGE;
        result = vm_map_write(map, address + at, copy->pages != NULL ? piece : copy->data + at, size, NULL, &done);
    }
    return result;
}

static kern_return_t place_copy(struct vm_map *map, const struct vm_map_copy *copy, uint64_t *address)
{
    struct vm_map_entry like = {
        .protection = VM_PROT_READ | VM_PROT_WRITE, .max_protection = VM_PROT_ALL, .inheritance = VM_INHERIT_COPY};

    if (copy->pages != NULL)
        return copyout_pages(map, copy->pages, copy->size, address);
    kern_return_t result = vm_map_enter(map, address, vm_page_round(copy->size), 0, true, false, &like);

    if (result == KERN_SUCCESS && (result = write_copy(map, copy, *address)) != KERN_SUCCESS)
        (void)vm_map_remove(map, *address, *address + vm_page_round(copy->size));
    return result;
}

kern_return_t hal_copyout_memory(struct thread *thread, struct vm_map_copy *copy, uint64_t *address)
{
    struct vm_map *map = thread->task->map;
    const kern_return_t result = *address == 0 ? place_copy(map, copy, address) : write_copy(map, copy, *address);

    if (result == KERN_SUCCESS)
        vm_map_copy_discard(copy);
    return result;
}
