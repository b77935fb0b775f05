/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/vm_region.h - what is known of a range of memory.  Values and layouts are XNU's (LP64). */
#ifndef _MACH_VM_REGION_H_
#define _MACH_VM_REGION_H_

#include <mach/boolean.h>
#include <mach/vm_behavior.h>
#include <mach/vm_inherit.h>
#include <mach/vm_prot.h>
#include <mach/vm_types.h>

typedef int vm_region_flavor_t;
typedef int *vm_region_info_t;
typedef int *vm_region_info_64_t;
typedef int *vm_region_recurse_info_t;
typedef int *vm_region_recurse_info_64_t;
typedef int vm_page_info_flavor_t;
typedef int *vm_page_info_t;

#define VM_MAP_ENTRY_MAX 256

typedef struct vm_read_entry {
    vm_address_t address;
    vm_size_t size;
} vm_read_entry_t[VM_MAP_ENTRY_MAX];

typedef struct mach_vm_read_entry {
    mach_vm_address_t address;
    mach_vm_size_t size;
} mach_vm_read_entry_t[VM_MAP_ENTRY_MAX];

#pragma pack(push, 4)
typedef struct vm_info_region {
    natural_t vir_start;
    natural_t vir_end;
    natural_t vir_object;
    natural_t vir_offset;
    boolean_t vir_needs_copy;
    vm_prot_t vir_protection;
    vm_prot_t vir_max_protection;
    vm_inherit_t vir_inheritance;
    natural_t vir_wired_count;
    natural_t vir_user_wired_count;
} vm_info_region_t;

typedef struct vm_info_region_64 {
    natural_t vir_start;
    natural_t vir_end;
    natural_t vir_object;
    memory_object_offset_t vir_offset;
    boolean_t vir_needs_copy;
    vm_prot_t vir_protection;
    vm_prot_t vir_max_protection;
    vm_inherit_t vir_inheritance;
    natural_t vir_wired_count;
    natural_t vir_user_wired_count;
} vm_info_region_64_t;
#pragma pack(pop)

typedef struct vm_info_object {
    natural_t vio_object;
    natural_t vio_size;
    unsigned int vio_ref_count;
    unsigned int vio_resident_page_count;
    unsigned int vio_absent_count;
    natural_t vio_copy;
    natural_t vio_shadow;
    natural_t vio_shadow_offset;
    natural_t vio_paging_offset;
    int vio_copy_strategy;
    vm_offset_t vio_last_alloc;
    unsigned int vio_paging_in_progress;
    boolean_t vio_pager_created;
    boolean_t vio_pager_initialized;
    boolean_t vio_pager_ready;
    boolean_t vio_can_persist;
    boolean_t vio_internal;
    boolean_t vio_temporary;
    boolean_t vio_alive;
    boolean_t vio_purgable;
    boolean_t vio_purgable_volatile;
} vm_info_object_t;
typedef vm_info_object_t *vm_info_object_array_t;
typedef vm_offset_t *page_address_array_t;

#define SM_COW 1
#define VM_PAGE_INFO_BASIC 1
#define VM_PAGE_QUERY_PAGE_PRESENT 1
#define SM_PRIVATE 2
#define VM_PAGE_QUERY_PAGE_FICTITIOUS 2
#define SM_EMPTY 3
#define SM_SHARED 4
#define VM_PAGE_QUERY_PAGE_REF 4
#define SM_TRUESHARED 5
#define VM_REGION_TOP_INFO_COUNT 5
#define SM_PRIVATE_ALIASED 6
#define SM_SHARED_ALIASED 7
#define SM_LARGE_PAGE 8
#define VM_PAGE_INFO_BASIC_COUNT 8
#define VM_PAGE_QUERY_PAGE_DIRTY 8
#define VM_REGION_BASIC_INFO_COUNT 8
#define VM_REGION_BASIC_INFO_64 9
#define VM_REGION_BASIC_INFO_COUNT_64 9
#define VM_REGION_EXTENDED_INFO_COUNT 9
#define VM_REGION_BASIC_INFO 10
#define VM_REGION_SUBMAP_SHORT_INFO_COUNT_64 12
#define VM_REGION_TOP_INFO 12
#define VM_REGION_EXTENDED_INFO 13
#define VM_REGION_SUBMAP_INFO_COUNT 15
#define VM_PAGE_QUERY_PAGE_PAGED_OUT 16
#define VM_REGION_SUBMAP_INFO_V0_COUNT_64 16
#define VM_REGION_SUBMAP_INFO_V1_COUNT_64 17
#define VM_REGION_SUBMAP_INFO_COUNT_64 19
#define VM_REGION_SUBMAP_INFO_V2_COUNT_64 19
#define VM_PAGE_QUERY_PAGE_COPIED 32
#define VM_PAGE_QUERY_PAGE_SPECULATIVE 64
#define VM_REGION_SUBMAP_INFO_V0_SIZE 64
#define VM_REGION_SUBMAP_INFO_V1_SIZE 68
#define VM_REGION_SUBMAP_INFO_V2_SIZE 76
#define VM_PAGE_QUERY_PAGE_EXTERNAL 128
#define VM_PAGE_QUERY_PAGE_CS_VALIDATED 0x100
#define VM_PAGE_QUERY_PAGE_CS_TAINTED 0x200
#define VM_PAGE_QUERY_PAGE_CS_NX 0x400
#define VM_REGION_INFO_MAX 0x400
#define VM_PAGE_QUERY_PAGE_REUSABLE 0x800

