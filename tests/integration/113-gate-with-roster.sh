#!/usr/bin/env bash
# The gate screen before a real agent with a roster from a real hub: what it shows is what
# was decided, and the hub hears of it.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
export GATE_NPM=$top/build/npm
if ! command -v node >/dev/null || ! command -v chromium >/dev/null || [ ! -d "$GATE_NPM/node_modules/playwright-core" ]; then
    skip "the gate screen with a roster" "needs node, npm and chromium: make test-packages-web"
    exit
fi
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" && enroll_till gate-1 "$tap_dir/till" "$tap_dir/hub" ||
    fail "set-up"
cat >tickets.csv <<CSV
code,product,order,status,attention
REGULAR-7XK2,Regular ticket,ORDER1,valid,
REGULAR-7XK3,Regular ticket,ORDER1,valid,
YOUTH-55QQ,Youth ticket,ORDER2,valid,Look at the ID
OWING-1234,Regular ticket,ORDER3,unpaid,
REVOKED-99,Regular ticket,ORDER4,revoked,
CSV
check "a roster" dunlin-hub roster import gala --dir hub --file tickets.csv
check "for this gate" dunlin-hub roster assign gala --dir hub --device gate-1 --gate north
start_till "$tap_dir/till" || fail "the agent runs"
complete() { [ "$(curl -s -H "Authorization: Bearer $TILL_KEY" "$TILL_URL/v1/rosters" | jq '.rosters[0].complete')" = true ]; }
check "is there" wait_for 20 complete
node "$top/tests/gate/real.mjs" "$(dunlin gate --dir till)" "$HUB_PID" 2>&1 | cut -c1-400 || tap_failed=1
start_hub "$tap_dir/hub" && check "the scans reach the hub" dunlin flush --dir till --wait 20
is "refusals too" "$(hub_stat hub events)" 9
stop "$TILL_PID"
