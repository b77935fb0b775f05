/* SPDX-License-Identifier: BSD-2-Clause */
/* bootstrap_strerror.c - results of the bootstrap server in words. */
#include <mach/mach.h>
#include <servers/bootstrap_defs.h>

const char *bootstrap_strerror(kern_return_t result)
{
    return mach_error_string(result);
}
