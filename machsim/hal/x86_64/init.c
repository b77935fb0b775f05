/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * init.c - the first program: the file `init` of the archive that the boot loader has brought, or, if it is no archive, that
 * itself.  It gets the privileged host port, the device master port as its first registered port, and sees the archive: address
 * and size of what it has of that come in the registers of a function's first two arguments.
 */
#include <mach/vm_inherit.h>
#include <mach/vm_prot.h>

#include "device/devices.h"
#include "hal/archive.h"
#include "hal/x86_64/cpu.h"
#include "hal/x86_64/user.h"
#include "kern/task.h"
#include "vm/vm_fault.h"

#define X86_64 62
#define STACK_SIZE ((uint64_t)1 << 20)
#define STACK_TOP (USER_END - ((uint64_t)1 << 20))
/* Stack and archive begin so many pages lower, by chance. */
#define CHANCE 0xfff

/* ---- memory ---------------------------------------------------------------------------------------- */

static uint64_t some_pages(void)
{
    const uint64_t word = cpu_timestamp() * 6364136223846793005u;

    return (word >> 40 & CHANCE) * HAL_PAGE_SIZE;
}

static bool map_memory(struct vm_map *map, uint64_t start, uint64_t end)
{
    struct vm_map_entry like = {
        .protection = VM_PROT_READ | VM_PROT_WRITE, .max_protection = VM_PROT_ALL, .inheritance = VM_INHERIT_COPY};

    return vm_map_enter(map, &start, end - start, 0, false, false, &like) == KERN_SUCCESS;
}

/* Bytes at an address, on pages of their own. */
static bool place(struct vm_map *map, uint64_t address, uint64_t size, struct archive_file file, vm_prot_t rights)
{
    const uint64_t start = vm_page_trunc(address), end = vm_page_round(address + size);
    size_t done = 0;

    return map_memory(map, start, end) && vm_map_write(map, address, file.bytes, file.size, NULL, &done) == KERN_SUCCESS &&
           vm_map_protect(map, start, end, rights, false) == KERN_SUCCESS;
}

static bool load(struct vm_map *map, const struct archive_program *program, uint64_t least, uint64_t most)
{
    struct archive_segment s;
    unsigned next = 0;
    bool damaged;

    while (archive_segment(program, &next, &s, &damaged))
        if (s.address < least || s.address + s.size > most || !place(map, s.address, s.size, s.bytes, s.protection))
            return false;
    return !damaged;
}

/* ---- the program ----------------------------------------------------------------------------------- */

/* What is left without its first task is of no use. */
static void has_ended(struct task *task)
{
    (void)task;
    console_print("machsim: init has ended\n");
    machine_exit(4);
}

static bool begin(struct task *task, const struct trap_frame *registers)
{
    struct thread *thread;

    if (hal_thread_create(task, &thread) != KERN_SUCCESS)
        return false;
    struct trap_frame *r = &((struct program *)thread->hal)->registers;

    r->rip = registers->rip;
    r->rsp = registers->rsp;
    r->rdi = registers->rdi;
    r->rsi = registers->rsi;
    hal_thread_unhold(thread);
    thread_release(thread);
    return true;
}

/* One task, and each that comes of it, may use a good part of memory for what it has in the kernel; not all. */
static struct task_limits limits_of(uint64_t bytes)
{
    const uint64_t ports = bytes / 8 / 1024, names = bytes / 32 / 64;

    return (struct task_limits){.names = names < SPACE_MAX_INDEX ? (uint32_t)names : SPACE_MAX_INDEX,
                                .receives = ports < SPACE_MAX_INDEX ? (uint32_t)ports : SPACE_MAX_INDEX,
                                .memory = bytes / 8,
                                .threads = 1024};
}

static bool run(struct archive_file file, struct archive_file archive)
{
    static const struct task_identity identity = {.pid = 1, .privileged = true};
    const struct task_limits limits = limits_of(memory_pages() * HAL_PAGE_SIZE);
    const uint64_t stack = STACK_TOP - some_pages(), files = stack - 2 * STACK_SIZE - vm_page_round(archive.size) - some_pages();
    struct archive_program program;
    struct task *task;

    if (!archive_program(file, X86_64, &program) || task_make(NULL, &identity, &limits, &task) != KERN_SUCCESS)
        return false;
    task->ended = has_ended;
    task->registered[0] = ipc_port_make_send(device_master_port);
    return load(task->map, &program, USER_START, files) && place(task->map, files, archive.size, archive, VM_PROT_READ) &&
           map_memory(task->map, stack - STACK_SIZE, stack) &&
           begin(task, &(struct trap_frame){.rip = program.entry, .rsp = stack - 8, .rdi = files, .rsi = archive.size});
}

bool init_start(void)
{
    const struct archive_file archive = {.bytes = memory_at(boot.initrd), .size = boot.initrd_size};
    struct archive_file file = archive;

    if (archive.size == 0) {
        console_print("machsim: there is no initial program: give one, or an archive with the file init, by -initrd\n");
        return false;
    }
    if (archive_is(archive) && !archive_find(archive, "init", &file)) {
        console_print("machsim: the archive has no file init\n");
        return false;
    }
    if (run(file, archive))
        return true;
    console_print("machsim: init is no static executable for x86_64, or there is no memory for it\n");
    return false;
}
