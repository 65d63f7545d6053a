#!/usr/bin/env bash
# What people hold to a reader at a gate - tickets, ID cards, bank cards - passes through with
# and without consent; afterwards no byte that agent or hub left anywhere has a code.
. "$(dirname "$0")/../support/tap.sh"
here=$(cd "$(dirname "$0")" && pwd)
cd "$tap_dir" || exit 1
scan() { python3 "$here/scan.py" "$tap_dir/canaries" "$@"; }
cat >canaries <<'C'
CANARYGATE7Q2X
CANARYGATE8ZZZ
IDD<<CANARY1029384<<<<<<<<<<<<
;6394CANARY5551234=2512?
CANARYORDER19
C
cat >tickets.csv <<'C'
code,product,order
CANARYGATE7Q2X,Day,CANARYORDER19
C
mkdir evidence
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" && enroll_till gate-1 "$tap_dir/gate" "$tap_dir/hub" || fail "set-up"
dunlin-hub roster import fest --file tickets.csv --dir hub >/dev/null && dunlin-hub roster assign fest --device gate-1 --dir hub >/dev/null || fail "the roster"
rm tickets.csv
if tcpdump -D >/dev/null 2>&1; then
    tcpdump -i lo -U -w evidence/uplink.pcap "tcp port ${HUB_URL##*:}" >/dev/null 2>&1 &
    tap_pids+=("$!")
    sleep 0.5
fi
start_till "$tap_dir/gate" || fail "the gate runs"
complete() { test "$(dunlin rosters --dir gate --json | jq '.rosters[0].complete')" = true; }
check "the roster is here" wait_for 10 complete
send() { # PATH BODY: STATUS, and VERDICT
    STATUS=$(printf '%s' "$2" | curl -s -m 20 -o answer -w '%{http_code}' --unix-socket gate/dunlin.sock \
        -H 'Content-Type: application/json' --data-binary @- "http://localhost$1")
    cat answer >>evidence/answers
    VERDICT=$(jq -r '.reason // .verdict' answer)
}
for consent in ',"consent":{"profiling":true}' ''; do
    for code in CANARYGATE7Q2X CANARYGATE8ZZZ 'IDD<<CANARY1029384<<<<<<<<<<<<' ';6394CANARY5551234=2512?'; do
        send /v1/checkins '{"event":"fest","ticket":"'"$code"'","gate":"n'"${#consent}"'"'"$consent"'}'
        case $code in
        CANARYGATE7*) is "the ticket is judged" "$VERDICT" "$([ -n "$consent" ] && echo ok || echo already_redeemed)" ;;
        *) is "another card is none" "$VERDICT" invalid ;;
        esac
    done
done
send /v1/checkins '{"event":"fest","ticket":"CANARYGATE8ZZZ","list":"CANARYGATE7Q2X"}'
is "a code for a list is refused" "$STATUS" 422
send /v1/checkins/search '{"event":"fest","order":"CANARYORDER19"}'
send /v1/checkins/search '{"event":"fest","ticket":"IDD<<CANARY1029384<<<<<<<<<<<<"}'
printf 'CANARYGATE8ZZZ\n' | dunlin checkin --event fest --dir gate >>evidence/answers 2>&1
check "all of it reaches the hub" dunlin flush --dir gate --wait 20
dunlin status --dir gate --json >evidence/status
dunlin rosters --dir gate >evidence/rosters
dunlin outbox list --dir gate >evidence/outbox 2>&1
dunlin-hub export events --dir hub --format ndjson >evidence/events
dunlin-hub checkins export fest --dir hub --format ndjson >evidence/checkins
dunlin-hub checkins report fest --dir hub --json >evidence/report
is "every scan is at the hub" "$(wc -l <evidence/checkins | tr -d ' ')" 9
check "no code in any file of the gate" scan gate gate.log gate.out
check "no code in any file of the hub" scan hub hub.log hub.out
check "no code in answers, exports, reports, on the wire" scan evidence
check "no code in the gate's memory once it has answered" scan --pid "$TILL_PID"
check "nor in the hub's" scan --pid "$HUB_PID"
