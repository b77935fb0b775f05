/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_default_pager.c - a daemon with a small page cache, and memory several times as large: pages go to the default
 * memory manager's file and come back.
 *
 *   test_default_pager [CACHE [MEMORY]]     (MiB)
 */
#include "../managed.h"

#include <mach/mach.h>
#include <mach/mach_vm.h>
#include <mach/pager.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE ((uint64_t)4096)

static unsigned cache = 4, memory = 24;

/* Says what does not hold, and ends. */
#define MUST(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            printf("%s:%d: %s\n0 passed, 1 failed\n", __FILE__, __LINE__, #condition);                                \
            exit(EXIT_FAILURE);                                                                                        \
        }                                                                                                              \
    } while (0)

/* What is copied: each word of a page is the page's number. */
static kern_return_t read_page(void *cookie, memory_object_offset_t offset, void *data, vm_size_t size,
                               vm_prot_t access, vm_prot_t *lock)
{
    uint64_t *words = data;

    (void)cookie, (void)access, (void)lock;
    for (vm_size_t i = 0; i < size / sizeof *words; i++)
        words[i] = (offset + i * sizeof *words) / PAGE;
    return KERN_SUCCESS;
}

static void *serve(void *pager)
{
    (void)pager_serve(pager_port(pager));
    return NULL;
}

static mach_vm_address_t map_copy(void)
{
    static const struct pager_ops ops = {.read = read_page};
    mach_vm_address_t address = 0;
    pthread_t thread;
    pager_t pager;

    MUST(pager_create(&ops, NULL, NULL, &pager) == KERN_SUCCESS);
    MUST(pthread_create(&thread, NULL, serve, pager) == 0);
    MUST(mach_vm_map(mach_task_self(), &address, memory * (uint64_t)1024 * 1024, 0, VM_FLAGS_ANYWHERE, pager_right(pager),
                     0, TRUE, VM_PROT_DEFAULT, VM_PROT_ALL, VM_INHERIT_NONE) == KERN_SUCCESS);
    return address;
}

/* Starts the default memory manager of the daemon that the environment names. */
static pid_t start_manager(void)
{
    char word[6] = "";
    int ends[2];

    MUST(pipe(ends) == 0);
    const pid_t pid = fork();

    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execl("servers/default_pager/mach-default-pager", "mach-default-pager", "--size=1000000000", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    MUST(read(ends[0], word, 5) == 5 && strcmp(word, "ready") == 0);
    close(ends[0]);
    return pid;
}

int main(int argc, char **argv)
{
    const char *folder = getenv("TMPDIR");
    char text[4096];

    cache = argc > 1 ? (unsigned)atoi(argv[1]) : cache;
    memory = argc > 2 ? (unsigned)atoi(argv[2]) : memory;
    snprintf(text, sizeof text, "%s/machsim-pager-%d", folder != NULL ? folder : "/tmp", (int)getpid());
    setenv("MACH_BOOTSTRAP_SOCKET", text, 1);
    snprintf(text, sizeof text, "%llu", cache * 1024ull * 1024);
    setenv("MACH_MEMORY_SIZE", text, 1);
    need_managed_memory();
    const pid_t manager = start_manager();
    const uint64_t pages = memory * (uint64_t)1024 * 1024 / PAGE;
    volatile uint64_t *words = (volatile uint64_t *)map_copy();

    for (uint64_t i = 0; i < pages; i++)
        words[i * 512 + i % 512] = ~i;
    for (uint64_t i = pages; i-- > 0;) {
        MUST(words[i * 512 + i % 512] == ~i);
        MUST(words[i * 512 + (i + 1) % 512] == i);
    }
    words[0] = 7;
    MUST(mach_vm_deallocate(mach_task_self(), (mach_vm_address_t)words, pages * PAGE) == KERN_SUCCESS);
    kill(manager, SIGTERM);
    waitpid(manager, NULL, 0);
    printf("%llu pages by way of %u MiB\n1 passed, 0 failed\n", (unsigned long long)pages, cache);
    return EXIT_SUCCESS;
}
