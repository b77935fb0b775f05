/* SPDX-License-Identifier: BSD-2-Clause */
/* vm_region_info.c - facts of regions as structures: see vm_region_info.h. */
#include "vm/vm_region_info.h"

#include "kern/string.h"

bool vm_region_is_flavor(vm_region_flavor_t flavor)
{
    return flavor == VM_REGION_BASIC_INFO_64 || flavor == VM_REGION_BASIC_INFO || flavor == VM_REGION_EXTENDED_INFO ||
           flavor == VM_REGION_TOP_INFO;
}

bool vm_region_has_pages(vm_region_flavor_t flavor)
{
    return flavor != VM_REGION_BASIC_INFO_64 && flavor != VM_REGION_BASIC_INFO;
}

/* Gives a structure, or with `least` ints of it as much as there is room for. */
static bool give(const void *structure, mach_msg_type_number_t words, int *info, mach_msg_type_number_t *count)
{
    if (*count < words)
        return false;
    *count = words;
    memcpy(info, structure, words * sizeof *info);
    return true;
}

static bool basic_64(const struct vm_region_facts *f, int *info, mach_msg_type_number_t *count)
{
    const vm_region_basic_info_data_64_t basic = {
        .protection = f->protection,
        .max_protection = f->max_protection,
        .inheritance = f->inheritance,
        .shared = f->shared,
        .offset = f->offset,
        .behavior = f->behavior,
        .user_wired_count = (unsigned short)f->wired,
    };

    return give(&basic, VM_REGION_BASIC_INFO_COUNT_64, info, count);
}

static bool basic(const struct vm_region_facts *f, int *info, mach_msg_type_number_t *count)
{
    const vm_region_basic_info_data_t basic = {
        .protection = f->protection,
        .max_protection = f->max_protection,
        .inheritance = f->inheritance,
        .shared = f->shared,
        .offset = (uint32_t)f->offset,
        .behavior = f->behavior,
        .user_wired_count = (unsigned short)f->wired,
    };

    return give(&basic, VM_REGION_BASIC_INFO_COUNT, info, count);
}

static bool extended(const struct vm_region_facts *f, int *info, mach_msg_type_number_t *count)
{
    const vm_region_extended_info_data_t extended = {
        .protection = f->protection,
        .user_tag = f->tag,
        .pages_resident = (unsigned)f->resident,
        .pages_swapped_out = (unsigned)f->swapped,
        .pages_dirtied = (unsigned)f->dirty,
        .ref_count = f->refs,
        .shadow_depth = (unsigned short)f->depth,
        .external_pager = f->external,
        .share_mode = f->share_mode,
    };

    return give(&extended, VM_REGION_EXTENDED_INFO_COUNT, info, count);
}

static bool top(const struct vm_region_facts *f, int *info, mach_msg_type_number_t *count)
{
    const vm_region_top_info_data_t top = {
        .obj_id = f->object,
        .ref_count = f->refs,
        .private_pages_resident = (unsigned)(f->resident - f->shared_pages),
        .shared_pages_resident = (unsigned)f->shared_pages,
        .share_mode = f->share_mode,
    };

    return give(&top, VM_REGION_TOP_INFO_COUNT, info, count);
}

static bool submap_short(const struct vm_region_facts *f, int *info, mach_msg_type_number_t *count)
{
    const vm_region_submap_short_info_data_64_t few = {
        .protection = f->protection,
        .max_protection = f->max_protection,
        .inheritance = f->inheritance,
        .offset = f->offset,
        .user_tag = f->tag,
        .ref_count = f->refs,
        .shadow_depth = (unsigned short)f->depth,
        .external_pager = f->external,
        .share_mode = f->share_mode,
        .behavior = f->behavior,
        .object_id = f->object,
        .user_wired_count = (unsigned short)f->wired,
    };

    return give(&few, VM_REGION_SUBMAP_SHORT_INFO_COUNT_64, info, count);
}

static bool submap_32(const struct vm_region_facts *f, int *info, mach_msg_type_number_t *count)
{
    const vm_region_submap_info_data_t whole = {
        .protection = f->protection,
        .max_protection = f->max_protection,
        .inheritance = f->inheritance,
        .offset = (uint32_t)f->offset,
        .user_tag = f->tag,
        .pages_resident = (unsigned)f->resident,
        .pages_swapped_out = (unsigned)f->swapped,
        .pages_dirtied = (unsigned)f->dirty,
        .ref_count = f->refs,
        .shadow_depth = (unsigned short)f->depth,
        .external_pager = f->external,
        .share_mode = f->share_mode,
        .behavior = f->behavior,
        .object_id = f->object,
        .user_wired_count = (unsigned short)f->wired,
    };

    return give(&whole, VM_REGION_SUBMAP_INFO_COUNT, info, count);
}

/* As much of the structure as the caller's release of it had. */
static bool submap(const struct vm_region_facts *f, int *info, mach_msg_type_number_t *count)
{
    const vm_region_submap_info_data_64_t whole = {
        .protection = f->protection,
        .max_protection = f->max_protection,
        .inheritance = f->inheritance,
        .offset = f->offset,
        .user_tag = f->tag,
        .pages_resident = (unsigned)f->resident,
        .pages_swapped_out = (unsigned)f->swapped,
        .pages_dirtied = (unsigned)f->dirty,
        .ref_count = f->refs,
        .shadow_depth = (unsigned short)f->depth,
        .external_pager = f->external,
        .share_mode = f->share_mode,
        .behavior = f->behavior,
        .object_id = f->object,
        .user_wired_count = (unsigned short)f->wired,
    };

    if (*count >= VM_REGION_SUBMAP_INFO_V2_COUNT_64)
        return give(&whole, VM_REGION_SUBMAP_INFO_V2_COUNT_64, info, count);
    if (*count >= VM_REGION_SUBMAP_INFO_V1_COUNT_64)
        return give(&whole, VM_REGION_SUBMAP_INFO_V1_COUNT_64, info, count);
    if (*count >= VM_REGION_SUBMAP_INFO_V0_COUNT_64)
        return give(&whole, VM_REGION_SUBMAP_INFO_V0_COUNT_64, info, count);
    return submap_short(f, info, count);
}

bool vm_region_describe(const struct vm_region_facts *facts, vm_region_flavor_t flavor, int *info,
                        mach_msg_type_number_t *count)
{
    switch (flavor) {
    case VM_REGION_BASIC_INFO_64: return basic_64(facts, info, count);
    case VM_REGION_BASIC_INFO: return basic(facts, info, count);
    case VM_REGION_EXTENDED_INFO: return extended(facts, info, count);
    case VM_REGION_TOP_INFO: return top(facts, info, count);
    case VM_REGION_SUBMAP_32_FLAVOR: return submap_32(facts, info, count);
    default: return submap(facts, info, count);
    }
}
