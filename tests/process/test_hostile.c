/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_hostile.c - a client that speaks the wire protocol, and lies: rubbish in its area, areas that change while they
 * are read, wrong hellos, files that are not sealed.  The daemon and its other clients must not notice.
 */
#include "../suite.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <mach/mach.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "machsim/hal/hosted/wire.h"
#include "machsim/kern/trap.h"

static int task_connection, connection;
static struct wire_area *area;
static uint8_t *bells;
static struct wire_welcome welcome;

static int connect_raw(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int file = socket(AF_UNIX, SOCK_SEQPACKET, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", getenv("MACH_BOOTSTRAP_SOCKET"));
    ck_assert_int_eq(connect(file, (struct sockaddr *)&address, sizeof address), 0);
    return file;
}

/* Says hello, and takes the answer; false: the daemon hung up. */
static bool greet(int file, const void *hello, size_t size, int *files)
{
    struct iovec bytes = {.iov_base = &welcome, .iov_len = sizeof welcome};
    char control[CMSG_SPACE(2 * sizeof(int))];
    struct msghdr message = {
        .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};

    ck_assert_int_eq((int)send(file, hello, size, MSG_NOSIGNAL), (int)size);
    if (recvmsg(file, &message, 0) <= 0)
        return false;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header != NULL && files != NULL)
        memcpy(files, CMSG_DATA(header), 2 * sizeof(int));
    return true;
}

/* A task and a thread by hand. */
static void join(void)
{
    struct wire_hello hello = {.magic = WIRE_MAGIC, .version = WIRE_VERSION, .kind = WIRE_TASK};
    int files[2] = {-1, -1};

    ck_assert_int_eq(mach_init(), KERN_SUCCESS); /* the daemon runs */
    task_connection = connect_raw();
    ck_assert(greet(task_connection, &hello, sizeof hello, NULL) && welcome.error == 0);
    hello.kind = WIRE_THREAD;
    hello.task = welcome.task;
    connection = connect_raw();
    ck_assert(greet(connection, &hello, sizeof hello, files) && welcome.error == 0);
    area = mmap(NULL, WIRE_AREA_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, files[0], 0);
    bells = mmap(NULL, (size_t)welcome.workers * WIRE_BELL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, files[1], 0);
    ck_assert(area != MAP_FAILED && bells != MAP_FAILED);
    /* The daemon holds on to their sizes. */
    ck_assert_int_ne(ftruncate(files[0], 0), 0);
    ck_assert_int_ne(ftruncate(files[1], 0), 0);
}

static void ring(void)
{
    struct wire_bell *bell = (void *)bells;

    (void)wire_ring(bell, welcome.slot);
    syscall(SYS_futex, &bell->rings, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* Asks for the trap that is in the area, and waits for its end; without one the test runs out of time. */
static void ask_well(void)
{
    atomic_store(&area->state, WIRE_SLEEPING);
    ring();
    while (atomic_load(&area->state) == WIRE_SLEEPING)
        syscall(SYS_futex, &area->state, FUTEX_WAIT, WIRE_SLEEPING, NULL, NULL, 0);
    ck_assert_uint_eq(atomic_load(&area->state), WIRE_DONE);
}

/* The same, waiting a little: the trap may be one that does not end. */
static void ask(void)
{
    atomic_store(&area->state, WIRE_SLEEPING);
    ring();
    for (int i = 0; i < 100 && atomic_load(&area->state) == WIRE_SLEEPING; i++)
        syscall(SYS_futex, &area->state, FUTEX_WAIT, WIRE_SLEEPING, &(struct timespec){.tv_nsec = 100000}, NULL, 0);
    if (atomic_load(&area->state) == WIRE_SLEEPING) {
        atomic_store(&area->abort, 1);
        ring();
        usleep(1000);
    }
}

static uint64_t next_random;

static uint64_t rubbish(void)
{
    next_random = next_random * 6364136223846793005u + 1442695040888963407u;
    return next_random >> 17;
}

/* Others are served: the library's own task is another. */
static void daemon_serves(void)
{
    mach_port_t port;

    ck_assert_int_eq(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port), KERN_SUCCESS);
    ck_assert_int_eq(mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1), KERN_SUCCESS);
}

