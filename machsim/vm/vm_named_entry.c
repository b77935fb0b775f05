/* SPDX-License-Identifier: BSD-2-Clause */
/* vm_named_entry.c - named entries, and the routines that make them: see vm_named_entry.h. */
#include "vm/vm_named_entry.h"

#include "gen/kernel/mach_host_server.h"
#include "gen/kernel/mach_vm_server.h"
#include "gen/kernel/vm_map_server.h"
#include "kern/kobject.h"
#include "vm/vm_pager.h"
#include "vm/vm_purgable.h"
#include "vm/vm_range.h"

#include <mach/memory_object_types.h>

#define FLAGS (MAP_MEM_NAMED_CREATE | MAP_MEM_PURGABLE | MAP_MEM_VM_COPY | MAP_MEM_VM_SHARE)

struct vm_named_entry *vm_named_entry_create(struct vm_object *object, uint64_t offset, uint64_t size,
                                             vm_prot_t protection)
{
    struct vm_named_entry *entry = hal_alloc(sizeof *entry);

    if (entry == NULL) {
        lock_acquire(&vm_lock);
        vm_object_release(object);
        lock_release(&vm_lock);
        return NULL;
    }
    ref_init(&entry->refs);
    entry->object = object;
    entry->offset = offset;
    entry->size = size;
    entry->protection = protection;
    return entry;
}

void vm_named_entry_release(struct vm_named_entry *entry)
{
    if (!ref_put(&entry->refs))
        return;
    lock_acquire(&vm_lock);
    vm_object_release(entry->object);
    lock_release(&vm_lock);
    hal_free(entry, sizeof *entry);
}

/* ---- making them ----------------------------------------------------------------------------------- */

/* What a new entry will be of: a reference to the object is its. */
struct part {
    struct vm_object *object;
    uint64_t offset, size;
};

static kern_return_t new_memory(uint64_t size, bool purgable, struct part *part)
{
    lock_acquire(&vm_lock);
    part->object = purgable ? vm_purgable_create(size) : vm_object_create(size);
    if (part->object != NULL)
        part->object->shared = true; /* whoever maps it writes it */
    lock_release(&vm_lock);
    part->offset = 0;
    part->size = size;
    return part->object == NULL ? KERN_RESOURCE_SHORTAGE : KERN_SUCCESS;
}

/* A part of another entry, with no more rights. */
static kern_return_t part_of(const struct vm_named_entry *parent, uint64_t offset, uint64_t size, vm_prot_t protection,
                             struct part *part)
{
    if (protection & ~parent->protection)
        return KERN_PROTECTION_FAILURE;
    if (offset > parent->size || size > parent->size - offset)
        return KERN_INVALID_ARGUMENT;
    lock_acquire(&vm_lock);
    vm_object_reference(parent->object);
    lock_release(&vm_lock);
    *part = (struct part){.object = parent->object, .offset = parent->offset + vm_page_trunc(offset), .size = size};
    return KERN_SUCCESS;
}

static kern_return_t make(struct vm_map *map, struct vm_range range, vm_prot_t permission,
                          const struct vm_named_entry *parent, struct part *part)
{
    const vm_prot_t protection = permission & VM_PROT_ALL;

    if (permission & MAP_MEM_NAMED_CREATE)
        return new_memory(range.end - range.start, permission & MAP_MEM_PURGABLE, part);
    if (parent != NULL)
        return part_of(parent, range.start, range.end - range.start, protection, part);
    part->size = range.end - range.start;
    const kern_return_t result = vm_map_name(map, range.start, &part->size, protection, permission & MAP_MEM_VM_COPY,
                                             kobject_waiter(), &part->object, &part->offset);

    return result == KERN_INVALID_ADDRESS && hal_maps_are_own() ? KERN_NOT_SUPPORTED : result; /* others' memory */
}

/* New memory needs no map: of what the task has, only what is named must be the kernel's. */
static kern_return_t range_of(const struct task *task, uint64_t offset, uint64_t size, vm_prot_t permission,
                              struct vm_range *range)
{
    if (!(permission & MAP_MEM_NAMED_CREATE))
        return vm_range_of(task, offset, size, range);
    if (task == NULL || size > UINT64_MAX - HAL_PAGE_SIZE)
        return KERN_INVALID_ARGUMENT;
    *range = (struct vm_range){.start = 0, .end = vm_page_round(size)};
    return KERN_SUCCESS;
}

