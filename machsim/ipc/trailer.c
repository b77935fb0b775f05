/* SPDX-License-Identifier: BSD-2-Clause */
/* trailer.c - what a receiver is told of a message's sender: mach/message.h has the layouts. */
#include "ipc/kmsg.h"
#include "kern/string.h"

mach_msg_size_t ipc_trailer_write(void *to, mach_msg_option_t option, const struct ipc_origin *origin)
{
    const mach_msg_size_t size = ipc_trailer_size(option);
    mach_msg_max_trailer_t *trailer = to;

    trailer->msgh_trailer_type = MACH_MSG_TRAILER_FORMAT_0;
    trailer->msgh_trailer_size = size;
    if (size == sizeof(mach_msg_trailer_t))
        return size;
    trailer->msgh_seqno = origin->seqno;
    trailer->msgh_sender = *origin->sender;
    trailer->msgh_audit = *origin->audit;
    trailer->msgh_context = origin->context;
    trailer->msgh_ad = 0;
    trailer->msgh_labels.sender = MACH_PORT_NULL;
    return size;
}

mach_msg_size_t ipc_kmsg_add_trailer(struct ipc_kmsg *kmsg, mach_msg_option_t option)
{
    const struct ipc_origin origin = {
        .sender = &kmsg->sender, .audit = &kmsg->audit, .seqno = kmsg->seqno, .context = kmsg->context};
    const mach_msg_size_t rest = round_msg(kmsg->size) - kmsg->size;

    if (rest > 0)
        memset((unsigned char *)kmsg->message + kmsg->size, 0, rest);
    return ipc_trailer_write((unsigned char *)kmsg->message + round_msg(kmsg->size), option, &origin);
}
