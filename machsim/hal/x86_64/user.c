/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * user.c - what brings a program into the kernel: faults, which memory may cure, other exceptions, for those who catch them,
 * interrupts, and system calls.  Negative numbers are Mach's traps; the others are an emulated system's, and exceptions.
 */
#include "hal/x86_64/user.h"

#include <mach/i386/exception.h>
#include <mach/mig_errors.h>
#include <mach/vm_prot.h>

#include "hal/x86_64/controller.h"
#include "hal/x86_64/cpu.h"
#include "kern/task.h"
#include "kern/trap.h"
#include "vm/vm_fault.h"

/* What a system call gives that no one emulates: Linux's ENOSYS. */
#define NO_SUCH_CALL ((uint64_t)-38)

/* ---- exceptions ------------------------------------------------------------------------------------ */

struct cause {
    exception_type_t type;
    int64_t code;
};

/* As XNU tells them. */
static struct cause cause_of(uint64_t vector)
{
    switch (vector) {
    case VECTOR_DIVIDE: return (struct cause){EXC_ARITHMETIC, EXC_I386_DIV};
    case VECTOR_DEBUG: return (struct cause){EXC_BREAKPOINT, EXC_I386_SGL};
    case VECTOR_BREAKPOINT: return (struct cause){EXC_BREAKPOINT, EXC_I386_BPT};
    case 4: return (struct cause){EXC_ARITHMETIC, EXC_I386_INTO};
    case 5: return (struct cause){EXC_SOFTWARE, EXC_I386_BOUND};
    case VECTOR_UNDEFINED: return (struct cause){EXC_BAD_INSTRUCTION, EXC_I386_INVOP};
    case 7: return (struct cause){EXC_ARITHMETIC, EXC_I386_NOEXT};
    case 10: return (struct cause){EXC_BAD_INSTRUCTION, EXC_I386_INVTSSFLT};
    case 11: return (struct cause){EXC_BAD_INSTRUCTION, EXC_I386_SEGNPFLT};
    case 12: return (struct cause){EXC_BAD_INSTRUCTION, EXC_I386_STKFLT};
    case VECTOR_FLOATING: return (struct cause){EXC_ARITHMETIC, EXC_I386_EXTERR};
    case 17: return (struct cause){EXC_BAD_ACCESS, EXC_I386_ALIGNFLT};
    case VECTOR_VECTOR_FLOATING: return (struct cause){EXC_ARITHMETIC, EXC_I386_SSEEXTERR};
    default: return (struct cause){EXC_BAD_ACCESS, EXC_I386_GPFLT};
    }
}

static void raise(struct program *program)
{
    const struct cause cause = cause_of(program->registers.vector);

    exception_ask(program->thread, cause.type, cause.code, (int64_t)program->registers.error);
}

static void end_task(struct program *program)
{
    struct task *task = program->thread->task;
    const exception_type_t type = program->thread->exception.type;

    console_print("machsim: task %d ends: %s at %lx, address %lx\n", task->identity.pid,
                  program->registers.vector != VECTOR_PAGE_FAULT                            ? trap_name(program->registers.vector)
                  : program->thread->exception.code[0] == KERN_PROTECTION_FAILURE && type == EXC_BAD_ACCESS
                      ? "a protected page"
                      : "a page that is not there",
                  program->registers.rip, program->fault);
    task_reference(task);
    task_end(task);
    task_release(task);
}

/* Whoever could have taken care of it has not: a system call that no one knows fails, and all else is the task's end. */
void hal_exception_done(struct thread *thread, bool handled)
{
    struct program *program = thread->hal;

    if (!handled && program->registers.vector == VECTOR_SYSTEM_CALL)
        program->registers.rax = NO_SUCH_CALL;
    else if (!handled && !program->gone)
        end_task(program);
    schedule(program);
}

/* ---- page faults ----------------------------------------------------------------------------------- */

void program_fault(struct waiter *waiter)
{
    struct program *program = container_of(waiter, struct program, waiter);

    waiter_restart(&program->waiter);
    const kern_return_t result = is_users(program->fault, 1) ? vm_fault(program->thread->task->map, vm_page_trunc(program->fault),
                                                                       program->access, &program->waiter)
                                                             : KERN_INVALID_ADDRESS;

    if (result == KERN_SUCCESS || (program->gone && result != MIG_NO_REPLY))
        schedule(program);
    else if (result != MIG_NO_REPLY)
        exception_ask(program->thread, EXC_BAD_ACCESS, result, (int64_t)program->fault);
}

