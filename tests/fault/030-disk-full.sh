#!/usr/bin/env bash
# P4, P6, P7: a full disk refuses loudly with 507, and recovers by itself with space. The
# quota of the outbox does the same before the disk is full.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
cleanup() { umount "$tap_dir/small" 2>/dev/null; }
mkdir small
if ! mount -t tmpfs -o size=3m tmpfs small 2>/dev/null; then
    skip "a full disk refuses and recovers" "mounts are not allowed here"
    exit 0
fi
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" && enroll_till till-1 "$tap_dir/small/till" "$tap_dir/hub" ||
    fail "set-up"
stop "$HUB_PID"
printf '[outbox]\ndisk_reserve = 0\n' >small/till/dunlin.conf
chmod 600 small/till/dunlin.conf
start_till "$tap_dir/small/till"
head -c 1400000 /dev/zero >small/ballast
taken=0 full=0
body() { echo '{"id":"df-'"$1"'","type":"custom.note","data":{"text":"'"$(head -c 6000 /dev/urandom | base64 -w0 | tr -dc 'a-z' | head -c 1500)"'"}}'; }
for i in $(seq 1500); do
    post /v1/events "$(body "$i")"
    case $STATUS in 201) taken=$((taken + 1)) ;; 507) full=$i; break ;; *) fail "an unexpected answer $STATUS: $BODY"; break ;; esac
done
check "the full disk is answered 507" test "$full" -gt 0
is "as a problem document" "$(jq -r .status <<<"$BODY")" 507
rm small/ballast
post /v1/events "$(body again)"
is "with space again it takes events, without a restart" "$STATUS" 201
start_hub "$tap_dir/hub"
check "what was taken arrives" dunlin flush --dir small/till --wait 60
is "all of it, once" "$(hub_stat hub events)" $((taken + 1))
stop "$TILL_PID"
printf '[outbox]\ndisk_reserve = 0\nevents_max = 5\n' >small/till/dunlin.conf
start_till "$tap_dir/small/till"
for i in 1 2 3 4 5 6; do post /v1/events '{"type":"visit","data":{"store_id":"1"}}'; done
is "the quota is answered 507" "$STATUS" 507
check "metrics count the refusals" sh -c "curl -s -H 'Authorization: Bearer $TILL_KEY' $TILL_URL/metrics | grep -E 'full' | grep -qv ' 0$'"
