#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# diagnostics.sh - each wrong .defs file of bad/ must be refused with exactly the diagnostics beside it, and leave no output.
set -eu

mig=$(cd "$(dirname "${MIG:-mig/mig}")" && pwd)/$(basename "${MIG:-mig/mig}")
cases=$(cd "${srcdir:-.}/tests/mig/bad" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

cd "$cases"
for defs in *.defs; do
    name=${defs%.defs}
    status=0
    "$mig" -cpp none -user "$work/user.c" -server "$work/server.c" -header "$work/header.h" "$defs" \
        2>"$work/said" || status=$?
    if [ "$status" -ne 1 ]; then
        echo "FAIL: $name: exit status $status"
    elif ! cmp -s "$work/said" "$name.expected"; then
        echo "FAIL: $name:"
        diff -u "$name.expected" "$work/said" || true
    elif [ -e "$work/user.c" ] || [ -e "$work/server.c" ] || [ -e "$work/header.h" ]; then
        echo "FAIL: $name: output was written"
    else
        passed=$((passed + 1))
        continue
    fi
    failed=$((failed + 1))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -ge 60 ]
