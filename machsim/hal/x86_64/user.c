/* SPDX-License-Identifier: BSD-2-Clause */
/* user.c - threads of programs: see user.h. */
#include "hal/x86_64/user.h"

#include <mach/mig_errors.h>
#include <mach/vm_inherit.h>
#include <mach/vm_prot.h>

#include "hal/x86_64/cpu.h"
#include "kern/defer.h"
#include "kern/task.h"
#include "kern/trap.h"
#include "vm/vm_copy.h"
#include "vm/vm_fault.h"

/* GNU Mach's mach_print: a string for the console. */
#define TRAP_PRINT 30
#define QUANTUM ((uint64_t)10 * 1000 * 1000)

enum { CODE = 0x23, DATA = 0x1b, INTERRUPTS_ON = 0x202 };

/* entry.S: what gs shows. */
static struct local {
    void *stack;
    uint64_t scratch;
    void *registers_end; /* of whose turn it is */
} local;

static _Alignas(16) char stack[32768];
static struct list ready;
static struct program *current;      /* who is, or was last, in its program */
static struct program *vectors_of;   /* whose vector registers the processor has */

extern char system_call[];
_Noreturn void program_resume(const struct trap_frame *registers);
_Noreturn void run_on(void *top, void (*function)(void));

void program_start(void)
{
    list_init(&ready);
    local.stack = stack + sizeof stack;
    cpu_write_msr(0xc0000081, (uint64_t)0x10 << 48 | (uint64_t)8 << 32); /* STAR: selectors */
    cpu_write_msr(0xc0000082, (uint64_t)system_call);                    /* LSTAR */
    cpu_write_msr(0xc0000084, 0x47700);                                  /* FMASK: interrupts are off, and so on */
    cpu_write_msr(0xc0000101, (uint64_t)&local);                         /* what gs shows, until swapgs */
}

/* ---- life ------------------------------------------------------------------------------------------ */

static void wake(struct waiter *waiter);

struct program *program_make(struct task *task, uint64_t place, uint64_t top)
{
    struct program *program = hal_alloc(sizeof *program);

    if (program == NULL)
        return NULL;
    program->registers = (struct trap_frame){.rip = place, .rsp = top, .cs = CODE, .ss = DATA, .rflags = INTERRUPTS_ON};
    *(uint16_t *)(program->vectors + 0) = 0x37f;   /* the state after fninit */
    *(uint32_t *)(program->vectors + 24) = 0x1f80; /* and the same for SSE */
    waiter_init(&program->waiter, wake);
    if (thread_make(task, program, &program->thread) != KERN_SUCCESS) {
        hal_free(program, sizeof *program);
        return NULL;
    }
    thread_reference(program->thread);
    list_append(&ready, &program->link);
    return program;
}

static void free_program(struct program *program)
{
    if (vectors_of == program)
        vectors_of = NULL;
    if (current == program)
        current = NULL;
    thread_release(program->thread);
    hal_free(program, sizeof *program);
}

void hal_thread_gone(struct thread *thread)
{
    struct program *program = thread->hal;

    program->gone = true;
    if (list_linked(&program->link))
        list_remove(&program->link);
    if (!program->in_trap)
        free_program(program);
}

static void make_ready(struct program *program)
{
    program->in_trap = false;
    if (program->gone)
        free_program(program);
    else
        list_append(&ready, &program->link);
}

void hal_thread_return(struct thread *thread, uint64_t result)
{
    struct program *program = thread->hal;

    program->registers.rax = result;
    program->registers.rdx = thread->out;
    make_ready(program);
}

/* ---- who runs -------------------------------------------------------------------------------------- */

static void use_vectors(struct program *program)
{
    if (vectors_of == program)
        return;
    if (vectors_of != NULL)
        __asm__ volatile("fxsave64 (%0)" : : "r"(vectors_of->vectors) : "memory");
    __asm__ volatile("fxrstor64 (%0)" : : "r"(program->vectors) : "memory");
    vectors_of = program;
}

