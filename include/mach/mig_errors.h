/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mach/mig_errors.h - what stubs made by mig return, and the message that carries only such a result.
 * Values and layouts are XNU's.
 */
#ifndef _MACH_MIG_ERRORS_H_
#define _MACH_MIG_ERRORS_H_

#include <mach/message.h>
#include <mach/mig.h>
#include <mach/ndr.h>

#define MIG_TYPE_ERROR -300      /* the message's types are not those of the routine */
#define MIG_REPLY_MISMATCH -301  /* not the answer to this request */
#define MIG_REMOTE_ERROR -302    /* the server found a type error */
#define MIG_BAD_ID -303          /* no routine has this id */
#define MIG_BAD_ARGUMENTS -304   /* sizes, counts or strings are wrong */
#define MIG_NO_REPLY -305        /* the server answers later, or never */
#define MIG_EXCEPTION -306       /* the server raised an exception */
#define MIG_ARRAY_TOO_LARGE -307 /* the caller has less room than there is data */
#define MIG_SERVER_DIED -308     /* the server died, or threw the reply right away */
#define MIG_TRAILER_ERROR -309   /* the trailer lacks what was asked for */

#pragma pack(push, 4)
typedef struct {
    mach_msg_header_t Head;
    NDR_record_t NDR;
    kern_return_t RetCode;
} mig_reply_error_t;
#pragma pack(pop)

/* Whether a result of mach_msg says that nothing has been sent. */
#define MIG_SEND_FAILED(result) (((result)&0x7fffc000) == 0x10000000)

/*
 * Whether, after this result, an answer may still come to the reply port, so that the port cannot be
 * used for the next request; or there is no such port.
 */
#define MIG_REPLY_PORT_LOST(result) (((result)&0x7fffc000) == 0x10004000 || (result) == MACH_SEND_INVALID_REPLY)

#endif
