/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * porter.c - the thread that lets clients in and sees them go.  It alone touches connections that are no thread's
 * yet, processes, and the list of threads of each.
 *
 * A process's task ends when its task connection does (exit, exec, or the program closed it) or when the process
 * ends, whichever is first: a forked child may hold copies of the connections.  Until the process ends, a record of it
 * stays: what it bequeaths is for the program that it runs next.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <urcu/list.h>

#include "hal/hosted/hosted.h"
#include "kern/defer.h"
#include "kern/host.h"
#include "kern/timer.h"

struct process {
    struct cds_list_head link; /* in `processes` */
    struct cds_list_head clients;
    struct task *task; /* NULL: it has ended, and left `heritage` */
    struct task_heritage heritage;
    struct user *user;
    uint64_t number;
    pid_t pid;
};

enum client_kind {
    CLIENT_NEW,
    CLIENT_TASK,
    CLIENT_THREAD,
    CLIENT_PROCESS,
    CLIENT_LISTEN,
    CLIENT_SIGNAL,
    CLIENT_GATE,
    CLIENT_ALARM
};

/* A descriptor that the porter waits at. */
struct client {
    struct cds_list_head link; /* in process->clients, or in `newcomers` */
    enum client_kind kind;
    int file;
    struct process *process;
    struct hosted_thread *thread; /* CLIENT_THREAD: `file` is its connection, and this a reference */
    bool parked;
};

static CDS_LIST_HEAD(processes);
static CDS_LIST_HEAD(newcomers);
static CDS_LIST_HEAD(finished); /* clients to be freed when the events at hand are done with */
static unsigned process_count;
static uint64_t next_number = 1;
static int poll_file = -1, lock_file = -1;
static pid_t bootstrap_pid;
static _Atomic bool gate_open;
static struct client listener = {.kind = CLIENT_LISTEN, .file = -1};
static struct client signals = {.kind = CLIENT_SIGNAL, .file = -1};
static struct client gate = {.kind = CLIENT_GATE, .file = -1};
static struct client alarms = {.kind = CLIENT_ALARM, .file = -1};
static bool stopping;

/* ---- descriptors that are waited at ---------------------------------------------------------------- */

static bool wait_at(struct client *client)
{
    return os_poll_add(poll_file, client->file, client);
}

static struct client *client_new(enum client_kind kind, int file, struct process *process)
{
    struct client *client = hal_alloc(sizeof *client);

    if (client == NULL)
        return NULL;
    *client = (struct client){.kind = kind, .file = file, .process = process};
    if (!wait_at(client)) {
        hal_free(client, sizeof *client);
        return NULL;
    }
    cds_list_add_tail(&client->link, process != NULL ? &process->clients : &newcomers);
    return client;
}

/* Forgets a descriptor, and closes it unless it is a thread's, which closes its own. */
static void client_end(struct client *client)
{
    os_poll_remove(poll_file, client->file);
    if (client->kind != CLIENT_THREAD)
        close(client->file);
    cds_list_move(&client->link, &finished);
    client->process = NULL;
}

static void free_finished(void)
{
    struct client *client, *next;

    cds_list_for_each_entry_safe(client, next, &finished, link) {
        cds_list_del(&client->link);
        hal_free(client, sizeof *client);
    }
}

/* ---- processes ------------------------------------------------------------------------------------- */

static void end_thread(struct client *client)
{
    struct thread *thread = client->thread->thread;

    client_end(client);
    thread_end(thread);
    thread_release(thread);
}

static struct client *process_file(const struct process *process)
{
    struct client *client;

    cds_list_for_each_entry(client, &process->clients, link)
        if (client->kind == CLIENT_PROCESS)
            return client;
    return NULL;
}

/* Ends a process's task and its connections, all but `kept`. */
static void end_task(struct process *process, const struct client *kept)
{
    struct client *client, *next;

    cds_list_for_each_entry_safe(client, next, &process->clients, link) {
        if (client == kept)
            continue;
        if (client->kind == CLIENT_THREAD)
            end_thread(client);
        else
            client_end(client);
    }
    if (process->task == NULL)
        return;
    task_end(process->task);
    task_release(process->task);
    process->task = NULL;
}

static void process_end(struct process *process)
{
    log_line(LOG_LEVEL_DEBUG, "process %d has left", process->pid);
    end_task(process, NULL);
    task_heritage_release(&process->heritage);
    cds_list_del(&process->link);
    hal_free(process, sizeof *process);
    process_count--;
}

/* What processes of a number that run no task now have left; there is at most one. */
static struct process *husk_of(pid_t pid)
{
    struct process *process;

    cds_list_for_each_entry(process, &processes, link)
        if (process->pid == pid && process->task == NULL)
            return process;
    return NULL;
}

