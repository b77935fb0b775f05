/* SPDX-License-Identifier: BSD-2-Clause */
/* manager.h - a test as the manager of memory objects: it gets the kernel's requests one by one, and says what it likes. */
#ifndef TESTS_MACHSIM_MANAGER_H
#define TESTS_MACHSIM_MANAGER_H

#include "harness.h"

#include "gen/mach_vm.h"
#include "gen/memory_object.h"
#include "gen/memory_object_control.h"
#include "gen/memory_object_default.h"
#include "maps.h"

#include <mach/mig_errors.h>

/* Ids of what the kernel asks. */
#include "gen/memory_object_default_ids.h"
#include "gen/memory_object_ids.h"

union request {
    mach_msg_header_t head;
    __Request__memory_object_init_t init;
    __Request__memory_object_terminate_t terminate;
    __Request__memory_object_data_request_t data;
    __Request__memory_object_data_unlock_t unlock;
    __Request__memory_object_data_return_t back;
    __Request__memory_object_lock_completed_t locked;
    __Request__memory_object_supply_completed_t supplied;
    __Request__memory_object_synchronize_t synchronize;
    __Request__memory_object_change_completed_t changed;
    __Request__memory_object_create_t create;
    unsigned char room[512];
};

/* The next request at a port of the current task: its id, or 0. */
static inline mach_msg_id_t next_request(mach_port_name_t port, union request *request)
{
    if (mach_msg(&request->head, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof *request, port, 0, MACH_PORT_NULL) !=
        MACH_MSG_SUCCESS)
        return 0;
    return request->head.msgh_id;
}

/* Says how the manager wants things: MEMORY_OBJECT_ATTRIBUTE_INFO. */
static inline kern_return_t set_attributes(mach_port_name_t control, memory_object_copy_strategy_t strategy,
                                           unsigned cluster, bool may_cache, mach_port_name_t reply_to)
{
    struct memory_object_attr_info info = {
        .copy_strategy = strategy, .cluster_size = cluster, .may_cache_object = may_cache};

    return memory_object_change_attributes(control, MEMORY_OBJECT_ATTRIBUTE_INFO, (memory_object_info_t)&info,
                                           MEMORY_OBJECT_ATTR_INFO_COUNT, reply_to);
}

/* Supplies pages that are filled with a byte. */
static inline kern_return_t supply(mach_port_name_t control, uint64_t offset, unsigned pages, unsigned char byte,
                                   vm_prot_t lock, bool precious, mach_port_name_t reply_to)
{
    static unsigned char bytes[16 * HAL_PAGE_SIZE];

    for (size_t i = 0; i < pages * PAGE; i++)
        bytes[i] = byte;
    return memory_object_data_supply(control, offset, (vm_offset_t)bytes, pages * HAL_PAGE_SIZE, FALSE, lock, precious,
                                     reply_to);
}

#endif
