/* SPDX-License-Identifier: BSD-2-Clause */
/* trailer.h - what receive options say of trailers: mach/message.h has the layouts. */
#ifndef IPC_TRAILER_H
#define IPC_TRAILER_H

#include <stdbool.h>

#include <mach/message.h>

#include "kern/inline.h"

/* Whether there is a trailer as receive options ask for. */
ALWAYS_INLINE bool ipc_trailer_exists(mach_msg_option_t option)
{
    if ((unsigned)option >> 24 == 0)
        return true;
    const unsigned elements = (unsigned)option >> 24 & 0xf;

    return (unsigned)option >> 28 == MACH_MSG_TRAILER_FORMAT_0 &&
           (elements <= MACH_RCV_TRAILER_CTX || elements == MACH_RCV_TRAILER_AV || elements == MACH_RCV_TRAILER_LABELS);
}

/* Bytes of the trailer that receive options ask for. */
ALWAYS_INLINE mach_msg_size_t ipc_trailer_size(mach_msg_option_t option)
{
    if ((unsigned)option >> 24 == 0)
        return sizeof(mach_msg_trailer_t);
    switch ((unsigned)option >> 24 & 0xf) {
    case MACH_RCV_TRAILER_NULL: return sizeof(mach_msg_trailer_t);
    case MACH_RCV_TRAILER_SEQNO: return sizeof(mach_msg_seqno_trailer_t);
    case MACH_RCV_TRAILER_SENDER: return sizeof(mach_msg_security_trailer_t);
    case MACH_RCV_TRAILER_AUDIT: return sizeof(mach_msg_audit_trailer_t);
    case MACH_RCV_TRAILER_CTX: return sizeof(mach_msg_context_trailer_t);
    default: return sizeof(mach_msg_max_trailer_t);
    }
}

/* What a trailer tells. */
struct ipc_origin {
    const security_token_t *sender;
    const audit_token_t *audit;
    mach_port_seqno_t seqno;
    mach_port_context_t context;
};

/* Writes what there is of a trailer of a size behind its head. */
void ipc_trailer_tell(mach_msg_max_trailer_t *trailer, const struct ipc_origin *origin);

/* Writes the trailer that receive options ask for, where there is room for any; returns its size. */
ALWAYS_INLINE mach_msg_size_t ipc_trailer_write(void *to, mach_msg_option_t option, const struct ipc_origin *origin)
{
    mach_msg_max_trailer_t *trailer = to;

    trailer->msgh_trailer_type = MACH_MSG_TRAILER_FORMAT_0;
    trailer->msgh_trailer_size = ipc_trailer_size(option);
    if (UNLIKELY(trailer->msgh_trailer_size != sizeof(mach_msg_trailer_t)))
        ipc_trailer_tell(trailer, origin);
    return trailer->msgh_trailer_size;
}

#endif
