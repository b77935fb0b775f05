/* SPDX-License-Identifier: BSD-2-Clause */
/* crash.c - programs that do what programs must not, each by the name that it is compiled with: they end, the kernel does not. */
#include "libmach/trap/trap.h"

#include <stdint.h>

static void privileged(void)
{
    __asm__ volatile("cli");
}

static void port(void)
{
    __asm__ volatile("outb %%al, $0xf4" : : "a"(0)); /* which would power off */
}

static void kernel_read(void)
{
    (void)*(volatile char *)0xffffffff80100000;
}

static void kernel_write(void)
{
    *(volatile char *)0xffff800000100000 = 1;
}

static void kernel_jump(void)
{
    ((void (*)(void))0xffffffff80100000)();
}

static void nowhere(void)
{
    (void)*(volatile char *)0x1000000000000000;
}

static void null(void)
{
    volatile char *volatile place = (volatile char *)8;

    (void)*place;
}

static void text(void)
{
    *(volatile char *)(uintptr_t)program_main = 0;
}

static void data(void)
{
    static unsigned char code[] = {0xc3};

    ((void (*)(void))(uintptr_t)code)();
}

static void divide(void)
{
    __asm__ volatile("xorl %%ecx, %%ecx; divl %%ecx" : : : "eax", "ecx", "edx");
}

static void stack(void)
{
    __asm__ volatile("movq $8, %rsp; pushq $0");
}

/* The kernel looks for arguments there. */
static void call_without_stack(void)
{
    __asm__ volatile("movq $-8, %%rsp; movl $-31, %%eax; syscall; ud2" : : : "memory");
}

_Noreturn void program_main(const void *archive, size_t size)
{
    static void (*const all[])(void) = {privileged, port, kernel_read, kernel_write, kernel_jump, nowhere, null, text, data,
                                        divide, stack, call_without_stack};

    (void)archive, (void)size;
    all[CRASH]();
    mach_print("nothing has happened\n");
    for (;;)
        ;
}
