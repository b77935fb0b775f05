/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * processor.c - what the core runs on: see processor.h.
 *
 * Callbacks of read-copy-update wait until each processor has left the kernel, or begun something new there, since they were
 * made: `in_kernel_since` is the epoch in which what it does began.  It is written before anything is read in the kernel,
 * and each new batch of callbacks begins an epoch after what it frees has been taken out: a processor that may have seen
 * that has an older one.
 */
#include "hal/x86_64/processor.h"

#include "hal/x86_64/controller.h"
#include "hal/x86_64/cpu.h"
#include "kern/defer.h"
#include "kern/thread.h"
#include "kern/timer.h"

static struct cpu first;
struct cpu *processors[PROCESSORS_MAX] = {&first};
unsigned processor_count = 1;
static _Atomic uint64_t epoch = 1;

extern char copy_allow[], copy_forbid[];
static bool has_smap;

/* The kernel does not execute what programs see as theirs, and touches it only where it means to. */
static void protect(void)
{
    enum { SMEP = 1 << 7, SMAP = 1 << 20 };
    uint32_t a, b, c, d;

    cpu_identify(0, 0, &a, &b, &c, &d);
    if (a < 7)
        return;
    cpu_identify(7, 0, &a, &b, &c, &d);
    cpu_allow((b & SMEP ? 1u << 20 : 0) | (b & SMAP ? 1u << 21 : 0));
    has_smap = b & SMAP;
}

/* entry.S: what only processors with SMAP know. */
static void leave_out_smap(void)
{
    static const unsigned char nothing[3] = {0x0f, 0x1f, 0x00}; /* nopl (%rax) */

    if (has_smap)
        return;
    memcpy(copy_allow, nothing, sizeof nothing);
    memcpy(copy_forbid, nothing, sizeof nothing);
}

void processor_prepare(struct cpu *cpu)
{
    cpu->self = cpu;
    list_init(&cpu->runnable);
    cpu->last_callback = &cpu->callbacks;
    cpu->last_new = &cpu->new_callbacks;
    cpu->in_kernel_since = 1;
    cpu_write_msr(0xc0000101, (uint64_t)cpu); /* what gs shows in the kernel */
    protect();
}

void processor_start(void)
{
    processor_prepare(&first);
    leave_out_smap();
}

struct processor *hal_processor(void)
{
    return &cpu_self()->core;
}

/* ---- in and out ------------------------------------------------------------------------------------ */

void processor_came_among(struct cpu *cpu)
{
    atomic_exchange(&cpu->in_kernel_since, atomic_load(&epoch)); /* before anything is read */
}

void processor_sees(struct cpu *cpu, enum place place)
{
    atomic_exchange(&cpu->place, place);
    if (atomic_load(&cpu->flush)) {
        cpu_set_map(cpu_map());
        atomic_store(&cpu->flush, false);
    }
}

/*
 * From the exchange on others send an interrupt, where before they only left word: so the word is looked at after it.  The
 * other half is in pmap.c.
 */
void processor_leaves_among(struct cpu *cpu, enum place place)
{
    atomic_store_explicit(&cpu->in_kernel_since, 0, memory_order_release);
    processor_sees(cpu, place);
}

void processor_rouse(const struct cpu *cpu)
{
    controller_send(cpu->controller, VECTOR_ROUSE);
}

void processor_stop_others(void)
{
    const struct cpu *self = cpu_self();

    for (unsigned i = 0; i < processor_count; i++)
        if (processors[i] != self)
            controller_stop(processors[i]->controller);
}

/* ---- locks and readers ----------------------------------------------------------------------------- */

/* A few instructions each: a call would take as many. */
inline __attribute__((always_inline)) void hal_lock_acquire(struct hal_lock *lock)
{
    while (UNLIKELY(atomic_exchange_explicit(&lock->word, 1, memory_order_acquire) != 0))
        while (atomic_load_explicit(&lock->word, memory_order_relaxed) != 0)
            cpu_pause();
}

inline __attribute__((always_inline)) void hal_lock_release(struct hal_lock *lock)
{
    atomic_store_explicit(&lock->word, 0, memory_order_release);
}

/* What is done in the kernel is done in one piece: readers need not be counted. */
void hal_rcu_read_lock(void)
{
}

void hal_rcu_read_unlock(void)
{
}

void hal_rcu_defer(struct hal_rcu *rcu, void (*function)(struct hal_rcu *self))
{
    struct cpu *cpu = cpu_self();

    rcu->next = NULL;
    rcu->function = function;
    *cpu->last_new = rcu;
    cpu->last_new = &rcu->next;
    cpu->callback_count++;
}

/* Whether no processor does what it did when an epoch began. */
static bool is_over(const struct cpu *self, uint64_t wanted)
{
    for (unsigned i = 0; i < processor_count; i++) {
        const uint64_t since = processors[i] == self ? 0 : atomic_load(&processors[i]->in_kernel_since);

        if (since != 0 && since < wanted)
            return false;
    }
    return true;
}

bool processor_owes(const struct cpu *cpu)
{
    return cpu->callbacks != NULL || cpu->new_callbacks != NULL;
}

/* Between two things that are done here there is no reader on this processor. */
static bool call_back(struct cpu *cpu)
{
    if (cpu->callbacks == NULL) {
        if (cpu->new_callbacks == NULL)
            return false;
        cpu->callbacks = cpu->new_callbacks;
        cpu->new_callbacks = NULL;
        cpu->last_new = &cpu->new_callbacks;
        cpu->epoch = atomic_fetch_add(&epoch, 1) + 1;
    }
    if (!is_over(cpu, cpu->epoch))
        return false;
    struct hal_rcu *rcu = cpu->callbacks;

    cpu->callbacks = NULL;
    for (struct hal_rcu *next; rcu != NULL; rcu = next) {
        next = rcu->next;
        cpu->callback_count--;
        rcu->function(rcu);
    }
    return true;
}

/* ---- work ------------------------------------------------------------------------------------------ */

/* On the processor that woke it, which has it and what it received in its caches. */
void hal_thread_run(struct thread *thread)
{
    list_append(&cpu_self()->runnable, &thread->machine);
}

static bool run_one(struct cpu *cpu)
{
    struct list *link = list_pop(&cpu->runnable);

    if (link != NULL)
        thread_continue(container_of(link, struct thread, machine));
    return link != NULL;
}

void processor_continue(struct cpu *cpu)
{
    while (run_one(cpu))
        ;
}

bool processor_work(void)
{
    struct cpu *cpu = cpu_self();
    bool some = run_one(cpu);

    if (clock_due()) {
        timer_expire();
        some = true;
    }
    if (cpu->core.deferred.first != NULL) {
        defer_drain();
        some = true; /* it may have brought more to run */
    }
    /* What was begun before is over: new epochs need not wait for it. */
    if (processor_count > 1)
        atomic_exchange(&cpu->in_kernel_since, atomic_load(&epoch));
    return call_back(cpu) || some;
}

/* ---- what this machine has not ------------------------------------------------------------------------ */

void hal_object_unreferenced(void *object)
{
    (void)object;
}
