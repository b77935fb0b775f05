/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/error.h - how errors are numbered: system (6 bits), subsystem (12), code (14).  Values are XNU's. */
#ifndef _MACH_ERROR_H_
#define _MACH_ERROR_H_

#include <mach/kern_return.h>

#define err_none ((mach_error_t)0)
#define ERR_SUCCESS ((mach_error_t)0)

#define err_system(x) ((signed)((((unsigned)(x)) & 0x3f) << 26))
#define err_sub(x) (((x)&0xfff) << 14)
#define err_get_system(error) (((error) >> 26) & 0x3f)
#define err_get_sub(error) (((error) >> 14) & 0xfff)
#define err_get_code(error) ((error)&0x3fff)

#define err_kern err_system(0x0)     /* the kernel */
#define err_us err_system(0x1)       /* user libraries */
#define err_server err_system(0x2)   /* servers */
#define err_ipc err_system(0x3)      /* old messages */
#define err_mach_ipc err_system(0x4) /* messages */
#define err_dipc err_system(0x7)     /* messages between machines */
#define err_local err_system(0x3e)   /* a user's own */
#define err_max_system 0x3f

typedef kern_return_t mach_error_t;
typedef mach_error_t (*mach_error_fn_t)(void);

#endif
