/* SPDX-License-Identifier: BSD-2-Clause */
/* sim.c - the machine in a test: hal.h in one thread.  See sim.h. */
#include "hal/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "hal/hal.h"
#include "hal/sim/memory.h"
#include "kern/host.h"
#include "kern/timer.h"
#include "vm/vm_copy.h"

#define MAX_RUNNABLE 1024

static struct {
    struct processor processor;
    uint64_t random, now, allocations_to_failure;
    bool failed, started;
    size_t blocks;
    int rcu_readers;
    struct hal_rcu *rcu;
    struct thread *runnable[MAX_RUNNABLE];
    unsigned runnable_count;
    struct list threads;      /* of sim_record */
} sim;

struct sim_record {
    struct list link;
    struct sim_thread thread;
};

/* ---- memory ---------------------------------------------------------------------------------------- */

static bool fails(void)
{
    if (sim.allocations_to_failure == 0 || --sim.allocations_to_failure != 0)
        return false;
    sim.failed = true;
    return true;
}

/* Each block is filled with rubbish, and its size is checked when it is freed. */
void *hal_alloc_raw(size_t size)
{
    kern_assert(size > 0);
    size_t *block = fails() ? NULL : malloc(size + 16);

    if (block == NULL)
        return NULL;
    block[0] = size;
    sim.blocks++;
    return memset(block + 2, 0xa5, size);
}

void *hal_alloc(size_t size)
{
    void *memory = hal_alloc_raw(size);

    return memory == NULL ? NULL : memset(memory, 0, size);
}

void hal_free(void *memory, size_t size)
{
    if (memory == NULL)
        return;
    size_t *block = (size_t *)memory - 2;

    kern_assert(block[0] == size);
    memset(memory, 0x5a, size);
    free(block);
    sim.blocks--;
}

void sim_fail_allocation(uint64_t n)
{
    sim.allocations_to_failure = n;
    sim.failed = false;
}

bool sim_failed(void)
{
    return sim.failed;
}

size_t sim_blocks(void)
{
    return sim.blocks;
}

/* ---- processor, locks, RCU ------------------------------------------------------------------------- */

struct processor *hal_processor(void)
{
    return &sim.processor;
}

void hal_lock_acquire(struct hal_lock *lock)
{
    kern_assert(lock->word == 0);
    lock->word = 1;
}

void hal_lock_release(struct hal_lock *lock)
{
    kern_assert(lock->word == 1);
    lock->word = 0;
}

void hal_rcu_read_lock(void)
{
    sim.rcu_readers++;
}

void hal_rcu_read_unlock(void)
{
    kern_assert(sim.rcu_readers > 0);
    sim.rcu_readers--;
}

void hal_rcu_defer(struct hal_rcu *rcu, void (*function)(struct hal_rcu *self))
{
    rcu->function = function;
    rcu->next = sim.rcu;
    sim.rcu = rcu;
}

static void end_grace_period(void)
{
    kern_assert(sim.rcu_readers == 0);
    while (sim.rcu != NULL) {
        struct hal_rcu *rcu = sim.rcu;

        sim.rcu = rcu->next;
        rcu->function(rcu);
    }
}

/* ---- time ------------------------------------------------------------------------------------------ */

uint64_t sim_random(void)
{
    sim.random ^= sim.random << 13;
    sim.random ^= sim.random >> 7;
    sim.random ^= sim.random << 17;
    return sim.random;
}

uint64_t hal_now(void)
{
    return sim.now;
}

uint64_t hal_calendar(void)
{
    return sim.now;
}

void hal_alarm(uint64_t deadline)
{
    (void)deadline; /* the test lets time pass: sim_next_timer */
}

/* ---- threads --------------------------------------------------------------------------------------- */

void hal_thread_run(struct thread *thread)
{
    kern_assert(sim.runnable_count < MAX_RUNNABLE);
    sim.runnable[sim.runnable_count++] = thread;
}

void hal_thread_return(struct thread *thread, uint64_t result)
{
    struct sim_thread *t = thread->hal;

    kern_assert(t->busy && sim.processor.ranks_held == 0);
    t->busy = false;
    t->result = result;
    t->out = thread->out;
}

void hal_thread_gone(struct thread *thread)
{
    struct sim_thread *t = thread->hal;

    if (!t->made)
        return;
    t->thread = NULL;
    thread_release(thread);
}

bool hal_makes_threads(void)
{
    return true;
}

kern_return_t hal_thread_create(struct task *task, struct thread **thread)
{
    struct sim_record *record = calloc(1, sizeof *record);

    kern_assert(record != NULL);
    record->thread.made = true;
    record->thread.holds = 1;
    const kern_return_t result = thread_make(task, &record->thread, &record->thread.thread);

    if (result != KERN_SUCCESS) {
        free(record);
        return result;
    }
    list_append(&sim.threads, &record->link);
    *thread = record->thread.thread;
    thread_reference(*thread);
    return KERN_SUCCESS;
}

void hal_thread_hold(struct thread *thread)
{
    ((struct sim_thread *)thread->hal)->holds++;
}

