# shellcheck shell=bash
# ceremony.sh - sourced by the tests of agents built for other machines: enrols one at a
# native hub, sells, and looks at what arrived.
#
#   . ceremony.sh; use_agent qemu-aarch64 -L DIR PROGRAM; agent_ceremony NAME

. "$(dirname "${BASH_SOURCE[0]}")/../support/tap.sh"
cd "$tap_dir" || exit 1

# shellcheck disable=SC2034 # for those who source this
BUILD=${DUNLIN_BUILD:-$top/build}
# use_agent RUNNER... PROGRAM: from here on `dunlin` is that program under that runner.
# `exec`, so that a started agent's process is the one that is killed.
use_agent() {
    [ -e "${*: -1}" ] || {
        fail "${*: -1} is built; make cross does it"
        exit 1
    }
    mkdir -p "$tap_dir/bin"
    {
        echo '#!/usr/bin/env bash'
        printf 'exec'
        printf ' %q' "$@"
        echo ' "$@"'
    } >"$tap_dir/bin/dunlin"
    chmod +x "$tap_dir/bin/dunlin"
    PATH=$tap_dir/bin:$PATH
}

sale() { # ID E-MAIL
    jq -cn --arg id "$1" --arg email "$2" --arg now "$(date -u +%FT%TZ)" \
        '{id:$id,type:"purchase",time:$now,identifiers:{email:$email},consent:{profiling:true},
          data:{store_id:"9",currency:"EUR",total_minor:1999}}'
}

agent_ceremony() {
    local hub=$tap_dir/hub till=$tap_dir/$1
    check "a hub is made" make_hub "$hub"
    start_hub "$hub" || fail "a native hub serves"
    check "the agent enrols with a bundle of the native dunlin-keys" enroll_till "$1" "$till" "$hub"
    check "the bundle is burnt" test ! -e "$till.bundle"
    if start_till "$till"; then pass "the agent listens on TCP"; else fail "the agent listens on TCP"; fi
    post /v1/events "$(sale c-1 Jane.Doe@Example.com)"
    is "a sale is answered 201" "$STATUS" 201
    is "with its id and seq" "$(jq -c . <<<"$BODY")" '{"id":"c-1","seq":1}'
    post /v1/events "$(sale c-1 Jane.Doe@Example.com)"
    is "the same again 200" "$STATUS" 200
    post /v1/events '{"type":"purchase","surprise":1}'
    is "an unknown field 422" "$STATUS" 422
    is "a wrong key is refused" "$(curl -s -o /dev/null -w '%{http_code}' -X POST -d '{}' \
        -H 'Authorization: Bearer no' "$TILL_URL/v1/events")" 401
    check "flush returns with the receipt" dunlin flush --dir "$till" --wait 30
    is "the hub has the sale" "$(hub_stat "$hub" events)" 1
    is "as one profile" "$(hub_stat "$hub" profiles)" 1
    is "status says online" "$(dunlin status --dir "$till" --json | jq -r .sync.uplink)" online
    check_not "a second agent on the folder is refused" timeout 20 dunlin run --dir "$till" --listen 127.0.0.1:0

    stop "$HUB_PID"
    for i in 2 3 4 5; do post /v1/events "$(sale "c-$i" "kunde$i@example.org")"; done
    is "sales are taken while the hub is away" "$STATUS" 201
    kill -9 "$TILL_PID"
    timeout 10 tail --pid="$TILL_PID" -f /dev/null
    if start_till "$till"; then pass "killed, it starts again"; else fail "killed, it starts again"; fi
    start_hub "$hub"
    check "and delivers" dunlin flush --dir "$till" --wait 60
    is "every sale once" "$(hub_stat "$hub" events)" 5
    is "in order" "$(dunlin-hub export events --dir "$hub" --format ndjson | jq .seq | paste -sd' ')" "1 2 3 4 5"
    is "doctor finds nothing that fails" \
        "$(dunlin doctor --dir "$till" | awk '{n[$1]++} END {print n["FAIL"] + 0, (n["ok"] >= 10)}')" "0 1"
    check_not "no e-mail is in the folder" grep -rqiaE 'jane.doe|kunde[0-9]' "$till"
}
