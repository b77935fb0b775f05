/* SPDX-License-Identifier: BSD-2-Clause */
/* foreign_types.h - the C types of the interfaces in this folder. */
#ifndef FOREIGN_TYPES_H
#define FOREIGN_TYPES_H

#include <mach/mach_types.h>

typedef struct credential *credential_t;
typedef mach_port_t file_t;
typedef char string_t[1024];
typedef char *data_t;
typedef mach_port_t *portarray_t;
typedef int *intarray_t;
typedef struct {
    uint32_t st_type, st_id;
    int64_t st_size;
    uint8_t st_pad[16];
} stat_block_t;
typedef int64_t file_offset_t;
typedef int *idblock_t;
credential_t begin_using_port(file_t port);
credential_t begin_using_payload(unsigned long payload);
void end_using_port(credential_t credential);

typedef char *xmlData_t;
typedef char label_t[128];
typedef uint8_t uuid_bytes_t[16];
typedef struct {
    uint64_t when[3];
} stamp_t;
typedef stamp_t *stamps_t;

typedef char *io_buf_ptr_t;
typedef char *io_buf_ptr_inband_t;
typedef char dev_name_t[128];
typedef int *dev_status_t;
typedef struct {
    int words[1024];
} page_t;

#endif
