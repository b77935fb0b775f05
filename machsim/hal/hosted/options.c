/* SPDX-License-Identifier: BSD-2-Clause */
/* options.c - what machsim is told: by configure, by its environment, by its command line; the last word counts. */
#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "hal/hosted/hosted.h"
#include "servers/bootstrap/bootstrap_server.h"

const char *argp_program_version = PACKAGE_STRING;
const char *argp_program_bug_address = PACKAGE_BUGREPORT;

struct options options = {
    .ready = -1,
    .linger = 5,
    .max_tasks = MACH_MAX_TASKS,
    .queue_limit = MACH_MSG_QUEUE_SIZE,
    .stack_size = MACH_THREAD_STACK_SIZE,
    .page_cache = MACH_MEMORY_SIZE,
    .pager_timeout = 60,
    .limits = {.names = MACH_PORT_RIGHTS, .receives = MACH_MAX_PORTS, .memory = MACH_MEMORY_SIZE, .threads = 10000},
};

enum option_key {
    KEY_SOCKET = 's',
    KEY_FOREGROUND = 'f',
    KEY_LOG_LEVEL = 'l',
    KEY_STATS = 'S',
    KEY_ON_DEMAND = 0x100,
    KEY_LINGER,
    KEY_READY,
    KEY_WORKERS,
    KEY_MAX_PORTS,
    KEY_MAX_RIGHTS,
    KEY_MAX_TASKS,
    KEY_QUEUE_SIZE,
    KEY_STACK_SIZE,
    KEY_MAX_THREADS,
    KEY_MAX_MEMORY,
    KEY_PAGE_CACHE,
    KEY_PAGER_TIMEOUT,
    KEY_BOOTSTRAP,
};

static const struct argp_option option_list[] = {
    {"socket", KEY_SOCKET, "PATH", 0, "Listen at PATH [$MACH_BOOTSTRAP_SOCKET, else $XDG_RUNTIME_DIR/machsim]", 0},
    {"foreground", KEY_FOREGROUND, NULL, 0, "Do not leave the terminal", 0},
    {"log-level", KEY_LOG_LEVEL, "LEVEL", 0, "Log error, warning, info or debug [warning]", 0},
    {"on-demand", KEY_ON_DEMAND, NULL, 0, "End soon after the last client has left", 0},
    {"linger", KEY_LINGER, "SECONDS", 0, "With --on-demand, how soon [5]", 0},
    {"workers", KEY_WORKERS, "N", 0, "Pairs of worker threads [one for each processor]", 0},
    {NULL, 0, NULL, 0, "What one task may have:", 1},
    {"max-ports", KEY_MAX_PORTS, "N", 0, "Receive rights [$MACH_MAX_PORTS]", 1},
    {"max-rights", KEY_MAX_RIGHTS, "N", 0, "Names of rights [$MACH_PORT_RIGHTS]", 1},
    {"max-threads", KEY_MAX_THREADS, "N", 0, "Threads that make calls", 1},
    {"max-memory", KEY_MAX_MEMORY, "BYTES", 0, "Memory of messages that wait in queues [$MACH_MEMORY_SIZE]", 1},
    {NULL, 0, NULL, 0, "And all together:", 2},
    {"max-tasks", KEY_MAX_TASKS, "N", 0, "Tasks [$MACH_MAX_TASKS]", 2},
    {"queue-size", KEY_QUEUE_SIZE, "N", 0, "Messages that a new port queues [$MACH_MSG_QUEUE_SIZE]", 2},
    {"page-cache", KEY_PAGE_CACHE, "BYTES", 0, "Memory of managers' and with a name [$MACH_MEMORY_SIZE]", 2},
    {"pager-timeout", KEY_PAGER_TIMEOUT, "SECONDS", 0, "How long a manager may take [$MACH_PAGER_TIMEOUT, else 60]", 2},
    {"stack-size", KEY_STACK_SIZE, "BYTES", 0, "Stack of each worker [$MACH_THREAD_STACK_SIZE]", 2},
    {NULL, 0, NULL, 0, "Instead of serving:", 3},
    {"stats", KEY_STATS, NULL, 0, "Print what the tasks of the daemon at the socket use", 3},
    {"ready-fd", KEY_READY, "FD", OPTION_HIDDEN, "Write a byte there once clients may come", 4},
    {"bootstrap-server", KEY_BOOTSTRAP, NULL, OPTION_HIDDEN, "Be the bootstrap server of the daemon at the socket", 4},
    {NULL, 0, NULL, 0, NULL, 0},
};

/* A number with an optional K, M or G behind it. */
static bool parse_number(const char *text, uint64_t most, uint64_t *value)
{
    char *end;

    errno = 0;
    uint64_t number = strtoull(text, &end, 0);
    const char *units = "KMG", *unit = *end != '\0' ? strchr(units, *end) : NULL;

    for (long i = unit == NULL ? 0 : unit - units + 1; i > 0; i--)
        number = number > UINT64_MAX / 1024 ? UINT64_MAX : number * 1024;
    if (unit != NULL)
        end++;
    if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || number == 0 || number > most)
        return false;
    *value = number;
    return true;
}

