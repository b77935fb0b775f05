/* SPDX-License-Identifier: BSD-2-Clause */
/* test_process.c - life and death of hosted tasks: fork, threads, signals, SIGKILL, descriptors, the daemon's end. */
#include "../family.h"
#include "../suite.h"

#include <errno.h>
#include <fcntl.h>
#include <mach/mach.h>
#include <servers/bootstrap.h>
#include <stdatomic.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    mach_msg_header_t header;
    int number;
    unsigned char room[100];
} message_t;
#define SENT_SIZE ((mach_msg_size_t)offsetof(message_t, room))

static mach_msg_return_t send_number(mach_port_t to, int number)
{
    message_t message = {.header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), .msgh_remote_port = to},
                         .number = number};

    return mach_msg(&message.header, MACH_SEND_MSG, SENT_SIZE, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
}

static mach_msg_return_t receive_number(mach_port_t from, int *number, mach_msg_option_t option,
                                        mach_msg_timeout_t timeout)
{
    message_t message = {.number = -1};
    mach_msg_return_t result =
        mach_msg(&message.header, MACH_RCV_MSG | option, 0, sizeof message, from, timeout, MACH_PORT_NULL);

    *number = message.number;
    return result;
}

static double seconds_since(const struct timespec *start)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

/* ---- threads --------------------------------------------------------------------------------------- */

static mach_port_t race_port;
static _Atomic int race_round;
#define RACE_ROUNDS 4000

/* Sends a message each time as the receiver begins to wait. */
static void *race(void *unused)
{
    for (int i = 1; i <= RACE_ROUNDS; i++) {
        while (atomic_load(&race_round) < i)
            ;
        if (send_number(race_port, i) != MACH_MSG_SUCCESS)
            break;
    }
    return unused;
}

START_TEST(who_begins_to_wait_at_a_set_misses_no_message)
{
    mach_port_t set;
    pthread_t thread;

    race_port = new_port();
    ck_assert_int_eq(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET, &set), KERN_SUCCESS);
    ck_assert_int_eq(mach_port_move_member(mach_task_self(), race_port, set), KERN_SUCCESS);
    ck_assert_int_eq(pthread_create(&thread, NULL, race, NULL), 0);
    for (int i = 1; i <= RACE_ROUNDS; i++) {
        int number;

        atomic_store(&race_round, i);
        ck_assert_int_eq(receive_number(set, &number, MACH_RCV_TIMEOUT, 20000), MACH_MSG_SUCCESS);
        ck_assert_int_eq(number, i);
    }
    pthread_join(thread, NULL);
    ck_assert_int_eq(mach_port_destroy(mach_task_self(), race_port), KERN_SUCCESS);
    ck_assert_int_eq(mach_port_destroy(mach_task_self(), set), KERN_SUCCESS);
    atomic_store(&race_round, 0);
}
END_TEST

static void *echo(void *argument)
{
    mach_port_t port = *(mach_port_t *)argument;
    int number;

    while (receive_number(port, &number, 0, 0) == MACH_MSG_SUCCESS && number != 0)
        ;
    return NULL;
}

START_TEST(threads_send_to_each_other)
{
    mach_port_t port = new_port();
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, echo, &port);
    for (int i = 1; i < 2000; i++)
        ck_assert_int_eq(send_number(port, i), MACH_MSG_SUCCESS);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(send_number(port, 0), MACH_MSG_SUCCESS);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}
END_TEST

START_TEST(who_waits_for_long_more_than_once_takes_no_processor_time)
{
    mach_port_t port = new_port();
    double used[2];
    int number;

    for (int i = 0; i < 4; i++) { /* the first may take time for what is done once */
        struct timespec now;

        ck_assert_int_eq(receive_number(port, &number, MACH_RCV_TIMEOUT, 400), MACH_RCV_TIMED_OUT);
        ck_assert_int_eq(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), 0);
        used[i > 0] = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
    }
    ck_assert_double_lt(used[1] - used[0], 0.6);
}
END_TEST

