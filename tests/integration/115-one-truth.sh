#!/usr/bin/env bash
# Two gates, a till and a hub, with real programs: the gates hear of each other through the
# hub, part from it, let one ticket in twice, and come back; what it comes to is told by
# report and export, at the command line and over HTTPS; a guest is forgotten.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" || fail "set-up"
for name in north south till; do enroll_till "$name" "$tap_dir/$name" "$tap_dir/hub" || fail "set-up: $name"; done
checkins() { dunlin-hub checkins "$@" --dir hub; }
report() { checkins report fest --json | jq -c "$1"; }

printf 'code,product,status\n' >tickets.csv
for i in 1 2 3 4 5 6; do printf 'TICKET-%d-QZP,day,%s\n' "$i" "$([ "$i" = 4 ] && echo unpaid)" >>tickets.csv; done
dunlin-hub roster import fest --file tickets.csv --timezone Europe/Berlin --dir hub >/dev/null &&
    dunlin-hub roster assign fest --device north --gate N --dir hub >/dev/null &&
    dunlin-hub roster assign fest --device south --gate S --dir hub >/dev/null || fail "a roster for two gates"

declare -A URL KEY
for name in north south till; do
    start_till "$tap_dir/$name" || fail "$name runs"
    URL[$name]=$TILL_URL KEY[$name]=$TILL_KEY
done
at() { TILL_URL=${URL[$1]} TILL_KEY=${KEY[$1]}; }
# scan GATE TICKET [MORE]: the verdict, its reason and scan.
scan() {
    at "$1"
    post /v1/checkins "{\"event\":\"fest\",\"list\":\"main\",\"gate\":\"${1:0:1}\",\"ticket\":\"TICKET-$2-QZP\"${3:-,\"type\":\"entry\"}}"
    SCAN=$(jq -r .scan_id <<<"$BODY")
    jq -r '[.verdict, .reason // "-"] | join(" ")' <<<"$BODY"
}
has_roster() { at "$1" && curl -s -H "Authorization: Bearer $TILL_KEY" "$TILL_URL/v1/rosters" | jq -e 'any(.rosters[]; .complete)'; }
# Scans that a gate knows of, all gates' together.
entries() {
    at "$1"
    curl -s -H "Authorization: Bearer $TILL_KEY" "$TILL_URL/v1/checkins/stats?event=fest&list=main" | jq -r .entries
}
knows() { [ "$(entries "$1")" = "$2" ]; }
flush() { at "$1" && post '/v1/flush?wait_s=10' '' && [ "$STATUS" = 200 ]; }
for name in north south; do wait_for 20 has_roster $name || fail "$name has the roster"; done

# ---- with the hub ---------------------------------------------------------------------------
is "north lets a ticket in" "$(scan north 1)" "ok -"
check "south hears of it" wait_for 20 knows south 1
is "and refuses its second use" "$(scan south 1)" "refused already_redeemed"
is "an unpaid one is let in by force" "$(scan south 4 ',"type":"entry","force":true,"operator":"op-7","why":"paid at the desk"')" "ok unpaid"
scan north 5 ',"type":"entry","consent":{"profiling":true},"identifiers":{"email":"guest@example.com"}' >verdict
is "a guest who says who they are" "$(cat verdict)" "ok -"
check "north's scans are at the hub" flush north
check "and south's" flush south

# ---- without it -----------------------------------------------------------------------------
stop "$HUB_PID"
is "north, alone, lets another in" "$(scan north 2)" "ok -"
is "so does south" "$(scan south 2)" "ok -"
is "north lets a third in" "$(scan north 3)" "ok -"
is "and out" "$(scan north 3 ',"type":"exit"')" "ok -"
is "and south in again" "$(scan south 3)" "ok -"
is "somebody turns round at the gate" "$(scan north 6)" "ok -"
scan north 6 >/dev/null # which gives that OK, and its scan, again
post "/v1/checkins/$SCAN/annul" '{"why":"left again"}'
is "and is taken back" "${STATUS:0:2}" 20
start_hub "$tap_dir/hub" || fail "the hub serves again"
check "north catches up" flush north
check "south catches up" flush south

