/* SPDX-License-Identifier: BSD-2-Clause */
/* linux.c - what libmach asks of Linux: see os.h. */
#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

void mach_os_wake(_Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

int mach_os_wait(_Atomic uint32_t *word, uint32_t value, int milliseconds)
{
    const struct timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = (long)(milliseconds % 1000) * 1000000};

    return syscall(SYS_futex, word, FUTEX_WAIT, value, &time, NULL, 0) == 0 ? 0 : errno;
}

int mach_os_memory_file(size_t size)
{
    int file = memfd_create("mach-message", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (file >= 0 && ftruncate(file, (off_t)size) < 0) {
        close(file);
        return -1;
    }
    return file;
}

bool mach_os_seal(int file)
{
    return fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0;
}

bool mach_os_copy(void *to, const void *from, size_t size)
{
    const struct iovec local = {.iov_base = to, .iov_len = size};
    const struct iovec remote = {.iov_base = (void *)(uintptr_t)from, .iov_len = size};

    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size;
}
