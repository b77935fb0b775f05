#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# kernel.sh - instructions of calls on the kernel that boots, beside what GNU Mach's needs for the same (x86_64, one processor,
# August 2026; of memory in a message, to another task and back).  A table for programs.
set -eu

output=$(mktemp)
trap 'rm -f "$output"' EXIT
PROCESSORS=1 timeout 300 "$(dirname "$0")/../tools/boot.sh" machsim.elf user/kernel_bench -icount shift=0 </dev/null >"$output"
sed 's/\r//' "$output" | awk '
    BEGIN {
        OFS = "\t"
        gnumach["null_trap"] = 78
        gnumach["send_receive_self_64"] = 1131
        gnumach["kernel_rpc_get_refs"] = 2190
        gnumach["port_allocate_destroy"] = 4624
        gnumach["vm_allocate_touch_deallocate_4K"] = 12192
        gnumach["rpc_0"] = 1971
        gnumach["rpc_1K"] = 2272
        gnumach["rpc_4K"] = 3393
        gnumach["rpc_32K"] = 10561
        gnumach["rpc_1M_out_of_line"] = 10778
        gnumach["thread_create_terminate"] = 10654
        gnumach["task_create_terminate"] = 35290
        print "operation", "instructions", "gnumach", "ratio"
    }
    $1 == "instructions" {
        known = $2 in gnumach
        print $2, $3, known ? gnumach[$2] : "-", known ? sprintf("%.2f", $3 / gnumach[$2]) : "-"
        count++
    }
    END { exit count == 13 ? 0 : 1 }'
