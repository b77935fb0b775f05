/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * thread_control.c - threads that programs make, stop, look at and end: routines of thread_act.defs and task.defs.  On a
 * machine whose threads are its host's they are not supported.
 */
#include <mach/thread_info.h>
#include <mach/thread_policy.h>

#include "gen/kernel/task_server.h"
#include "gen/kernel/thread_act_server.h"
#include "kern/task.h"
#include "kern/thread.h"
#include "kern/string.h"

/* KERN_SUCCESS: the thread can be asked something. */
static kern_return_t check(thread_ref_t thread)
{
    return !hal_makes_threads() ? KERN_NOT_SUPPORTED : thread == NULL ? KERN_INVALID_ARGUMENT : KERN_SUCCESS;
}

/* ---- life ------------------------------------------------------------------------------------------ */

static kern_return_t create(task_ref_t task, thread_ref_t *thread)
{
    if (!hal_makes_threads())
        return KERN_NOT_SUPPORTED;
    return task == NULL ? KERN_INVALID_ARGUMENT : hal_thread_create(task, thread);
}

/* It is held once: that is counted as a thread_suspend. */
kern_return_t kernel_thread_create(task_ref_t task, thread_ref_t *thread)
{
    const kern_return_t result = create(task, thread);

    if (result != KERN_SUCCESS)
        return result;
    lock_acquire(&task->lock);
    (*thread)->suspended++;
    lock_release(&task->lock);
    return KERN_SUCCESS;
}

kern_return_t kernel_thread_create_running(task_ref_t task, thread_state_flavor_t flavor, thread_state_t state,
                                           mach_msg_type_number_t count, thread_ref_t *thread)
{
    kern_return_t result = create(task, thread);

    if (result != KERN_SUCCESS)
        return result;
    result = hal_thread_set_state(*thread, flavor, state, count);
    if (result != KERN_SUCCESS) {
        thread_end(*thread);
        thread_release(*thread);
        return result;
    }
    lock_acquire(&task->lock);
    hal_thread_unhold(*thread);
    lock_release(&task->lock);
    return KERN_SUCCESS;
}

kern_return_t kernel_thread_terminate(thread_ref_t thread)
{
    const kern_return_t result = check(thread);

    if (result == KERN_SUCCESS)
        thread_end(thread);
    return result;
}

/* ---- stopping -------------------------------------------------------------------------------------- */

static kern_return_t change_hold(thread_ref_t thread, bool suspend)
{
    kern_return_t result = check(thread);

    if (result != KERN_SUCCESS)
        return result;
    lock_acquire(&thread->task->lock);
    if (thread->terminated)
        result = KERN_TERMINATED;
    else if (!suspend && thread->suspended == 0)
        result = KERN_FAILURE;
    else if (suspend && thread->suspended++ == 0)
        hal_thread_hold(thread);
    else if (!suspend && --thread->suspended == 0)
        hal_thread_unhold(thread);
    lock_release(&thread->task->lock);
    return result;
}

kern_return_t kernel_thread_suspend(thread_ref_t thread)
{
    return change_hold(thread, true);
}

kern_return_t kernel_thread_resume(thread_ref_t thread)
{
    return change_hold(thread, false);
}

/* Ends the wait of a message call; an exception that someone is asked about is not given up. */
kern_return_t kernel_thread_abort(thread_ref_t thread)
{
    const kern_return_t result = check(thread);

    if (result == KERN_SUCCESS)
        ipc_wait_abort(thread, false);
    return result;
}

/* Each wait here can be started again: the two are one. */
kern_return_t kernel_thread_abort_safely(thread_ref_t thread)
{
    return kernel_thread_abort(thread);
}

/* ---- registers ------------------------------------------------------------------------------------- */

static void hold(thread_ref_t thread, bool held)
{
    lock_acquire(&thread->task->lock);
    if (held)
        hal_thread_hold(thread);
    else
        hal_thread_unhold(thread);
    lock_release(&thread->task->lock);
}

kern_return_t kernel_thread_get_state(thread_ref_t thread, thread_state_flavor_t flavor, thread_state_t state,
                                      mach_msg_type_number_t *count)
{
    kern_return_t result = check(thread);

    if (result != KERN_SUCCESS)
        return result;
    hold(thread, true);
    result = thread->terminated ? KERN_TERMINATED : hal_thread_get_state(thread, flavor, state, count);
    hold(thread, false);
    return result;
}

