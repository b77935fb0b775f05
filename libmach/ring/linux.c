/* SPDX-License-Identifier: BSD-2-Clause */
/* linux.c - what libmach asks of Linux: see os.h. */
#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/futex.h>
#include <linux/userfaultfd.h>
#include <mach/vm_behavior.h>
#include <mach/vm_prot.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

void mach_os_wake(_Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

int mach_os_wait(_Atomic uint32_t *word, uint32_t value, int milliseconds)
{
    return mach_os_wait_nanoseconds(word, value, (uint64_t)milliseconds * 1000000);
}

int mach_os_wait_nanoseconds(_Atomic uint32_t *word, uint32_t value, uint64_t nanoseconds)
{
    const struct timespec time = {.tv_sec = (time_t)(nanoseconds / 1000000000),
                                  .tv_nsec = (long)(nanoseconds % 1000000000)};

    return syscall(SYS_futex, word, FUTEX_WAIT, value, &time, NULL, 0) == 0 ? 0 : errno;
}

#define MANY 32u

int mach_os_wait_many(_Atomic uint32_t *const *words, const uint32_t *values, unsigned count, uint64_t nanoseconds)
{
    struct futex_waitv waiters[MANY];
    struct timespec end;

    clock_gettime(CLOCK_MONOTONIC, &end);
    nanoseconds += (uint64_t)end.tv_nsec;
    end.tv_sec += (time_t)(nanoseconds / 1000000000);
    end.tv_nsec = (long)(nanoseconds % 1000000000);
    for (unsigned i = 0; i < count && i < MANY; i++)
        waiters[i] = (struct futex_waitv){.val = values[i], .uaddr = (uintptr_t)words[i], .flags = FUTEX_32};
    return syscall(SYS_futex_waitv, waiters, count < MANY ? count : MANY, 0, &end, CLOCK_MONOTONIC) >= 0 ? 0 : errno;
}

int mach_os_memory_file(size_t size)
{
    int file = memfd_create("mach-message", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (file >= 0 && ftruncate(file, (off_t)size) < 0) {
        close(file);
        return -1;
    }
    return file;
}

bool mach_os_seal(int file)
{
    return fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0;
}

/* ---- memory of processes ---------------------------------------------------------------------------- */

/* One call moves so much at most. */
#define MOST ((size_t)1 << 30)

bool mach_os_read(int process, uint64_t from, void *to, size_t size)
{
    for (size_t done = 0; done < size;) {
        const size_t piece = size - done < MOST ? size - done : MOST;
        const struct iovec local = {.iov_base = (char *)to + done, .iov_len = piece};
        const struct iovec remote = {.iov_base = (void *)(uintptr_t)(from + done), .iov_len = piece};

        if (process_vm_readv(process, &local, 1, &remote, 1, 0) != (ssize_t)piece)
            return false;
        done += piece;
    }
    return true;
}

bool mach_os_write(int process, uint64_t to, const void *from, size_t size)
{
    for (size_t done = 0; done < size;) {
        const size_t piece = size - done < MOST ? size - done : MOST;
        const struct iovec local = {.iov_base = (char *)(uintptr_t)from + done, .iov_len = piece};
        const struct iovec remote = {.iov_base = (void *)(uintptr_t)(to + done), .iov_len = piece};

        if (process_vm_writev(process, &local, 1, &remote, 1, 0) != (ssize_t)piece)
            return false;
        done += piece;
    }
    return true;
}

static int open_process(int process, const char *file)
{
    char path[48];

    snprintf(path, sizeof path, "/proc/%d/%s", process, file);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* A file's lines, without memory of malloc's: a signal handler may read them that has interrupted it. */
struct lines {
    int file;
    size_t at, size;   /* what is left of what was read */
    char bytes[4352];  /* no line is longer: a path, and what is before it */
};

/* The next line, which stays until the one after it is asked for; NULL: there is none. */
static const char *next_line(struct lines *lines)
{
    char *start = lines->bytes + lines->at, *end = memchr(start, '\n', lines->size);

    while (end == NULL) {
        memmove(lines->bytes, start, lines->size);
        start = lines->bytes;
        lines->at = 0;
        const ssize_t more = read(lines->file, start + lines->size, sizeof lines->bytes - lines->size);

        if (more <= 0)
            return NULL;
        lines->size += (size_t)more;
        end = memchr(start, '\n', lines->size);
    }
    *end = '\0';
    lines->size -= (size_t)(end + 1 - start);
    lines->at = (size_t)(end + 1 - lines->bytes);
    return start;
}

/* A line that starts a region: proc(5). */
static bool parse_region(const char *line, struct mach_os_region *region)
{
    char rights[5];

    *region = (struct mach_os_region){.start = 0};
    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %" SCNu64, &region->start, &region->end, rights,
               &region->offset, &region->inode) != 5)
        return false;
    region->protection = (rights[0] == 'r' ? VM_PROT_READ : 0) | (rights[1] == 'w' ? VM_PROT_WRITE : 0) |
                         (rights[2] == 'x' ? VM_PROT_EXECUTE : 0);
    region->shared = rights[3] == 's';
    return true;
}

/* A line that tells of a region's pages, in units of 1024 bytes. */
static void parse_pages(const char *line, uint64_t page, struct mach_os_region *region)
{
    char what[32];
    uint64_t amount;

    if (sscanf(line, "%31[^:]: %" SCNu64, what, &amount) != 2)
        return;
    amount = amount * 1024 / page;
    if (strcmp(what, "Rss") == 0)
        region->resident = amount;
    else if (strcmp(what, "Swap") == 0)
        region->swapped = amount;
    else if (strcmp(what, "Private_Dirty") == 0 || strcmp(what, "Shared_Dirty") == 0)
        region->dirty += amount;
    if (strncmp(what, "Shared_", 7) == 0)
        region->shared_pages += amount;
}

bool mach_os_region(int process, uint64_t address, bool pages, struct mach_os_region *region)
{
    struct lines lines = {.file = open_process(process, pages ? "smaps" : "maps")};
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    struct mach_os_region next;
    bool found = false;
    const char *line;

    if (lines.file < 0)
        return false;
    while ((line = next_line(&lines)) != NULL) {
        if (parse_region(line, &next)) {
            if (found)
                break;
            found = next.end > address;
            *region = next;
        } else if (found && pages) {
            parse_pages(line, page, region);
        }
        if (found && !pages)
            break;
    }
    close(lines.file);
    return found;
}

int mach_os_faults(bool *user_mode)
{
    const int file = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

    *user_mode = file < 0;
    return file >= 0 ? file : (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
}

void mach_os_raise(siginfo_t *info)
{
    (void)syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), info->si_signo, info);
}

