/* SPDX-License-Identifier: BSD-2-Clause */
/* trailer.c - what a receiver is told of a message's sender: mach/message.h has the layouts. */
#include "ipc/kmsg.h"
#include "kern/string.h"

void ipc_trailer_tell(mach_msg_max_trailer_t *trailer, const struct ipc_origin *origin)
{
    trailer->msgh_seqno = origin->seqno;
    trailer->msgh_sender = *origin->sender;
    trailer->msgh_audit = *origin->audit;
    trailer->msgh_context = origin->context;
    trailer->msgh_ad = 0;
    trailer->msgh_labels.sender = MACH_PORT_NULL;
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
