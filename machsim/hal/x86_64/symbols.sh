#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# symbols.sh [KERNEL] - the table of functions that panic.c prints names from, as assembly; without a kernel an empty one.
set -eu

echo '    .section .rodata.symbols, "a"'
echo '    .balign 8'
echo '    .globl kernel_symbols'
echo 'kernel_symbols:'
if [ $# -gt 0 ]; then
    ${NM-nm} -n "$1" | awk '$2 ~ /[tT]/ && $1 ~ /^ffffffff/ && $3 !~ /^\./ {
        printf "    .quad 0x%s, 1f\n    .section .rodata.names, \"a\"\n1:  .asciz \"%s\"\n    .section .rodata.symbols, \"a\"\n", $1, $3
    }'
fi
echo '    .quad 0, 0'
echo '    .section .note.GNU-stack, "", @progbits'
