/* SPDX-License-Identifier: BSD-2-Clause */
/* epoll.c - a port in an epoll loop, beside a pipe. */
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common.h"

static void add(int loop, int file)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = file};

    if (file < 0 || epoll_ctl(loop, EPOLL_CTL_ADD, file, &event) < 0) {
        perror("epoll");
        exit(EXIT_FAILURE);
    }
}

int main(void)
{
    const mach_port_t port = new_port();
    int ends[2], loop = epoll_create1(EPOLL_CLOEXEC), messages = 0, bytes = 0;

    if (pipe(ends) < 0)
        return EXIT_FAILURE;
    leave_for_children(port);
    if (fork() == 0) {
        const mach_port_t parent = from_parent();

        for (int i = 0; i < 3; i++) {
            send_number(parent, i);
            (void)!write(ends[1], "x", 1);
            usleep(10000);
        }
        return EXIT_SUCCESS;
    }
    const int polled = mach_port_pollfd(port);

    add(loop, polled);
    add(loop, ends[0]);
    while (messages < 3 || bytes < 3) {
        struct epoll_event event;
        char byte;

        if (epoll_wait(loop, &event, 1, 10000) != 1)
            return EXIT_FAILURE;
        if (event.data.fd == polled) {
            printf("a message, with %d in it\n", receive_number(port, NULL));
            messages++;
        } else {
            bytes += (int)read(ends[0], &byte, 1);
            printf("a byte from the pipe\n");
        }
    }
    wait(NULL);
    return EXIT_SUCCESS;
}
