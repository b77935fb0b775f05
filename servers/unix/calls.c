/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * calls.c - which system calls there are, and those that are too small for a file of their own.  Numbers are Linux's for x86_64.
 * What is not here gives ENOSYS, and is told once.
 */
#include <mach/mig_errors.h>
#include <string.h>

#include "gen/mach_exc.h"
#include "libmach/trap/trap.h"
#include "unix.h"

#define CALLS 512u

/* ---- memory of processes --------------------------------------------------------------------------- */

bool unix_read(const struct process *process, uint64_t address, void *to, vm_size_t size)
{
    vm_size_t got = 0;

    return vm_read_overwrite(process->task, address, size, (vm_address_t)to, &got) == KERN_SUCCESS && got == size;
}

bool unix_write(const struct process *process, uint64_t address, const void *from, vm_size_t size)
{
    return vm_write(process->task, address, (vm_offset_t)from, (mach_msg_type_number_t)size) == KERN_SUCCESS;
}

/* ---- threads and processes ------------------------------------------------------------------------- */

static int64_t call_exit(struct unix_thread *thread, const struct arguments *arguments)
{
    if (thread->process->threads == 1)
        process_end(thread->process, (int)(arguments->a & 0xff));
    else
        thread_end(thread);
    return NEVER;
}

static int64_t call_exit_group(struct unix_thread *thread, const struct arguments *arguments)
{
    process_end(thread->process, (int)(arguments->a & 0xff));
    return NEVER;
}

/* Threads alone: a fork is ENOSYS. */
static int64_t call_clone(struct unix_thread *thread, const struct arguments *arguments)
{
    enum { MEMORY = 0x100, THREAD = 0x10000, LOCAL = 0x80000, TELL_PARENT = 0x100000, CLEAR = 0x200000 };
    const uint64_t flags = arguments->a;
    x86_thread_state64_t registers = thread->registers;
    x86_fsgs_base_state64_t bases = {.__fsbase = arguments->e};
    mach_msg_type_number_t count = x86_FSGS_BASE_STATE64_COUNT;

    if (!(flags & MEMORY) || !(flags & THREAD))
        return -UNIX_ENOSYS;
    if (!(flags & LOCAL))
        (void)thread_get_state(thread->thread, x86_FSGS_BASE_STATE64, (thread_state_t)&bases, &count);
    registers.__rax = 0;
    registers.__rsp = arguments->b;
    struct unix_thread *child =
        thread_start(thread->process, &registers, bases.__fsbase, flags & TELL_PARENT ? arguments->c : 0);

    if (child == NULL)
        return -UNIX_EAGAIN;
    if (flags & CLEAR)
        child->clear_tid = arguments->d;
    return child->tid;
}

static int64_t call_set_tid_address(struct unix_thread *thread, const struct arguments *arguments)
{
    thread->clear_tid = arguments->a;
    return thread->tid;
}

static int64_t call_getpid(struct unix_thread *thread, const struct arguments *arguments)
{
    (void)arguments;
    return thread->process->pid;
}

static int64_t call_gettid(struct unix_thread *thread, const struct arguments *arguments)
{
    (void)arguments;
    return thread->tid;
}

static int64_t call_zero(struct unix_thread *thread, const struct arguments *arguments)
{
    (void)thread, (void)arguments;
    return 0;
}

static int64_t call_arch_prctl(struct unix_thread *thread, const struct arguments *arguments)
{
    enum { SET_FS = 0x1002 };
    const x86_fsgs_base_state64_t bases = {.__fsbase = arguments->b};

    if (arguments->a != SET_FS)
        return -UNIX_EINVAL;
    return thread_set_state(thread->thread, x86_FSGS_BASE_STATE64, (thread_state_t)(uintptr_t)&bases,
                            x86_FSGS_BASE_STATE64_COUNT) == KERN_SUCCESS
               ? 0
               : -UNIX_EPERM;
}

/* ---- signals: those that end a process; handlers are remembered, but none is called ------------------- */

enum { SIGNALS = 64 };

static bool is_harmless(unsigned signal)
{
    return signal == 17 || signal == 18 || signal == 23 || signal == 28; /* SIGCHLD, SIGCONT, SIGURG, SIGWINCH */
}

static int64_t send_signal(struct unix_thread *sender, struct process *process, uint64_t signal)
{
    if (signal > SIGNALS)
        return -UNIX_EINVAL;
    if (process == NULL || process->task == MACH_PORT_NULL)
        return -UNIX_ESRCH;
    if (signal == 0 || is_harmless((unsigned)signal))
        return 0;
    if (signal != 9 && (process->handled & (uint64_t)1 << (signal - 1)))
        return -UNIX_ENOSYS;
    const bool own = process == sender->process;

    process_end(process, 128 + (int)signal);
    return own ? NEVER : 0;
}

static int64_t call_kill(struct unix_thread *thread, const struct arguments *arguments)
{
    return send_signal(thread, process_of_pid((int)arguments->a), arguments->b);
}

static int64_t call_tkill(struct unix_thread *thread, const struct arguments *arguments)
{
    for (unsigned i = 0; i < THREADS_MAX; i++)
        if (threads[i].process != NULL && threads[i].tid == (int)arguments->a)
            return send_signal(thread, threads[i].process, arguments->b);
    return -UNIX_ESRCH;
}