kern_return_t kernel_thread_set_state(thread_ref_t thread, thread_state_flavor_t flavor, thread_state_t state,
                                      mach_msg_type_number_t count)
{
    kern_return_t result = check(thread);

    if (result != KERN_SUCCESS)
        return result;
    hold(thread, true);
    result = thread->terminated ? KERN_TERMINATED : hal_thread_set_state(thread, flavor, state, count);
    hold(thread, false);
    return result;
}

kern_return_t kernel_act_get_state(thread_ref_t thread, int flavor, thread_state_t state, mach_msg_type_number_t *count)
{
    return kernel_thread_get_state(thread, flavor, state, count);
}

kern_return_t kernel_act_set_state(thread_ref_t thread, int flavor, thread_state_t state, mach_msg_type_number_t count)
{
    return kernel_thread_set_state(thread, flavor, state, count);
}

/* ---- information ----------------------------------------------------------------------------------- */

static time_value_t time_value(uint64_t nanoseconds)
{
    return (time_value_t){.seconds = (integer_t)(nanoseconds / 1000000000u),
                          .microseconds = (integer_t)(nanoseconds % 1000000000u / 1000)};
}

kern_return_t kernel_thread_info(thread_ref_t thread, thread_flavor_t flavor, thread_info_t info,
                                 mach_msg_type_number_t *count)
{
    const kern_return_t result = check(thread);

    if (result != KERN_SUCCESS)
        return result;
    if (flavor != THREAD_BASIC_INFO || *count < THREAD_BASIC_INFO_COUNT)
        return KERN_INVALID_ARGUMENT;
    lock_acquire(&thread->task->lock);
    const thread_basic_info_data_t basic = {
        .user_time = time_value(hal_thread_time(thread)),
        .policy = POLICY_RR,
        .run_state = thread->suspended > 0 || thread->task->suspended > 0 ? TH_STATE_STOPPED : TH_STATE_RUNNING,
        .suspend_count = (integer_t)thread->suspended,
    };
    const bool ended = thread->terminated;

    lock_release(&thread->task->lock);
    if (ended)
        return KERN_TERMINATED;
    memcpy(info, &basic, sizeof basic);
    *count = THREAD_BASIC_INFO_COUNT;
    return KERN_SUCCESS;
}

/* ---- policy ---------------------------------------------------------------------------------------- */

/* Fixed priorities: 31, as XNU has it for ordinary threads, and the importance. */
static unsigned priority_of(int32_t importance)
{
    const int64_t priority = (int64_t)HAL_PRIORITY_DEFAULT + importance;

    return priority < 0 ? 0 : priority >= HAL_PRIORITIES ? HAL_PRIORITIES - 1 : (unsigned)priority;
}

static kern_return_t set_importance(thread_ref_t thread, int32_t importance)
{
    lock_acquire(&thread->task->lock);
    const bool ended = thread->terminated;

    if (!ended) {
        thread->importance = importance;
        hal_thread_set_priority(thread, priority_of(importance));
    }
    lock_release(&thread->task->lock);
    return ended ? KERN_TERMINATED : KERN_SUCCESS;
}

kern_return_t kernel_thread_policy_set(thread_ref_t thread, thread_policy_flavor_t flavor, thread_policy_t info,
                                       mach_msg_type_number_t count)
{
    const kern_return_t result = check(thread);

    if (result != KERN_SUCCESS)
        return result;
    switch (flavor) {
    case THREAD_STANDARD_POLICY: return set_importance(thread, 0);
    case THREAD_PRECEDENCE_POLICY:
        return count < THREAD_PRECEDENCE_POLICY_COUNT ? KERN_INVALID_ARGUMENT : set_importance(thread, info[0]);
    default: return KERN_NOT_SUPPORTED;
    }
}

kern_return_t kernel_thread_policy_get(thread_ref_t thread, thread_policy_flavor_t flavor, thread_policy_t info,
                                       mach_msg_type_number_t *count, boolean_t *get_default)
{
    const kern_return_t result = check(thread);

    if (result != KERN_SUCCESS)
        return result;
    if (flavor != THREAD_PRECEDENCE_POLICY)
        return KERN_NOT_SUPPORTED;
    if (*count < THREAD_PRECEDENCE_POLICY_COUNT)
        return KERN_INVALID_ARGUMENT;
    lock_acquire(&thread->task->lock);
    info[0] = *get_default ? 0 : thread->importance;
    lock_release(&thread->task->lock);
    *count = THREAD_PRECEDENCE_POLICY_COUNT;
    return KERN_SUCCESS;
}
