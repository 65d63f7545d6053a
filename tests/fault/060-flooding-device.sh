#!/usr/bin/env bash
# A device that floods, by error or on purpose: others are served, the hub stays small.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" &&
    enroll_till good "$tap_dir/good" "$tap_dir/hub" && enroll_till bad "$tap_dir/bad" "$tap_dir/hub" ||
    fail "set-up"
start_till "$tap_dir/good"
# A batch of 8 records that no stream has yet, over and over, on 24 connections at once.
head -c 3000000 /dev/urandom >garbage
stream=$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')
flood() {
    local i until=$((SECONDS + 6))
    while [ $SECONDS -lt $until ]; do
        curl -s -o /dev/null -w '%{http_code}\n' -m 10 --cacert hub/ca.pem --cert bad/device.crt --key bad/device.key \
            -H 'Content-Type: application/vnd.dunlin.batch' --data-binary @garbage \
            --resolve "hub.example.com:${HUB_URL##*:}:127.0.0.1" \
            "https://hub.example.com:${HUB_URL##*:}/v1/streams/$stream/batches"
    done
}
pids=()
for i in $(seq 24); do
    flood >"flood.$i" &
    pids+=($!)
done
sleep 0.5
for i in $(seq 40); do
    post /v1/events '{"id":"g-'"$i"'","type":"visit","data":{"store_id":"1"}}'
    [ "$STATUS" = 201 ] || fail "the till was answered $STATUS"
done
check "another till's events arrive meanwhile" dunlin flush --dir good --wait 20
is "all of them" "$(hub_stat hub events)" 40
check "the hub answers that it is ready" curl -sf -m 5 --cacert hub/ca.pem -o /dev/null \
    --resolve "hub.example.com:${HUB_URL##*:}:127.0.0.1" "https://hub.example.com:${HUB_URL##*:}/readyz"
wait "${pids[@]}"
check "the flood was refused, not broken off" sh -c 'cat flood.* | sort | uniq -c | grep -qE "(400|429)"'
is "nothing else was answered to it" "$(cat flood.* | grep -cvE '^(400|429|503)$')" 0
check "the hub took no more than 400 MB for it" test "$(awk '$1 == "VmHWM:" {print $2}' "/proc/$HUB_PID/status")" -lt 400000
