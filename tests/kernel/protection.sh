#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# protection.sh - what programs do does the kernel no harm: rubbish in system calls, and what no program may do.
set -eu
. "${srcdir:-.}/tests/kernel/qemu.sh"

# run PROGRAM STATUS TEXT
run() {
    boot_kernel 256 -initrd "$1"
    if [ $status -eq "$2" ] && grep -q "$3" "$output"; then
        echo "ok - $1: $3"
    else
        cat "$output"
        echo "not ok - $1: the status is $status, not $2, or nothing says: $3"
        failed=1
    fi
}

run user/fuzz 1 '^ok 1 - the kernel serves'
for processors in 1 4; do
    boot_kernel 256 -smp $processors -initrd user/hurt
    grep '^\(not \)\{0,1\}ok' "$output"
    if [ $status -ne 1 ] || [ "$(grep -c '^ok ' "$output")" != 6 ]; then
        cat "$output"
        failed=1
    fi
done
number=0
for how in 'general protection' 'general protection' 'a page that is not there' 'a page that is not there' \
    'a page that is not there' 'general protection' 'a page that is not there' 'a protected page' 'a protected page' \
    'division by zero' 'a page that is not there' 'undefined instruction'; do
    run user/crash_$number 9 "task 1 ends: $how"
    number=$((number + 1))
done
exit $failed
