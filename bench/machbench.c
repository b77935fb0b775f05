/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machbench.c - what Mach calls cost, beside plain shared memory with a futex and an AF_UNIX socket.
 *
 * All subjects of a case are measured in turns, round after round, in one run: the machine's moods hit them alike.
 * The yardstick is a 64-byte ping-pong between two processes over shared memory with FUTEX_WAIT and FUTEX_WAKE.
 */
#include <argp.h>
#include <errno.h>
#include <linux/futex.h>
#include <mach/mach.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "faults.h"
#include "must.h"

#define MAX_ROUNDS 51
#define MIB (1024u * 1024)
#define LARGEST (256 * MIB)

static unsigned rounds = 9, milliseconds = 20;
static bool tsv, two_processors;
static const char *only;

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void pin(unsigned processor)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    sched_setaffinity(0, sizeof set, &set);
}

/* A child that serves until its parent has gone. */
static bool in_child(void)
{
    pid_t pid = fork();

    must(pid >= 0, "fork");
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (two_processors)
            pin(1);
    }
    return pid == 0;
}

static void touch(const unsigned char *memory, size_t size)
{
    for (size_t i = 0; i < size; i += 4096)
        (void)*(const volatile unsigned char *)&memory[i];
}

/* ---- shared memory and a futex --------------------------------------------------------------------- */

struct shared {
    _Atomic uint32_t turn; /* 0: the client's; 1: the server's */
    size_t size;
    unsigned char bytes[LARGEST];
};

static struct shared *shared;
static unsigned char *source;

static void pass(uint32_t turn)
{
    atomic_store(&shared->turn, turn);
    syscall(SYS_futex, &shared->turn, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void wait_for(uint32_t turn)
{
    while (atomic_load(&shared->turn) != turn)
        syscall(SYS_futex, &shared->turn, FUTEX_WAIT, !turn, NULL, NULL, 0);
}

static void futex_start(void)
{
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(shared != MAP_FAILED, "mmap");
    if (!in_child())
        return;
    for (;;) {
        wait_for(1);
        if (shared->size > 65536)
            touch(shared->bytes, shared->size);
        pass(0);
    }
}

static void futex_call(size_t size)
{
    shared->size = size;
    memcpy(shared->bytes, source, size);
    pass(1);
    wait_for(0);
}

/* ---- a socket -------------------------------------------------------------------------------------- */

static int socket_ends[2];

static void transfer(int file, unsigned char *bytes, size_t size, bool out)
{
    for (ssize_t done; size > 0; size -= (size_t)done, bytes += done) {
        done = out ? send(file, bytes, size, MSG_NOSIGNAL) : recv(file, bytes, size, 0);
        if (done <= 0)
            exit(EXIT_FAILURE);
    }
}

static void socket_start(void)
{
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, socket_ends) == 0, "socketpair");
    if (!in_child())
        return;
    unsigned char *bytes = mmap(NULL, LARGEST, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    for (size_t size;;) {
        transfer(socket_ends[1], (unsigned char *)&size, sizeof size, false);
        transfer(socket_ends[1], bytes, size, false);
        transfer(socket_ends[1], bytes, size > 65536 ? 1 : size + 1, true);
    }
}

static void socket_call(size_t size)
{
    unsigned char answer[65537];

    transfer(socket_ends[0], (unsigned char *)&size, sizeof size, true);
    transfer(socket_ends[0], source, size, true);
    transfer(socket_ends[0], answer, size > 65536 ? 1 : size + 1, false);
}

/* ---- Mach ------------------------------------------------------------------------------------------ */

typedef struct {
    mach_msg_header_t header;
    unsigned char bytes[65536];
    unsigned char room[128];
} inline_message_t;

typedef struct {
    mach_msg_header_t header;
    mach_msg_body_t body;
    union {
        mach_msg_ool_descriptor_t memory;
        mach_msg_port_descriptor_t port;
    };
    unsigned char room[128];
} complex_message_t;

#define UNTOUCHED 1 /* msgh_id: the receiver does not look at the memory */

static mach_port_t process_server, thread_server, own_port, reply_port;

static mach_port_t new_port(void)
{
    mach_port_t port;

    must_mach(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port), "mach_port_allocate");
    must_mach(mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND), "mach_port_insert_right");
    return port;
}

