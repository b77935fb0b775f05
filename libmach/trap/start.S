/* SPDX-License-Identifier: BSD-2-Clause */
/* start.S - how the first program begins on x86_64. */

    .text
    .globl _start
_start:
    xorl %ebp, %ebp
    andq $-16, %rsp
    call program_main
    ud2

    .section .note.GNU-stack, "", @progbits
