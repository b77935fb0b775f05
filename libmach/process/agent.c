/* SPDX-License-Identifier: BSD-2-Clause */
/* agent.c - the task does what others ask: see agent.h. */
#include "libmach/process/agent.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "gen/agent/mach_vm_server.h" /* with agent_server for mach_vm_server */
#include "libmach/internal.h"
#include "libmach/process/process.h"
#include "libmach/ring/ring.h"

static struct sigaction former;
static __thread volatile sig_atomic_t serving;

bool agent_serves(void)
{
    return serving != 0;
}

/* ---- requests -------------------------------------------------------------------------------------- */

/* The port that they come to; MACH_PORT_NULL: there is none. */
static mach_port_t requests_port(void)
{
    uint64_t result, out = MACH_PORT_NULL;

    return ring_simple_trap(WIRE_TRAP_AGENT, NULL, 0, &result, &out) ? (mach_port_t)out : MACH_PORT_NULL;
}

/* The interrupted code may be in a call to the kernel, whose answer comes to the thread's reply port. */
static void serve_requests(void)
{
    union {
        mach_msg_header_t header;
        union __RequestUnion__mach_vm_subsystem body;
        char room[sizeof(union __RequestUnion__mach_vm_subsystem) + MAX_TRAILER_SIZE];
    } request;
    union {
        mach_msg_header_t header;
        union __ReplyUnion__mach_vm_subsystem body;
    } reply;
    const mach_port_t port = requests_port(), kept = mig_exchange_reply_port(MACH_PORT_NULL);
    mach_msg_return_t result = MACH_MSG_SUCCESS;

    while (port != MACH_PORT_NULL && (result == MACH_MSG_SUCCESS || result == MACH_RCV_TOO_LARGE)) {
        result = mach_msg(&request.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof request, port, 0, MACH_PORT_NULL);
        if (result == MACH_MSG_SUCCESS)
            mach_msg_server_serve(agent_server, &request.header, &reply.header);
    }
    mig_dealloc_reply_port(MACH_PORT_NULL);
    (void)mig_exchange_reply_port(kept);
}

static void pass_on(int signal, siginfo_t *info, void *context)
{
    if (former.sa_flags & SA_SIGINFO)
        former.sa_sigaction(signal, info, context);
    else if (former.sa_handler != SIG_IGN && former.sa_handler != SIG_DFL)
        former.sa_handler(signal);
}

static void roused(int signal, siginfo_t *info, void *context)
{
    const int error = errno;

    if (info->si_code != SI_QUEUE || info->si_value.sival_int != WIRE_ROUSE) {
        pass_on(signal, info, context);
        return;
    }
    serving = 1;
    serve_requests();
    serving = 0;
    errno = error;
}

void agent_watch(void)
{
    struct sigaction action = {.sa_sigaction = roused, .sa_flags = SA_SIGINFO | SA_RESTART};

    sigfillset(&action.sa_mask);
    (void)sigaction(SIGURG, &action, &former);
}

/* ---- what can be asked ------------------------------------------------------------------------------ */

/* What came with a request and was of use is the server's then. */
static kern_return_t done_with(mach_port_t port, kern_return_t result)
{
    if (result == KERN_SUCCESS && MACH_PORT_VALID(port))
        (void)mach_port_deallocate(mach_task_self(), port);
    return result;
}

kern_return_t agent_mach_vm_allocate(mach_port_t requests, mach_vm_address_t *address, mach_vm_size_t size, int flags)
{
    (void)requests;
    return mach_vm_allocate(mach_task_self(), address, size, flags);
}

kern_return_t agent_mach_vm_deallocate(mach_port_t requests, mach_vm_address_t address, mach_vm_size_t size)
{
    (void)requests;
    return mach_vm_deallocate(mach_task_self(), address, size);
}

kern_return_t agent_mach_vm_protect(mach_port_t requests, mach_vm_address_t address, mach_vm_size_t size,
                                    boolean_t maximum, vm_prot_t protection)
{
    (void)requests;
    return mach_vm_protect(mach_task_self(), address, size, maximum, protection);
}

kern_return_t agent_mach_vm_inherit(mach_port_t requests, mach_vm_address_t address, mach_vm_size_t size,
                                    vm_inherit_t inheritance)
{
    (void)requests;
    return mach_vm_inherit(mach_task_self(), address, size, inheritance);
}

kern_return_t agent_mach_vm_msync(mach_port_t requests, mach_vm_address_t address, mach_vm_size_t size,
                                  vm_sync_t flags)
{
    (void)requests;
    return mach_vm_msync(mach_task_self(), address, size, flags);
}

kern_return_t agent_mach_vm_behavior_set(mach_port_t requests, mach_vm_address_t address, mach_vm_size_t size,
                                         vm_behavior_t behavior)
{
    (void)requests;
    return mach_vm_behavior_set(mach_task_self(), address, size, behavior);
}

kern_return_t agent_mach_vm_map(mach_port_t requests, mach_vm_address_t *address, mach_vm_size_t size,
                                mach_vm_offset_t mask, int flags, mem_entry_name_port_t object,
                                memory_object_offset_t offset, boolean_t copy, vm_prot_t protection, vm_prot_t max,
                                vm_inherit_t inheritance)
{
    (void)requests;
    return done_with(object, mach_vm_map(mach_task_self(), address, size, mask, flags, object, offset, copy, protection,
                                         max, inheritance));
}

kern_return_t agent_mach_vm_remap(mach_port_t requests, mach_vm_address_t *address, mach_vm_size_t size,
                                  mach_vm_offset_t mask, int flags, vm_map_t source, mach_vm_address_t from,
                                  boolean_t copy, vm_prot_t *protection, vm_prot_t *max, vm_inherit_t inheritance)
{
    (void)requests;
    return done_with(source, mach_vm_remap(mach_task_self(), address, size, mask, flags, source, from, copy, protection,
                                           max, inheritance));
}
