/* SPDX-License-Identifier: BSD-2-Clause */
/* faults.c - the way of faults to the kernel: see faults.h. */
#include "libmach/process/faults.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "libmach/process/agent.h"
#include "libmach/process/process.h"
#include "libmach/ring/ring.h"

static struct wire_recall *recall; /* NULL: no faults come by signals */
static int alive = -1;             /* the end of a pipe that tells the kernel that this process is there */
static pthread_mutex_t granting = PTHREAD_MUTEX_INITIALIZER;
static struct sigaction former;

bool faults_by_signals(void)
{
    return recall != NULL;
}

/* ---- pages that are wanted --------------------------------------------------------------------------- */

/* Whether an access was to write, as far as the processor tells. */
static bool is_write(const ucontext_t *context)
{
#if defined __x86_64__
    return context->uc_mcontext.gregs[REG_ERR] & 2;
#elif defined __aarch64__
    for (const struct _aarch64_ctx *head = (const void *)context->uc_mcontext.__reserved; head->magic != 0;
         head = (const void *)((const char *)head + head->size))
        if (head->magic == ESR_MAGIC)
            return ((const struct esr_context *)head)->esr & 1u << 6;
    return true;
#else
    (void)context;
    return true;
#endif
}

/* What was given is used, unless it has been asked back. */
static void use(uint64_t address, uint64_t given)
{
    const sigset_t before = process_lock(&granting);

    if (atomic_load(&recall->asked) == (uint32_t)(given >> 32))
        (void)mprotect((void *)address, vm_page_size, process_protection((vm_prot_t)(given & VM_PROT_ALL)));
    process_unlock(&granting, &before);
}

/* KERN_SUCCESS: the access may be tried again. */
static kern_return_t ask(uint64_t address, bool write)
{
    const uint64_t arguments[] = {address, write};
    uint64_t result, given = 0;

    if (recall == NULL || !ring_simple_trap(WIRE_TRAP_FAULT, arguments, 2, &result, &given))
        return KERN_INVALID_ADDRESS;
    if (result == KERN_SUCCESS)
        use(address, given);
    return (kern_return_t)result;
}

/* No handler of the program's: the access is tried again, and ends it. */
static void pass_on(int signal, siginfo_t *info, void *context)
{
    if (former.sa_flags & SA_SIGINFO) {
        former.sa_sigaction(signal, info, context);
    } else if (former.sa_handler != SIG_DFL && former.sa_handler != SIG_IGN) {
        former.sa_handler(signal);
    } else {
        (void)sigaction(SIGSEGV, &former, NULL);
    }
}

/* The memory is there, and its content cannot be had. */
static void raise_bus_error(void *address)
{
    siginfo_t info = {.si_signo = SIGBUS, .si_code = BUS_ADRERR};

    info.si_addr = address;
    mach_os_raise(&info);
}

static void faulted(int signal, siginfo_t *info, void *context)
{
    const int error = errno;
    kern_return_t result = KERN_INVALID_ADDRESS;

    if (info->si_code == SEGV_ACCERR)
        result = ask((uint64_t)info->si_addr & ~(uint64_t)vm_page_mask, is_write(context));
    if (result == KERN_INVALID_ADDRESS || result == KERN_PROTECTION_FAILURE)
        pass_on(signal, info, context);
    else if (result != KERN_SUCCESS)
        raise_bus_error(info->si_addr);
    errno = error;
}

static void watch(void)
{
    struct sigaction action = {.sa_sigaction = faulted, .sa_flags = SA_SIGINFO | SA_ONSTACK};

    struct sigaction now;

    if (sigaction(SIGSEGV, NULL, &now) < 0 || ((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == faulted))
        return;
    former = now;
    (void)sigaction(SIGSEGV, &action, NULL);
}

/* ---- pages that are to go back ----------------------------------------------------------------------- */

static void *give_back(void *shared)
{
    struct wire_recall *own = shared;
    uint32_t done = atomic_load(&own->done);

    for (;;) {
        const uint32_t asked = atomic_load(&own->asked);

        if (asked == done) {
            (void)mach_os_wait(&own->asked, asked, INT_MAX);
            continue;
        }
        const sigset_t before = process_lock(&granting);

        (void)mprotect((void *)own->start, own->size, process_protection((vm_prot_t)own->protection));
        process_unlock(&granting, &before);
        done = asked;
        atomic_store(&own->done, done);
        mach_os_wake(&own->done);
    }
    return NULL;
}

/* A thread that takes no signals. */
static bool start_giving_back(struct wire_recall *shared)
{
    sigset_t all, before;
    pthread_t thread;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const bool started = pthread_create(&thread, NULL, give_back, shared) == 0;

    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started)
        pthread_detach(thread);
    return started;
}

/* ---- offers ---------------------------------------------------------------------------------------- */

static kern_return_t offer_file(uint32_t trap, uint64_t *arguments, unsigned count)
{
    uint64_t result = KERN_FAILURE;
    bool user_mode;
    const int file = mach_os_faults(&user_mode);

    if (file < 0)
        return KERN_NOT_SUPPORTED;
    arguments[count - 1] = user_mode ? WIRE_FAULTS_USER : WIRE_FAULTS_ALL;
    if (!ring_file_trap(trap, arguments, count, file, NULL, &result, NULL))
        result = KERN_FAILURE;
    close(file);
    return (kern_return_t)result;
}

/* The kernel has taken the offer: `file` is of what it recalls rights by. */
static bool begin_signals(int file, int end)
{
    struct wire_recall *shared = mmap(NULL, vm_page_size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

    if (shared == MAP_FAILED)
        return false;
    if (!start_giving_back(shared)) {
        munmap(shared, vm_page_size);
        return false;
    }
    alive = end;
    recall = shared;
    watch();
    return true;
}

static kern_return_t offer_signals(uint32_t trap, uint64_t *arguments, unsigned count)
{
    uint64_t result = KERN_FAILURE;
    int ends[2], file = -1;

    if (agent_serves() || pipe2(ends, O_CLOEXEC) < 0) /* no thread can be made in a handler */
        return KERN_NOT_SUPPORTED;
    arguments[count - 1] = WIRE_FAULTS_SIGNALS;
    if (!ring_file_trap(trap, arguments, count, ends[0], &file, &result, NULL))
        result = KERN_FAILURE;
    if (result == KERN_SUCCESS && !begin_signals(file, ends[1]))
        result = KERN_RESOURCE_SHORTAGE;
    close(ends[0]);
    if (result != KERN_SUCCESS)
        close(ends[1]);
    if (file >= 0)
        close(file);
    return (kern_return_t)result;
}

kern_return_t faults_offer(uint32_t trap, uint64_t *arguments, unsigned count)
{
    const char *way = secure_getenv("MACH_FAULTS");
    kern_return_t result = KERN_NOT_SUPPORTED;

    if (way == NULL || strcmp(way, "signals") != 0)
        result = offer_file(trap, arguments, count);
    if (result == KERN_NOT_SUPPORTED && (way == NULL || strcmp(way, "userfaultfd") != 0))
        result = offer_signals(trap, arguments, count);
    return result;
}

void faults_forget(void)
{
    if (recall != NULL)
        munmap(recall, vm_page_size);
    if (alive >= 0)
        close(alive);
    recall = NULL;
    alive = -1;
}
