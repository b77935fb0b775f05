/* SPDX-License-Identifier: BSD-2-Clause */
/* mig_user_allocate.c - memory for messages that are too large for the stack. */
#include <mach/mig.h>
#include <stdlib.h>

char *mig_user_allocate(vm_size_t size)
{
    return malloc(size);
}

void mig_user_deallocate(char *message, vm_size_t size)
{
    (void)size;
    free(message);
}