static uint64_t number_option(struct argp_state *state, const char *text, uint64_t most)
{
    uint64_t value = 0;

    if (!parse_number(text, most, &value))
        argp_error(state, "'%s' is not a number from 1 to %llu", text, (unsigned long long)most);
    return value;
}

static void set_log_level(struct argp_state *state, const char *text)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};

    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0) {
            log_level = (enum log_level)i;
            return;
        }
    argp_error(state, "'%s' is no log level: error, warning, info, debug", text);
}

static bool stats, foreground, bootstrap;

static error_t parse(int key, char *text, struct argp_state *state)
{
    switch (key) {
    case KEY_SOCKET: options.socket = text; break;
    case KEY_FOREGROUND: foreground = true; break;
    case KEY_LOG_LEVEL: set_log_level(state, text); break;
    case KEY_ON_DEMAND: options.on_demand = true; break;
    case KEY_LINGER: options.linger = (unsigned)number_option(state, text, 86400); break;
    case KEY_READY: options.ready = atoi(text); break;
    case KEY_WORKERS: options.workers = (unsigned)number_option(state, text, MAX_WORKERS); break;
    case KEY_MAX_PORTS: options.limits.receives = (uint32_t)number_option(state, text, SPACE_MAX_INDEX); break;
    case KEY_MAX_RIGHTS: options.limits.names = (uint32_t)number_option(state, text, SPACE_MAX_INDEX); break;
    case KEY_MAX_THREADS: options.limits.threads = (uint32_t)number_option(state, text, WIRE_SLOTS); break;
    case KEY_MAX_MEMORY: options.limits.memory = number_option(state, text, (uint64_t)1 << 50); break;
    case KEY_MAX_TASKS: options.max_tasks = (unsigned)number_option(state, text, UINT32_MAX); break;
    case KEY_QUEUE_SIZE: options.queue_limit = (unsigned)number_option(state, text, MACH_PORT_QLIMIT_MAX); break;
    case KEY_STACK_SIZE: options.stack_size = number_option(state, text, 1 << 30); break;
    case KEY_PAGE_CACHE: options.page_cache = number_option(state, text, (uint64_t)1 << 50); break;
    case KEY_PAGER_TIMEOUT: options.pager_timeout = (unsigned)number_option(state, text, 86400); break;
    case KEY_STATS: stats = true; break;
    case KEY_BOOTSTRAP: bootstrap = true; break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static uint64_t from_environment(const char *name, uint64_t most, uint64_t otherwise)
{
    const char *text = getenv(name);
    uint64_t value = otherwise;

    if (text != NULL && *text != '\0' && !parse_number(text, most, &value))
        log_line(LOG_LEVEL_WARNING, "%s=%s is not a number from 1 to %llu: ignored", name, text,
                 (unsigned long long)most);
    return value;
}

static void read_environment(void)
{
    struct task_limits *limits = &options.limits;

    limits->receives = (uint32_t)from_environment("MACH_MAX_PORTS", SPACE_MAX_INDEX, limits->receives);
    limits->names = (uint32_t)from_environment("MACH_PORT_RIGHTS", SPACE_MAX_INDEX, limits->names);
    limits->memory = options.page_cache = from_environment("MACH_MEMORY_SIZE", (uint64_t)1 << 50, limits->memory);
    options.pager_timeout = (unsigned)from_environment("MACH_PAGER_TIMEOUT", 86400, options.pager_timeout);
    options.queue_limit =
        (unsigned)from_environment("MACH_MSG_QUEUE_SIZE", MACH_PORT_QLIMIT_MAX, options.queue_limit);
    options.stack_size = from_environment("MACH_THREAD_STACK_SIZE", 1 << 30, options.stack_size);
    options.max_tasks = (unsigned)from_environment("MACH_MAX_TASKS", UINT32_MAX, options.max_tasks);
}

static void leave_terminal(void)
{
    if (daemon(1, log_level >= LOG_LEVEL_INFO) < 0) {
        log_line(LOG_LEVEL_ERROR, "cannot leave the terminal: %s", strerror(errno));
        exit(EXIT_FAILURE);
    }
}

void options_read(int argc, char **argv)
{
    static const struct argp argp = {
        option_list, parse, NULL,
        "Serves Mach calls of Linux processes: the kernel of programs that link libmach.\v"
        "Programs start it themselves when they need it. Signals TERM and INT end it.",
        NULL, NULL, NULL};

    read_environment();
    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    if (options.socket == NULL)
        options.socket = mach_socket_path();
    if (options.socket == NULL) {
        fprintf(stderr, "machsim: no place for a socket: set XDG_RUNTIME_DIR or give --socket\n");
        exit(EXIT_FAILURE);
    }
    if (bootstrap)
        exit(bootstrap_serve());
    if (stats)
        exit(statistics_print(options.socket));
    if (!foreground && !options.on_demand)
        leave_terminal();
}
