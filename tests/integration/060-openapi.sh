#!/usr/bin/env bash
# docs/openapi.yaml and docs/hub-openapi.yaml against a running agent and a running hub:
# what stands there holds, and what does not is refused.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
AGENT=$top/docs/openapi.yaml
HUB=$top/docs/hub-openapi.yaml
# Debian's own interpreter: python3-yaml and python3-jsonschema belong to it.
openapi() { /usr/bin/python3 -B "$top/tests/support/openapi.py" "$@" || tap_failed=1; }

openapi lint "$AGENT"
openapi lint "$HUB"
openapi words "$top"

make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" && enroll_till till-3 "$tap_dir/till" "$tap_dir/hub" ||
    fail "set-up"

# ---- the agent, in each state that its answers depend on ---------------------------------
agent() { openapi "$1" "$AGENT" --url "$TILL_URL" --bearer "$2/api.key" --seen agent.seen "${@:3}"; }

start_till "$tap_dir/till" || fail "the agent runs"
agent try till
stop "$TILL_PID"

# A slow lane: one request a second.
echo 'api.requests_per_second = 1' >slow.conf
start_till "$tap_dir/till" --config slow.conf || fail "the agent runs"
for path in /v1/events /v1/checkins '/v1/checkins/{scan_id}/annul' /v1/checkins/search /v1/forget; do
    agent outcome till --status 429 --times 20 POST "$path"
done
stop "$TILL_PID"

# The hub away, and an outbox that holds two events.
stop "$HUB_PID"
enroll_later() { start_hub "$tap_dir/hub" && enroll_till till-4 "$tap_dir/full" "$tap_dir/hub" && stop "$HUB_PID"; }
enroll_later || fail "another till enrols"
echo 'outbox.events_max = 2' >full.conf
start_till "$tap_dir/full" --config full.conf || fail "the agent runs"
for i in 1 2; do post /v1/events '{"type":"visit","data":{"store_id":"9"}}'; done
is "two events fit" "$STATUS" 201
for path in /v1/events /v1/checkins /v1/forget; do
    agent outcome full --status 507 POST $path
done
agent outcome full --status 503 GET /readyz
agent outcome full --status 504 --query wait_s=1 POST /v1/flush
# Revoked at the hub: it captures, and cannot bring anything.
start_hub "$tap_dir/hub" || fail "the hub serves again"
check "revoke" dunlin-hub device revoke till-4 --dir hub
agent outcome full --status 409 POST /v1/flush
stop "$TILL_PID"
# 500 is a bug of ours, 503 a disk that refuses (tests/fault/035-read-only-disk.sh) or a
# process that does not sync; both are documented all the same.
openapi covered "$AGENT" --seen agent.seen 500 503

# ---- the hub ------------------------------------------------------------------------------
hub() { openapi "$1" "$HUB" --url "$HUB_URL" --ca hub/ca.pem --seen hub.seen "${@:2}"; }
csr() { # FILE: a request for a certificate with a key of its own
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1.key" \
        -subj /CN=anything -out "$1" 2>/dev/null
}
csr csr.pem
dunlin-hub device config --dir hub linger_ms=300 >/dev/null || fail "settings are published"
profile=$(dunlin-hub export profiles --dir hub --format ndjson | head -n 1 | jq -r .profile_id)
# One that can be split, and the last of its identifiers that joins.
two=$(dunlin-hub export profiles --dir hub --format ndjson |
    jq -c 'select([.identifiers[] | select(.type == "email" or .type == "phone" or .type == "loyalty_id")] | length > 1)' | head -n 1)
split=$(jq -r .profile_id <<<"$two")
jq -r '[.identifiers[] | select(.type == "email" or .type == "phone" or .type == "loyalty_id") | .id] | last' <<<"$two" >apart
dunlin-hub device grant till-3 desk --dir hub >/dev/null || fail "the role is granted"
printf 'code,product\nT-1,Adult\n' >party.csv
dunlin-hub roster import party --file party.csv --dir hub >/dev/null &&
    dunlin-hub roster assign party --device till-3 --dir hub >/dev/null || fail "a device has a roster"
hub try --bearer hub/admin.token --cert till/device.crt --key till/device.key \
    --fill csr=@csr.pem --fill "profile=$profile" --fill "a=$profile" --fill "split=$split" --fill identifiers=@apart

# Roles: who may do nothing of it.
dunlin-hub token create --dir hub --role viewer --name eyes >viewer.token
dunlin-hub token create --dir hub --role custodian --name keys >custodian.token
for path in /metrics /v1/stats /v1/profiles '/v1/profiles/{id}' '/v1/profiles/{id}/timeline' '/v1/profiles/{id}/explain' /v1/decisions /v1/rules \
    '/v1/export/{what}' /v1/audit /v1/devices /v1/rosters; do
    hub outcome --bearer custodian.token --fill "profile=$profile" --status 403 GET "$path"
    hub outcome --bearer viewer.token --fill "profile=$profile" --status 200 GET "$path"
done
hub outcome --bearer viewer.token --status 403 GET /v1/audience
hub outcome --bearer custodian.token --status 403 GET /v1/audience
for path in '/v1/rosters/{event}' '/v1/rosters/{event}/stats' '/v1/checkins/{event}/report' '/v1/checkins/{event}/export'; do
    hub outcome --bearer custodian.token --status 403 GET "$path"
done
for what in import lists revoke assign unassign; do
    hub outcome --bearer viewer.token --status 403 POST "/v1/rosters/{event}/$what"
done
hub outcome --bearer viewer.token --status 403 DELETE '/v1/rosters/{event}'
hub outcome --bearer viewer.token --status 403 POST /v1/admin/devices
hub outcome --bearer viewer.token --status 403 POST '/v1/devices/{name}/revoke'
hub outcome --bearer viewer.token --status 403 DELETE '/v1/devices/{name}'
hub outcome --bearer viewer.token --fill "split=$split" --fill identifiers=@apart --status 403 POST '/v1/profiles/{id}/split'
hub outcome --bearer viewer.token --fill "a=$profile" --status 403 POST /v1/decisions
hub outcome --bearer viewer.token --fill decision=1 --status 403 DELETE '/v1/decisions/{no}'

# A device that the hub has revoked, though its certificate is good.
for call in 'GET /v1/device/ping' 'POST /v1/device/certificate' 'GET /v1/device/updates' \
    'GET /v1/device/scans' 'GET /v1/device/rosters/{event}' 'GET /v1/device/rosters/{event}/tickets' \
    'POST /v1/device/lookup' 'POST /v1/device/access' 'POST /v1/streams/{stream}/batches'; do
    # shellcheck disable=SC2086
    hub outcome --cert full/device.crt --key full/device.key --fill csr=@csr.pem --status 403 $call
done
# A desk that asks and asks.
for path in /v1/device/lookup /v1/device/access; do
    hub outcome --cert till/device.crt --key till/device.key --status 429 --times 30 POST $path
done
# Someone who guesses at secrets has to wait.
hub outcome --fill secret=guess --fill csr=@csr.pem --status 429 --times 30 POST /v1/enroll
# 500 is a bug of ours, 503 a database or disk that refuses.
openapi covered "$HUB" --seen hub.seen 500 503