static const uint32_t traps[] = {TRAP_PORT_MOD_REFS, TRAP_REPLY_PORT,   TRAP_THREAD_SELF,  TRAP_TASK_SELF,
                                 TRAP_HOST_SELF,     TRAP_MACH_MSG,     TRAP_MACH_MSG_OVERWRITE,
                                 TRAP_TASK_FOR_PID,  TRAP_PID_FOR_TASK, WIRE_TRAP_POLL,    WIRE_TRAP_MAKE_FILEPORT,
                                 WIRE_TRAP_MAKE_FILE, WIRE_TRAP_SET_BOOTSTRAP, WIRE_TRAP_ARENA, WIRE_TRAP_PART,
                                 WIRE_TRAP_WATCH,    WIRE_TRAP_ENTRY,  WIRE_TRAP_AGENT,
                                 WIRE_TRAP_FAULT,    0,                0xffffffff};
static const uint32_t interfaces[] = {2000, 3200, 3400, 3800, 4800};
static const uint32_t names[] = {0, 0x103, 0x203, 0x303, 0x403, 0x503, 0xffffffff, 0x7777703};

static uint64_t some_name(void)
{
    return names[rubbish() % (sizeof names / sizeof *names)];
}

/* A trap with arguments that are nearly right, or not at all. */
static void lie(void)
{
    mach_msg_base_t *message = (void *)((uint8_t *)area + WIRE_DATA_OFFSET);
    const bool wild = rubbish() % 4 == 0;

    area->trap = traps[rubbish() % (sizeof traps / sizeof *traps)];
    for (int i = 0; i < WIRE_ARGUMENTS; i++)
        area->arguments[i] = wild ? rubbish() : some_name();
    area->arguments[1] = MACH_SEND_MSG | MACH_RCV_MSG | MACH_SEND_TIMEOUT | MACH_RCV_TIMEOUT | (rubbish() % 0x1000 & ~0x400u);
    area->arguments[2] = area->arguments[3] = rubbish() % 2000 * 4;
    area->arguments[5] = rubbish() % 3;
    area->in = (struct wire_stage){.size = rubbish() % (WIRE_AREA_SIZE * 2),
                                   .message_size = rubbish() % 20000,
                                   .memory_offset = rubbish() % 20000,
                                   .memory_count = (uint32_t)rubbish() % 20,
                                   .file = rubbish() % 10 == 0};
    if (wild)
        for (size_t i = 0; i < sizeof area->in / 8; i++)
            ((uint64_t *)(void *)&area->in)[i] = rubbish() % 3 == 0 ? UINT64_MAX : rubbish();
    for (size_t i = 0; i < 2000; i++)
        ((uint64_t *)(void *)message)[i] = rubbish() % 2 ? some_name() : rubbish();
    message->header.msgh_bits = MACH_MSGH_BITS(16 + rubbish() % 8, 16 + rubbish() % 8) | (rubbish() % 2 ? MACH_MSGH_BITS_COMPLEX : 0);
    message->header.msgh_remote_port = (mach_port_t)some_name();
    message->header.msgh_local_port = (mach_port_t)some_name();
    message->header.msgh_id = (mach_msg_id_t)(interfaces[rubbish() % 5] + rubbish() % 100);
    message->body.msgh_descriptor_count = (mach_msg_size_t)rubbish() % 4;
}

START_TEST(rubbish_in_the_area_harms_no_one)
{
    join();
    next_random = 1;
    for (int i = 0; i < 3000; i++) {
        lie();
        ask();
    }
    daemon_serves();
}
END_TEST

/* Another process that has the area too writes into it without end. */
static pid_t start_scribbling(void)
{
    pid_t pid = fork();
    uint64_t state = 7;

    while (pid == 0) {
        state = state * 6364136223846793005u + 1;
        ((volatile uint64_t *)(void *)area)[(state >> 33) % (6000 / 8)] = state;
    }
    return pid;
}

