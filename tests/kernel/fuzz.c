/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz.c - a program that makes rubbish of system calls: every number from -200 to 500, arguments of all kinds, messages of
 * random bytes.  None may do the kernel harm: at the end it still serves, and powers off.
 */
#include <mach/host_priv.h>
#include <mach/mach.h>
#include <stdint.h>
#include <string.h>

#include "libmach/trap/trap.h"
#include "machsim/kern/trap.h"

#define CALLS 10000000
#define HALT 8

static _Alignas(16) unsigned char area[8192];

static uint64_t rubbish(void)
{
    static uint64_t state = 20261122;

    state = state * 6364136223846793005u + 1442695040888963407u;
    return state >> 17;
}

/* Somewhere: in the program, at the edges of what it may have, in the kernel, nowhere. */
static uint64_t some_address(void)
{
    static const uint64_t edges[] = {0, 1, 0xfff, 0x1000, 0x7fffffffeff8, 0x7ffffffff000, 0x7fffffffffff, 0x800000000000,
                                     0xffff7fffffffffff, 0xffff800000000000, 0xffffffff80100000, 0xffffffffffffffff};

    switch (rubbish() % 3) {
    case 0: return (uintptr_t)area + rubbish() % sizeof area;
    case 1: return edges[rubbish() % (sizeof edges / sizeof *edges)];
    default: return rubbish() << rubbish() % 48;
    }
}

static uint64_t some_value(void)
{
    switch (rubbish() % 4) {
    case 0: return 0x103 + (rubbish() % 40) * 0x100; /* a name, perhaps */
    case 1: return rubbish() % 5000;
    case 2: return some_address();
    default: return rubbish();
    }
}

/* A header that gets further than the first check, now and then. */
static void make_message(void)
{
    mach_msg_base_t *message = (void *)area;

    for (size_t i = 0; i < sizeof area / 8; i++)
        ((uint64_t *)(void *)area)[i] = rubbish() % 2 ? some_value() : rubbish();
    message->header.msgh_bits =
        MACH_MSGH_BITS(16 + rubbish() % 8, 16 + rubbish() % 8) | (rubbish() % 2 ? MACH_MSGH_BITS_COMPLEX : 0);
    message->header.msgh_remote_port = (mach_port_t)some_value();
    message->header.msgh_local_port = (mach_port_t)some_value();
    message->header.msgh_id = (mach_msg_id_t)(((rubbish() % 3 == 0) ? 3200 : 2000 + rubbish() % 3000) + rubbish() % 100);
    message->body.msgh_descriptor_count = (mach_msg_size_t)rubbish() % 4;
}

/* What waits would wait for ever. */
static void make_call(uint64_t *arguments)
{
    make_message();
    arguments[0] = rubbish() % 3 ? (uintptr_t)area : some_address();
    arguments[1] = (rubbish() % 0x1000 & ~(uint64_t)0x400) | MACH_SEND_TIMEOUT | MACH_RCV_TIMEOUT;
    arguments[2] = rubbish() % 2000 * 4;
    arguments[3] = rubbish() % 4000;
    arguments[5] = rubbish() % 2;
}

/* A trap of nine arguments: three are on the stack, as if behind a return address. */
static void any_trap(const uint64_t *arguments, uint32_t number)
{
    register uint64_t fourth __asm__("r10") = arguments[3];
    register uint64_t fifth __asm__("r8") = arguments[4];
    register uint64_t sixth __asm__("r9") = arguments[5];
    uint64_t first = arguments[0], second = arguments[1], third = arguments[2], result = 0 - number;

    __asm__ volatile("subq $128, %%rsp; pushq 64(%%rbx); pushq 56(%%rbx); pushq 48(%%rbx); pushq $0; syscall; addq $160, %%rsp"
                     : "+a"(result), "+D"(first), "+S"(second), "+d"(third), "+r"(fourth), "+r"(fifth), "+r"(sixth)
                     : "b"(arguments)
                     : "rcx", "r11", "memory", "cc");
}

/* The parts that are of no interest to the others: what has been allocated stays, but not without end. */
static void start_over(void)
{
    mach_port_name_array_t names;
    mach_port_type_array_t types;
    mach_msg_type_number_t count = 0, type_count = 0;
    extern mach_port_t mach_task_self_;

    mach_task_self_ = (mach_port_t)trap_call(0, 0, 0, 0, 0, TRAP_TASK_SELF).result; /* it may have let go of that */
    if (mach_port_names(mach_task_self(), &names, &count, &types, &type_count) != KERN_SUCCESS)
        return;
    for (mach_msg_type_number_t i = 0; i < count; i++)
        if (types[i] & (MACH_PORT_TYPE_RECEIVE | MACH_PORT_TYPE_PORT_SET | MACH_PORT_TYPE_DEAD_NAME))
            (void)mach_port_destroy(mach_task_self(), names[i]);
    (void)vm_deallocate(mach_task_self(), (vm_address_t)names, count * sizeof *names);
    (void)vm_deallocate(mach_task_self(), (vm_address_t)types, type_count * sizeof *types);
    mig_dealloc_reply_port(MACH_PORT_NULL);
}

_Noreturn void program_main(const void *archive, size_t size)
{
    uint64_t arguments[TRAP_MAX_ARGUMENTS];

    (void)archive, (void)size;
    mach_print("1..1\n");
    for (unsigned i = 0; i < CALLS; i++) {
        const uint32_t number = rubbish() % 2 ? (uint32_t)(rubbish() % 701) - 200 : 10 + (uint32_t)rubbish() % 37;

        for (unsigned j = 0; j < TRAP_MAX_ARGUMENTS; j++)
            arguments[j] = some_value();
        if (number == TRAP_MACH_MSG || number == TRAP_MACH_MSG_OVERWRITE)
            make_call(arguments);
        if (number == TRAP_PRINT) /* it would only print */
            continue;
        if (number <= TRAP_VM_PROTECT && number >= TRAP_VM_ALLOCATE && arguments[0] == mach_task_self())
            continue; /* the program itself would go, or grow without end */
        any_trap(arguments, number);
        if (i % 5000 == 4999)
            start_over();
    }
    mach_print(mach_reply_port() != MACH_PORT_NULL ? "ok 1 - the kernel serves\n" : "not ok 1 - the kernel serves\n");
    (void)host_reboot(mach_host_self(), HALT);
    __builtin_trap();
}