static void *one_call(void *result)
{
    mach_port_urefs_t refs;

    *(kern_return_t *)result = mach_port_get_refs(mach_task_self(), mach_task_self(), MACH_PORT_RIGHT_SEND, &refs);
    return NULL;
}

START_TEST(threads_that_end_leave_nothing_behind)
{
    ipc_info_space_basic_t before, after;

    ck_assert_int_eq(mach_port_space_basic_info(mach_task_self(), &before), KERN_SUCCESS);
    for (int i = 0; i < 50; i++) {
        pthread_t thread;
        kern_return_t result = KERN_FAILURE;

        pthread_create(&thread, NULL, one_call, &result);
        pthread_join(thread, NULL);
        ck_assert_int_eq(result, KERN_SUCCESS);
    }
    ck_assert_int_eq(mach_port_space_basic_info(mach_task_self(), &after), KERN_SUCCESS);
    ck_assert_uint_eq(after.iisb_table_inuse, before.iisb_table_inuse);
}
END_TEST

/* ---- processes ------------------------------------------------------------------------------------- */

START_TEST(a_forked_child_is_a_new_task_with_its_parents_special_ports)
{
    mach_port_t port = new_port();
    int number = -1, status;

    publish(port);
    pid_t pid = fork();
    if (pid == 0) {
        mach_port_t own;
        mach_port_type_t type;

        /* The parent's names mean nothing here. */
        if (mach_port_type(mach_task_self(), port, &type) == KERN_SUCCESS && (type & MACH_PORT_TYPE_RECEIVE))
            _exit(1);
        if (task_get_special_port(mach_task_self(), TASK_BOOTSTRAP_PORT, &own) != KERN_SUCCESS || own != bootstrap_port)
            _exit(2);
        _exit(send_number(find(), 7) == MACH_MSG_SUCCESS ? 0 : 4);
    }
    ck_assert_int_eq(receive_number(port, &number, MACH_RCV_TIMEOUT, 5000), MACH_MSG_SUCCESS);
    ck_assert_int_eq(number, 7);
    waitpid(pid, &status, 0);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* The program that the test below runs: it makes its first call only when the kernel has seen the old one go. */
static int send_to_registered(void)
{
    usleep(200000);
    return send_number(find(), 7) == MACH_MSG_SUCCESS ? 0 : 1;
}

START_TEST(a_program_that_is_executed_has_the_special_ports_of_the_one_before)
{
    mach_port_t parents[2] = {new_port(), new_port()};
    int number = -1, status;

    ck_assert_int_eq(mach_ports_register(mach_task_self(), parents, 2), KERN_SUCCESS);
    pid_t pid = fork();

    if (pid == 0) {
        mach_port_array_t ports;
        mach_msg_type_number_t count;

        if (mach_ports_lookup(mach_task_self(), &ports, &count) != KERN_SUCCESS ||
            mach_ports_register(mach_task_self(), &ports[1], 1) != KERN_SUCCESS)
            _exit(2);
        execl("/proc/self/exe", "test_process", "--send-to-registered", (char *)NULL);
        _exit(3);
    }
    ck_assert_int_eq(receive_number(parents[1], &number, MACH_RCV_TIMEOUT, 20000), MACH_MSG_SUCCESS);
    ck_assert_int_eq(number, 7);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(two_hundred_tasks)
{
    enum { TASKS = 200 };
    mach_port_t port = new_port();
    int sum = 0, number, status;

    publish(port);
    for (int i = 0; i < TASKS; i++)
        if (fork() == 0)
            _exit(send_number(find(), i) == MACH_MSG_SUCCESS ? 0 : 1);
    for (int i = 0; i < TASKS; i++) {
        ck_assert_int_eq(receive_number(port, &number, MACH_RCV_TIMEOUT, 30000), MACH_MSG_SUCCESS);
        sum += number;
    }
    ck_assert_int_eq(sum, TASKS * (TASKS - 1) / 2);
    for (int i = 0; i < TASKS; i++) {
        wait(&status);
        ck_assert_int_eq(status, 0);
    }
}
END_TEST

START_TEST(a_hundred_thousand_ports)
{
    mach_port_t port;

    for (int i = 0; i < 100000; i++)
        ck_assert_int_eq(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port), KERN_SUCCESS);
    ck_assert_int_eq(mach_port_destroy(mach_task_self(), port), KERN_SUCCESS);
}
END_TEST

/* Sends rights, memory and itself until it is killed. */
static void hammer(void)
{
    mach_port_t to = find();
    static char memory[100000];

    for (;;) {
        mach_port_t port = MACH_PORT_NULL;
        struct {
            mach_msg_header_t header;
            mach_msg_body_t body;
            mach_msg_port_descriptor_t port;
            mach_msg_ool_descriptor_t memory;
        } message = {.body = {.msgh_descriptor_count = 2}};

        (void)mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port);
        message.header.msgh_bits =
            MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE) | MACH_MSGH_BITS_COMPLEX;
        message.header.msgh_remote_port = to;
        message.header.msgh_local_port = port;
        message.port = (mach_msg_port_descriptor_t){
            .name = port, .disposition = MACH_MSG_TYPE_MAKE_SEND, .type = MACH_MSG_PORT_DESCRIPTOR};
        message.memory = (mach_msg_ool_descriptor_t){
            .address = memory, .size = sizeof memory, .copy = MACH_MSG_VIRTUAL_COPY, .type = MACH_MSG_OOL_DESCRIPTOR};
        (void)mach_msg(&message.header, MACH_SEND_MSG, sizeof message, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
        (void)mach_port_destroy(mach_task_self(), port);
    }
}

