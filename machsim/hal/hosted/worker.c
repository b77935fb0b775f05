/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * worker.c - workers, two for each processor: they do the traps of threads that ring their bells, and run continuations.
 *
 * An eager worker takes the processor from the client that wakes it: a short trap is over before the client would have gone to
 * sleep.  A patient one lets the client go to sleep first: a trap that ends in a wait is over then without the client running
 * once more, just to do that.  Clients know which they make.
 *
 * A worker's run queue is its own: only it puts threads there and takes them out, but for the porter, which puts the
 * threads that it wakes into a queue that all workers share.  Sleeping is the usual dance: a worker says that it
 * sleeps, looks once more at everything, and then waits for a bell to change; who has work first makes it visible,
 * then changes the bell, then looks whether to wake.  All these are sequentially consistent.
 */
#include <pthread.h>
#include <signal.h>
#include <urcu.h>

#include "hal/hosted/hosted.h"
#include "hal/hosted/pause.h"
#include "kern/defer.h"

struct worker {
    pthread_t thread;
    unsigned number;
};

unsigned worker_count;
static struct worker workers[MAX_WORKERS * 2];
static unsigned started;
static _Atomic bool stopping;

/* What the core keeps for each processor, and the threads that it is to run on. */
static __thread struct processor processor;
static __thread struct {
    struct thread **threads;
    unsigned first, count, room;
    unsigned number; /* of the worker; 0: there may be none */
    bool is_worker, is_patient;
} run;

/* Threads that any worker may take: links lie in thread->machine. */
static struct hal_lock shared_lock;
static struct list shared;
static _Atomic unsigned shared_count;

struct processor *hal_processor(void)
{
    return &processor;
}

void processor_enter(void)
{
    rcu_register_thread();
}

void processor_leave(void)
{
    rcu_unregister_thread();
}

/* ---- run queues ------------------------------------------------------------------------------------ */

/* Workers that have no memory for their own queue, and threads that are no workers, use the shared one. */
static void run_shared(struct thread *thread)
{
    hal_lock_acquire(&shared_lock);
    list_append(&shared, &thread->machine);
    atomic_fetch_add(&shared_count, 1);
    hal_lock_release(&shared_lock);
    workers_wake();
}

static bool grow(void)
{
    const unsigned room = run.room == 0 ? 64 : run.room * 2;
    struct thread **threads = hal_alloc_raw(room * sizeof *threads);

    if (threads == NULL)
        return false;
    for (unsigned i = 0; i < run.count; i++)
        threads[i] = run.threads[(run.first + i) % run.room];
    hal_free(run.threads, run.room * sizeof *threads);
    run.threads = threads;
    run.first = 0;
    run.room = room;
    return true;
}

void hal_thread_run(struct thread *thread)
{
    if (!run.is_worker || (run.count == run.room && !grow())) {
        run_shared(thread);
        return;
    }
    run.threads[(run.first + run.count++) % run.room] = thread;
}

static bool run_own(void)
{
    if (run.count == 0)
        return false;
    struct thread *thread = run.threads[run.first];

    run.first = (run.first + 1) % run.room;
    run.count--;
    thread_continue(thread);
    return true;
}

static bool run_one_shared(void)
{
    struct list *link;

    if (atomic_load(&shared_count) == 0)
        return false;
    hal_lock_acquire(&shared_lock);
    link = list_pop(&shared);
    if (link != NULL)
        atomic_fetch_sub(&shared_count, 1);
    hal_lock_release(&shared_lock);
    if (link != NULL)
        thread_continue(container_of(link, struct thread, machine));
    return link != NULL;
}

/* ---- bells ----------------------------------------------------------------------------------------- */

static void wake(unsigned from, unsigned to)
{
    const unsigned count = atomic_load(&user_count);

    for (unsigned i = 0; i < count; i++)
        for (unsigned w = from; w < to; w++) {
            struct wire_bell *bell = users[i]->bells[w];

            atomic_fetch_add(&bell->rings, 1);
            os_futex_wake(&bell->rings, 1);
        }
}

/* What any worker may do the eager ones do. */
void workers_wake(void)
{
    wake(0, worker_count);
}

void worker_ring(struct user *user, unsigned slot)
{
    struct wire_bell *bell = user->bells[run.number];

    if (wire_ring(bell, slot))
        os_futex_wake(&bell->rings, 1);
}

/* Does the traps of one word of slots. */
static void answer_word(struct user *user, struct wire_bell *bell, unsigned word)
{
    uint64_t slots = atomic_exchange(&bell->slots[word], 0);

    for (; slots != 0; slots &= slots - 1)
        client_trap(user, word * 64 + (unsigned)__builtin_ctzll(slots));
}

/* Does the traps of all who rang a bell; true: some did. */
static bool answer(struct user *user, struct wire_bell *bell)
{
    bool some = false;

    for (unsigned i = 0; i < WIRE_SLOTS / 64 / 64; i++) {
        if (atomic_load(&bell->summary[i]) == 0)
            continue;
        some = true;
        for (uint64_t words = atomic_exchange(&bell->summary[i], 0); words != 0; words &= words - 1)
            answer_word(user, bell, i * 64 + (unsigned)__builtin_ctzll(words));
    }
    return some;
}

static bool answer_all(unsigned number)
{
    const unsigned count = atomic_load(&user_count);
    bool some = false;

    for (unsigned i = 0; i < count; i++)
        some |= answer(users[i], users[i]->bells[number]);
    return some;
}

/* ---- the loop -------------------------------------------------------------------------------------- */