/* Lets go of what a message carries, once its memory has been looked at. */
static void take_apart(complex_message_t *message)
{
    if (message->memory.type == MACH_MSG_OOL_DESCRIPTOR) {
        if (message->header.msgh_id != UNTOUCHED)
            touch(message->memory.address, message->memory.size);
        (void)vm_deallocate(mach_task_self(), (vm_address_t)message->memory.address, message->memory.size);
    } else {
        (void)mach_port_deallocate(mach_task_self(), message->port.name);
    }
}

/* Answers each message with its own bytes, or with a header alone if it carried something. */
static void *serve(void *argument)
{
    const mach_port_t port = *(mach_port_t *)argument;
    inline_message_t *message = malloc(sizeof *message);
    mach_msg_option_t option = MACH_RCV_MSG;
    mach_msg_size_t size = 0;

    while (mach_msg(&message->header, option, size, sizeof *message, port, 0, MACH_PORT_NULL) == MACH_MSG_SUCCESS) {
        size = message->header.msgh_size;
        if (message->header.msgh_bits & MACH_MSGH_BITS_COMPLEX) {
            take_apart((complex_message_t *)(void *)message);
            size = sizeof message->header;
        }
        option = MACH_SEND_MSG | MACH_RCV_MSG;
        message->header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0);
        message->header.msgh_local_port = MACH_PORT_NULL;
    }
    free(message);
    return NULL;
}

/* A server in another process sends its port to one that its parent has registered. */
static void mach_start_process(void)
{
    complex_message_t message;

    must_mach(mach_ports_register(mach_task_self(), &own_port, 1), "mach_ports_register");
    if (in_child()) {
        mach_port_array_t ports;
        mach_msg_type_number_t count;

        must_mach(mach_ports_lookup(mach_task_self(), &ports, &count), "mach_ports_lookup");
        mach_port_t port = new_port();

        message = (complex_message_t){
            .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) | MACH_MSGH_BITS_COMPLEX,
                       .msgh_remote_port = ports[0]},
            .body = {.msgh_descriptor_count = 1},
            .port = {.name = port, .disposition = MACH_MSG_TYPE_MAKE_SEND, .type = MACH_MSG_PORT_DESCRIPTOR},
        };
        must_mach(mach_msg(&message.header, MACH_SEND_MSG, 40, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL), "mach_msg");
        serve(&port);
        _exit(EXIT_SUCCESS);
    }
    must_mach(mach_msg(&message.header, MACH_RCV_MSG, 0, sizeof message, own_port, 0, MACH_PORT_NULL), "mach_msg");
    process_server = message.port.name;
}

static void mach_start(void)
{
    pthread_t thread;

    must_mach(mach_init(), "mach_init");
    own_port = new_port();
    reply_port = mach_reply_port();
    thread_server = new_port();
    mach_start_process();
    must(pthread_create(&thread, NULL, serve, &thread_server) == 0, "pthread_create");
}

static void mach_trap(size_t size)
{
    mach_port_urefs_t refs;

    (void)size;
    must_mach(mach_port_get_refs(mach_task_self(), own_port, MACH_PORT_RIGHT_SEND, &refs), "mach_port_get_refs");
}

static void mach_self(size_t size)
{
    static inline_message_t message;

    message.header = (mach_msg_header_t){.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0),
                                         .msgh_remote_port = own_port};
    must_mach(mach_msg(&message.header, MACH_SEND_MSG | MACH_RCV_MSG, (mach_msg_size_t)(sizeof message.header + size),
                       sizeof message, own_port, 0, MACH_PORT_NULL),
              "mach_msg");
}

static void mach_rpc(mach_port_t server, size_t size)
{
    static inline_message_t message;

    memcpy(message.bytes, source, size);
    message.header =
        (mach_msg_header_t){.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE),
                            .msgh_remote_port = server,
                            .msgh_local_port = reply_port};
    must_mach(mach_msg(&message.header, MACH_SEND_MSG | MACH_RCV_MSG, (mach_msg_size_t)(sizeof message.header + size),
                       sizeof message, reply_port, 0, MACH_PORT_NULL),
              "mach_msg");
}

static void mach_rpc_thread(size_t size)
{
    mach_rpc(thread_server, size);
}

static void mach_rpc_process(size_t size)
{
    mach_rpc(process_server, size);
}