START_TEST(clients_killed_at_any_moment_harm_no_one)
{
    mach_port_t port = new_port();
    unsigned seed = 1;

    publish(port);
    for (int round = 0; round < 60; round++) {
        pid_t pid = fork();
        struct {
            mach_msg_header_t header;
            unsigned char room[400];
        } message;

        if (pid == 0)
            hammer();
        usleep((useconds_t)(rand_r(&seed) % 8000));
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        while (mach_msg(&message.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof message, port, 0, MACH_PORT_NULL) ==
               MACH_MSG_SUCCESS)
            mach_msg_destroy(&message.header);
    }
    ck_assert_int_eq(send_number(port, 1), MACH_MSG_SUCCESS);
}
END_TEST

START_TEST(a_stopped_client_stops_no_one_else)
{
    mach_port_t port = new_port();

    publish(port);
    pid_t pid = fork();
    if (pid == 0)
        hammer();
    for (int round = 0; round < 10; round++) {
        struct {
            mach_msg_header_t header;
            unsigned char room[400];
        } message;

        usleep(2000);
        kill(pid, SIGSTOP);
        while (mach_msg(&message.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof message, port, 0, MACH_PORT_NULL) ==
               MACH_MSG_SUCCESS)
            mach_msg_destroy(&message.header);
        mach_port_t other = new_port();
        ck_assert_int_eq(mach_port_destroy(mach_task_self(), other), KERN_SUCCESS);
        kill(pid, SIGCONT);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}
END_TEST

/* ---- signals --------------------------------------------------------------------------------------- */

static volatile sig_atomic_t handled;
static mach_port_t handlers_port;

static void on_alarm(int signal)
{
    (void)signal;
    handled++;
    /* A handler may make calls of its own, though one is in progress. */
    if (handlers_port != MACH_PORT_NULL)
        (void)send_number(handlers_port, 99);
}

/* An alarm after a time, and if it is to be repeated more of them until the timer is deleted. */
static timer_t alarm_in(int milliseconds, bool repeated)
{
    struct sigaction action = {.sa_handler = on_alarm};
    const struct timespec time = {.tv_nsec = milliseconds * 1000000L};
    struct itimerspec when = {.it_value = time, .it_interval = repeated ? time : (struct timespec){0}};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    timer_t timer;

    handled = 0;
    sigaction(SIGALRM, &action, NULL);
    ck_assert_int_eq(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    timer_settime(timer, 0, &when, NULL);
    return timer;
}

START_TEST(a_signal_interrupts_those_who_ask_for_it)
{
    mach_port_t port = new_port();
    int number;

    for (int milliseconds = 10; milliseconds < 200; milliseconds += 140) {
        timer_t timer = alarm_in(milliseconds, true); /* the first may come before the call */

        ck_assert_int_eq(receive_number(port, &number, MACH_RCV_INTERRUPT, 0), MACH_RCV_INTERRUPTED);
        ck_assert_int_ge(handled, 1);
        timer_delete(timer);
    }
}
END_TEST

START_TEST(a_signal_does_not_interrupt_others)
{
    mach_port_t port = new_port();
    int number;

    alarm_in(20, false);
    ck_assert_int_eq(receive_number(port, &number, MACH_RCV_TIMEOUT, 300), MACH_RCV_TIMED_OUT);
    ck_assert_int_eq(handled, 1);
}
END_TEST

START_TEST(a_handler_may_send_to_the_call_that_it_interrupted)
{
    mach_port_t port = new_port();
    int number;

    handlers_port = port;
    alarm_in(20, false);
    ck_assert_int_eq(receive_number(port, &number, 0, 0), MACH_MSG_SUCCESS);
    ck_assert_int_eq(number, 99);
    handlers_port = MACH_PORT_NULL;
}
END_TEST

/* ---- descriptors ----------------------------------------------------------------------------------- */

START_TEST(a_port_in_an_epoll_loop)
{
    mach_port_t port = new_port();
    int file = mach_port_pollfd(port), loop = epoll_create1(0), number;
    struct epoll_event event = {.events = EPOLLIN};

    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(epoll_ctl(loop, EPOLL_CTL_ADD, file, &event), 0);
    ck_assert_int_eq(epoll_wait(loop, &event, 1, 0), 0);
    for (int round = 0; round < 3; round++) {
        ck_assert_int_eq(send_number(port, 1), MACH_MSG_SUCCESS);
        ck_assert_int_eq(send_number(port, 2), MACH_MSG_SUCCESS);
        ck_assert_int_eq(epoll_wait(loop, &event, 1, 1000), 1);
        ck_assert_int_eq(receive_number(port, &number, 0, 0), MACH_MSG_SUCCESS);
        ck_assert_int_eq(epoll_wait(loop, &event, 1, 0), 1);
        ck_assert_int_eq(receive_number(port, &number, 0, 0), MACH_MSG_SUCCESS);
        ck_assert_int_eq(epoll_wait(loop, &event, 1, 0), 0);
    }
    ck_assert_int_eq(mach_port_destroy(mach_task_self(), port), KERN_SUCCESS);
    ck_assert_int_eq(epoll_wait(loop, &event, 1, 1000), 1);
    ck_assert_int_eq(mach_port_pollfd(port), -1);
    ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(a_set_that_is_polled)
{
    mach_port_t port = new_port(), set;
    int number;

    ck_assert_int_eq(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET, &set), KERN_SUCCESS);
    struct pollfd at = {.fd = mach_port_pollfd(set), .events = POLLIN};
    ck_assert_int_ge(at.fd, 0);
    ck_assert_int_eq(send_number(port, 1), MACH_MSG_SUCCESS);
    ck_assert_int_eq(poll(&at, 1, 0), 0);
    ck_assert_int_eq(mach_port_insert_member(mach_task_self(), port, set), KERN_SUCCESS);
    ck_assert_int_eq(poll(&at, 1, 1000), 1);
    ck_assert_int_eq(receive_number(set, &number, 0, 0), MACH_MSG_SUCCESS);
    ck_assert_int_eq(poll(&at, 1, 0), 0);
}
END_TEST

START_TEST(a_descriptor_travels_as_a_port)
{
    mach_port_t port, once = new_port();
    int ends[2];
    char byte = 0;

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fileport_makeport(ends[1], &port), 0);
    close(ends[1]);
    int file = fileport_makefd(port);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq((int)write(file, "x", 1), 1);
    close(file);
    ck_assert_int_eq((int)read(ends[0], &byte, 1), 1);
    ck_assert_int_eq(byte, 'x');
    /* The open file lasts as long as the right. */
    ck_assert_int_eq(mach_port_deallocate(mach_task_self(), port), KERN_SUCCESS);
    ck_assert_int_eq((int)read(ends[0], &byte, 1), 0);
    ck_assert_int_eq(fileport_makefd(once), -1);
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_int_eq(fileport_makeport(-1, &port), -1);
    ck_assert_int_eq(errno, EBADF);
}
END_TEST

START_TEST(a_program_that_closes_everything_gets_errors)
{
    mach_port_t port = new_port();
    struct timespec start;
    int number;

    clock_gettime(CLOCK_MONOTONIC, &start);
    close_range(3, ~0u, 0);
    int file = open("/dev/null", O_RDWR);
    ck_assert_int_ne(receive_number(port, &number, MACH_RCV_TIMEOUT, 10000), MACH_MSG_SUCCESS);
    ck_assert_int_ne(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port), KERN_SUCCESS);
    ck_assert(seconds_since(&start) < 5);
    ck_assert_int_ge(fcntl(file, F_GETFD), 0); /* what the program opened itself is left alone */
}
END_TEST

