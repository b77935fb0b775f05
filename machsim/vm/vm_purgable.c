/* SPDX-License-Identifier: BSD-2-Clause */
/* vm_purgable.c - memory that may be taken away: see vm_purgable.h; and the routines for it. */
#include "vm/vm_purgable.h"

#include "gen/kernel/mach_vm_server.h"
#include "gen/kernel/memory_entry_server.h"
#include "gen/kernel/vm_map_server.h"
#include "vm/vm_kept.h"
#include "vm/vm_named_entry.h"
#include "vm/vm_pager.h"
#include "vm/vm_range.h"

static struct list volatile_objects; /* the first to go first */

void vm_purgable_init(void)
{
    list_init(&volatile_objects);
}

struct vm_object *vm_purgable_create(uint64_t size)
{
    struct vm_object *object = vm_object_create(size);

    if (object != NULL) {
        object->purgable = true;
        object->purge_state = VM_PURGABLE_NONVOLATILE;
        object->shared = true; /* its copies must not depend on who writes first */
    }
    return object;
}

void vm_purgable_end(struct vm_object *object)
{
    if (list_linked(&object->volatile_link))
        list_remove(&object->volatile_link);
}

static void empty(struct vm_object *object)
{
    vm_purgable_end(object);
    vm_object_discard(object, 0, object->size);
    if (object->pager != NULL)
        vm_kept_clear(&object->pager->kept);
    object->purge_state = VM_PURGABLE_EMPTY;
    vm_page_counts.purged++;
}

static bool may_go(const struct vm_object *object)
{
    return list_empty(&object->shadowers);
}

bool vm_purgable_purge(void)
{
    list_for_each(link, &volatile_objects) {
        struct vm_object *object = container_of(link, struct vm_object, volatile_link);

        if (!may_go(object))
            continue;
        empty(object);
        return true;
    }
    return false;
}

/* An object that is empty stays so until someone wants it kept. */
static void set_state(struct vm_object *object, int wanted, bool first)
{
    vm_purgable_end(object);
    switch (wanted) {
    case VM_PURGABLE_NONVOLATILE: object->purge_state = VM_PURGABLE_NONVOLATILE; break;
    case VM_PURGABLE_VOLATILE:
        if (object->purge_state == VM_PURGABLE_EMPTY)
            break;
        object->purge_state = VM_PURGABLE_VOLATILE;
        if (first)
            list_prepend(&volatile_objects, &object->volatile_link);
        else
            list_append(&volatile_objects, &object->volatile_link);
        break;
    default:
        if (may_go(object))
            empty(object);
    }
}

kern_return_t vm_purgable_set(struct vm_object *object, vm_purgable_t control, int *state)
{
    const int former = object->purge_state, wanted = *state & VM_PURGABLE_STATE_MASK;

    if (!object->purgable || (control != VM_PURGABLE_GET_STATE && control != VM_PURGABLE_SET_STATE))
        return KERN_INVALID_ARGUMENT;
    if (control == VM_PURGABLE_SET_STATE) {
        if ((*state & ~VM_PURGABLE_ALL_MASKS) || wanted == VM_PURGABLE_DENY)
            return KERN_INVALID_ARGUMENT;
        set_state(object, wanted, *state & VM_VOLATILE_MAKE_FIRST_IN_GROUP);
    }
    *state = former;
    return KERN_SUCCESS;
}

/* ---- routines -------------------------------------------------------------------------------------- */

/* Memory of a map by an address in it; it must be writable, for it may change. */
static kern_return_t control_at(struct vm_map *map, uint64_t address, vm_purgable_t control, int *state)
{
    struct vm_map_entry *entry;

    if (!vm_map_lookup(map, address, &entry))
        return KERN_INVALID_ADDRESS;
    if (!(entry->protection & VM_PROT_WRITE))
        return KERN_PROTECTION_FAILURE;
    return entry->object == NULL ? KERN_INVALID_ARGUMENT : vm_purgable_set(entry->object, control, state);
}

kern_return_t kernel_mach_vm_purgable_control(task_ref_t task, mach_vm_address_t address, vm_purgable_t control,
                                              int *state)
{
    struct vm_range range;
    kern_return_t result = vm_range_of(task, address, 0, &range);

    if (result != KERN_SUCCESS)
        return result;
    lock_acquire(&vm_lock);
    if (control == VM_PURGABLE_PURGE_ALL) { /* a wish, as memory runs short */
        while (vm_purgable_purge())
            ;
    } else {
        result = control_at(task->map, range.start, control, state);
    }
    lock_release(&vm_lock);
    return result;
}

kern_return_t kernel_vm_purgable_control(task_ref_t task, vm_address_t address, vm_purgable_t control, int *state)
{
    return kernel_mach_vm_purgable_control(task, address, control, state);
}

kern_return_t kernel_mach_memory_entry_purgable_control(mem_entry_name_port_t name, vm_purgable_t control, int *state)
{
    struct vm_named_entry *entry = convert_port_to_named_entry(name);

    if (entry == NULL)
        return KERN_INVALID_ARGUMENT;
    lock_acquire(&vm_lock);
    const kern_return_t result = entry->protection & VM_PROT_WRITE ? vm_purgable_set(entry->object, control, state)
                                                                   : KERN_PROTECTION_FAILURE;

    lock_release(&vm_lock);
    vm_named_entry_release(entry);
    return result;
}
