/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/exception_types.h - kinds of exceptions, and how they are told.  Values and layouts are XNU's (LP64). */
#ifndef _MACH_EXCEPTION_TYPES_H_
#define _MACH_EXCEPTION_TYPES_H_

#include <mach/port.h>
#include <mach/vm_types.h>

typedef int exception_type_t;
typedef integer_t exception_data_type_t;
typedef int64_t mach_exception_data_type_t;
typedef int exception_behavior_t;
typedef exception_data_type_t *exception_data_t;
typedef mach_exception_data_type_t *mach_exception_data_t;
typedef unsigned int exception_mask_t;
typedef exception_mask_t *exception_mask_array_t;
typedef exception_behavior_t *exception_behavior_array_t;
typedef int thread_state_flavor_t;
typedef thread_state_flavor_t *thread_state_flavor_array_t;
typedef thread_state_flavor_t *exception_flavor_array_t;
typedef mach_port_t exception_handler_t;
typedef exception_handler_t *exception_handler_array_t;
typedef mach_port_t exception_port_t;
typedef exception_port_t *exception_port_array_t;
typedef struct exception_handler_info {
    natural_t iip_port_object;
    natural_t iip_receiver_object;
} exception_handler_info_t;
typedef exception_handler_info_t *exception_handler_info_array_t;
typedef exception_handler_info_t *exception_port_info_array_t;
typedef exception_port_array_t exception_port_arrary_t;
typedef exception_handler_info_t ipc_info_port_t;
typedef mach_exception_data_type_t mach_exception_code_t;
typedef mach_exception_data_type_t mach_exception_subcode_t;

#define EXC_MASK_MACHINE 0
#define EXCEPTION_DEFAULT 1
#define EXC_BAD_ACCESS 1
#define EXCEPTION_CODE_MAX 2
#define EXCEPTION_STATE 2
#define EXC_BAD_INSTRUCTION 2
#define EXC_MASK_BAD_ACCESS 2
#define EXCEPTION_STATE_IDENTITY 3
#define EXC_ARITHMETIC 3
#define EXCEPTION_IDENTITY_PROTECTED 4
#define EXC_EMULATION 4
#define EXC_MASK_BAD_INSTRUCTION 4
#define EXCEPTION_STATE_IDENTITY_PROTECTED 5
#define EXC_SOFTWARE 5
#define EXC_BREAKPOINT 6
#define EXC_SYSCALL 7
#define EXC_MACH_SYSCALL 8
#define EXC_MASK_ARITHMETIC 8
#define EXC_RPC_ALERT 9
#define EXC_CRASH 10
#define EXC_RESOURCE 11
#define EXC_GUARD 12
#define EXC_CORPSE_NOTIFY 13
#define EXC_TYPES_COUNT 14
#define EXC_MASK_EMULATION 16
#define EXC_MASK_SOFTWARE 32
#define EXC_MASK_BREAKPOINT 64
#define EXC_MASK_SYSCALL 128
#define EXC_MASK_MACH_SYSCALL 0x100
#define EXC_MASK_RPC_ALERT 0x200
#define EXC_MASK_CRASH 0x400
#define EXC_MASK_RESOURCE 0x800
#define EXC_MASK_GUARD 0x1000
#define EXC_MASK_ALL 0x1bfe
#define EXC_MASK_CORPSE_NOTIFY 0x2000
#define EXC_SOFT_SIGNAL 0x10003
#define EXC_MACF_MIN 0x20000
#define EXC_MACF_MAX 0x2ffff
#define MACH_EXCEPTION_BACKTRACE_PREFERRED 0x20000000
#define MACH_EXCEPTION_ERRORS 0x40000000
#define MACH_EXCEPTION_CODES 0x80000000
#define MACH_EXCEPTION_MASK 0xe0000000

#endif
