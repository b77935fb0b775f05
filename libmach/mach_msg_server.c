/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mach_msg_server.c - the loop of a server: receive a request, let a demultiplexer answer it, send the answer.
 *
 * Rights and memory: a function that succeeded owns what its request brought; one that failed does not, and
 * the loop destroys it.  With MIG_NO_REPLY the function keeps the reply right too.  A reply that cannot be
 * sent is destroyed.  Source: XNU's libsyscall, mach_msg_server(3).
 */
#include <mach/mach_msg_server.h>
#include <mach/mig_errors.h>
#include <stdbool.h>
#include <stdlib.h>

#include "internal.h"

struct server {
    boolean_t (*demux)(mach_msg_header_t *request, mach_msg_header_t *reply);
    mach_port_t port;
    mach_msg_options_t options;
    mach_msg_size_t room; /* of either buffer */
    mach_msg_header_t *request, *reply;
};

static bool make_room(struct server *server, mach_msg_size_t room)
{
    void *request = malloc(room), *reply = malloc(room);

    if (request == NULL || reply == NULL) {
        free(request);
        free(reply);
        return false;
    }
    free(server->request);
    free(server->reply);
    server->request = request;
    server->reply = reply;
    server->room = room;
    return true;
}

/* With MACH_RCV_LARGE a message that is too large stays queued, and its header tells how much it needs. */
static mach_msg_return_t receive(struct server *server)
{
    for (;;) {
        mach_msg_return_t result = mach_msg(server->request, MACH_RCV_MSG | server->options, 0, server->room,
                                            server->port, MACH_MSG_TIMEOUT_NONE, MACH_PORT_NULL);
        if (result != MACH_RCV_TOO_LARGE || !(server->options & MACH_RCV_LARGE))
            return result;
        if (!make_room(server, round_msg(server->request->msgh_size) + MAX_TRAILER_SIZE))
            return KERN_RESOURCE_SHORTAGE;
    }
}

/* Both formats of error reply have their result at the same place. */
static kern_return_t result_of(const mach_msg_header_t *reply)
{
    return reply->msgh_bits & MACH_MSGH_BITS_COMPLEX ? KERN_SUCCESS : ((const mig_reply_error_t *)reply)->RetCode;
}

static void answer(mach_msg_header_t *reply)
{
    mach_msg_option_t option = MACH_SEND_MSG;

    /* A send-once right never blocks; a client that gave another must have room for the answer. */
    if (MACH_MSGH_BITS_REMOTE(reply->msgh_bits) != MACH_MSG_TYPE_MOVE_SEND_ONCE)
        option |= MACH_SEND_TIMEOUT;
    mach_msg_return_t result = mach_msg(reply, option, reply->msgh_size, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
    if (result == MACH_SEND_INVALID_DEST || result == MACH_SEND_TIMED_OUT)
        mach_msg_destroy(reply);
}

void mach_msg_server_serve(boolean_t (*demux)(mach_msg_header_t *, mach_msg_header_t *), mach_msg_header_t *request,
                           mach_msg_header_t *reply)
{
    demux(request, reply);
    kern_return_t result = result_of(reply);
    if (result == MIG_NO_REPLY)
        return;
    if (result != KERN_SUCCESS) {
        request->msgh_remote_port = MACH_PORT_NULL; /* the reply has it now */
        mach_msg_destroy(request);
    }
    if (reply->msgh_remote_port != MACH_PORT_NULL)
        answer(reply);
    else if (reply->msgh_bits & MACH_MSGH_BITS_COMPLEX)
        mach_msg_destroy(reply);
}

static mach_msg_return_t run(struct server *server, mach_msg_size_t max_size, bool once)
{
    mach_msg_return_t result = KERN_RESOURCE_SHORTAGE;
    mach_msg_size_t least = (mach_msg_size_t)sizeof(mig_reply_error_t);

    if (make_room(server, round_msg(max_size > least ? max_size : least) + MAX_TRAILER_SIZE)) {
        do {
            result = receive(server);
            if (result == MACH_MSG_SUCCESS)
                mach_msg_server_serve(server->demux, server->request, server->reply);
        } while (result == MACH_MSG_SUCCESS && !once);
    }
    free(server->request);
    free(server->reply);
    return result;
}

mach_msg_return_t mach_msg_server_once(boolean_t (*demux)(mach_msg_header_t *, mach_msg_header_t *),
                                       mach_msg_size_t max_size, mach_port_t rcv_name, mach_msg_options_t options)
{
    struct server server = {.demux = demux, .port = rcv_name, .options = options};

    return run(&server, max_size, true);
}

mach_msg_return_t mach_msg_server(boolean_t (*demux)(mach_msg_header_t *, mach_msg_header_t *),
                                  mach_msg_size_t max_size, mach_port_t rcv_name, mach_msg_options_t options)
{
    struct server server = {.demux = demux, .port = rcv_name, .options = options};

    return run(&server, max_size, false);
}

/* There is no importance here that a message could bring. */
mach_msg_return_t mach_msg_server_importance(boolean_t (*demux)(mach_msg_header_t *, mach_msg_header_t *),
                                             mach_msg_size_t max_size, mach_port_t rcv_name, mach_msg_options_t options)
{
    return mach_msg_server(demux, max_size, rcv_name, options);
}