_Noreturn static void run(void)
{
    for (;;) {
        while (processor_work())
            ;
        struct list *link = list_pop(&ready);

        if (link == NULL) {
            cpu_wait();
            continue;
        }
        current = container_of(link, struct program, link);
        pmap_use(current->thread->task->map->pmap);
        use_vectors(current);
        if (!list_empty(&ready))
            clock_quantum(QUANTUM);
        local.registers_end = &current->registers + 1;
        trap_set_stack(local.registers_end);
        program_resume(&current->registers);
    }
}

_Noreturn void processor_run(void)
{
    run_on(local.stack, run);
}

/* ---- memory of programs ---------------------------------------------------------------------------- */

static bool is_users(uint64_t address, uint64_t size)
{
    return size <= USER_END && address <= USER_END - size;
}

/* The byte at an address, for the kernel: a fault is taken as the program would.  NULL: it would not end well now. */
static void *find_byte(struct vm_map *map, uint64_t address, bool write)
{
    void *place = pmap_find(map->pmap, address, write);

    if (place != NULL)
        return place;
    if (vm_fault(map, vm_page_trunc(address), write ? VM_PROT_READ | VM_PROT_WRITE : VM_PROT_READ, NULL) != KERN_SUCCESS)
        return NULL;
    return pmap_find(map->pmap, address, write);
}

/* Copies bytes of a program's, page by page: to the kernel's `to`, or from its `from`. */
static bool copy_bytes(struct vm_map *map, uint64_t address, unsigned char *to, const unsigned char *from, size_t size)
{
    if (!is_users(address, size))
        return false;
    for (size_t done = 0, piece; done < size; done += piece) {
        void *place = find_byte(map, address + done, from != NULL);
        const size_t left = (size_t)(HAL_PAGE_SIZE - (address + done) % HAL_PAGE_SIZE);

        piece = size - done < left ? size - done : left;
        if (place == NULL)
            return false;
        if (from != NULL)
            memcpy(place, from + done, piece);
        else
            memcpy(to + done, place, piece);
    }
    return true;
}

bool hal_copyin_message(struct thread *thread, uint64_t address, void *to, size_t size)
{
    return copy_bytes(thread->task->map, address, to, NULL, size);
}

bool hal_copyout_message(struct thread *thread, const void *from, uint64_t address, size_t size)
{
    return copy_bytes(thread->task->map, address, NULL, from, size);
}

/* ---- memory in messages ---------------------------------------------------------------------------- */

/* More than this is copied virtually: it waits in a map of its own. */
#define LARGE ((uint64_t)16 * HAL_PAGE_SIZE)

struct hal_pages {
    struct vm_map *map;
    uint64_t address, size; /* of the bytes; whole pages are mapped */
};

/* Maps a copy of some pages of a map into another; *address is where the bytes are there. */
static kern_return_t copy_pages(struct vm_map *from, uint64_t address, uint64_t size, struct vm_map *to, uint64_t *place)
{
    const uint64_t start = vm_page_trunc(address), length = vm_page_round(address + size) - start;
    vm_prot_t current, max;

    *place = 0;
    lock_acquire(&vm_lock);
    kern_return_t result = vm_map_check(from, start, start + length, VM_PROT_READ, false);

    lock_release(&vm_lock);
    if (result == KERN_SUCCESS)
        result = vm_map_remap(from, start, length, to, place, 0, true, false, true, VM_INHERIT_COPY, &current, &max, NULL);
    if (result == KERN_SUCCESS)
        (void)vm_map_protect(to, *place, *place + length, VM_PROT_READ | VM_PROT_WRITE, false);
    *place += address - start;
    return result;
}

void hal_pages_release(struct hal_pages *pages)
{
    if (pages == NULL)
        return;
    vm_map_destroy(pages->map);
    hal_free(pages, sizeof *pages);
}

