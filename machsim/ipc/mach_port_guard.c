/* SPDX-License-Identifier: BSD-2-Clause */
/* mach_port_guard.c - ports made and unmade with options, and guards, without whose value neither goes. */
#include "ipc/direct.h"
#include "ipc/mach_port.h"

#define MPO_KNOWN                                                                                              \
    (MPO_CONTEXT_AS_GUARD | MPO_QLIMIT | MPO_TEMPOWNER | MPO_IMPORTANCE_RECEIVER | MPO_INSERT_SEND_RIGHT |      \
     MPO_STRICT | MPO_DENAP_RECEIVER | MPO_IMMOVABLE_RECEIVE)

/* Gives a new port what its options say.  Space locked. */
static void apply(struct ipc_space *space, struct ipc_entry *entry, mach_port_name_t name,
                  const mach_port_options_t *options, mach_port_context_t context)
{
    struct ipc_port *port = entry_object(entry);

    ipc_port_lock(port);
    port->context = context;
    if (options->flags & MPO_QLIMIT)
        port->queue_limit = options->mpl.mpl_qlimit;
    if (options->flags & MPO_CONTEXT_AS_GUARD) {
        port->guarded = true;
        port->guard = context;
        port->strict_guard = (options->flags & MPO_STRICT) != 0;
        port->immovable = (options->flags & MPO_IMMOVABLE_RECEIVE) != 0;
    }
    port->temporary_owner = (options->flags & MPO_TEMPOWNER) != 0;
    ipc_port_unlock(port);
    if (options->flags & MPO_INSERT_SEND_RIGHT) {
        const struct ipc_right right = {.port = ipc_port_make_send(port), .type = MACH_MSG_TYPE_PORT_SEND};

        if (ipc_right_copyout_name(space, right, name) != KERN_SUCCESS)
            ipc_right_release(right);
    }
}

kern_return_t kernel_mach_port_construct(space_ref_t space, mach_port_options_ptr_t options,
                                         mach_port_context_t context, mach_port_name_t *name)
{
    struct ipc_entry *entry;

    if (options == NULL || (options->flags & ~MPO_KNOWN) != 0)
        return KERN_INVALID_ARGUMENT;
    if ((options->flags & MPO_QLIMIT) && options->mpl.mpl_qlimit > MACH_PORT_QLIMIT_MAX)
        return KERN_INVALID_VALUE;
    kern_return_t result = kernel_mach_port_allocate(space, MACH_PORT_RIGHT_RECEIVE, name);
    if (result != KERN_SUCCESS)
        return result;
    result = mach_port_find(space, *name, MACH_PORT_TYPE_RECEIVE, &entry);
    if (result != KERN_SUCCESS)
        return result;
    apply(space, entry, *name, options, context);
    ipc_space_unlock(space);
    return KERN_SUCCESS;
}

kern_return_t kernel_mach_port_destruct(space_ref_t space, mach_port_name_t name, mach_port_delta_t send_delta,
                                        mach_port_context_t guard)
{
    struct ipc_entry *entry;

    if (!MACH_PORT_VALID(name))
        return KERN_INVALID_NAME;
    kern_return_t result = mach_port_find(space, name, MACH_PORT_TYPE_ALL_RIGHTS, &entry);
    if (result != KERN_SUCCESS)
        return result;
    result = ipc_right_destruct(space, name, entry, send_delta, guard);
    ipc_space_unlock(space);
    return result;
}

/* ---- guards ---------------------------------------------------------------------------------------- */

kern_return_t kernel_mach_port_guard_with_flags(space_ref_t space, mach_port_name_t name, mach_port_context_t guard,
                                                uint64_t flags)
{
    struct ipc_port *port;
    kern_return_t result = KERN_SUCCESS;

    if (flags & ~(uint64_t)(MPG_STRICT | MPG_IMMOVABLE_RECEIVE))
        return KERN_INVALID_ARGUMENT;
    if (!MACH_PORT_VALID(name))
        return KERN_INVALID_NAME;
    result = mach_port_find_receive(space, name, &port);
    if (result != KERN_SUCCESS)
        return result;
    if (port->guarded) {
        result = KERN_INVALID_ARGUMENT;
    } else {
        port->guarded = true;
        port->guard = port->context = guard;
        port->strict_guard = (flags & MPG_STRICT) != 0;
        port->immovable = (flags & MPG_IMMOVABLE_RECEIVE) != 0;
        ipc_direct_update(port);
    }
    ipc_port_unlock(port);
    return result;
}

kern_return_t kernel_mach_port_guard(space_ref_t space, mach_port_name_t name, mach_port_context_t guard,
                                     boolean_t strict)
{
    return kernel_mach_port_guard_with_flags(space, name, guard, strict ? MPG_STRICT : 0);
}

/* Finds a guarded port, locked, whose guard has this value. */
static kern_return_t find_guarded(struct ipc_space *space, mach_port_name_t name, mach_port_context_t guard,
                                  struct ipc_port **port)
{
    if (!MACH_PORT_VALID(name))
        return KERN_INVALID_NAME;
    kern_return_t result = mach_port_find_receive(space, name, port);

    if (result == KERN_SUCCESS && (!(*port)->guarded || (*port)->guard != guard)) {
        ipc_port_unlock(*port);
        result = KERN_INVALID_ARGUMENT;
    }
    return result;
}

kern_return_t kernel_mach_port_unguard(space_ref_t space, mach_port_name_t name, mach_port_context_t guard)
{
    struct ipc_port *port;
    kern_return_t result = find_guarded(space, name, guard, &port);

    if (result != KERN_SUCCESS)
        return result;
    port->guarded = port->strict_guard = port->immovable = false;
    port->guard = port->context = 0;
    ipc_direct_update(port);
    ipc_port_unlock(port);
    return KERN_SUCCESS;
}

kern_return_t kernel_mach_port_swap_guard(space_ref_t space, mach_port_name_t name, mach_port_context_t old_guard,
                                          mach_port_context_t new_guard)
{
    struct ipc_port *port;
    kern_return_t result = find_guarded(space, name, old_guard, &port);

    if (result != KERN_SUCCESS)
        return result;
    port->guard = port->context = new_guard;
    ipc_direct_update(port);
    ipc_port_unlock(port);
    return KERN_SUCCESS;
}