static void page_fault(struct program *program)
{
    const uint64_t error = program->registers.error;

    program->fault = cpu_fault_address();
    program->access = VM_PROT_READ | (error & 2 ? VM_PROT_WRITE : 0) | (error & 16 ? VM_PROT_EXECUTE : 0);
    program_fault(&program->waiter);
}

/* ---- system calls ---------------------------------------------------------------------------------- */

static void print(struct program *program)
{
    char text[4096];
    size_t length = 0;

    while (length < sizeof text && hal_copyin_message(program->thread, program->registers.rdi + length, &text[length], 1) &&
           text[length] != '\0')
        length++;
    console_write(text, length);
    program->registers.rax = KERN_SUCCESS;
    schedule(program);
}

/* Six arguments are in registers; notify, and two more, are on the stack above the return address. */
static bool get_more_arguments(struct program *program, bool overwrite)
{
    struct mach_msg_arguments *msg = &program->thread->msg;
    uint64_t more[3];

    if (!hal_copyin_message(program->thread, program->registers.rsp + 8, more, overwrite ? sizeof more : sizeof *more))
        return false;
    msg->notify = (mach_port_name_t)more[0];
    if (overwrite) {
        msg->receive_message = more[1];
        msg->scatter_size = (mach_msg_size_t)more[2];
    }
    return true;
}

__attribute__((noinline)) static void message_trap(struct program *program, bool overwrite)
{
    const struct trap_frame *r = &program->registers;
    const mach_msg_option_t option = (mach_msg_option_t)r->rsi;
    struct mach_msg_arguments *msg = &program->thread->msg;

    msg->message = r->rdi;
    msg->option = option;
    msg->send_size = (mach_msg_size_t)r->rdx;
    msg->receive_size = (mach_msg_size_t)r->r10;
    msg->receive_name = (mach_port_name_t)r->r8;
    msg->timeout = (mach_msg_timeout_t)r->r9;
    msg->notify = MACH_PORT_NULL;
    msg->receive_message = 0;
    msg->scatter_size = 0;
    if ((overwrite || (option & MACH_SEND_NOTIFY)) && !get_more_arguments(program, overwrite))
        hal_thread_return(program->thread, (uint32_t)MACH_SEND_INVALID_DATA);
    else
        trap_message(program->thread);
}

static void mach_trap(struct program *program, uint32_t number)
{
    program->thread->out = 0;
    if (number == TRAP_MACH_MSG)
        message_trap(program, false);
    else if (number == TRAP_MACH_MSG_OVERWRITE)
        message_trap(program, true);
    else
        trap(program->thread, number, &program->registers.rdi);
}

/* ---- the door -------------------------------------------------------------------------------------- */

static struct program *came(struct cpu *cpu)
{
    struct program *program = cpu->current;
    const uint64_t now = cpu_timestamp();

    atomic_store_explicit(&program->time, program->time + (now - program->began), memory_order_relaxed);
    atomic_store_explicit(&program->began, now, memory_order_relaxed); /* what is done for it at once is its time, too */
    if (processor_count > 1)
        state_save_vectors(program); /* another may go on with it */
    atomic_store_explicit(&program->turn, WORKING, memory_order_release);
    processor_came(cpu);
    return program;
}

/* An emulated system's calls leave all registers but their result as they were, like interrupts; Mach's do as functions do. */
_Noreturn static void leave(struct cpu *cpu, struct program *program)
{
    if (schedule_go_on(cpu, program))
        program_resume(&program->registers);
    processor_run();
}

void program_call(void)
{
    struct cpu *cpu = cpu_self();
    struct program *program = came(cpu);
    const int32_t number = (int32_t)program->registers.rax;

    if (number >= 0) {
        exception_ask(program->thread, EXC_SYSCALL, number, 0);
        leave(cpu, program);
    }
    if (number == -TRAP_PRINT)
        print(program);
    else
        mach_trap(program, 0 - (uint32_t)number);
    if (!schedule_go_on(cpu, program))
        processor_run();
}

_Noreturn void program_trap(void)
{
    struct cpu *cpu = cpu_self();
    struct program *program = came(cpu);

    switch (program->registers.vector) {
    case VECTOR_PAGE_FAULT: page_fault(program); break;
    case VECTOR_TIMER:
        if (clock_interrupt())
            schedule_last(program);
        else
            schedule(program);
        processor_run(); /* a timer of the core's may be due */
    case VECTOR_ROUSE:
        controller_interrupt_ends();
        schedule(program);
        break;
    case VECTOR_CONSOLE:
        console_interrupt();
        console_tell();
        schedule(program);
        break;
    case VECTOR_UNREFUSABLE: cpu_stop(); /* another processor panics */
    case VECTOR_SPURIOUS: schedule(program); break;
    default: raise(program);
    }
    leave(cpu, program);
}
