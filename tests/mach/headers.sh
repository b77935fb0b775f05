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

headers=$(cd "$srcdir/include" && ls mach/*.h mach/*/*.h servers/*.h)
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
    echo '#include <time.h>'
    awk -F'\t' '!/^#/ {
        printf "_Static_assert(sizeof(%s) == %s, \"size of %s\");\n", $1, $2, $1
        for (i = 3; i <= NF; i++) {
            split($i, field, "=")
            printf "_Static_assert(offsetof(%s, %s) == %s, \"%s.%s\");\n", $1, field[1], field[2], $1, field[1]
        }
    }' "$facts/structs.tsv" "$facts/types.tsv"
    # A pointer is no constant expression, and null pointers are among the constants: these are compared at run time.
    cat <<'END'
#include <stdio.h>
static int differ;
static void check(const char *name, long long ours, long long theirs)
{
    if (ours == theirs)
        return;
    printf("%s is %lld, not %lld\n", name, ours, theirs);
    differ = 1;
}
END
    echo 'int main(void) {'
    awk -F'\t' '!/^#/ { printf "check(\"%s\", (long long)(uintptr_t)(%s), %sll);\n", $1, $1, $2 }' "$facts/constants.tsv"
    echo 'return differ; }'
} >"$work/facts.c"
compile_and_run_facts() {
    # shellcheck disable=SC2086
    $CC -std=gnu11 -I"$srcdir/include" -Igen/include -Igen -o "$work/facts" "$work/facts.c" && "$work/facts" >&2
}
try "facts" compile_and_run_facts

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
