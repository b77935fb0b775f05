/* SPDX-License-Identifier: BSD-2-Clause */
/* linux.c - what differs by host system: futexes, files in memory, processes, polling.  See hosted.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "hal/hosted/hosted.h"

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

static struct timespec timespec_of(uint64_t nanoseconds)
{
    return (struct timespec){.tv_sec = (time_t)(nanoseconds / 1000000000u), .tv_nsec = (long)(nanoseconds % 1000000000u)};
}

uint64_t hal_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t hal_calendar(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- futexes --------------------------------------------------------------------------------------- */

/* A wake, a changed word, a signal or a timeout: the caller looks again in any case.  The rest cannot be. */
static void check_wait(long result)
{
    if (result < 0 && errno != EAGAIN && errno != EINTR && errno != ETIMEDOUT)
        hal_panic(__FILE__, __LINE__, strerror(errno));
}

void os_futex_wake(_Atomic uint32_t *word, int count)
{
    syscall(SYS_futex, word, FUTEX_WAKE, count, NULL, NULL, 0);
}

void os_futex_wait(_Atomic uint32_t *word, uint32_t value, uint64_t deadline)
{
    const struct timespec until = timespec_of(deadline);

    check_wait(syscall(SYS_futex, word, FUTEX_WAIT_BITSET, value, deadline == 0 ? NULL : &until, NULL,
                       FUTEX_BITSET_MATCH_ANY));
}

void os_futex_wait_many(_Atomic uint32_t *const *words, const uint32_t *values, unsigned count)
{
    struct futex_waitv waiters[OS_FUTEX_MANY];

    if (count == 1) {
        os_futex_wait(words[0], values[0], 0);
        return;
    }
    for (unsigned i = 0; i < count; i++)
        waiters[i] = (struct futex_waitv){.val = values[i], .uaddr = (uintptr_t)words[i], .flags = FUTEX_32};
    check_wait(syscall(SYS_futex_waitv, waiters, count, 0, NULL, CLOCK_MONOTONIC));
}

/* ---- files in memory ------------------------------------------------------------------------------- */

int os_shared_file(const char *name, size_t size)
{
    int file = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (file < 0)
        return -1;
    if (ftruncate(file, (off_t)size) < 0 || fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
        close(file);
        return -1;
    }
    return file;
}

#define FINAL_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

bool os_seal(int file)
{
    return fcntl(file, F_ADD_SEALS, FINAL_SEALS | F_SEAL_SEAL) == 0;
}

bool os_is_sealed(int file)
{
    int seals = fcntl(file, F_GET_SEALS);

    return seals >= 0 && (seals & FINAL_SEALS) == FINAL_SEALS;
}

bool os_file_fill(int file, uint64_t offset, uint64_t size)
{
    return fallocate(file, FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)size) == 0;
}

void os_file_empty(int file, uint64_t offset, uint64_t size)
{
    fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)size);
}

int os_file_again(int file, bool write)
{
    char path[40];

    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    return write ? fcntl(file, F_DUPFD_CLOEXEC, 0) : open(path, O_RDONLY | O_CLOEXEC);
}

/* ---- faults of other processes: Linux 6.10 or later --------------------------------------------------- */

/* Not in all headers yet. */
#define FAULT_POISON_FEATURE (1u << 14)
#define FAULT_CONTINUE_PROTECTED ((uint64_t)1 << 1)
struct fault_poison {
    struct uffdio_range range;
    uint64_t mode;
    int64_t updated;
};
#define FAULT_POISON _IOWR(UFFDIO, 0x08, struct fault_poison)

/* A process that changes what it has mapped all the time harms itself. */
#define FAULT_TRIES 1000

#define FAULT_FEATURES \
    (UFFD_FEATURE_MISSING_SHMEM | UFFD_FEATURE_MINOR_SHMEM | UFFD_FEATURE_PAGEFAULT_FLAG_WP | \
     UFFD_FEATURE_WP_HUGETLBFS_SHMEM | FAULT_POISON_FEATURE)

/* What a descriptor is, by its name. */
static bool is_faults(int file)
{
    static const char name[] = "anon_inode:[userfaultfd]";
    char path[40], target[sizeof name + 1];

    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    return readlink(path, target, sizeof target) == (ssize_t)sizeof name - 1 &&
           memcmp(target, name, sizeof name - 1) == 0;
}