void hal_thread_unhold(struct thread *thread)
{
    struct sim_thread *t = thread->hal;

    kern_assert(t->holds > 0);
    t->holds--;
}

kern_return_t hal_thread_get_state(struct thread *thread, int flavor, uint32_t *state, uint32_t *count)
{
    if (flavor != SIM_STATE || *count < SIM_STATE_COUNT)
        return KERN_INVALID_ARGUMENT;
    memcpy(state, ((struct sim_thread *)thread->hal)->state, SIM_STATE_COUNT * sizeof *state);
    *count = SIM_STATE_COUNT;
    return KERN_SUCCESS;
}

kern_return_t hal_thread_set_state(struct thread *thread, int flavor, const uint32_t *state, uint32_t count)
{
    if (flavor != SIM_STATE || count != SIM_STATE_COUNT)
        return KERN_INVALID_ARGUMENT;
    memcpy(((struct sim_thread *)thread->hal)->state, state, SIM_STATE_COUNT * sizeof *state);
    return KERN_SUCCESS;
}

void hal_exception_done(struct thread *thread, bool handled)
{
    struct sim_thread *t = thread->hal;

    kern_assert(t->exception == RAISED);
    t->exception = handled ? HANDLED : UNHANDLED;
}

/* Seeds say who runs. */
void hal_thread_set_priority(struct thread *thread, unsigned priority)
{
    (void)thread, (void)priority;
}

uint64_t hal_thread_time(const struct thread *thread)
{
    (void)thread;
    return 0;
}

void sim_raise(struct sim_thread *t, int type, int64_t code, int64_t subcode)
{
    t->exception = RAISED;
    exception_ask(t->thread, type, code, subcode);
    sim_settle();
}

/* One of those that can run. */
static bool step(void)
{
    if (sim.runnable_count == 0)
        return false;
    unsigned which = (unsigned)(sim_random() % sim.runnable_count);
    struct thread *thread = sim.runnable[which];

    sim.runnable[which] = sim.runnable[--sim.runnable_count];
    thread_continue(thread);
    return true;
}

void sim_run(void)
{
    do
        end_grace_period();
    while (step());
    kern_assert(sim.processor.ranks_held == 0 && sim.processor.deferred.first == NULL);
}

void sim_settle(void)
{
    defer_drain();
    sim_run();
}

static void expire(void)
{
    timer_expire();
    sim_settle();
}

bool sim_next_timer(void)
{
    const uint64_t deadline = timer_next();

    if (deadline == 0)
        return false;
    if (deadline > sim.now)
        sim.now = deadline;
    expire();
    return true;
}

void sim_pass(uint64_t nanoseconds)
{
    const uint64_t until = sim.now + nanoseconds;

    for (uint64_t deadline; (deadline = timer_next()) != 0 && deadline <= until;)
        (void)sim_next_timer();
    sim.now = until;
}

struct sim_thread *sim_thread(struct task *task)
{
    struct sim_record *record = calloc(1, sizeof *record);

    if (record == NULL || thread_make(task, &record->thread, &record->thread.thread) != KERN_SUCCESS) {
        free(record);
        return NULL;
    }
    list_append(&sim.threads, &record->link);
    return &record->thread;
}

struct sim_thread *sim_task(struct task *parent, const struct task_limits *limits)
{
    static const struct task_limits plenty = {
        .names = 1u << 20, .receives = 1u << 20, .memory = (uint64_t)1 << 32, .threads = 1000};
    static int32_t pids = 100;
    const struct task_identity identity = {.uid = 1000, .gid = 100, .real_uid = 1000, .real_gid = 100, .pid = pids++};
    struct task_heritage heritage = {.bootstrap = NULL};
    struct task *task;

    if (parent != NULL)
        heritage = task_bequeath(parent);
    const kern_return_t result =
        task_make(parent != NULL ? &heritage : NULL, &identity, limits != NULL ? limits : &plenty, &task);

    task_heritage_release(&heritage);
    if (result != KERN_SUCCESS)
        return NULL;
    struct sim_thread *thread = sim_thread(task);

    if (thread == NULL)
        task_end(task);
    task_release(task); /* its thread has a reference */
    return thread;
}

void sim_thread_end(struct sim_thread *t)
{
    struct thread *thread = t->thread;

    t->thread = NULL;
    thread_end(thread);
    sim_run();
    thread_release(thread);
}

void sim_task_end(struct sim_thread *t)
{
    struct task *task = t->thread->task;

    task_reference(task);
    task_end(task);
    sim_run();
    list_for_each(link, &sim.threads) {
        struct sim_record *record = container_of(link, struct sim_record, link);

        if (record->thread.thread != NULL && record->thread.thread->task == task) {
            thread_release(record->thread.thread);
            record->thread.thread = NULL;
        }
    }
    task_release(task);
    sim_run();
}

void sim_trap(struct sim_thread *t, uint32_t number, const uint64_t *arguments)
{
    kern_assert(!t->busy);
    t->busy = true;
    trap(t->thread, number, arguments);
    sim_run();
}

/* ---- a thread's memory: the test's own ------------------------------------------------------------- */

