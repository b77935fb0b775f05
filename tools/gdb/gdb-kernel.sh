#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Boots a kernel in QEMU, stopped before its first instruction, with gdb attached and the commands of machsim.py.
#   tools/gdb/gdb-kernel.sh KERNEL [ARCHIVE [GDB-OPTION...]]
# Environment: PROCESSORS (default 1), MEMORY (MiB, default 256).  What the machine says goes to gdb-kernel.out.
set -eu

emulator=qemu-system-x86_64
tools=$(dirname "$0")
case ${1:-} in
-h | --help) sed -n '3,5s/^# \{0,1\}//p' "$0"; exit 0 ;;
'' | -*) sed -n '3,5s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
kernel=$1
archive=${2:-}
shift $(($# > 1 ? 2 : 1))
for program in $emulator gdb; do
    command -v $program >/dev/null || { echo "gdb-kernel: $program is not installed" >&2; exit 1; }
done
socket=$(mktemp -u)
$emulator -m "${MEMORY:-256}" -smp "${PROCESSORS:-1}" -kernel "$kernel" ${archive:+-initrd "$archive"} -display none \
    -serial file:gdb-kernel.out -monitor none -no-reboot -nic none -device isa-debug-exit,iobase=0xf4,iosize=1 -S \
    -chardev socket,path="$socket",server=on,wait=off,id=gdb -gdb chardev:gdb </dev/null &
machine=$!
trap 'kill $machine 2>/dev/null || true; rm -f "$socket"' EXIT
while [ ! -S "$socket" ]; do
    kill -0 $machine 2>/dev/null || exit 1
    sleep 0.1
done
gdb -q -ex 'set confirm off' -ex "target remote $socket" -x "$tools/machsim.py" "$@" "$kernel"
