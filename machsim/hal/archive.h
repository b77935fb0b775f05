/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * archive.h - what a boot loader brings: an archive of files (cpio, newc), and programs in it (static ELF64 executables).  For
 * kernels, and for the first program that they run.
 */
#ifndef HAL_ARCHIVE_H
#define HAL_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>

struct archive_file {
    const unsigned char *bytes;
    uint64_t size;
};

/* Whether it is an archive. */
bool archive_is(struct archive_file archive);
/* The file of a name.  False: there is none, or the archive is damaged before it. */
bool archive_find(struct archive_file archive, const char *name, struct archive_file *file);

/* What a program is in memory: `bytes` of its file lie at `address`, and zeros up to `size`. */
struct archive_segment {
    uint64_t address, size;
    struct archive_file bytes;
    int protection; /* VM_PROT_* */
};

struct archive_program {
    uint64_t entry;
    uint64_t headers, header_size; /* where its table of segments is in memory, 0: nowhere; and the size of an entry */
    unsigned header_count;
    const struct archive_elf_segment *segments;
    struct archive_file file;
};

/* False: it is no static executable for a machine (EM_X86_64 is 62). */
bool archive_program(struct archive_file file, unsigned machine, struct archive_program *program);
/*
 * Its segments one after the other: `next` is 0 at first.  False: there is no more, or, with *damaged, the next is nonsense;
 * addresses are up to the caller.
 */
bool archive_segment(const struct archive_program *program, unsigned *next, struct archive_segment *segment, bool *damaged);

#endif
