/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * console.c - the first serial port: see machine.h.
 *
 * One processor has its interrupts, and puts what was typed into a ring; who reads takes it out, one at a time: the device's lock.
 */
#include <stdarg.h>

#include "hal/x86_64/acpi.h"
#include "hal/x86_64/controller.h"
#include "hal/x86_64/cpu.h"
#include "hal/x86_64/processor.h"

#define PORT 0x3f8
#define LINE_NUMBER 4 /* of its interrupt */
#define RING 1024u
enum { DATA = 0, INTERRUPTS = 1, FIFO = 2, LINE = 3, MODEM = 4, STATUS = 5 };

void console_start(void)
{
    cpu_out8(PORT + INTERRUPTS, 0);
    cpu_out8(PORT + LINE, 0x80); /* the divisor: 115200 */
    cpu_out8(PORT + DATA, 1);
    cpu_out8(PORT + INTERRUPTS, 0);
    cpu_out8(PORT + LINE, 3); /* 8 bits, no parity */
    cpu_out8(PORT + FIFO, 7);
    cpu_out8(PORT + MODEM, 3);
}

/* ---- input ----------------------------------------------------------------------------------------- */

static unsigned char ring[RING];
static _Atomic uint32_t typed, taken; /* how many in all */
static _Atomic bool arrived;

void console_interrupt(void)
{
    while (cpu_in8(PORT + STATUS) & 1) {
        const uint8_t c = cpu_in8(PORT + DATA);
        const uint32_t at = atomic_load_explicit(&typed, memory_order_relaxed);

        if (at - atomic_load_explicit(&taken, memory_order_acquire) == RING)
            continue; /* no one reads: it is lost, as at any serial line */
        ring[at % RING] = c;
        atomic_store_explicit(&typed, at + 1, memory_order_release);
        atomic_store_explicit(&arrived, true, memory_order_release);
    }
    controller_interrupt_ends();
}

static size_t read_typed(void *bytes, size_t size)
{
    uint32_t at = atomic_load_explicit(&taken, memory_order_relaxed);
    size_t count = 0;

    for (; count < size && at != atomic_load_explicit(&typed, memory_order_acquire); at++)
        ((unsigned char *)bytes)[count++] = ring[at % RING];
    atomic_store_explicit(&taken, at, memory_order_release);
    return count;
}

static size_t write_all(const void *bytes, size_t size)
{
    console_write(bytes, size);
    return size;
}

static const struct hal_device console = {.name = "console", .read = read_typed, .write = write_all};
const struct hal_device *const hal_devices[] = {&console, NULL};

void console_tell(void)
{
    if (atomic_load_explicit(&arrived, memory_order_relaxed) && atomic_exchange(&arrived, false))
        device_ready(&console);
}

/* From now on it interrupts this processor when something is typed. */
void console_listen(void)
{
    uint64_t address;

    if (!acpi_line_controller(&address))
        return; /* then no one can type */
    controller_route(address, LINE_NUMBER, VECTOR_CONSOLE, controller_name());
    cpu_out8(PORT + MODEM, 0xb); /* its interrupts are let through */
    cpu_out8(PORT + INTERRUPTS, 1);
}

/* ---- output ---------------------------------------------------------------------------------------- */

/* Lines of several processors are not mixed; who panics does not wait. */
static struct hal_lock lock;

static void put_raw(char c)
{
    while (!(cpu_in8(PORT + STATUS) & 0x20))
        cpu_pause();
    cpu_out8(PORT + DATA, (uint8_t)c);
}

void console_put(char c)
{
    if (c == '\n')
        put_raw('\r');
    put_raw(c);
}

void console_write(const char *bytes, size_t size)
{
    hal_lock_acquire(&lock);
    for (size_t i = 0; i < size; i++)
        console_put(bytes[i]);
    hal_lock_release(&lock);
}

/* ---- print ----------------------------------------------------------------------------------------- */

struct conversion {
    bool zeros, longer;
    int width;
};

static void put_padded(const char *text, int length, const struct conversion *how)
{
    for (int i = length; i < how->width; i++)
        console_put(how->zeros ? '0' : ' ');
    for (int i = 0; i < length; i++)
        console_put(text[i]);
}

static void put_number(uint64_t value, unsigned base, bool negative, const struct conversion *how)
{
    char digits[24];
    int at = sizeof digits;

    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    if (negative)
        digits[--at] = '-';
    put_padded(digits + at, (int)sizeof digits - at, how);
}

static void put_string(const char *text, const struct conversion *how)
{
    int length = 0;

    if (text == NULL)
        text = "(null)";
    while (text[length] != '\0')
        length++;
    put_padded(text, length, how);
}

static const char *read_conversion(const char *at, struct conversion *how)
{
    *how = (struct conversion){.width = 0};
    if (*at == '0')
        how->zeros = true;
    for (; *at >= '0' && *at <= '9'; at++)
        how->width = how->width * 10 + (*at - '0');
    for (; *at == 'l'; at++)
        how->longer = true;
    return at;
}

void console_print(const char *format, ...)
{
    struct conversion how;
    va_list arguments;

    va_start(arguments, format);
    for (const char *at = format; *at != '\0'; at++) {
        if (*at != '%') {
            console_put(*at);
            continue;
        }
        at = read_conversion(at + 1, &how);
        switch (*at) {
        case 's': put_string(va_arg(arguments, const char *), &how); break;
        case 'c': console_put((char)va_arg(arguments, int)); break;
        case 'd': {
            const int64_t value = how.longer ? va_arg(arguments, int64_t) : va_arg(arguments, int);

            put_number(value < 0 ? -(uint64_t)value : (uint64_t)value, 10, value < 0, &how);
            break;
        }
        case 'u': put_number(how.longer ? va_arg(arguments, uint64_t) : va_arg(arguments, unsigned), 10, false, &how); break;
        case 'x': put_number(how.longer ? va_arg(arguments, uint64_t) : va_arg(arguments, unsigned), 16, false, &how); break;
        case 'p': put_number((uint64_t)va_arg(arguments, void *), 16, false, &how); break;
        default: console_put(*at);
        }
    }
    va_end(arguments);
}
