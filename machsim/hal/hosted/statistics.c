/* SPDX-License-Identifier: BSD-2-Clause */
/* statistics.c - machsim --stats: what tasks there are, and what they use. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "hal/hosted/arena.h"
#include "ipc/port.h"
#include "vm/vm_pageout.h"

struct asking {
    int connection;
    const struct task_identity *identity;
    unsigned tasks;
    uint64_t names, receives, memory, messages;
};

__attribute__((format(printf, 2, 3))) static void line(int connection, const char *format, ...)
{
    char text[160];
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length > 0)
        (void)!send(connection, text, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Counts are read without locks: they are what they were a moment ago. */
static void report(struct task *task, void *context)
{
    struct asking *asking = context;
    const struct ipc_space *space = task->space;
    const uint64_t memory = atomic_load(&task->memory), sent = atomic_load(&task->sent);

    if (asking->identity->uid != 0 && asking->identity->uid != task->identity.uid)
        return;
    asking->tasks++;
    asking->names += space->names;
    asking->receives += space->receives;
    asking->memory += memory;
    asking->messages += sent;
    line(asking->connection, "%8d %6u %7u %8u %8u %12llu %12llu %10llu\n", task->identity.pid, task->identity.uid,
         task->thread_count, space->names, space->receives, (unsigned long long)sent,
         (unsigned long long)atomic_load(&task->received), (unsigned long long)memory);
}

void statistics_send(int connection, const struct task_identity *identity)
{
    struct asking asking = {.connection = connection, .identity = identity};
    int room = 4 * 1024 * 1024;

    setsockopt(connection, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    line(connection, "%8s %6s %7s %8s %8s %12s %12s %10s\n", "PID", "UID", "THREADS", "NAMES", "RECEIVES", "SENT",
         "RECEIVED", "QUEUED");
    task_for_each(report, &asking);
    line(connection, "%8s %6u %7s %8llu %8llu %12llu %12s %10llu\n", "all", asking.tasks, "",
         (unsigned long long)asking.names, (unsigned long long)asking.receives,
         (unsigned long long)asking.messages, "", (unsigned long long)asking.memory);
    const struct arena_statistics memory = arena_statistics();
    struct ipc_port *manager = vm_pageout_default_manager();

    line(connection, "managed memory: %llu objects, %llu of %llu pages\n", (unsigned long long)memory.objects,
         (unsigned long long)memory.frames, (unsigned long long)memory.frame_limit);
    line(connection, "faults: of %u tasks by userfaultfd; of %u without those in system calls; of %u by signals\n",
         memory.tasks[WIRE_FAULTS_ALL], memory.tasks[WIRE_FAULTS_USER], memory.tasks[WIRE_FAULTS_SIGNALS]);
    line(connection, "default memory manager: %s\n",
         !ipc_port_valid(manager) ? "none: memory ends with the page cache" : "there is one");
    ipc_port_release_send(manager);
}

int statistics_print(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct wire_hello hello = {.magic = WIRE_MAGIC, .version = WIRE_VERSION, .kind = WIRE_STATISTICS};
    int connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    char text[512];
    ssize_t length;

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (connection < 0 || connect(connection, (struct sockaddr *)&address, sizeof address) < 0 ||
        send(connection, &hello, sizeof hello, MSG_NOSIGNAL) < 0) {
        fprintf(stderr, "machsim: no daemon answers at %s: %s\n", path, strerror(errno));
        return EXIT_FAILURE;
    }
    while ((length = recv(connection, text, sizeof text, 0)) > 0)
        fwrite(text, 1, (size_t)length, stdout);
    close(connection);
    return EXIT_SUCCESS;
}
