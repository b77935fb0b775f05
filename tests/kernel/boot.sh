#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# boot.sh - the kernel boots in QEMU, tests its machine, and says what is wrong when something is.
set -eu
. "${srcdir:-.}/tests/kernel/qemu.sh"

# boot MEMORY WORDS STATUS: boots with words on the command line, and wants the emulator to end with a status.
boot() {
    boot_kernel "$1" -append "$2"
    cat "$output"
    if [ $status -ne "$3" ]; then
        echo "boot with «$2» in $1 MiB: the status is $status, not $3"
        failed=1
    fi
}

wants() {
    grep -q "$1" "$output" || { echo "nothing says: $1"; failed=1; }
}

boot 64 selftest 1
wants '^ok 7 - '
boot 3000 selftest 1
boot 64 panic 3
wants '^panic: .*command line'
wants 'machine_start+0x'
boot 64 '' 7
wants 'no initial program'

text=$(size machsim.elf | awk 'NR == 2 { print $1 }')
echo "text: $text bytes"
[ "$text" -le 400000 ] || { echo "that is more than 400000"; failed=1; }
exit $failed
