#!/usr/bin/env bash
# People without e-mail and phone are found again by name, birth date and address.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" && enroll_till till-1 "$tap_dir/till" "$tap_dir/hub" ||
    fail "set-up"
start_till "$tap_dir/till"

visit() { # ID GIVEN SURNAME BIRTH POSTCODE STREET CITY
    jq -cn --arg id "$1" --arg g "$2" --arg s "$3" --arg b "$4" --arg p "$5" --arg t "$6" --arg c "$7" \
        '{id:$id,type:"visit",consent:{profiling:true},data:{store_id:"7"},
          identifiers:({given_name:$g,surname:$s,date_of_birth:$b,postcode:$p,street:$t,city:$c}
                       | with_entries(select(.value != "")))}'
}
take() {
    post /v1/events "$(visit "$@")"
    [ "$STATUS" = 201 ] || fail "$1 is answered 201, was $STATUS: $BODY"
}
take a1 Katharina Lindner 1971-03-14 50667 'Hohe Straße 12' Köln
take a2 Katarina Lindner 1971-03-14 50667 'Hohe Str. 12' Koeln
take a3 Lindner Katharina 1971-03-14 50667 'Hohe Strasse 12' ''
take a4 Katharina Lindner 1971-03-14 80331 'Marienplatz 1' München
take b1 Martin Lindner 1999-07-01 50667 'Hohe Straße 12' Köln
take c1 Johanna Brandt 1985-11-30 10115 'Invalidenstraße 3' Berlin
take c2 Johanna Brandt '' '' '' ''
check "flush delivers" dunlin flush --dir till --wait 30
check "a run by hand" dunlin-hub match run --dir hub
at_terminal() { TERM=xterm script -qec "$*" /dev/null </dev/null; }
check "at a terminal it tells how far it is" grep -q 'reading.*100%.*comparing people' <(at_terminal dunlin-hub match run --dir hub | tr -d '\n')
check "and so do rules that are only tried" \
    grep -q 'reading.*100%' <(at_terminal dunlin-hub match rules change hub/identity.conf --dry-run --dir hub)
check_not "a pipe gets nothing of it" grep -q reading <(dunlin-hub match run --dir hub 2>&1)
dunlin-hub export events --dir hub --format ndjson >events
profile() { jq -r --arg id "$1" 'select(.event_id==$id).profile_id' events; }
is "another spelling is the same person" "$(profile a2)" "$(profile a1)"
is "so is who exchanged the names" "$(profile a3)" "$(profile a1)"
is "and who has moved" "$(profile a4)" "$(profile a1)"
check "the son is himself" test "$(profile b1)" != "$(profile a1)"
check "nor are strangers" test "$(profile c1)" != "$(profile a1)"
is "a bare name is not enough" "$(profile c2)" null

printf 'event,person\na1,a\na2,a\na3,a\na4,a\nb1,b\nc1,c\n' >truth.csv
is "evaluate agrees" "$(dunlin-hub match evaluate --dir hub --truth truth.csv --json | jq '.f1 == 1 and .cluster_f1 == 1')" true
is "no pair waits for review" "$(dunlin-hub review list --dir hub --json | jq length)" 0
