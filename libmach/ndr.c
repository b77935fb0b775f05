/* SPDX-License-Identifier: BSD-2-Clause */
/* ndr.c - how this machine writes numbers. */
#include <mach/ndr.h>

const NDR_record_t NDR_record = {
    .mig_encoding = NDR_PROTOCOL_2_0,
    .int_rep = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? NDR_INT_LITTLE_ENDIAN : NDR_INT_BIG_ENDIAN,
    .char_rep = NDR_CHAR_ASCII,
    .float_rep = NDR_FLOAT_IEEE,
};