static void mach_complex(complex_message_t *message, mach_msg_size_t size)
{
    message->header =
        (mach_msg_header_t){.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE) |
                                         MACH_MSGH_BITS_COMPLEX,
                            .msgh_remote_port = process_server,
                            .msgh_local_port = reply_port,
                            .msgh_id = message->header.msgh_id};
    message->body.msgh_descriptor_count = 1;
    must_mach(mach_msg(&message->header, MACH_SEND_MSG | MACH_RCV_MSG, size, sizeof *message, reply_port, 0,
                       MACH_PORT_NULL),
              "mach_msg");
}

static void mach_right(size_t size)
{
    complex_message_t message = {
        .port = {.name = own_port, .disposition = MACH_MSG_TYPE_MAKE_SEND, .type = MACH_MSG_PORT_DESCRIPTOR}};

    (void)size;
    mach_complex(&message, 40);
}

static void mach_memory(size_t size)
{
    complex_message_t message = {.memory = {.address = source,
                                            .size = (mach_msg_size_t)size,
                                            .copy = MACH_MSG_VIRTUAL_COPY,
                                            .type = MACH_MSG_OOL_DESCRIPTOR}};

    mach_complex(&message, 44);
}

/* ---- memory that moves ----------------------------------------------------------------------------- */

static int memfd_ends[2];

static void dirty(unsigned char *memory, size_t size)
{
    for (size_t i = 0; i < size; i += 4096)
        memory[i] = 1;
}

/* Sends memory that is made for that, and gives it away. */
static void mach_give(size_t size, bool touched)
{
    vm_address_t memory = 0;

    must_mach(vm_allocate(mach_task_self(), &memory, size, VM_FLAGS_ANYWHERE), "vm_allocate");
    if (touched)
        dirty((unsigned char *)memory, size);
    complex_message_t message = {.header = {.msgh_id = touched ? 0 : UNTOUCHED},
                                 .memory = {.address = (void *)memory,
                                            .size = (mach_msg_size_t)size,
                                            .deallocate = TRUE,
                                            .copy = MACH_MSG_VIRTUAL_COPY,
                                            .type = MACH_MSG_OOL_DESCRIPTOR}};

    mach_complex(&message, 44);
}

static void mach_move(size_t size)
{
    mach_give(size, false);
}

static void mach_fill_move(size_t size)
{
    mach_give(size, true);
}

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

static void memfd_start(void)
{
    must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, memfd_ends) == 0, "socketpair");
    if (!in_child())
        return;
    for (struct memfd_message message;;) {
        int file = pass_descriptor(memfd_ends[1], &message, -1, false);
        unsigned char *memory = mmap(NULL, message.size, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);

        if (message.touched)
            touch(memory, message.size);
        munmap(memory, message.size);
        close(file);
        transfer(memfd_ends[1], (unsigned char *)"", 1, true);
    }
}

static void memfd_give(size_t size, bool touched)
{
    struct memfd_message message = {.size = size, .touched = touched};
    unsigned char answer;
    int file = memfd_create("machbench", MFD_CLOEXEC);

    must(file >= 0 && ftruncate(file, (off_t)size) == 0, "memfd_create");
    if (touched) {
        unsigned char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

        dirty(memory, size);
        munmap(memory, size);
    }
    (void)pass_descriptor(memfd_ends[0], &message, file, true);
    close(file);
    transfer(memfd_ends[0], &answer, 1, false);
}

static void memfd_move(size_t size)
{
    memfd_give(size, false);
}

static void memfd_fill_move(size_t size)
{
    memfd_give(size, true);
}

/* ---- memory ---------------------------------------------------------------------------------------- */

static pid_t neighbour; /* a process that has what `source` has, at the same place */
static mach_port_t neighbour_task;

static void neighbour_start(void)
{
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
}

static void mach_allocate(size_t size)
{
    vm_address_t memory = 0;

    must_mach(vm_allocate(mach_task_self(), &memory, size, VM_FLAGS_ANYWHERE), "vm_allocate");
    dirty((unsigned char *)memory, size);
    must_mach(vm_deallocate(mach_task_self(), memory, size), "vm_deallocate");
}

static void host_allocate(size_t size)
{
    unsigned char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    must(memory != MAP_FAILED, "mmap");
    dirty(memory, size);
    munmap(memory, size);
}

static void mach_read(size_t size)
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

static void host_read(size_t size)
{
    host_move(size, false);
}

static void mach_write(size_t size)
{
    must_mach(vm_write(neighbour_task, (vm_address_t)source, (vm_offset_t)source, (mach_msg_type_number_t)size),
              "vm_write");
}