# ---- one truth ------------------------------------------------------------------------------
is "who came in, and is inside" "$(report '.lists[0] | [.entries, .exits, .inside, .refused, .forced, .annulled, .double_entries, .false_rejects]')" '[6,1,5,1,1,1,1,0]'
is "a ticket that two gates let in, with both" "$(report '[.conflicts[] | [.verdict, .gate, .device, .winner.gate, .winner.device]]')" '[["conflict:double_entry","s","south","n","north"]]'
is "with both times, in the event's zone" "$(report '[.conflicts[] | (.time, .winner.time) | test("[+]0[12]:00$")] | all')" true
is "by gate" "$(report '[.gates[] | [.gate, .entries]]')" '[["n",4],["s",2]]'
is "by product" "$(report '[.products[] | [.product, .entries]]')" '[["day",6]]'
is "by quarter of an hour" "$(report '[.quarters[] | .entries] | add')" 6
is "each begins at one" "$(report '[.quarters[].from | test(":(00|15|30|45):00.000[+]")] | all')" true
is "refusals by reason" "$(report '[.refusals[] | [.reason, .refused]]')" '[["already_redeemed",1]]'
is "who forced, and why it was refused" "$(report '[.forced[] | [.operator, .reason]]')" '[["op-7","unpaid"]]'
is "a person reads it as tables" "$(checkins report fest | grep -c '^By \|^Conflicts\|^Refused\|^Let in by force')" 6
checkins export fest >cli.ndjson || fail "an export"
is "the export has every scan" "$(wc -l <cli.ndjson)" 11
is "with its verdict" "$(jq -r .verdict cli.ndjson | sort | uniq -c | xargs)" \
    "6 accepted 1 accepted_forced 1 annulled 1 annulment 1 conflict:double_entry 1 refused"
curl -sS -m 20 --cacert hub/ca.pem -H "Authorization: Bearer $(cat hub/admin.token)" "$HUB_URL/v1/checkins/fest/export" >api.ndjson
check "the same over HTTPS" cmp cli.ndjson api.ndjson
check "as a file" checkins export fest --format csv --output scans.csv
is "which is nobody else's to read" "$(stat -c %a scans.csv)" 600
is "of one list" "$(checkins export fest --list vip | wc -l)" 0
check_not "no such event" checkins report nothing
is "which is said" "$(checkins report nothing 2>&1 | grep -c 'event nothing')" 1
is "and leaves no file" "$(checkins export nothing --output none.csv 2>/dev/null || ls none.csv 2>/dev/null)" ""
check_not "no such format" checkins export fest --format xml
is "who looked is in the audit log" "$(dunlin-hub audit --dir hub --json | jq -r 'select(.object == "fest" and (.what | startswith("checkins."))) | .what' | sort -u | paste -sd,)" checkins.export,checkins.report
is "statistics count scans" "$(hub_stat hub scans)" 11
no_code() { ! grep -rq 'TICKET-[0-9]-QZP' hub north south --include='*.db*' --include='*.log' --include='*.ndjson' && ! grep -q 'TICKET-' cli.ndjson; }
check "and nobody has a code" no_code

# ---- people ---------------------------------------------------------------------------------
at till
post /v1/events '{"type":"purchase","consent":{"profiling":true},"identifiers":{"loyalty_id":"0042","email":"Guest@Example.com"},"data":{"store_id":"9","transaction_type":"sale","currency":"EUR","total_minor":500}}'
check "a purchase with a card and the same address" flush till
is "is the guest's" "$(dunlin-hub export profiles --dir hub --format ndjson | jq -c 'select(.checkins == 1) | [.events, .purchases]')" '[2,1]'
ticket=$(jq -r 'select(.device == "north" and .type == "entry") | .ticket' cli.ndjson | while read -r t; do dunlin-hub export events --dir hub --format ndjson | jq -r --arg t "$t" 'select(.profile_id != null and .data.scan.ticket? == $t) | $t'; done | head -n 1)
is "the guest's ticket is known as a hash" "${#ticket}" 32
post /v1/forget '{"identifiers":{"email":"guest@example.com"}}'
check "they are forgotten" flush till
is "no event leads to the ticket" "$(dunlin-hub export events --dir hub --format ndjson | grep -c "$ticket")" 0
checkins export fest >after.ndjson
check "and the gates' truth is what it was" cmp cli.ndjson after.ndjson
