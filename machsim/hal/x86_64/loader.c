/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loader.c - what boot loaders say: see machine.h.  What they have left lies in memory that will be used, so what is to stay is copied.
 * Sources: the Multiboot specification 0.6.96, that of Multiboot 2, and Xen's public headers for PVH.
 */
#include "hal/x86_64/machine.h"

#define USABLE 1u

struct boot_information boot;

extern const char kernel_end[];

/* Adds what can be used of a range: whole pages behind the kernel, within what can be mapped. */
static void add_memory(uint64_t start, uint64_t end)
{
    const uint64_t least = (uint64_t)kernel_end - KERNEL_BASE, most = DIRECT_MAP_SIZE;

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

/* ---- what stays ------------------------------------------------------------------------------------ */

static void keep_command_line(uint64_t place)
{
    static char line[1024];
    const char *from = place == 0 ? "" : memory_at(place);
    size_t length = 0;

    for (; from[length] != '\0' && length < sizeof line - 1; length++)
        line[length] = from[length];
    line[length] = '\0';
    boot.command_line = line;
}

static void keep_initrd(uint64_t start, uint64_t end)
{
    if (boot.initrd == 0 && end > start) {
        boot.initrd = start;
        boot.initrd_size = end - start;
    }
}

static void keep_memory(uint64_t start, uint64_t size, uint32_t type)
{
    if (type == USABLE)
        add_range(start, start + size);
}

/* ---- PVH ------------------------------------------------------------------------------------------- */

#define PVH 0x336ec578u

struct pvh {
    uint32_t magic, version, flags, module_count;
    uint64_t modules, command_line, acpi;
    uint64_t memory_map; /* from version 1 on */
    uint32_t memory_map_count, reserved;
};

struct pvh_module {
    uint64_t address, size, command_line, reserved;
};

struct pvh_memory {
    uint64_t address, size;
    uint32_t type, reserved;
};

static void read_pvh(const struct pvh *information)
{
    const struct pvh_memory *memory = memory_at(information->memory_map);

    boot.acpi = information->acpi;
    keep_command_line(information->command_line);
    if (information->module_count > 0) {
        const struct pvh_module *module = memory_at(information->modules);

        keep_initrd(module->address, module->address + module->size);
    }
    for (uint32_t i = 0; i < information->memory_map_count; i++)
        keep_memory(memory[i].address, memory[i].size, memory[i].type);
}

/* ---- Multiboot ------------------------------------------------------------------------------------- */

#define MULTIBOOT 0x2badb002u
enum { HAS_COMMAND_LINE = 1 << 2, HAS_MODULES = 1 << 3, HAS_MEMORY_MAP = 1 << 6 };

struct multiboot {
    uint32_t flags, lower, upper, device, command_line, module_count, modules, symbols[4], memory_map_size, memory_map;
};

struct multiboot_memory {
    uint32_t size; /* of what follows */
    uint32_t address[2], length[2], type;
};

static uint64_t wide(const uint32_t *halves)
{
    return (uint64_t)halves[1] << 32 | halves[0];
}

static void read_multiboot(const struct multiboot *information)
{
    keep_command_line(information->flags & HAS_COMMAND_LINE ? information->command_line : 0);
    if ((information->flags & HAS_MODULES) && information->module_count > 0) {
        const uint32_t *module = memory_at(information->modules);

        keep_initrd(module[0], module[1]);
    }
    for (uint64_t at = 0; (information->flags & HAS_MEMORY_MAP) && at < information->memory_map_size;) {
        const struct multiboot_memory *memory = memory_at(information->memory_map + at);

        keep_memory(wide(memory->address), wide(memory->length), memory->type);
        at += memory->size + sizeof memory->size;
    }
}

/* ---- Multiboot 2 ----------------------------------------------------------------------------------- */

#define MULTIBOOT_2 0x36d76289u
enum { END = 0, COMMAND_LINE = 1, MODULE = 3, MEMORY_MAP = 6, OLD_ACPI = 14, NEW_ACPI = 15 };

struct tag {
    uint32_t type, size;
    uint32_t words[];
};

/* The root of the firmware's tables comes as a copy. */
static void keep_acpi(const struct tag *tag)
{
    static _Alignas(16) unsigned char root[36];
    const size_t size = tag->size - sizeof *tag;

    memcpy(root, tag->words, size < sizeof root ? size : sizeof root);
    boot.acpi = (uint64_t)root - KERNEL_BASE;
}

static void read_memory_map(const struct tag *tag)
{
    const uint32_t entry_size = tag->words[0];

    for (uint32_t at = 16; entry_size >= 20 && at + entry_size <= tag->size; at += entry_size) {
        const uint32_t *entry = (const void *)((const char *)tag + at);

        keep_memory(wide(entry), wide(entry + 2), entry[4]);
    }
}

static void read_tag(const struct tag *tag, bool memory)
{
    if (tag->type == MEMORY_MAP && memory)
        read_memory_map(tag);
    else if (tag->type == COMMAND_LINE && !memory)
        keep_command_line(memory_address(tag->words));
    else if (tag->type == MODULE && !memory)
        keep_initrd(tag->words[0], tag->words[1]);
    else if ((tag->type == NEW_ACPI || (tag->type == OLD_ACPI && boot.acpi == 0)) && !memory)
        keep_acpi(tag);
}

/* Twice: what memory there is to use is known when it is known where the initrd lies. */
static void read_multiboot_2(uint64_t place)
{
    const uint32_t size = *(const uint32_t *)memory_at(place);

    keep_command_line(0);
    for (int memory = 0; memory < 2; memory++)
        for (uint64_t at = 8; at + sizeof(struct tag) <= size;) {
            const struct tag *tag = memory_at(place + at);

            if (tag->type == END || tag->size < sizeof *tag)
                break;
            read_tag(tag, memory);
            at += (tag->size + 7) & ~(uint64_t)7;
        }
}

/* ---- all ------------------------------------------------------------------------------------------- */

bool boot_read(uint64_t place, uint32_t loader)
{
    const struct pvh *pvh = memory_at(place);

    if (loader == MULTIBOOT)
        read_multiboot(memory_at(place));
    else if (loader == MULTIBOOT_2)
        read_multiboot_2(place);
    else if (pvh->magic == PVH && pvh->version >= 1)
        read_pvh(pvh);
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
