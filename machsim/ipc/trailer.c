/* SPDX-License-Identifier: BSD-2-Clause */
/* trailer.c - what a receiver is told of a message's sender: mach/message.h has the layouts. */
#include "ipc/kmsg.h"
#include "kern/string.h"

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
