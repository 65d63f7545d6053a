#!/usr/bin/env bash
# Certificates that renew themselves, secrets that expire, clocks that are wrong.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
make_hub "$tap_dir/hub"
sed -i '/device_cert_life/d; /enrolment_life/d' hub/dunlin-hub.conf
printf 'device_cert_life = 12s\nenrolment_life = 3s\n' >>hub/dunlin-hub.conf
start_hub "$tap_dir/hub" && enroll_till till-1 "$tap_dir/till" "$tap_dir/hub" || fail "set-up"
serial() { openssl x509 -in till/device.crt -noout -serial; }
first=$(serial)
start_till "$tap_dir/till"
wait_for 25 sh -c "test \"\$(openssl x509 -in till/device.crt -noout -serial)\" != '$first'"
check "the device certificate renews itself" test "$(serial)" != "$first"
check "over the old one, before that ends" sh -c 'openssl x509 -in till/device.crt -noout -checkend 0'
sleep 12
post /v1/events '{"id":"r-1","type":"visit","data":{"store_id":"1"}}'
check "past the first certificate's end, without a restart, events still arrive" dunlin flush --dir till --wait 10
is "at the hub" "$(hub_stat hub events)" 1
stop "$TILL_PID"
check "key and certificate belong together" sh -c 'test "$(openssl x509 -in till/device.crt -noout -pubkey)" = "$(openssl pkey -in till/device.key -pubout)"'

dunlin-keys enroll late --keyring hub.keyring --hub "$HUB_URL" --ca hub/ca.pem --admin-token-file hub/admin.token >late.bundle 2>/dev/null
sleep 4
out=$(dunlin enroll late.bundle --dir late 2>&1)
is "a bundle that has expired is refused" $? 4
check "in words that say so" grep -qi expired <<<"$out"
check "and noted" sh -c 'dunlin-hub audit --dir hub --json | grep -q expired'

faketime=$(ls /usr/lib/*/faketime/libfaketime.so.1 2>/dev/null)
if [ -n "$faketime" ]; then
    sed -i '/device_cert_life/d; /enrolment_life/d' hub/dunlin-hub.conf
    stop "$HUB_PID"
    start_hub "$tap_dir/hub"
    enroll_till till-2 "$tap_dir/till2" "$tap_dir/hub"
    : >till2.out
    LD_PRELOAD=$faketime FAKETIME='@1970-01-02 00:00:00' FAKETIME_DONT_FAKE_MONOTONIC=1 \
        dunlin run --dir till2 --listen 127.0.0.1:0 >till2.out 2>>till2.log &
    TILL_PID=$!
    tap_pids+=("$TILL_PID")
    wait_for 15 grep -q 'listening on' till2.out
    TILL_URL=$(sed -n 's/.*listening on \(http:[^ ]*\).*/\1/p' till2.out)
    TILL_KEY=$(cat till2/api.key)
    post /v1/events '{"id":"y-1970","type":"visit","data":{"store_id":"1"}}'
    is "with the clock at 1970 the till is served" "$STATUS" 201
    wait_for 10 sh -c 'dunlin status --dir till2 --json | jq -e ".sync.failures > 0"'
    is "the hub's certificate is not taken on trust" "$(dunlin status --dir till2 --json | jq -r .sync.uplink)" tls
    check "status says it may be the clock" sh -c 'dunlin status --dir till2 --json | grep -qi clock'
    stop "$TILL_PID"
    start_till "$tap_dir/till2"
    check "with the clock put right it is delivered" dunlin flush --dir till2 --wait 20
    line=$(dunlin-hub export events --dir hub --format ndjson | jq -c 'select(.event_id == "y-1970")')
    is "and the hub puts its time right" "$(jq -r .time <<<"$line" | cut -c1-4)" "$(date +%Y)"
    is "and says so" "$(jq -r .time_quality <<<"$line")" corrected
else
    skip "a clock at 1970" "no faketime here"
fi
