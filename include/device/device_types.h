/* SPDX-License-Identifier: BSD-2-Clause */
/* device/device_types.h - types and errors of the device interface.  Values are CMU's, OSF's and GNU Mach's. */
#ifndef _DEVICE_DEVICE_TYPES_H_
#define _DEVICE_DEVICE_TYPES_H_

#include <mach/kern_return.h>
#include <mach/port.h>
#include <mach/vm_types.h>

#define IO_INBAND_MAX 128
#define DEV_STATUS_MAX 1024

typedef mach_port_t device_t;
typedef char dev_name_t[128];
typedef unsigned int dev_mode_t;
typedef unsigned int dev_flavor_t;
typedef int *dev_status_t;
typedef unsigned int recnum_t;
typedef char *io_buf_ptr_inband_t;
typedef kern_return_t io_return_t;

/* Modes. */
#define D_READ 0x1
#define D_WRITE 0x2
#define D_NODELAY 0x4
#define D_NOWAIT 0x8

/* What device_get_status tells of any device: its bytes, or 0 where that is nothing, and those of a record; 1 for a stream. */
#define DEV_GET_SIZE 0
#define DEV_GET_SIZE_DEVICE_SIZE 0
#define DEV_GET_SIZE_RECORD_SIZE 1
#define DEV_GET_SIZE_COUNT 2

/* Results. */
#define D_SUCCESS 0
#define D_IO_QUEUED (-1)
#define D_IO_ERROR 2500
#define D_WOULD_BLOCK 2501
#define D_NO_SUCH_DEVICE 2502
#define D_ALREADY_OPEN 2503
#define D_DEVICE_DOWN 2504
#define D_INVALID_OPERATION 2505
#define D_INVALID_RECNUM 2506
#define D_INVALID_SIZE 2507
#define D_NO_MEMORY 2508
#define D_READ_ONLY 2509

#endif
