/* SPDX-License-Identifier: BSD-2-Clause */
/* archive.c - files and programs that a boot loader brings: see archive.h.  Sources: cpio(5), newc; the ELF-64 object file format. */
#include "hal/archive.h"

#include <mach/vm_prot.h>

#include "kern/string.h"

/* ---- the archive ----------------------------------------------------------------------------------- */

#define MAGIC "070701"
#define HEADER 110u
enum { FILE_SIZE = 6, NAME_SIZE = 11 }; /* which of the numbers in a header */

bool archive_is(struct archive_file archive)
{
    return archive.size >= HEADER && memcmp(archive.bytes, MAGIC, 6) == 0;
}

/* A number of eight hexadecimal digits. */
static uint64_t field(const unsigned char *header, unsigned which)
{
    uint64_t value = 0;

    for (const unsigned char *c = header + 6 + which * 8, *end = c + 8; c < end; c++)
        value = value * 16 + (uint64_t)(*c >= 'a' ? *c - 'a' + 10 : *c >= 'A' ? *c - 'A' + 10 : *c - '0');
    return value;
}

static bool is_name(const unsigned char *name, uint64_t size, const char *wanted)
{
    uint64_t i = 0;

    for (; i + 1 < size && wanted[i] != '\0'; i++)
        if (name[i] != (unsigned char)wanted[i])
            return false;
    return i + 1 == size && wanted[i] == '\0';
}

bool archive_find(struct archive_file archive, const char *wanted, struct archive_file *file)
{
    for (uint64_t at = 0; at + HEADER <= archive.size && memcmp(archive.bytes + at, MAGIC, 6) == 0;) {
        const unsigned char *header = archive.bytes + at;
        const uint64_t size = field(header, FILE_SIZE), name_size = field(header, NAME_SIZE);
        const uint64_t start = (at + HEADER + name_size + 3) & ~(uint64_t)3;

        if (start > archive.size || size > archive.size - start)
            return false;
        if (is_name(header + HEADER, name_size, wanted)) {
            *file = (struct archive_file){.bytes = archive.bytes + start, .size = size};
            return true;
        }
        at = (start + size + 3) & ~(uint64_t)3;
    }
    return false;
}

/* ---- programs -------------------------------------------------------------------------------------- */

struct elf {
    unsigned char magic[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, segments, sections;
    uint32_t flags;
    uint16_t size, segment_size, segment_count;
};

struct archive_elf_segment {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_size, memory_size, alignment;
};

enum { LOAD = 1, EXECUTABLE = 2 };
enum { FOR_EXECUTION = 1, FOR_WRITING = 2, FOR_READING = 4 };

/* Where the segment that has the table of segments puts it. */
static uint64_t place_of_headers(const struct elf *elf, const struct archive_elf_segment *segments)
{
    for (unsigned i = 0; i < elf->segment_count; i++)
        if (segments[i].type == LOAD && segments[i].offset <= elf->segments &&
            elf->segments - segments[i].offset < segments[i].file_size)
            return segments[i].address + elf->segments - segments[i].offset;
    return 0;
}

bool archive_program(struct archive_file file, unsigned machine, struct archive_program *program)
{
    const struct elf *elf = (const void *)file.bytes;

    if (file.size < sizeof *elf || memcmp(elf->magic, "\177ELF\2\1", 6) != 0 || elf->type != EXECUTABLE ||
        elf->machine != machine || elf->segment_size != sizeof(struct archive_elf_segment) || elf->segments > file.size ||
        elf->segments % 8 != 0 || elf->segment_count > (file.size - elf->segments) / sizeof(struct archive_elf_segment))
        return false;
    const struct archive_elf_segment *segments = (const void *)(file.bytes + elf->segments);

    *program = (struct archive_program){.entry = elf->entry,
                                        .headers = place_of_headers(elf, segments),
                                        .header_size = elf->segment_size,
                                        .header_count = elf->segment_count,
                                        .segments = segments,
                                        .file = file};
    return true;
}

static int protection_of(uint32_t flags)
{
    return (flags & FOR_READING ? VM_PROT_READ : 0) | (flags & FOR_WRITING ? VM_PROT_WRITE : 0) |
           (flags & FOR_EXECUTION ? VM_PROT_EXECUTE : 0);
}

bool archive_segment(const struct archive_program *program, unsigned *next, struct archive_segment *segment, bool *damaged)
{
    *damaged = false;
    while (*next < program->header_count) {
        const struct archive_elf_segment *s = &program->segments[(*next)++];

        if (s->type != LOAD || s->memory_size == 0)
            continue;
        *damaged = s->offset > program->file.size || s->file_size > program->file.size - s->offset ||
                   s->file_size > s->memory_size || s->address + s->memory_size < s->address;
        *segment = (struct archive_segment){.address = s->address,
                                            .size = s->memory_size,
                                            .bytes = {.bytes = program->file.bytes + s->offset, .size = s->file_size},
                                            .protection = protection_of(s->flags)};
        return !*damaged;
    }
    return false;
}
