#!/usr/bin/env bash
# The ceremony of the design, command for command, and what must fail in it.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1

check "hub init makes a hub" dunlin-hub init --dir hub --name hub.example.com --listen 127.0.0.1:0
check_not "hub init refuses a folder that has a hub" dunlin-hub init --dir hub --name x.example.com --listen 127.0.0.1:0
is "the hub folder is private" "$(stat -c %a hub)" 700
is "its keys are private" "$(stat -c %a hub/seal.key hub/ca.key hub/admin.token | sort -u)" 600
check "keys init draws two shares" dunlin-keys init --keyring custodian.key --hub-share hub.share
check_not "keys init never writes over a keyring" dunlin-keys init --keyring custodian.key --hub-share other.share
check "the hub imports its share" dunlin-hub keys import --dir hub hub.share
cp -r hub hub.saved
start_hub "$tap_dir/hub" || fail "the hub serves"
dunlin-keys enroll till-3 --keyring custodian.key --hub "$HUB_URL" --ca hub/ca.pem \
    --admin-token-file hub/admin.token >till-3.bundle
is "keys enroll gives a bundle" $? 0
cp till-3.bundle stolen.bundle
check "the agent enrols" dunlin enroll till-3.bundle --dir till
check "the bundle is burnt" test ! -e till-3.bundle
is "the agent's folder is private" "$(stat -c %a till till/token.key till/device.key | tr '\n' ' ')" "700 600 600 "
check_not "a bundle works once" dunlin enroll stolen.bundle --dir thief
check "the second use is in the audit log" sh -c 'dunlin-hub audit --dir hub --json | grep -q enrol'
check_not "a thief's folder is not enrolled" test -e thief/device.crt
dunlin-hub stats --dir hub --json | jq -e .devices >/dev/null
is "the hub counts one device" "$(hub_stat hub devices)" 1

start_till "$tap_dir/till" || fail "the agent runs"
post /v1/events '{"id":"c-1","type":"purchase","time":"'"$(date -u +%FT%TZ)"'","identifiers":{"email":"Jane.Doe@Example.com","loyalty_id":"0042"},"consent":{"profiling":true},"data":{"store_id":"9","register_id":"34","currency":"EUR","total_minor":1999,"lines":[{"line_no":1,"sku":"67591","quantity":"1","unit_price_minor":1999,"extended_minor":1999}],"tenders":[{"type":"card","amount_minor":1999}]}}'
is "an event is answered 201" "$STATUS" 201
is "with its id" "$(jq -r .id <<<"$BODY")" c-1
is "and a seq" "$(jq -r .seq <<<"$BODY")" 1
check "flush returns when it has its receipt" dunlin flush --dir till --wait 20
is "the hub has the event" "$(hub_stat hub events)" 1
is "as one profile" "$(hub_stat hub profiles)" 1
is "with two identifiers" "$(hub_stat hub identifiers)" 2
line=$(dunlin-hub export events --dir hub --format ndjson)
is "the export names the client's id" "$(jq -r .event_id <<<"$line")" c-1
is "and the device" "$(jq -r .device <<<"$line")" till-3
is "and the money" "$(jq -r .data.total_minor <<<"$line")" 1999
profile=$(jq -r .profile_id <<<"$line")
check "the profile can be shown" dunlin-hub profile show "$profile" --dir hub
is "its lifetime value is there" "$(dunlin-hub profile show "$profile" --dir hub --json | jq .value.EUR.lifetime_minor)" 1999

check_not "a second agent on the folder is refused" timeout 10 dunlin run --dir till --listen 127.0.0.1:0
check "device list shows it" sh -c 'dunlin-hub device list --dir hub | grep -q till-3'
check "revoke" dunlin-hub device revoke till-3 --dir hub
post /v1/events '{"id":"c-2","type":"visit","data":{"store_id":"9"}}'
is "a revoked device still captures" "$STATUS" 201
check_not "but flush fails" dunlin flush --dir till --wait 5
is "status says revoked" "$(dunlin status --dir till --json | jq -r .sync.state)" revoked
is "and the queue is kept" "$(dunlin status --dir till --json | jq -r .outbox.queued_events)" 1
is "the hub took nothing more" "$(hub_stat hub events)" 1
chmod 755 till
stop "$TILL_PID"
check_not "loose modes are refused" timeout 10 dunlin run --dir till --listen 127.0.0.1:0
