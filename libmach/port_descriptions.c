/* SPDX-License-Identifier: BSD-2-Clause */
/* port_descriptions.c - special ports in words: mach/port_descriptions.h.  Those that mean something here. */
#include <mach/mach.h>
#include <mach/port_descriptions.h>
#include <string.h>

#include <mach/host_special_ports.h>

struct description {
    int port;
    const char *id, *words;
};

#define PORT(id, words) {id, #id, words}
static const struct description host_ports[] = {
    PORT(HOST_SECURITY_PORT, "host security port"),
    PORT(HOST_PORT, "host port"),
    PORT(HOST_PRIV_PORT, "host privileged port"),
    PORT(HOST_IO_MAIN_PORT, "host I/O main port"),
    PORT(HOST_DYNAMIC_PAGER_PORT, "dynamic pager port"),
    PORT(HOST_AUDIT_CONTROL_PORT, "audit control port"),
    PORT(HOST_USER_NOTIFICATION_PORT, "user notification port"),
    PORT(HOST_LOCKD_PORT, "lock daemon port"),
    {0, NULL, NULL},
};
static const struct description task_ports[] = {
    PORT(TASK_KERNEL_PORT, "task port"),
    PORT(TASK_HOST_PORT, "host port"),
    PORT(TASK_NAME_PORT, "task name port"),
    PORT(TASK_BOOTSTRAP_PORT, "bootstrap port"),
    PORT(TASK_INSPECT_PORT, "task inspection port"),
    PORT(TASK_READ_PORT, "task read port"),
    PORT(TASK_ACCESS_PORT, "task access port"),
    PORT(TASK_DEBUG_CONTROL_PORT, "debug control port"),
    PORT(TASK_RESOURCE_NOTIFY_PORT, "resource notification port"),
    {0, NULL, NULL},
};
static const struct description thread_ports[] = {
    PORT(THREAD_KERNEL_PORT, "thread port"),
    PORT(THREAD_INSPECT_PORT, "thread inspection port"),
    PORT(THREAD_READ_PORT, "thread read port"),
    {0, NULL, NULL},
};

static const char *describe(const struct description *table, int port)
{
    for (; table->id != NULL; table++)
        if (table->port == port)
            return table->words;
    return NULL;
}

static int find(const struct description *table, const char *id)
{
    for (; table->id != NULL; table++)
        if (strcmp(table->id, id) == 0)
            return table->port;
    return -1;
}

const char *mach_host_special_port_description(int port)
{
    return describe(host_ports, port);
}

const char *mach_task_special_port_description(int port)
{
    return describe(task_ports, port);
}

const char *mach_thread_special_port_description(int port)
{
    return describe(thread_ports, port);
}

int mach_host_special_port_for_id(const char *id)
{
    return find(host_ports, id);
}

int mach_task_special_port_for_id(const char *id)
{
    return find(task_ports, id);
}

int mach_thread_special_port_for_id(const char *id)
{
    return find(thread_ports, id);
}
