/* SPDX-License-Identifier: BSD-2-Clause */
/* mach_vm_region.c - the routines of mach_vm.defs that tell what is mapped. */
#include "gen/kernel/mach_vm_server.h"
#include "vm/vm_range.h"
#include "kern/string.h"

#include <mach/vm_region.h>

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

static uint32_t number_of(const struct vm_object *object)
{
    return object == NULL ? 0 : object->number;
}

static unsigned char share_mode(const struct vm_map_entry *entry)
{
    if (entry->object == NULL)
        return SM_EMPTY;
    if (entry->shared && entry->object->refs > 1)
        return SM_SHARED;
    return entry->needs_copy || entry->object->shadow != NULL ? SM_COW : SM_PRIVATE;
}

/* ---- flavors --------------------------------------------------------------------------------------- */

/* Each writes its structure; it has `count` words of room.  How many it wrote; 0: that is not enough. */
typedef mach_msg_type_number_t describe_t(const struct vm_map_entry *entry, int *info, mach_msg_type_number_t count);

#define WORDS(structure) ((mach_msg_type_number_t)(sizeof(structure) / sizeof(int)))
#define GIVE(structure, info, count)                                                                                   \
    ((count) < WORDS(structure) ? 0 : (memcpy(info, &(structure), sizeof(structure)), WORDS(structure)))

static mach_msg_type_number_t basic_64(const struct vm_map_entry *entry, int *info, mach_msg_type_number_t count)
{
    const vm_region_basic_info_data_64_t basic = {
        .protection = entry->protection,
        .max_protection = entry->max_protection,
        .inheritance = entry->inheritance,
        .shared = entry->shared,
        .offset = entry->offset,
        .behavior = entry->behavior,
        .user_wired_count = (unsigned short)entry->wired,
    };

    return GIVE(basic, info, count);
}

static mach_msg_type_number_t basic(const struct vm_map_entry *entry, int *info, mach_msg_type_number_t count)
{
    const vm_region_basic_info_data_t basic = {
        .protection = entry->protection,
        .max_protection = entry->max_protection,
        .inheritance = entry->inheritance,
        .shared = entry->shared,
        .offset = (uint32_t)entry->offset,
        .behavior = entry->behavior,
        .user_wired_count = (unsigned short)entry->wired,
    };

    return GIVE(basic, info, count);
}

static mach_msg_type_number_t extended(const struct vm_map_entry *entry, int *info, mach_msg_type_number_t count)
{
    const struct census census = count_pages(entry);
    const vm_region_extended_info_data_t extended = {
        .protection = entry->protection,
        .user_tag = entry->tag,
        .pages_resident = census.resident,
        .pages_dirtied = census.dirty,
        .ref_count = census.refs,
        .shadow_depth = (unsigned short)census.depth,
        .share_mode = share_mode(entry),
    };

    return GIVE(extended, info, count);
}

static mach_msg_type_number_t top(const struct vm_map_entry *entry, int *info, mach_msg_type_number_t count)
{
    const struct census census = count_pages(entry);
    const bool shared = census.refs > 1;
    const vm_region_top_info_data_t top = {
        .obj_id = number_of(entry->object),
        .ref_count = census.refs,
        .private_pages_resident = shared ? 0 : census.resident,
        .shared_pages_resident = shared ? census.resident : 0,
        .share_mode = share_mode(entry),
    };

    return GIVE(top, info, count);
}

static describe_t *flavor_of(vm_region_flavor_t flavor)
{
    switch (flavor) {
    case VM_REGION_BASIC_INFO_64: return basic_64;
    case VM_REGION_BASIC_INFO: return basic;
    case VM_REGION_EXTENDED_INFO: return extended;
    case VM_REGION_TOP_INFO: return top;
    default: return NULL;
    }
}

