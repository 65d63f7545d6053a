#!/usr/bin/env bash
# P4, P5: eight clients sell while agent and hub are killed at random; at the end every
# id that was answered 201 or 200 is at the hub once, and none twice.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
rounds=${DUNLIN_ROUNDS:-4}
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" && enroll_till till-1 "$tap_dir/till" "$tap_dir/hub" ||
    fail "set-up"
start_till "$tap_dir/till"
hub_pid=$HUB_PID till_pid=$TILL_PID

client() { # NUMBER: sells until told to stop; notes what was answered
    local n=0 status
    while [ ! -e stop ]; do
        n=$((n + 1))
        status=$(curl -s -m 5 -o /dev/null -w '%{http_code}' --unix-socket till/dunlin.sock \
            -H 'Content-Type: application/json' --data-binary \
            "{\"id\":\"k-$1-$n\",\"type\":\"purchase\",\"identifiers\":{\"loyalty_id\":\"L$((n % 7))\"},\"consent\":{\"profiling\":true},\"data\":{\"store_id\":\"1\",\"currency\":\"EUR\",\"total_minor\":$n}}" \
            http://localhost/v1/events)
        case $status in 200 | 201) echo "k-$1-$n" >>"answered.$1" ;; *) sleep 0.05 ;; esac
    done
}
clients=()
for c in 1 2 3 4 5 6 7 8; do client $c & clients+=("$!"); done
for round in $(seq "$rounds"); do
    sleep "0.$((RANDOM % 9 + 1))"
    if [ $((RANDOM % 2)) = 0 ]; then
        kill -9 "$till_pid"; start_till "$tap_dir/till" && till_pid=$TILL_PID
    else
        kill -9 "$hub_pid"; start_hub "$tap_dir/hub" && hub_pid=$HUB_PID
    fi
done
# At least one of each, whatever the dice said.
kill -9 "$till_pid"; start_till "$tap_dir/till"
kill -9 "$hub_pid"; start_hub "$tap_dir/hub"
sleep 1
touch stop
wait "${clients[@]}"
check "everything is delivered in the end" dunlin flush --dir till --wait 60
dunlin-hub export events --dir hub --format ndjson | jq -r .event_id | sort >at-hub
sort -u answered.* >answered
is "$(wc -l <answered) answered ids: none is missing at the hub" "$(comm -23 answered at-hub | wc -l)" 0
is "none is there twice" "$(uniq -d at-hub | wc -l)" 0
check "seqs are dense" sh -c 'test "$(dunlin-hub export events --dir hub --format ndjson | jq .seq | sort -n | awk "NR != \$1" | wc -l)" = 0'
