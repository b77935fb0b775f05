/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * threads.c - what is the host's: threads of processes, which machsim does not make, nor stop, nor sees the registers of; and
 * devices, of which it has none.
 */
#include "hal/hal.h"

const struct hal_device *const hal_devices[] = {NULL};

bool hal_makes_threads(void)
{
    return false;
}

kern_return_t hal_thread_create(struct task *task, struct thread **thread)
{
    (void)task, (void)thread;
    return KERN_NOT_SUPPORTED;
}

/* A task's count of suspensions is always 0: what follows is not called. */
void hal_thread_hold(struct thread *thread)
{
    (void)thread;
    hal_panic(__FILE__, __LINE__, "a thread of the host's is held");
}

void hal_thread_unhold(struct thread *thread)
{
    hal_thread_hold(thread);
}

kern_return_t hal_thread_get_state(struct thread *thread, int flavor, uint32_t *state, uint32_t *count)
{
    (void)thread, (void)flavor, (void)state, (void)count;
    return KERN_NOT_SUPPORTED;
}

kern_return_t hal_thread_set_state(struct thread *thread, int flavor, const uint32_t *state, uint32_t count)
{
    (void)thread, (void)flavor, (void)state, (void)count;
    return KERN_NOT_SUPPORTED;
}

void hal_exception_done(struct thread *thread, bool handled)
{
    (void)handled;
    hal_thread_hold(thread);
}

void hal_thread_set_priority(struct thread *thread, unsigned priority)
{
    (void)priority;
    hal_thread_hold(thread);
}

uint64_t hal_thread_time(const struct thread *thread)
{
    (void)thread;
    return 0;
}
