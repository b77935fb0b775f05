/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * schedule.c - whose turn it is: see user.h.
 *
 * A list of those that may run for each priority, for all processors; of those of the highest who has waited longest is next, for
 * a quantum.  But who comes to be ready on a processor that has nothing else to go on with goes on there at once, out of turn, in
 * what is left of the quantum, unless one of a higher priority waits: a system call returns, and a message's receiver runs when
 * its sender waits.
 *
 * A program is in the list (READY), is some processor's `next` (WORKING), runs (RUNNING), is held (STOPPED), or someone works
 * for it in the kernel (WORKING).  A processor that saves a program's registers makes it WORKING before it looks at anything
 * of the core's; holding waits for that.
 */
#include "hal/x86_64/cpu.h"
#include "hal/x86_64/user.h"
#include "kern/task.h"
#include "vm/vm_map.h"

#define QUANTUM ((uint64_t)10 * 1000 * 1000)

static struct hal_lock turns;
/* Under the lock: who may run, by priority; which lists have someone; which processors wait for work, by number. */
static struct list ready[HAL_PRIORITIES];
static uint64_t waiting, idle;

extern char system_call[];
_Noreturn void run_on(void *top, void (*function)(void));

void schedule_start(void)
{
    program_start();
    for (unsigned i = 0; i < HAL_PRIORITIES; i++)
        list_init(&ready[i]);
}

/* ---- the lists, locked ------------------------------------------------------------------------------ */

static void add_ready(struct program *program, bool first)
{
    struct list *list = &ready[program->priority];

    program->turn = READY;
    if (first)
        list_prepend(list, &program->link);
    else
        list_append(list, &program->link);
    waiting |= (uint64_t)1 << program->priority;
}

static void take_ready(struct program *program)
{
    list_remove(&program->link);
    if (list_empty(&ready[program->priority]))
        waiting &= ~((uint64_t)1 << program->priority);
}

/* Who is next; NULL: no one waits. */
static struct program *first_ready(void)
{
    return waiting == 0 ? NULL : container_of(ready[63 - __builtin_clzll(waiting)].next, struct program, link);
}

static bool is_gone(const struct program *program)
{
    return program->stays & GONE;
}

/* ---- life ------------------------------------------------------------------------------------------ */

static void program_free(struct hal_rcu *rcu)
{
    hal_free(container_of(rcu, struct program, rcu), sizeof(struct program));
}

/* A processor that it has just left may still have to tell it how long it ran. */
static void free_program(struct program *program)
{
    struct cpu *cpu = cpu_self();

    if (cpu->vectors_of == program)
        cpu->vectors_of = NULL; /* others only compare */
    thread_release(program->thread);
    hal_rcu_defer(&program->rcu, program_free);
}

kern_return_t hal_thread_create(struct task *task, struct thread **thread)
{
    struct program *program = hal_alloc(sizeof *program);

    if (program == NULL)
        return KERN_RESOURCE_SHORTAGE;
    state_init(program);
    waiter_init(&program->waiter, program_fault);
    program->turn = STOPPED;
    program->priority = HAL_PRIORITY_DEFAULT;
    program->pmap = task->map->pmap;
    program->stays = HELD;
    const kern_return_t result = thread_make(task, program, &program->thread);

    if (result != KERN_SUCCESS) {
        hal_free(program, sizeof *program);
        return result;
    }
    *thread = program->thread;
    thread_reference(*thread);
    return KERN_SUCCESS;
}

/*
 * Waits until no processor is in the program.  It is held, or has ended: none begins, for who goes on without the lock first says
 * so and then looks whether it may, while this looks after that is written.
 */
static void stop(struct program *program)
{
    atomic_thread_fence(memory_order_seq_cst);
    while (atomic_load(&program->turn) == RUNNING) {
        processor_rouse(processors[program->on]);
        for (int i = 0; i < 10000 && atomic_load(&program->turn) == RUNNING; i++)
            cpu_pause();
    }
}

void hal_thread_gone(struct thread *thread)
{
    struct program *program = thread->hal;

    hal_lock_acquire(&turns);
    program->stays |= GONE;
    if (program->turn == READY)
        take_ready(program);
    const bool over = program->turn == READY || program->turn == STOPPED;

    hal_lock_release(&turns);
    if (over)
        free_program(program);
    else
        stop(program); /* whoever works for it lets it go */
}

/* ---- holding --------------------------------------------------------------------------------------- */

void hal_thread_hold(struct thread *thread)
{
    struct program *program = thread->hal;

    hal_lock_acquire(&turns);
    program->stays += HELD;
    if (program->turn == READY) {
        take_ready(program);
        program->turn = STOPPED;
    }
    hal_lock_release(&turns);
    stop(program);
}

static void put_ready(struct program *program);