START_TEST(an_area_that_changes_while_it_is_read_harms_no_one)
{
    join();
    next_random = 5;
    pid_t pid = start_scribbling();
    for (int i = 0; i < 2000; i++) {
        lie();
        ask();
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    daemon_serves();
}
END_TEST

/* Sends a descriptor over the connection. */
static void send_descriptor(int file)
{
    struct iovec bytes = {.iov_base = "f", .iov_len = 1};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof file)];
    } control = {.header = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof file)}};
    struct msghdr message = {
        .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};

    memcpy(CMSG_DATA(&control.header), &file, sizeof file);
    ck_assert_int_eq((int)sendmsg(connection, &message, 0), 1);
}

START_TEST(a_file_that_is_not_sealed_is_refused)
{
    int file = memfd_create("lies", MFD_ALLOW_SEALING);

    join();
    ck_assert_int_eq(ftruncate(file, 1 << 20), 0);
    send_descriptor(file);
    memset(&area->in, 0, sizeof area->in);
    area->trap = TRAP_MACH_MSG;
    area->in = (struct wire_stage){.size = 1 << 20, .message_size = 1 << 20, .file = 1};
    ask_well();
    ck_assert_uint_eq(area->result, MACH_SEND_INVALID_DATA);
    daemon_serves();
}
END_TEST

/* The result of a trap with two arguments. */
static uint64_t ask_with(uint32_t trap, uint64_t first, uint64_t second)
{
    memset(&area->in, 0, sizeof area->in);
    area->trap = trap;
    area->arguments[0] = first;
    area->arguments[1] = second;
    ask_well();
    return area->result;
}

START_TEST(only_a_userfaultfd_brings_faults)
{
    int ends[2];

    join();
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_uint_eq(ask_with(WIRE_TRAP_PART, 4096, 4096), KERN_INVALID_ARGUMENT); /* there is no map yet */
    ck_assert_uint_eq(ask_with(WIRE_TRAP_WATCH, 4096, 4096), KERN_INVALID_ARGUMENT);
    ck_assert_uint_eq(ask_with(WIRE_TRAP_ARENA, 4096, 1 << 30), KERN_NOT_SUPPORTED);
    send_descriptor(ends[0]);
    ck_assert_uint_eq(ask_with(WIRE_TRAP_ARENA, 4096, 1 << 30), KERN_NOT_SUPPORTED);
    send_descriptor((int)syscall(SYS_userfaultfd, O_CLOEXEC | 1));
    ck_assert_uint_eq(ask_with(WIRE_TRAP_ARENA, 5, UINT64_MAX), KERN_RESOURCE_SHORTAGE);
    /* One that waits, so that a read of it would. */
    send_descriptor((int)syscall(SYS_userfaultfd, O_CLOEXEC | 1));
    ck_assert_uint_eq(ask_with(WIRE_TRAP_ARENA, 4096, 1 << 30), KERN_SUCCESS);
    send_descriptor((int)syscall(SYS_userfaultfd, O_CLOEXEC | 1));
    ck_assert_uint_eq(ask_with(WIRE_TRAP_ARENA, 4096, 1 << 30), KERN_FAILURE); /* once */
    ck_assert_uint_eq(ask_with(WIRE_TRAP_PART, 4096, 4096), KERN_INVALID_ADDRESS);
    ck_assert_uint_eq(ask_with(WIRE_TRAP_PART, 4096, UINT64_MAX), KERN_INVALID_ARGUMENT);
    ck_assert_uint_eq(ask_with(WIRE_TRAP_WATCH, 0, 4096), KERN_INVALID_ARGUMENT);
    ck_assert_uint_eq(ask_with(WIRE_TRAP_WATCH, 4096, UINT64_MAX - 8191), KERN_INVALID_ARGUMENT);
    ck_assert_uint_eq(ask_with(WIRE_TRAP_WATCH, 4096, 4096), KERN_FAILURE); /* nothing is mapped there */
    for (int i = 0; i < 2000; i++) { /* and with a map, rubbish */
        lie();
        ask();
    }
    daemon_serves();
}
END_TEST

