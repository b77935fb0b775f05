/* SPDX-License-Identifier: BSD-2-Clause */
/* trap.S - how a program gets into a kernel on x86_64. */

    .text
/*
 * uint64_t trap_call(const uint64_t arguments[9], uint64_t *out, uint32_t number): Mach's traps have negative numbers, as
 * Mach 3's had; the others are those of an emulated system.
 */
    .globl trap_call
trap_call:
    pushq %rbx
    pushq %rbp
    movq %rdi, %rbx
    movq %rsi, %rbp
    movl %edx, %eax
    negl %eax
    subq $32, %rsp          /* above what would be a return address: the arguments that have no register */
    movq 48(%rbx), %rcx
    movq %rcx, 8(%rsp)
    movq 56(%rbx), %rcx
    movq %rcx, 16(%rsp)
    movq 64(%rbx), %rcx
    movq %rcx, 24(%rsp)
    movq 0(%rbx), %rdi
    movq 8(%rbx), %rsi
    movq 16(%rbx), %rdx
    movq 24(%rbx), %r10
    movq 32(%rbx), %r8
    movq 40(%rbx), %r9
    syscall
    addq $32, %rsp
    movq %rdx, (%rbp)
    popq %rbp
    popq %rbx
    ret

    .section .note.GNU-stack, "", @progbits
