/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exception_ports.c - who is asked about exceptions, for threads, tasks and the host: routines of thread_act.defs, task.defs
 * and host_priv.defs.  On a machine whose threads are its host's they are not supported: their exceptions are signals.
 */
#include "gen/kernel/host_priv_server.h"
#include "gen/kernel/task_server.h"
#include "gen/kernel/thread_act_server.h"
#include "kern/host.h"
#include "kern/kobject.h"
#include "kern/task.h"
#include "kern/thread.h"

#define ARRAY_ROOM 32u

/* Where actions stand: of a thread, a task or the host. */
struct place {
    struct exception_actions **actions;
    struct lock *lock;
};

/* What a routine gives back: an entry for each different action, with a mask of its kinds. */
struct table {
    exception_mask_array_t masks;
    mach_msg_type_number_t *count;
    exception_handler_array_t handlers;
    exception_behavior_array_t behaviors;
    exception_flavor_array_t flavors;
};

static bool is_kind(exception_mask_t mask, exception_type_t type)
{
    return type > 0 && (mask & (1u << type)) != 0;
}

static bool is_mask(exception_mask_t mask)
{
    return (mask & ~(exception_mask_t)(EXC_MASK_ALL | EXC_MASK_CRASH | EXC_MASK_CORPSE_NOTIFY)) == 0;
}

/* Identity-protected behaviors, whose messages have no task port, are not built. */
static bool is_behavior(exception_behavior_t behavior)
{
    switch (behavior & ~(int)MACH_EXCEPTION_MASK) {
    case EXCEPTION_DEFAULT:
    case EXCEPTION_STATE:
    case EXCEPTION_STATE_IDENTITY: return true;
    default: return false;
    }
}

/* ---- changes --------------------------------------------------------------------------------------- */

/* Sees to it that there is a place for actions.  False: no memory. */
static bool make_room(struct place place)
{
    struct exception_actions *made = hal_alloc(sizeof *made);

    lock_acquire(place.lock);
    if (*place.actions == NULL) {
        *place.actions = made;
        made = NULL;
    }
    const bool there = *place.actions != NULL;

    lock_release(place.lock);
    hal_free(made, sizeof *made);
    return there;
}

/* Gives each kind in the mask an action, with a right of its own; the former rights go. */
static void change(struct place place, exception_mask_t mask, const struct exception_action *action)
{
    for (exception_type_t type = 0; type < EXC_TYPES_COUNT; type++) {
        struct exception_action next = *action;

        if (!is_kind(mask, type))
            continue;
        next.port = ipc_port_copy_send(action->port);
        lock_acquire(place.lock);
        const struct exception_action former = (*place.actions)->of[type];

        (*place.actions)->of[type] = next;
        lock_release(place.lock);
        ipc_port_release_send(former.port);
    }
}

static kern_return_t set(struct place place, exception_mask_t mask, mach_port_t name, exception_behavior_t behavior,
                         thread_state_flavor_t flavor)
{
    if (!hal_makes_threads())
        return KERN_NOT_SUPPORTED;
    if (!is_mask(mask) || (MACH_PORT_VALID(name) && !is_behavior(behavior)))
        return KERN_INVALID_ARGUMENT;
    if (!make_room(place))
        return KERN_RESOURCE_SHORTAGE;
    const struct exception_action action = {
        .port = kobject_right(name, MACH_MSG_TYPE_PORT_SEND).port, .behavior = behavior, .flavor = flavor};

    change(place, mask, &action);
    ipc_port_release_send(action.port);
    return KERN_SUCCESS;
}

/* ---- what there is --------------------------------------------------------------------------------- */

static bool is_same(const struct table *table, mach_msg_type_number_t i, const struct exception_action *action, mach_port_t name)
{
    return table->handlers[i] == name && table->behaviors[i] == action->behavior && table->flavors[i] == action->flavor;
}

/* Takes the action's right. */
static void add(struct table *table, exception_type_t type, const struct exception_action *action)
{
    mach_port_t name = MACH_PORT_NULL;
    mach_msg_type_number_t i = 0;

    if (action->port == NULL || kobject_name((struct ipc_right){.port = action->port, .type = MACH_MSG_TYPE_PORT_SEND},
                                             &name) != KERN_SUCCESS)
        return;
    while (i < *table->count && !is_same(table, i, action, name))
        i++;
    if (i < *table->count) {
        table->masks[i] |= 1u << type;
        ipc_right_release(kobject_right(name, MACH_MSG_TYPE_PORT_SEND));
        return;
    }
    table->masks[i] = 1u << type;
    table->handlers[i] = name;
    table->behaviors[i] = action->behavior;
    table->flavors[i] = action->flavor;
    ++*table->count;
}

static kern_return_t get(struct place place, exception_mask_t mask, struct table *table)
{
    if (!hal_makes_threads())
        return KERN_NOT_SUPPORTED;
    if (!is_mask(mask))
        return KERN_INVALID_ARGUMENT;
    _Static_assert(EXC_TYPES_COUNT <= ARRAY_ROOM, "each kind has room");
    *table->count = 0;
    for (exception_type_t type = 0; type < EXC_TYPES_COUNT; type++)
        if (is_kind(mask, type)) {
            const struct exception_action action = exception_action_at(place.actions, place.lock, type);

            add(table, type, &action);
        }
    return KERN_SUCCESS;
}

