#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# foreign.sh - interfaces written in the idioms of other systems become C that compiles without a warning.
set -u

srcdir=${srcdir:-.}
mig=${MIG:-mig/mig}
CC=${CC:-cc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

for defs in "$srcdir"/tests/mig/foreign/*.defs; do
    for format in -untyped -typed; do
        for kernel in -DKERNEL_USER=0 -DKERNEL_USER=1; do
            name="$(basename "$defs") $format $kernel"
            if ! "$mig" $format $kernel -I"$srcdir/include" -user "$work/user.c" -server "$work/server.c" \
                -header "$work/user.h" -sheader "$work/server.h" -reply "$work/reply.c" "$defs" 2>"$work/said"; then
                echo "FAIL: $name: mig"
                head -n 20 "$work/said"
                failed=$((failed + 1))
                continue
            fi
            for file in user server reply; do
                # shellcheck disable=SC2086 # CC is words
                if $CC -std=gnu11 -fsyntax-only -Wall -Wextra -Werror -pedantic -I"$srcdir/include" \
                    -I"$srcdir/tests/mig/foreign" "$work/$file.c" 2>"$work/said"; then
                    passed=$((passed + 1))
                else
                    echo "FAIL: $name: $file.c"
                    head -n 20 "$work/said"
                    failed=$((failed + 1))
                fi
            done
        done
    done
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
