#!/usr/bin/env bash
# P4: the file system turns read-only under a running agent, as ext4 does after an error:
# nothing more is answered 201, and everything that was is there afterwards.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
cleanup() { umount "$tap_dir/disk" 2>/dev/null; }
truncate -s 256M image && mkfs.ext4 -q image && mkdir disk || exit 1
if ! mount -o loop,errors=remount-ro image disk 2>/dev/null; then
    skip "a disk that turns read-only" "loop mounts are not allowed here"
    exit 0
fi
trigger=/sys/fs/ext4/$(basename "$(findmnt -n -o SOURCE disk)")/trigger_fs_error
if [ ! -w "$trigger" ]; then
    skip "a disk that turns read-only" "this kernel cannot be told to fail"
    exit 0
fi
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" && enroll_till till-1 "$tap_dir/disk/till" "$tap_dir/hub" ||
    fail "set-up"
stop "$HUB_PID"
start_till "$tap_dir/disk/till"
sell() { post /v1/events '{"id":"'"$1"'","type":"visit","data":{"store_id":"1"}}'; }
for i in 1 2 3 4 5; do sell "before-$i"; done
is "before: answered 201" "$STATUS" 201
echo 1 >"$trigger"
sell after-1
check "a read-only disk is refused, not answered 201" test "$STATUS" -ge 500
check "the agent lives and says so" sh -c "curl -s -o /dev/null -w '%{http_code}' $TILL_URL/readyz -H 'Authorization: Bearer $TILL_KEY' | grep -q 503"
stop "$TILL_PID"
check_not "an agent does not start on it" timeout 10 dunlin run --dir disk/till --listen 127.0.0.1:0
umount disk
e2fsck -fy image >/dev/null 2>&1
cp --sparse=always image repaired # the kernel remembers the first image as broken
mount -o loop repaired disk
start_hub "$tap_dir/hub"
start_till "$tap_dir/disk/till"
sell after-2
is "after the repair it takes events" "$STATUS" 201
check "and delivers" dunlin flush --dir disk/till --wait 30
is "everything acknowledged, nothing else" "$(dunlin-hub export events --dir hub --format ndjson | jq -r .event_id | sort | paste -sd' ')" "after-2 before-1 before-2 before-3 before-4 before-5"
stop "$TILL_PID"