/* ---- the daemon ------------------------------------------------------------------------------------ */

/* A daemon of the test's own. */
static pid_t start_daemon(char *path, size_t size)
{
    snprintf(path, size, "/tmp/machsim-test-%d", getpid());
    setenv("MACH_BOOTSTRAP_SOCKET", path, 1);
    pid_t pid = fork();
    if (pid == 0) {
        execl(getenv("MACHSIM"), "machsim", "--foreground", "--socket", path, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 1000 && access(path, F_OK) != 0; i++)
        usleep(10000);
    return pid;
}

START_TEST(calls_fail_soon_when_the_daemon_is_killed)
{
    char path[100];
    pid_t daemon = start_daemon(path, sizeof path);
    mach_port_t port = new_port();
    struct timespec start;
    int number;

    pid_t killer = fork();
    if (killer == 0) {
        usleep(200000);
        kill(daemon, SIGKILL);
        _exit(0);
    }
    clock_gettime(CLOCK_MONOTONIC, &start);
    ck_assert_int_eq(receive_number(port, &number, 0, 0), MACH_RCV_PORT_DIED);
    ck_assert(seconds_since(&start) < 3);
    ck_assert_int_eq(send_number(port, 1), MACH_SEND_INVALID_DEST);
    ck_assert_uint_eq(mach_reply_port(), MACH_PORT_NULL);
    waitpid(killer, NULL, 0);
    waitpid(daemon, NULL, 0);
    unlink(path);
    strcat(path, ".lock");
    unlink(path);
}
END_TEST

START_TEST(the_daemon_ends_cleanly_when_told_to)
{
    char path[100];
    pid_t daemon = start_daemon(path, sizeof path);
    int status;

    (void)new_port();
    kill(daemon, SIGTERM);
    ck_assert_int_eq(waitpid(daemon, &status, 0), daemon);
    ck_assert_int_eq(status, 0);
    ck_assert_int_ne(access(path, F_OK), 0);
    strcat(path, ".lock");
    unlink(path);
}
END_TEST

/* Stops a daemon and has it go on, at moments that differ: what it was about to do comes late, and in another order. */
static _Noreturn void stop_and_go(pid_t daemon)
{
    unsigned seed = 1;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (kill(daemon, SIGSTOP) == 0) {
        usleep((useconds_t)(rand_r(&seed) % 300));
        (void)kill(daemon, SIGCONT);
        usleep((useconds_t)(rand_r(&seed) % 1000));
    }
    _exit(0);
}

/* A trap that several workers look at is done once, and none is forgotten: each of these makes one more reference. */
START_TEST(a_daemon_that_stops_now_and_then_does_each_trap_once)
{
    const mach_port_urefs_t many = getenv("ROUNDS") != NULL ? 500 : 30000;
    char path[100];
    pid_t daemon = start_daemon(path, sizeof path);
    mach_port_t port = new_port();
    mach_port_urefs_t references;
    int status;

    pid_t disturber = fork();
    if (disturber == 0)
        stop_and_go(daemon);
    for (mach_port_urefs_t i = 1; i < many; i++)
        ck_assert_int_eq(mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND), KERN_SUCCESS);
    kill(disturber, SIGKILL);
    waitpid(disturber, NULL, 0);
    kill(daemon, SIGCONT);
    ck_assert_int_eq(mach_port_get_refs(mach_task_self(), port, MACH_PORT_RIGHT_SEND, &references), KERN_SUCCESS);
    ck_assert_uint_eq(references, many);
    kill(daemon, SIGTERM);
    ck_assert_int_eq(waitpid(daemon, &status, 0), daemon);
}
END_TEST