/* A process has closed its task connection: it has ended, or will soon run another program, or is done with Mach. */
static void process_leave(struct process *process)
{
    const struct client *file = process_file(process);

    if (file == NULL) {
        process_end(process);
        return;
    }
    struct process *former = husk_of(process->pid);

    if (former != NULL)
        process_end(former);
    log_line(LOG_LEVEL_DEBUG, "process %d has closed its task", process->pid);
    process->heritage = task_bequeath(process->task);
    end_task(process, file);
}

/* What a new task inherits: of the program that its process ran before, or of its parent.  False: nothing. */
static bool heritage_of(const struct task_identity *identity, struct task_heritage *heritage)
{
    struct process *husk = husk_of(identity->pid);

    /*
     * Root may become another user, and leave that its ports.  No one else gets them: the end of a process is handled
     * before what the next of its number sends, for events come in the order in which they happen.
     */
    if (husk != NULL && (husk->user->uid == identity->uid || husk->user->uid == 0)) {
        *heritage = husk->heritage;
        husk->heritage = (struct task_heritage){.bootstrap = NULL};
        process_end(husk);
        return true;
    }
    struct task *task = task_of_pid(identity->pid);

    if (task == NULL)
        task = task_of_pid(os_parent(identity->pid));
    if (task == NULL)
        return false;
    const bool same_user = task->identity.uid == identity->uid;

    if (same_user)
        *heritage = task_bequeath(task);
    task_release(task);
    return same_user;
}

static struct process *process_new(const struct task_identity *identity)
{
    struct process *process = hal_alloc(sizeof *process);
    struct task_heritage heritage = {.bootstrap = NULL};

    if (process == NULL)
        return NULL;
    *process = (struct process){.number = next_number++, .pid = identity->pid, .user = user_get(identity->uid)};
    const bool inherits = heritage_of(identity, &heritage);

    if (process->user == NULL || task_make(inherits ? &heritage : NULL, identity, &options.limits, &process->task) !=
                                     KERN_SUCCESS) {
        hal_free(process, sizeof *process);
        process = NULL;
    } else {
        CDS_INIT_LIST_HEAD(&process->clients);
        cds_list_add_tail(&process->link, &processes);
        process_count++;
    }
    task_heritage_release(&heritage);
    return process;
}

static struct process *process_of(uint64_t number, pid_t pid)
{
    struct process *process;

    cds_list_for_each_entry(process, &processes, link)
        if (process->number == number && process->pid == pid && process->task != NULL)
            return process;
    return NULL;
}

/* ---- hellos ---------------------------------------------------------------------------------------- */

