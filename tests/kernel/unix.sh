#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# unix.sh - programs with a C library on the booted Mach: the demonstration, what a C library does, one that crashes, and archives
# that are not right.
set -eu
. "${srcdir:-.}/tests/kernel/qemu.sh"

# expect STATUS TEXT...: how the emulator has ended, and what is said.
expect() {
    wanted=$1
    shift
    if [ $status -ne "$wanted" ]; then
        cat "$output"
        echo "not ok - the status is $status, not $wanted"
        failed=1
    fi
    for text; do
        grep -q "$text" "$output" || { cat "$output"; echo "not ok - nothing says: $text"; failed=1; }
    done
}

# answer TEXT: waits until the machine says it.
answer() {
    try=0
    while [ $try -lt 80 ]; do
        if grep -q "$1" "$output.serial"; then
            return
        fi
        sleep 0.25
        try=$((try + 1))
    done
    echo "not ok - after $try tries nothing says: $1"
    failed=1
}

# archive RC: the programs with another script.
archive() {
    folder=$(mktemp -d)
    mkdir "$folder/etc"
    cp user/init musl/unix "$folder"
    printf '%s\n' "$1" >"$folder/etc/rc"
    (cd "$folder" && find . -type f | sed 's,^\./,,' | cpio --quiet -o -H newc) >"$output.cpio"
    rm -r "$folder"
}
trap 'rm -f "$output" "$output.serial" "$output.cpio" "$output.typed"' EXIT

for processors in 1 2 4; do
    boot_kernel 256 -smp $processors -initrd user/demo.cpio
    expect 1 'it says: Hello, world!' 'the sum of its bytes is 16777216' 'notification 72'
    archive 'unix plain'
    boot_kernel 256 -smp $processors -initrd "$output.cpio"
    expect 1 '^1\.\.9$' '^ok 9'
    ! grep '^not ok' "$output" || failed=1
    grep '^ok' "$output"
done
# What is typed comes in lines, and can be mended before they end.
archive 'unix echo'
rm -f "$output.typed"
mkfifo "$output.typed"
status=0
MEMORY=128 timeout 120 "${srcdir:-.}/tools/boot.sh" machsim.elf "$output.cpio" <"$output.typed" >"$output.serial" 2>&1 &
machine=$!
exec 3>"$output.typed"
answer type:
printf 'some words\r' >&3
answer '<some words>'
printf 'mixtz\177\177ed\r' >&3
answer '<mixed>'
printf '\r' >&3
answer '<>'
printf 'end\r' >&3
wait $machine || status=$?
exec 3>&-
tr -d '\r' <"$output.serial" >"$output"
expect 0 '<some words>' '<mixed>' '<>' '<end>'
archive 'unix crash'
boot_kernel 256 -initrd "$output.cpio"
expect 9 'unix ends: a bad address' 'ended with status 139'
archive 'nothing &
nothing'
boot_kernel 256 -initrd "$output.cpio"
expect 9 'nothing: there is no such file' 'ended with status 127'
head -c 100000 user/demo.cpio >"$output.cpio"
boot_kernel 256 -initrd "$output.cpio"
[ $status -eq 7 ] || [ $status -eq 9 ] || { cat "$output"; echo "not ok - half an archive: the status is $status"; failed=1; }
exit $failed