bool hal_pages_read(struct hal_pages *pages, uint64_t offset, void *to, size_t size)
{
    size_t done = 0;

    return vm_map_read(pages->map, pages->address + offset, to, size, NULL, &done) == KERN_SUCCESS;
}

static kern_return_t copyin_pages(struct vm_map *map, uint64_t address, uint64_t size, struct vm_map_copy **copy)
{
    struct hal_pages *pages = hal_alloc(sizeof *pages);

    if (pages == NULL)
        return KERN_RESOURCE_SHORTAGE;
    pages->size = size;
    pages->map = vm_map_create(UINT64_MAX);
    kern_return_t result = pages->map == NULL ? KERN_RESOURCE_SHORTAGE
                                              : copy_pages(map, address, size, pages->map, &pages->address);

    *copy = result == KERN_SUCCESS ? vm_map_copy_of_pages(pages, size) : NULL;
    if (*copy != NULL)
        return KERN_SUCCESS;
    if (pages->map != NULL)
        vm_map_destroy(pages->map);
    hal_free(pages, sizeof *pages);
    return result == KERN_SUCCESS ? KERN_RESOURCE_SHORTAGE : result;
}

static kern_return_t copyin_bytes(struct vm_map *map, uint64_t address, uint64_t size, struct vm_map_copy **copy)
{
    size_t done = 0;

    *copy = vm_map_copy_alloc(size);
    if (*copy == NULL)
        return KERN_RESOURCE_SHORTAGE;
    const kern_return_t result = vm_map_read(map, address, (*copy)->data, (size_t)size, NULL, &done);

    if (result != KERN_SUCCESS) {
        vm_map_copy_discard(*copy);
        *copy = NULL;
    }
    return result;
}

kern_return_t hal_copyin_memory(struct thread *thread, uint64_t address, uint64_t size, bool deallocate,
                                struct vm_map_copy **copy)
{
    struct vm_map *map = thread->task->map;

    if (!is_users(address, size))
        return KERN_INVALID_ADDRESS;
    const kern_return_t result = size >= LARGE ? copyin_pages(map, address, size, copy) : copyin_bytes(map, address, size, copy);

    if (result == KERN_SUCCESS && deallocate)
        (void)vm_map_remove(map, vm_page_trunc(address), vm_page_round(address + size));
    return result == KERN_SUCCESS || result == KERN_RESOURCE_SHORTAGE ? result : KERN_INVALID_ADDRESS;
}

/* Writes a copy's bytes to where there is memory already. */
static kern_return_t write_copy(struct vm_map *map, const struct vm_map_copy *copy, uint64_t address)
{
    unsigned char piece[512];
    kern_return_t result = is_users(address, copy->size) ? KERN_SUCCESS : KERN_INVALID_ADDRESS;

    for (uint64_t at = 0; at < copy->size && result == KERN_SUCCESS; at += sizeof piece) {
        const size_t size = copy->size - at < sizeof piece ? (size_t)(copy->size - at) : sizeof piece;
        size_t done = 0;

        if (copy->pages != NULL && !hal_pages_read(copy->pages, at, piece, size))
            return KERN_RESOURCE_SHORTAGE;
        result = vm_map_write(map, address + at, copy->pages != NULL ? piece : copy->data + at, size, NULL, &done);
    }
    return result;
}

static kern_return_t place_copy(struct vm_map *map, const struct vm_map_copy *copy, uint64_t *address)
{
    struct vm_map_entry like = {
        .protection = VM_PROT_READ | VM_PROT_WRITE, .max_protection = VM_PROT_ALL, .inheritance = VM_INHERIT_COPY};

    if (copy->pages != NULL)
        return copy_pages(copy->pages->map, copy->pages->address, copy->size, map, address);
    kern_return_t result = vm_map_enter(map, address, vm_page_round(copy->size), 0, true, false, &like);

    if (result == KERN_SUCCESS && (result = write_copy(map, copy, *address)) != KERN_SUCCESS)
        (void)vm_map_remove(map, *address, *address + vm_page_round(copy->size));
    return result;
}

