#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Boots a kernel in QEMU on this terminal.
#   tools/boot.sh KERNEL [ARCHIVE [OPTION...]]    options are QEMU's
# Environment: PROCESSORS (default 2), MEMORY (MiB, default 256).  The status is 0 if the machine has powered itself off.
set -eu

emulator=qemu-system-x86_64
usage() {
    sed -n '3,5s/^# \{0,1\}//p' "$0"
}
case ${1:-} in
-h | --help) usage; exit 0 ;;
'' | -*) usage >&2; exit 2 ;;
esac
kernel=$1
shift
if [ $# -gt 0 ]; then
    archive=$1
    shift
    set -- -initrd "$archive" "$@"
fi
command -v $emulator >/dev/null || {
    echo "boot: $emulator is not installed; on Debian it is in the package qemu-system-x86" >&2
    exit 1
}
status=0
$emulator -m "${MEMORY:-256}" -smp "${PROCESSORS:-2}" -kernel "$kernel" "$@" -display none -serial stdio -monitor none \
    -no-reboot -nic none -device isa-debug-exit,iobase=0xf4,iosize=1 || status=$?
# The kernel's status N comes as 2 N + 1.
[ $status -eq 1 ] || {
    echo "boot: the machine has ended with status $status" >&2
    exit 1
}