bool os_faults_open(int file)
{
    struct uffdio_api api = {.api = UFFD_API, .features = FAULT_FEATURES};
    struct os_fault none;

    if (!is_faults(file) || ioctl(file, UFFDIO_API, &api) < 0)
        return false;
    return !os_faults_next(file, &none) && errno == EAGAIN;
}

bool os_faults_watch(int file, uint64_t start, uint64_t size)
{
    struct uffdio_register range = {
        .range = {.start = start, .len = size},
        .mode = UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_MINOR | UFFDIO_REGISTER_MODE_WP,
    };

    return ioctl(file, UFFDIO_REGISTER, &range) == 0;
}

/* The process may have made the descriptor one that waits: this does not. */
bool os_faults_next(int file, struct os_fault *fault)
{
    struct uffd_msg message;
    struct iovec place = {.iov_base = &message, .iov_len = sizeof message};

    while (preadv2(file, &place, 1, -1, RWF_NOWAIT) == (ssize_t)sizeof message) {
        if (message.event != UFFD_EVENT_PAGEFAULT)
            continue;
        *fault = (struct os_fault){
            .address = message.arg.pagefault.address,
            .write = message.arg.pagefault.flags & (UFFD_PAGEFAULT_FLAG_WRITE | UFFD_PAGEFAULT_FLAG_WP),
        };
        return true;
    }
    return false;
}

static int write_protect(int file, uint64_t start, uint64_t size, bool protected)
{
    struct uffdio_writeprotect change = {
        .range = {.start = start, .len = size},
        .mode = protected ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
    };

    return ioctl(file, UFFDIO_WRITEPROTECT, &change);
}

/* What is mapped already needs its rights changed, and its waiters woken. */
static enum os_fault_result change_mapped(int file, struct uffdio_range range, bool write)
{
    if (write_protect(file, range.start, range.len, !write) < 0)
        return OS_FAULT_FAILED;
    return ioctl(file, UFFDIO_WAKE, &range) < 0 ? OS_FAULT_FAILED : OS_FAULT_RESOLVED;
}

enum os_fault_result os_faults_resolve(int file, uint64_t start, uint64_t size, bool write)
{
    for (int tries = 0; tries < FAULT_TRIES; tries++) {
        struct uffdio_continue here = {.range = {.start = start, .len = size},
                                       .mode = write ? 0 : FAULT_CONTINUE_PROTECTED};

        if (ioctl(file, UFFDIO_CONTINUE, &here) == 0)
            return OS_FAULT_RESOLVED;
        switch (errno) {
        case EAGAIN: break; /* the process changes what it has mapped */
        case EEXIST: return change_mapped(file, here.range, write);
        case EFAULT: return OS_FAULT_EMPTY;
        default: return OS_FAULT_FAILED;
        }
    }
    return OS_FAULT_FAILED;
}

void os_faults_protect(int file, uint64_t start, uint64_t size)
{
    for (int tries = 0; tries < FAULT_TRIES && write_protect(file, start, size, true) < 0 && errno == EAGAIN; tries++)
        ;
}

void os_faults_refuse(int file, uint64_t start, uint64_t size)
{
    struct fault_poison poison = {.range = {.start = start, .len = size}};

    for (int tries = 0; tries < FAULT_TRIES && ioctl(file, FAULT_POISON, &poison) < 0 && errno == EAGAIN; tries++)
        ;
}

/* ---- processes ------------------------------------------------------------------------------------- */

/* A line of /proc/PID/status with four numbers: the first two of them. */
static bool status_ids(const char *status, const char *field, uint32_t *real, uint32_t *effective)
{
    const char *line = strstr(status, field);

    return line != NULL && sscanf(line + strlen(field), "%u %u", real, effective) == 2;
}

