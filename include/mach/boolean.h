/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/boolean.h - boolean_t, 32 bits in messages. */
#ifndef _MACH_BOOLEAN_H_
#define _MACH_BOOLEAN_H_

typedef unsigned int boolean_t;

#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif

#endif
