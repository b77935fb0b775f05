/* SPDX-License-Identifier: BSD-2-Clause */
/* process.c - processes and their threads: how a program comes into a task, and what is left when it ends. */
#include <string.h>

#include "libmach/trap/trap.h"
#include "unix.h"

#define X86_64 62
#define PAGE ((uint64_t)4096)
#define STACK_SIZE ((uint64_t)8 << 20)
/* The stack lies below, and maps below the stack; both a number of pages lower that chance gives. */
#define TOP ((uint64_t)0x00007ffffff00000)
#define CHANCE ((uint64_t)0xffffff)

struct unix_thread threads[THREADS_MAX];
mach_port_t unix_ports;

static struct process processes[PROCESSES_MAX];

/* ---- finding --------------------------------------------------------------------------------------- */

struct process *process_of_port(mach_port_t port)
{
    for (unsigned i = 0; i < PROCESSES_MAX; i++)
        if (processes[i].task != MACH_PORT_NULL && processes[i].port == port)
            return &processes[i];
    return NULL;
}

struct process *process_of_pid(int pid)
{
    for (unsigned i = 0; i < PROCESSES_MAX; i++)
        if (processes[i].task != MACH_PORT_NULL && processes[i].pid == pid)
            return &processes[i];
    return NULL;
}

struct unix_thread *thread_of_port(mach_port_t port)
{
    for (unsigned i = 0; i < THREADS_MAX; i++)
        if (threads[i].process != NULL && threads[i].port == port)
            return &threads[i];
    return NULL;
}

/* ---- ports ----------------------------------------------------------------------------------------- */

/* A port that exceptions come to, with a send right; MACH_PORT_NULL. */
static mach_port_t new_port(void)
{
    mach_port_t port;

    if (mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port) != KERN_SUCCESS)
        return MACH_PORT_NULL;
    if (mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND) == KERN_SUCCESS &&
        mach_port_move_member(mach_task_self(), port, unix_ports) == KERN_SUCCESS)
        return port;
    (void)mach_port_destroy(mach_task_self(), port);
    return MACH_PORT_NULL;
}

/* ---- threads --------------------------------------------------------------------------------------- */

static struct unix_thread *free_thread(void)
{
    for (unsigned i = 0; i < THREADS_MAX; i++)
        if (threads[i].process == NULL)
            return &threads[i];
    return NULL;
}

static bool begin(struct unix_thread *thread, const x86_thread_state64_t *registers, uint64_t local)
{
    const x86_fsgs_base_state64_t bases = {.__fsbase = local};

    return thread_set_exception_ports(thread->thread, EXC_MASK_SYSCALL, thread->port, EXCEPTION_STATE | (int)MACH_EXCEPTION_CODES,
                                      x86_THREAD_STATE64) == KERN_SUCCESS &&
           thread_set_state(thread->thread, x86_THREAD_STATE64, (thread_state_t)(uintptr_t)registers,
                            x86_THREAD_STATE64_COUNT) == KERN_SUCCESS &&
           thread_set_state(thread->thread, x86_FSGS_BASE_STATE64, (thread_state_t)(uintptr_t)&bases,
                            x86_FSGS_BASE_STATE64_COUNT) == KERN_SUCCESS &&
           thread_resume(thread->thread) == KERN_SUCCESS;
}

static void forget(struct unix_thread *thread)
{
    if (MACH_PORT_VALID(thread->request.msgh_remote_port))
        (void)mach_port_deallocate(mach_task_self(), thread->request.msgh_remote_port);
    (void)mach_port_destroy(mach_task_self(), thread->port);
    (void)mach_port_deallocate(mach_task_self(), thread->thread);
    thread->process->threads--;
    memset(thread, 0, sizeof *thread);
}

static void tell(struct unix_thread *thread, uint64_t place)
{
    if (place != 0)
        (void)unix_write(thread->process, place, &thread->tid, sizeof thread->tid);
}

