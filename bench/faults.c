/* SPDX-License-Identifier: BSD-2-Clause */
/* faults.c - faults that other processes answer, and copies on write: see subject.h. */
#include "subject.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <mach/mach.h>
#include <mach/mach_vm.h>
#include <mach/pager.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "must.h"

#define PAGE ((size_t)4096)
#define PAGES 4096u /* of each region, which is used up page by page */

/* ---- a manager -------------------------------------------------------------------------------------- */

static mach_port_t object;

static kern_return_t read_page(void *cookie, memory_object_offset_t offset, void *data, vm_size_t size,
                               vm_prot_t access, vm_prot_t *lock)
{
    (void)cookie, (void)offset, (void)size, (void)access, (void)lock;
    *(unsigned char *)data = 1;
    return KERN_SUCCESS;
}

/* The manager's process gives its port to this one, by a port that it finds registered. */
static void manage(void)
{
    static const struct pager_ops ops = {.read = read_page};
    mach_port_array_t ports;
    mach_msg_type_number_t count;
    pager_t pager;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    must_mach(mach_ports_lookup(mach_task_self(), &ports, &count), "mach_ports_lookup");
    must_mach(pager_create(&ops, NULL, NULL, &pager), "pager_create");
    struct {
        mach_msg_header_t header;
        mach_msg_body_t body;
        mach_msg_port_descriptor_t port;
    } message = {
        .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) | MACH_MSGH_BITS_COMPLEX,
                   .msgh_remote_port = ports[0]},
        .body = {1},
        .port = {.name = pager_port(pager), .disposition = MACH_MSG_TYPE_MAKE_SEND, .type = MACH_MSG_PORT_DESCRIPTOR},
    };

    must_mach(mach_msg(&message.header, MACH_SEND_MSG, sizeof message, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL), "mach_msg");
    (void)pager_serve(pager_port(pager));
    _exit(0);
}

static void start_manager(void)
{
    mach_port_t port;
    struct {
        mach_msg_header_t header;
        mach_msg_body_t body;
        mach_msg_port_descriptor_t port;
        mach_msg_max_trailer_t trailer;
    } message;

    must_mach(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port), "mach_port_allocate");
    must_mach(mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND), "mach_port_insert_right");
    must_mach(mach_ports_register(mach_task_self(), &port, 1), "mach_ports_register");
    if (fork() == 0)
        manage();
    must_mach(mach_msg(&message.header, MACH_RCV_MSG, 0, sizeof message, port, 0, MACH_PORT_NULL), "mach_msg");
    object = message.port.name;
}

static volatile unsigned char *map_object(bool copy)
{
    mach_vm_address_t address = 0;

    must_mach(mach_vm_map(mach_task_self(), &address, PAGES * PAGE, 0, VM_FLAGS_ANYWHERE, object, 0, copy,
                          VM_PROT_DEFAULT, VM_PROT_ALL, VM_INHERIT_NONE), "mach_vm_map");
    return (volatile unsigned char *)address;
}

static void unmap(volatile unsigned char *memory)
{
    if (memory != NULL)
        must_mach(mach_vm_deallocate(mach_task_self(), (mach_vm_address_t)memory, PAGES * PAGE), "mach_vm_deallocate");
}

static void call_fault(size_t unused)
{
    static volatile unsigned char *memory;
    static unsigned next = PAGES;

    (void)unused;
    if (next == PAGES) {
        unmap(memory);
        memory = map_object(false);
        next = 0;
    }
    must(memory[next++ * PAGE] == 1, "a page");
}

static void call_copy_fault(size_t unused)
{
    static volatile unsigned char *memory, *original;
    static unsigned next = PAGES;

    (void)unused;
    if (original == NULL) { /* it stays in memory */
        original = map_object(false);
        for (unsigned i = 0; i < PAGES; i++)
            (void)original[i * PAGE];
    }
    if (next == PAGES) {
        unmap(memory);
        memory = map_object(true);
        next = 0;
    }
    memory[next++ * PAGE] = 2;
}

/* ---- the host's own ---------------------------------------------------------------------------------- */

static volatile unsigned char *region;
static int faults;

static void resolve(void)
{
    static unsigned char page[4096];
    struct uffd_msg message;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    page[0] = 1;
    while (read(faults, &message, sizeof message) == (ssize_t)sizeof message) {
        struct uffdio_copy copy = {.dst = message.arg.pagefault.address & ~(uint64_t)(PAGE - 1),
                                   .src = (uintptr_t)page,
                                   .len = PAGE};

        must(ioctl(faults, UFFDIO_COPY, &copy) == 0, "UFFDIO_COPY");
    }
    _exit(0);
}

static bool start_resolver(void)
{
    struct uffdio_api api = {.api = UFFD_API};

    faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
    if (faults < 0 || ioctl(faults, UFFDIO_API, &api) < 0)
        return false;
    region = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct uffdio_register range = {.range = {.start = (uintptr_t)region, .len = PAGES * PAGE},
                                    .mode = UFFDIO_REGISTER_MODE_MISSING};

    must(region != MAP_FAILED && ioctl(faults, UFFDIO_REGISTER, &range) == 0, "UFFDIO_REGISTER");
    if (fork() == 0)
        resolve();
    return true;
}

static void call_host_fault(size_t unused)
{
    static unsigned next;

    (void)unused;
    if (next == PAGES) {
        must(madvise((void *)(uintptr_t)region, PAGES * PAGE, MADV_DONTNEED) == 0, "madvise");
        next = 0;
    }
    must(region[next++ * PAGE] == 1, "a page");
}

static void call_host_copy_fault(size_t unused)
{
    static volatile unsigned char *memory;
    static unsigned next = PAGES;
    static pid_t child;

    (void)unused;
    if (memory == NULL) {
        memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        must(memory != MAP_FAILED, "mmap");
        for (unsigned i = 0; i < PAGES; i++)
            memory[i * PAGE] = 1;
    }
    if (next == PAGES) {
        if (child > 0) {
            kill(child, SIGKILL);
            waitpid(child, NULL, 0);
        }
        child = fork();
        must(child >= 0, "fork");
        if (child == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (;;)
                pause();
        }
        next = 0;
    }
    memory[next++ * PAGE] = 2;
}

static bool start_faults(void)
{
    static bool started;
    vm_address_t address = 0;

    if (started)
        return true;
    if (vm_allocate(mach_task_self(), &address, PAGE, VM_FLAGS_ANYWHERE | VM_FLAGS_PURGABLE) != KERN_SUCCESS)
        return false;
    must_mach(vm_deallocate(mach_task_self(), address, PAGE), "vm_deallocate");
    start_manager();
    return started = true;
}

const struct subject mach_fault = {"mach", start_faults, call_fault};
const struct subject mach_copy_fault = {"mach", start_faults, call_copy_fault};
const struct subject host_fault = {"uffd", start_resolver, call_host_fault};
const struct subject host_copy_fault = {"fork", NULL, call_host_copy_fault};
