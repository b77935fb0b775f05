/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/mach_voucher_types.h - vouchers.  Values and layouts are XNU's (LP64). */
#ifndef _MACH_MACH_VOUCHER_TYPES_H_
#define _MACH_MACH_VOUCHER_TYPES_H_

#include <mach/port.h>

typedef mach_port_t mach_voucher_t;
typedef mach_port_t ipc_voucher_t;
typedef mach_port_t ipc_voucher_attr_manager_t;
typedef mach_port_t ipc_voucher_attr_control_t;
typedef mach_port_name_t mach_voucher_name_t;
typedef uint32_t mach_voucher_selector_t;
typedef uint32_t mach_voucher_attr_key_t;
typedef uint32_t mach_voucher_attr_command_t;
typedef uint8_t *mach_voucher_attr_content_t;
typedef uint8_t *mach_voucher_attr_raw_recipe_t;
typedef uint8_t *mach_voucher_attr_raw_recipe_array_t;
typedef uint64_t mach_voucher_attr_value_handle_t;
typedef mach_voucher_attr_value_handle_t *mach_voucher_attr_value_handle_array_t;

#define MACH_VOUCHER_NULL ((mach_voucher_t)0)
#define IPC_VOUCHER_NULL ((ipc_voucher_t)0)

typedef mach_port_t mach_voucher_attr_manager_t;
typedef mach_port_t mach_voucher_attr_control_t;
typedef mach_voucher_name_t *mach_voucher_name_array_t;
typedef mach_voucher_attr_key_t *mach_voucher_attr_key_array_t;
typedef uint32_t mach_voucher_attr_content_size_t;
typedef uint32_t mach_voucher_attr_recipe_command_t;
typedef mach_voucher_attr_recipe_command_t *mach_voucher_attr_recipe_command_array_t;
typedef uint32_t mach_voucher_attr_recipe_size_t;
typedef uint32_t mach_voucher_attr_raw_recipe_size_t;
typedef uint32_t mach_voucher_attr_raw_recipe_array_size_t;
typedef uint32_t mach_voucher_attr_value_handle_array_size_t;
typedef uint32_t mach_voucher_attr_value_reference_t;
typedef uint32_t mach_voucher_attr_value_flags_t;
typedef uint32_t mach_voucher_attr_control_flags_t;

/* One command of a recipe; its content follows.  C++ has no such arrays, its compilers do. */
#pragma GCC diagnostic push
#ifdef __clang__
#pragma GCC diagnostic ignored "-Wc99-extensions"
#else
#pragma GCC diagnostic ignored "-Wpedantic"
#endif
struct mach_voucher_attr_recipe_data {
    mach_voucher_attr_key_t key;
    mach_voucher_attr_recipe_command_t command;
    mach_voucher_name_t previous_voucher;
    mach_voucher_attr_content_size_t content_size;
    uint8_t content[];
};
#pragma GCC diagnostic pop
typedef struct mach_voucher_attr_recipe_data mach_voucher_attr_recipe_data_t;
typedef struct mach_voucher_attr_recipe_data *mach_voucher_attr_recipe_t;

#define MACH_VOUCHER_NAME_NULL ((mach_voucher_name_t)0)
#define MACH_VOUCHER_NAME_ARRAY_NULL ((mach_voucher_name_array_t)0)
#define MACH_VOUCHER_ATTR_MANAGER_NULL ((mach_voucher_attr_manager_t)0)
#define MACH_VOUCHER_ATTR_CONTROL_NULL ((mach_voucher_attr_control_t)0)

#define MACH_VOUCHER_ATTR_CONTROL_FLAGS_NONE 0
#define MACH_VOUCHER_ATTR_KEY_NONE 0
#define MACH_VOUCHER_ATTR_NOOP 0
#define MACH_VOUCHER_ATTR_VALUE_FLAGS_NONE 0
#define MACH_VOUCHER_SELECTOR_CURRENT 0
#define MACH_VOUCHER_ATTR_COPY 1
#define MACH_VOUCHER_ATTR_KEY_ATM 1
#define MACH_VOUCHER_ATTR_VALUE_FLAGS_PERSIST 1
#define MACH_VOUCHER_IMPORTANCE_ATTR_ADD_EXTERNAL 1
#define MACH_VOUCHER_SELECTOR_EFFECTIVE 1
#define MACH_VOUCHER_ATTR_KEY_IMPORTANCE 2
#define MACH_VOUCHER_ATTR_REMOVE 2
#define MACH_VOUCHER_IMPORTANCE_ATTR_DROP_EXTERNAL 2
#define MACH_VOUCHER_ATTR_KEY_BANK 3
#define MACH_VOUCHER_ATTR_SET_VALUE_HANDLE 3
#define MACH_VOUCHER_ATTR_AUTO_REDEEM 4
#define MACH_VOUCHER_ATTR_KEY_PTHPRIORITY 4
#define MACH_VOUCHER_ATTR_VALUE_MAX_NESTED 4
#define MACH_VOUCHER_ATTR_SEND_PREPROCESS 5
#define MACH_VOUCHER_ATTR_KEY_BITS 7
#define MACH_VOUCHER_ATTR_KEY_USER_DATA 7
#define MACH_VOUCHER_ATTR_KEY_NUM_WELL_KNOWN 8
#define MACH_VOUCHER_ATTR_KEY_TEST 8
#define MACH_VOUCHER_ATTR_REDEEM 10
#define MACH_ACTIVITY_ID_COUNT_MAX 16
#define MACH_VOUCHER_ATTR_IMPORTANCE_SELF 200
#define MACH_VOUCHER_ATTR_BITS_STORE 211
#define MACH_VOUCHER_ATTR_TEST_STORE 211
#define MACH_VOUCHER_ATTR_USER_DATA_STORE 211
#define MACH_VOUCHER_TRAP_STACK_LIMIT 0x100
#define MACH_VOUCHER_ATTR_MAX_RAW_RECIPE_ARRAY_SIZE 0x1400
#define MACH_VOUCHER_ATTR_KEY_ALL 0xffffffff

#endif
