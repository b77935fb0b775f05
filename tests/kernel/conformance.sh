#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# conformance.sh - the conformance tests as programs of the kernel that boots, from the sources that run on the other targets.
set -eu

emulator=qemu-system-x86_64
command -v $emulator >/dev/null 2>&1 || { echo "skipped: $emulator is not installed"; exit 77; }

output=$(mktemp)
trap 'rm -f "$output"' EXIT
failed=0
for program in user/conformance_*; do
    status=0
    timeout 120 $emulator -m 512 -kernel machsim.elf -initrd "$program" -display none -serial file:"$output" -monitor none \
        -no-reboot -nic none -device isa-debug-exit,iobase=0xf4,iosize=1 </dev/null || status=$?
    echo "# $program"
    sed 's/\r//' "$output" | grep -v '^$'
    # All that is planned is there, and well; and the program itself has ended the machine.
    planned=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$output")
    if [ $status -ne 1 ] || [ "$(grep -c '^ok ' "$output")" != "$planned" ]; then
        echo "# $program has failed; the emulator's status is $status"
        failed=1
    fi
done
exit $failed
