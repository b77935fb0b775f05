/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/mach_error.h - results in words.  Source: OSF Mach, mach_error(3). */
#ifndef _MACH_MACH_ERROR_H_
#define _MACH_MACH_ERROR_H_

#include <mach/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What an error means; a fixed text for those that nobody knows. */
const char *mach_error_string(mach_error_t error);
/* Which system of errors it is of, and what part of that. */
const char *mach_error_type(mach_error_t error);
/* Writes "`words` what it means (system/subsystem) number" to the standard error. */
void mach_error(const char *words, mach_error_t error);

#ifdef __cplusplus
}
#endif

#endif
