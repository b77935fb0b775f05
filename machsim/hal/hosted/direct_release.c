/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * direct_release.c - user references that tasks let go of without a trap: see struct channel_task.
 *
 * A task that has let go of one by a trap may leave others in its table for a while, its window.  They are let go of before any
 * trap of any task's: what a trap can see of rights is as if they had gone by traps.  When no trap comes the timer sees to it,
 * which also closes the window of a task that has left nothing.
 */
#include "hal/hosted/direct.h"
#include "ipc/mach_port.h"

#define WINDOW_NANOSECONDS 10000000u
#define WINDOWS 8u

static struct lock windows_lock = {.rank = RANK_LEAF};
static struct direct_task *windows[WINDOWS]; /* referenced */
static _Atomic unsigned window_count;

/* ---- the table ------------------------------------------------------------------------------------- */

/*
 * Lets go of what a task has left.  A name counts as left until it is let go of: a trap that comes meanwhile waits for the lock.
 * A hostile task has it do that as often as there is room, each time.
 */
static void drain(struct direct_task *direct)
{
    struct channel_task *state = direct->state;

    lock_acquire(&direct->settle_lock);
    for (unsigned i = 0; i < CHANNEL_RELEASES; i++) {
        const uint32_t head = atomic_load(&state->release_head);

        if (head == atomic_load(&state->release_tail))
            break;
        (void)kernel_mach_port_deallocate(
            direct->task->space, atomic_load_explicit(&state->releases[head % CHANNEL_RELEASES], memory_order_relaxed));
        atomic_store(&state->release_head, head + 1);
    }
    lock_release(&direct->settle_lock);
}

static bool has_left_some(const struct direct_task *direct)
{
    return atomic_load(&direct->state->release_head) != atomic_load(&direct->state->release_tail);
}

void direct_release_settle(void)
{
    struct direct_task *some[WINDOWS];
    unsigned count = 0;

    if (atomic_load(&window_count) == 0)
        return;
    lock_acquire(&windows_lock);
    for (unsigned i = 0; i < WINDOWS; i++)
        if (windows[i] != NULL && has_left_some(windows[i]))
            ref_get(&(some[count++] = windows[i])->refs);
    lock_release(&windows_lock);
    for (unsigned i = 0; i < count; i++) {
        drain(some[i]);
        direct_task_put(some[i]);
    }
}

/* ---- windows --------------------------------------------------------------------------------------- */

/* Puts one task, or none, where another stands, or none.  False: that stands nowhere. */
static bool replace(struct direct_task *old, struct direct_task *new)
{
    bool found = false;

    lock_acquire(&windows_lock);
    for (unsigned i = 0; i < WINDOWS && !found; i++)
        if (windows[i] == old) {
            windows[i] = new;
            found = true;
        }
    if (found)
        atomic_fetch_add(&window_count, new != NULL ? 1 : -1u);
    lock_release(&windows_lock);
    return found;
}

/* The window is closed first: who leaves something from then on finds that, and comes by a trap. */
static void look(struct timer *timer)
{
    struct direct_task *direct = container_of(timer, struct direct_task, release_timer);
    const bool used = atomic_exchange(&direct->state->release_window, WINDOW_CLOSED) == WINDOW_USED;

    drain(direct);
    if (used && !direct->ended) {
        atomic_store(&direct->state->release_window, WINDOW_OPEN);
        timer_set(&direct->release_timer, hal_now() + WINDOW_NANOSECONDS);
        return;
    }
    (void)replace(direct, NULL);
    atomic_store(&direct->releases, false);
    direct_task_put(direct);
}

void direct_release_open(struct direct_task *direct)
{
    if (direct->ended || atomic_exchange(&direct->releases, true))
        return;
    ref_get(&direct->refs);
    if (!replace(NULL, direct)) {
        atomic_store(&direct->releases, false);
        direct_task_put(direct);
        return;
    }
    direct->release_timer.function = look;
    atomic_store(&direct->state->release_window, WINDOW_OPEN);
    timer_set(&direct->release_timer, hal_now() + WINDOW_NANOSECONDS);
}
