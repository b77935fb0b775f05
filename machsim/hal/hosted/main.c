/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - machsim, the daemon: starts the core, the workers and the porter, and ends them. */
#include <stdlib.h>
#include <urcu.h>

#include "hal/hosted/arena.h"
#include "kern/defer.h"
#include "kern/host.h"

int main(int argc, char **argv)
{
    options_read(argc, argv);
    os_raise_limits();
    worker_count = options.workers != 0 ? options.workers : os_processors();
    if (worker_count > MAX_WORKERS)
        worker_count = MAX_WORKERS;
    processor_enter();
    ipc_port_default_limit = options.queue_limit;
    if (kernel_start() != KERN_SUCCESS || !porter_open())
        return EXIT_FAILURE;
    if (!arenas_start() || !workers_start()) {
        log_line(LOG_LEVEL_ERROR, "cannot start threads");
        return EXIT_FAILURE;
    }
    log_line(LOG_LEVEL_INFO, "serving at %s with %u workers", options.socket, worker_count);
    porter_run();
    workers_stop();
    arena_drop_legacies();
    kernel_stop();
    defer_drain();
    arenas_stop();
    processor_leave();
    rcu_barrier();
    return EXIT_SUCCESS;
}
