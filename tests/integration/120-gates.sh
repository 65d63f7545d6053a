#!/usr/bin/env bash
# Two gates of one event on one network: what one sees the other knows, hub or no hub, and
# a device that was revoked is no gate any more.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" || fail "a hub"
printf 'code\n' >tickets.csv
for i in $(seq 20); do echo "CODE-$i-$((i * 7919 % 10007))"; done >>tickets.csv
dunlin-hub roster import fair --dir hub --file tickets.csv >/dev/null || fail "a roster"
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
for g in a b; do
    enroll_till gate-$g "$tap_dir/$g" "$tap_dir/hub" || fail "gate $g enrols"
    port=$(free_port)
    printf '[peer]\nlisten = 127.0.0.1:%s\n[checkin]\npoll = 500ms\n' "$port" >$g/dunlin.conf
    chmod 600 $g/dunlin.conf
    dunlin-hub roster assign fair --dir hub --device gate-$g --address 127.0.0.1:"$port" >/dev/null ||
        fail "gate $g is assigned"
done
for g in a b; do start_till "$tap_dir/$g" || fail "gate $g starts"; done
api() { curl -s -m 20 --unix-socket "$1/dunlin.sock" -X "$2" -H 'Content-Type: application/json' ${4:+--data-binary "$4"} "http://localhost$3"; }
scan() { api "$1" POST /v1/checkins '{"event":"fair","list":"main","ticket":"'"$2"'","type":"entry","gate":"north","nonce":"'"$1-$RANDOM"'"}'; }
peers_up() { [ "$(api "$1" GET /v1/status | jq '[.peers[] | select(.up)] | length')" = "$2" ]; }
judges() { [ "$(api "$1" GET /v1/rosters | jq -c '[.rosters[].complete]')" = '[true]' ]; }
meet() { judges a && judges b && peers_up a 1 && peers_up b 1; }
check "two gates get the roster from the hub and find each other" wait_for 60 meet

stop "$HUB_PID"
knows() { [ "$(api "$1" POST /v1/checkins/search '{"event":"fair","ticket":"'"$2"'"}' | jq '[.tickets[].lists[].entries] | add')" -ge 1 ]; }
code=$(sed -n 2p tickets.csv)
is "the hub is away: a ticket passes at gate a" "$(scan a "$code" | jq -r .verdict)" ok
check "gate b hears of it" wait_for 20 knows b "$code"
is "and refuses it" "$(scan b "$code" | jq -r .reason)" already_redeemed
is "the gate page can show that they are connected" "$(api b GET /v1/rosters | jq -c '[.online, .peers.gates, .peers.up]')" '[false,1,1]'
is "status tells what was said" "$(api b GET /v1/status | jq -c '.peers[0] | [.device, .up, .scans_in]')" '["gate-a",true,1]'
check "so does status for people" grep -q 'gate-a, connected since' <(dunlin status --dir b)
check "and so do the metrics" grep -q '^dunlin_peers_up 1$' <(api b GET /metrics)

start_hub "$tap_dir/hub" || fail "the hub again"
dunlin-hub device revoke gate-b --dir hub >/dev/null || fail "gate b is revoked"
check "a device that was revoked is cut off by the other gate" wait_for 60 peers_up a 0
is "which has no peer any more" "$(api a GET /v1/status | jq '.peers | length')" 0
for g in a b; do
    dunlin flush --dir $g --wait 20 >/dev/null 2>&1
done
check_not "nothing of a ticket's code is in what the gates keep and say" grep -rqa "$code" a b hub a.log b.log