static bool work(unsigned number)
{
    bool some = answer_all(number);

    some |= run_one_shared();
    while (run_own())
        some = true;
    defer_drain(); /* what was sent to a client has let go of memory, and may have woken someone by that */
    return some;
}

/* ---- looking without sleeping ----------------------------------------------------------------------- */

/*
 * A worker that a client on another processor has asked to (wire_bell.wanted) looks for rings for a while before it sleeps, and
 * does so again after each.  It has others run, if there are any: when they did, its processor is needed for better things, and for
 * a while it looks no more, each time for longer.  `spinning` is but a hint: who rings goes by `sleeping`, as always.
 */
#define LOOKS 4096u       /* in some 100 us */
#define LOOKS_YIELD 128u
#define OTHERS_NANOSECONDS 20000u
#define SHY_FIRST 1000000u
#define SHY_MOST 128000000u

static __thread struct {
    bool wanted;
    uint64_t shy_until, shy_for;
} looking;

static void set_spinning(unsigned number, bool spinning)
{
    for (unsigned i = 0; i < atomic_load(&user_count); i++)
        atomic_store(&users[i]->bells[number]->spinning, spinning);
}

/* Whether someone has rung, or has asked for this. */
static bool has_rung(unsigned number)
{
    for (unsigned i = 0; i < atomic_load(&user_count); i++) {
        struct wire_bell *bell = users[i]->bells[number];

        for (unsigned j = 0; j < WIRE_SLOTS / 64 / 64; j++)
            if (atomic_load_explicit(&bell->summary[j], memory_order_relaxed) != 0)
                return true;
    }
    return atomic_load_explicit(&shared_count, memory_order_relaxed) > 0 || atomic_load(&stopping);
}

static bool is_wanted(unsigned number)
{
    bool wanted = false;

    for (unsigned i = 0; i < atomic_load(&user_count); i++)
        if (atomic_load(&users[i]->bells[number]->wanted) && atomic_exchange(&users[i]->bells[number]->wanted, 0))
            wanted = true;
    return wanted;
}

/* Lets others run.  True: some have. */
static bool others_run(void)
{
    const uint64_t before = hal_now();

    os_yield();
    const uint64_t now = hal_now();

    if (now - before < OTHERS_NANOSECONDS)
        return false;
    looking.shy_for = looking.shy_for == 0 ? SHY_FIRST : looking.shy_for < SHY_MOST ? looking.shy_for * 2 : SHY_MOST;
    looking.shy_until = now + looking.shy_for;
    return true;
}

/* True: there is work, or may be. */
static bool look(unsigned number)
{
    bool rung = false;

    looking.wanted |= is_wanted(number);
    if (!looking.wanted || run.is_patient || worker_count < 2 || hal_now() < looking.shy_until) {
        looking.wanted = false;
        return false;
    }
    set_spinning(number, true);
    looking.wanted = false;
    for (unsigned i = 1; i <= LOOKS && !rung; i++) {
        rung = has_rung(number);
        if (i % LOOKS_YIELD == 0 && others_run())
            break;
        processor_pause();
    }
    if (rung && looking.shy_for > 0)
        looking.shy_for -= looking.shy_for / 64 + 1; /* forgotten after some hundreds of traps */
    if (!rung)
        set_spinning(number, false);
    looking.wanted = rung;
    return rung;
}

/* Sleeps until a bell changes, unless there is work. */
static void rest(unsigned number)
{
    _Atomic uint32_t *words[MAX_USERS];
    uint32_t values[MAX_USERS];
    const unsigned count = atomic_load(&user_count);

    for (unsigned i = 0; i < count; i++) {
        struct wire_bell *bell = users[i]->bells[number];

        atomic_store(&bell->sleeping, 1);
        words[i] = &bell->rings;
        values[i] = atomic_load(words[i]);
    }
    if (!work(number) && !atomic_load(&stopping) && atomic_load(&user_count) == count)
        os_futex_wait_many(words, values, count);
    for (unsigned i = 0; i < count; i++)
        atomic_store(&users[i]->bells[number]->sleeping, 0);
}

static void *worker_main(void *argument)
{
    struct worker *worker = argument;

    os_pin(worker->number % worker_count);
    os_name_thread("worker");
    run.number = worker->number;
    run.is_patient = worker->number >= worker_count;
    if (run.is_patient)
        os_be_patient();
    processor_enter();
    run.is_worker = true;
    while (!atomic_load(&stopping))
        if (!work(worker->number) && !look(worker->number))
            rest(worker->number);
    hal_free(run.threads, run.room * sizeof *run.threads);
    processor_leave();
    return NULL;
}

bool workers_start(void)
{
    sigset_t all, former;

    list_init(&shared);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &former); /* signals are the porter's */
    pthread_attr_t attributes;
    bool fine = true;

    pthread_attr_init(&attributes);
    if (pthread_attr_setstacksize(&attributes, options.stack_size) != 0)
        log_line(LOG_LEVEL_WARNING, "a stack cannot have %llu bytes: the usual is used",
                 (unsigned long long)options.stack_size);
    for (; started < worker_count * 2 && fine; started += fine) {
        workers[started].number = started;
        fine = pthread_create(&workers[started].thread, &attributes, worker_main, &workers[started]) == 0;
    }
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &former, NULL);
    return fine;
}

void workers_stop(void)
{
    atomic_store(&stopping, true);
    wake(0, worker_count * 2);
    while (started > 0)
        pthread_join(workers[--started].thread, NULL);
}
