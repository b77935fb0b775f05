/* SPDX-License-Identifier: BSD-2-Clause */
/* loader.c - PVH start information: see machine.h.  Its layout is that of Xen's public headers. */
#include "hal/x86_64/machine.h"

#define MAGIC 0x336ec578u
#define USABLE 1u

struct start_information {
    uint32_t magic, version, flags, module_count;
    uint64_t modules, command_line, acpi;
    uint64_t memory_map; /* from version 1 on */
    uint32_t memory_map_count, reserved;
};

struct module {
    uint64_t address, size, command_line, reserved;
};

struct memory_entry {
    uint64_t address, size;
    uint32_t type, reserved;
};

struct boot_information boot;

extern const char kernel_end[];

/* Adds what can be used of a range: whole pages behind the kernel, within what is mapped. */
static void add_memory(uint64_t start, uint64_t end)
{
    const uint64_t least = (uint64_t)kernel_end - KERNEL_BASE, most = (uint64_t)4 << 30;

    start = (start < least ? least : start) + HAL_PAGE_SIZE - 1;
    start -= start % HAL_PAGE_SIZE;
    end = (end > most ? most : end);
    end -= end % HAL_PAGE_SIZE;
    if (start < end && boot.memory_count < BOOT_MEMORY_MAX)
        boot.memory[boot.memory_count++] = (struct boot_memory){.start = start, .size = end - start};
}

/* The same, without what the initrd lies in. */
static void add_range(uint64_t start, uint64_t end)
{
    const uint64_t hole = boot.initrd, hole_end = boot.initrd + boot.initrd_size;

    if (hole_end <= start || end <= hole) {
        add_memory(start, end);
        return;
    }
    if (start < hole)
        add_memory(start, hole);
    if (hole_end < end)
        add_memory(hole_end, end);
}

bool boot_read(uint64_t place)
{
    const struct start_information *information = memory_at(place);

    if (information->magic != MAGIC || information->version < 1)
        return false;
    boot.acpi = information->acpi;
    boot.command_line = information->command_line == 0 ? "" : memory_at(information->command_line);
    if (information->module_count > 0) {
        const struct module *module = memory_at(information->modules);

        boot.initrd = module->address;
        boot.initrd_size = module->size;
    }
    const struct memory_entry *entry = memory_at(information->memory_map);

    for (uint32_t i = 0; i < information->memory_map_count; i++, entry++)
        if (entry->type == USABLE)
            add_range(entry->address, entry->address + entry->size);
    return boot.memory_count > 0;
}

bool boot_option(const char *word)
{
    for (const char *at = boot.command_line; *at != '\0';) {
        const char *letter = word;

        for (; *letter != '\0' && *at == *letter; at++)
            letter++;
        if (*letter == '\0' && (*at == ' ' || *at == '\0'))
            return true;
        while (*at != '\0' && *at != ' ')
            at++;
        while (*at == ' ')
            at++;
    }
    return false;
}
