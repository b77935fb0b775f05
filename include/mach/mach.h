/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/mach.h - all of Mach that a program calls. */
#ifndef _MACH_MACH_H_
#define _MACH_MACH_H_

#include <mach/mach_types.h>

#include <mach/fileport.h>
#include <mach/kernelspace.h>
#include <mach/mach_error.h>
#include <mach/mach_init.h>
#include <mach/mach_interface.h>
#include <mach/mach_msg_server.h>
#include <mach/mach_right.h>
#include <mach/mig.h>
#include <mach/mig_errors.h>
#include <mach/notify.h>
#include <mach/task_special_ports.h>
#include <mach/thread_special_ports.h>
#include <mach/userspace.h>

#endif
