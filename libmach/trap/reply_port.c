/* SPDX-License-Identifier: BSD-2-Clause */
/* reply_port.c - each thread's port for replies, where there is a C library: mach/mig.h. */
#include <mach/mach.h>
#include <mach/mig.h>
#include <pthread.h>

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
    const mach_port_t former = reply_port;

    (void)port;
    reply_port = MACH_PORT_NULL;
    if (former != MACH_PORT_NULL)
        (void)mach_port_mod_refs(mach_task_self(), former, MACH_PORT_RIGHT_RECEIVE, -1);
}

mach_port_t mig_exchange_reply_port(mach_port_t port)
{
    const mach_port_t former = reply_port;

    reply_port = port;
    return former;
}

int mach_init(void)
{
    return KERN_SUCCESS; /* the kernel is there */
}
