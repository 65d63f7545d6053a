#!/usr/bin/env bash
# A database restored from before an erasure: whoever was erased since is erased again.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" && enroll_till till-1 "$tap_dir/till" "$tap_dir/hub" ||
    fail "set-up"
visit() { echo '{"type":"visit","time":"2026-11-0'"$1"'T10:00:00Z","identifiers":{"email":"'"$2"'@example.org","loyalty_id":"'"$2"'"},"consent":{"profiling":true},"data":{"store_id":"9"}}'; }
bring() { dunlin capture --dir till >/dev/null && dunlin flush --dir till --wait 20 2>/dev/null; }
{ visit 1 jane; visit 1 john; } | bring
sqlite3 hub/hub.db ".backup $tap_dir/copy.db"
dunlin forget --email jane@example.org --dir till >/dev/null && dunlin flush --dir till --wait 20 2>/dev/null
is "one of two is left" "$(hub_stat hub profiles)" 1
check "the journal has it soon" wait_for 15 sh -c 'dunlin-hub forget --status --dir hub --json | jq -e .journal.in_step'
is "status tells" "$(dunlin-hub forget --status --dir hub --json | jq -c '[.erasures,.tombstones,.journal.tombstones]')" '[1,2,2]'
check_not "the journal says nothing of anybody" grep -q jane hub/tombstones.journal
stop "$HUB_PID"
rm -f hub/hub.db-wal hub/hub.db-shm
cp copy.db hub/hub.db && chmod 600 hub/hub.db
is "the restored database has both again" "$(hub_stat hub profiles)" 2
start_hub "$tap_dir/hub" || fail "the hub serves"
is "but not once the hub serves" "$(hub_stat hub profiles)" 1
is "which is in the audit log" "$(dunlin-hub audit --dir hub --json | jq -r 'select(.what=="tombstones.replay").detail')" "1 tombstone"
visit 2 jane | bring
is "an old file imported anew brings nobody back" "$(hub_stat hub profiles)" 1
stop "$HUB_PID"
sed -i '2s/^1/2/' hub/tombstones.journal
check_not "a journal that was altered keeps the hub from serving" timeout 10 dunlin-hub serve --dir hub --listen 127.0.0.1:0
