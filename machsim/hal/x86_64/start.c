/* SPDX-License-Identifier: BSD-2-Clause */
/* start.c - the kernel begins here, in C. */
#include "hal/x86_64/cpu.h"
#include "hal/x86_64/user.h"
#include "kern/host.h"

static char first_fault_stack[4096]; /* until it has stacks of its own */

static void start_machine(uint64_t start_information, uint32_t loader)
{
    processor_start();
    console_start();
    if (!boot_read(start_information, loader))
        panic_at(NULL, "the boot loader is neither of Multiboot's kinds nor PVH's, or tells of no memory");
    trap_start(cpu_self(), first_fault_stack + sizeof first_fault_stack);
    pmap_start();
    memory_start();
    zone_start();
    stack_make(cpu_self());
    clock_start();
}

void machine_start(uint64_t start_information, uint32_t loader);
void machine_start(uint64_t start_information, uint32_t loader)
{
    start_machine(start_information, loader);
    processor_start_others();
    console_print("machsim: x86_64, %u processors, %lu MiB of memory, in %u parts\n", processor_count,
                  memory_pages() >> (20 - HAL_PAGE_SHIFT), boot.memory_count);
    if (kernel_start() != KERN_SUCCESS)
        panic_at(NULL, "the core did not start");
    while (processor_work())
        ;
    if (boot_option("pci"))
        pci_list();
    if (boot_option("selftest"))
        machine_exit(selftest() ? 0 : 2);
    if (boot_option("panic"))
        kern_assert(!"a panic, as the command line has it");
    schedule_start();
    console_listen();
    if (!init_start())
        machine_exit(3);
    processor_go();
    processor_enter(cpu_self());
}
