/* SPDX-License-Identifier: BSD-2-Clause */
/* sets.c - one server, one port for each client, one port set that it receives from. */
#include <sys/wait.h>
#include <unistd.h>

#include "../common.h"

#define CLIENTS 10
#define MESSAGES 20

/* A client asks for a port of its own, and sends to that. */
static void client(int number)
{
    const mach_port_t server = from_parent(), own = new_port();

    send_port(server, own, MACH_MSG_TYPE_MAKE_SEND);
    const mach_port_t port = receive_port(own);

    for (int i = 0; i < MESSAGES; i++)
        send_number(port, number);
}

int main(void)
{
    const mach_port_t door = new_port();
    mach_port_t set, ports[CLIENTS];
    int counts[CLIENTS] = {0}, status;

    must(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET, &set), "mach_port_allocate");
    leave_for_children(door);
    for (int i = 0; i < CLIENTS; i++)
        if (fork() == 0) {
            client(i);
            return EXIT_SUCCESS;
        }
    for (int i = 0; i < CLIENTS; i++) {
        const mach_port_t answer_to = receive_port(door);

        ports[i] = new_port();
        must(mach_port_insert_member(mach_task_self(), ports[i], set), "mach_port_insert_member");
        send_port(answer_to, ports[i], MACH_MSG_TYPE_MAKE_SEND);
    }
    for (int i = 0; i < CLIENTS * MESSAGES; i++)
        counts[receive_number(set, NULL)]++;
    for (int i = 0; i < CLIENTS; i++) {
        printf("client %d has sent %d messages\n", i, counts[i]);
        if (counts[i] != MESSAGES)
            return EXIT_FAILURE;
        wait(&status);
    }
    return EXIT_SUCCESS;
}
