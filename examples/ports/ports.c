/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ports.c - port passing: a child sends its parent a send right, then the receive right itself, with what waits in it.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "../common.h"

static void child(void)
{
    const mach_port_t parent = from_parent(), port = new_port();

    send_port(parent, port, MACH_MSG_TYPE_COPY_SEND);
    printf("child: the parent has sent %d\n", receive_number(port, NULL));
    send_number(port, 2);
    send_port(parent, port, MACH_MSG_TYPE_MOVE_RECEIVE);
}

int main(void)
{
    const mach_port_t port = new_port();
    int status;

    leave_for_children(port);
    if (fork() == 0) {
        child();
        return EXIT_SUCCESS;
    }
    const mach_port_t right = receive_port(port);

    printf("parent: a send right has come, its name here is 0x%x\n", right);
    send_number(right, 1);
    const mach_port_t moved = receive_port(port);

    printf("parent: the receive right has come too, under the same name: %s\n", moved == right ? "yes" : "no");
    printf("parent: in it waits %d\n", receive_number(moved, NULL));
    wait(&status);
    return moved == right && status == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
