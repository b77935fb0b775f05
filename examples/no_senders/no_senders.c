/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * no_senders.c - cleaning up after clients: each holds a send right to a port that stands for its session, and when the
 * last such right is gone, however that came about, the server hears of it.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common.h"

int main(void)
{
    const mach_port_t door = new_port(), notify = new_port();
    mach_port_t session, previous;
    mach_no_senders_notification_t message;

    leave_for_children(door);
    pid_t pid = fork();
    if (pid == 0) {
        const mach_port_t own = new_port();

        send_port(from_parent(), own, MACH_MSG_TYPE_MAKE_SEND);
        (void)receive_port(own);
        printf("client: I have a session, and wait\n");
        fflush(stdout);
        pause();
    }
    const mach_port_t client = receive_port(door);

    must(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &session), "mach_port_allocate");
    send_port(client, session, MACH_MSG_TYPE_MAKE_SEND);
    must(mach_port_request_notification(mach_task_self(), session, MACH_NOTIFY_NO_SENDERS, 1, notify,
                                        MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous),
         "mach_port_request_notification");
    usleep(100000);
    printf("server: the client is killed\n");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    must(mach_msg(&message.not_header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof message, notify, 10000, MACH_PORT_NULL),
         "receive");
    printf("server: no one has the session any more (notification %d); it goes\n", message.not_header.msgh_id);
    must(mach_port_destroy(mach_task_self(), session), "mach_port_destroy");
    return message.not_header.msgh_id == MACH_NOTIFY_NO_SENDERS ? EXIT_SUCCESS : EXIT_FAILURE;
}