struct vm_page_info_basic {
    int disposition;
    int ref_count;
    vm_object_id_t object_id;
    memory_object_offset_t offset;
    int depth;
    int __pad;
};
typedef struct vm_page_info_basic vm_page_info_basic_data_t;
typedef struct vm_page_info_basic *vm_page_info_basic_t;

typedef int vm_region_info_data_t[VM_REGION_INFO_MAX];

#pragma pack(push, 4)
struct vm_region_basic_info_64 {
    vm_prot_t protection;
    vm_prot_t max_protection;
    vm_inherit_t inheritance;
    boolean_t shared;
    boolean_t reserved;
    memory_object_offset_t offset;
    vm_behavior_t behavior;
    unsigned short user_wired_count;
};
#pragma pack(pop)
typedef struct vm_region_basic_info_64 *vm_region_basic_info_64_t;
typedef struct vm_region_basic_info_64 vm_region_basic_info_data_64_t;

#pragma pack(push, 4)
struct vm_region_basic_info {
    vm_prot_t protection;
    vm_prot_t max_protection;
    vm_inherit_t inheritance;
    boolean_t shared;
    boolean_t reserved;
    uint32_t offset;
    vm_behavior_t behavior;
    unsigned short user_wired_count;
};
#pragma pack(pop)
typedef struct vm_region_basic_info *vm_region_basic_info_t;
typedef struct vm_region_basic_info vm_region_basic_info_data_t;

#pragma pack(push, 4)
struct vm_region_extended_info {
    vm_prot_t protection;
    unsigned int user_tag;
    unsigned int pages_resident;
    unsigned int pages_shared_now_private;
    unsigned int pages_swapped_out;
    unsigned int pages_dirtied;
    unsigned int ref_count;
    unsigned short shadow_depth;
    unsigned char external_pager;
    unsigned char share_mode;
    unsigned int pages_reusable;
};
#pragma pack(pop)
typedef struct vm_region_extended_info *vm_region_extended_info_t;
typedef struct vm_region_extended_info vm_region_extended_info_data_t;

#pragma pack(push, 4)
struct vm_region_top_info {
    vm32_object_id_t obj_id;
    unsigned int ref_count;
    unsigned int private_pages_resident;
    unsigned int shared_pages_resident;
    unsigned char share_mode;
};
#pragma pack(pop)
typedef struct vm_region_top_info *vm_region_top_info_t;
typedef struct vm_region_top_info vm_region_top_info_data_t;

#pragma pack(push, 4)
struct vm_region_submap_info {
    vm_prot_t protection;
    vm_prot_t max_protection;
    vm_inherit_t inheritance;
    uint32_t offset;
    unsigned int user_tag;
    unsigned int pages_resident;
    unsigned int pages_shared_now_private;
    unsigned int pages_swapped_out;
    unsigned int pages_dirtied;
    unsigned int ref_count;
    unsigned short shadow_depth;
    unsigned char external_pager;
    unsigned char share_mode;
    boolean_t is_submap;
    vm_behavior_t behavior;
    vm32_object_id_t object_id;
    unsigned short user_wired_count;
};
#pragma pack(pop)
typedef struct vm_region_submap_info *vm_region_submap_info_t;
typedef struct vm_region_submap_info vm_region_submap_info_data_t;

#pragma pack(push, 4)
struct vm_region_submap_info_64 {
    vm_prot_t protection;
    vm_prot_t max_protection;
    vm_inherit_t inheritance;
    memory_object_offset_t offset;
    unsigned int user_tag;
    unsigned int pages_resident;
    unsigned int pages_shared_now_private;
    unsigned int pages_swapped_out;
    unsigned int pages_dirtied;
    unsigned int ref_count;
    unsigned short shadow_depth;
    unsigned char external_pager;
    unsigned char share_mode;
    boolean_t is_submap;
    vm_behavior_t behavior;
    vm32_object_id_t object_id;
    unsigned short user_wired_count;
    unsigned int pages_reusable;
    vm_object_id_t object_id_full;
};
#pragma pack(pop)
typedef struct vm_region_submap_info_64 *vm_region_submap_info_64_t;
typedef struct vm_region_submap_info_64 vm_region_submap_info_data_64_t;

#pragma pack(push, 4)
struct vm_region_submap_short_info_64 {
    vm_prot_t protection;
    vm_prot_t max_protection;
    vm_inherit_t inheritance;
    memory_object_offset_t offset;
    unsigned int user_tag;
    unsigned int ref_count;
    unsigned short shadow_depth;
    unsigned char external_pager;
    unsigned char share_mode;
    boolean_t is_submap;
    vm_behavior_t behavior;
    vm32_object_id_t object_id;
    unsigned short user_wired_count;
};
#pragma pack(pop)
typedef struct vm_region_submap_short_info_64 *vm_region_submap_short_info_64_t;
typedef struct vm_region_submap_short_info_64 vm_region_submap_short_info_data_64_t;

struct mach_vm_info_region {
    mach_vm_offset_t vir_start;
    mach_vm_offset_t vir_end;
    mach_vm_offset_t vir_object;
    memory_object_offset_t vir_offset;
    boolean_t vir_needs_copy;
    vm_prot_t vir_protection;
    vm_prot_t vir_max_protection;
    vm_inherit_t vir_inheritance;
    natural_t vir_wired_count;
    natural_t vir_user_wired_count;
};
typedef struct mach_vm_info_region mach_vm_info_region_t;

#endif
