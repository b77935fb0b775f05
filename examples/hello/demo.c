/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * demo.c - hello.defs at work: client stubs against server stubs, then the same without generated code.
 *
 * Client and server share this process; the tests' loopback carries the messages between them.
 */
#include <mach/libmig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hello.h"
#include "hello_server.h"
#include "loopback.h"

static struct timespec started;

static void step(const char *what)
{
    printf("\n  %s\n", what);
    clock_gettime(CLOCK_MONOTONIC, &started);
}

static void took(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    printf("      %.1f us\n",
           (double)(now.tv_sec - started.tv_sec) * 1e6 + (double)(now.tv_nsec - started.tv_nsec) / 1e3);
}

static void must(kern_return_t result, const char *what)
{
    if (result != KERN_SUCCESS) {
        fprintf(stderr, "demo: %s: error %d\n", what, result);
        exit(EXIT_FAILURE);
    }
}

static mach_msg_header_t *show_sizes(mach_msg_header_t *message, mach_msg_size_t size, bool reply, void *context)
{
    (void)context;
    printf("      %s: id %d, %u bytes\n", reply ? "reply" : "request", message->msgh_id, size);
    message->msgh_size = size;
    return message;
}

/* A string that has no end: what a broken or hostile client sends. */
static mach_msg_header_t *spoil(mach_msg_header_t *message, mach_msg_size_t size, bool reply, void *context)
{
    (void)context;
    message->msgh_size = size;
    if (!reply)
        memset((char *)message + 40, 'x', size - 40);
    return message;
}

static void through_stubs(mach_port_t server)
{
    greeting_t greeting;
    int numbers[] = {1, 2, 3, 4}, sum;

    step("The client calls hello(\"world\") through its stub.");
    must(hello(server, "world", greeting), "hello");
    printf("      \"%s\"\n", greeting);
    took();
    step("It sends four numbers, and gets their sum.");
    must(hello_sum(server, numbers, 4, &sum), "hello_sum");
    printf("      %d\n", sum);
    took();
    step("It sends a note, which has no reply.");
    must(hello_note(server, 42), "hello_note");
    took();
}

static void errors(mach_port_t server)
{
    greeting_t greeting;
    char long_name[100];

    step("An empty name: the server's own error comes back.");
    printf("      %d (KERN_INVALID_ARGUMENT is %d)\n", hello(server, "", greeting), KERN_INVALID_ARGUMENT);
    took();
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    step("A name longer than its type: the stub refuses before anything is sent.");
    printf("      %d (MIG_ARRAY_TOO_LARGE is %d)\n", hello(server, long_name, greeting), MIG_ARRAY_TOO_LARGE);
    took();
    step("A request spoilt on its way: the server's stub refuses it.");
    loopback_on_send(spoil, NULL);
    printf("      %d (MIG_BAD_ARGUMENTS is %d)\n", hello(server, "world", greeting), MIG_BAD_ARGUMENTS);
    took();
    loopback_on_send(show_sizes, NULL);
}

static mig_service_t service;

static boolean_t serve_described(mach_msg_header_t *request, mach_msg_header_t *reply)
{
    return mig_service_demux(service, request, reply);
}

static void by_name(const char *description)
{
    mig_interface_t interface;
    char error[256];
    const mig_function_t functions[] = {{"hello", (void (*)(void))serve_hello}};
    mig_value_t values[] = {{.name = "name", .data = "run time"}, {.name = "greeting"}};

    step("The interface is read from its description: no generated code serves it, or calls it.");
    if (mig_interface_open(description, &interface, error, sizeof error) != KERN_SUCCESS) {
        fprintf(stderr, "demo: %s: %s\n", description, error);
        exit(EXIT_FAILURE);
    }
    must(mig_service_create(interface, functions, 1, &service), "mig_service_create");
    mach_port_t server = loopback_port(serve_described, mig_service_max_reply(service));
    must(mig_call(interface, "hello", server, values, 2, MACH_MSG_TIMEOUT_NONE), "mig_call");
    printf("      \"%s\"\n", (char *)values[1].data);
    took();
    mig_values_free(values, 2);
    mig_service_free(service);
    mig_interface_free(interface);
}

int main(int argc, char **argv)
{
    puts("mig made these from examples/hello/hello.defs: client stubs, server stubs, headers, a description.");
    loopback_reset(false);
    mach_port_t server = loopback_port(hello_server, serve_hello_subsystem.maxsize);
    loopback_on_send(show_sizes, NULL);
    through_stubs(server);
    errors(server);
    by_name(argc > 1 ? argv[1] : "gen/hello.json");
    loopback_reset(false);
    return EXIT_SUCCESS;
}
