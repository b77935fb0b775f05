/* SPDX-License-Identifier: BSD-2-Clause */
/* mig_reply_setup.c - the reply that a server sends if nothing better comes: mach/mig.h. */
#include <mach/mig.h>
#include <mach/mig_errors.h>

void mig_reply_setup(const mach_msg_header_t *request, mach_msg_header_t *reply)
{
    *(mig_reply_error_t *)reply = (mig_reply_error_t){
        .Head = {.msgh_bits = MACH_MSGH_BITS(MACH_MSGH_BITS_REMOTE(request->msgh_bits), 0),
                 .msgh_size = sizeof(mig_reply_error_t),
                 .msgh_remote_port = request->msgh_remote_port,
                 .msgh_id = request->msgh_id + 100},
        .NDR = NDR_record,
        .RetCode = MIG_BAD_ID,
    };
}
