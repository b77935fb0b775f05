#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# options.sh - mig's command line: what each option does to the output, and what is refused.
set -u

mig=$(cd "$(dirname "${MIG:-mig/mig}")" && pwd)/$(basename "${MIG:-mig/mig}")
include=$(cd "${srcdir:-.}/include" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

cd "$work" || exit 1
cat >demo.defs <<'END'
subsystem demo 500;
#include <mach/std_types.defs>
#ifdef EXTRA
type extra_t = int;
#endif
type large_t = array[*:100000] of int;
routine first(server : mach_port_t; a : int; out b : int);
routine second(server : mach_port_t; a : large_t);
simpleroutine third(server : mach_port_t; a : int);
END

ok() {
    passed=$((passed + 1))
}
not_ok() {
    echo "FAIL: $1"
    failed=$((failed + 1))
}
# expect NAME STATUS COMMAND...: the command's exit status
expect() {
    name=$1 want=$2
    shift 2
    "$@" >out 2>err
    got=$?
    if [ "$got" -eq "$want" ]; then ok; else not_ok "$name: status $got, not $want: $(head -n 2 err)"; fi
}
# has NAME FILE PATTERN, lacks NAME FILE PATTERN
has() {
    if grep -q -e "$3" "$2"; then ok; else not_ok "$1: no '$3' in $2"; fi
}
lacks() {
    if grep -q -e "$3" "$2"; then not_ok "$1: '$3' in $2"; else ok; fi
}
run() {
    "$mig" -I"$include" "$@"
}

expect help 0 "$mig" -help
has help out '^Usage: mig'
expect long-help 0 "$mig" --help
expect version 0 "$mig" -version
has version out '^mig (machsim) [0-9]'
expect no-input 1 "$mig"
has no-input err 'there is no .defs file'
expect two-inputs 1 "$mig" a.defs b.defs
expect unknown 1 "$mig" -frobnicate demo.defs
expect missing-file 1 run none.defs
has missing-file err 'none.defs'

expect defaults 0 run demo.defs
for file in demoUser.c demoServer.c demo.h; do
    if [ -s $file ]; then ok; else not_ok "defaults: no $file"; fi
done
rm -f demoUser.c demoServer.c demo.h

all="-user u.c -server s.c -header h.h -sheader sh.h -iheader ih.h -dheader dh.h -reply r.c -list l.txt -json j.json"
# shellcheck disable=SC2086 # a list of options
expect all-outputs 0 run $all demo.defs
for file in u.c s.c h.h sh.h ih.h dh.h r.c l.txt j.json; do
    if [ -s $file ]; then ok; else not_ok "all-outputs: no $file"; fi
done
has demux s.c '^boolean_t demo_server('
has routine s.c '^mig_routine_t demo_server_routine('
has subsystem s.c 'demo_subsystem = {'
has union h.h 'union __RequestUnion__demo_subsystem'
has map h.h 'subsystem_to_name_map_demo'
has ids dh.h 'MACH_ID_third 502'
has reply r.c 'first_reply('
has list l.txt '^500 routine first'

printf 'subsystem x 1;\ntype p = MACH_MSG_TYPE_COPY_SEND;\nroutine f(a : p);\nroutine f_reply(a : p);\n' >clash.defs
expect reply-clash 1 run -reply r.c -user /dev/null -server /dev/null -header /dev/null clash.defs
has reply-clash err "has the name of the late reply to 'f'"
expect no-clash 0 run -user /dev/null -server /dev/null -header /dev/null clash.defs
expect dev-null 0 run -user /dev/null -server /dev/null -header /dev/null demo.defs
expect standard-output 0 run -user - -server /dev/null -header /dev/null demo.defs
has standard-output out 'kern_return_t first('
expect only-list 0 run -list only.txt demo.defs
if [ -e demoUser.c ]; then not_ok "only-list: stubs were made"; else ok; fi

mkdir each
expect split-files 0 run -i each/ -server /dev/null -header /dev/null demo.defs
for routine in first second third; do
    if [ -s each/$routine.c ]; then ok; else not_ok "split-files: no each/$routine.c"; fi
done
out="-user u.c -server s.c -header h.h -sheader sh.h"
# shellcheck disable=SC2086
expect split 0 run -split $out demo.defs
lacks split h.h '__Request__first_t'
# shellcheck disable=SC2086
expect prefix 0 run -prefix my_ -subrprefix your_ $out demo.defs
has prefix u.c 'kern_return_t my_first('
has subrprefix s.c 'kern_return_t your_first('
# shellcheck disable=SC2086
expect typed 0 run -typed $out demo.defs
has typed u.c 'mach_msg_type_t aType'
# shellcheck disable=SC2086
expect sreplyport 0 run -sreplyport $out demo.defs
has sreplyport sh.h 'mach_port_t mig_reply_port'
# shellcheck disable=SC2086
expect maxonstack 0 run -maxonstack -1 $out demo.defs
lacks maxonstack u.c 'mig_user_allocate'
# shellcheck disable=SC2086
expect maxonstack-default 0 run $out demo.defs
has maxonstack-default u.c 'mig_user_allocate'
expect maxonstack-bad 1 run -maxonstack lots demo.defs
has vouchers u.c 'voucher_mach_msg_set'
# shellcheck disable=SC2086
expect novouchers 0 run -novouchers $out demo.defs
lacks novouchers u.c 'voucher_mach_msg_set'
# shellcheck disable=SC2086
expect log 0 run -L -s -R -v $out demo.defs
has log u.c '__BeforeSendRpc(500, "first")'
has symtab s.c 'demo_symtab\[\]'
has separate u.c 'mach_msg_overwrite('
has verbose err 'ids 500 to 502: 3 routines'
# shellcheck disable=SC2086
expect log-off 0 run -L -l -s -S -R -r -v -V -q -Q $out demo.defs
lacks log-off u.c '__BeforeSendRpc'
lacks symtab-off s.c 'symtab'

# shellcheck disable=SC2086
expect define 0 run -DEXTRA=1 -UNOTHING -v $out demo.defs
printf 'subsystem demo 500;\n#ifdef __aarch64__\nsubsystem again 1;\n#endif\n' >arch.defs
expect arch 1 run -arch arm64 -user - arch.defs
expect arch-other 0 run -arch x86_64 -user /dev/null -server /dev/null -header /dev/null arch.defs
expect target 1 run -target aarch64-linux-gnu -user - arch.defs
expect arch-unknown 1 run -arch vax -user - arch.defs
has arch-unknown err 'no machine that mig makes code for'
# shellcheck disable=SC2086
expect depend 0 run -MD $out demo.defs
has depend u.d 'std_types.defs'
has depend u.d 'u.c'
expect depend-alone 1 run -MD demo.defs

for letter in k n N t b B; do
    expect "meaningless -$letter" 1 run -$letter demo.defs
    has "meaningless -$letter" err "mig: -$letter "
done

# shellcheck disable=SC2086
expect cc 0 run -cc "${CC_FOR_TEST:-cc}" $out demo.defs
# shellcheck disable=SC2086
expect cpp-missing 1 run -cpp /no/such/cpp $out demo.defs
has cpp-missing err "cannot run '/no/such/cpp'"
cc -E -x c -std=c11 -I"$include" demo.defs >demo.i
# shellcheck disable=SC2086
expect cpp-none 0 "$mig" -cpp none $out demo.i
ln -s "$mig" migcom
# shellcheck disable=SC2086
expect migcom 0 ./migcom $out demo.i
# shellcheck disable=SC2086
expect as-migcom 0 run -migcom ./migcom $out demo.defs
printf '#error told you\n' >error.defs
expect preprocessor-error 1 run error.defs
has preprocessor-error err 'told you'

# An error leaves what was there before; so does a folder that cannot be written.
echo precious >u.c
printf 'subsystem x 1;\nroutine f();\n' >wrong.defs
# shellcheck disable=SC2086
expect keeps-old 1 run $out wrong.defs
has keeps-old u.c precious
expect no-folder 1 run -user none/u.c -server /dev/null -header /dev/null demo.defs
has no-folder err 'cannot write none/u.c'

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
