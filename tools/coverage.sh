#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Writes docs/coverage.md: every routine of the interfaces, whether it is built, and whether a test calls it.
#   tools/coverage.sh SOURCE BUILD    (folders; BUILD has gen/*_ids.h)
set -eu

source=$1 build=$2
cd "$source"
defined() { # the functions that some folders define
    find "$@" -name '*.c' -exec cat {} + | sed -n 's/^[a-z][a-z_0-9 *]* \**\([a-z_A-Z0-9]*\)(.*/\1/p' | sort -u
}
defined machsim | sed -n 's/^kernel_//p' | sort -u >"$build/gen/built_kernel"
defined servers | sed -n 's/^\(serve\|do\)_//p' | sort -u >"$build/gen/built_servers"
defined libmach | sort -u >"$build/gen/built_libmach"
find tests -name '*.c' -exec cat {} + | grep -o '[a-z_][a-z_0-9A-Z]*(' | tr -d '(' | sort -u >"$build/gen/called_by_tests"

cat <<'EOT'
# What is built, and what is tested

Made by `tools/coverage.sh` from the interfaces, the sources and the tests; `make check` says when it is out of date. A
routine that is not built answers `KERN_NOT_SUPPORTED`. "libmach" means that the library does it for the calling task
without a message. A routine is tested if a test program calls it by name; mig's own tests call the stubs of all.
EOT
has() { grep -qx "$2" "$build/gen/$1"; }
for defs in include/mach/*.defs include/servers/*.defs; do
    interface=$(basename "$defs" .defs)
    ids=$build/gen/${interface}_ids.h
    [ -f "$ids" ] || continue
    printf '\n## %s\n\n| id | routine | built | tested |\n|---|---|---|---|\n' "$interface"
    sed -n 's/^#define MACH_ID_\([a-z_A-Z0-9]*\) \([0-9]*\)$/\2 \1/p' "$ids" | while read -r id name; do
        built=no tested=no
        if has built_libmach "$name"; then built=libmach; fi
        if has built_kernel "$name"; then built=kernel; fi
        if has built_servers "$name"; then built=server; fi
        if has called_by_tests "$name"; then tested=yes; fi
        echo "| $id | $name | $built | $tested |"
    done
done