static bool is_there(uint64_t address)
{
    return address >= 4096;
}

bool hal_copyin_message(struct thread *thread, uint64_t address, void *to, size_t size)
{
    (void)thread;
    if (!is_there(address))
        return false;
    memcpy(to, (const void *)(uintptr_t)address, size);
    return true;
}

bool hal_copyout_message(struct thread *thread, const void *from, uint64_t address, size_t size)
{
    (void)thread;
    if (!is_there(address))
        return false;
    memcpy((void *)(uintptr_t)address, from, size);
    return true;
}

kern_return_t hal_copyin_memory(struct thread *thread, uint64_t address, uint64_t size, bool deallocate,
                                struct vm_map_copy **copy)
{
    (void)thread;
    if (!is_there(address))
        return KERN_INVALID_ADDRESS;
    *copy = vm_map_copy_alloc(size);
    if (*copy == NULL)
        return KERN_RESOURCE_SHORTAGE;
    memcpy((*copy)->data, (const void *)(uintptr_t)address, (size_t)size);
    if (deallocate)
        sim_unmap(address, size);
    return KERN_SUCCESS;
}

kern_return_t hal_copyout_memory(struct thread *thread, struct vm_map_copy *copy, uint64_t *address)
{
    (void)thread;
    if (*address == 0)
        *address = fails() ? 0 : (uintptr_t)sim_map(0, copy->size);
    if (*address == 0)
        return KERN_NO_SPACE;
    memcpy((void *)(uintptr_t)*address, copy->data, (size_t)copy->size);
    vm_map_copy_discard(copy);
    return KERN_SUCCESS;
}

void hal_pages_release(struct hal_pages *pages)
{
    kern_assert(pages == NULL);
}

bool hal_pages_read(struct hal_pages *pages, uint64_t offset, void *to, size_t size)
{
    (void)pages, (void)offset, (void)to, (void)size;
    return false;
}

void hal_object_unreferenced(void *object)
{
    (void)object;
}

#define PAGE UINT64_C(4096)

void *sim_map(uint64_t address, uint64_t size)
{
    void *wanted = (void *)(uintptr_t)address;
    void *map = mmap(wanted, (size_t)((size + PAGE - 1) & ~(PAGE - 1)), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (map != MAP_FAILED && address != 0 && map != wanted) {
        sim_unmap((uintptr_t)map, size);
        return NULL;
    }
    return map == MAP_FAILED ? NULL : map;
}

void sim_unmap(uint64_t address, uint64_t size)
{
    const uint64_t start = address & ~(PAGE - 1), end = (address + size + PAGE - 1) & ~(PAGE - 1);

    munmap((void *)(uintptr_t)start, (size_t)(end - start));
}

/* ---- start and end --------------------------------------------------------------------------------- */

void hal_panic(const char *file, int line, const char *what)
{
    fprintf(stderr, "panic: %s:%d: %s\n", file, line, what);
    abort();
}

/* ---- a device that gives back what is written to it -------------------------------------------------- */

static unsigned char kept[64];
static size_t kept_size;
static const struct hal_device echo;

static size_t keep(const void *bytes, size_t size)
{
    kept_size = size < sizeof kept ? size : sizeof kept;
    memcpy(kept, bytes, kept_size);
    device_ready(&echo);
    return kept_size;
}

static size_t give_back(void *bytes, size_t size)
{
    const size_t length = size < kept_size ? size : kept_size;

    memcpy(bytes, kept, length);
    memmove(kept, kept + length, kept_size -= length);
    return length;
}

static const struct hal_device echo = {.name = "echo", .write = keep, .read = give_back};
const struct hal_device *const hal_devices[] = {&echo, NULL};

void sim_start(uint64_t seed)
{
    kept_size = 0;
    if (sim.started)
        sim_stop();
    memset(&sim, 0, sizeof sim);
    list_init(&sim.threads);
    sim.random = seed * 2 + 1;
    sim.started = true;
    if (kernel_start() != KERN_SUCCESS)
        hal_panic(__FILE__, __LINE__, "the core did not start");
}

static void find_one(struct task *task, void *found)
{
    if (*(struct task **)found == NULL) {
        task_reference(task);
        *(struct task **)found = task;
    }
}

/* Tasks that a call has made, and that have no thread. */
static void end_others(void)
{
    for (struct task *task;; task_release(task)) {
        task = NULL;
        task_for_each(find_one, &task);
        if (task == NULL)
            return;
        task_end(task);
    }
}

void sim_stop(void)
{
    sim_fail_allocation(0);
    for (struct list *link; (link = list_pop(&sim.threads)) != NULL;) {
        struct sim_record *record = container_of(link, struct sim_record, link);

        list_append(&sim.threads, link);
        if (record->thread.thread == NULL) {
            list_remove(link);
            free(record);
        } else {
            sim_task_end(&record->thread);
        }
    }
    end_others();
    kernel_stop();
    sim_run();
    sim_memory_stop();
    kern_assert(sim.blocks == 0 && timer_next() == 0);
    sim.started = false;
}
