/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * launch.c - starts servers: launch.h.
 *
 * Services that no server serves stand in a set of their own.  A second thread waits there with too little room for
 * any message, so that it learns of one and leaves it where it is, and tells the first.
 *
 * A program gets its server's port as its bootstrap port by inheritance: the port is this task's own bootstrap port
 * while the child becomes a task.
 */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_WORDS 64
#define PAUSE_SECONDS 1.0 /* at least, between two starts of a server */

struct demand_message {
    mach_msg_header_t header;
    mach_port_name_t service;
};

static struct server *servers;
static mach_port_t main_set, demand_set, demand_port;

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* ---- processes ------------------------------------------------------------------------------------- */

/* A process that has ended keeps its number until here: no other is killed in its place. */
static void reap(void)
{
    sigset_t all, before;
    pid_t pid;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
        for (struct server *server = servers; server != NULL; server = server->next)
            if (server->pid == pid)
                server->pid = 0;
    sigprocmask(SIG_SETMASK, &before, NULL);
}

void servers_kill(void)
{
    for (const struct server *server = servers; server != NULL; server = server->next)
        if (server->pid > 0)
            kill(-server->pid, SIGTERM);
}

/* Another user gets nothing of root's: neither its environment nor its files. */
static void forget_root(const struct passwd *user)
{
    char *socket = strdup(getenv("MACH_BOOTSTRAP_SOCKET"));
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    clearenv();
    setenv("MACH_BOOTSTRAP_SOCKET", socket, 1);
    setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 1);
    setenv("USER", user->pw_name, 1);
    setenv("HOME", user->pw_dir, 1);
    for (int file = 0; file < 3; file++)
        dup2(null, file);
    (void)!chdir("/");
}

static void become_user(unsigned uid)
{
    if (uid == geteuid())
        return;
    const struct passwd *user = getpwuid(uid);

    if (user != NULL)
        forget_root(user);
    if (user == NULL || initgroups(user->pw_name, user->pw_gid) < 0 || setgid(user->pw_gid) < 0 || setuid(uid) < 0) {
        fprintf(stderr, "machsim: cannot start a server as user %u: %s\n", uid, strerror(errno));
        _exit(126);
    }
}

static void run_command(char *command)
{
    char *words[MAX_WORDS + 1], *rest = NULL;
    unsigned count = 0;

    for (char *word = strtok_r(command, " \t", &rest); word != NULL && count < MAX_WORDS;
         word = strtok_r(NULL, " \t", &rest))
        words[count++] = word;
    words[count] = NULL;
    if (count > 0)
        execv(words[0], words);
    fprintf(stderr, "machsim: cannot start %s: %s\n", count > 0 ? words[0] : "a server", strerror(errno));
    _exit(127);
}

/* In the child: a task of its own, with the server's port; then, after a pause if need be, the program. */
static void be_server(struct server *server, int told, double pause)
{
    sigset_t none;

    setpgid(0, 0);
    signal(SIGTERM, SIG_DFL);
    if (mach_init() != KERN_SUCCESS)
        _exit(125);
    (void)!write(told, "k", 1);
    close(told);
    if (pause > 0)
        usleep((useconds_t)(pause * 1e6));
    become_user(server->uid);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    run_command(server->command);
}

/* Forks; true once the child has the port. */
static bool start_process(struct server *server)
{
    const double pause = server->started + PAUSE_SECONDS - now();
    sigset_t all, before;
    int told[2];
    char byte;

    if (pipe2(told, O_CLOEXEC) < 0)
        return false;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();

    if (pid == 0)
        be_server(server, told[1], pause);
    server->pid = pid > 0 ? pid : 0;
    server->started = now() + (pause > 0 ? pause : 0);
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(told[1]);
    const bool has_it = pid > 0 && read(told[0], &byte, 1) == 1;

    close(told[0]);
    return has_it;
}

/* ---- ports ----------------------------------------------------------------------------------------- */

/* Asks to hear when no one has a right to the server's port any more. */
static bool ask_no_senders(struct server *server)
{
    mach_port_t previous = MACH_PORT_NULL;
    const kern_return_t result =
        mach_port_request_notification(mach_task_self(), server->context->port, MACH_NOTIFY_NO_SENDERS, server->made,
                                       server->notify, MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous);

    if (previous != MACH_PORT_NULL)
        (void)mach_port_deallocate(mach_task_self(), previous);
    return result == KERN_SUCCESS;
}

static void launch(struct server *server)
{
    const mach_port_t port = server->context->port;

    reap();
    server->running = true;
    if (mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND) != KERN_SUCCESS)
        return;
    server->made++;
    (void)task_set_special_port(mach_task_self(), TASK_BOOTSTRAP_PORT, port);
    if (!start_process(server))
        fprintf(stderr, "machsim: cannot start %s: it is given up\n", server->command);
    else
        (void)ask_no_senders(server);
    (void)task_set_special_port(mach_task_self(), TASK_BOOTSTRAP_PORT, MACH_PORT_NULL);
    (void)mach_port_deallocate(mach_task_self(), port);
}

