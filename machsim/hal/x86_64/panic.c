/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * panic.c - the end of the machine, wanted or not.  Names of functions are in a table that the Makefile makes of the kernel
 * itself and links to it.
 */
#include "hal/x86_64/acpi.h"
#include "hal/x86_64/cpu.h"
#include "hal/x86_64/user.h"
#include "kern/task.h"

struct symbol {
    uint64_t address;
    const char *name;
};
extern const struct symbol kernel_symbols[]; /* by address; the last has none */
extern const char kernel_text[], kernel_text_end[];

_Noreturn void machine_exit(unsigned status)
{
    cpu_out8(0xf4, (uint8_t)status); /* QEMU's isa-debug-exit */
    acpi_power_off();
    cpu_stop();
}

/* What a reboot is not: RB_HALT, of the options of host_reboot. */
#define HALT 8

kern_return_t hal_reboot(int options)
{
    console_print("machsim: %s\n", options & HALT ? "power off" : "reboot");
    if (options & HALT)
        machine_exit(0);
    acpi_reset();
    cpu_out8(0x64, 0xfe); /* the keyboard's controller pulls the line */
    cpu_stop();
}

static bool is_text(uint64_t address)
{
    return address >= (uint64_t)kernel_text && address < (uint64_t)kernel_text_end;
}

static void print_place(uint64_t address)
{
    const struct symbol *found = NULL;

    for (const struct symbol *symbol = kernel_symbols; symbol->name != NULL && symbol->address <= address; symbol++)
        found = symbol;
    console_print("    %016lx", address);
    if (found != NULL && is_text(address))
        console_print("  %s+0x%lx", found->name, address - found->address);
    console_put('\n');
}

/* Frame pointers lead from each function to its caller; a stack that is spoiled ends that early. */
static void print_callers(const uint64_t *frame)
{
    for (unsigned i = 0; i < 32 && (uint64_t)frame >= DIRECT_MAP && (uint64_t)frame % 8 == 0; i++) {
        const uint64_t *next = (const uint64_t *)frame[0];

        if (!is_text(frame[1]))
            return;
        print_place(frame[1]);
        if (next <= frame)
            return;
        frame = next;
    }
}

static void print_registers(const struct trap_frame *f)
{
    console_print("    rip %016lx  rsp %016lx  rflags %lx  error %lx  cr2 %016lx\n", f->rip, f->rsp, f->rflags, f->error,
                  cpu_fault_address());
    console_print("    rax %016lx  rbx %016lx  rcx %016lx  rdx %016lx\n", f->rax, f->rbx, f->rcx, f->rdx);
    console_print("    rsi %016lx  rdi %016lx  rbp %016lx  r8  %016lx\n", f->rsi, f->rdi, f->rbp, f->r8);
    console_print("    r9  %016lx  r10 %016lx  r11 %016lx  r12 %016lx\n", f->r9, f->r10, f->r11, f->r12);
    console_print("    r13 %016lx  r14 %016lx  r15 %016lx\n", f->r13, f->r14, f->r15);
}

_Noreturn void panic_at(const struct trap_frame *frame, const char *what)
{
    processor_stop_others();
    console_print("\npanic: %s\n", what);
    if (cpu_self()->current != NULL)
        console_print("    in the kernel for a thread of task %d, on processor %u\n",
                      cpu_self()->current->thread->task->identity.pid, cpu_self()->number);
    if (frame != NULL) {
        print_registers(frame);
        print_place(frame->rip);
        print_callers((const uint64_t *)frame->rbp);
    } else {
        print_callers(__builtin_frame_address(0));
    }
    machine_exit(1);
}

_Noreturn void hal_panic(const char *file, int line, const char *what)
{
    console_print("\n%s:%d\n", file, line);
    panic_at(NULL, what);
}
