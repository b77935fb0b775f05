/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * computed.c - a manager whose pages are kept nowhere: each is computed when someone first touches it.  Here an array of
 * 2^31 numbers, 16 GiB of memory as it seems, of which a few pages ever are.
 */
#include <mach/mach_vm.h>
#include <mach/pager.h>

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common.h"

#define NUMBERS ((uint64_t)1 << 31)
#define SIZE (NUMBERS * sizeof(uint64_t))

static _Atomic unsigned pages;

/* How often Collatz's rule has to be followed from a number to 1. */
static uint64_t steps_of(uint64_t number)
{
    uint64_t steps = 0;

    for (; number > 1; steps++)
        number = number % 2 == 0 ? number / 2 : 3 * number + 1;
    return steps;
}

static kern_return_t compute(void *cookie, memory_object_offset_t offset, void *data, vm_size_t size, vm_prot_t access,
                             vm_prot_t *lock)
{
    uint64_t *numbers = data;

    (void)cookie, (void)access;
    pages++;
    for (vm_size_t i = 0; i < size / sizeof *numbers; i++)
        numbers[i] = steps_of(offset / sizeof *numbers + i);
    *lock = VM_PROT_WRITE;
    return KERN_SUCCESS;
}

/* No one may write. */
static kern_return_t refuse(void *cookie, memory_object_offset_t offset, vm_size_t size, vm_prot_t access)
{
    (void)cookie, (void)offset, (void)size, (void)access;
    return KERN_PROTECTION_FAILURE;
}

static int use(void)
{
    static const uint64_t wanted[] = {27, 97, 871, 6171, 77031, 837799, 63728127, 670617279};
    mach_vm_address_t address = 0;

    must(mach_vm_map(mach_task_self(), &address, SIZE, 0, VM_FLAGS_ANYWHERE, from_parent(), 0, FALSE, VM_PROT_READ,
                     VM_PROT_READ, VM_INHERIT_NONE), "mach_vm_map");
    const uint64_t *steps = (const uint64_t *)address;

    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        printf("client: from %llu to 1 it is %llu steps\n", (unsigned long long)wanted[i],
               (unsigned long long)steps[wanted[i]]);
        if (steps[wanted[i]] != steps_of(wanted[i]))
            return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

static void *serve(void *pager)
{
    (void)pager_serve(pager_port(pager));
    return NULL;
}

int main(void)
{
    static const struct pager_ops ops = {.read = compute, .unlock = refuse};
    pthread_t thread;
    pager_t pager;
    int status;

    need_managed_memory();
    must(pager_create(&ops, NULL, NULL, &pager), "pager_create");
    leave_for_children(pager_right(pager));
    fflush(stdout);
    const pid_t pid = fork();

    if (pid == 0)
        exit(use());
    pthread_create(&thread, NULL, serve, pager);
    waitpid(pid, &status, 0);
    printf("manager: %u pages of %llu were computed\n", pages, (unsigned long long)(SIZE / 4096));
    return status == 0 && pages == 7 ? EXIT_SUCCESS : EXIT_FAILURE;
}
