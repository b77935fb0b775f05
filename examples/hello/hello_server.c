/* SPDX-License-Identifier: BSD-2-Clause */
/* hello_server.c - registers a name, and serves hello.defs to whoever looks it up.  mig makes the rest. */
#include <mach/mach.h>
#include <servers/bootstrap.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "hello.h"
#include "hello_server.h"

kern_return_t serve_hello(mach_port_t server, hello_name_t name, greeting_t greeting)
{
    (void)server;
    if (name[0] == '\0')
        return KERN_INVALID_ARGUMENT;
    snprintf(greeting, sizeof(greeting_t), "Hello, %s!", name);
    return KERN_SUCCESS;
}

/* Right and memory are the server's now: it lets go of them when it has no more use for them. */
kern_return_t serve_hello_give(mach_port_t server, mach_port_t thanks, vm_offset_t bytes,
                               mach_msg_type_number_t bytesCnt, uint64_t *sum)
{
    const unsigned char *memory = (const unsigned char *)bytes;

    (void)server;
    *sum = 0;
    for (mach_msg_type_number_t i = 0; i < bytesCnt; i++)
        *sum += memory[i];
    vm_deallocate(mach_task_self(), bytes, bytesCnt);
    hello_thanks(thanks, 42);
    mach_port_deallocate(mach_task_self(), thanks);
    return KERN_SUCCESS;
}

kern_return_t serve_hello_thanks(mach_port_t server, int number)
{
    (void)server, (void)number;
    return KERN_SUCCESS;
}

kern_return_t serve_hello_who(mach_port_t server, int *pid)
{
    (void)server;
    *pid = getpid();
    return KERN_SUCCESS;
}

int main(int argc, char **argv)
{
    char *name = argc > 1 ? argv[1] : "org.example.hello";
    mach_port_t port;
    kern_return_t result = bootstrap_check_in(bootstrap_port, name, &port);

    if (result != KERN_SUCCESS) {
        fprintf(stderr, "hello_server: cannot check in as %s: %s\n", name, bootstrap_strerror(result));
        return EXIT_FAILURE;
    }
    result = mach_msg_server(hello_server, 4096, port, MACH_MSG_OPTION_NONE);
    mach_error("hello_server", result);
    return EXIT_FAILURE;
}
