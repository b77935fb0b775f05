/* SPDX-License-Identifier: BSD-2-Clause */
/* mach_memory.c - memory in messages, memory of one's own and of another's, and what the host has for that. */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "mach.h"
#include "must.h"
#include "subject.h"

/* ---- memory in a message ------------------------------------------------------------------------------ */

static void call_memory(size_t size)
{
    complex_message_t message = {.memory = {.address = source,
                                            .size = (mach_msg_size_t)size,
                                            .copy = MACH_MSG_VIRTUAL_COPY,
                                            .type = MACH_MSG_OOL_DESCRIPTOR}};

    mach_complex(&message, 44);
}

/* Sends memory that is made for that, and gives it away. */
static void give(size_t size, bool touched)
{
    vm_address_t memory = 0;

    must_mach(vm_allocate(mach_task_self(), &memory, size, VM_FLAGS_ANYWHERE), "vm_allocate");
    if (touched)
        dirty_pages((unsigned char *)memory, size);
    complex_message_t message = {.header = {.msgh_id = touched ? 0 : UNTOUCHED},
                                 .memory = {.address = (void *)memory,
                                            .size = (mach_msg_size_t)size,
                                            .deallocate = TRUE,
                                            .copy = MACH_MSG_VIRTUAL_COPY,
                                            .type = MACH_MSG_OOL_DESCRIPTOR}};

    mach_complex(&message, 44);
}

static void call_move(size_t size)
{
    give(size, false);
}

static void call_fill_move(size_t size)
{
    give(size, true);
}

/* ---- a memfd over a socket ---------------------------------------------------------------------------- */

static int memfd_ends[2];

struct memfd_message {
    size_t size;
    bool touched;
};

/* Sends a byte's worth of message with a descriptor, or takes one. */
static int pass_descriptor(int connection, struct memfd_message *message, int file, bool out)
{
    struct iovec bytes = {.iov_base = message, .iov_len = sizeof *message};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof file)];
    } control = {.header = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof file)}};
    struct msghdr envelope = {
        .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.room};

    if (out)
        memcpy(CMSG_DATA(&control.header), &file, sizeof file);
    if ((out ? sendmsg(connection, &envelope, MSG_NOSIGNAL) : recvmsg(connection, &envelope, 0)) <= 0)
        exit(EXIT_FAILURE);
    if (!out)
        memcpy(&file, CMSG_DATA(&control.header), sizeof file);
    return file;
}

static bool start_memfd(void)
{
    must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, memfd_ends) == 0, "socketpair");
    if (!in_child())
        return true;
    for (struct memfd_message message;;) {
        int file = pass_descriptor(memfd_ends[1], &message, -1, false);
        unsigned char *memory = mmap(NULL, message.size, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);

        if (message.touched)
            touch_pages(memory, message.size);
        munmap(memory, message.size);
        close(file);
        write_all(memfd_ends[1], "", 1);
    }
}

static void give_memfd(size_t size, bool touched)
{
    struct memfd_message message = {.size = size, .touched = touched};
    unsigned char answer;
    int file = memfd_create("machbench", MFD_CLOEXEC);

    must(file >= 0 && ftruncate(file, (off_t)size) == 0, "memfd_create");
    if (touched) {
        unsigned char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

        dirty_pages(memory, size);
        munmap(memory, size);
    }
    (void)pass_descriptor(memfd_ends[0], &message, file, true);
    close(file);
    read_all(memfd_ends[0], &answer, 1);
}

static void call_memfd(size_t size)
{
    give_memfd(size, false);
}

static void call_memfd_fill(size_t size)
{
    give_memfd(size, true);
}

/* ---- copies: shared memory that is copied out of, a pipe -------------------------------------------------- */

static unsigned char *shared; /* LARGEST bytes, which the server has at its place too */
static int copy_to[2], copy_from[2], pipe_to[2], pipe_from[2];

