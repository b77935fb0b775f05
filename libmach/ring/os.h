/* SPDX-License-Identifier: BSD-2-Clause */
/* os.h - what libmach asks of the host system: a file for each, linux.c and so on. */
#ifndef LIBMACH_OS_H
#define LIBMACH_OS_H

#include <stdatomic.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The library's own: programs do not see these names. */
#pragma GCC visibility push(hidden)

/* Wakes one who waits at a word of shared memory. */
void mach_os_wake(_Atomic uint32_t *word);
/* Waits while a word is `value`.  0 or EAGAIN: look again.  EINTR: a signal handler ran.  ETIMEDOUT. */
int mach_os_wait(_Atomic uint32_t *word, uint32_t value, int milliseconds);
/* The same for one of many, with a time. */
int mach_os_wait_many(_Atomic uint32_t *const *words, const uint32_t *values, unsigned count, uint64_t nanoseconds);
int mach_os_wait_nanoseconds(_Atomic uint32_t *word, uint32_t value, uint64_t nanoseconds);

/* A file in memory of `size` bytes; -1. */
int mach_os_memory_file(size_t size);
/* Makes it final. */
bool mach_os_seal(int file);

/* Reads or writes memory of a process, as that itself may.  False: not all of it was there and allowed. */
bool mach_os_read(int process, uint64_t from, void *to, size_t size);
bool mach_os_write(int process, uint64_t to, const void *from, size_t size);

/* What a process has mapped. */
struct mach_os_region {
    uint64_t start, end, offset, inode;
    int protection; /* VM_PROT_* */
    bool shared;
    uint64_t resident, dirty, swapped, shared_pages; /* pages, if they were asked for */
};

/* The first region that ends after an address.  False: there is none, or it may not be known. */
bool mach_os_region(int process, uint64_t address, bool pages, struct mach_os_region *region);

/*
 * A descriptor by which another process can serve this one's faults; -1.  In *user_mode whether those inside system calls
 * are left out, for want of privileges: such a call fails.
 */
int mach_os_faults(bool *user_mode);

/* Has the calling thread take a signal as the host would send it. */
void mach_os_raise(siginfo_t *info);

enum mach_os_page { MACH_OS_PAGE_ABSENT, MACH_OS_PAGE_PRESENT, MACH_OS_PAGE_SWAPPED };
/* What there is of `count` pages from an address on. */
void mach_os_pages(int process, uint64_t address, size_t count, enum mach_os_page *pages);

/* Gives advice of VM_BEHAVIOR_* on memory of this process.  False: there is no such. */
bool mach_os_advise(void *address, size_t size, int behavior);
/* Whether fork gives memory of this process to the child.  False: it is not all there. */
bool mach_os_inherit(void *address, size_t size, bool inherited);

#pragma GCC visibility pop

#endif
