#!/usr/bin/env bash
# A new key for a till whose queue is full: nothing is lost, nobody becomes a stranger, and
# the old key's share goes once the queue has come in.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" &&
    enroll_till till-1 "$tap_dir/till" "$tap_dir/hub" && enroll_till till-2 "$tap_dir/other" "$tap_dir/hub" ||
    fail "set-up"
sales() { # FROM TO
    seq "$1" "$2" | awk '{printf "{\"id\":\"s-%d\",\"type\":\"purchase\",\"identifiers\":{\"email\":\"p%d@example.org\"},\"consent\":{\"profiling\":true},\"data\":{\"store_id\":\"9\",\"currency\":\"EUR\",\"total_minor\":100}}\n", $1, $1 % 10}'
}
shares() { sqlite3 hub/hub.db "SELECT s.epoch FROM shares s JOIN devices d ON d.no = s.device WHERE d.name = 'till-1' ORDER BY 1" | paste -sd,; }
rotate() {
    dunlin-keys rotate till-1 --keyring hub.keyring --hub "$HUB_URL" --ca hub/ca.pem --admin-token-file hub/admin.token >till.bundle 2>rotate.log
}
sales 1 10 | dunlin capture --dir other >/dev/null && dunlin flush --dir other --wait 20 2>/dev/null || fail "people are known"
stop "$HUB_PID"
sales 11 40 | dunlin capture --dir till >/dev/null || fail "the till sells while the hub is away"
start_hub "$tap_dir/hub" || fail "the hub serves"
check "a new key is made" rotate
sales 41 50 | dunlin capture --dir till >/dev/null
check_not "which the till has to take before it may send" dunlin flush --dir till --wait 2
is "the hub has both shares" "$(shares)" 1,2
check "the till takes it, and keeps its queue" dunlin enroll --replace till.bundle --dir till
check "what waited arrives" dunlin flush --dir till --wait 20
is "all of it" "$(hub_stat hub events)" 50
is "from the same ten people" "$(hub_stat hub profiles)" 10
is "nothing in quarantine" "$(hub_stat hub quarantined)" 0
is "the old share stays as long as it may be needed" "$(shares)" 1,2
sales 51 60 | dunlin capture --dir till >/dev/null
check "sales under the new key arrive" dunlin flush --dir till --wait 20
is "and are those people's" "$(hub_stat hub profiles)" 10
is "then the old share is gone" "$(shares)" 2
is "which is in the audit log" "$(dunlin-hub audit --dir hub --json | jq -r 'select(.what=="device.epoch").object')" till-1

# What a revoked till had queued cannot be matched any more, and is kept aside.
check "another key" rotate
check "is taken" dunlin enroll --replace till.bundle --dir till
sales 61 65 | dunlin capture --dir till >/dev/null
dunlin-hub device revoke till-1 --dir hub >/dev/null
check "a revoked till may get one more" rotate
check "and takes it" dunlin enroll --replace till.bundle --dir till
dunlin flush --dir till --wait 20 2>/dev/null
is "what it had queued goes to quarantine" "$(hub_stat hub quarantined)" 5
is "and its new sales to their people" "$(sales 71 75 | dunlin capture --dir till >/dev/null; dunlin flush --dir till --wait 20 2>/dev/null; hub_stat hub events)" 65

# They are there to be looked at, tried again, kept and thrown away.
quarantine() { dunlin-hub quarantine "$@" --dir hub; }
is "each is listed with its reason" "$(quarantine list --json | jq -r '"\(.device) \(.reason)"' | sort | uniq -c | tr -s ' ')" " 5 till-1 share"
check "the list is one for people, too" sh -c 'dunlin-hub quarantine list --dir hub | grep -q "^ *NO .*REASON"'
no=$(quarantine list --json | jq -r .no | head -n 1)
is "one is shown whole" "$(quarantine show "$no" --json | jq -c '[.no, (.sealed | length > 100), (.header | length > 40)]')" "[$no,true,true]"
check "and in words" sh -c "dunlin-hub quarantine show $no --dir hub | grep -q 'was the device revoked'"
check_not "tried again they stay, as long as the key half is gone" quarantine retry --all --json
is "all of them" "$(quarantine retry --all --json 2>/dev/null | jq -c .)" '{"taken":0,"duplicates":0,"left":5}'
check "one is thrown away" quarantine discard "$no"
is "and gone" "$(quarantine list --json | wc -l)" 4
is "which is in the audit log" "$(dunlin-hub audit --dir hub --json | jq -r 'select(.what=="quarantine.discard").object' | grep -c '^[0-9a-f]\{32\}/[0-9]*$')" 1
