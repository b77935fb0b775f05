/* SPDX-License-Identifier: BSD-2-Clause */
/* older.c - names that older programs know: mach/mach_init.h. */
#include <mach/mach.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

mach_port_t host_self(void)
{
    return mach_host_self();
}

kern_return_t mach_voucher_deallocate(mach_port_name_t voucher)
{
    return mach_port_deallocate(mach_task_self(), voucher);
}

void slot_name(int type, int subtype, char **type_name, char **subtype_name)
{
    (void)subtype;
    *type_name = type == 0x1000007 ? "x86_64" : type == 0x100000c ? "arm64" : "unknown";
    *subtype_name = "all";
}

int fprintf_stderr(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vfprintf(stderr, format, arguments);
    va_end(arguments);
    return length;
}

void panic(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("panic: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    abort();
}