void hal_thread_unhold(struct thread *thread)
{
    struct program *program = thread->hal;

    hal_lock_acquire(&turns);
    program->stays -= HELD;
    if (program->stays < HELD && program->turn == STOPPED && !is_gone(program))
        put_ready(program);
    hal_lock_release(&turns);
}

void schedule_changed(struct program *program)
{
    hal_lock_acquire(&turns);
    program->stays |= CHANGED;
    hal_lock_release(&turns);
}

uint64_t hal_thread_time(const struct thread *thread)
{
    const struct program *program = thread->hal;
    const struct cpu *cpu = processors[program->on];
    const uint64_t since = cpu->since;

    return clock_nanoseconds(program->time + (cpu->current == program ? cpu_timestamp() - since : 0));
}

bool hal_makes_threads(void)
{
    return true;
}

/* ---- turns ----------------------------------------------------------------------------------------- */

/* A processor is to choose anew: at once if it is this one, or else when it hears of that. */
static void have_choose(struct cpu *cpu)
{
    atomic_store(&cpu->chooses, true);
    if (cpu != cpu_self())
        processor_rouse(cpu);
}

/* Someone is to look at a program that is ready: who is idle, or runs one of the lowest priority below, or one without a quantum. */
static void rouse_someone(const struct program *program)
{
    struct cpu *lowest = NULL;

    if (idle != 0) {
        const unsigned number = (unsigned)__builtin_ctzll(idle);

        idle &= ~((uint64_t)1 << number);
        processor_rouse(processors[number]);
        return;
    }
    for (unsigned i = 0; i < processor_count; i++) {
        struct cpu *cpu = processors[i];
        const bool gives_way = cpu->priority < program->priority || (cpu->priority == program->priority && cpu->unlimited);

        if (gives_way && (lowest == NULL || cpu->priority < lowest->priority))
            lowest = cpu;
    }
    if (lowest != NULL)
        have_choose(lowest);
}

static void put_ready(struct program *program)
{
    add_ready(program, false);
    rouse_someone(program);
}

void hal_thread_set_priority(struct thread *thread, unsigned priority)
{
    struct program *program = thread->hal;

    hal_lock_acquire(&turns);
    const bool is_ready = program->turn == READY;

    if (is_ready)
        take_ready(program);
    program->priority = priority;
    if (is_ready)
        put_ready(program);
    else if (program->turn == RUNNING)
        have_choose(processors[program->on]);
    hal_lock_release(&turns);
}

/* The end of its work.  True: it goes on at some time, and the lock is held. */
static bool work_ends(struct program *program)
{
    hal_lock_acquire(&turns);
    if (is_gone(program)) {
        hal_lock_release(&turns);
        free_program(program);
        return false;
    }
    if (program->stays >= HELD) {
        program->turn = STOPPED;
        hal_lock_release(&turns);
        return false;
    }
    return true;
}

/* Whether it was held or has ended is asked when it goes on. */
void schedule(struct program *program)
{
    struct cpu *cpu = cpu_self();

    if (cpu->next == NULL)
        cpu->next = program;
    else
        schedule_last(program);
}

void schedule_last(struct program *program)
{
    if (!work_ends(program))
        return;
    put_ready(program);
    hal_lock_release(&turns);
}

void hal_thread_return(struct thread *thread, uint64_t result)
{
    struct program *program = thread->hal;

    program->registers.rax = result;
    program->registers.rdx = thread->out;
    schedule(program);
}

/* Who goes on here; NULL: no one, and this processor is counted as idle. */
static struct program *choose(struct cpu *cpu)
{
    struct program *program = cpu->next;

    hal_lock_acquire(&turns);
    cpu->next = NULL;
    if (program != NULL && (program->stays & ~CHANGED)) {
        hal_lock_release(&turns);
        schedule_last(program); /* which ends it, or leaves it stopped */
        return choose(cpu);
    }
    struct program *first = first_ready();

    if (first != NULL && (program == NULL || first->priority > program->priority)) {
        take_ready(first);
        if (program != NULL) {
            add_ready(program, true);
            rouse_someone(program);
        }
        program = first;
        cpu->quantum_end = 0;
    }
    atomic_store_explicit(&cpu->chooses, false, memory_order_relaxed);
    if (program == NULL) {
        idle |= (uint64_t)1 << cpu->number;
        cpu->priority = 0;
        cpu->quantum_end = 0;
    } else {
        program->on = cpu->number;
        program->turn = RUNNING;
        program->stays &= ~CHANGED; /* all are loaded */
        cpu->priority = program->priority;
        cpu->unlimited = cpu->quantum_end == 0 && waiting >> program->priority == 0;
    }
    hal_lock_release(&turns);
    return program;
}

/* ---- running --------------------------------------------------------------------------------------- */

