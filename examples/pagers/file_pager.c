/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * file_pager.c - a manager that maps a file: what another process reads of its memory is read from the file when it is
 * touched, and what it writes comes back.
 */
#include <mach/mach_vm.h>
#include <mach/pager.h>

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common.h"

#define SIZE ((vm_size_t)64 * 4096)

static unsigned reads, writes;

static kern_return_t read_page(void *cookie, memory_object_offset_t offset, void *data, vm_size_t size,
                               vm_prot_t access, vm_prot_t *lock)
{
    (void)access, (void)lock;
    reads++;
    return pread(*(int *)cookie, data, size, (off_t)offset) < 0 ? KERN_FAILURE : KERN_SUCCESS;
}

static kern_return_t write_page(void *cookie, memory_object_offset_t offset, const void *data, vm_size_t size)
{
    writes++;
    return pwrite(*(int *)cookie, data, size, (off_t)offset) == (ssize_t)size ? KERN_SUCCESS : KERN_FAILURE;
}

static kern_return_t sync_file(void *cookie, memory_object_offset_t offset, vm_size_t size, vm_sync_t flags)
{
    (void)offset, (void)size, (void)flags;
    return fsync(*(int *)cookie) == 0 ? KERN_SUCCESS : KERN_FAILURE;
}

/* The other process: maps the object that its parent has left, and uses it as memory. */
static int use(void)
{
    mach_vm_address_t address = 0;

    must(mach_vm_map(mach_task_self(), &address, SIZE, 0, VM_FLAGS_ANYWHERE, from_parent(), 0, FALSE, VM_PROT_DEFAULT,
                     VM_PROT_DEFAULT, VM_INHERIT_NONE), "mach_vm_map");
    char *text = (char *)address;

    printf("client: the file starts with: %.16s\n", text);
    strcpy(text + SIZE - 4096, "written through memory");
    must(mach_vm_msync(mach_task_self(), address, SIZE, VM_SYNC_SYNCHRONOUS), "mach_vm_msync");
    printf("client: the last page is in the file now\n");
    memcpy(text, "HELLO", 5);
    must(mach_vm_deallocate(mach_task_self(), address, SIZE), "mach_vm_deallocate");
    return EXIT_SUCCESS;
}

/* Serves until the object is mapped no more. */
static bool unmapped;

static void end(void *cookie)
{
    (void)cookie;
    unmapped = true;
}

int main(void)
{
    static const struct pager_ops ops = {
        .read = read_page, .write = write_page, .sync = sync_file, .unmapped = end};
    char path[] = "/tmp/file_pager.XXXXXX", text[32];
    int file = mkstemp(path), status;
    pager_t pager;

    need_managed_memory();
    if (file < 0 || unlink(path) < 0 || ftruncate(file, (off_t)SIZE) < 0 || pwrite(file, "hello, file world", 17, 0) != 17)
        return EXIT_FAILURE;
    must(pager_create(&ops, &file, NULL, &pager), "pager_create");
    leave_for_children(pager_right(pager));
    fflush(stdout);
    const pid_t pid = fork();

    if (pid == 0)
        exit(use());
    while (!unmapped)
        must(mach_msg_server_once(pager_demux, 4096, pager_port(pager), MACH_MSG_OPTION_NONE), "mach_msg_server_once");
    waitpid(pid, &status, 0);
    printf("manager: %u pages were read, %u written\n", reads, writes);
    pager_destroy(pager);
    const bool first = pread(file, text, 12, 0) == 12 && memcmp(text, "HELLO, file ", 12) == 0;
    const bool last = pread(file, text, 23, (off_t)SIZE - 4096) == 23 && strcmp(text, "written through memory") == 0;

    printf("manager: the file has %s\n", first && last ? "all of it" : "something else");
    return status == 0 && first && last && reads == 2 && writes == 2 ? EXIT_SUCCESS : EXIT_FAILURE;
}
