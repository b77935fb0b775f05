/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * console.c - the three files that each process has: all are the console, a device of the kernel's.  What is typed is shown, and comes
 * in whole lines.  One request to the device waits for more as long as anyone reads.  Sources: read(2), write(2), writev(2).
 */
#include <string.h>

#include "gen/device.h"
#include "gen/device_ids.h"
#include "unix.h"

#define VECTORS_MAX 1024u
#define LINE_MAX 1024u

static mach_port_t console, answers; /* the device; where it tells what was typed */
static bool is_asked;
static char line[LINE_MAX];          /* what was typed; the first `complete` bytes are whole lines */
static uint32_t length, complete;

bool console_open(mach_port_t master)
{
    return device_open(master, D_READ | D_WRITE, "console", &console) == D_SUCCESS &&
           mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &answers) == KERN_SUCCESS &&
           mach_port_move_member(mach_task_self(), answers, unix_ports) == KERN_SUCCESS;
}

static void show(const char *bytes, uint32_t size)
{
    int written;

    (void)device_write(console, 0, 0, (vm_offset_t)bytes, size, &written);
}

static bool is_open(uint64_t file)
{
    return file <= 2;
}

/* ---- input ----------------------------------------------------------------------------------------- */

/* Asks the device for what comes next: the answer comes to the loop. */
static void ask(void)
{
    __Request__device_read_inband_t request = {
        .Head = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE),
                 .msgh_remote_port = console,
                 .msgh_local_port = answers,
                 .msgh_id = MACH_ID_device_read_inband},
        .NDR = NDR_record,
        .bytes_wanted = IO_INBAND_MAX,
    };

    if (!is_asked)
        is_asked = mach_msg(&request.Head, MACH_SEND_MSG, sizeof request, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL) ==
                   MACH_MSG_SUCCESS;
}

/* Gives a reader of the first lines what it has room for: how much, or an error. */
static int64_t give(struct unix_thread *thread)
{
    const char *end = memchr(line, '\n', complete);
    uint32_t size = end == NULL ? complete : (uint32_t)(end - line) + 1;

    if (size > thread->registers.__rdx)
        size = (uint32_t)thread->registers.__rdx;
    if (!unix_write(thread->process, thread->registers.__rsi, line, size))
        return -UNIX_EFAULT;
    memmove(line, line + size, length -= size);
    complete -= size;
    return size;
}

static void give_readers(void)
{
    for (unsigned i = 0; i < THREADS_MAX && complete > 0; i++)
        if (threads[i].process != NULL && threads[i].wait == WAITS_FOR_LINE)
            unix_answer(&threads[i], give(&threads[i]));
}

static void type(char c)
{
    enum { BACKSPACE = 8, DELETE = 127 };

    if (c == '\r')
        c = '\n';
    if ((c == BACKSPACE || c == DELETE) && length > complete) {
        length--;
        show("\b \b", 3);
    } else if (c == '\n' || (c >= ' ' && c != DELETE && length < LINE_MAX - 1)) {
        if (length == LINE_MAX)
            return;
        line[length++] = c;
        show(&c, 1);
    }
    if (c == '\n')
        complete = length;
}

bool console_typed(const mach_msg_header_t *message)
{
    const __Reply__device_read_inband_t *reply = (const void *)message;

    if (message->msgh_local_port != answers)
        return false;
    is_asked = false;
    for (uint32_t i = 0; reply->RetCode == D_SUCCESS && i < reply->dataCnt && i < IO_INBAND_MAX; i++)
        type(reply->data[i]);
    give_readers();
    for (unsigned i = 0; i < THREADS_MAX; i++)
        if (threads[i].process != NULL && threads[i].wait == WAITS_FOR_LINE)
            ask();
    return true;
}

int64_t unix_read_call(struct unix_thread *thread, const struct arguments *arguments)
{
    if (!is_open(arguments->a))
        return -UNIX_EBADF;
    if (arguments->c == 0)
        return 0;
    if (complete > 0)
        return give(thread);
    thread->wait = WAITS_FOR_LINE;
    thread->deadline = 0;
    ask();
    return LATER;
}

/* ---- output ---------------------------------------------------------------------------------------- */

/* What has been written; an error if nothing has. */
static int64_t write_bytes(const struct process *process, uint64_t address, uint64_t size)
{
    static char piece[4096];
    uint64_t done = 0;

    while (done < size) {
        const vm_size_t part = size - done < sizeof piece ? size - done : sizeof piece;

        if (!unix_read(process, address + done, piece, part))
            return done > 0 ? (int64_t)done : -UNIX_EFAULT;
        show(piece, (uint32_t)part);
        done += part;
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
