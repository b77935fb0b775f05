/* SPDX-License-Identifier: BSD-2-Clause */
/* mach_port_info.c - what debuggers and tools ask of a space. */
#include <mach/ipc_info.h>

#include "ipc/mach_port.h"
#include "vm/vm_copy.h"

/* ---- a space as a whole ---------------------------------------------------------------------------- */

static ipc_info_name_t name_info(struct ipc_space *space, uint32_t index, struct ipc_entry *entry)
{
    const mach_port_name_t name = ipc_space_name(index, entry);

    return (ipc_info_name_t){
        .iin_name = name,
        .iin_type = ipc_right_info(space, name, entry),
        .iin_urefs = entry_urefs(entry),
    };
}

static uint32_t list_info(struct ipc_space *space, ipc_info_name_t *table, uint32_t room)
{
    uint32_t count = 0;

    for (uint32_t index = 1; index < ipc_space_end(space); index++) {
        struct ipc_entry *entry = ipc_space_entry(space, index);

        if (entry == NULL || entry_type(entry) == MACH_PORT_TYPE_NONE)
            continue;
        if (count < room)
            table[count] = name_info(space, index, entry);
        count++;
    }
    return count;
}

kern_return_t kernel_mach_port_space_info(space_ref_t space, ipc_info_space_t *info, ipc_info_name_array_t *table,
                                          mach_msg_type_number_t *table_count, ipc_info_tree_name_array_t *tree,
                                          mach_msg_type_number_t *tree_count)
{
    if (space == NULL)
        return KERN_INVALID_TASK;
    *tree = NULL;
    *tree_count = 0;
    for (uint32_t room = 32, count;; room = count + count / 8) {
        struct vm_map_copy *copy = vm_map_copy_alloc(room * sizeof **table);

        if (copy == NULL)
            return KERN_RESOURCE_SHORTAGE;
        ipc_space_lock(space);
        count = list_info(space, (void *)copy->data, room);
        *info = (ipc_info_space_t){
            .iis_genno_mask = ENTRY_GEN_MASK >> 24,
            .iis_table_size = ipc_space_end(space),
            .iis_table_next = ipc_space_end(space) * 2,
        };
        ipc_space_unlock(space);
        if (count <= room) {
            *table = (void *)copy->data;
            *table_count = count;
            return KERN_SUCCESS;
        }
        vm_map_copy_discard(copy);
    }
}

kern_return_t kernel_mach_port_space_basic_info(space_ref_t space, ipc_info_space_basic_t *info)
{
    if (space == NULL)
        return KERN_INVALID_TASK;
    ipc_space_lock(space);
    *info = (ipc_info_space_basic_t){
        .iisb_genno_mask = ENTRY_GEN_MASK >> 24,
        .iisb_table_size = ipc_space_end(space),
        .iisb_table_next = ipc_space_end(space) * 2,
        .iisb_table_inuse = space->names,
    };
    ipc_space_unlock(space);
    return KERN_SUCCESS;
}

/* ---- kernel objects -------------------------------------------------------------------------------- */

/* XNU's number and our words for what a port stands for. */
static const struct {
    natural_t number;
    const char *words;
} objects[OBJECT_TYPES] = {
    [OBJECT_NONE] = {0, ""},
    [OBJECT_HOST] = {3, "HOST"},
    [OBJECT_HOST_PRIV] = {4, "HOST_PRIV"},
    [OBJECT_TASK] = {2, "TASK_CONTROL"},
    [OBJECT_TASK_NAME] = {20, "TASK_NAME"},
    [OBJECT_THREAD] = {1, "THREAD_CONTROL"},
    [OBJECT_FILE] = {30, "FILEPORT"},
    [OBJECT_NAMED_ENTRY] = {28, "NAMED_ENTRY"},
    [OBJECT_MEMORY_CONTROL] = {10, "MEM_OBJ_CONTROL"},
    [OBJECT_CLOCK] = {25, "CLOCK"},
    [OBJECT_DEVICE] = {11, "DEVICE"},
    [OBJECT_DEVICE_MASTER] = {7, "MASTER_DEVICE"},
};

static kern_return_t object_of(struct ipc_space *space, mach_port_name_t name, enum ipc_object_type *type)
{
    struct ipc_entry *entry;
    kern_return_t result = mach_port_find(space, name, MACH_PORT_TYPE_SEND_RECEIVE, &entry);

    if (result != KERN_SUCCESS)
        return result;
    *type = ((struct ipc_port *)entry_object(entry))->object_type;
    ipc_space_unlock(space);
    return KERN_SUCCESS;
}

kern_return_t kernel_mach_port_kobject(space_ref_t space, mach_port_name_t name, natural_t *object_type,
                                       mach_vm_address_t *address)
{
    enum ipc_object_type type;
    kern_return_t result = object_of(space, name, &type);

    if (result != KERN_SUCCESS)
        return result;
    *object_type = objects[type].number;
    *address = 0; /* kernel addresses are not told */
    return KERN_SUCCESS;
}

kern_return_t kernel_mach_port_kernel_object(space_ref_t space, mach_port_name_t name, unsigned *object_type,
                                             unsigned *address)
{
    mach_vm_address_t wide;
    kern_return_t result = kernel_mach_port_kobject(space, name, object_type, &wide);

    *address = 0;
    return result;
}

kern_return_t kernel_mach_port_kobject_description(space_ref_t space, mach_port_name_t name, natural_t *object_type,
                                                   mach_vm_address_t *address, kobject_description_t description)
{
    enum ipc_object_type type;
    kern_return_t result = object_of(space, name, &type);

    if (result != KERN_SUCCESS)
        return result;
    *object_type = objects[type].number;
    *address = 0;
    for (size_t i = 0; (description[i] = objects[type].words[i]) != '\0'; i++)
        ;
    return KERN_SUCCESS;
}
