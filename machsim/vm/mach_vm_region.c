/* SPDX-License-Identifier: BSD-2-Clause */
/* mach_vm_region.c - the routines of mach_vm.defs that tell what is mapped. */
#include "gen/kernel/mach_vm_server.h"
#include "gen/kernel/vm_map_server.h"
#include "kern/string.h"
#include "vm/vm_native.h"
#include "vm/vm_pager.h"
#include "vm/vm_range.h"
#include "vm/vm_region_info.h"

/* What is known of an entry beyond what it says itself. */
struct census {
    uint32_t resident, dirty, refs, depth;
};

/* Counts pages of an object in a range, if they show: none in what shadows it hides them. */
static void count_object(const struct vm_map_entry *entry, const struct vm_object *object, uint64_t offset,
                         struct census *census)
{
    const uint64_t end = offset + (entry->end - vm_map_entry_start(entry));

    for (const struct vm_page *page = vm_object_page_from(object, offset);
         page != NULL && vm_page_offset(page) < end; page = vm_object_page_from(object, vm_page_offset(page) + 1)) {
        if (vm_object_page(entry->object, entry->offset + (vm_page_offset(page) - offset)) != page)
            continue;
        census->resident++;
        census->dirty += page->dirty;
    }
}

static struct census count_pages(const struct vm_map_entry *entry)
{
    struct census census = {.refs = entry->object == NULL ? 0 : entry->object->refs};
    uint64_t offset = entry->offset;

    for (const struct vm_object *object = entry->object; object != NULL; object = object->shadow) {
        count_object(entry, object, offset, &census);
        offset += object->shadow_offset;
        census.depth += object->shadow != NULL;
    }
    return census;
}

static unsigned char share_mode(const struct vm_map_entry *entry)
{
    if (entry->object == NULL)
        return SM_EMPTY;
    if (entry->shared && entry->object->refs > 1)
        return SM_SHARED;
    return entry->needs_copy || entry->object->shadow != NULL ? SM_COW : SM_PRIVATE;
}

/* Whether a program manages what shows in an object. */
static bool is_external(const struct vm_object *object)
{
    while (object != NULL && (object->pager == NULL || object->pager->internal))
        object = object->shadow;
    return object != NULL;
}

static struct vm_region_facts facts_of(const struct vm_map_entry *entry, bool pages)
{
    const struct census census = pages ? count_pages(entry) : (struct census){.resident = 0};

    return (struct vm_region_facts){
        .protection = entry->protection,
        .max_protection = entry->max_protection,
        .inheritance = entry->inheritance,
        .behavior = entry->behavior,
        .shared = entry->shared,
        .offset = entry->offset,
        .wired = entry->wired,
        .tag = entry->tag,
        .resident = census.resident,
        .dirty = census.dirty,
        .shared_pages = census.refs > 1 ? census.resident : 0,
        .refs = census.refs,
        .depth = census.depth,
        .object = entry->object == NULL ? 0 : entry->object->number,
        .share_mode = share_mode(entry),
        .external = is_external(entry->object),
    };
}

/* ---- routines -------------------------------------------------------------------------------------- */

/* Describes the first entry that has something at or after *address. */
static kern_return_t describe(struct task *task, mach_vm_address_t *address, mach_vm_size_t *size,
                              vm_region_flavor_t flavor, int *info, mach_msg_type_number_t *count)
{
    struct vm_map_entry *entry;
    struct vm_range range;
    kern_return_t result = vm_range_in(task, 0, 0, &range);

    if (result != KERN_SUCCESS)
        return result;
    lock_acquire(&vm_lock);
    if (!vm_map_lookup(task->map, *address, &entry))
        entry = vm_map_next(entry);
    if (entry == NULL) {
        result = KERN_INVALID_ADDRESS;
    } else {
        const struct vm_region_facts facts = facts_of(entry, vm_region_has_pages(flavor));

        result = vm_region_describe(&facts, flavor, info, count) ? KERN_SUCCESS : KERN_INVALID_ARGUMENT;
        *address = vm_map_entry_start(entry);
        *size = entry->end - vm_map_entry_start(entry);
    }
    lock_release(&vm_lock);
    return result;
}