static void answer(struct client *client, int error, uint64_t task)
{
    const struct wire_welcome welcome = {
        .magic = WIRE_MAGIC, .version = WIRE_VERSION, .error = error, .task = task};

    (void)!send(client->file, &welcome, sizeof welcome, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static int hello_task(struct client *client, const struct task_identity *identity)
{
    if (process_count >= options.max_tasks)
        return EAGAIN;
    struct process *process = process_new(identity);

    if (process == NULL)
        return ENOMEM;
    client->kind = CLIENT_TASK;
    client->process = process;
    cds_list_move(&client->link, &process->clients);
    int file = os_process_file(identity->pid);

    if (file >= 0 && client_new(CLIENT_PROCESS, file, process) == NULL)
        close(file);
    log_line(LOG_LEVEL_DEBUG, "process %d of user %u has come", identity->pid, identity->uid);
    answer(client, 0, process->number);
    return 0;
}

static int hello_thread(struct client *client, const struct wire_hello *hello, const struct task_identity *identity)
{
    struct process *process = process_of(hello->task, identity->pid);

    if (process == NULL)
        return ESRCH;
    int error = client_make(process->task, process->user, client->file, &client->thread);

    if (error != 0)
        return error;
    thread_reference(client->thread->thread);
    client->kind = CLIENT_THREAD;
    os_poll_set(poll_file, client->file, client, false); /* what comes is for the thread's own traps to take */
    client->process = process;
    cds_list_move(&client->link, &process->clients);
    return 0;
}

/* Until the bootstrap server serves, others wait. */
static bool park(struct client *client, const struct task_identity *identity)
{
    if (atomic_load(&gate_open) || identity->pid == bootstrap_pid)
        return false;
    client->parked = true;
    os_poll_set(poll_file, client->file, client, false);
    return true;
}

static void unpark_all(void)
{
    struct client *client;

    cds_list_for_each_entry(client, &newcomers, link) {
        if (client->parked)
            os_poll_set(poll_file, client->file, client, true);
        client->parked = false;
    }
}

static void newcomer(struct client *client)
{
    struct wire_hello hello;
    struct task_identity identity;
    int error = EPROTO;

    if (!os_peer(client->file, &identity)) {
        client_end(client);
        return;
    }
    if (park(client, &identity))
        return;
    identity.privileged = identity.uid == 0 || identity.uid == geteuid(); /* root, and whose daemon this is */
    ssize_t size = recv(client->file, &hello, sizeof hello, MSG_DONTWAIT);

    if (size == (ssize_t)sizeof hello && hello.magic == WIRE_MAGIC && hello.version == WIRE_VERSION) {
        switch (hello.kind) {
        case WIRE_TASK: error = hello_task(client, &identity); break;
        case WIRE_THREAD: error = hello_thread(client, &hello, &identity); break;
        case WIRE_STATISTICS:
            statistics_send(client->file, &identity);
            client_end(client);
            return;
        default: break;
        }
    }
    if (error != 0) {
        log_line(LOG_LEVEL_INFO, "process %d was turned away: %s", identity.pid, strerror(error));
        answer(client, error, 0);
        client_end(client);
    }
}

static void let_in(void)
{
    int file = accept4(listener.file, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (file >= 0 && client_new(CLIENT_NEW, file, NULL) == NULL)
        close(file);
}

/* ---- events ---------------------------------------------------------------------------------------- */

/* Something at a connection that is not waited at for its content: it has ended, unless there is content. */
static bool has_ended(struct client *client)
{
    char byte;

    return recv(client->file, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0 || (errno != EAGAIN && errno != EINTR);
}

static void signal_came(void)
{
    const int number = os_signals_next(signals.file);

    if (number == 0)
        return;
    if (number != SIGCHLD) {
        stopping = true;
        return;
    }
    for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) > 0;)
        if (pid == bootstrap_pid) {
            log_line(LOG_LEVEL_ERROR, "the bootstrap server has ended");
            bootstrap_pid = 0;
            porter_open_gate();
        }
}

/*
 * Timers are the porter's: workers that slept until the next would each need a timer of the host's.  An alarm that comes before its
 * time, for the timer that it was set for is no more, has the next set.  The core calls this under the lock of its timers.
 */
void hal_alarm(uint64_t deadline)
{
    static uint64_t set;

    if (deadline == 0 || (deadline >= set && set > hal_now()))
        return;
    set = deadline;
    os_alarm_set(alarms.file, deadline);
}

static void alarm_came(void)
{
    os_alarm_clear(alarms.file);
    timer_expire();
}

static void gate_came(void)
{
    os_event_clear(gate.file);
    unpark_all();
}

static void event(struct client *client, bool ended)
{
    if (client->kind >= CLIENT_LISTEN || client->process != NULL || client->kind == CLIENT_NEW) {
        switch (client->kind) {
        case CLIENT_LISTEN: let_in(); break;
        case CLIENT_SIGNAL: signal_came(); break;
        case CLIENT_GATE: gate_came(); break;
        case CLIENT_ALARM: alarm_came(); break;
        case CLIENT_NEW: newcomer(client); break;
        case CLIENT_PROCESS: process_end(client->process); break;
        case CLIENT_TASK:
            if (has_ended(client))
                process_leave(client->process);
            break;
        case CLIENT_THREAD:
            if (ended)
                end_thread(client);
            break;
        }
    }
    defer_drain();
}

/* ---- the bootstrap server -------------------------------------------------------------------------- */

extern char **environ;

static bool start_bootstrap(void)
{
    char *const arguments[] = {"machsim", "--bootstrap-server", NULL};
    posix_spawnattr_t attributes;
    sigset_t none;

    setenv("MACH_BOOTSTRAP_SOCKET", options.socket, 1);
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setsigmask(&attributes, &none);
    int error = posix_spawn(&bootstrap_pid, "/proc/self/exe", NULL, &attributes, arguments, environ);

    posix_spawnattr_destroy(&attributes);
    if (error != 0)
        log_line(LOG_LEVEL_ERROR, "cannot start the bootstrap server: %s", strerror(error));
    return error == 0;
}

static void stop_bootstrap(void)
{
    if (bootstrap_pid <= 0)
        return;
    kill(bootstrap_pid, SIGTERM);
    waitpid(bootstrap_pid, NULL, 0);
}

bool porter_is_bootstrap(pid_t pid)
{
    return pid == bootstrap_pid;
}

void porter_open_gate(void)
{
    if (!atomic_exchange(&gate_open, true))
        os_event_raise(gate.file);
}

/* ---- opening and closing --------------------------------------------------------------------------- */

static void lock_path(char *path, size_t size)
{
    snprintf(path, size, "%s.lock", options.socket);
}

/* Whether the file that is locked is still the one at the path: the daemon that had it takes it away as it ends. */
static bool is_current(const char *path)
{
    struct stat locked, there;

    return fstat(lock_file, &locked) == 0 && stat(path, &there) == 0 && locked.st_ino == there.st_ino &&
           locked.st_dev == there.st_dev;
}

/* Of several daemons for one socket, one holds the lock. */
static bool take_lock(void)
{
    char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 8];

    lock_path(path, sizeof path);
    for (;;) {
        lock_file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (lock_file < 0) {
            log_line(LOG_LEVEL_ERROR, "%s: %s", path, strerror(errno));
            return false;
        }
        if (flock(lock_file, LOCK_EX | LOCK_NB) < 0) {
            log_line(options.on_demand ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "another machsim serves %s", options.socket);
            return false;
        }
        if (is_current(path))
            return true;
        close(lock_file);
    }
}

/* The socket, and then the lock, are no more. */
static void remove_paths(void)
{
    char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 8];

    if (lock_file < 0)
        return; /* a service manager's socket is not ours to remove */
    unlink(options.socket);
    lock_path(path, sizeof path);
    unlink(path);
    close(lock_file);
}

