#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# devices.sh - the first program uses the devices that there are, with 1 and 2 processors.
set -eu
. "${srcdir:-.}/tests/kernel/qemu.sh"

for processors in 1 2; do
    boot_kernel 128 -smp $processors -initrd user/devices
    cat "$output"
    if [ $status -ne 1 ] || [ "$(grep -c '^ok ' "$output")" != 3 ]; then
        failed=1
    fi
done
exit $failed
