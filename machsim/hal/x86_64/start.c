/* SPDX-License-Identifier: BSD-2-Clause */
/* start.c - the kernel begins here, in C. */
#include "hal/x86_64/cpu.h"
#include "hal/x86_64/user.h"
#include "kern/host.h"

static void start_machine(uint64_t start_information)
{
    console_start();
    if (!boot_read(start_information))
        panic_at(NULL, "the boot loader has left no start information (PVH)");
    trap_start();
    pmap_start();
    memory_start();
    zone_start();
    clock_start();
    console_print("machsim: x86_64, %lu MiB of memory, in %u parts\n", memory_pages() >> (20 - HAL_PAGE_SHIFT),
                  boot.memory_count);
}

void machine_start(uint64_t start_information);
void machine_start(uint64_t start_information)
{
    start_machine(start_information);
    if (kernel_start() != KERN_SUCCESS)
        panic_at(NULL, "the core did not start");
    while (processor_work())
        ;
    if (boot_option("selftest"))
        machine_exit(selftest() ? 0 : 2);
    if (boot_option("panic"))
        kern_assert(!"a panic, as the command line has it");
    program_start();
    if (!init_start())
        machine_exit(3);
    processor_run();
}
