/* SPDX-License-Identifier: BSD-2-Clause */
/* host.c - the host's ports, how the core starts and stops, and the routines of mach_host.defs. */
#include "kern/host.h"

#include "gen/kernel/host_priv_server.h"
#include "gen/kernel/mach_host_server.h"
#include "ipc/owed.h"
#include "ipc/transit.h"
#include "device/devices.h"
#include "kern/clock.h"
#include "kern/task.h"
#include "kern/timer.h"
#include "kern/string.h"
#include "vm/vm_pageout.h"
#include "vm/vm_pager.h"
#include "vm/vm_purgable.h"

struct ipc_port *host_port, *host_priv_port;

static struct lock host_lock; /* RANK_LEAF */
static struct ipc_port *bootstrap;
static struct exception_actions *exceptions;

struct ipc_port *host_bootstrap_port(void)
{
    return ipc_port_copy_send_at(&bootstrap, &host_lock);
}

void host_set_bootstrap_port(struct ipc_port *port)
{
    lock_acquire(&host_lock);
    struct ipc_port *former = bootstrap;

    bootstrap = port;
    lock_release(&host_lock);
    ipc_port_release_send(former);
}

struct exception_actions **host_exceptions(struct lock **lock)
{
    *lock = &host_lock;
    return &exceptions;
}

struct exception_action host_exception_action(exception_type_t type)
{
    return exception_action_at(&exceptions, &host_lock, type);
}

kern_return_t kernel_start(void)
{
    lock_init(&host_lock, RANK_LEAF);
    ipc_transit_init();
    task_init();
    timer_init();
    vm_page_init();
    vm_pager_init();
    vm_pageout_init();
    vm_purgable_init();
    ipc_owed_init();
    ipc_space_kernel = ipc_space_create(SPACE_MAX_INDEX, SPACE_MAX_INDEX);
    if (ipc_space_kernel == NULL)
        return KERN_RESOURCE_SHORTAGE;
    host_port = ipc_port_create_kernel(OBJECT_HOST, NULL);
    host_priv_port = host_port == NULL ? NULL : ipc_port_create_kernel(OBJECT_HOST_PRIV, NULL);
    if (host_priv_port == NULL || !clock_init() || !device_init()) {
        kernel_stop();
        return KERN_RESOURCE_SHORTAGE;
    }
    return KERN_SUCCESS;
}

void kernel_stop(void)
{
    host_set_bootstrap_port(NULL);
    exception_actions_release(exceptions);
    exceptions = NULL;
    device_time_stop();
    vm_pageout_stop();
    vm_pager_flush_cache();
    defer_drain();
    ipc_owed_stop();
    ipc_space_destroy(ipc_space_kernel);
    ipc_space_release(ipc_space_kernel);
    ipc_space_kernel = NULL;
    host_port = host_priv_port = NULL;
}

/* ---- routines -------------------------------------------------------------------------------------- */

kern_return_t kernel_host_kernel_version(host_ref_t host, kernel_version_t version)
{
    static const char words[] = "Mach, machsim 0.1";

    if (host == NULL)
        return KERN_INVALID_ARGUMENT;
    memcpy(version, words, sizeof words);
    return KERN_SUCCESS;
}

kern_return_t kernel_host_reboot(host_ref_t host_priv, int options)
{
    return host_priv == NULL ? KERN_INVALID_HOST : hal_reboot(options);
}

kern_return_t kernel__host_page_size(host_ref_t host, vm_size_t *size)
{
    if (host == NULL)
        return KERN_INVALID_ARGUMENT;
    *size = 4096;
    return KERN_SUCCESS;
}
