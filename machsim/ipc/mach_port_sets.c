/* SPDX-License-Identifier: BSD-2-Clause */
/* mach_port_sets.c - which ports are in which sets. */
#include "ipc/mach_port.h"
#include "vm/vm_copy.h"

/* Finds a receive right and a set in one space, each with a reference. */
static kern_return_t find_both(struct ipc_space *space, mach_port_name_t member, mach_port_name_t name,
                               struct ipc_port **port, struct ipc_pset **set)
{
    struct ipc_entry *entry;
    kern_return_t result = mach_port_find(space, member, MACH_PORT_TYPE_RECEIVE, &entry);

    if (result != KERN_SUCCESS)
        return result;
    *port = entry_object(entry);
    *set = NULL;
    if (name != MACH_PORT_NULL) {
        result = ipc_right_lookup(space, name, MACH_PORT_TYPE_PORT_SET, &entry);
        if (result == KERN_SUCCESS)
            ipc_pset_reference(*set = entry_object(entry));
    }
    if (result == KERN_SUCCESS)
        ipc_port_reference(*port);
    ipc_space_unlock(space);
    return result;
}

/* Finds both, calls `function`, and lets go of both. */
static kern_return_t with_both(struct ipc_space *space, mach_port_name_t member, mach_port_name_t name,
                               kern_return_t (*function)(struct ipc_pset *set, struct ipc_port *port))
{
    struct ipc_port *port;
    struct ipc_pset *set;
    kern_return_t result = find_both(space, member, name, &port, &set);

    if (result != KERN_SUCCESS)
        return result;
    result = function(set, port);
    ipc_port_release(port);
    if (set != NULL)
        ipc_pset_release(set);
    return result;
}

/* Out of all sets, and into one if there is one. */
static kern_return_t move(struct ipc_pset *set, struct ipc_port *port)
{
    ipc_port_lock(port);
    const bool was_in_one = ipc_pset_remove_from_all(port);

    ipc_port_unlock(port);
    if (set == NULL)
        return was_in_one ? KERN_SUCCESS : KERN_NOT_IN_SET;
    return ipc_pset_add(set, port);
}

kern_return_t kernel_mach_port_move_member(space_ref_t space, mach_port_name_t member, mach_port_name_t after)
{
    return with_both(space, member, after, move);
}

kern_return_t kernel_mach_port_insert_member(space_ref_t space, mach_port_name_t name, mach_port_name_t set)
{
    return MACH_PORT_VALID(set) ? with_both(space, name, set, ipc_pset_add) : KERN_INVALID_RIGHT;
}

kern_return_t kernel_mach_port_extract_member(space_ref_t space, mach_port_name_t name, mach_port_name_t set)
{
    return MACH_PORT_VALID(set) ? with_both(space, name, set, ipc_pset_remove) : KERN_INVALID_RIGHT;
}

/* Writes the names of a set's members into an array of `room`.  The number there are.  Space locked. */
static uint32_t list_members(struct ipc_space *space, struct ipc_pset *set, mach_port_name_t *names, uint32_t room)
{
    uint32_t count = 0;

    (void)space; /* all members are of this space, and their names change under its lock */
    ipc_pset_lock(set);
    list_for_each(link, &set->links) {
        if (count < room)
            names[count] = container_of(link, struct ipc_set_link, set_link)->port->name;
        count++;
    }
    ipc_pset_unlock(set);
    return count;
}

kern_return_t kernel_mach_port_get_set_status(space_ref_t space, mach_port_name_t name,
                                              mach_port_name_array_t *members, mach_msg_type_number_t *count)
{
    for (uint32_t room = 32;; room = *count) {
        struct vm_map_copy *names = vm_map_copy_alloc(room * sizeof(mach_port_name_t));
        struct ipc_entry *entry;

        if (names == NULL)
            return KERN_RESOURCE_SHORTAGE;
        kern_return_t result = mach_port_find(space, name, MACH_PORT_TYPE_PORT_SET, &entry);
        if (result == KERN_SUCCESS) {
            *count = list_members(space, entry_object(entry), (void *)names->data, room);
            ipc_space_unlock(space);
            if (*count <= room) {
                *members = (void *)names->data;
                return KERN_SUCCESS;
            }
        }
        vm_map_copy_discard(names);
        if (result != KERN_SUCCESS)
            return result;
    }
}
