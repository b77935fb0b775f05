#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# headers.sh - the public headers: each compiles alone, in C and in C++, and all agree with XNU's facts.
set -u

srcdir=${srcdir:-.}
CC=${CC:-cc}
CXX=${CXX:-c++}
facts=$srcdir/tests/mach/facts
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
flags="-fsyntax-only -I$srcdir/include -Igen/include -Igen -Wall -Wextra -pedantic -Werror"

try() {
    name=$1
    shift
    if "$@" 2>"$work/err"; then
        passed=$((passed + 1))
    else
        echo "FAIL: $name"
        head -n 20 "$work/err"
        failed=$((failed + 1))
    fi
}

has_cxx=no
if command -v "$CXX" >/dev/null 2>&1; then has_cxx=yes; else echo "no C++ compiler: headers are tried in C only"; fi

headers=$(cd "$srcdir/include" && ls mach/*.h servers/*.h)
generated=$(cd gen && ls mach_port.h task.h vm_map.h exc_server.h notify_server.h bootstrap.h)
for header in $headers $generated; do
    printf '#include <%s>\nextern int something;\n' "$header" >"$work/one.c"
    cp "$work/one.c" "$work/one.cc"
    # shellcheck disable=SC2086 # CC and flags are words
    try "$header in C" $CC -std=gnu11 $flags "$work/one.c"
    # shellcheck disable=SC2086
    [ $has_cxx = yes ] && try "$header in C++" $CXX -std=gnu++14 $flags "$work/one.cc"
done

{
    for header in $headers; do echo "#include <$header>"; done
    echo '#include <stddef.h>'
    echo '#include <stdint.h>'
    awk -F'\t' '!/^#/ {
        printf "_Static_assert(sizeof(%s) == %s, \"size of %s\");\n", $1, $2, $1
        for (i = 3; i <= NF; i++) {
            split($i, field, "=")
            printf "_Static_assert(offsetof(%s, %s) == %s, \"%s.%s\");\n", $1, field[1], field[2], $1, field[1]
        }
    }' "$facts/structs.tsv" "$facts/types.tsv"
    awk -F'\t' '!/^#/ { printf "_Static_assert((long long)(uintptr_t)(%s) == %sll, \"%s\");\n", $1, $2, $1 }' \
        "$facts/constants.tsv"
} >"$work/facts.c"
# shellcheck disable=SC2086
try "facts" $CC -std=gnu11 $flags "$work/facts.c"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
