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
    else if (!handled && !(program->stays & GONE))
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

    if (result == KERN_SUCCESS || ((program->stays & GONE) && result != MIG_NO_REPLY))
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

/* Which Mach traps there are, for entry.S. */
bool traps_known[64];

void program_start(void)
{
    for (uint32_t number = 0; number < sizeof traps_known / sizeof *traps_known; number++)
        traps_known[number] = trap_exists(number) || number == TRAP_PRINT;
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

/* The trap, all of whose arguments but those on the stack are in thread->msg. */
ALWAYS_INLINE void message_trap(struct program *program, bool overwrite)
{
    struct thread *thread = program->thread;

    thread->out = 0;
    if ((overwrite || (thread->msg.option & MACH_SEND_NOTIFY)) && !get_more_arguments(program, overwrite))
        hal_thread_return(thread, (uint32_t)MACH_SEND_INVALID_DATA);
    else
        trap_message(thread);
}

static void overwrite_trap(struct program *program)
{
    const struct trap_frame *r = &program->registers;

    program->thread->msg = (struct mach_msg_arguments){.message = r->rdi,
                                                       .option = (mach_msg_option_t)r->rsi,
                                                       .send_size = (mach_msg_size_t)r->rdx,
                                                       .receive_size = (mach_msg_size_t)r->r10,
                                                       .receive_name = (mach_port_name_t)r->r8,
                                                       .timeout = (mach_msg_timeout_t)r->r9};
    message_trap(program, true);
}

static void mach_trap(struct program *program, uint32_t number)
{
    if (number == TRAP_PRINT) {
        print(program);
    } else if (number == TRAP_MACH_MSG_OVERWRITE) {
        overwrite_trap(program);
    } else {
        program->thread->out = 0;
        trap(program->thread, number, &program->registers.rdi);
    }
}

/* ---- the door -------------------------------------------------------------------------------------- */

ALWAYS_INLINE struct program *came(struct cpu *cpu)
{
    struct program *program = cpu->current;

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
    mach_trap(program, 0 - (uint32_t)number);
    if (!schedule_go_on(cpu, program))
        processor_run();
}

_Noreturn void program_message(uint64_t message, mach_msg_option_t option, mach_msg_size_t send_size, mach_msg_size_t receive_size,
                     mach_port_name_t receive_name, mach_msg_timeout_t timeout)
{
    struct cpu *cpu = cpu_self();
    struct program *program = came(cpu);

    struct mach_msg_arguments *msg = &program->thread->msg;

    msg->message = message;
    msg->option = option;
    msg->send_size = send_size;
    msg->receive_size = receive_size;
    msg->receive_name = receive_name;
    msg->timeout = timeout;
    msg->notify = MACH_PORT_NULL;
    msg->receive_message = 0;
    msg->scatter_size = 0;
    message_trap(program, false);
    if (schedule_go_on(cpu, program))
        program_go_on();
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
