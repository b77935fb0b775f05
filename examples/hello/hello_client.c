/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hello_client.c - looks a server up, calls it, gives it a right and memory, and sees it die.  Prints each step and
 * how long it took.
 */
#include <mach/mach.h>
#include <servers/bootstrap.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hello.h"

#define REGION (16u << 20)

static struct timespec started;

static void step(const char *what)
{
    printf("%-66s", what);
    fflush(stdout);
    clock_gettime(CLOCK_MONOTONIC, &started);
}

static void took(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    printf("%10.1f us\n", (double)(now.tv_sec - started.tv_sec) * 1e6 + (double)(now.tv_nsec - started.tv_nsec) / 1e3);
}

static void must(kern_return_t result, const char *what)
{
    if (result == KERN_SUCCESS)
        return;
    printf("\n");
    mach_error(what, result);
    exit(EXIT_FAILURE);
}

/* The server may be starting. */
static mach_port_t look_up(char *name)
{
    mach_port_t server = MACH_PORT_NULL;
    kern_return_t result = KERN_FAILURE;

    for (int i = 0; i < 500; i++) {
        result = bootstrap_look_up(bootstrap_port, name, &server);
        if (result != BOOTSTRAP_UNKNOWN_SERVICE)
            break;
        usleep(10000);
    }
    must(result, "look up the server");
    return server;
}

static void call(mach_port_t server)
{
    hello_name_t name = "world";
    greeting_t greeting;

    for (int i = 0; i < 2; i++) {
        step(i == 0 ? "call it through a stub that mig made" : "call it once more");
        must(hello(server, name, greeting), "hello");
        took();
    }
    printf("    it says: %s\n", greeting);
}

/* What a server thanks with: a message to the port that it was given. */
static void receive_thanks(mach_port_t port)
{
    struct {
        mach_msg_header_t header;
        NDR_record_t ndr;
        int number;
        unsigned char room[100];
    } message;

    must(mach_msg(&message.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof message, port, 5000, MACH_PORT_NULL),
         "receive thanks");
    printf("    through that port came message %d with the number %d\n", message.header.msgh_id, message.number);
}

static void give(mach_port_t server)
{
    mach_port_t port;
    vm_address_t region = 0;
    uint64_t sum = 0;

    must(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port), "allocate a port");
    must(vm_allocate(mach_task_self(), &region, REGION, VM_FLAGS_ANYWHERE), "allocate memory");
    memset((void *)region, 1, REGION);
    step("give it a right to a new port, and 16 MiB, which it adds up");
    must(hello_give(server, port, region, REGION, &sum), "hello_give");
    took();
    printf("    the sum of its bytes is %llu\n", (unsigned long long)sum);
    receive_thanks(port);
}

static void see_it_die(mach_port_t server)
{
    mach_dead_name_notification_t dead;
    mach_port_t notify, previous;
    int pid;

    must(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &notify), "allocate a port");
    must(mach_port_request_notification(mach_task_self(), server, MACH_NOTIFY_DEAD_NAME, 1, notify,
                                        MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous),
         "ask to be told of its death");
    must(hello_who(server, &pid), "hello_who");
    step("kill it, and be told that its port is dead");
    kill(pid, SIGKILL);
    must(mach_msg(&dead.not_header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof dead, notify, 5000, MACH_PORT_NULL),
         "receive the notification");
    took();
    printf("    notification %d: the name 0x%x is dead\n", dead.not_header.msgh_id, dead.not_port);
}

int main(int argc, char **argv)
{
    char *name = argc > 1 ? argv[1] : "org.example.hello";

    step("reach the kernel, which starts if it does not run");
    must(mach_init(), "mach_init");
    took();
    step("look the server up by name");
    mach_port_t server = look_up(name);
    took();
    call(server);
    give(server);
    see_it_die(server);
    return EXIT_SUCCESS;
}
