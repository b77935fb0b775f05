/* SPDX-License-Identifier: BSD-2-Clause */
/* machine.h - the parts of this machine, for each other: hal.h is what the core sees of them. */
#ifndef X86_64_MACHINE_H
#define X86_64_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hal/hal.h"
#include "hal/x86_64/layout.h"
#include "kern/assert.h"
#include "kern/list.h"
#include "kern/string.h"

/* ---- console.c: a 16550 UART ------------------------------------------------------------------------- */

void console_start(void);
void console_put(char c);
/* The same for some at once, which other processors' do not come between. */
void console_write(const char *bytes, size_t size);
/* What is typed interrupts this processor; console_interrupt takes it, and console_tell, without locks, says so to the core. */
void console_listen(void);
void console_interrupt(void);
void console_tell(void);
/* printf's %s, %c, %d, %u, %x and %p, with widths, `0`, and `l` and `ll` for 64 bits. */
__attribute__((format(printf, 1, 2))) void console_print(const char *format, ...);

/* ---- loader.c: what the boot loader says --------------------------------------------------------------- */

struct boot_memory {
    uint64_t start, size;
};
#define BOOT_MEMORY_MAX 32u

extern struct boot_information {
    const char *command_line;
    struct boot_memory memory[BOOT_MEMORY_MAX]; /* that can be used, in order; without what the kernel lies in */
    unsigned memory_count;
    uint64_t initrd, initrd_size; /* 0: none */
    uint64_t acpi;                /* the firmware's tables; 0: look for them */
} boot;

/* Reads what a loader says; `loader` is the number by which it tells which it is.  False: there is nothing of use. */
bool boot_read(uint64_t start_information, uint32_t loader);
/* Whether a word stands on the command line. */
bool boot_option(const char *word);

/* ---- memory.c: physical memory ------------------------------------------------------------------------ */

/* Where the kernel sees physical memory. */
static inline void *memory_at(uint64_t physical)
{
    return (void *)(physical + DIRECT_MAP);
}

static inline uint64_t memory_address(const void *place)
{
    return (uint64_t)place - DIRECT_MAP;
}

void memory_start(void);
/* 2^order pages beside each other, on a boundary of as many; 0: there are none. */
#define MEMORY_ORDERS 14u
uint64_t memory_take(unsigned order);
void memory_give(uint64_t physical, unsigned order);
uint64_t memory_free_pages(void);
uint64_t memory_pages(void);
/* The mappings of a page that is a frame. */
struct list *memory_mappings(uint64_t physical);

/* ---- zone.c: hal_alloc -------------------------------------------------------------------------------- */

void zone_start(void);
/* Gives back what this processor keeps for itself. */
void zone_trim(void);
/* Bytes that have been handed out. */
uint64_t zone_bytes(void);

/* ---- pmap.c ------------------------------------------------------------------------------------------- */

void pmap_start(void);
/* Maps a page for the kernel, in a range that it has for such; false: no memory. */
bool pmap_enter_kernel(uint64_t address, uint64_t physical);

/* ---- trap.c: exceptions and interrupts ----------------------------------------------------------------- */

/* What entry.S has saved, in its order. */
struct trap_frame {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11;
    uint64_t rdi, rsi, rdx, r10, r8, r9; /* the arguments of a system call, beside each other */
    uint64_t rcx, rax;
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};

enum {
    VECTOR_DIVIDE = 0,
    VECTOR_DEBUG = 1,
    VECTOR_UNREFUSABLE = 2,
    VECTOR_BREAKPOINT = 3,
    VECTOR_UNDEFINED = 6,
    VECTOR_PAGE_FAULT = 14,
    VECTOR_FLOATING = 16,
    VECTOR_VECTOR_FLOATING = 19,
    VECTOR_TIMER = 32,
    VECTOR_ROUSE = 33, /* another processor's */
    VECTOR_CONSOLE = 36,
    VECTOR_SPURIOUS = 255,
    VECTOR_SYSTEM_CALL = 256
};

struct cpu;
/* This processor's tables; `double_fault_stack` is where a stack ends that is used when no other can be. */
void trap_start(struct cpu *cpu, void *double_fault_stack);
const char *trap_name(uint64_t vector);
/*
 * Until it is NULL again, a fault of the kernel's sets *fault_expected to its vector, and goes on at `fault_resume`: for
 * tests of the machine.
 */
extern int *volatile fault_expected;
extern void *volatile fault_resume;

/* ---- clock.c ------------------------------------------------------------------------------------------ */

void clock_start(void);
/* The timer's interrupt has come.  True: whoever runs here has had its turn. */
bool clock_interrupt(void);
/* Of ticks of the processors' counter. */
uint64_t clock_nanoseconds(uint64_t ticks);
/* Whether the alarm that the core asked for is due. */
bool clock_due(void);
/* Has an interrupt come in so many nanoseconds, too: whoever runs has had its turn then.  0: none. */
void clock_quantum(uint64_t nanoseconds);

/* ---- pci.c --------------------------------------------------------------------------------------------- */

/* Tells what is there. */
void pci_list(void);

/* ---- panic.c ------------------------------------------------------------------------------------------- */

/* Ends the machine; QEMU's exit status is 2 * status + 1. */
_Noreturn void machine_exit(unsigned status);
/* Says what is wrong, where, and who called, and ends the machine. */
_Noreturn void panic_at(const struct trap_frame *frame, const char *what);

/* ---- selftest.c ------------------------------------------------------------------------------------------ */

/* Tests the machine, and tells by TAP.  True: all is well. */
bool selftest(void);

#endif
