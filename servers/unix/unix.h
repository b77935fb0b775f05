/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unix.h - a small Unix for programs that were made for Linux, in a task of its own.
 *
 * The system calls of a static Linux program are exceptions of its threads (EXC_SYSCALL), and come here as messages with its
 * registers; the answer has them with the result.  Each thread's come to a port of its own, so who calls is known by where
 * the message came.  A call that waits is answered later.  What is served is what programs of one process need: memory, threads,
 * time, the console.  It is one loop in one thread, and the first program of the machine: so it uses no C library that needs a
 * system, and what it remembers has fixed room.
 */
#ifndef UNIX_UNIX_H
#define UNIX_UNIX_H

#include <mach/mach.h>
#include <mach/thread_status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machsim/hal/archive.h"

#define PROCESSES_MAX 64u
#define THREADS_MAX 512u

struct process {
    mach_port_t task; /* MACH_PORT_NULL: there is none here */
    mach_port_t port; /* where its faults come */
    int pid;
    char name[32];
    uint64_t heap, heap_end; /* from, up to: brk */
    uint64_t next_map;       /* maps are put below */
    uint64_t handled;        /* signals that have a handler, or are ignored: a bit for each */
    unsigned threads;
    bool ended;
    int status; /* of the end: as a shell has it */
};

enum wait { NO_WAIT, WAITS_FOR_TIME, WAITS_FOR_WORD, WAITS_FOR_LINE };

struct unix_thread {
    struct process *process; /* NULL: there is none here */
    mach_port_t thread, port;
    int tid;
    uint64_t clear_tid; /* where a 0 is to stand when it has ended; 0: nowhere */

    /* the call that is being served, or waits */
    mach_msg_header_t request; /* for the answer; its remote port is MACH_PORT_NULL when there is none */
    x86_thread_state64_t registers;
    enum wait wait;
    uint64_t word;     /* the futex that it waits for */
    uint64_t deadline; /* 0: none */
};

/* What a call gives: a result or the negative number of an error, or that it will come later, or never. */
#define LATER INT64_MIN
#define NEVER (INT64_MIN + 1)

/* Numbers of errors that are given here.  Source: Linux, asm-generic/errno.h. */
enum {
    UNIX_EPERM = 1, UNIX_ESRCH = 3, UNIX_EINTR = 4, UNIX_EBADF = 9, UNIX_EAGAIN = 11, UNIX_ENOMEM = 12, UNIX_EFAULT = 14,
    UNIX_ENODEV = 19, UNIX_EINVAL = 22, UNIX_ENOTTY = 25, UNIX_ESPIPE = 29, UNIX_ENOSYS = 38, UNIX_ETIMEDOUT = 110
};

/* ---- process.c -------------------------------------------------------------------------------------- */

extern struct unix_thread threads[THREADS_MAX];

/* Starts a program of the archive, with words as its arguments.  NULL: it cannot be, and it was said why. */
struct process *process_start(struct archive_file archive, const char *const *words, unsigned count);
/* Whose a process's faults, or a thread's calls are, by the port; NULL. */
struct process *process_of_port(mach_port_t port);
struct process *process_of_pid(int pid);
struct unix_thread *thread_of_port(mach_port_t port);
/* One more thread, with registers and thread-local data; its number is put at a place first, if that is not 0.  NULL: no more can be had. */
struct unix_thread *thread_start(struct process *process, const x86_thread_state64_t *registers, uint64_t local, uint64_t place);
void thread_end(struct unix_thread *thread);
/* Ends a process with all its threads. */
void process_end(struct process *process, int status);
/* Which port all this comes to. */
extern mach_port_t unix_ports;

/* ---- calls.c ---------------------------------------------------------------------------------------- */

/* Serves the call in a thread's registers. */
int64_t unix_call(struct unix_thread *thread, uint64_t number);
/* Answers the call that a thread waits in. */
void unix_answer(struct unix_thread *thread, int64_t result);

/* Bytes of a process's.  False: they are not all there. */
bool unix_read(const struct process *process, uint64_t address, void *to, vm_size_t size);
bool unix_write(const struct process *process, uint64_t address, const void *from, vm_size_t size);

/* A call's arguments, in order. */
struct arguments {
    uint64_t a, b, c, d, e, f;
};

/* ---- memory.c, wait.c, console.c: calls, by their names in Linux --------------------------------------- */

int64_t unix_brk(struct unix_thread *thread, const struct arguments *arguments);
int64_t unix_mmap(struct unix_thread *thread, const struct arguments *arguments);
int64_t unix_munmap(struct unix_thread *thread, const struct arguments *arguments);
int64_t unix_mprotect(struct unix_thread *thread, const struct arguments *arguments);
int64_t unix_mremap(struct unix_thread *thread, const struct arguments *arguments);
int64_t unix_madvise(struct unix_thread *thread, const struct arguments *arguments);

int64_t unix_futex(struct unix_thread *thread, const struct arguments *arguments);
int64_t unix_nanosleep(struct unix_thread *thread, const struct arguments *arguments);
int64_t unix_clock_nanosleep(struct unix_thread *thread, const struct arguments *arguments);
int64_t unix_clock_gettime(struct unix_thread *thread, const struct arguments *arguments);
int64_t unix_clock_getres(struct unix_thread *thread, const struct arguments *arguments);
int64_t unix_gettimeofday(struct unix_thread *thread, const struct arguments *arguments);
/* Wakes those who wait for a word of a process's. */
int64_t wait_wake(const struct process *process, uint64_t word, uint64_t most);
/* Nanoseconds of the clock that never goes back; and of the calendar. */
uint64_t time_now(void);
/* Those whose time has come go on.  Milliseconds until the next; -1: none waits for a time. */
int64_t wait_expire(void);

/* The console's device, by the device master port.  False: it cannot be had. */
bool console_open(mach_port_t master);
/* Takes what was typed out of a message of the device's; false: it is another message. */
bool console_typed(const mach_msg_header_t *message);
int64_t unix_read_call(struct unix_thread *thread, const struct arguments *arguments);
int64_t unix_write_call(struct unix_thread *thread, const struct arguments *arguments);
int64_t unix_writev(struct unix_thread *thread, const struct arguments *arguments);
int64_t unix_ioctl(struct unix_thread *thread, const struct arguments *arguments);

#endif
