#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Managed memory where the host has no userfaultfd: the same tests and examples, with faults that come by signals.
set -eu

MACH_FAULTS=signals
export MACH_FAULTS
# Children of fork make threads.  ThreadSanitizer has those of parents without any, if told so; of parents with threads no
# sanitizer has them: a lock of its own may have been held when the parent forked.
TSAN_OPTIONS="${TSAN_OPTIONS-}:die_after_fork=0"
export TSAN_OPTIONS

programs="tests/libmach/test_pager_timeout tests/servers/test_default_pager
    examples/pagers/computed examples/pagers/file_pager examples/pagers/coherent"
if [ -z "${SANITIZER_CFLAGS-}" ]; then
    programs="tests/libmach/test_managed $programs"
fi

failed=0
for program in $programs; do
    echo "$program"
    ./"$program" || failed=1
done
exit $failed