static mach_msg_type_number_t submap_64(const struct vm_map_entry *entry, int *info, mach_msg_type_number_t count)
{
    const struct census census = count_pages(entry);
    const vm_region_submap_info_data_64_t whole = {
        .protection = entry->protection,
        .max_protection = entry->max_protection,
        .inheritance = entry->inheritance,
        .offset = entry->offset,
        .user_tag = entry->tag,
        .pages_resident = census.resident,
        .pages_dirtied = census.dirty,
        .ref_count = census.refs,
        .shadow_depth = (unsigned short)census.depth,
        .share_mode = share_mode(entry),
        .behavior = entry->behavior,
        .object_id = number_of(entry->object),
        .user_wired_count = (unsigned short)entry->wired,
    };
    const vm_region_submap_short_info_data_64_t few = {
        .protection = whole.protection,
        .max_protection = whole.max_protection,
        .inheritance = whole.inheritance,
        .offset = whole.offset,
        .user_tag = whole.user_tag,
        .ref_count = whole.ref_count,
        .shadow_depth = whole.shadow_depth,
        .share_mode = whole.share_mode,
        .behavior = whole.behavior,
        .object_id = whole.object_id,
        .user_wired_count = whole.user_wired_count,
    };

    if (count < VM_REGION_SUBMAP_INFO_V0_COUNT_64)
        return GIVE(few, info, count);
    count = count < VM_REGION_SUBMAP_INFO_COUNT_64 ? VM_REGION_SUBMAP_INFO_V0_COUNT_64 : VM_REGION_SUBMAP_INFO_COUNT_64;
    memcpy(info, &whole, count * sizeof *info);
    return count;
}

/* ---- routines -------------------------------------------------------------------------------------- */

/* Describes the first entry that has something at or after *address. */
static kern_return_t describe(struct task *task, mach_vm_address_t *address, mach_vm_size_t *size, describe_t *function,
                              int *info, mach_msg_type_number_t *count)
{
    struct vm_map_entry *entry;
    struct vm_range range;
    kern_return_t result = vm_range_of(task, 0, 0, &range);

    if (result != KERN_SUCCESS)
        return result;
    lock_acquire(&vm_lock);
    if (!vm_map_lookup(task->map, *address, &entry))
        entry = vm_map_next(entry);
    if (entry == NULL) {
        result = KERN_INVALID_ADDRESS;
    } else if ((*count = function(entry, info, *count)) == 0) {
        result = KERN_INVALID_ARGUMENT;
    } else {
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
    describe_t *function = flavor_of(flavor);

    *object = MACH_PORT_NULL;
    return function == NULL ? KERN_INVALID_ARGUMENT : describe(task, address, size, function, info, count);
}

kern_return_t kernel_mach_vm_region_recurse(task_ref_t task, mach_vm_address_t *address, mach_vm_size_t *size,
                                            natural_t *depth, vm_region_recurse_info_t info,
                                            mach_msg_type_number_t *count)
{
    *depth = 0; /* there are no maps in maps */
    return describe(task, address, size, submap_64, info, count);
}

kern_return_t kernel_mach_vm_page_query(task_ref_t task, mach_vm_offset_t address, integer_t *disposition,
                                        integer_t *refs)
{
    struct vm_map_entry *entry;
    struct vm_range range;
    kern_return_t result = vm_range_of(task, address, 1, &range);

    if (result != KERN_SUCCESS)
        return result;
    *disposition = *refs = 0;
    lock_acquire(&vm_lock);
    if (!vm_map_lookup(task->map, range.start, &entry)) {
        result = KERN_INVALID_ADDRESS;
    } else if (entry->object != NULL) {
        const struct vm_page *page =
            vm_object_page(entry->object, entry->offset + (range.start - vm_map_entry_start(entry)));

        *refs = (integer_t)entry->object->refs;
        if (page != NULL)
            *disposition = VM_PAGE_QUERY_PAGE_PRESENT | (page->dirty ? VM_PAGE_QUERY_PAGE_DIRTY : 0) |
                           (page->object != entry->object ? VM_PAGE_QUERY_PAGE_COPIED : 0);
    }
    lock_release(&vm_lock);
    return result;
}
