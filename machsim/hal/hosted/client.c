/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * client.c - the threads of clients: their areas, and the traps that come through these.
 *
 * A trap is begun by whichever worker heard the bell and set `busy`, and ended by whichever ran the last of it; in
 * between the thread's hosted part is theirs alone, but for the client's word `abort`.
 *
 * A client may ring more than one bell for a trap, so that workers look here late.  None may begin again what is over: the client
 * hears that before `busy` goes.  Then it may ask for the next while `busy` is still set, and the worker that it rings for leaves
 * that alone: so whoever lets go of `busy` looks once more.  tests/model/bell.pml.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hal/hosted/direct.h"
#include "hal/hosted/hosted.h"
#include "kern/trap.h"

/* ---- life ------------------------------------------------------------------------------------------ */

static void free_now(struct hal_rcu *rcu)
{
    struct hosted_thread *t = container_of(rcu, struct hosted_thread, rcu);

    hal_free(t, sizeof *t);
}

static void put_thread(struct hosted_thread *t)
{
    if (!ref_put(&t->refs))
        return;
    stage_discard(t);
    munmap(t->area, WIRE_AREA_SIZE);
    close(t->connection);
    thread_release(t->thread);
    hal_rcu_defer(&t->rcu, free_now);
}

void client_attach_none(struct hosted_thread *t)
{
    for (unsigned i = 0; i < HOSTED_ATTACH; i++)
        t->attach[i] = -1;
}

static bool map_area(struct hosted_thread *t, int *file)
{
    *file = os_shared_file("mach-thread", WIRE_AREA_SIZE);
    if (*file < 0)
        return false;
    t->area = mmap(NULL, WIRE_AREA_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, *file, 0);
    if (t->area == MAP_FAILED) {
        close(*file);
        return false;
    }
    t->data = (uint8_t *)t->area + WIRE_DATA_OFFSET;
    return true;
}

static bool send_welcome(struct hosted_thread *t, int file)
{
    const int files[2] = {file, t->user->file};
    struct wire_welcome welcome = {
        .magic = WIRE_MAGIC,
        .version = WIRE_VERSION,
        .slot = t->slot,
        .workers = worker_count,
        .area_size = WIRE_AREA_SIZE,
    };
    struct iovec bytes = {.iov_base = &welcome, .iov_len = sizeof welcome};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof files)];
    } control;
    struct msghdr message = {
        .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};

    memset(&control, 0, sizeof control);
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof files);
    memcpy(CMSG_DATA(&control.header), files, sizeof files);
    return sendmsg(t->connection, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof welcome;
}

/* Lets go of a thread that did not come to be. */
static int give_up(struct hosted_thread *t, int file, int error)
{
    munmap(t->area, WIRE_AREA_SIZE);
    close(file);
    hal_free(t, sizeof *t);
    return error;
}

int client_make(struct task *task, struct user *user, int connection, struct hosted_thread **made)
{
    struct hosted_thread *t = hal_alloc(sizeof *t);
    int file;

    if (t == NULL)
        return ENOMEM;
    *t = (struct hosted_thread){.user = user, .connection = connection};
    client_attach_none(t);
    ref_init(&t->refs);
    if (!map_area(t, &file)) {
        hal_free(t, sizeof *t);
        return ENFILE;
    }
    if (thread_make(task, t, &t->thread) != KERN_SUCCESS)
        return give_up(t, file, EAGAIN);
    int slot = user_take_slot(user, t);

    t->slot = slot < 0 ? 0 : (unsigned)slot;
    if (slot < 0 || !send_welcome(t, file)) {
        struct thread *thread = t->thread;

        t->connection = dup(connection); /* hal_thread_gone closes it; ours stays with the caller */
        t->user = slot < 0 ? NULL : user;
        close(file);
        thread_end(thread);
        return slot < 0 ? EUSERS : EPIPE;
    }
    close(file);
    *made = t;
    return 0;
}

/* A client that has been told that its trap is over wakes, if it waits: mostly it was preempted when it rang, and does not yet. */
static void wake(struct hosted_thread *t, uint32_t former)
{
    if (former == WIRE_POLLING)
        (void)!send(t->connection, "w", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    else if (former == WIRE_SLEEPING)
        os_futex_wake(&t->area->state, 1);
}

void hal_thread_gone(struct thread *thread)
{
    struct hosted_thread *t = thread->hal;

    if (t->user != NULL)
        user_free_slot(t->user, t->slot);
    atomic_store(&t->area->closed, 1);
    wake(t, atomic_exchange(&t->area->state, WIRE_DONE));
    put_thread(t);
}

/* ---- traps ----------------------------------------------------------------------------------------- */

/* Whether the client has asked for a trap. */
static bool asks(const struct hosted_thread *t)
{
    const uint32_t state = atomic_load(&t->area->state);

    return state == WIRE_REQUEST || state == WIRE_SLEEPING || state == WIRE_POLLING;
}

void hal_thread_return(struct thread *thread, uint64_t result)
{
    struct hosted_thread *t = thread->hal;

    t->area->result = result;
    t->area->out = thread->out;
    atomic_store(&t->area->offers, direct_offers(thread->task));
    stage_close(t);
    const uint32_t former = atomic_exchange(&t->area->state, WIRE_DONE);

    atomic_store(&t->busy, 0);
    if (asks(t))
        worker_ring(t->user, t->slot);
    wake(t, former);
    put_thread(t);
}

static void begin(struct hosted_thread *t)
{
    uint64_t arguments[WIRE_ARGUMENTS];
    const uint32_t number = t->area->trap;
    struct thread *thread = t->thread;

    memcpy(arguments, t->area->arguments, sizeof arguments);
    ref_get(&t->refs); /* hal_thread_return lets go of it */
    thread->out = 0;
    direct_settle(thread->task, number, arguments);
    if (!stage_open(t))
        hal_thread_return(thread, (uint32_t)MACH_SEND_INVALID_DATA);
    else if (!files_trap(t, number, arguments) && !direct_trap(t, number, arguments))
        trap(thread, number, arguments);
}

/* Whether the client has asked for a trap that no one has begun: the caller has set `busy`, then. */
static bool take_up(struct hosted_thread *t)
{
    uint32_t idle;

    do {
        idle = 0;
        if (!atomic_compare_exchange_strong(&t->busy, &idle, 1))
            return false;
        if (asks(t))
            return true;
        atomic_store(&t->busy, 0);
    } while (asks(t));
    return false;
}

void client_trap(struct user *user, unsigned slot)
{
    hal_rcu_read_lock();
    struct hosted_thread *t = atomic_load_explicit(&user->threads[slot], memory_order_acquire);

    if (t != NULL && !ref_try_get(&t->refs))
        t = NULL;
    hal_rcu_read_unlock();
    if (t == NULL)
        return;
    if (take_up(t))
        begin(t);
    /* It stays: if the client asks it of a trap that is not begun, who begins that finds it.  The client takes it back itself. */
    if (atomic_load(&t->busy) && atomic_load(&t->area->abort))
        ipc_wait_abort(t->thread, false);
    put_thread(t);
}
