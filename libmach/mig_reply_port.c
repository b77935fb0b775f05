/* SPDX-License-Identifier: BSD-2-Clause */
/* mig_reply_port.c - each thread's port for replies: mach/mig.h. */
#include <pthread.h>

#include <mach/mach.h>
#include <mach/mig.h>

#include "internal.h"

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
        mig_destroy_reply_port(former);
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

void mig_forget_reply_port(void)
{
    reply_port = MACH_PORT_NULL;
}