static enum mach_os_page page_of(uint64_t entry)
{
    return entry >> 63 ? MACH_OS_PAGE_PRESENT : entry >> 62 & 1 ? MACH_OS_PAGE_SWAPPED : MACH_OS_PAGE_ABSENT;
}

void mach_os_pages(int process, uint64_t address, size_t count, enum mach_os_page *pages)
{
    const int file = open_process(process, "pagemap");
    const uint64_t first = address / (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t entry;

    for (size_t i = 0; i < count; i++) {
        const off_t at = (off_t)((first + i) * sizeof entry);

        pages[i] = pread(file, &entry, sizeof entry, at) == sizeof entry ? page_of(entry) : MACH_OS_PAGE_ABSENT;
    }
    if (file >= 0)
        close(file);
}

bool mach_os_advise(void *address, size_t size, int behavior)
{
    int advice;

    switch (behavior) {
    case VM_BEHAVIOR_DEFAULT:
    case VM_BEHAVIOR_RSEQNTL: advice = MADV_NORMAL; break;
    case VM_BEHAVIOR_RANDOM: advice = MADV_RANDOM; break;
    case VM_BEHAVIOR_SEQUENTIAL: advice = MADV_SEQUENTIAL; break;
    case VM_BEHAVIOR_WILLNEED: advice = MADV_WILLNEED; break;
    case VM_BEHAVIOR_DONTNEED: advice = MADV_COLD; break; /* Mach's leaves the bytes alone */
    case VM_BEHAVIOR_FREE: advice = MADV_FREE; break;
    default: return false;
    }
    (void)madvise(address, size, advice); /* memory of some kinds takes no advice */
    return true;
}

bool mach_os_inherit(void *address, size_t size, bool inherited)
{
    return madvise(address, size, inherited ? MADV_DOFORK : MADV_DONTFORK) == 0;
}
