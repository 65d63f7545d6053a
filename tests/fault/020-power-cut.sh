#!/usr/bin/env bash
# P4: the agent's folder lies on an ext4 image; the image is copied the moment the last
# 201 arrives, as a power cut would leave it; every acknowledged event is in the copy.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
cleanup() { umount "$tap_dir/disk" 2>/dev/null; umount "$tap_dir/after" 2>/dev/null; }
truncate -s 256M image && mkfs.ext4 -q image && mkdir disk after || exit 1
if ! mount -o loop image disk 2>/dev/null; then
    skip "a power cut loses nothing acknowledged" "loop mounts are not allowed here"
    exit 0
fi
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" && enroll_till till-1 "$tap_dir/disk/till" "$tap_dir/hub" ||
    fail "set-up"
stop "$HUB_PID"
sync
start_till "$tap_dir/disk/till"
sent=400
seq -f '{"id":"pc-%g","type":"visit","data":{"store_id":"1"}}' $sent | split -l 50 - part.
writers=()
for part in part.*; do
    (while read -r line; do
        curl -s -m 20 -o /dev/null -w '%{http_code}\n' --unix-socket disk/till/dunlin.sock -H 'Content-Type: application/json' \
            --data-binary "$line" http://localhost/v1/events
    done <"$part" >"codes.$part") &
    writers+=("$!")
done
wait "${writers[@]}"
cp --sparse=always image cut
is "all were answered 201" "$(cat codes.* | grep -c 201)" $sent
kill -9 "$TILL_PID"; sleep 0.2
umount disk
mount -o loop cut after || fail "the image after the cut mounts"
start_hub "$tap_dir/hub"
start_till "$tap_dir/after/till"
check "the agent starts on what the power cut left" dunlin flush --dir after/till --wait 30
is "every acknowledged event arrives" "$(hub_stat hub events)" $sent
stop "$TILL_PID"
