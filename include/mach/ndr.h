/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/ndr.h - how the sender of a message writes numbers. */
#ifndef _MACH_NDR_H_
#define _MACH_NDR_H_

#define NDR_PROTOCOL_2_0 0
#define NDR_INT_BIG_ENDIAN 0
#define NDR_INT_LITTLE_ENDIAN 1
#define NDR_FLOAT_IEEE 0
#define NDR_FLOAT_VAX 1
#define NDR_FLOAT_CRAY 2
#define NDR_FLOAT_IBM 3
#define NDR_CHAR_ASCII 0
#define NDR_CHAR_EBCDIC 1

typedef struct {
    unsigned char mig_vers;
    unsigned char if_vers;
    unsigned char reserved1;
    unsigned char mig_encoding;
    unsigned char int_rep;
    unsigned char char_rep;
    unsigned char float_rep;
    unsigned char reserved2;
} NDR_record_t;

#ifdef __cplusplus
extern "C" {
#endif
/* This machine's. */
extern const NDR_record_t NDR_record;
#ifdef __cplusplus
}
#endif

#endif
