#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# freestanding.sh - the core asks for nothing but hal_* and the four functions that compilers ask for.
set -u

needed=$(nm machsim/libcore.a | awk '$1 == "U" { print $2 } $2 == "U" { print $3 }' | sort -u)
defined=$(nm machsim/libcore.a | awk 'NF == 3 && $2 ~ /[TDBRVW]/ { print $3 }' | sort -u)
[ -n "$needed" ] || { echo "nm shows nothing of machsim/libcore.a"; exit 1; }
foreign=$(printf '%s\n' "$needed" | grep -vxF "$defined" |
    grep -vE '^(hal_[a-z_]*|mem(cpy|move|set|cmp)|__(asan|ubsan|tsan|sanitizer)_.*|_GLOBAL_OFFSET_TABLE_)$')
if [ -n "$foreign" ]; then
    echo "the core asks for:" "$foreign"
    exit 1
fi
headers=$(cd "${srcdir:-.}" && grep -lE '^#[ \t]*include <(stdio|stdlib|unistd|errno|pthread|sys/|linux/|urcu|jemalloc)' \
    machsim/device/* machsim/ipc/* machsim/kern/*.[ch] machsim/vm/*)
if [ -n "$headers" ]; then
    echo "the core includes a host's headers:" "$headers"
    exit 1
fi
