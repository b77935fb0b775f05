/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mach/typed_message.h - Mach 3.0's typed messages: before each item stands what it is.
 *
 * The descriptor is GNU Mach's for 64-bit machines: 8 bytes, with room for every number, so that the
 * long form is never needed; it is made for arguments with the flag islong.  Each descriptor and
 * each item begins on a multiple of 8 behind the 24-byte header.
 */
#ifndef _MACH_TYPED_MESSAGE_H_
#define _MACH_TYPED_MESSAGE_H_

#include <mach/message.h>

#define MACH_MSG_TYPE_UNSTRUCTURED 0
#define MACH_MSG_TYPE_BIT 0
#define MACH_MSG_TYPE_BOOLEAN 0
#define MACH_MSG_TYPE_INTEGER_16 1
#define MACH_MSG_TYPE_INTEGER_32 2
#define MACH_MSG_TYPE_CHAR 8
#define MACH_MSG_TYPE_BYTE 9
#define MACH_MSG_TYPE_INTEGER_8 9
#define MACH_MSG_TYPE_REAL 10
#define MACH_MSG_TYPE_INTEGER_64 11
#define MACH_MSG_TYPE_STRING 12
#define MACH_MSG_TYPE_STRING_C 12

typedef struct {
    unsigned int msgt_name : 8;
    unsigned int msgt_size : 16; /* of one item, in bits */
    unsigned int msgt_unused : 5;
    unsigned int msgt_inline : 1;
    unsigned int msgt_longform : 1;
    unsigned int msgt_deallocate : 1;
    mach_msg_type_number_t msgt_number; /* of items */
} mach_msg_type_t;

typedef struct {
    mach_msg_type_t msgtl_header; /* its name, size and number are 0 */
    unsigned short msgtl_name;
    unsigned short msgtl_size;
    mach_msg_type_number_t msgtl_number;
} mach_msg_type_long_t;

#define MIG_TYPE(name, size, number, is_inline, dealloc)                                          \
    (mach_msg_type_t)                                                                             \
    {                                                                                             \
        .msgt_name = (name)&0xffu, .msgt_size = (size), .msgt_inline = (is_inline) ? 1 : 0,       \
        .msgt_deallocate = (dealloc) ? 1 : 0, .msgt_number = (number)                             \
    }
#define MIG_TYPE_LONG(name, size, number, is_inline, dealloc)                                     \
    (mach_msg_type_long_t)                                                                        \
    {                                                                                             \
        .msgtl_header = {.msgt_longform = 1,                                                      \
                         .msgt_inline = (is_inline) ? 1 : 0,                                      \
                         .msgt_deallocate = (dealloc) ? 1 : 0},                                   \
        .msgtl_name = (unsigned short)(name), .msgtl_size = (size), .msgtl_number = (number)      \
    }

#pragma pack(push, 4)
typedef struct {
    mach_msg_header_t Head;
    mach_msg_type_t RetCodeType;
    kern_return_t RetCode;
    char RetCodePad[4];
} mig_typed_reply_error_t;
#pragma pack(pop)

#ifdef __cplusplus
extern "C" {
#endif
/* Lets go of all rights and out-of-line memory that a received typed message holds. */
void mach_msg_destroy_typed(mach_msg_header_t *msg);
#ifdef __cplusplus
}
#endif

#endif
