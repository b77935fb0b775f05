#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Makes manual pages of calls: texts from man/calls.txt, synopses from the headers that mig made.
#   man/make-pages.sh SOURCE BUILD    writes BUILD/man/NAME.3 for each call
set -eu

source=$1 build=$2
mkdir -p "$build/man"
awk -v build="$build" '
function roman(text) { gsub(/\\/, "\\e", text); gsub(/-/, "\\-", text); return text }
function synopsis(    line, found, path) {
    path = build "/gen/include/" header
    while ((getline line <path) > 0) {
        if (!found && index(line, "kern_return_t " name "(") == 1) found = 1
        if (found) {
            print roman(line) >page
            if (line ~ /;/) break
        }
    }
    close(path)
    if (!found) { print "make-pages: " name " is not in " path >"/dev/stderr"; bad = 1 }
}
function section(title) { if (current != title) { print ".SH " title >page; current = title } }
function finish() {
    if (name == "") return
    section("RETURN VALUES")
    print ".TP\n.B KERN_SUCCESS\nIt was done.\nOr an error of\n.BR mach_msg (3)." >page
    printf "%s", errors >page
    if (see != "") { print ".SH SEE ALSO" >page; printf "%s", see >page }
    close(page)
    print page
}
/^#/ || /^$/ { next }
/^@ / {
    finish()
    name = $2; sub(/:$/, "", name); header = $3
    page = build "/man/" name ".3"
    errors = see = current = ""
    print ".\\\" SPDX-License-Identifier: BSD-2-Clause" >page
    print ".TH " toupper(name) " 3 \"\" machsim \"Library Functions\"" >page
    next
}
/^= / {
    print ".SH NAME\n" name " \\- " roman(substr($0, 3)) >page
    print ".SH SYNOPSIS\n.nf\n.B #include <" header ">\n.PP" >page
    synopsis()
    print ".fi" >page
    next
}
/^: / { section("PARAMETERS"); print ".TP\n.I " $2 >page; sub(/^: [^ ]* /, ""); print roman($0) >page; next }
/^! / { error = $2; sub(/^! [^ ]* /, ""); errors = errors ".TP\n.B " error "\n" roman($0) "\n"; next }
/^& / { for (i = 2; i <= NF; i++) see = see ".BR " $i " (3)" (i < NF ? "," : "") "\n"; next }
{ section("DESCRIPTION"); print roman($0) >page }
END { finish(); exit bad }
' "$source/man/calls.txt"
