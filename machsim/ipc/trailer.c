/* SPDX-License-Identifier: BSD-2-Clause */
/* trailer.c - what a receiver is told of a message's sender: mach/message.h has the layouts. */
#include "ipc/kmsg.h"
#include "kern/string.h"

bool ipc_trailer_exists(mach_msg_option_t option)
{
    const unsigned elements = (unsigned)option >> 24 & 0xf;

    return (unsigned)option >> 28 == MACH_MSG_TRAILER_FORMAT_0 &&
           (elements <= MACH_RCV_TRAILER_CTX || elements == MACH_RCV_TRAILER_AV || elements == MACH_RCV_TRAILER_LABELS);
}

mach_msg_size_t ipc_trailer_size(mach_msg_option_t option)
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

mach_msg_size_t ipc_kmsg_add_trailer(struct ipc_kmsg *kmsg, mach_msg_option_t option)
{
    const mach_msg_max_trailer_t full = {
        .msgh_trailer_type = MACH_MSG_TRAILER_FORMAT_0,
        .msgh_trailer_size = ipc_trailer_size(option),
        .msgh_seqno = kmsg->seqno,
        .msgh_sender = kmsg->sender,
        .msgh_audit = kmsg->audit,
        .msgh_context = kmsg->context,
    };
    unsigned char *end = (unsigned char *)kmsg->message + kmsg->size;

    memset(end, 0, round_msg(kmsg->size) - kmsg->size);
    memcpy((unsigned char *)kmsg->message + round_msg(kmsg->size), &full, full.msgh_trailer_size);
    return full.msgh_trailer_size;
}
