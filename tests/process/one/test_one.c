/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_one.c - machsim and two of its clients as threads of one process, so that ThreadSanitizer sees all who share memory.
 *
 * It knows memory by its address, so what several of them map of one file is mapped once (--wrap).  All have the same
 * process number, by which machsim knows its clients; here a connection's own address says whose it is.
 */
#include "../../suite.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utlist.h>

#include "hal/hosted/channel.h"
#include "kern/task.h"
#include "one.h"

/* ---- whose connection it is --------------------------------------------------------------------------- */

#define NUMBERS (1 << 30) /* above those of processes */

static __thread unsigned client;

void one_is(unsigned number)
{
    client = number;
}

int __real_connect(int file, const struct sockaddr *address, socklen_t size);
int __wrap_connect(int file, const struct sockaddr *address, socklen_t size);
int __wrap_connect(int file, const struct sockaddr *address, socklen_t size)
{
    static _Atomic unsigned serial;
    struct sockaddr_un own = {.sun_family = AF_UNIX};
    const int length = snprintf(own.sun_path + 1, sizeof own.sun_path - 1, "machsim-one %u %u %d", client, serial++, getpid());

    if (bind(file, (struct sockaddr *)&own, (socklen_t)(sizeof own.sun_family + 1 + (size_t)length)) < 0 && errno != EINVAL)
        return -1; /* EINVAL: it has its address, and tries again */
    return __real_connect(file, address, size);
}

bool __real_os_peer(int connection, struct task_identity *identity);
bool __wrap_os_peer(int connection, struct task_identity *identity);
bool __wrap_os_peer(int connection, struct task_identity *identity)
{
    struct sockaddr_un peer = {.sun_family = AF_UNIX};
    socklen_t size = sizeof peer - 1;
    unsigned number;

    if (!__real_os_peer(connection, identity) || getpeername(connection, (struct sockaddr *)&peer, &size) < 0 ||
        sscanf(peer.sun_path + 1, "machsim-one %u", &number) != 1)
        return false;
    identity->pid = NUMBERS + (pid_t)number;
    return true;
}

pid_t __wrap_os_parent(pid_t process);
pid_t __wrap_os_parent(pid_t process)
{
    return process == NUMBERS + 2 ? NUMBERS + 1 : 0;
}

/* There is no bootstrap server: it would be a process. */
int __wrap_posix_spawn(pid_t *process, const char *path, const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attributes, char *const *arguments, char *const *environment);
int __wrap_posix_spawn(pid_t *process, const char *path, const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attributes, char *const *arguments, char *const *environment)
{
    (void)process, (void)path, (void)actions, (void)attributes, (void)arguments, (void)environment;
    return ENOENT;
}

/* ---- what is mapped ------------------------------------------------------------------------------------- */

struct mapping {
    dev_t device;
    ino_t inode;
    off_t offset;
    size_t size;
    void *memory;
    unsigned users;
    struct mapping *next;
};
static struct mapping *mappings;
static pthread_mutex_t mappings_lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic unsigned shared_mappings, shared_channels;

void *__real_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset);
int __real_munmap(void *address, size_t size);
void *__wrap_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset);
int __wrap_munmap(void *address, size_t size);

static struct mapping *find_mapping(const struct stat *status, off_t offset, size_t size)
{
    struct mapping *at;

    LL_FOREACH(mappings, at)
        if (at->device == status->st_dev && at->inode == status->st_ino && at->offset == offset && at->size == size)
            return at;
    return NULL;
}

/* The first to map a file is machsim, which may write. */
static void *map_once(const struct stat *status, size_t size, int protection, int flags, int file, off_t offset)
{
    struct mapping *mapping = find_mapping(status, offset, size);

    if (mapping != NULL) {
        mapping->users++;
        shared_mappings++;
        shared_channels += size == sizeof(struct channel_forward);
        return mapping->memory;
    }
    void *memory = __real_mmap(NULL, size, protection, flags, file, offset);

    if (memory == MAP_FAILED || (mapping = malloc(sizeof *mapping)) == NULL)
        return memory;
    *mapping = (struct mapping){status->st_dev, status->st_ino, offset, size, memory, 1, NULL};
    LL_PREPEND(mappings, mapping);
    return memory;
}

