/* SPDX-License-Identifier: BSD-2-Clause */
/* preprocess.c - running the C preprocessor, or another compiler, over pipes. */
#include "preprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"

extern char **environ;

#define DEFAULT_COMPILER "cc"

static void *fail(const char *what)
{
    fprintf(stderr, "mig: %s: %s\n", what, strerror(errno));
    return NULL;
}

static char *read_all(int fd, size_t *length)
{
    size_t room = 1 << 16, used = 0;
    char *text = malloc(room);

    while (text != NULL) {
        ssize_t got = read(fd, text + used, room - used);
        if (got == 0)
            break;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            free(text);
            return fail("cannot read");
        }
        used += (size_t)got;
        if (used == room) {
            char *larger = realloc(text, room *= 2);
            if (larger == NULL)
                free(text);
            text = larger;
        }
    }
    if (text == NULL)
        return fail("cannot read");
    *length = used;
    return text;
}

static int wait_for(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return EXIT_FAILURE;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Starts `argv` with one of its standard descriptors at our end of a pipe.  Returns our end, or -1. */
static int start(char *const *argv, int which, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    int ends[2];
    int theirs = which == STDOUT_FILENO ? 1 : 0;

    if (pipe2(ends, O_CLOEXEC) < 0) {
        fail("cannot make a pipe");
        return -1;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[theirs], which);
    errno = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[theirs]);
    if (errno == 0)
        return ends[!theirs];
    fprintf(stderr, "mig: cannot run '%s': %s; name a C preprocessor with -cpp, or a C compiler with -cc\n", argv[0],
            strerror(errno));
    close(ends[!theirs]);
    return -1;
}

struct command {
    const char **argv;
    int count;
};

static void push(struct command *command, const char *word)
{
    command->argv[command->count++] = word;
}

/* cc -E -x c ... -idirafter INCLUDEDIR file; with -cpp, that program in place of cc -E. */
static void make_command(struct command *command, const struct options *options)
{
    const char *compiler = getenv("MIGCC");

    if (options->cpp != NULL) {
        push(command, options->cpp);
    } else {
        push(command, options->cc != NULL ? options->cc : compiler != NULL && *compiler ? compiler : DEFAULT_COMPILER);
        push(command, "-E");
        push(command, "-x");
        push(command, "c");
        push(command, "-std=c11");
    }
    push(command, "-D__MACH30__=1");
    for (int i = 0; i < options->cpp_args.count; i++)
        push(command, options->cpp_args.items[i]);
    if (options->cpp == NULL) {
        push(command, "-idirafter");
        push(command, MIG_INCLUDEDIR);
    }
    push(command, options->input != NULL ? options->input : "-");
    push(command, NULL);
}

static char *read_input(const struct options *options, size_t *length)
{
    bool from_stdin = options->input == NULL || strcmp(options->input, "-") == 0;
    int fd = from_stdin ? STDIN_FILENO : open(options->input, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return fail(options->input);
    char *text = read_all(fd, length);
    if (!from_stdin)
        close(fd);
    return text;
}

char *preprocess(const struct options *options, size_t *length)
{
    struct command command = {calloc((size_t)options->cpp_args.count + 12, sizeof(char *)), 0};
    pid_t pid;

    if (options->preprocessed) {
        free(command.argv);
        return read_input(options, length);
    }
    if (command.argv == NULL)
        return fail("cannot run the preprocessor");
    if (options->input != NULL && strcmp(options->input, "-") != 0 && access(options->input, R_OK) != 0) {
        free(command.argv);
        return fail(options->input);
    }
    make_command(&command, options);
    int fd = start((char *const *)command.argv, STDOUT_FILENO, &pid);
    free(command.argv);
    if (fd < 0)
        return NULL;
    char *text = read_all(fd, length);
    close(fd);
    if (wait_for(pid) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

int preprocess_hand_over(const struct options *options, const char *text, size_t length, char **argv)
{
    pid_t pid;
    size_t sent = 0;

    argv[0] = (char *)options->migcom;
    signal(SIGPIPE, SIG_IGN);
    int fd = start(argv, STDIN_FILENO, &pid);
    if (fd < 0)
        return EXIT_FAILURE;
    while (sent < length) {
        ssize_t put = write(fd, text + sent, length - sent);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            break;
        sent += (size_t)put;
    }
    close(fd);
    return wait_for(pid);
}
