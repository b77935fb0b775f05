/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * acpi.c - tables of the firmware: see acpi.h.  Source: the ACPI specification, 6.5, chapters 4 and 5.
 *
 * Of the byte code in them only the package \_S5 is read, which is the same few bytes everywhere: the values that power the
 * machine off.
 */
#include "hal/x86_64/acpi.h"

#include "hal/x86_64/cpu.h"
#include "hal/x86_64/machine.h"

#define MAPPED ((uint64_t)4 << 30) /* physical memory that the kernel sees */

struct __attribute__((packed)) root {
    char signature[8];
    uint8_t sum;
    char maker[6];
    uint8_t revision;
    uint32_t table;
    uint32_t length;
    uint64_t wide_table; /* from revision 2 on */
};

struct __attribute__((packed)) head {
    char signature[4];
    uint32_t length;
    uint8_t revision, sum;
    char maker[6], model[8];
    uint32_t model_revision, creator, creator_revision;
};

struct __attribute__((packed)) fixed {
    struct head head;
    uint32_t firmware, code;
    uint8_t unused[20];
    uint32_t unused_too[2];
    uint32_t event_a, event_b, control_a, control_b;
    uint8_t more[44];
    uint32_t flags;
    uint8_t reset_space, reset_bits, reset_offset, reset_access;
    uint64_t reset_address;
    uint8_t reset_value;
};

/* ---- finding --------------------------------------------------------------------------------------- */

static bool is_whole(const void *place, uint32_t size)
{
    uint8_t sum = 0;

    for (uint32_t i = 0; i < size; i++)
        sum += ((const uint8_t *)place)[i];
    return sum == 0;
}

static const struct root *find_root(void)
{
    if (boot.acpi != 0 && boot.acpi < MAPPED)
        return memory_at(boot.acpi);
    for (uint64_t at = 0xe0000; at < 0x100000; at += 16)
        if (memcmp(memory_at(at), "RSD PTR ", 8) == 0 && is_whole(memory_at(at), 20))
            return memory_at(at);
    return NULL;
}

static const struct head *table_at(uint64_t address)
{
    const struct head *head = address == 0 || address > MAPPED - sizeof *head ? NULL : memory_at(address);

    return head == NULL || head->length < sizeof *head || head->length > MAPPED - address || !is_whole(head, head->length)
               ? NULL
               : head;
}

static const void *find_table(const char *signature, uint32_t least)
{
    const struct root *root = find_root();
    const bool wide = root != NULL && root->revision >= 2 && root->wide_table != 0;
    const struct head *list = root == NULL ? NULL : table_at(wide ? root->wide_table : root->table);
    const uint32_t size = wide ? 8 : 4;

    for (uint32_t at = sizeof *list; list != NULL && at + size <= list->length; at += size) {
        uint64_t address = 0;

        memcpy(&address, (const char *)list + at, size);
        const struct head *table = table_at(address);

        if (table != NULL && memcmp(table->signature, signature, 4) == 0 && table->length >= least)
            return table;
    }
    return NULL;
}

/* ---- processors ------------------------------------------------------------------------------------ */

/* The entries of the table of controllers, one after the other: NULL at first, and in the end. */
static const uint8_t *next_entry(const uint8_t *entry)
{
    static const struct head *table;

    if (entry == NULL)
        table = find_table("APIC", sizeof *table + 8);
    if (table == NULL)
        return NULL;
    entry = entry == NULL ? (const uint8_t *)table + sizeof *table + 8 : entry + entry[1];
    return entry + 8 <= (const uint8_t *)table + table->length && entry[1] >= 2 ? entry : NULL;
}

enum { PROCESSOR = 0, LINES = 1, USABLE = 1 };

unsigned acpi_processors(uint32_t *controllers, unsigned room)
{
    unsigned count = 0;

    for (const uint8_t *entry = next_entry(NULL); entry != NULL; entry = next_entry(entry))
        if (entry[0] == PROCESSOR && (entry[4] & USABLE) && count < room)
            controllers[count++] = entry[3];
    return count;
}

bool acpi_line_controller(uint64_t *address)
{
    for (const uint8_t *entry = next_entry(NULL); entry != NULL; entry = next_entry(entry))
        if (entry[0] == LINES && entry[1] >= 12) {
            uint32_t place;

            memcpy(&place, entry + 4, sizeof place);
            *address = place;
            return true;
        }
    return false;
}

/* ---- the end --------------------------------------------------------------------------------------- */

/* The first number of the package behind a name. */
static int sleep_value(const struct head *code)
{
    const uint8_t *bytes = (const uint8_t *)code;

    for (uint32_t at = sizeof *code; at + 12 < code->length; at++)
        if (memcmp(bytes + at, "_S5_\x12", 5) == 0) {
            const uint8_t *value = bytes + at + 5 + (bytes[at + 5] >> 6) + 2; /* the package's length, its count */

            return value[0] == 0x0a ? value[1] : value[0] <= 1 ? value[0] : -1;
        }
    return -1;
}

void acpi_power_off(void)
{
    const struct fixed *fixed = find_table("FACP", offsetof(struct fixed, more));
    const struct head *code = fixed == NULL ? NULL : table_at(fixed->code);
    const int value = code == NULL ? -1 : sleep_value(code);

    if (value < 0)
        return;
    cpu_out16((uint16_t)fixed->control_a, (uint16_t)(value << 10 | 1 << 13));
    if (fixed->control_b != 0)
        cpu_out16((uint16_t)fixed->control_b, (uint16_t)(value << 10 | 1 << 13));
}

void acpi_reset(void)
{
    const struct fixed *fixed = find_table("FACP", sizeof *fixed);
    enum { SUPPORTED = 1 << 10, PORTS = 1 };

    if (fixed != NULL && (fixed->flags & SUPPORTED) && fixed->reset_space == PORTS)
        cpu_out8((uint16_t)fixed->reset_address, fixed->reset_value);
}
