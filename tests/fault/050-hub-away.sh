#!/usr/bin/env bash
# P6: a hub that is away on the default settings, ten minutes in `make fault` and ten
# seconds otherwise, while the shop goes on selling: nothing is dropped.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
away=${DUNLIN_AWAY_SECONDS:-10}
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" && enroll_till till-1 "$tap_dir/till" "$tap_dir/hub" ||
    fail "set-up"
start_till "$tap_dir/till"
stop "$HUB_PID"
end=$(($(date +%s) + away)) n=0 bad=0
while [ "$(date +%s)" -lt "$end" ]; do
    n=$((n + 1))
    post /v1/events '{"id":"aw-'$n'","type":"visit","data":{"store_id":"1"}}'
    [ "$STATUS" = 201 ] || bad=$((bad + 1))
    sleep 0.05
done
is "$n events in $away seconds without a hub, each answered 201" "$bad" 0
start_hub "$tap_dir/hub"
check "they arrive by themselves, or when asked" dunlin flush --dir till --wait 60
is "all of them, once" "$(hub_stat hub events)" "$n"