static kern_return_t swap(struct place place, exception_mask_t mask, mach_port_t name, exception_behavior_t behavior,
                          thread_state_flavor_t flavor, struct table *table)
{
    if (!hal_makes_threads())
        return KERN_NOT_SUPPORTED;
    if (!is_mask(mask) || (MACH_PORT_VALID(name) && !is_behavior(behavior)))
        return KERN_INVALID_ARGUMENT;
    const struct ipc_right right = kobject_right(name, MACH_MSG_TYPE_PORT_SEND);
    mach_port_t again = MACH_PORT_NULL;
    kern_return_t result = get(place, mask, table);

    if (result == KERN_SUCCESS && (result = kobject_name(right, &again)) == KERN_SUCCESS)
        result = set(place, mask, again, behavior, flavor);
    return result;
}

/* ---- routines -------------------------------------------------------------------------------------- */

static struct place of_thread(thread_ref_t thread)
{
    return (struct place){.actions = &thread->exceptions, .lock = &thread->task->lock};
}

static struct place of_task(task_ref_t task)
{
    return (struct place){.actions = &task->exceptions, .lock = &task->lock};
}

static struct place of_host(void)
{
    struct place place;

    place.actions = host_exceptions(&place.lock);
    return place;
}

#define TABLE(masks, count, handlers, behaviors, flavors) (&(struct table){masks, count, handlers, behaviors, flavors})

kern_return_t kernel_thread_set_exception_ports(thread_ref_t thread, exception_mask_t mask, mach_port_t port,
                                                exception_behavior_t behavior, thread_state_flavor_t flavor)
{
    if (thread == NULL)
        return KERN_INVALID_ARGUMENT;
    return thread->terminated ? KERN_TERMINATED : set(of_thread(thread), mask, port, behavior, flavor);
}

kern_return_t kernel_task_set_exception_ports(task_ref_t task, exception_mask_t mask, mach_port_t port,
                                              exception_behavior_t behavior, thread_state_flavor_t flavor)
{
    if (task == NULL)
        return KERN_INVALID_ARGUMENT;
    return !task->active ? KERN_TERMINATED : set(of_task(task), mask, port, behavior, flavor);
}

kern_return_t kernel_host_set_exception_ports(host_ref_t host, exception_mask_t mask, mach_port_t port,
                                              exception_behavior_t behavior, thread_state_flavor_t flavor)
{
    return host == NULL ? KERN_INVALID_ARGUMENT : set(of_host(), mask, port, behavior, flavor);
}

kern_return_t kernel_thread_get_exception_ports(thread_ref_t thread, exception_mask_t mask, exception_mask_array_t masks,
                                                mach_msg_type_number_t *count, exception_handler_array_t handlers,
                                                exception_behavior_array_t behaviors, exception_flavor_array_t flavors)
{
    return thread == NULL ? KERN_INVALID_ARGUMENT
                          : get(of_thread(thread), mask, TABLE(masks, count, handlers, behaviors, flavors));
}

kern_return_t kernel_task_get_exception_ports(task_ref_t task, exception_mask_t mask, exception_mask_array_t masks,
                                              mach_msg_type_number_t *count, exception_handler_array_t handlers,
                                              exception_behavior_array_t behaviors, exception_flavor_array_t flavors)
{
    return task == NULL ? KERN_INVALID_ARGUMENT
                        : get(of_task(task), mask, TABLE(masks, count, handlers, behaviors, flavors));
}

kern_return_t kernel_host_get_exception_ports(host_ref_t host, exception_mask_t mask, exception_mask_array_t masks,
                                              mach_msg_type_number_t *count, exception_handler_array_t handlers,
                                              exception_behavior_array_t behaviors, exception_flavor_array_t flavors)
{
    return host == NULL ? KERN_INVALID_ARGUMENT : get(of_host(), mask, TABLE(masks, count, handlers, behaviors, flavors));
}

kern_return_t kernel_thread_swap_exception_ports(thread_ref_t thread, exception_mask_t mask, mach_port_t port,
                                                 exception_behavior_t behavior, thread_state_flavor_t flavor,
                                                 exception_mask_array_t masks, mach_msg_type_number_t *count,
                                                 exception_handler_array_t handlers, exception_behavior_array_t behaviors,
                                                 exception_flavor_array_t flavors)
{
    if (thread == NULL)
        return KERN_INVALID_ARGUMENT;
    return thread->terminated ? KERN_TERMINATED
                              : swap(of_thread(thread), mask, port, behavior, flavor,
                                     TABLE(masks, count, handlers, behaviors, flavors));
}

kern_return_t kernel_task_swap_exception_ports(task_ref_t task, exception_mask_t mask, mach_port_t port,
                                               exception_behavior_t behavior, thread_state_flavor_t flavor,
                                               exception_mask_array_t masks, mach_msg_type_number_t *count,
                                               exception_handler_array_t handlers, exception_behavior_array_t behaviors,
                                               exception_flavor_array_t flavors)
{
    if (task == NULL)
        return KERN_INVALID_ARGUMENT;
    return !task->active ? KERN_TERMINATED
                         : swap(of_task(task), mask, port, behavior, flavor,
                                TABLE(masks, count, handlers, behaviors, flavors));
}

kern_return_t kernel_host_swap_exception_ports(host_ref_t host, exception_mask_t mask, mach_port_t port,
                                               exception_behavior_t behavior, thread_state_flavor_t flavor,
                                               exception_mask_array_t masks, mach_msg_type_number_t *count,
                                               exception_handler_array_t handlers, exception_behavior_array_t behaviors,
                                               exception_flavor_array_t flavors)
{
    return host == NULL ? KERN_INVALID_ARGUMENT
                        : swap(of_host(), mask, port, behavior, flavor, TABLE(masks, count, handlers, behaviors, flavors));
}
