/* SPDX-License-Identifier: BSD-2-Clause */
/* pci.c - what is at the PCI buses, by the processor's ports: for the kernel's command line.  Source: PCI Local Bus, 3.0, 6.1. */
#include "hal/x86_64/cpu.h"
#include "hal/x86_64/machine.h"

enum { ADDRESS = 0xcf8, DATA = 0xcfc };
enum { IDENTITY = 0, CLASS = 8, HEADER = 12 };
#define NONE 0xffffu
#define MANY_FUNCTIONS ((uint32_t)1 << 23)

static uint32_t read(unsigned bus, unsigned device, unsigned function, unsigned offset)
{
    cpu_out32(ADDRESS, (uint32_t)1 << 31 | bus << 16 | device << 11 | function << 8 | offset);
    return cpu_in32(DATA);
}

static void tell(unsigned bus, unsigned device, unsigned function)
{
    const uint32_t identity = read(bus, device, function, IDENTITY), class = read(bus, device, function, CLASS);

    if ((identity & 0xffff) != NONE)
        console_print("pci %02x:%02x.%u  %04x:%04x  class %04x\n", bus, device, function, identity & 0xffff, identity >> 16,
                      class >> 16);
}

void pci_list(void)
{
    for (unsigned bus = 0; bus < 256; bus++)
        for (unsigned device = 0; device < 32; device++) {
            const uint32_t identity = read(bus, device, 0, IDENTITY);
            const bool many = (identity & 0xffff) != NONE && (read(bus, device, 0, HEADER) & MANY_FUNCTIONS);

            for (unsigned function = 0; function < (many ? 8u : 1u); function++)
                tell(bus, device, function);
        }
}
