#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# conformance.sh - the conformance tests as programs of the kernel that boots, from the sources that run on the other targets.
set -eu
. "${srcdir:-.}/tests/kernel/qemu.sh"

for program in user/conformance_*; do
    boot_kernel 512 -initrd "$program"
    echo "# $program"
    cat "$output"
    # All that is planned is there, and well; and the program itself has ended the machine.
    planned=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$output")
    if [ $status -ne 1 ] || [ "$(grep -c '^ok ' "$output")" != "$planned" ]; then
        echo "# $program has failed; the emulator's status is $status"
        failed=1
    fi
done
exit $failed
