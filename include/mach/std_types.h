/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/std_types.h - the C types that std_types.defs names. */
#ifndef _MACH_STD_TYPES_H_
#define _MACH_STD_TYPES_H_

#include <mach/boolean.h>
#include <mach/kern_return.h>
#include <mach/port.h>
#include <mach/vm_types.h>
#include <stdint.h>

#endif
