#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# gdb.sh - the debugger's commands show what the kernel has, at the end of the demonstration.
set -eu
. "${srcdir:-.}/tests/kernel/qemu.sh"
gdb -q -batch -ex 'python print(1)' 2>/dev/null | grep -q 1 || { echo "skipped: there is no gdb with Python"; exit 77; }

timeout 200 "${srcdir:-.}/tools/gdb/gdb-kernel.sh" machsim-debug.elf user/demo.cpio -batch -ex 'hbreak hal_reboot' -ex continue \
    -ex 'mach tasks' -ex 'mach threads' -ex 'mach ports 1' -ex 'mach map 2' -ex 'mach processors' >"$output" 2>&1 || failed=1
cat "$output"
for text in '^    1 0xffff.* 1 ' '^    2 0xffff.* 2 ' ' 0x103 send ' ' r-x  rwx ' '^processor 0: in the kernel, last for task 1'; do
    grep -q "$text" "$output" || { echo "nothing says: $text"; failed=1; }
done
rm -f gdb-kernel.out
exit $failed
