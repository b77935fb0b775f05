/* SPDX-License-Identifier: BSD-2-Clause */
/* console.c - the three files that each process has: all are the console.  Sources: read(2), write(2), writev(2). */
#include "libmach/trap/trap.h"
#include "unix.h"

#define VECTORS_MAX 1024u

static bool is_open(uint64_t file)
{
    return file <= 2;
}

/* What has been written; an error if nothing has. */
static int64_t write_bytes(const struct process *process, uint64_t address, uint64_t size)
{
    char piece[257];
    uint64_t done = 0;

    while (done < size) {
        const vm_size_t length = size - done < sizeof piece - 1 ? size - done : sizeof piece - 1;

        if (!unix_read(process, address + done, piece, length))
            return done > 0 ? (int64_t)done : -UNIX_EFAULT;
        piece[length] = '\0';
        mach_print(piece);
        done += length;
    }
    return (int64_t)done;
}

int64_t unix_write_call(struct unix_thread *thread, const struct arguments *arguments)
{
    return is_open(arguments->a) ? write_bytes(thread->process, arguments->b, arguments->c) : -UNIX_EBADF;
}

int64_t unix_writev(struct unix_thread *thread, const struct arguments *arguments)
{
    int64_t total = 0;

    if (!is_open(arguments->a))
        return -UNIX_EBADF;
    if (arguments->c > VECTORS_MAX)
        return -UNIX_EINVAL;
    for (uint64_t i = 0; i < arguments->c; i++) {
        uint64_t vector[2]; /* address, size */

        if (!unix_read(thread->process, arguments->b + i * sizeof vector, vector, sizeof vector))
            return total > 0 ? total : -UNIX_EFAULT;
        const int64_t written = write_bytes(thread->process, vector[0], vector[1]);

        if (written < 0)
            return total > 0 ? total : written;
        total += written;
    }
    return total;
}

/* No one types yet: the end of the file. */
int64_t unix_read_call(struct unix_thread *thread, const struct arguments *arguments)
{
    (void)thread;
    return is_open(arguments->a) ? 0 : -UNIX_EBADF;
}

/* Whether it is a terminal: so programs write whole lines at once. */
int64_t unix_ioctl(struct unix_thread *thread, const struct arguments *arguments)
{
    enum { WINDOW_SIZE = 0x5413 };
    static const uint16_t window[4] = {24, 80};

    if (!is_open(arguments->a))
        return -UNIX_EBADF;
    if (arguments->b != WINDOW_SIZE)
        return -UNIX_ENOTTY;
    return unix_write(thread->process, arguments->c, window, sizeof window) ? 0 : -UNIX_EFAULT;
}