void *__wrap_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset)
{
    struct stat status;

    if (file < 0 || !(flags & MAP_SHARED) || (flags & MAP_FIXED) || fstat(file, &status) < 0)
        return __real_mmap(address, size, protection, flags, file, offset);
    pthread_mutex_lock(&mappings_lock);
    void *memory = map_once(&status, size, protection, flags, file, offset);

    pthread_mutex_unlock(&mappings_lock);
    return memory;
}

int __wrap_munmap(void *address, size_t size)
{
    struct mapping *at;
    bool last = true;

    pthread_mutex_lock(&mappings_lock);
    LL_FOREACH(mappings, at)
        if (at->memory == address && at->size == size)
            break;
    if (at != NULL && (last = --at->users == 0)) {
        LL_DELETE(mappings, at);
        free(at);
    }
    const int result = last ? __real_munmap(address, size) : 0;

    pthread_mutex_unlock(&mappings_lock);
    return result;
}

/* ---- the threads ------------------------------------------------------------------------------------------ */

static pthread_barrier_t meeting;
static char socket_path[64];
static int ready[2];

void one_meet(void)
{
    pthread_barrier_wait(&meeting);
}

void one_check(bool fine, int line, const char *what, int result)
{
    if (fine)
        return;
    fprintf(stderr, "client %u, line %d: %s: %#x\n", client, line, what, (unsigned)result);
    _exit(EXIT_FAILURE);
}

unsigned one_rounds(void)
{
    const char *rounds = getenv("ROUNDS");

    return rounds == NULL ? 1000 : (unsigned)atoi(rounds);
}

int machsim_main(int argc, char **argv);

static void *daemon_thread(void *status)
{
    char number[16];
    char *arguments[] = {"machsim", "--socket", socket_path, "--ready-fd", number, "--workers", "2", "--foreground", NULL};

    snprintf(number, sizeof number, "%d", ready[1]);
    *(int *)status = machsim_main(8, arguments);
    return NULL;
}

struct started {
    void (*program)(unsigned);
    unsigned number;
    pthread_t thread;
};

static void *client_thread(void *argument)
{
    struct started *started = argument;

    one_is(started->number);
    started->program(started->number);
    return NULL;
}

static void run(const char *direct)
{
    struct started clients[] = {{.program = client_one, .number = 1}, {.program = client_two, .number = 2}};
    pthread_t daemon;
    int status = -1;
    sigset_t all;
    char byte;

    snprintf(socket_path, sizeof socket_path, "/tmp/machsim-one-%d", getpid());
    setenv("MACH_DIRECT", direct, 1);
    setenv("MACH_BOOTSTRAP_SOCKET", socket_path, 1);
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL); /* machsim reads its signals from a descriptor */
    ck_assert_int_eq(pipe(ready), 0);
    ck_assert_int_eq(pthread_barrier_init(&meeting, NULL, 2), 0);
    ck_assert_int_eq(pthread_create(&daemon, NULL, daemon_thread, &status), 0);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&clients[i].thread, NULL, client_thread, &clients[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(clients[i].thread, NULL);
    kill(getpid(), SIGTERM);
    pthread_join(daemon, NULL);
    ck_assert_int_eq(status, EXIT_SUCCESS);
    ck_assert_uint_gt(shared_mappings, 0);
    ck_assert((shared_channels > 0) == (strcmp(direct, "0") != 0));
}

START_TEST(by_channels)
{
    run("1");
}
END_TEST

START_TEST(by_machsim)
{
    run("0");
}
END_TEST

START_TEST(by_either)
{
    run("random");
}
END_TEST

START_TEST(as_programs_do)
{
    run("auto");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("one process");

    add_test(suite, by_channels, NULL, NULL, 120);
    add_test(suite, by_machsim, NULL, NULL, 120);
    add_test(suite, by_either, NULL, NULL, 120);
    add_test(suite, as_programs_do, NULL, NULL, 120);
    return run_suite(suite);
}
