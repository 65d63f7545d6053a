#!/usr/bin/env bash
# `dunlin normalize` answers without a device's folder: forms, reasons, schemes.
. "$(dirname "$0")/../support/tap.sh"

is "a form is printed" "$(dunlin normalize surname 'van der Berg')" "vanderberg"
is "a form is printed as JSON" "$(dunlin normalize --json ip ::ffff:192.0.2.1)" \
    '{"type":"ip","form":"192.0.2.1"}'
is "a scheme has rules of its own" \
    "$(dunlin normalize --scheme google email ' J.Doe+x@GMail.com')" "jdoe+x@gmail.com"
is "a hash is spelt as the platform spells it" \
    "$(dunlin normalize --scheme uid2 --hash email USER@example.com)" \
    "tMmiiTI7IaAcPpQPFQ65uMVCWH8av9jw4cwf/F5HVRQ="
is "lines are answered in order, each with a form or a reason" \
    "$(printf 'street\tHauptstr. 5\ndate_of_birth\t3/4/1990\npostcode\tsw1a 1aa\tGB\n' |
        dunlin normalize -)" "$(printf 'hauptstr 5\n!ambiguous_date\nSW1A1AA')"
is "the site's order settles a date" \
    "$(dunlin normalize --date-order day-first date_of_birth 3/4/1990)" "1990-04-03"
dunlin normalize date_of_birth 31.2.1990 >"$tap_dir/out" 2>"$tap_dir/err"
is "what has no form ends with 1" "$?" "1"
check "and says why" grep -q bad_date "$tap_dir/err"
dunlin normalize --hash email a@example.com >"$tap_dir/out" 2>&1
is "our own forms are not hashed plainly" "$?" "2"
