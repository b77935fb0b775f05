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
boot 3700 selftest 1 # some of it lies above 4 GiB
boot 64 panic 3
wants '^panic: .*command line'
wants 'machine_start+0x'
boot 64 '' 7
wants 'no initial program'

boot 64 "selftest and more words" 1
boot 64 'pci selftest' 1
wants '^pci 00:00.0  8086:1237  class 0600'

# QEMU takes the kernel for Multiboot's, by a number at the start of its first segment.  Without that it is a PVH loader.
folder=$(mktemp -d)
trap 'rm -rf "$output" "$output.serial" "$folder"' EXIT
cp machsim.elf "$folder/machsim.elf"
dd if=/dev/zero of="$folder/machsim.elf" bs=1 seek=4096 count=4 conv=notrunc 2>/dev/null
kernel=$folder/machsim.elf
boot 64 selftest 1
kernel=machsim.elf

# GRUB is a loader of Multiboot 2's.
if command -v grub-mkrescue >/dev/null && command -v xorriso >/dev/null && command -v mformat >/dev/null; then
    mkdir -p "$folder/disk/boot/grub"
    cp machsim.elf "$folder/disk/boot"
    echo 'set timeout=0
menuentry machsim {
    multiboot2 /boot/machsim.elf selftest
}' >"$folder/disk/boot/grub/grub.cfg"
    grub-mkrescue -o "$folder/disk.iso" "$folder/disk" >/dev/null 2>&1
    run_machine 64 -cdrom "$folder/disk.iso"
    cat "$output"
    [ $status -eq 1 ] || { echo "by GRUB: the status is $status, not 1"; failed=1; }
    wants '^ok 7 - '
else
    echo "# grub-mkrescue, xorriso or mtools are not installed: Multiboot 2 is not tried"
fi

text=$(size machsim.elf | awk 'NR == 2 { print $1 }')
echo "text: $text bytes"
[ "$text" -le 400000 ] || { echo "that is more than 400000"; failed=1; }
exit $failed
