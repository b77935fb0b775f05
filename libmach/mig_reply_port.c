/* SPDX-License-Identifier: BSD-2-Clause */
/* mig_reply_port.c - each thread's port for replies: mach/mig.h. */
#include <pthread.h>

#include <mach/mach.h>

#include "direct/direct.h"
#include "internal.h"
#include "machsim/kern/trap.h"
#include "ring/ring.h"

static __thread mach_port_t reply_port;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void thread_ends(void *unused)
{
    (void)unused;
    mig_dealloc_reply_port(reply_port);
}

static void make_key(void)
{
    pthread_key_create(&key, thread_ends);
}

mach_port_t mig_get_reply_port(void)
{
    if (reply_port == MACH_PORT_NULL) {
        reply_port = mach_reply_port();
        pthread_once(&once, make_key);
        pthread_setspecific(key, &reply_port);
    }
    return reply_port;
}

void mig_put_reply_port(mach_port_t port)
{
    (void)port; /* it stays for the next call */
}

void mig_dealloc_reply_port(mach_port_t port)
{
    const uint64_t arguments[] = {mach_task_self(), reply_port, MACH_PORT_RIGHT_RECEIVE, (uint64_t)(int64_t)-1};
    uint64_t result;

    (void)port;
    if (reply_port == MACH_PORT_NULL)
        return;
    reply_port = MACH_PORT_NULL;
    (void)ring_simple_trap(TRAP_PORT_MOD_REFS, arguments, 4, &result, NULL);
}

mach_port_t mig_exchange_reply_port(mach_port_t port)
{
    const mach_port_t former = reply_port;

    reply_port = port;
    return former;
}

mach_port_t mig_get_special_reply_port(void)
{
    return mig_get_reply_port();
}

void mig_dealloc_special_reply_port(mach_port_t port)
{
    mig_dealloc_reply_port(port);
}

void mach_after_fork(void)
{
    reply_port = MACH_PORT_NULL;
    direct_after_fork();
}
