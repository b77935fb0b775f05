/* SPDX-License-Identifier: BSD-2-Clause */
/* log.c - the daemon's log: a line each, on the standard error. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "hal/hosted/hosted.h"

/* Built for debugging, it says more from the start. */
#if MACH_DEBUG
enum log_level log_level = LOG_LEVEL_DEBUG;
#else
enum log_level log_level = LOG_LEVEL_WARNING;
#endif

void log_line(enum log_level level, const char *format, ...)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    char line[512];
    va_list arguments;

    if (level > log_level)
        return;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    fprintf(stderr, "machsim[%d]: %s: %s\n", getpid(), names[level], line);
}

void hal_panic(const char *file, int line, const char *what)
{
    log_line(LOG_LEVEL_ERROR, "panic at %s:%d: %s", file, line, what);
    abort();
}
