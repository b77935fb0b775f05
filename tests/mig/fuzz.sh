#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# fuzz.sh - the parser against its corpus, and against changes of it.
# FUZZ_SECONDS (default 5) is how long libFuzzer goes on, where the build has it (configure --with-fuzzer).
set -eu

srcdir=${srcdir:-.}
seconds=${FUZZ_SECONDS:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/corpus"
cp "$srcdir"/tests/mig/bad/*.defs "$srcdir"/tests/mig/*.defs "$srcdir"/include/mach/*.defs "$work/corpus"
if tests/mig/fuzz_parser -help=1 2>&1 | grep -q max_total_time; then
    tests/mig/fuzz_parser -max_total_time="$seconds" -max_len=4096 -timeout=20 -artifact_prefix=fuzz- \
        -print_final_stats=1 "$work/corpus" 2>&1 | tail -n 12
else
    tests/mig/fuzz_parser "$work"/corpus/*.defs
    echo "parsed $(find "$work/corpus" -type f | wc -l) files, whole, cut and changed"
fi
