/* SPDX-License-Identifier: BSD-2-Clause */
/* hello_server.c - what hello.defs serves.  The stubs that call these functions are made by mig. */
#include <stdio.h>

#include "hello_server.h"

kern_return_t serve_hello(mach_port_t server, name_t name, greeting_t greeting)
{
    (void)server;
    if (name[0] == '\0')
        return KERN_INVALID_ARGUMENT;
    snprintf(greeting, sizeof(greeting_t), "Hello, %s!", name);
    return KERN_SUCCESS;
}

kern_return_t serve_hello_sum(mach_port_t server, numbers_t numbers, mach_msg_type_number_t numbersCnt, int *sum)
{
    (void)server;
    *sum = 0;
    for (mach_msg_type_number_t i = 0; i < numbersCnt; i++)
        *sum += numbers[i];
    return KERN_SUCCESS;
}

kern_return_t serve_hello_note(mach_port_t server, int number)
{
    (void)server;
    printf("      (the server notes %d)\n", number);
    return KERN_SUCCESS;
}
