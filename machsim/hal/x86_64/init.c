/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * init.c - the first program: the file `init` of an archive (cpio, newc) that the boot loader has brought, or, if it is no
 * archive, that itself.  It is a static ELF64 executable, and gets the privileged host port.
 */
#include <mach/vm_inherit.h>
#include <mach/vm_prot.h>

#include "hal/x86_64/user.h"
#include "kern/task.h"
#include "vm/vm_fault.h"

#define STACK_SIZE ((uint64_t)1 << 20)
#define STACK_TOP (USER_END - ((uint64_t)1 << 20))

struct file {
    const unsigned char *bytes;
    uint64_t size;
};

/* ---- the archive ----------------------------------------------------------------------------------- */

#define HEADER 110u

/* A number of eight hexadecimal digits in a header. */
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

static bool find_file(struct file archive, const char *wanted, struct file *file)
{
    for (uint64_t at = 0; at + HEADER <= archive.size && memcmp(archive.bytes + at, "070701", 6) == 0;) {
        const unsigned char *header = archive.bytes + at;
        const uint64_t size = field(header, 6), name_size = field(header, 11);
        const uint64_t start = (at + HEADER + name_size + 3) & ~(uint64_t)3;

        if (start > archive.size || size > archive.size - start)
            return false;
        if (is_name(header + HEADER, name_size, wanted)) {
            *file = (struct file){.bytes = archive.bytes + start, .size = size};
            return true;
        }
        at = (start + size + 3) & ~(uint64_t)3;
    }
    return false;
}

/* ---- the program ----------------------------------------------------------------------------------- */

struct elf {
    unsigned char magic[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, segments, sections;
    uint32_t flags;
    uint16_t size, segment_size, segment_count;
};

struct segment {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_size, memory_size, alignment;
};

enum { LOAD = 1, EXECUTABLE = 2, X86_64 = 62 };

static kern_return_t map_memory(struct vm_map *map, uint64_t start, uint64_t end)
{
    struct vm_map_entry like = {
        .protection = VM_PROT_READ | VM_PROT_WRITE, .max_protection = VM_PROT_ALL, .inheritance = VM_INHERIT_COPY};

    return vm_map_enter(map, &start, end - start, 0, false, false, &like);
}

static bool load_segment(struct vm_map *map, struct file file, const struct segment *segment)
{
    const vm_prot_t rights = (segment->flags & 4 ? VM_PROT_READ : 0) | (segment->flags & 2 ? VM_PROT_WRITE : 0) |
                             (segment->flags & 1 ? VM_PROT_EXECUTE : 0);
    const uint64_t start = vm_page_trunc(segment->address), end = vm_page_round(segment->address + segment->memory_size);
    size_t done = 0;

    if (segment->offset > file.size || segment->file_size > file.size - segment->offset ||
        segment->file_size > segment->memory_size || start < USER_START || end < start || end > STACK_TOP - STACK_SIZE)
        return false;
    return map_memory(map, start, end) == KERN_SUCCESS &&
           vm_map_write(map, segment->address, file.bytes + segment->offset, segment->file_size, NULL, &done) ==
               KERN_SUCCESS &&
           vm_map_protect(map, start, end, rights, false) == KERN_SUCCESS;
}

static bool load(struct vm_map *map, struct file file, uint64_t *entry)
{
    const struct elf *elf = (const void *)file.bytes;

    if (file.size < sizeof *elf || memcmp(elf->magic, "\177ELF\2\1", 6) != 0 || elf->type != EXECUTABLE ||
        elf->machine != X86_64 || elf->segment_size != sizeof(struct segment) || elf->segments > file.size ||
        elf->segment_count > (file.size - elf->segments) / sizeof(struct segment))
        return false;
    const struct segment *segments = (const void *)(file.bytes + elf->segments);

    for (unsigned i = 0; i < elf->segment_count; i++)
        if (segments[i].type == LOAD && segments[i].memory_size > 0 && !load_segment(map, file, &segments[i]))
            return false;
    *entry = elf->entry;
    return map_memory(map, STACK_TOP - STACK_SIZE, STACK_TOP) == KERN_SUCCESS;
}

static bool run(struct file file)
{
    static const struct task_identity identity = {.pid = 1, .privileged = true};
    static const struct task_limits limits = {.names = 1 << 20, .receives = 1 << 19, .memory = 1 << 30, .threads = 1024};
    struct task *task;
    uint64_t entry;

    if (task_make(NULL, &identity, &limits, &task) != KERN_SUCCESS || !load(task->map, file, &entry)) {
        console_print("machsim: init is no static executable for x86_64, or there is no memory for it\n");
        return false;
    }
    return program_make(task, entry, STACK_TOP - 8) != NULL;
}

bool init_start(void)
{
    const struct file archive = {.bytes = memory_at(boot.initrd), .size = boot.initrd_size};
    struct file file = archive;

    if (archive.size == 0) {
        console_print("machsim: there is no initial program: give one, or an archive with the file init, by -initrd\n");
        return false;
    }
    if (memcmp(archive.bytes, "070701", 6) == 0 && !find_file(archive, "init", &file)) {
        console_print("machsim: the archive has no file init\n");
        return false;
    }
    return run(file);
}