static bool listen_at_socket(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(options.socket) >= sizeof address.sun_path) {
        log_line(LOG_LEVEL_ERROR, "%s: the path of a socket has less than %zu bytes", options.socket,
                 sizeof address.sun_path);
        return false;
    }
    strcpy(address.sun_path, options.socket);
    if (!take_lock())
        return false;
    unlink(options.socket);
    listener.file = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener.file < 0 || bind(listener.file, (struct sockaddr *)&address, sizeof address) < 0 ||
        chmod(options.socket, getuid() == 0 && !options.on_demand ? 0666 : 0600) < 0 ||
        listen(listener.file, 256) < 0) {
        log_line(LOG_LEVEL_ERROR, "%s: %s", options.socket, strerror(errno));
        return false;
    }
    return true;
}

/* A service manager's socket, if it gave one: sd_listen_fds(3). */
static bool inherited_socket(void)
{
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");

    if (pid == NULL || count == NULL || atoi(pid) != getpid() || atoi(count) < 1)
        return false;
    listener.file = 3;
    fcntl(3, F_SETFD, FD_CLOEXEC);
    fcntl(3, F_SETFL, O_NONBLOCK);
    return true;
}

bool porter_open(void)
{
    sigset_t caught;

    sigemptyset(&caught);
    sigaddset(&caught, SIGTERM);
    sigaddset(&caught, SIGINT);
    sigaddset(&caught, SIGCHLD);
    sigprocmask(SIG_BLOCK, &caught, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    poll_file = os_poll_open();
    signals.file = os_signals_open(&caught);
    gate.file = os_event_open();
    alarms.file = os_alarm_open();
    if (!inherited_socket() && !listen_at_socket())
        return false;
    if (poll_file < 0 || !wait_at(&listener) || !wait_at(&signals) || !wait_at(&gate) || !wait_at(&alarms)) {
        log_line(LOG_LEVEL_ERROR, "cannot wait for clients: %s", strerror(errno));
        return false;
    }
    return user_get(geteuid()) != NULL;
}

static void close_all(void)
{
    struct process *process, *next;
    struct client *client, *other;

    stop_bootstrap();
    cds_list_for_each_entry_safe(process, next, &processes, link)
        process_end(process);
    cds_list_for_each_entry_safe(client, other, &newcomers, link)
        client_end(client);
    free_finished();
    host_set_bootstrap_port(NULL);
    defer_drain();
    close(listener.file);
    close(signals.file);
    close(gate.file);
    close(alarms.file);
    close(poll_file);
    remove_paths();
}

/* Whether all clients have gone: the bootstrap server does not count. */
static bool is_idle(void)
{
    return process_count <= (bootstrap_pid > 0 ? 1u : 0u) && cds_list_empty(&newcomers);
}

void porter_run(void)
{
    bool was_idle = false;

    timer_expire(); /* the next may have been set before there were alarms */
    if (!start_bootstrap())
        porter_open_gate();
    if (options.ready >= 0) {
        (void)!write(options.ready, "r", 1);
        close(options.ready);
    }
    while (!stopping) {
        struct os_event events[64];
        const bool idle = options.on_demand && is_idle();
        int count = os_poll_wait(poll_file, events, 64, idle ? (int)options.linger * 1000 : -1);

        if (count == 0 && idle && was_idle)
            break;
        was_idle = idle;
        for (int i = 0; i < count && !stopping; i++)
            event(events[i].context, events[i].ended);
        free_finished();
    }
    close_all();
}
