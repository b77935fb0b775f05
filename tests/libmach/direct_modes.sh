#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The same tests, with no message past the daemon, with all that can, and with some by chance.
set -eu

failed=0
for MACH_DIRECT in 0 1 random; do
    export MACH_DIRECT
    for program in names messages notifications sets memory tasks vm; do
        echo "MACH_DIRECT=$MACH_DIRECT $program"
        ./tests/conformance/hosted_$program || failed=1
    done
done
exit $failed