START_TEST(whoever_tells_of_faults_gets_what_it_maps_and_no_more)
{
    int ends[2];

    join();
    ck_assert_int_eq(pipe(ends), 0);
    area->arguments[2] = 77;
    send_descriptor(ends[0]);
    ck_assert_uint_eq(ask_with(WIRE_TRAP_ARENA, 4096, 1 << 30), KERN_NOT_SUPPORTED); /* there is no such kind */
    ck_assert_uint_eq(ask_with(WIRE_TRAP_FAULT, 4096, 1), KERN_INVALID_ADDRESS);
    area->arguments[2] = WIRE_FAULTS_SIGNALS;
    send_descriptor(ends[0]);
    ck_assert_uint_eq(ask_with(WIRE_TRAP_ARENA, 4096, 1 << 30), KERN_SUCCESS);
    ck_assert_uint_eq(ask_with(WIRE_TRAP_FAULT, 4096, 1), KERN_INVALID_ADDRESS); /* nothing is mapped there */
    ck_assert_uint_eq(ask_with(WIRE_TRAP_FAULT, UINT64_MAX, 7), KERN_INVALID_ADDRESS);
    for (int i = 0; i < 2000; i++) {
        lie();
        ask();
    }
    daemon_serves();
}
END_TEST

/* How long the daemon's first thread has run, in nanoseconds. */
static uint64_t porter_time(void)
{
    struct ucred daemon;
    socklen_t size = sizeof daemon;
    char path[64];
    unsigned long long time = 0;

    ck_assert_int_eq(getsockopt(task_connection, SOL_SOCKET, SO_PEERCRED, &daemon, &size), 0);
    snprintf(path, sizeof path, "/proc/%d/task/%d/schedstat", (int)daemon.pid, (int)daemon.pid);
    FILE *file = fopen(path, "r");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%llu", &time), 1);
    fclose(file);
    return time;
}

START_TEST(what_no_one_reads_from_a_connection_keeps_no_one_busy)
{
    join();
    ck_assert_int_eq((int)send(connection, "f", 1, MSG_NOSIGNAL), 1);
    const uint64_t before = porter_time();

    usleep(500000);
    ck_assert_uint_lt(porter_time() - before, 200000000);
    daemon_serves();
}
END_TEST

START_TEST(wrong_hellos_are_turned_away)
{
    struct wire_hello hello = {.magic = WIRE_MAGIC + 1, .version = WIRE_VERSION, .kind = WIRE_TASK};

    ck_assert_int_eq(mach_init(), KERN_SUCCESS);
    ck_assert(greet(connect_raw(), &hello, sizeof hello, NULL) && welcome.error == EPROTO);
    hello.magic = WIRE_MAGIC;
    hello.version = 99;
    ck_assert(greet(connect_raw(), &hello, sizeof hello, NULL) && welcome.error == EPROTO);
    hello.version = WIRE_VERSION;
    hello.kind = 99;
    ck_assert(greet(connect_raw(), &hello, sizeof hello, NULL) && welcome.error == EPROTO);
    hello.kind = WIRE_THREAD;
    hello.task = 123456789; /* of another process, or of none */
    ck_assert(greet(connect_raw(), &hello, sizeof hello, NULL) && welcome.error == ESRCH);
    ck_assert(greet(connect_raw(), "x", 1, NULL) && welcome.error == EPROTO);
    daemon_serves();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hostile clients");
    const TTest *const tests[] = {
        rubbish_in_the_area_harms_no_one,
        an_area_that_changes_while_it_is_read_harms_no_one,
        a_file_that_is_not_sealed_is_refused,
        only_a_userfaultfd_brings_faults,
        whoever_tells_of_faults_gets_what_it_maps_and_no_more,
        what_no_one_reads_from_a_connection_keeps_no_one_busy,
        wrong_hellos_are_turned_away,
    };

    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        add_test(suite, tests[i], NULL, NULL, 120);
    return run_suite(suite);
}