struct unix_thread *thread_start(struct process *process, const x86_thread_state64_t *registers, uint64_t local, uint64_t place)
{
    static int last_tid = 1 << 16; /* beyond the numbers of processes, which first threads have */
    struct unix_thread *thread = free_thread();

    if (thread == NULL || thread_create(process->task, &thread->thread) != KERN_SUCCESS)
        return NULL;
    thread->process = process;
    thread->port = new_port();
    thread->tid = process->threads++ == 0 ? process->pid : ++last_tid;
    tell(thread, place);
    if (thread->port != MACH_PORT_NULL && begin(thread, registers, local))
        return thread;
    (void)thread_terminate(thread->thread);
    forget(thread);
    return NULL;
}

void thread_end(struct unix_thread *thread)
{
    struct process *process = thread->process;
    static const uint32_t zero;

    if (thread->clear_tid != 0 && unix_write(process, thread->clear_tid, &zero, sizeof zero))
        (void)wait_wake(process, thread->clear_tid, UINT64_MAX);
    (void)thread_terminate(thread->thread);
    forget(thread);
    if (process->threads == 0)
        process_end(process, 0);
}

/* ---- programs -------------------------------------------------------------------------------------- */

static uint64_t some_pages(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return ((((uint64_t)high << 32 | low) * 6364136223846793005u >> 32) & CHANCE) * PAGE;
}

static bool put(mach_port_t task, uint64_t address, uint64_t size, struct archive_file file, vm_prot_t rights)
{
    vm_address_t start = address & ~(PAGE - 1);
    const vm_size_t length = ((address + size + PAGE - 1) & ~(PAGE - 1)) - start;

    return vm_allocate(task, &start, length, VM_FLAGS_FIXED) == KERN_SUCCESS &&
           (file.size == 0 || vm_write(task, address, (vm_offset_t)file.bytes, (mach_msg_type_number_t)file.size) ==
                                  KERN_SUCCESS) &&
           vm_protect(task, start, length, FALSE, rights) == KERN_SUCCESS;
}

static bool load(struct process *process, const struct archive_program *program)
{
    struct archive_segment s;
    unsigned next = 0;
    bool damaged;

    while (archive_segment(program, &next, &s, &damaged)) {
        const uint64_t end = (s.address + s.size + PAGE - 1) & ~(PAGE - 1);

        if (!put(process->task, s.address, s.size, s.bytes, s.protection))
            return false;
        if (end > process->heap)
            process->heap = process->heap_end = end;
    }
    return !damaged;
}

/* What lies on the stack at the start: words and strings, from the top down.  Source: the System V ABI for x86-64, 3.4.1. */
struct stack {
    uint64_t top; /* in the process */
    uint64_t at;  /* in `bytes`, whose end lies there */
    _Alignas(16) unsigned char bytes[4096];
};

static uint64_t push(struct stack *stack, const void *what, uint64_t size)
{
    stack->at -= size;
    memcpy(stack->bytes + stack->at, what, size);
    return stack->top - sizeof stack->bytes + stack->at;
}

static void push_word(struct stack *stack, uint64_t word)
{
    (void)push(stack, &word, sizeof word);
}

enum { HEADERS = 3, HEADER_SIZE = 4, HEADER_COUNT = 5, PAGE_SIZE = 6, ENTRY = 9, SECURE = 23, RANDOM = 25 };

static void push_auxiliary(struct stack *stack, const struct archive_program *program, uint64_t random)
{
    const uint64_t values[][2] = {{HEADERS, program->headers},
                                  {HEADER_SIZE, program->header_size},
                                  {HEADER_COUNT, program->header_count},
                                  {PAGE_SIZE, PAGE},
                                  {ENTRY, program->entry},
                                  {SECURE, 0},
                                  {RANDOM, random},
                                  {0, 0}};

    (void)push(stack, values, sizeof values);
}

#define WORDS_MAX 16u

