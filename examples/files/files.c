/* SPDX-License-Identifier: BSD-2-Clause */
/* files.c - a descriptor sent as a port: a child opens a file for its parent. */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common.h"

int main(void)
{
    const mach_port_t port = new_port();
    char text[100] = "";

    leave_for_children(port);
    if (fork() == 0) {
        FILE *file = tmpfile();
        fileport_t opened;

        fputs("written by the child", file);
        rewind(file);
        if (fileport_makeport(fileno(file), &opened) < 0) {
            perror("fileport_makeport");
            return EXIT_FAILURE;
        }
        send_port(from_parent(), opened, MACH_MSG_TYPE_MOVE_SEND);
        return EXIT_SUCCESS;
    }
    const mach_port_t opened = receive_port(port);
    const int file = fileport_makefd(opened);

    wait(NULL);
    if (file < 0 || read(file, text, sizeof text - 1) < 0) {
        perror("fileport_makefd");
        return EXIT_FAILURE;
    }
    printf("the parent reads: %s\n", text);
    return strcmp(text, "written by the child") == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
