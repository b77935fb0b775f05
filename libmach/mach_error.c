/* SPDX-License-Identifier: BSD-2-Clause */
/* mach_error.c - results in words: mach/mach_error.h.  Tables are in the order of the numbers. */
#include <stdio.h>

#include <mach/mach.h>
#include <servers/bootstrap_defs.h>
#include <servers/netname_defs.h>

struct texts {
    int first; /* number of the first text */
    unsigned count;
    const char *const *text;
};

static const char *const kern[] = {
    "success",
    "no such address",
    "the memory is protected against that",
    "no space of that size is free",
    "invalid argument",
    "failure",
    "the system is short of a resource",
    "the caller does not receive from this port",
    "no access",
    "the memory's manager refused",
    "the memory's manager failed",
    "already in the set",
    "not in the set",
    "the name denotes something already",
    "aborted",
    "the name denotes nothing",
    "no such task",
    "the name denotes another kind of right",
    "value out of range",
    "too many user references",
    "no such right",
    "the task has the right under another name",
    "no such host",
    "memory is already there",
    "the data was moved",
    "try the copy again",
    "no such processor set",
    "the policy's limit is exceeded",
    "no such policy",
    "no such object",
    "someone waits already",
    "not for the default processor set",
    "that exception is protected",
    "no such ledger",
    "no such memory control",
    "no such security port",
    "the thread is not depressed",
    "terminated",
    "the lock set is destroyed",
    "the lock is in an uncertain state",
    "the lock is another's",
    "the lock is the caller's already",
    "the semaphore is destroyed",
    "the server of the call has terminated",
    "terminate the orphaned call",
    "let the orphaned call continue",
    "not supported",
    "the node is down",
    "the thread does not wait",
    "time is up",
    "code signing error",
    "the policy cannot change",
    "the buffer is too small",
    "denied",
    "a kernel collection is missing",
    "a kernel collection is invalid",
    "not found",
};

static const char *const mig[] = {
    /* from -309 on */
    "trailer error (MIG)",
    "the server died (MIG)",
    "array too large (MIG)",
    "exception in the server (MIG)",
    "the server will not reply, or later (MIG)",
    "wrong arguments (MIG)",
    "no such routine (MIG)",
    "the server found an error (MIG)",
    "the reply does not fit the request (MIG)",
    "wrong type (MIG)",
};

static const char *const send[] = {
    "success",
    "(send) in progress",
    "(send) the message is not all there",
    "(send) no such destination",
    "(send) timed out",
    "(send) no such voucher",
    NULL,
    "(send) interrupted",
    "(send) the message is too small",
    "(send) no such reply port",
    "(send) the message names a right that the sender does not have",
    "(send) no such port for notification",
    "(send) the message names memory that is not there",
    "(send) no room for the message",
    "(send) the message is too large",
    "(send) the message has a descriptor of unknown type",
    "(send) the message's header is wrong",
    "(send) the message's trailer is wrong",
    "(send) the context is wrong",
    "(send) the options do not go together",
    NULL,
    "(send) too much memory out of line",
    "(send) the destination grants nothing",
    "(send) the message was filtered",
    "(send) the auxiliary data is too small",
    "(send) the auxiliary data is too large",
};

static const char *const receive[] = {
    NULL,
    "(receive) in progress",
    "(receive) no such receive right or port set",
    "(receive) timed out",
    "(receive) the message is too large",
    "(receive) interrupted",
    "(receive) the port has changed",
    "(receive) no such port for notification",
    "(receive) the buffer is not all there",
    "(receive) the port or set has died",
    "(receive) the port is in a set",
    "(receive) no room for a right in the header",
    "(receive) no room for rights or memory in the body",
    "(receive) wrong type in the scatter list",
    "(receive) too little room in the scatter list",
    "(receive) no such trailer",
    NULL,
    "(receive) in progress, with a timeout",
    "(receive) the reply is wrong",
    "(receive) invalid arguments",
};

static const char *const bootstrap[] = {
    "the caller may not do that (bootstrap)",
    "the name is in use (bootstrap)",
    "no such service (bootstrap)",
    "the service is active (bootstrap)",
    "wrong count (bootstrap)",
    "out of memory (bootstrap)",
    "no children (bootstrap)",
};

static const char *const netname[] = {
    "not your name (netname)",
    "no such name (netname)",
    "no such host (netname)",
    "the host is not known (netname)",
};

#define TEXTS(number, table) {number, sizeof(table) / sizeof *(table), table}
static const struct texts all_texts[] = {
    TEXTS(0, kern),
    TEXTS(MIG_TRAILER_ERROR, mig),
    TEXTS(0x10000000, send),
    TEXTS(0x10004000, receive),
    TEXTS(BOOTSTRAP_NOT_PRIVILEGED, bootstrap),
    TEXTS(NETNAME_NOT_YOURS, netname),
};

static const char *find(mach_error_t error)
{
    for (size_t i = 0; i < sizeof all_texts / sizeof *all_texts; i++) {
        const struct texts *texts = &all_texts[i];

        if (error >= texts->first && (unsigned)(error - texts->first) < texts->count)
            return texts->text[error - texts->first];
    }
    return NULL;
}

const char *mach_error_string(mach_error_t error)
{
    const char *text = find(error);

    /* Which resource was short is told in bits of its own. */
    if (text == NULL && err_get_system(error) == 4)
        text = find(error & ~MACH_MSG_MASK);
    return text != NULL ? text : "unknown error code";
}

const char *mach_error_type(mach_error_t error)
{
    if (error < 0)
        return "(ipc/mig)";
    switch (err_get_system((unsigned)error)) {
    case 0: return error >= 0x44c ? "(server/bootstrap)" : error >= 1000 ? "(server/netname)" : "(os/kern)";
    case 1: return "(us/?)";
    case 2: return "(server/?)";
    case 3: return "(ipc/?)";
    case 4: return error & 0x4000 ? "(ipc/rcv)" : "(ipc/send)";
    case 7: return "(dipc/?)";
    case 0x3e: return "(local/?)";
    default: return "(?/?)";
    }
}

void mach_error(const char *words, mach_error_t error)
{
    fprintf(stderr, "%s: %s %s 0x%x\n", words, mach_error_type(error), mach_error_string(error), (unsigned)error);
}
