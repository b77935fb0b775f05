/* SPDX-License-Identifier: BSD-2-Clause */
/* mig_strncpy.c - strings into messages: always ended, never longer than the field. */
#include <mach/mig.h>
#include <string.h>

int mig_strncpy(char *to, const char *from, int size)
{
    if (size <= 0)
        return 0;
    size_t length = strnlen(from, (size_t)size - 1);

    memmove(to, from, length);
    to[length] = '\0';
    return (int)length + 1;
}

int mig_strncpy_zerofill(char *to, const char *from, int size)
{
    int used = mig_strncpy(to, from, size);

    if (used > 0)
        memset(to + used, 0, (size_t)(size - used));
    return used;
}
