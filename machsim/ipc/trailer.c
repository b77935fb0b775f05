/* SPDX-License-Identifier: BSD-2-Clause */
/* trailer.c - what a receiver is told of a message's sender: mach/message.h has the layouts. */
#include "ipc/kmsg.h"
#include "kern/string.h"

mach_msg_size_t ipc_trailer_write(void *to, mach_msg_option_t option, const struct ipc_origin *origin)
{
    const mach_msg_size_t size = ipc_trailer_size(option);

    if (size == sizeof(mach_msg_trailer_t)) {
        *(mach_msg_trailer_t *)to = (mach_msg_trailer_t){
            .msgh_trailer_type = MACH_MSG_TRAILER_FORMAT_0, .msgh_trailer_size = sizeof(mach_msg_trailer_t)};
        return size;
    }
    *(mach_msg_max_trailer_t *)to = (mach_msg_max_trailer_t){
        .msgh_trailer_type = MACH_MSG_TRAILER_FORMAT_0,
        .msgh_trailer_size = size,
        .msgh_seqno = origin->seqno,
        .msgh_sender = *origin->sender,
        .msgh_audit = *origin->audit,
        .msgh_context = origin->context,
    };
    return size;
}

mach_msg_size_t ipc_kmsg_add_trailer(struct ipc_kmsg *kmsg, mach_msg_option_t option)
{
    const struct ipc_origin origin = {
        .sender = &kmsg->sender, .audit = &kmsg->audit, .seqno = kmsg->seqno, .context = kmsg->context};
    unsigned char *end = (unsigned char *)kmsg->message + kmsg->size;

    memset(end, 0, round_msg(kmsg->size) - kmsg->size);
    return ipc_trailer_write((unsigned char *)kmsg->message + round_msg(kmsg->size), option, &origin);
}