static bool start_copy(void)
{
    shared = mmap(NULL, LARGEST, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(shared != MAP_FAILED && pipe(copy_to) == 0 && pipe(copy_from) == 0, "mmap");
    if (!in_child())
        return true;
    unsigned char *own = mmap(NULL, LARGEST, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    for (size_t size;;) {
        read_all(copy_to[0], &size, sizeof size);
        memcpy(own, shared, size);
        write_all(copy_from[1], "", 1);
    }
}

static void call_copy(size_t size)
{
    char answer;

    dirty_pages(shared, size);
    write_all(copy_to[1], &size, sizeof size);
    read_all(copy_from[0], &answer, 1);
}

static bool start_pipe(void)
{
    must(pipe(pipe_to) == 0 && pipe(pipe_from) == 0, "pipe");
    if (!in_child())
        return true;
    unsigned char *own = mmap(NULL, LARGEST, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    for (size_t size;;) {
        read_all(pipe_to[0], &size, sizeof size);
        read_all(pipe_to[0], own, size);
        write_all(pipe_from[1], "", 1);
    }
}

static void call_pipe(size_t size)
{
    char answer;

    dirty_pages(source, size);
    write_all(pipe_to[1], &size, sizeof size);
    write_all(pipe_to[1], source, size);
    read_all(pipe_from[0], &answer, 1);
}

/* ---- memory of this process and of another ---------------------------------------------------------------------------------------- */

static pid_t neighbour; /* a process that has what `source` has, at the same place */
static mach_port_t neighbour_task;

static bool start_neighbour(void)
{
    if (neighbour > 0)
        return true;
    neighbour = fork();
    must(neighbour >= 0, "fork");
    if (neighbour == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        must_mach(mach_init(), "mach_init");
        for (;;)
            pause();
    }
    while (task_for_pid(mach_task_self(), neighbour, &neighbour_task) != KERN_SUCCESS)
        usleep(1000);
    return true;
}

static void call_mach_allocate(size_t size)
{
    vm_address_t memory = 0;

    must_mach(vm_allocate(mach_task_self(), &memory, size, VM_FLAGS_ANYWHERE), "vm_allocate");
    dirty_pages((unsigned char *)memory, size);
    must_mach(vm_deallocate(mach_task_self(), memory, size), "vm_deallocate");
}

static void call_host_allocate(size_t size)
{
    unsigned char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    must(memory != MAP_FAILED, "mmap");
    dirty_pages(memory, size);
    munmap(memory, size);
}

static void call_mach_read(size_t size)
{
    mach_msg_type_number_t count;
    vm_offset_t data;

    must_mach(vm_read(neighbour_task, (vm_address_t)source, size, &data, &count), "vm_read");
    must_mach(vm_deallocate(mach_task_self(), data, count), "vm_deallocate");
}

static void host_move(size_t size, bool out)
{
    unsigned char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const struct iovec here = {.iov_base = out ? source : memory, .iov_len = size};
    const struct iovec there = {.iov_base = source, .iov_len = size};
    const ssize_t moved = out ? process_vm_writev(neighbour, &here, 1, &there, 1, 0)
                              : process_vm_readv(neighbour, &here, 1, &there, 1, 0);

    must(moved == (ssize_t)size, "process_vm_readv");
    munmap(memory, size);
}

static void call_host_read(size_t size)
{
    host_move(size, false);
}

static void call_mach_write(size_t size)
{
    must_mach(vm_write(neighbour_task, (vm_address_t)source, (vm_offset_t)source, (mach_msg_type_number_t)size),
              "vm_write");
}

static void call_host_write(size_t size)
{
    host_move(size, true);
}

const struct subject mach_memory = {"mach", mach_start, call_memory};
const struct subject mach_move = {"mach", mach_start, call_move};
const struct subject mach_fill_move = {"mach", mach_start, call_fill_move};
const struct subject memfd_move = {"memfd", start_memfd, call_memfd};
const struct subject memfd_fill_move = {"memfd", NULL, call_memfd_fill};
const struct subject copy_fill_move = {"memcpy", start_copy, call_copy};
const struct subject pipe_fill_move = {"pipe", start_pipe, call_pipe};
const struct subject mach_allocate = {"mach", NULL, call_mach_allocate};
const struct subject host_allocate = {"mmap", NULL, call_host_allocate};
const struct subject mach_read = {"mach", start_neighbour, call_mach_read};
const struct subject host_read = {"readv", start_neighbour, call_host_read};
const struct subject mach_write = {"mach", start_neighbour, call_mach_write};
const struct subject host_write = {"writev", start_neighbour, call_host_write};