/* What a process of another user's finds out about its parent, and tells it; an exit status. */
static int visit(pid_t parent)
{
    mach_port_t task, found;

    if (setgid(65534) < 0 || setuid(65534) < 0)
        return 2;
    if (task_for_pid(mach_task_self(), parent, &task) != KERN_FAILURE ||
        task_name_for_pid(mach_task_self(), parent, &task) != KERN_FAILURE)
        return 3;
    if (bootstrap_look_up(bootstrap_port, "org.test.visit", &found) != KERN_SUCCESS)
        return 4;
    return send_number(found, getpid()) == MACH_MSG_SUCCESS ? 0 : 5;
}

START_TEST(users_are_kept_apart)
{
    struct {
        message_t message;
        mach_msg_max_trailer_t trailer;
    } visitor;
    char path[100];
    mach_port_t port, task;
    int status;

    if (geteuid() != 0)
        return; /* only root can be several users */
    pid_t daemon = start_daemon(path, sizeof path), parent = getpid();

    port = new_port();
    ck_assert_int_eq(bootstrap_register(bootstrap_port, "org.test.visit", port), KERN_SUCCESS);
    pid_t pid = fork();

    if (pid == 0)
        _exit(visit(parent));
    ck_assert_int_eq(mach_msg(&visitor.message.header,
                              MACH_RCV_MSG | MACH_RCV_TIMEOUT | MACH_RCV_TRAILER_ELEMENTS(MACH_RCV_TRAILER_AUDIT), 0,
                              sizeof visitor, port, 20000, MACH_PORT_NULL), MACH_MSG_SUCCESS);
    const mach_msg_audit_trailer_t *trailer =
        (const void *)((const char *)&visitor + round_msg(visitor.message.header.msgh_size));

    ck_assert_uint_eq(trailer->msgh_sender.val[0], 65534);
    ck_assert_uint_eq(trailer->msgh_audit.val[1], 65534);
    ck_assert_int_eq((pid_t)trailer->msgh_audit.val[5], visitor.message.number);
    ck_assert_int_eq(visitor.message.number, pid);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(task_for_pid(mach_task_self(), parent, &task), KERN_SUCCESS);
    kill(daemon, SIGTERM);
    ck_assert_int_eq(waitpid(daemon, &status, 0), daemon);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--send-to-registered") == 0)
        return send_to_registered();
    Suite *suite = suite_create("process");
    const TTest *const tests[] = {
        who_begins_to_wait_at_a_set_misses_no_message,
        threads_send_to_each_other,
        threads_that_end_leave_nothing_behind,
        who_waits_for_long_more_than_once_takes_no_processor_time,
        a_forked_child_is_a_new_task_with_its_parents_special_ports,
        a_program_that_is_executed_has_the_special_ports_of_the_one_before,
        two_hundred_tasks,
        a_hundred_thousand_ports,
        clients_killed_at_any_moment_harm_no_one,
        a_stopped_client_stops_no_one_else,
        a_signal_interrupts_those_who_ask_for_it,
        a_signal_does_not_interrupt_others,
        a_handler_may_send_to_the_call_that_it_interrupted,
        a_port_in_an_epoll_loop,
        a_set_that_is_polled,
        a_descriptor_travels_as_a_port,
        a_program_that_closes_everything_gets_errors,
        calls_fail_soon_when_the_daemon_is_killed,
        the_daemon_ends_cleanly_when_told_to,
        a_daemon_that_stops_now_and_then_does_each_trap_once,
        users_are_kept_apart,
    };

    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        add_test(suite, tests[i], NULL, NULL, 120);
    return run_suite(suite);
}
