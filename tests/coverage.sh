#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# coverage.sh - docs/coverage.md tells what is true now.
set -eu

srcdir=$(cd "${srcdir:-.}" && pwd)
if ! "$srcdir/tools/coverage.sh" "$srcdir" "$PWD" | diff "$srcdir/docs/coverage.md" - >coverage.diff; then
    head -n 20 coverage.diff
    echo "docs/coverage.md is out of date: make coverage"
    exit 1
fi
