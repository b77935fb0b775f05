/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * boot.S - from the boot loader to C.  Three kinds of loaders come in 32-bit mode without paging, with the address of what they have
 * to say in ebx: Multiboot's (QEMU's -kernel), Multiboot 2's (GRUB), which tell by a number in eax which they are, and PVH's (cloud
 * monitors).
 *
 * The first map of memory: physical memory up to 4 GiB at DIRECT_MAP, its first GiB at KERNEL_BASE, and, until C runs at
 * the upper addresses, at 0.
 */
#include "hal/x86_64/layout.h"

#define PRESENT_WRITABLE 3
#define LARGE_PAGE 0x80

    .macro long_mode_on
    movl %cr4, %eax
    orl $(1 << 5 | 1 << 9 | 1 << 10), %eax  /* PAE, SSE */
    movl %eax, %cr4
    movl $0xc0000080, %ecx                  /* EFER: system calls, long mode, no-execute */
    rdmsr
    orl $(1 << 0 | 1 << 8 | 1 << 11), %eax
    wrmsr
    movl %cr0, %eax
    andl $~(1 << 2), %eax
    orl $(1 << 31 | 1 << 16 | 1 << 1), %eax /* paging, write protection, SSE */
    movl %eax, %cr0
    .endm

    .section .note.pvh, "a", @note
    .align 4
    .long 4, 4, 18          /* XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .long start

    .section .boot.text, "ax"
/* For Multiboot: its number, what is wanted (pages, memory, the addresses that follow), the sum of all is 0. */
    .align 8
multiboot:
    .long 0x1badb002, 0x10003, -(0x1badb002 + 0x10003)
    .long multiboot, KERNEL_START, kernel_load_end - KERNEL_BASE, kernel_end - KERNEL_BASE, start
/* For Multiboot 2: number, processor, length, sum; and no wishes, for it knows the file's format. */
    .align 8
multiboot2:
    .long 0xe85250d6, 0, 24, -(0xe85250d6 + 24)
    .word 0, 0
    .long 8

    .code32
    .globl start
start:
    cli
    cld
    movl $(boot_stack_top - KERNEL_BASE), %esp
    movl %ebx, %edi         /* the arguments of machine_start */
    movl %eax, %esi

    /* Four directories of 2 MiB pages. */
    movl $(boot_directories - KERNEL_BASE), %ecx
    movl $(PRESENT_WRITABLE | LARGE_PAGE), %eax
    movl $2048, %edx
1:  movl %eax, (%ecx)
    movl $0, 4(%ecx)
    addl $0x200000, %eax
    addl $8, %ecx
    decl %edx
    jnz 1b

    /* The same four below one table of pointers, and the first below another. */
    movl $(boot_directories - KERNEL_BASE + PRESENT_WRITABLE), %eax
    movl $(boot_pointers - KERNEL_BASE), %ecx
    movl %eax, (%ecx)
    addl $4096, %eax
    movl %eax, 8(%ecx)
    addl $4096, %eax
    movl %eax, 16(%ecx)
    addl $4096, %eax
    movl %eax, 24(%ecx)
    movl $(boot_directories - KERNEL_BASE + PRESENT_WRITABLE), %eax
    movl %eax, (kernel_pointers - KERNEL_BASE + 510 * 8)

    movl $(boot_map - KERNEL_BASE), %ecx
    movl $(boot_pointers - KERNEL_BASE + PRESENT_WRITABLE), %eax
    movl %eax, (%ecx)
    movl %eax, (DIRECT_MAP_SLOT * 8)(%ecx)
    movl $(kernel_pointers - KERNEL_BASE + PRESENT_WRITABLE), %eax
    movl %eax, (511 * 8)(%ecx)
    movl %ecx, %cr3

    long_mode_on
    lgdt (boot_table_pointer - KERNEL_BASE)
    ljmp $8, $long_mode

    .code64
long_mode:
    movl $16, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    movabsq $upper, %rax
    jmp *%rax

    .text
upper:
    movabsq $boot_stack_top, %rsp
    movq $0, boot_map(%rip)                 /* what was at 0 */
    movq %cr3, %rax
    movq %rax, %cr3
    movl %edi, %edi
    movl %esi, %esi
    xorl %ebp, %ebp                         /* where backtraces end */
    call machine_start
1:  hlt
    jmp 1b

/* Where another processor starts; this is copied to TRAMPOLINE. */
#define PLACE(label) (TRAMPOLINE + label - trampoline)
    .globl trampoline, trampoline_end
    .code16
trampoline:
    cli
    xorw %ax, %ax
    movw %ax, %ds
    lgdtl PLACE(trampoline_pointer)
    movl %cr0, %eax
    orl $1, %eax
    movl %eax, %cr0
    ljmpl $24, $PLACE(trampoline_32)
    .code32
trampoline_32:
    movl $16, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl $(boot_map - KERNEL_BASE), %ecx
    movl %ecx, %cr3
    long_mode_on
    ljmp $8, $PLACE(trampoline_64)
    .code64
trampoline_64:
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    movabsq $trampoline_upper, %rax
    jmp *%rax
    .align 8
trampoline_table:
    .quad 0
    .quad 0x00af9a000000ffff                /* code, 64 bits */
    .quad 0x00cf92000000ffff                /* data */
    .quad 0x00cf9a000000ffff                /* code, 32 bits */
trampoline_pointer:
    .word 31
    .long PLACE(trampoline_table)
trampoline_end:
trampoline_upper:
    movq trampoline_stack(%rip), %rsp
    movq trampoline_cpu(%rip), %rdi
    xorl %ebp, %ebp
    call processor_other
1:  hlt
    jmp 1b

    .section .rodata
    .align 8
boot_table:
    .quad 0
    .quad 0x00af9a000000ffff                /* code of the kernel, 64 bits */
    .quad 0x00cf92000000ffff                /* its data */
boot_table_pointer:
    .word 23
    .long boot_table - KERNEL_BASE
    .long 0

    .bss
    .align 4096
    .globl boot_map, boot_directories, boot_pointers, trampoline_stack, trampoline_cpu
trampoline_stack: .skip 8
trampoline_cpu: .skip 8
    .align 4096
boot_map: .skip 4096
boot_pointers: .skip 4096
kernel_pointers: .skip 4096
boot_directories: .skip 4 * 4096
    .globl boot_stack
boot_stack: .skip 4 * 4096
boot_stack_top:

    .section .note.GNU-stack, "", @progbits
