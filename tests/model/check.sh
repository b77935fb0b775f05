#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Protocols of shared memory as Promela models, every state of which spin looks at.
set -eu

command -v spin >/dev/null 2>&1 || { echo "skipped: spin is not installed"; exit 77; }
case $srcdir in /*) ;; *) srcdir=$PWD/$srcdir ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

failed=0
# A model, with what it is to be of the size.
check() {
    name=$(basename "$1" .pml)
    (cd "$work" && spin -a $2 "$1" >/dev/null && ${CC:-cc} -O2 -w -DSAFETY -DCOLLAPSE -o "$name" pan.c) || exit 1
    "$work/$name" -m100000 >"$work/$name.out"
    if grep -q 'errors: 0' "$work/$name.out" && ! grep -q 'max search depth too small' "$work/$name.out"; then
        echo "$name $2: $(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' "$work/$name.out") states, no error"
    else
        cat "$work/$name.out"
        failed=1
    fi
}

for model in "$srcdir"/tests/model/*.pml; do
    sed -n 's/^ \* Sizes: //p' "$model" >"$work/sizes"
    [ -s "$work/sizes" ] || echo >"$work/sizes"
    while read -r sizes; do
        check "$model" "$sizes"
    done <"$work/sizes"
done
exit $failed
