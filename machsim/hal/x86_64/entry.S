/* SPDX-License-Identifier: BSD-2-Clause */
/* entry.S - exceptions and interrupts come here, and become calls of trap_handle; probes, which may fail. */
    .set KERN_INVALID_ARGUMENT, 4

/* The registers of struct trap_frame, below what the processor has put there. */
    .macro save
    pushq %rax
    pushq %rcx
    pushq %r9
    pushq %r8
    pushq %r10
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %r11
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    .endm

    .macro restore
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    popq %r11
    popq %rdi
    popq %rsi
    popq %rdx
    popq %r10
    popq %r8
    popq %r9
    popq %rcx
    popq %rax
    addq $16, %rsp
    .endm

    .altmacro
    .macro vector number
    .balign 16
    .if \number == 8 || (\number >= 10 && \number <= 14) || \number == 17 || \number == 21 || \number == 29 || \number == 30
    .else
    pushq $0                /* where the processor pushes no error */
    .endif
    pushq $\number
    jmp common
    .endm

    .text
    .balign 16
    .globl trap_vectors
trap_vectors:
    .set i, 0
    .rept 256
    vector %i
    .set i, i + 1
    .endr

common:
    save
    cld
    movq %rsp, %rdi
    testb $3, 144(%rsp)     /* cs: does it come from a program? */
    jnz 1f
    call trap_handle
    restore
    iretq

/* What comes from a program has been saved where its registers belong, and is served on the kernel's stack. */
1:  swapgs
    movq %gs:0, %rsp
    xorl %ebp, %ebp
    call program_trap

/* Offsets in struct trap_frame, from its end. */
    .set RSP, -2*8
    .set RFLAGS, -3*8
    .set RIP, -5*8
    .set RAX, -8*8
    .set RDX, -13*8
    .set RBX, -17*8
    .set RBP, -18*8
    .set R12, -19*8
    .set R13, -20*8
    .set R14, -21*8
    .set R15, -22*8

/*
 * A system call of a program's: the processor has put rip into rcx and rflags into r11, and left the stack alone.  What
 * gs shows is struct cpu.  Mach's traps have negative numbers: which there are user.c tells, and others are refused here.
 */
    .globl system_call
system_call:
    testl %eax, %eax
    jns 1f
    cmpl $-31, %eax
    je message_call
    negl %eax
    cmpl $63, %eax
    ja 2f
    cmpb $0, traps_known(%rax)
    je 2f
    negl %eax
1:  swapgs
    movq %rsp, %gs:8
    movq %gs:16, %rsp
    pushq $0x1b             /* data of programs */
    pushq %gs:8
    pushq %r11
    pushq $0x23             /* their code */
    pushq %rcx
    pushq $0
    pushq $256
    save
    movq %gs:0, %rsp
    xorl %ebp, %ebp
    call program_call

/*
 * The program goes on at once: what functions keep is in its registers still.  What they do not keep is lost to it, for that
 * is what Mach's traps are; the kernel's leavings are wiped out.
 */
    movq %gs:16, %rdi
go_on:
    movq RDX(%rdi), %rdx
    movq RAX(%rdi), %rax
    movq RIP(%rdi), %rcx
    movq RFLAGS(%rdi), %r11
    movq RSP(%rdi), %rsp
    movq RBP(%rdi), %rbp
    xorl %edi, %edi
    xorl %esi, %esi
    xorl %r8d, %r8d
    xorl %r9d, %r9d
    xorl %r10d, %r10d
    swapgs
    sysretq
2:  movl $KERN_INVALID_ARGUMENT, %eax
    sysretq

/*
 * mach_msg: its arguments are in registers, as functions have them, and what functions do not keep need not be saved.  Code and
 * data segment are in the program's registers from the beginning.
 */
message_call:
    swapgs
    movq %rsp, %gs:8
    movq %gs:16, %rsp
    movq %gs:8, %rax
    movq %rax, RSP(%rsp)
    movq %r11, RFLAGS(%rsp)
    movq %rcx, RIP(%rsp)
    movq %rbx, RBX(%rsp)
    movq %rbp, RBP(%rsp)
    movq %r12, R12(%rsp)
    movq %r13, R13(%rsp)
    movq %r14, R14(%rsp)
    movq %r15, R15(%rsp)
    movq %gs:0, %rsp
    movq %r10, %rcx
    xorl %ebp, %ebp
    call program_message

    .globl program_go_on
program_go_on:
    movq %gs:16, %rdi
    movq RBX(%rdi), %rbx
    movq R12(%rdi), %r12
    movq R13(%rdi), %r13
    movq R14(%rdi), %r14
    movq R15(%rdi), %r15
    jmp go_on

/* Goes to a program with the registers at rdi. */
    .globl program_resume
program_resume:
    movq %rdi, %rsp
    restore
    swapgs
    iretq

/* Calls a function that does not return, on a stack from its beginning. */
    .globl run_on
run_on:
    movq %rdi, %rsp
    xorl %ebp, %ebp
    call *%rsi

/*
 * copy_user(to, from, size): what is left when a fault ends it; trap.c goes on at copy_failed.  With SMAP the flag AC lets the
 * kernel see what programs see; the two places where it is set are made nothing of on processors without.
 */
    .globl copy_user, copy_user_start, copy_user_end, copy_failed, copy_allow, copy_forbid
copy_user:
copy_user_start:
    movq %rdx, %rcx
    movl %edx, %eax
copy_allow:
    stac
    shrq $3, %rcx
    rep movsq
    movl %eax, %ecx
    andl $7, %ecx
    xorl %eax, %eax
    rep movsb
copy_user_end:
copy_forbid:
    clac
    movq %rcx, %rax
    ret
/* It was in the words, of which rcx are left, and then eax is the size; or in the last bytes, and eax is 0. */
copy_failed:
    testl %eax, %eax
    jz copy_forbid
    andl $7, %eax
    leaq (%rax, %rcx, 8), %rcx
    jmp copy_forbid

/* Each gives -1 if it faults, and fault_resume is probe_failed. */
    .globl probe_load, probe_store, probe_call, probe_divide, probe_undefined, probe_breakpoint, probe_failed
probe_load:
    movzbl (%rdi), %eax
    ret
probe_store:
    movb %sil, (%rdi)
    xorl %eax, %eax
    ret
probe_call:                 /* of a place where nothing may be executed: the return address is off the stack again */
    leaq 1f(%rip), %rax
    jmp *%rdi
1:  xorl %eax, %eax
    ret
probe_divide:
    movl $1, %eax
    xorl %edx, %edx
    xorl %ecx, %ecx
    divl %ecx
    ret
probe_undefined:
    ud2
probe_breakpoint:
    int3
    ret
probe_failed:
    movl $-1, %eax
    ret

    .section .note.GNU-stack, "", @progbits
