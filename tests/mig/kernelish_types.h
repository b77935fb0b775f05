/* SPDX-License-Identifier: BSD-2-Clause */
/* kernelish_types.h - the C types of kernelish.defs. */
#ifndef KERNELISH_TYPES_H
#define KERNELISH_TYPES_H

typedef struct {
    int numbers[32];
} block_t;

#endif
