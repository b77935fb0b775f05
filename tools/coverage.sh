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
defined machsim/device machsim/ipc machsim/kern machsim/hal | sed -n 's/^kernel_//p' | sort -u >"$build/gen/built_kernel"
booted='machsim/kern/exception_ports.c machsim/kern/task_control.c machsim/kern/thread_control.c'
# shellcheck disable=SC2086 # a list of words
defined $booted | sed -n 's/^kernel_//p' | sort -u >"$build/gen/built_booted"
defined machsim/vm | sed -n 's/^kernel_//p' | sort -u >"$build/gen/built_vm"
defined servers | sed -n 's/^\(serve\|do\)_//p' | sort -u >"$build/gen/built_servers"
defined libpager | sed -n 's/^pager_\(memory_object\)/\1/p' >>"$build/gen/built_servers"
sort -u -o "$build/gen/built_servers" "$build/gen/built_servers"
defined libmach | sort -u >"$build/gen/built_libmach"
find tests -name '*.[ch]' -exec cat {} + | sed 's/MACH_ID_\([a-z_]*\)/\1(/g; s/EXPECT(\([a-z_]*\))/\1(/g' |
    grep -o '[a-z_][a-z_0-9A-Z]*(' | tr -d '(' | sort -u >"$build/gen/called_by_tests"

cat <<'EOT'
# What is built, and what is tested

Made by `tools/coverage.sh` from the interfaces, the sources and the tests; `make check` says when it is out of date. A
routine that is not built answers `KERN_NOT_SUPPORTED`. "libmach" means that the library does it without a message, for
tasks that are processes. "core" means that the core has it: for all memory on machines that have address spaces of their
own, the kernel that boots and the simulated one, and in the daemon for memory that a program manages; for other memory the daemon
answers `KERN_NOT_SUPPORTED`. "booted" means that the kernel that boots has it, where threads are the core's, and the daemon
answers `KERN_NOT_SUPPORTED`. "server" means that the kernel calls it, and a library or server of ours serves it. A routine
is tested if a test program calls it by name, or receives it; mig's own tests call the stubs of all.
EOT
# C functions that no .defs gives: what older and other systems have in libmach for messages and ports.
functions='host_self mach_absolute_time mach_continuous_time mach_error mach_error_string mach_error_type mach_init
mach_msg mach_msg_destroy mach_msg_overwrite mach_msg_priority_encode mach_msg_priority_is_pthread_priority
mach_msg_priority_overide_qos mach_msg_priority_qos mach_msg_priority_relpri mach_msg_receive mach_msg_send
mach_msg_server mach_msg_server_importance mach_msg_server_once mach_port_is_connection_for_service mach_reply_port
mach_right_recv_construct mach_right_recv_destruct mach_right_send_create mach_right_send_once_consume
mach_right_send_once_create mach_right_send_release mach_right_send_retain mach_sync_ipc_link_monitoring_start
mach_sync_ipc_link_monitoring_stop mach_task_is_self mach_thread_self mach_timebase_info mach_voucher_deallocate
mig_allocate mig_deallocate mig_dealloc_reply_port mig_dealloc_special_reply_port mig_get_reply_port
mig_get_special_reply_port mig_put_reply_port mig_reply_setup mig_strncpy mig_strncpy_zerofill msg_receive msg_rpc
msg_send panic pid_for_task slot_name task_for_pid task_name_for_pid'
has() { grep -qx "$2" "$build/gen/$1"; }
for defs in include/mach/*.defs include/device/*.defs include/servers/*.defs; do
    interface=$(basename "$defs" .defs)
    ids=$build/gen/${interface}_ids.h
    [ -f "$ids" ] || continue
    printf '\n## %s\n\n| id | routine | built | tested |\n|---|---|---|---|\n' "$interface"
    sed -n 's/^#define MACH_ID_\([a-z_A-Z0-9]*\) \([0-9]*\)$/\2 \1/p' "$ids" | while read -r id name; do
        built=no tested=no
        if has built_vm "$name"; then built=core; fi
        if has built_libmach "$name"; then built=libmach; fi
        if has built_kernel "$name"; then built=kernel; fi
        if has built_booted "$name"; then built=booted; fi
        if has built_servers "$name"; then built=server; fi
        if has called_by_tests "$name"; then tested=yes; fi
        echo "| $id | $name | $built | $tested |"
    done
done
printf '\n## functions\n\nOf libmach, for messages and ports, that no interface gives. What is not built is not declared.\n\n'
printf '| function | built | tested |\n|---|---|---|\n'
for name in $functions; do
    built=no tested=no
    if has built_libmach "$name"; then built=yes; fi
    if has called_by_tests "$name"; then tested=yes; fi
    echo "| $name | $built | $tested |"
done