/* Its vector registers stay in the processor until another's are needed; but others may go on with it meanwhile. */
ALWAYS_INLINE void use_vectors(struct cpu *cpu, struct program *program)
{
    if (cpu->vectors_of == program && program->vectors_on == cpu->number)
        return;
    if (processor_count == 1 && cpu->vectors_of != NULL)
        state_save_vectors(cpu->vectors_of);
    state_load_vectors(program);
    cpu->vectors_of = program;
    program->vectors_on = cpu->number;
}

ALWAYS_INLINE void use_bases(struct cpu *cpu, const struct program *program)
{
    if (UNLIKELY(cpu->fs_base != program->fs_base))
        cpu_write_msr(0xc0000100, cpu->fs_base = program->fs_base);
    if (UNLIKELY(cpu->gs_base != program->gs_base))
        cpu_write_msr(0xc0000102, cpu->gs_base = program->gs_base);
}

/* Who was in its program has run until now; what was done for it at once in the kernel is its time, too. */
ALWAYS_INLINE void set_current(struct cpu *cpu, struct program *program)
{
    struct program *before = atomic_load_explicit(&cpu->current, memory_order_relaxed);
    const uint64_t now = cpu_timestamp();

    if (before != NULL)
        atomic_fetch_add_explicit(&before->time, now - cpu->since, memory_order_relaxed);
    atomic_store_explicit(&cpu->since, now, memory_order_relaxed);
    atomic_store_explicit(&cpu->current, program, memory_order_relaxed);
}

_Noreturn ALWAYS_INLINE void go(struct cpu *cpu, struct program *program)
{
    set_current(cpu, program);
    cpu->registers_end = &program->registers + 1;
    cpu->state.stacks[0] = (uint64_t)cpu->registers_end;
    pmap_use(cpu, program->pmap);
    use_bases(cpu, program);
    use_vectors(cpu, program);
    if (UNLIKELY(cpu->quantum_end == 0 && !cpu->unlimited))
        clock_quantum(QUANTUM);
    processor_leaves(cpu, IN_PROGRAM);
    program_resume(&program->registers);
}

/*
 * A program whose turn it is begins without the lock: whoever holds or ends it, or changes its registers, from the exchange on sees
 * that it runs, and has it come back.  False: it does not go on just so.
 */
ALWAYS_INLINE bool begin(struct program *program)
{
    if (UNLIKELY(processor_count > 1))
        atomic_exchange(&program->turn, RUNNING);
    else
        atomic_store_explicit(&program->turn, RUNNING, memory_order_relaxed);
    if (!UNLIKELY(program->stays != 0))
        return true;
    program->turn = WORKING;
    return false;
}

/*
 * Who is next here, once the continuations that wait have been called, goes on, if that needs no choice: it has the priority of
 * who was before it, and whoever comes to wait with a higher one sets `chooses`.
 */
bool schedule_go_on(struct cpu *cpu, struct program *program)
{
    struct program *next = cpu->next;

    if (!list_empty(&cpu->runnable)) {
        processor_continue(cpu);
        next = cpu->next;
    }
    if (UNLIKELY(next == NULL || next->priority != cpu->priority || processor_is_busy(cpu) ||
                 atomic_load_explicit(&cpu->chooses, memory_order_relaxed)))
        return false;
    next->on = cpu->number;
    if (UNLIKELY(!begin(next)))
        return false;
    cpu->next = NULL;
    if (next != program)
        go(cpu, next);
    pmap_use(cpu, program->pmap);
    processor_leaves(cpu, IN_PROGRAM);
    return true;
}

/* Until an interrupt comes.  A map that no task may have any more is not kept. */
static void wait(struct cpu *cpu)
{
    pmap_use(cpu, NULL);
    if (processor_owes(cpu)) {
        cpu_pause();
    } else {
        processor_leaves(cpu, IDLE);
        cpu_wait();
        processor_came(cpu);
        console_tell();
    }
    hal_lock_acquire(&turns);
    idle &= ~((uint64_t)1 << cpu->number);
    hal_lock_release(&turns);
}

_Noreturn static void run(void)
{
    struct cpu *cpu = cpu_self();

    set_current(cpu, NULL);
    for (;;) {
        while (processor_work())
            ;
        struct program *program = choose(cpu);

        if (program != NULL)
            go(cpu, program);
        wait(cpu);
    }
}

_Noreturn void processor_run(void)
{
    run_on(cpu_self()->stack, run);
}

_Noreturn void processor_enter(struct cpu *cpu)
{
    cpu_write_msr(0xc0000081, (uint64_t)0x10 << 48 | (uint64_t)8 << 32); /* STAR: selectors */
    cpu_write_msr(0xc0000082, (uint64_t)system_call);                    /* LSTAR */
    cpu_write_msr(0xc0000084, 0x47700);                                  /* FMASK: interrupts are off, and so on */
    state_start();
    processor_came(cpu);
    processor_run();
}
