/* SPDX-License-Identifier: BSD-2-Clause */
/* mach_port_names.c - names and their user references: allocate, deallocate, rename, count. */
#include "ipc/mach_port.h"

#include "vm/vm_copy.h"

kern_return_t mach_port_find(struct ipc_space *space, mach_port_name_t name, mach_port_type_t types,
                             struct ipc_entry **entry)
{
    if (space == NULL)
        return KERN_INVALID_TASK;
    ipc_space_lock(space);
    const kern_return_t result =
        space->active ? ipc_right_lookup(space, name, types, entry) : KERN_INVALID_TASK;

    if (result != KERN_SUCCESS)
        ipc_space_unlock(space);
    return result;
}

kern_return_t mach_port_find_receive(struct ipc_space *space, mach_port_name_t name, struct ipc_port **port)
{
    struct ipc_entry *entry;
    kern_return_t result = mach_port_find(space, name, MACH_PORT_TYPE_RECEIVE, &entry);

    if (result != KERN_SUCCESS)
        return result;
    *port = entry_object(entry);
    ipc_port_lock(*port); /* it stays: it has its receive right, which takes the port's lock to go */
    ipc_space_unlock(space);
    return KERN_SUCCESS;
}

/* ---- allocation ------------------------------------------------------------------------------------ */

/* What an entry of a type is made with: a new port or set, or nothing. */
static kern_return_t make_object(struct ipc_space *space, mach_port_right_t right, mach_port_name_t name,
                                 struct ipc_entry *entry)
{
    const mach_port_type_t type = MACH_PORT_TYPE(right);
    void *object = NULL;

    if (right == MACH_PORT_RIGHT_RECEIVE)
        object = ipc_port_create(space, name);
    else if (right == MACH_PORT_RIGHT_PORT_SET)
        object = ipc_pset_create();
    if (object == NULL && right != MACH_PORT_RIGHT_DEAD_NAME) {
        ipc_space_free(space, name, entry);
        return KERN_RESOURCE_SHORTAGE;
    }
    entry_set(entry, entry_bits(entry) | type | (right == MACH_PORT_RIGHT_DEAD_NAME ? 1 : 0), object);
    if (right == MACH_PORT_RIGHT_RECEIVE)
        space->receives++;
    return KERN_SUCCESS;
}

/* A new right under *name, or, if that is null, under a name of our choice. */
static kern_return_t allocate(struct ipc_space *space, mach_port_right_t right, mach_port_name_t *name)
{
    struct ipc_entry *entry;
    kern_return_t result;

    if (space == NULL)
        return KERN_INVALID_TASK;
    if (right != MACH_PORT_RIGHT_RECEIVE && right != MACH_PORT_RIGHT_PORT_SET && right != MACH_PORT_RIGHT_DEAD_NAME)
        return KERN_INVALID_VALUE;
    ipc_space_lock(space);
    if (right == MACH_PORT_RIGHT_RECEIVE && space->receives >= space->max_receives)
        result = KERN_NO_SPACE;
    else if (*name == MACH_PORT_NULL)
        result = ipc_space_alloc(space, name, &entry);
    else
        result = ipc_space_alloc_name(space, *name, &entry);
    if (result == KERN_SUCCESS)
        result = make_object(space, right, *name, entry);
    ipc_space_unlock(space);
    return result;
}

kern_return_t kernel_mach_port_allocate(space_ref_t space, mach_port_right_t right, mach_port_name_t *name)
{
    *name = MACH_PORT_NULL;
    return allocate(space, right, name);
}

kern_return_t kernel_mach_port_allocate_name(space_ref_t space, mach_port_right_t right, mach_port_name_t name)
{
    return MACH_PORT_VALID(name) ? allocate(space, right, &name) : KERN_INVALID_VALUE;
}

kern_return_t kernel_mach_port_allocate_full(space_ref_t space, mach_port_right_t right, mach_port_t proto,
                                             mach_port_qos_t *qos, mach_port_name_t *name)
{
    if (proto != MACH_PORT_NULL || qos->prealloc)
        return KERN_INVALID_VALUE; /* what those did is gone from all systems */
    if (!qos->name)
        *name = MACH_PORT_NULL;
    else if (!MACH_PORT_VALID(*name))
        return KERN_INVALID_VALUE;
    return allocate(space, right, name);
}

kern_return_t kernel_mach_port_allocate_qos(space_ref_t space, mach_port_right_t right, mach_port_qos_t *qos,
                                            mach_port_name_t *name)
{
    *name = MACH_PORT_NULL;
    return qos->name || qos->prealloc ? KERN_INVALID_VALUE : allocate(space, right, name);
}

/* ---- letting go ------------------------------------------------------------------------------------ */

kern_return_t kernel_mach_port_destroy(space_ref_t space, mach_port_name_t name)
{
    struct ipc_entry *entry;

    if (!MACH_PORT_VALID(name))
        return space == NULL ? KERN_INVALID_TASK : KERN_SUCCESS;
    kern_return_t result = mach_port_find(space, name, MACH_PORT_TYPE_ALL_RIGHTS, &entry);
    if (result != KERN_SUCCESS)
        return result;
    if ((entry_type(entry) & MACH_PORT_TYPE_RECEIVE) && ((struct ipc_port *)entry_object(entry))->guarded)
        result = KERN_INVALID_RIGHT;
    else
        ipc_right_destroy(space, name, entry);
    ipc_space_unlock(space);
    return result;
}

