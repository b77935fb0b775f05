/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * connect.c - how a process and its threads come to machsim: a connection for the task, one for each thread.
 *
 * What is here belongs to one process: after fork the child forgets all of it and, at its first call, is a new task.
 * `lock` guards the process's part; a thread's rings are its own, but for their list.
 */
#include "ring.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "config.h"

/* A trap in progress, one in a signal handler during it, one in a handler during that ... */
#define LEVELS 4

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static LIST_HEAD(, ring) rings = LIST_HEAD_INITIALIZER(rings);
static int task_connection = -1;
static uint64_t task_number;
static uint8_t *_Atomic bells; /* of all workers, each WIRE_BELL_SIZE */
static unsigned workers;
static pthread_key_t thread_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static __thread struct ring *levels[LEVELS];

/* ---- where machsim is ------------------------------------------------------------------------------ */

/* A folder of the user's own, which no one else can put things into. */
static bool own_folder(const char *path)
{
    struct stat status;

    (void)mkdir(path, 0700);
    return lstat(path, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
           (status.st_mode & 077) == 0;
}

const char *mach_socket_path(void)
{
    static char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    const char *given = secure_getenv("MACH_BOOTSTRAP_SOCKET"), *runtime = secure_getenv("XDG_RUNTIME_DIR");

    if (given != NULL && *given != '\0')
        return given;
    if (runtime != NULL && *runtime == '/' && own_folder(runtime)) {
        if ((size_t)snprintf(path, sizeof path, "%s/machsim", runtime) < sizeof path)
            return path;
    }
    snprintf(path, sizeof path, "/tmp/machsim-%u", (unsigned)geteuid());
    if (!own_folder(path))
        return NULL;
    strcat(path, "/socket");
    return path;
}

static int try_connect(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    if (connection < 0)
        return -1;
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    while (connect(connection, (struct sockaddr *)&address, sizeof address) < 0)
        if (errno != EINTR) {
            int error = errno;

            close(connection);
            errno = error;
            return -1;
        }
    return connection;
}

/* ---- starting one ---------------------------------------------------------------------------------- */

/* The program to start: $MACHSIM, or the one that was installed with this library. */
static const char *program(void)
{
    const char *given = secure_getenv("MACHSIM");

    return given != NULL && *given != '\0' ? given : MACHSIM_PROGRAM;
}

extern char **environ;

/* Starts machsim as a process of its own, in a session of its own, and returns when it is ready or has failed. */
static void start(const char *path)
{
    int ready[2];
    char number[16];
    char *const arguments[] = {"machsim", "--on-demand", "--socket", (char *)(uintptr_t)path, "--ready-fd", number,
                               NULL};
    char byte;

    if (pipe2(ready, O_CLOEXEC) < 0)
        return;
    const char *file = program();
    pid_t child = _Fork(); /* not fork: its handlers want the lock */
    if (child == 0) {
        /* The grandchild is no child of the program's, which need not know of it. */
        setsid();
        if (_Fork() != 0)
            _exit(0);
        int kept = fcntl(ready[1], F_DUPFD, 3);
        int null = open("/dev/null", O_RDWR);

        dup2(null, 0);
        dup2(null, 1);
        if (getenv("MACHSIM_LOG") == NULL)
            dup2(null, 2);
        snprintf(number, sizeof number, "%d", kept);
        (void)!chdir("/");
        execve(file, arguments, environ);
        _exit(127);
    }
    close(ready[1]);
    if (child > 0) {
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
            ;
        while (read(ready[0], &byte, 1) < 0 && errno == EINTR)
            ;
    }
    close(ready[0]);
}

static int connect_to_daemon(void)
{
    const char *path = mach_socket_path();

    if (path == NULL)
        return -1;
    for (int i = 0; i < 50; i++) {
        int connection = try_connect(path);

        if (connection >= 0)
            return connection;
        if (errno != ENOENT && errno != ECONNREFUSED && errno != EAGAIN)
            return -1;
        if (i == 0 || i == 20)
            start(path);
        else
            nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    return -1;
}

/* ---- handshakes ------------------------------------------------------------------------------------ */

/*
 * Says hello, and takes the answer, with its descriptors.  An errno, or 0.  ECONNRESET: there was no answer, for the
 * daemon was about to end.
 */
static int greet(int connection, enum wire_kind kind, uint64_t task, struct wire_welcome *welcome, int *files)
{
    const struct wire_hello hello = {.magic = WIRE_MAGIC, .version = WIRE_VERSION, .kind = kind, .task = task};
    struct iovec bytes = {.iov_base = welcome, .iov_len = sizeof *welcome};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(2 * sizeof(int))];
    } control;
    struct msghdr message = {
        .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t size;

    if (send(connection, &hello, sizeof hello, MSG_NOSIGNAL) < 0)
        return errno == EPIPE ? ECONNRESET : errno;
    while ((size = recvmsg(connection, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
        ;
    if (size == 0 || (size < 0 && errno == ECONNRESET))
        return ECONNRESET;
    if (size != (ssize_t)sizeof *welcome || welcome->magic != WIRE_MAGIC || welcome->version != WIRE_VERSION)
        return EPROTO;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header != NULL && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(2 * sizeof(int)))
        memcpy(files, CMSG_DATA(header), 2 * sizeof(int));
    return welcome->error;
}

/* The task's connection.  Called with the lock. */
static bool join(void)
{
    struct wire_welcome welcome;
    int files[2], result = ECONNRESET;

    if (task_connection >= 0)
        return true;
    /* A daemon that was started on demand may end just now: the next is asked. */
    for (int i = 0; i < 5 && result == ECONNRESET; i++) {
        int connection = connect_to_daemon();

        if (connection < 0)
            return false;
        result = greet(connection, WIRE_TASK, 0, &welcome, files);
        if (result == 0)
            task_connection = connection;
        else
            close(connection);
    }
    if (result == 0)
        task_number = welcome.task;
    return result == 0;
}

static bool map_ring(struct ring *ring, const struct wire_welcome *welcome, const int *files)
{
    if (files[0] < 0 || welcome->area_size != WIRE_AREA_SIZE)
        return false;
    if (bells == NULL) {
        uint8_t *map = mmap(NULL, (size_t)welcome->workers * 2 * WIRE_BELL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
                            files[1], 0);

        if (map == MAP_FAILED)
            return false;
        workers = welcome->workers;
        bells = map;
    }
    ring->area = mmap(NULL, WIRE_AREA_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, files[0], 0);
    if (ring->area == MAP_FAILED)
        return false;
    ring->data = (uint8_t *)ring->area + WIRE_DATA_OFFSET;
    ring->slot = welcome->slot;
    return true;
}

static void close_ring(struct ring *ring)
{
    if (ring->area != NULL && ring->area != MAP_FAILED)
        munmap(ring->area, WIRE_AREA_SIZE);
    if (ring_is_open(ring))
        close(ring->connection);
    munmap(ring, sizeof *ring);
}

/* A ring at a new connection.  Called with the lock. */
static struct ring *open_ring(void)
{
    /* Not malloc: a signal handler may come here that has interrupted it. */
    struct ring *ring = mmap(NULL, sizeof *ring, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct wire_welcome welcome;
    struct stat status;
    int files[2] = {-1, -1};

    if (ring == MAP_FAILED)
        return NULL;
    ring->connection = connect_to_daemon();
    bool fine = ring->connection >= 0 && fstat(ring->connection, &status) == 0;
    if (fine) {
        ring->device = status.st_dev;
        ring->inode = status.st_ino;
        fine = greet(ring->connection, WIRE_THREAD, task_number, &welcome, files) == 0 &&
               map_ring(ring, &welcome, files);
    }
    if (files[0] >= 0) {
        close(files[0]);
        close(files[1]);
    }
    if (!fine) {
        close_ring(ring);
        return NULL;
    }
    LIST_INSERT_HEAD(&rings, ring, link);
    return ring;
}

/* ---- the calling thread's rings -------------------------------------------------------------------- */

static void thread_ends(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < LEVELS; i++)
        if (levels[i] != NULL) {
            LIST_REMOVE(levels[i], link);
            close_ring(levels[i]);
            levels[i] = NULL;
        }
    pthread_mutex_unlock(&lock);
}

static void before_fork(void)
{
    pthread_mutex_lock(&lock);
}

static void after_fork_in_parent(void)
{
    pthread_mutex_unlock(&lock);
}

/* The child is no task yet, and must not hold its parent's connections open. */
static void after_fork_in_child(void)
{
    for (struct ring *ring; (ring = LIST_FIRST(&rings)) != NULL;) {
        LIST_REMOVE(ring, link);
        close_ring(ring);
    }
    memset(levels, 0, sizeof levels);
    if (task_connection >= 0)
        close(task_connection);
    task_connection = -1;
    if (bells != NULL)
        munmap(bells, (size_t)workers * 2 * WIRE_BELL_SIZE);
    bells = NULL;
    mach_after_fork();
    pthread_mutex_unlock(&lock);
}

static void prepare(void)
{
    pthread_key_create(&thread_key, thread_ends);
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
    process_prepare();
}

void ring_prepare(void)
{
    pthread_once(&once, prepare);
}

/* Signals stay out while the lock is held: a handler that came in here would wait for its own thread. */
static struct ring *new_level(void)
{
    const int error = errno;
    struct ring *ring = NULL;
    sigset_t all, former;

    ring_prepare();
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &former);
    pthread_mutex_lock(&lock);
    if (join())
        ring = open_ring();
    pthread_mutex_unlock(&lock);
    if (ring != NULL)
        pthread_setspecific(thread_key, ring);
    pthread_sigmask(SIG_SETMASK, &former, NULL);
    errno = error;
    return ring;
}

struct ring *ring_get(void)
{
    for (int i = 0; i < LEVELS; i++) {
        if (levels[i] == NULL)
            levels[i] = new_level();
        if (levels[i] == NULL)
            return NULL;
        if (!levels[i]->busy) {
            levels[i]->busy = true;
            atomic_signal_fence(memory_order_seq_cst); /* a handler that comes now sees that it is */
            return levels[i];
        }
    }
    return NULL;
}

void ring_put(struct ring *ring)
{
    atomic_signal_fence(memory_order_seq_cst);
    ring->busy = false;
}

struct wire_bell *ring_bell_of(unsigned worker)
{
    return (struct wire_bell *)(void *)(bells + worker * WIRE_BELL_SIZE);
}

unsigned ring_workers(void)
{
    return workers;
}

bool ring_is_open(const struct ring *ring)
{
    struct stat status;

    return ring->connection >= 0 && fstat(ring->connection, &status) == 0 && status.st_dev == ring->device &&
           status.st_ino == ring->inode;
}