static void host_write(size_t size)
{
    host_move(size, true);
}

/* ---- cases ----------------------------------------------------------------------------------------- */

struct subject {
    const char *name;
    void (*call)(size_t size);
    double samples[MAX_ROUNDS];
};

struct bench_case {
    const char *name;
    size_t size;
    struct subject subjects[3];
};

#define PEERS {"futex", futex_call, {0}}, {"socket", socket_call, {0}}
static struct bench_case cases[] = {
    {"trap", 0, {{"mach", mach_trap, {0}}, PEERS}},
    {"self-64", 64, {{"mach", mach_self, {0}}, PEERS}},
    {"thread-rpc-0", 0, {{"mach", mach_rpc_thread, {0}}, PEERS}},
    {"thread-rpc-64", 64, {{"mach", mach_rpc_thread, {0}}, PEERS}},
    {"thread-rpc-1K", 1024, {{"mach", mach_rpc_thread, {0}}, PEERS}},
    {"thread-rpc-4K", 4096, {{"mach", mach_rpc_thread, {0}}, PEERS}},
    {"thread-rpc-32K", 32768, {{"mach", mach_rpc_thread, {0}}, PEERS}},
    {"rpc-0", 0, {{"mach", mach_rpc_process, {0}}, PEERS}},
    {"rpc-64", 64, {{"mach", mach_rpc_process, {0}}, PEERS}},
    {"rpc-1K", 1024, {{"mach", mach_rpc_process, {0}}, PEERS}},
    {"rpc-4K", 4096, {{"mach", mach_rpc_process, {0}}, PEERS}},
    {"rpc-32K", 32768, {{"mach", mach_rpc_process, {0}}, PEERS}},
    {"right", 0, {{"mach", mach_right, {0}}, PEERS}},
    {"memory-1M", MIB, {{"mach", mach_memory, {0}}, PEERS}},
    {"memory-16M", 16 * MIB, {{"mach", mach_memory, {0}}, PEERS}},
    {"memory-256M", LARGEST, {{"mach", mach_memory, {0}}, PEERS}},
    {"move-1M", MIB, {{"mach", mach_move, {0}}, {"memfd", memfd_move, {0}}}},
    {"move-16M", 16 * MIB, {{"mach", mach_move, {0}}, {"memfd", memfd_move, {0}}}},
    {"move-256M", LARGEST, {{"mach", mach_move, {0}}, {"memfd", memfd_move, {0}}}},
    {"fill-move-1M", MIB, {{"mach", mach_fill_move, {0}}, {"memfd", memfd_fill_move, {0}}}},
    {"fill-move-16M", 16 * MIB, {{"mach", mach_fill_move, {0}}, {"memfd", memfd_fill_move, {0}}}},
    {"fill-move-256M", LARGEST, {{"mach", mach_fill_move, {0}}, {"memfd", memfd_fill_move, {0}}}},
    {"allocate-4K", 4096, {{"mach", mach_allocate, {0}}, {"mmap", host_allocate, {0}}}},
    {"allocate-4M", 4 * MIB, {{"mach", mach_allocate, {0}}, {"mmap", host_allocate, {0}}}},
    {"fault", 0, {{"mach", mach_fault, {0}}, {"uffd", host_fault, {0}}}},
    {"copy-fault", 0, {{"mach", mach_copy_fault, {0}}, {"fork", host_copy_fault, {0}}}},
    {"vm-read-4K", 4096, {{"mach", mach_read, {0}}, {"readv", host_read, {0}}}},
    {"vm-read-1M", MIB, {{"mach", mach_read, {0}}, {"readv", host_read, {0}}}},
    {"vm-read-64M", 64 * MIB, {{"mach", mach_read, {0}}, {"readv", host_read, {0}}}},
    {"vm-write-4K", 4096, {{"mach", mach_write, {0}}, {"writev", host_write, {0}}}},
    {"vm-write-1M", MIB, {{"mach", mach_write, {0}}, {"writev", host_write, {0}}}},
    {"vm-write-64M", 64 * MIB, {{"mach", mach_write, {0}}, {"writev", host_write, {0}}}},
};
#define CASES (sizeof cases / sizeof *cases)