static bool read_status(pid_t pid, char *text, size_t size)
{
    char path[40];

    snprintf(path, sizeof path, "/proc/%d/status", pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t length = read(file, text, size - 1);
    close(file);
    text[length < 0 ? 0 : length] = '\0';
    return length > 0;
}

bool os_peer(int connection, struct task_identity *identity)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    char status[4096];
    uint32_t effective;

    if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.pid <= 0)
        return false;
    *identity = (struct task_identity){
        .uid = peer.uid, .gid = peer.gid, .real_uid = peer.uid, .real_gid = peer.gid, .pid = peer.pid};
    if (read_status(peer.pid, status, sizeof status)) {
        (void)status_ids(status, "\nUid:", &identity->real_uid, &effective);
        (void)status_ids(status, "\nGid:", &identity->real_gid, &effective);
    }
    return true;
}

pid_t os_parent(pid_t pid)
{
    char status[4096];
    const char *line;
    int parent;

    if (!read_status(pid, status, sizeof status) || (line = strstr(status, "\nPPid:")) == NULL ||
        sscanf(line + 6, "%d", &parent) != 1)
        return 0;
    return parent;
}

int os_process_file(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

bool os_process_signal(pid_t pid, int signal, int value)
{
    return sigqueue(pid, signal, (union sigval){.sival_int = value}) == 0;
}

/* ---- waiting at many descriptors ------------------------------------------------------------------- */

int os_poll_open(void)
{
    return epoll_create1(EPOLL_CLOEXEC);
}

bool os_poll_add(int poll, int file, void *context)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = context};

    return epoll_ctl(poll, EPOLL_CTL_ADD, file, &event) == 0;
}

void os_poll_remove(int poll, int file)
{
    epoll_ctl(poll, EPOLL_CTL_DEL, file, NULL);
}

void os_poll_set(int poll, int file, void *context, bool readable)
{
    struct epoll_event event = {.events = readable ? EPOLLIN : EPOLLRDHUP, .data.ptr = context};

    epoll_ctl(poll, EPOLL_CTL_MOD, file, &event);
}

int os_poll_wait(int poll, struct os_event *events, int room, int milliseconds)
{
    struct epoll_event found[64];
    int count = epoll_wait(poll, found, room < 64 ? room : 64, milliseconds);

    for (int i = 0; i < count; i++)
        events[i] = (struct os_event){.context = found[i].data.ptr,
                                      .ended = (found[i].events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP)) != 0};
    return count;
}

bool os_file_ended(int file)
{
    struct pollfd at = {.fd = file, .events = POLLIN};

    return poll(&at, 1, 0) != 0;
}

int os_event_open(void)
{
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void os_event_raise(int file)
{
    eventfd_write(file, 1);
}

void os_event_clear(int file)
{
    eventfd_t count;

    eventfd_read(file, &count);
}

int os_alarm_open(void)
{
    return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
}

void os_alarm_set(int file, uint64_t deadline)
{
    const struct itimerspec at = {.it_value = timespec_of(deadline)};

    timerfd_settime(file, TFD_TIMER_ABSTIME, &at, NULL);
}

void os_alarm_clear(int file)
{
    uint64_t count;

    (void)!read(file, &count, sizeof count);
}

int os_signals_open(const sigset_t *set)
{
    return signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int os_signals_next(int file)
{
    struct signalfd_siginfo info;

    return read(file, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

bool os_random(void *bytes, size_t size)
{
    return getrandom(bytes, size, 0) == (ssize_t)size;
}

/* ---- processors and limits ------------------------------------------------------------------------- */

unsigned os_processors(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) < 0)
        return 1;
    int count = CPU_COUNT(&set);
    return count < 1 ? 1 : (unsigned)count;
}

void os_be_patient(void)
{
    const struct sched_param none = {.sched_priority = 0};

    (void)sched_setscheduler(0, SCHED_BATCH, &none); /* without it things are slower, no more */
}

void os_yield(void)
{
    sched_yield();
}

void os_pin(unsigned number)
{
    cpu_set_t all, one;

    if (sched_getaffinity(0, sizeof all, &all) < 0)
        return;
    for (unsigned processor = 0; processor < CPU_SETSIZE; processor++) {
        if (!CPU_ISSET(processor, &all) || number-- != 0)
            continue;
        CPU_ZERO(&one);
        CPU_SET(processor, &one);
        sched_setaffinity(0, sizeof one, &one); /* without it things are slower, no more */
        return;
    }
}

void os_raise_limits(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

void os_name_thread(const char *name)
{
    pthread_setname_np(pthread_self(), name);
}
