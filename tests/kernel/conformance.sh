#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# conformance.sh - the conformance tests as programs of the kernel that boots, with 1, 2 and 4 processors, from the sources that
# run on the other targets; and a table of what passes where.
set -eu
. "${srcdir:-.}/tests/kernel/qemu.sh"

table=$(mktemp)
trap 'rm -f "$output" "$output.serial" "$table"' EXIT

# add FILE TARGET: what a run told by TAP.
add() {
    sed -n "s/^\(not ok\|ok\) \([0-9]*\) - \(.*\)/$1|\2|$2|\1|\3/p" "$output" >>"$table"
}

# The hosted program tells no names: its n-th test is the others' n-th.
run_hosted() {
    program=tests/conformance/hosted_$1
    [ -x "$program" ] || return 0
    CK_TAP_LOG_FILE_NAME=$output CK_VERBOSITY=silent "$program" >/dev/null 2>&1 || true
    add "$1" hosted
}

run_kernel() {
    boot_kernel 512 -smp "$2" -initrd "user/conformance_$1"
    # All that is planned is there, and well; and the program itself has ended the machine.
    planned=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$output")
    if [ $status -ne 1 ] || [ "$(grep -c '^ok ' "$output")" != "$planned" ]; then
        cat "$output"
        echo "# $1 with $2 processors has failed; the emulator's status is $status"
        failed=1
    fi
    add "$1" "$2"
}

for program in user/conformance_*; do
    name=${program#user/conformance_}
    run_hosted "$name"
    for processors in 1 2 4; do
        run_kernel "$name" $processors
    done
done

awk -F '|' '
    $3 != "hosted" && !(($1, $2) in name) { name[$1, $2] = $5; order[++count] = $1 SUBSEP $2 }
    { result[$1, $2, $3] = $4 }
    END {
        format = "%-84s %-7s %-7s %-7s %-7s\n"
        printf format, "test", "hosted", "x86_64", "2 cpus", "4 cpus"
        for (i = 1; i <= count; i++) {
            split(order[i], at, SUBSEP)
            row = at[1] ": " name[at[1], at[2]]
            for (t = 1; t <= 4; t++) {
                target = t == 1 ? "hosted" : 2 ^ (t - 2)
                cell[t] = (at[1], at[2], target) in result ? result[at[1], at[2], target] : "-"
            }
            printf format, row, cell[1], cell[2], cell[3], cell[4]
        }
    }' "$table"
exit $failed