static bool make_stack(struct stack *stack, const struct archive_program *program, const char *const *words, unsigned count)
{
    uint64_t places[WORDS_MAX];
    const uint64_t random[2] = {some_pages() * 0x9e3779b97f4a7c15, some_pages() * 0xbf58476d1ce4e5b9};
    uint64_t length = 0;

    for (unsigned i = 0; i < count; i++)
        length += strlen(words[i]) + 1;
    if (count > WORDS_MAX || length > sizeof stack->bytes - 1024)
        return false;
    stack->at = sizeof stack->bytes;
    for (unsigned i = 0; i < count; i++)
        places[i] = push(stack, words[i], strlen(words[i]) + 1);
    stack->at &= ~(uint64_t)15;
    const uint64_t chance = push(stack, random, sizeof random);

    if (count % 2 == 0) /* count, arguments and two ends: the stack is to begin on 16 bytes */
        push_word(stack, 0);
    push_auxiliary(stack, program, chance);
    push_word(stack, 0); /* there is no environment */
    push_word(stack, 0);
    stack->at -= count * sizeof *places;
    memcpy(stack->bytes + stack->at, places, count * sizeof *places);
    push_word(stack, count);
    return true;
}

static struct process *free_process(void)
{
    for (unsigned i = 0; i < PROCESSES_MAX; i++)
        if (processes[i].task == MACH_PORT_NULL)
            return &processes[i];
    return NULL;
}

static bool make_task(struct process *process, const char *name)
{
    memset(process, 0, sizeof *process);
    strncpy(process->name, name, sizeof process->name - 1);
    return task_create(mach_task_self(), NULL, 0, FALSE, &process->task) == KERN_SUCCESS &&
           pid_for_task(process->task, &process->pid) == KERN_SUCCESS && (process->port = new_port()) != MACH_PORT_NULL &&
           task_set_exception_ports(process->task, EXC_MASK_ALL & ~EXC_MASK_SYSCALL, process->port,
                                    EXCEPTION_STATE | (int)MACH_EXCEPTION_CODES, x86_THREAD_STATE64) == KERN_SUCCESS;
}

static bool run(struct process *process, const struct archive_program *program, const char *const *words, unsigned count)
{
    static struct stack stack;
    const uint64_t top = TOP - some_pages();
    vm_address_t bottom = top - STACK_SIZE;
    x86_thread_state64_t registers = {.__rip = program->entry};

    stack.top = top;
    process->next_map = (bottom - some_pages()) & ~(PAGE - 1);
    if (!make_stack(&stack, program, words, count) || !load(process, program) ||
        vm_allocate(process->task, &bottom, STACK_SIZE, VM_FLAGS_FIXED) != KERN_SUCCESS ||
        !unix_write(process, top - sizeof stack.bytes, stack.bytes, sizeof stack.bytes))
        return false;
    registers.__rsp = top - sizeof stack.bytes + stack.at;
    return thread_start(process, &registers, 0, 0) != NULL;
}

struct process *process_start(struct archive_file archive, const char *const *words, unsigned count)
{
    struct process *process = free_process();
    struct archive_file file;
    struct archive_program program;
    const char *why = NULL;

    if (!archive_find(archive, words[0], &file))
        why = "there is no such file";
    else if (!archive_program(file, X86_64, &program))
        why = "it is no static executable";
    else if (process == NULL)
        why = "there are too many processes";
    else if (!make_task(process, words[0]) || !run(process, &program, words, count))
        why = "there is no memory";
    if (why == NULL)
        return process;
    mach_print("init: ");
    mach_print(words[0]);
    mach_print(": ");
    mach_print(why);
    mach_print("\n");
    if (process != NULL && process->task != MACH_PORT_NULL)
        process_end(process, 127);
    return NULL;
}

void process_end(struct process *process, int status)
{
    (void)task_terminate(process->task);
    for (unsigned i = 0; i < THREADS_MAX; i++)
        if (threads[i].process == process)
            forget(&threads[i]);
    if (process->port != MACH_PORT_NULL)
        (void)mach_port_destroy(mach_task_self(), process->port);
    (void)mach_port_deallocate(mach_task_self(), process->task);
    process->task = MACH_PORT_NULL;
    process->ended = true;
    process->status = status;
}