kern_return_t kernel_mach_vm_region(task_ref_t task, mach_vm_address_t *address, mach_vm_size_t *size,
                                    vm_region_flavor_t flavor, vm_region_info_t info, mach_msg_type_number_t *count,
                                    memory_object_name_t *object)
{
    *object = MACH_PORT_NULL;
    if (!vm_region_is_flavor(flavor))
        return KERN_INVALID_ARGUMENT;
    return describe(task, address, size, flavor, info, count);
}

kern_return_t kernel_mach_vm_region_recurse(task_ref_t task, mach_vm_address_t *address, mach_vm_size_t *size,
                                            natural_t *depth, vm_region_recurse_info_t info,
                                            mach_msg_type_number_t *count)
{
    *depth = 0; /* there are no maps in maps */
    return describe(task, address, size, VM_REGION_SUBMAP_FLAVOR, info, count);
}

kern_return_t kernel_vm_region_recurse(task_ref_t task, vm_address_t *address, vm_size_t *size, natural_t *depth,
                                       vm_region_recurse_info_t info, mach_msg_type_number_t *count)
{
    *depth = 0;
    WITH_RANGE(address, size, describe(task, &at, &bytes, VM_REGION_SUBMAP_32_FLAVOR, info, count));
}

/* ---- pages ----------------------------------------------------------------------------------------- */

/* How far down the chain a page is. */
static int depth_of(const struct vm_object *object, const struct vm_page *page)
{
    int depth = 0;

    for (; object != page->object; object = object->shadow)
        depth++;
    return depth;
}

static vm_page_info_basic_data_t describe_page(const struct vm_map_entry *entry, uint64_t address)
{
    const uint64_t offset = entry->offset + (address - vm_map_entry_start(entry));
    const struct vm_page *page = vm_object_page(entry->object, offset);
    vm_page_info_basic_data_t basic = {.offset = offset};

    if (entry->object == NULL)
        return basic;
    basic.ref_count = (int)entry->object->refs;
    basic.object_id = entry->object->number;
    if (page == NULL)
        return basic;
    basic.disposition = VM_PAGE_QUERY_PAGE_PRESENT | (page->dirty ? VM_PAGE_QUERY_PAGE_DIRTY : 0) |
                        (page->object != entry->object ? VM_PAGE_QUERY_PAGE_COPIED : 0);
    basic.offset = vm_page_offset(page);
    basic.object_id = page->object->number;
    basic.depth = depth_of(entry->object, page);
    return basic;
}

static kern_return_t page_of(struct task *task, uint64_t address, vm_page_info_basic_data_t *basic)
{
    struct vm_map_entry *entry;
    struct vm_range range;
    kern_return_t result = vm_range_in(task, address, 1, &range);

    if (result != KERN_SUCCESS)
        return result;
    lock_acquire(&vm_lock);
    if (vm_map_lookup(task->map, range.start, &entry))
        *basic = describe_page(entry, range.start);
    else
        result = KERN_INVALID_ADDRESS;
    lock_release(&vm_lock);
    return result;
}

kern_return_t kernel_mach_vm_page_query(task_ref_t task, mach_vm_offset_t address, integer_t *disposition,
                                        integer_t *refs)
{
    vm_page_info_basic_data_t basic = {.disposition = 0};
    const kern_return_t result = page_of(task, address, &basic);

    *disposition = basic.disposition;
    *refs = basic.ref_count;
    return result;
}

kern_return_t kernel_mach_vm_page_info(task_ref_t task, mach_vm_address_t address, vm_page_info_flavor_t flavor,
                                       vm_page_info_t info, mach_msg_type_number_t *count)
{
    vm_page_info_basic_data_t basic;

    if (flavor != VM_PAGE_INFO_BASIC || *count < VM_PAGE_INFO_BASIC_COUNT)
        return KERN_INVALID_ARGUMENT;
    const kern_return_t result = page_of(task, address, &basic);

    if (result != KERN_SUCCESS)
        return result;
    *count = VM_PAGE_INFO_BASIC_COUNT;
    memcpy(info, &basic, sizeof basic);
    return KERN_SUCCESS;
}
