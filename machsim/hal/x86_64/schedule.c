/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * schedule.c - whose turn it is: see user.h.
 *
 * One list of those that may run, for all processors; who has waited longest is next, for a quantum.  But who comes to be
 * ready on a processor that has nothing else to go on with goes on there at once, out of turn, in what is left of the
 * quantum: a system call returns, and a message's receiver runs when its sender waits.
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
static struct list ready; /* under the lock */
static uint64_t idle;     /* processors that wait for work, by number; under the lock */

extern char system_call[];
_Noreturn void program_resume(const struct trap_frame *registers);
_Noreturn void run_on(void *top, void (*function)(void));

void schedule_start(void)
{
    list_init(&ready);
}

/* ---- life ------------------------------------------------------------------------------------------ */

static void free_program(struct program *program)
{
    struct cpu *cpu = cpu_self();

    if (cpu->vectors_of == program)
        cpu->vectors_of = NULL; /* others only compare */
    thread_release(program->thread);
    hal_free(program, sizeof *program);
}

kern_return_t hal_thread_create(struct task *task, struct thread **thread)
{
    struct program *program = hal_alloc(sizeof *program);

    if (program == NULL)
        return KERN_RESOURCE_SHORTAGE;
    state_init(program);
    waiter_init(&program->waiter, program_fault);
    program->turn = STOPPED;
    program->holds = 1;
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
    program->gone = true;
    if (program->turn == READY)
        list_remove(&program->link);
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
    program->holds++;
    if (program->turn == READY) {
        list_remove(&program->link);
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
    if (--program->holds == 0 && program->turn == STOPPED && !program->gone)
        put_ready(program);
    hal_lock_release(&turns);
}

uint64_t hal_thread_time(const struct thread *thread)
{
    return clock_nanoseconds(((const struct program *)thread->hal)->time);
}

bool hal_makes_threads(void)
{
    return true;
}

/* ---- turns ----------------------------------------------------------------------------------------- */

/* Someone is to look into the list: who is idle, or else who runs a program for as long as that likes. */
static void rouse_someone(void)
{
    if (idle != 0) {
        const unsigned number = (unsigned)__builtin_ctzll(idle);

        idle &= ~((uint64_t)1 << number);
        processor_rouse(processors[number]);
        return;
    }
    for (unsigned i = 0; i < processor_count; i++)
        if (processors[i]->unlimited) {
            processors[i]->unlimited = false;
            if (processors[i] != cpu_self())
                processor_rouse(processors[i]);
            return;
        }
}

static void put_ready(struct program *program)
{
    program->turn = READY;
    list_append(&ready, &program->link);
    rouse_someone();
}

/* The end of its work.  True: it goes on at some time, and the lock is held. */
static bool work_ends(struct program *program)
{
    hal_lock_acquire(&turns);
    if (program->gone) {
        hal_lock_release(&turns);
        free_program(program);
        return false;
    }
    if (program->holds > 0) {
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
    if (program != NULL && (program->gone || program->holds > 0)) {
        hal_lock_release(&turns);
        schedule_last(program); /* which ends it, or leaves it stopped */
        return choose(cpu);
    }
    if (program == NULL) {
        struct list *link = list_pop(&ready);

        program = link == NULL ? NULL : container_of(link, struct program, link);
        cpu->quantum_end = 0;
    }
    if (program == NULL) {
        idle |= (uint64_t)1 << cpu->number;
    } else {
        program->on = cpu->number;
        program->turn = RUNNING;
        cpu->unlimited = cpu->quantum_end == 0 && list_empty(&ready);
    }
    hal_lock_release(&turns);
    return program;
}

/* ---- running --------------------------------------------------------------------------------------- */

/* Its vector registers stay in the processor until another's are needed; but others may go on with it meanwhile. */
static void use_vectors(struct cpu *cpu, struct program *program)
{
    if (cpu->vectors_of == program && program->vectors_on == cpu->number)
        return;
    if (processor_count == 1 && cpu->vectors_of != NULL)
        state_save_vectors(cpu->vectors_of);
    state_load_vectors(program);
    cpu->vectors_of = program;
    program->vectors_on = cpu->number;
}

static void use_bases(struct cpu *cpu, const struct program *program)
{
    if (cpu->fs_base != program->fs_base)
        cpu_write_msr(0xc0000100, cpu->fs_base = program->fs_base);
    if (cpu->gs_base != program->gs_base)
        cpu_write_msr(0xc0000102, cpu->gs_base = program->gs_base);
}

_Noreturn static void go(struct cpu *cpu, struct program *program)
{
    cpu->current = program;
    cpu->registers_end = &program->registers + 1;
    cpu->state.stacks[0] = (uint64_t)cpu->registers_end;
    pmap_use(program->thread->task->map->pmap);
    use_bases(cpu, program);
    use_vectors(cpu, program);
    if (cpu->quantum_end == 0 && !cpu->unlimited)
        clock_quantum(QUANTUM);
    program->began = cpu_timestamp();
    processor_leaves(cpu, IN_PROGRAM);
    program_resume(&program->registers);
}

/* Whether those registers of a program that the kernel does not use are in the processor. */
static bool has_registers(const struct cpu *cpu, const struct program *program)
{
    return cpu->current == program && cpu->vectors_of == program && program->vectors_on == cpu->number &&
           cpu->fs_base == program->fs_base && cpu->gs_base == program->gs_base;
}

/*
 * A program whose work was short goes on, if there is nothing else to be done: without the lock, for whoever holds it or ends it
 * from the exchange on sees that it runs, and has it come back.
 */
void schedule_go_on(struct program *program)
{
    struct cpu *cpu = cpu_self();

    if (cpu->next != program || processor_is_busy(cpu) || !has_registers(cpu, program))
        return;
    if (processor_count > 1)
        atomic_exchange(&program->turn, RUNNING);
    else
        atomic_store_explicit(&program->turn, RUNNING, memory_order_relaxed);
    if (program->holds > 0 || program->gone) {
        program->turn = WORKING;
        return;
    }
    cpu->next = NULL;
    program->began = cpu_timestamp();
    processor_leaves(cpu, IN_PROGRAM);
    program_resume(&program->registers);
}

/* Until an interrupt comes.  A map that no task may have any more is not kept. */
static void wait(struct cpu *cpu)
{
    pmap_use(NULL);
    cpu->current = NULL;
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