static int64_t call_sigaction(struct unix_thread *thread, const struct arguments *arguments)
{
    const uint64_t signal = arguments->a;
    uint64_t handler;
    static const uint64_t before[4];

    if (signal < 1 || signal > SIGNALS)
        return -UNIX_EINVAL;
    if (arguments->b != 0) {
        if (!unix_read(thread->process, arguments->b, &handler, sizeof handler))
            return -UNIX_EFAULT;
        thread->process->handled &= ~((uint64_t)1 << (signal - 1));
        if (handler != 0)
            thread->process->handled |= (uint64_t)1 << (signal - 1);
    }
    return arguments->c == 0 || unix_write(thread->process, arguments->c, before, sizeof before) ? 0 : -UNIX_EFAULT;
}

/* No signal comes while a thread runs: which it does not want is of no matter. */
static int64_t call_sigprocmask(struct unix_thread *thread, const struct arguments *arguments)
{
    static const uint64_t none;

    return arguments->c == 0 || unix_write(thread->process, arguments->c, &none, sizeof none) ? 0 : -UNIX_EFAULT;
}

/* ---- the rest -------------------------------------------------------------------------------------- */

/* By the processor's own source of chance, or without one by its counter. */
static uint64_t some_word(void)
{
    static uint64_t state;
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    state = (state ^ ((uint64_t)high << 32 | low)) * 6364136223846793005u + 1442695040888963407u;
    return state ^ state >> 29;
}

static int64_t call_getrandom(struct unix_thread *thread, const struct arguments *arguments)
{
    uint64_t words[32];
    const uint64_t size = arguments->b < sizeof words ? arguments->b : sizeof words;

    for (unsigned i = 0; i < 32; i++)
        words[i] = some_word();
    return unix_write(thread->process, arguments->a, words, size) ? (int64_t)size : -UNIX_EFAULT;
}

static int64_t call_close(struct unix_thread *thread, const struct arguments *arguments)
{
    (void)thread;
    return arguments->a <= 2 ? 0 : -UNIX_EBADF;
}

static int64_t call_lseek(struct unix_thread *thread, const struct arguments *arguments)
{
    (void)thread;
    return arguments->a <= 2 ? -UNIX_ESPIPE : -UNIX_EBADF;
}

/* ---- the table ------------------------------------------------------------------------------------- */

typedef int64_t call_t(struct unix_thread *thread, const struct arguments *arguments);

static call_t *const calls[CALLS] = {
    [0] = unix_read_call,
    [1] = unix_write_call,
    [3] = call_close,
    [8] = call_lseek,
    [9] = unix_mmap,
    [10] = unix_mprotect,
    [11] = unix_munmap,
    [12] = unix_brk,
    [13] = call_sigaction,
    [14] = call_sigprocmask,
    [16] = unix_ioctl,
    [20] = unix_writev,
    [24] = call_zero, /* sched_yield: a call to here is one */
    [25] = unix_mremap,
    [28] = unix_madvise,
    [35] = unix_nanosleep,
    [39] = call_getpid,
    [56] = call_clone,
    [60] = call_exit,
    [62] = call_kill,
    [96] = unix_gettimeofday,
    [102] = call_zero, /* getuid, getgid, geteuid, getegid: everyone is root */
    [104] = call_zero,
    [107] = call_zero,
    [108] = call_zero,
    [158] = call_arch_prctl,
    [186] = call_gettid,
    [200] = call_tkill,
    [202] = unix_futex,
    [218] = call_set_tid_address,
    [228] = unix_clock_gettime,
    [229] = unix_clock_getres,
    [230] = unix_clock_nanosleep,
    [231] = call_exit_group,
    [273] = call_zero, /* set_robust_list: robust mutexes of threads that end are not looked for */
    [318] = call_getrandom,
};

static int64_t unknown(const struct unix_thread *thread, uint64_t number)
{
    static uint8_t told[CALLS / 8];

    if (number >= CALLS || (told[number / 8] & 1 << number % 8))
        return -UNIX_ENOSYS;
    told[number / 8] |= (uint8_t)(1 << number % 8);
    mach_print("init: ");
    mach_print(thread->process->name);
    mach_print(": system call ");
    mach_print_number((long long)number);
    mach_print(" is not served\n");
    return -UNIX_ENOSYS;
}

int64_t unix_call(struct unix_thread *thread, uint64_t number)
{
    const x86_thread_state64_t *r = &thread->registers;
    const struct arguments arguments = {r->__rdi, r->__rsi, r->__rdx, r->__r10, r->__r8, r->__r9};

    if (number >= CALLS || calls[number] == NULL)
        return unknown(thread, number);
    return calls[number](thread, &arguments);
}

/* ---- answers --------------------------------------------------------------------------------------- */

void unix_answer(struct unix_thread *thread, int64_t result)
{
    static __Reply__mach_exception_raise_state_t reply;
    const mach_msg_header_t *request = &thread->request;
    const mach_msg_size_t size = offsetof(__Reply__mach_exception_raise_state_t, new_state) + sizeof thread->registers;

    thread->wait = NO_WAIT;
    thread->registers.__rax = (uint64_t)result;
    reply.Head = (mach_msg_header_t){.msgh_bits = MACH_MSGH_BITS(MACH_MSGH_BITS_REMOTE(request->msgh_bits), 0),
                                     .msgh_remote_port = request->msgh_remote_port,
                                     .msgh_id = request->msgh_id + 100};
    reply.NDR = NDR_record;
    reply.RetCode = KERN_SUCCESS;
    reply.flavor = x86_THREAD_STATE64;
    reply.new_stateCnt = x86_THREAD_STATE64_COUNT;
    memcpy(reply.new_state, &thread->registers, sizeof thread->registers);
    thread->request.msgh_remote_port = MACH_PORT_NULL;
    if (mach_msg(&reply.Head, MACH_SEND_MSG, size, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL) != MACH_MSG_SUCCESS)
        (void)mach_port_deallocate(mach_task_self(), request->msgh_remote_port);
}