/* Nanoseconds of one call, over as many as take the time of a sample. */
static double sample(const struct subject *subject, size_t size)
{
    const double start = now();
    unsigned count = 0;

    do {
        for (int i = 0; i < (size > 65536 ? 1 : 50); i++, count++)
            subject->call(size);
    } while (now() - start < milliseconds * 1e6);
    return (now() - start) / count;
}

static int compare(const void *one, const void *other)
{
    const double a = *(const double *)one, b = *(const double *)other;

    return (a > b) - (a < b);
}

static bool without_faults;

static bool chosen(const struct bench_case *c)
{
    if (without_faults && strstr(c->name, "fault") != NULL)
        return false;
    return only == NULL || strncmp(c->name, only, strlen(only)) == 0;
}

static void measure(void)
{
    for (unsigned round = 0; round < rounds; round++) {
        if (!tsv)
            fprintf(stderr, "\rround %u of %u", round + 1, rounds);
        for (size_t i = 0; i < CASES; i++)
            for (size_t j = 0; j < 3 && cases[i].subjects[j].call != NULL; j++)
                if (chosen(&cases[i]) || (strcmp(cases[i].name, "rpc-64") == 0 && j == 1))
                    cases[i].subjects[j].samples[round] = sample(&cases[i].subjects[j], cases[i].size);
    }
    if (!tsv)
        fprintf(stderr, "\r                    \r");
}

static double median(struct subject *subject)
{
    qsort(subject->samples, rounds, sizeof *subject->samples, compare);
    return subject->samples[rounds / 2];
}

static void report(void)
{
    double yardstick = 0;

    for (size_t i = 0; i < CASES; i++)
        if (strcmp(cases[i].name, "rpc-64") == 0)
            yardstick = median(&cases[i].subjects[1]);
    printf(tsv ? "case\tsubject\tmedian_ns\tmin_ns\tmax_ns\tratio_to_yardstick\n"
               : "case           subject     median ns       min ns       max ns   ratio\n");
    for (size_t i = 0; i < CASES; i++)
        for (size_t j = 0; j < 3 && cases[i].subjects[j].call != NULL; j++) {
            struct subject *subject = &cases[i].subjects[j];
            const double middle = median(subject);

            if (chosen(&cases[i]))
                printf(tsv ? "%s\t%s\t%.0f\t%.0f\t%.0f\t%.2f\n" : "%-14s %-8s %12.0f %12.0f %12.0f %7.2f\n",
                       cases[i].name, subject->name, middle, subject->samples[0], subject->samples[rounds - 1],
                       middle / yardstick);
        }
}

/* ---- options --------------------------------------------------------------------------------------- */

const char *argp_program_version = "machbench, of machsim";

static error_t parse(int key, char *text, struct argp_state *state)
{
    switch (key) {
    case 't': tsv = true; break;
    case '2': two_processors = true; break;
    case 'c': only = text; break;
    case 'r': rounds = (unsigned)atoi(text); break;
    case 'm': milliseconds = (unsigned)atoi(text); break;
    default: return ARGP_ERR_UNKNOWN;
    }
    if (rounds < 1 || rounds > MAX_ROUNDS || milliseconds < 1)
        argp_error(state, "rounds are 1 to %d, milliseconds at least 1", MAX_ROUNDS);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"tsv", 't', NULL, 0, "Print a table for programs", 0},
        {"case", 'c', "NAME", 0, "Only cases whose names begin so", 0},
        {"rounds", 'r', "N", 0, "Measure each N times, in turns [9]", 0},
        {"time", 'm', "MS", 0, "Milliseconds of each measurement [20]", 0},
        {"two", '2', NULL, 0, "Client and server on two processors, not on one", 0},
        {NULL, 0, NULL, 0, NULL, 0},
    };
    static const struct argp argp = {
        options, parse, NULL, "Measures Mach calls beside a futex over shared memory and an AF_UNIX socket.", NULL, NULL,
        NULL};

    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    must_mach(mach_init(), "mach_init"); /* before it is pinned: the daemon has all processors */
    pin(0);
    source = mmap(NULL, LARGEST, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must(source != MAP_FAILED, "mmap");
    memset(source, 1, LARGEST);
    futex_start();
    socket_start();
    memfd_start();
    mach_start();
    neighbour_start();
    without_faults = !faults_start();
    if (without_faults)
        fprintf(stderr, "machbench: no faults are measured: the host lets no process serve another's\n");
    measure();
    report();
    return EXIT_SUCCESS;
}