kern_return_t kernel_mach_port_deallocate(space_ref_t space, mach_port_name_t name)
{
    struct ipc_entry *entry;

    if (!MACH_PORT_VALID(name))
        return space == NULL ? KERN_INVALID_TASK : KERN_SUCCESS;
    kern_return_t result = mach_port_find(space, name, MACH_PORT_TYPE_ALL_RIGHTS, &entry);
    if (result != KERN_SUCCESS)
        return result;
    result = ipc_right_deallocate(space, name, entry);
    ipc_space_unlock(space);
    return result;
}

kern_return_t kernel_mach_port_mod_refs(space_ref_t space, mach_port_name_t name, mach_port_right_t right,
                                        mach_port_delta_t delta)
{
    struct ipc_entry *entry;

    if (right >= MACH_PORT_RIGHT_NUMBER)
        return KERN_INVALID_VALUE;
    if (!MACH_PORT_VALID(name)) {
        /* A dead or null name has as many references as anyone likes. */
        if (right == MACH_PORT_RIGHT_SEND || right == MACH_PORT_RIGHT_SEND_ONCE)
            return KERN_SUCCESS;
        return KERN_INVALID_NAME;
    }
    kern_return_t result = mach_port_find(space, name, MACH_PORT_TYPE_ALL_RIGHTS, &entry);
    if (result != KERN_SUCCESS)
        return result;
    result = ipc_right_delta(space, name, entry, right, delta);
    ipc_space_unlock(space);
    return result;
}

/* ---- looking --------------------------------------------------------------------------------------- */

kern_return_t kernel_mach_port_get_refs(space_ref_t space, mach_port_name_t name, mach_port_right_t right,
                                        mach_port_urefs_t *refs)
{
    struct ipc_entry *entry;

    if (right >= MACH_PORT_RIGHT_NUMBER)
        return KERN_INVALID_VALUE;
    if (!MACH_PORT_VALID(name)) {
        *refs = 1;
        return right == MACH_PORT_RIGHT_SEND || right == MACH_PORT_RIGHT_SEND_ONCE ? KERN_SUCCESS : KERN_INVALID_NAME;
    }
    kern_return_t result = mach_port_find(space, name, MACH_PORT_TYPE_ALL_RIGHTS, &entry);
    if (result != KERN_SUCCESS)
        return result;
    *refs = ipc_right_urefs(entry_bits(entry), right);
    ipc_space_unlock(space);
    return KERN_SUCCESS;
}

kern_return_t kernel_mach_port_type(space_ref_t space, mach_port_name_t name, mach_port_type_t *type)
{
    struct ipc_entry *entry;
    kern_return_t result = mach_port_find(space, name, MACH_PORT_TYPE_ALL_RIGHTS, &entry);

    if (result != KERN_SUCCESS)
        return result;
    *type = ipc_right_info(space, name, entry);
    ipc_space_unlock(space);
    return KERN_SUCCESS;
}

kern_return_t kernel_mach_port_rename(space_ref_t space, mach_port_name_t old_name, mach_port_name_t new_name)
{
    struct ipc_entry *old, *new;

    if (!MACH_PORT_VALID(new_name))
        return KERN_INVALID_VALUE;
    kern_return_t result = mach_port_find(space, old_name, MACH_PORT_TYPE_ALL_RIGHTS, &old);
    if (result != KERN_SUCCESS)
        return result;
    result = ipc_space_alloc_name(space, new_name, &new);
    if (result == KERN_SUCCESS)
        ipc_right_rename(space, old_name, old, new_name, new);
    ipc_space_unlock(space);
    return result;
}

/* Writes all names, and with `types` their types, into arrays of `room`.  The number of names there are. */
static uint32_t list_names(struct ipc_space *space, mach_port_name_t *names, mach_port_type_t *types, uint32_t room)
{
    uint32_t count = 0;

    for (uint32_t index = 1; index < ipc_space_end(space); index++) {
        struct ipc_entry *entry = ipc_space_entry(space, index);

        if (entry == NULL || entry_type(entry) == MACH_PORT_TYPE_NONE)
            continue;
        const mach_port_name_t name = ipc_space_name(index, entry);

        if (count < room) {
            names[count] = name;
            types[count] = ipc_right_info(space, name, entry);
        }
        count++;
    }
    return count;
}

kern_return_t kernel_mach_port_names(space_ref_t space, mach_port_name_array_t *names,
                                     mach_msg_type_number_t *names_count, mach_port_type_array_t *types,
                                     mach_msg_type_number_t *types_count)
{
    if (space == NULL)
        return KERN_INVALID_TASK;
    for (uint32_t room = 32, count;; room = count + count / 8) {
        struct vm_map_copy *first = vm_map_copy_alloc(room * sizeof(mach_port_name_t));
        struct vm_map_copy *second = vm_map_copy_alloc(room * sizeof(mach_port_type_t));

        if (first == NULL || second == NULL) {
            vm_map_copy_discard(first);
            vm_map_copy_discard(second);
            return KERN_RESOURCE_SHORTAGE;
        }
        ipc_space_lock(space);
        count = list_names(space, (void *)first->data, (void *)second->data, room);
        ipc_space_unlock(space);
        if (count <= room) {
            *names = (void *)first->data;
            *types = (void *)second->data;
            *names_count = *types_count = count;
            return KERN_SUCCESS;
        }
        vm_map_copy_discard(first);
        vm_map_copy_discard(second);
    }
}

kern_return_t kernel_task_set_port_space(space_ref_t space, int entries)
{
    if (space == NULL)
        return KERN_INVALID_TASK;
    if (entries < 0)
        return KERN_INVALID_ARGUMENT;
    ipc_space_lock(space);
    const kern_return_t result = ipc_space_reserve(space, (uint32_t)entries);

    ipc_space_unlock(space);
    return result;
}
