# SPDX-License-Identifier: BSD-2-Clause
# qemu.sh - for scripts here, which read it: a kernel in QEMU, its output in $output, and the emulator's status in $status.
emulator=qemu-system-x86_64
command -v $emulator >/dev/null 2>&1 || { echo "skipped: $emulator is not installed"; exit 77; }

output=$(mktemp)
trap 'rm -f "$output" "$output.serial"' EXIT
failed=0

kernel=machsim.elf

# boot_kernel MEMORY OPTION...
boot_kernel() {
    memory=$1
    shift
    run_machine "$memory" -kernel "$kernel" "$@"
}

# run_machine MEMORY OPTION...
run_machine() {
    memory=$1
    shift
    status=0
    timeout 240 $emulator -m "$memory" "$@" -display none -serial file:"$output.serial" -monitor none \
        -no-reboot -nic none -device isa-debug-exit,iobase=0xf4,iosize=1 </dev/null || status=$?
    tr -d '\r' <"$output.serial" >"$output"
}
