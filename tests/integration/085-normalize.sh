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
is "what a platform compares in clear text is not hashed" \
    "$(dunlin normalize --scheme google --hash --region AU postcode 2600 2>"$tap_dir/err")" "2600"
check "and that is said" grep -q 'clear text' "$tap_dir/err"
is "nor in JSON" "$(dunlin normalize --scheme google --hash --json country AU)" \
    '{"type":"country","scheme":"google","form":"AU"}'
is "where it hashes, JSON names the hash" \
    "$(dunlin normalize --scheme meta --hash --json country AU | jq -r .sha256)" \
    "632cd2fea71dcde005af4e07f14b8bc1f68b63d9c1b373dc6048fb87e90af22b"
dunlin normalize --scheme google street x >"$tap_dir/out" 2>"$tap_dir/err"
is "a type that no platform takes is usage" "$?" "2"
check "and no unknown one" grep -q 'no platform takes' "$tap_dir/err"
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

# ---- what is read and yet no event's ------------------------------------------------

is "a number with an extension is its switchboard's" \
    "$(dunlin normalize phone '020 7946 0018 ext 5' --region GB 2>"$tap_dir/err")" "+442079460018"
check "and says that an event would lose it" grep -q extension "$tap_dir/err"
is "the doubt is told in JSON" "$(dunlin normalize --json phone '+44 20 7946 0018 x5')" \
    '{"type":"phone","form":"+442079460018","doubt":"extension"}'
is "a scheme has no doubtful number" \
    "$(dunlin normalize --scheme google phone '+44 20 7946 0018 x5' 2>&1 || echo $?)" \
    "$(printf 'dunlin: normalize: extension: a desk behind a switchboard may be somebody else\n1')"

# ---- lists as they come -------------------------------------------------------------

is "CRLF and a last line without an end are lines" \
    "$(printf 'sex\tfemale\r\n\r\nsex\tm' | dunlin normalize -)" "$(printf 'f\n!empty\nm')"
is "a NUL does not end a value" \
    "$(printf 'email\ta@example.com\0x\nem\0ail\ta@example.com\n' | dunlin normalize -)" \
    "$(printf '!bad_character\n!no_form')"
is "a value may have a tab where a region follows" \
    "$(printf 'phone\t020 7946 0018 ext\t5\tGB\n' | dunlin normalize -)" "+442079460018"
is "bytes that are no text are told" \
    "$(printf 'email\t\xFF@example.com\nsurname\t\xC0\xAF\n' | dunlin normalize -)" \
    "$(printf '!not_utf8\n!not_utf8')"
is "a long line is one answer" \
    "$({ printf 'email\t' && head -c 1000000 /dev/zero | tr '\0' a && printf '\nsex\tm\n'; } |
        dunlin normalize -)" "$(printf '!too_long\nm')"
is "schemes answer lists as well" \
    "$(printf 'email\tUSER@example.com\nphone\t+1 (212) 555-0123\nshoe\t42\n' |
        dunlin normalize --scheme meta -)" "$(printf 'user@example.com\n12125550123\n!no_form')"
is "nothing is answered with nothing" "$(dunlin normalize - </dev/null; echo $?)" "0"
