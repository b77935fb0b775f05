/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trap.S - how a program gets into a kernel on x86_64.  Traps have negative numbers, as Mach 3's had; the others are those of
 * an emulated system.  They keep what functions keep, and take arguments where functions have them, but that the fourth is in
 * r10: a seventh is above the return address.
 */

    .text
/* struct trap_result trap_call(uint64_t first, second, third, fourth, fifth, uint32_t number) */
    .globl trap_call
trap_call:
    movl %r9d, %eax
    movq %rcx, %r10
    negl %eax
    syscall
    ret

/* These are traps as they are. */
    .globl mach_msg, mach_msg_overwrite
mach_msg:
    movl $-31, %eax
    movq %rcx, %r10
    syscall
    ret
mach_msg_overwrite:
    movl $-32, %eax
    movq %rcx, %r10
    syscall
    ret

    .section .note.GNU-stack, "", @progbits
