#!/usr/bin/env bash
# What a command ends with, the same for all: 1 is "not found, refused, no", 2 "that makes no
# sense", 4 "not enrolled, may not", 5 "away" (docs/OPERATIONS.md).
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" && enroll_till till-1 "$tap_dir/till" "$tap_dir/hub" ||
    fail "set-up"
mkdir -m 700 empty
echo '{"type":"nope"}' >bad.ndjson
echo '{"type":"visit","data":{"store_id":"9"}}' | cat - bad.ndjson >half.ndjson
id=000000000000000000000000

# ends CODE PROGRAM WORD...: with that code, and with words on stderr.
ends() {
    local code=$1
    shift
    "$@" >out 2>err </dev/null
    is "$*" "$?" "$code"
}
hub() { # CODE WORD...
    local code=$1
    shift
    ends "$code" dunlin-hub "$@" --dir hub
    check "and says why" grep -q '^dunlin-hub: ' err
}
till() { ends "$1" dunlin "${@:2}" --dir till; }
stranger() { ends 4 dunlin "$@" --dir empty; }
keys() { ends "$1" dunlin-keys "${@:2}" --keyring hub.keyring; }
custodian=(--hub "$HUB_URL" --ca hub/ca.pem --admin-token-file hub/admin.token)

# Not there, or not now.
for words in "profile show p_$id" "profile timeline p_$id" "profile explain p_$id" "profile split p_$id i_$id" \
    "forget --profile p_$id" "device revoke nobody" "device remove nobody" "device remove till-1" \
    "device grant nobody desk" "device config --device nobody linger_ms=1" "match never p_$id i_$id" \
    "match always p_$id i_$id" "match block i_$id" "match decisions undo 9" "match rules check nofile" \
    "match evaluate --truth nofile" "token revoke nobody" "keys import nofile" "retention run --config nofile" \
    "quarantine show 9" "quarantine retry 9" "quarantine discard 9" "init --name x"; do
    # shellcheck disable=SC2086
    hub 1 $words
done
till 1 capture nofile
till 1 capture bad.ndjson
till 1 import --format ndjson nofile
till 1 import half.ndjson
is "of which the good half is taken" "$(dunlin status --dir till --json | jq .outbox.queued_events)" 1
till 1 enroll nofile
till 1 outbox discard 9
ends 1 dunlin-hub stats --dir nowhere
keys 1 enroll till-1 "${custodian[@]}"
keys 1 rotate nobody "${custodian[@]}"
ends 1 dunlin-keys inspect --keyring nofile

# Never.
for words in nope "stats --nope" "profile show x" "profile timeline x" "profile explain x" "profile split x y" \
    "profile find --cursor x" "forget --profile x" forget "device grant till-1 x" "device config nope=1" \
    "match never x y" "match block x" "match decisions undo x" "match rules check hub/dunlin-hub.conf" \
    "review accept x" "export nope" "export events --format x" "token create --role x --name y" \
    "audience export" "quarantine show x" "quarantine retry" "stats --db nope"; do
    # shellcheck disable=SC2086
    hub 2 $words
done
for words in "lookup --email nope" "access --email nope" "forget --email nope" "token email nope" lookup forget \
    "token nope x" "outbox discard x" "import --format nope half.ndjson" "checkin --nope"; do
    # shellcheck disable=SC2086
    till 2 $words
done
keys 2 enroll a/b "${custodian[@]}"
keys 2 export-audience --for nope --in x --out y

# May not, or is away.
till 4 lookup --email a@b.example
for words in status doctor "lookup --email a@b.example" "forget --email a@b.example" "capture bad.ndjson" run flush \
    "token email a@b.example"; do
    # shellcheck disable=SC2086
    stranger $words
done
stop "$HUB_PID"
till 5 lookup --email a@b.example
till 5 flush --wait 0
keys 5 enroll till-9 "${custodian[@]}"
start_till "$tap_dir/till"
ends 3 dunlin run --dir till --listen 127.0.0.1:0
till 3 outbox discard 9