kern_return_t vm_named_entry_name(struct vm_named_entry *entry, mach_port_t *name)
{
    struct ipc_port *port = ipc_port_create_kernel(OBJECT_NAMED_ENTRY, entry);

    if (port == NULL) {
        vm_named_entry_release(entry);
        return KERN_RESOURCE_SHORTAGE;
    }
    return kobject_name((struct ipc_right){.port = ipc_port_make_send(port), .type = MACH_MSG_TYPE_PORT_SEND}, name);
}

kern_return_t kernel_mach_make_memory_entry_64(task_ref_t task, memory_object_size_t *size,
                                               memory_object_offset_t offset, vm_prot_t permission, mach_port_t *name,
                                               mem_entry_name_port_t parent_name)
{
    struct vm_range range;
    struct part part;
    kern_return_t result = range_of(task, offset, *size, permission, &range);

    *name = MACH_PORT_NULL;
    if (result != KERN_SUCCESS)
        return result;
    if (*size == 0 || (permission & VM_PROT_ALL) == 0)
        return KERN_INVALID_ARGUMENT;
    if (permission & ~(VM_PROT_ALL | FLAGS))
        return KERN_INVALID_VALUE;
    struct vm_named_entry *parent =
        MACH_PORT_VALID(parent_name) ? convert_port_to_named_entry(parent_name) : NULL;

    if (parent == NULL && MACH_PORT_VALID(parent_name))
        return KERN_INVALID_ARGUMENT;
    result = make(task->map, range, permission, parent, &part);
    if (parent != NULL)
        vm_named_entry_release(parent);
    if (result != KERN_SUCCESS)
        return result;
    struct vm_named_entry *entry =
        vm_named_entry_create(part.object, part.offset, part.size, permission & VM_PROT_ALL);

    *size = part.size;
    return entry == NULL ? KERN_RESOURCE_SHORTAGE : vm_named_entry_name(entry, name);
}

kern_return_t kernel__mach_make_memory_entry(task_ref_t task, memory_object_size_t *size, mach_vm_offset_t offset,
                                             vm_prot_t permission, mem_entry_name_port_t *name,
                                             mem_entry_name_port_t parent)
{
    return kernel_mach_make_memory_entry_64(task, size, offset, permission, name, parent);
}

kern_return_t kernel_mach_make_memory_entry(task_ref_t task, vm_size_t *size, vm_offset_t offset, vm_prot_t permission,
                                            mem_entry_name_port_t *name, mem_entry_name_port_t parent)
{
    memory_object_size_t bytes = *size;
    const kern_return_t result = kernel_mach_make_memory_entry_64(task, &bytes, offset, permission, name, parent);

    *size = (vm_size_t)bytes;
    return result;
}

/* A managed object, or with `internal` new memory, by a name. */
kern_return_t kernel_mach_memory_object_memory_entry_64(host_ref_t host, boolean_t internal, memory_object_size_t size,
                                                        vm_prot_t permission, memory_object_t pager, mach_port_t *name)
{
    struct part part = {.size = vm_page_round(size)};
    kern_return_t result;

    *name = MACH_PORT_NULL;
    if (host == NULL || size == 0 || size > UINT64_MAX - HAL_PAGE_SIZE || (permission & ~VM_PROT_ALL))
        return KERN_INVALID_ARGUMENT;
    if (MACH_PORT_VALID(pager)) {
        struct ipc_port *manager = convert_port_to_manager(pager);

        result = manager == NULL ? KERN_INVALID_ARGUMENT : vm_pager_map(manager, part.size, &part.object);
    } else {
        result = internal ? new_memory(part.size, false, &part) : KERN_INVALID_ARGUMENT;
    }
    if (result != KERN_SUCCESS)
        return result;
    struct vm_named_entry *entry = vm_named_entry_create(part.object, 0, part.size, permission);

    return entry == NULL ? KERN_RESOURCE_SHORTAGE : vm_named_entry_name(entry, name);
}

kern_return_t kernel_mach_memory_object_memory_entry(host_ref_t host, boolean_t internal, vm_size_t size,
                                                     vm_prot_t permission, memory_object_t pager, mach_port_t *name)
{
    return kernel_mach_memory_object_memory_entry_64(host, internal, size, permission, pager, name);
}
