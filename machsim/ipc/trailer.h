/* SPDX-License-Identifier: BSD-2-Clause */
/* trailer.h - what receive options say of trailers: mach/message.h has the layouts. */
#ifndef IPC_TRAILER_H
#define IPC_TRAILER_H

#include <stdbool.h>

#include <mach/message.h>

/* Whether there is a trailer as receive options ask for. */
static inline bool ipc_trailer_exists(mach_msg_option_t option)
{
    const unsigned elements = (unsigned)option >> 24 & 0xf;

    return (unsigned)option >> 28 == MACH_MSG_TRAILER_FORMAT_0 &&
           (elements <= MACH_RCV_TRAILER_CTX || elements == MACH_RCV_TRAILER_AV || elements == MACH_RCV_TRAILER_LABELS);
}

/* Bytes of the trailer that receive options ask for. */
static inline mach_msg_size_t ipc_trailer_size(mach_msg_option_t option)
{
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

/* Writes the trailer that receive options ask for, where there is room for any; returns its size. */
mach_msg_size_t ipc_trailer_write(void *to, mach_msg_option_t option, const struct ipc_origin *origin);

#endif