/* Has a message to a service that no one serves start its server. */
static void watch(const struct service *service)
{
    if (service->server != NULL && !service->active && !service->server->running && service->server->on_demand)
        (void)mach_port_insert_member(mach_task_self(), service->send, demand_set);
}

/* No one has a right to the server's port: its program has ended, or those who declared it are done. */
static void server_ended(struct server *server)
{
    struct context *names = server->context->parent;
    struct service *service, *next;
    unsigned count = 0;

    reap();
    server->running = false;
    HASH_ITER(hh, names->services, service, next) {
        if (service->server != server)
            continue;
        count++;
        watch(service);
    }
    if (count == 0)
        context_destroy(server->context);
    else if (!server->on_demand)
        launch(server);
}

void server_lost(struct service *service)
{
    watch(service);
}

/* ---- messages -------------------------------------------------------------------------------------- */

/* The second thread. */
static void *wait_for_demand(void *unused)
{
    for (;;) {
        mach_msg_header_t header = {.msgh_local_port = MACH_PORT_NULL};
        mach_msg_return_t result = mach_msg(&header, MACH_RCV_MSG | MACH_RCV_LARGE | MACH_RCV_LARGE_IDENTITY, 0,
                                            sizeof header, demand_set, MACH_MSG_TIMEOUT_NONE, MACH_PORT_NULL);

        if (result != MACH_RCV_TOO_LARGE)
            return unused; /* the daemon has ended */
        struct demand_message message = {
            .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), .msgh_remote_port = demand_port},
            .service = header.msgh_local_port,
        };

        (void)mach_port_extract_member(mach_task_self(), header.msgh_local_port, demand_set);
        (void)mach_msg(&message.header, MACH_SEND_MSG, sizeof message, 0, MACH_PORT_NULL, MACH_MSG_TIMEOUT_NONE,
                       MACH_PORT_NULL);
    }
}

static void demand(mach_port_name_t port)
{
    const struct service *service = service_of_port(port);

    if (service != NULL && service->server != NULL && !service->active && !service->server->running)
        launch(service->server);
}

bool server_message(const mach_msg_header_t *message)
{
    if (message->msgh_local_port == demand_port) {
        demand(((const struct demand_message *)message)->service);
        return true;
    }
    for (struct server *server = servers; server != NULL; server = server->next)
        if (message->msgh_local_port == server->notify) {
            if (message->msgh_id == MACH_NOTIFY_NO_SENDERS)
                server_ended(server);
            return true;
        }
    return false;
}

/* ---- life ------------------------------------------------------------------------------------------ */

/* Signals are for the first thread, whose list of servers a handler reads. */
static bool start_thread(void)
{
    sigset_t all, before;
    pthread_t thread;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const bool started = pthread_create(&thread, NULL, wait_for_demand, NULL) == 0 && pthread_detach(thread) == 0;

    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

bool servers_set_up(mach_port_t set)
{

    main_set = set;
    if (mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET, &demand_set) != KERN_SUCCESS ||
        mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &demand_port) != KERN_SUCCESS ||
        mach_port_insert_right(mach_task_self(), demand_port, demand_port, MACH_MSG_TYPE_MAKE_SEND) != KERN_SUCCESS ||
        mach_port_insert_member(mach_task_self(), demand_port, set) != KERN_SUCCESS)
        return false;
    return start_thread();
}

static void let_go(struct server *server)
{
    if (server->notify != MACH_PORT_NULL)
        (void)mach_port_mod_refs(mach_task_self(), server->notify, MACH_PORT_RIGHT_RECEIVE, -1);
    free(server);
}

struct server *server_create(struct context *parent, const char *command, unsigned uid, bool on_demand)
{
    struct server *server = calloc(1, sizeof *server);

    if (server == NULL)
        return NULL;
    strncpy(server->command, command, sizeof server->command - 1);
    server->uid = uid;
    server->on_demand = on_demand;
    server->running = true;
    server->made = 1; /* the reply's */
    server->started = now() - PAUSE_SECONDS;
    if (mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &server->notify) != KERN_SUCCESS ||
        (server->context = context_create(parent)) == NULL) {
        let_go(server);
        return NULL;
    }
    if (mach_port_insert_member(mach_task_self(), server->notify, main_set) != KERN_SUCCESS ||
        mach_port_insert_member(mach_task_self(), server->context->port, main_set) != KERN_SUCCESS ||
        !ask_no_senders(server)) {
        context_destroy(server->context);
        let_go(server);
        return NULL;
    }
    server->context->server = server;
    server->next = servers;
    servers = server;
    return server;
}

void server_destroy(struct server *server)
{
    struct context *names = server->context->parent;
    struct service *service, *next_service;
    struct server **place = &servers;

    while (*place != server)
        place = &(*place)->next;
    *place = server->next;
    HASH_ITER(hh, names->services, service, next_service)
        if (service->server == server)
            service->server = NULL;
    let_go(server);
}
