#!/usr/bin/env bash
# Two gates and a hub, with real programs: a roster comes by itself, each gate decides alone,
# hears of the other through the hub, and goes on without it.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" && enroll_till gate-1 "$tap_dir/one" "$tap_dir/hub" &&
    enroll_till gate-2 "$tap_dir/two" "$tap_dir/hub" || fail "set-up"
for gate in one two; do
    printf '[checkin]\npoll = 300ms\npoll_busy = 100ms\n[sync]\nlinger = 20ms\nbackoff_max = 1s\n' >$gate/dunlin.conf
    chmod 600 $gate/dunlin.conf
done
cat >tickets.csv <<'C'
code,product,order,attention,status
CANARYDAY1,Day,ORD1,,
CANARYDAY2,Day,ORD1,bring an ID,
CANARYBLOCK,Day,ORD2,,blocked
CANARYDAY3,Day,ORD3,,
C
dunlin-hub roster import summit --file tickets.csv --dir hub >/dev/null || fail "the roster is imported"
for gate in gate-1 gate-2; do dunlin-hub roster assign summit --device $gate --dir hub >/dev/null || fail "$gate gets it"; done

start_till "$tap_dir/one" && ONE=$TILL_PID && start_till "$tap_dir/two" && TWO=$TILL_PID || fail "the gates run"
ask() { # DIR PATH BODY: the answer is in `answer`
    curl -s -m 20 -o answer --unix-socket "$1/dunlin.sock" -H 'Content-Type: application/json' -d "$3" "http://localhost$2"
}
told() { jq -r "$1" answer; }
scan() { # DIR CODE GATE [MORE]: its verdict or reason
    ask "$1" /v1/checkins '{"event":"summit","ticket":"'"$2"'","gate":"'"$3"'"'"${4:-}"'}'
    told '.reason // .verdict // "nothing"'
}
complete() { test "$(dunlin rosters --dir "$1" --json | jq '.rosters[0].complete')" = true; }
check "the roster comes to gate one by itself" wait_for 10 complete one
check "and to gate two" wait_for 10 complete two
is "dunlin rosters shows it" "$(dunlin rosters --dir one | head -n 1 | sed 's/, version.*//')" "summit (summit): 3 tickets"

is "a ticket is let in" "$(scan one CANARYDAY1 north)" ok
seen_by_two() { test "$(scan two CANARYDAY1 south)" = already_redeemed; }
heard() { ask two /v1/checkins/search '{"event":"summit","ticket":"CANARYDAY1"}' && jq -e '.tickets[0].lists[0].inside' answer; }
check "the other gate hears of it through the hub" wait_for 10 heard
check "and refuses its second use" seen_by_two
is "with who was first" "$(told .first_device)" gate-1
is "what is to be looked at is told" "$(scan two CANARYDAY2 south >/dev/null; told .attention)" "bring an ID"
is "a blocked one is refused" "$(scan one CANARYBLOCK north)" blocked
is "an ID card is no ticket" "$(scan one 'IDD<<CANARY00129<<<' north)" invalid
is "by the command line too" "$(printf 'CANARYBLOCK\n' | dunlin checkin --event summit --gate cli --dir one | jq -r .reason)" blocked
printf 'CANARYBLOCK\n' | dunlin checkin --event summit --gate cli2 --dir one >/dev/null
is "which ends with 1" "$?" 1
id=$(printf 'CANARYBLOCK\n' | dunlin checkin --event summit --gate cli3 --force --operator kim --why "knows them" --dir one | jq -r .scan_id)
check "an operator lets them in and takes it back" dunlin checkin --annul "$id" --why "the wrong one" --dir one


check "a ticket is revoked at the hub" sh -c "echo CANARYDAY3 | dunlin-hub roster revoke summit --dir hub"
revoked() { ask one /v1/checkins/search '{"event":"summit","ticket":"CANARYDAY3"}' && test "$(told '.tickets[0].state')" = revoked; }
check "the gate is told" wait_for 10 revoked
is "and refuses it" "$(scan one CANARYDAY3 north)" revoked

# ---- the hub is away ---------------------------------------------------------------------
check "all scans reach the hub" sh -c 'dunlin flush --dir one --wait 20 && dunlin flush --dir two --wait 20'
stop "$HUB_PID"
is "a gate alone goes on" "$(scan one CANARYDAY2 north ',"nonce":"n-1","type":"exit"')" ok
offline() { test "$(dunlin rosters --dir one --json | jq .online)" = false; }
check "and says that it is alone" wait_for 10 offline
kill -9 "$ONE"; sleep 0.2
start_till "$tap_dir/one" && ONE=$TILL_PID
is "cut off and started again, it knows its answer" "$(scan one CANARYDAY2 north ',"nonce":"n-1"'; told .duplicate)" $'ok\ntrue'
is "and who is in" "$(scan one CANARYDAY1 back)" already_redeemed
start_hub "$tap_dir/hub"
check "what it saw alone reaches the hub" dunlin flush --dir one --wait 30
is "every scan once, refusals too" "$(dunlin-hub export events --dir hub --format ndjson | grep -c '"scan"')" 12
is "a refused one is nobody's visit" "$(dunlin-hub export events --dir hub --format ndjson | jq -c 'select(.data.scan.reason=="blocked" and .data.forced!=true) | .profile_id' | sort -u)" null

# ---- taken away ----------------------------------------------------------------------------
dunlin-hub roster unassign summit --device gate-1 --dir hub >/dev/null || fail "it is taken away"
gone() { test "$(dunlin rosters --dir one --json | jq '.rosters | length')" = 0; }
check "a gate that is none any more forgets the roster" wait_for 15 gone
is "and judges nothing" "$(scan one CANARYDAY1 north)" nothing
