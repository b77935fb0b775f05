/* SPDX-License-Identifier: BSD-2-Clause */
/* servers/bootstrap_defs.h - names, states and errors of the bootstrap server. */
#ifndef _SERVERS_BOOTSTRAP_DEFS_H_
#define _SERVERS_BOOTSTRAP_DEFS_H_

#include <mach/boolean.h>
#include <mach/vm_types.h>

#define BOOTSTRAP_STATUS_INACTIVE 0
#define BOOTSTRAP_SUCCESS 0
#define BOOTSTRAP_STATUS_ACTIVE 1
#define BOOTSTRAP_STATUS_ON_DEMAND 2
#define BOOTSTRAP_MAX_LOOKUP_COUNT 20
#define BOOTSTRAP_MAX_NAME_LEN 128
#define BOOTSTRAP_MAX_CMD_LEN 0x200
#define BOOTSTRAP_NOT_PRIVILEGED 0x44c
#define BOOTSTRAP_NAME_IN_USE 0x44d
#define BOOTSTRAP_UNKNOWN_SERVICE 0x44e
#define BOOTSTRAP_SERVICE_ACTIVE 0x44f
#define BOOTSTRAP_BAD_COUNT 0x450
#define BOOTSTRAP_NO_MEMORY 0x451
#define BOOTSTRAP_NO_CHILDREN 0x452

typedef char name_t[BOOTSTRAP_MAX_NAME_LEN];
typedef char cmd_t[BOOTSTRAP_MAX_CMD_LEN];
typedef name_t *name_array_t;
typedef integer_t bootstrap_status_t;
typedef bootstrap_status_t *bootstrap_status_array_t;
typedef boolean_t *bool_array_t;

#ifdef __cplusplus
extern "C" {
#endif

/* What a result of the bootstrap server's means. */
const char *bootstrap_strerror(int result);

#ifdef __cplusplus
}
#endif

#endif