kern_return_t hal_copyout_memory(struct thread *thread, struct vm_map_copy *copy, uint64_t *address)
{
    struct vm_map *map = thread->task->map;
    const kern_return_t result = *address == 0 ? place_copy(map, copy, address) : write_copy(map, copy, *address);

    if (result == KERN_SUCCESS)
        vm_map_copy_discard(copy);
    return result;
}

/* ---- faults ---------------------------------------------------------------------------------------- */

/* No one catches exceptions yet: the task ends. */
static void end_task(struct program *program, const char *why)
{
    struct task *task = program->thread->task;
    const bool is_first = task->identity.pid == 1;

    console_print("machsim: task %d ends: %s at %lx, address %lx\n", task->identity.pid, why, program->registers.rip,
                  program->fault);
    program->in_trap = false;
    task_reference(task);
    task_end(task);
    task_release(task);
    if (is_first)
        machine_exit(4);
}

static void serve_fault(struct program *program)
{
    waiter_restart(&program->waiter);
    program->in_trap = true;
    const kern_return_t result = is_users(program->fault, 1) ? vm_fault(program->thread->task->map, vm_page_trunc(program->fault),
                                                                       program->access, &program->waiter)
                                                             : KERN_INVALID_ADDRESS;

    if (result == KERN_SUCCESS || (program->gone && result != MIG_NO_REPLY))
        make_ready(program);
    else if (result != MIG_NO_REPLY)
        end_task(program, result == KERN_PROTECTION_FAILURE ? "a protected page" : "a page that is not there");
}

static void wake(struct waiter *waiter)
{
    serve_fault(container_of(waiter, struct program, waiter));
}

static void page_fault(struct program *program)
{
    const uint64_t error = program->registers.error;

    program->fault = cpu_fault_address();
    program->access = VM_PROT_READ | (error & 2 ? VM_PROT_WRITE : 0) | (error & 16 ? VM_PROT_EXECUTE : 0);
    serve_fault(program);
}

/* ---- system calls ---------------------------------------------------------------------------------- */

static void print(struct program *program)
{
    char c;

    for (uint64_t at = program->registers.rdi, n = 0; n < 4096; n++, at++) {
        if (!hal_copyin_message(program->thread, at, &c, 1) || c == '\0')
            break;
        console_put(c);
    }
    program->registers.rax = KERN_SUCCESS;
}

/* Six arguments come in registers, the others on the stack above the return address. */
static void system_trap(struct program *program)
{
    const struct trap_frame *r = &program->registers;
    uint64_t arguments[TRAP_MAX_ARGUMENTS] = {r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9};

    if (r->rax == TRAP_PRINT) {
        print(program);
        make_ready(program);
        return;
    }
    if ((r->rax == TRAP_MACH_MSG || r->rax == TRAP_MACH_MSG_OVERWRITE) &&
        !hal_copyin_message(program->thread, r->rsp + 8, arguments + 6, 3 * sizeof *arguments)) {
        program->registers.rax = (uint32_t)MACH_SEND_INVALID_DATA;
        make_ready(program);
        return;
    }
    program->in_trap = true;
    program->thread->out = 0;
    trap(program->thread, (uint32_t)r->rax, arguments);
}

_Noreturn void program_trap(void)
{
    struct program *program = current;
    const uint64_t vector = program->registers.vector;

    switch (vector) {
    case VECTOR_SYSTEM_CALL: system_trap(program); break;
    case VECTOR_PAGE_FAULT: page_fault(program); break;
    case VECTOR_TIMER:
        clock_interrupt();
        make_ready(program);
        break;
    case VECTOR_SPURIOUS: make_ready(program); break;
    default: end_task(program, trap_name(vector));
    }
    defer_drain();
    run();
}
