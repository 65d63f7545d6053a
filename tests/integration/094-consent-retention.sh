#!/usr/bin/env bash
# A no at one till stops the use of what another sells; what is too old goes by itself.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" &&
    enroll_till till-1 "$tap_dir/till" "$tap_dir/hub" && enroll_till desk-1 "$tap_dir/desk" "$tap_dir/hub" ||
    fail "set-up"
dunlin-hub device grant desk-1 desk --dir hub >/dev/null || fail "the role is granted"
sale() { # TIME
    echo '{"type":"purchase","time":"'"$1"'","identifiers":{"email":"jane@example.org","loyalty_id":"42"},"consent":{"profiling":true},"data":{"store_id":"9","currency":"EUR","total_minor":100}}'
}
said() { # TIME YES-OR-NO
    echo '{"type":"consent","time":"'"$1"'","identifiers":{"email":"jane@example.org"},"consent":{"profiling":'"$2"',"notice_version":"2026-03"}}'
}
bring() { dunlin capture --dir "$1" >/dev/null && dunlin flush --dir "$1" --wait 20 2>/dev/null; }
bought() { dunlin lookup --loyalty-id 42 --dir desk --json | jq .value.EUR.sales; }
{ sale 2026-11-01T10:00:00Z; sale 2026-11-05T10:00:00Z; } | bring till
is "two sales are theirs" "$(bought)" 2
said 2026-11-03T10:00:00Z false | bring desk
is "a no that arrives late takes the one that came after it" "$(bought)" 1
sale 2026-11-06T10:00:00Z | bring till
is "and from then on sales are nobody's" "$(bought)" 1
is "stats count them" "$(hub_stat hub withheld)" 2
said 2026-11-10T10:00:00Z true | bring desk
{ sale 2026-11-09T10:00:00Z; sale 2026-11-11T10:00:00Z; } | bring till
is "a later yes counts for what is later" "$(bought)" 2
is "what was said is shown" "$(dunlin access --email jane@example.org --dir desk | jq -c '[.consents[]|[.profiling,.notice_version]]')" \
    '[[false,"2026-03"],[true,"2026-03"]]'
check_not "no command of the hub takes a no back" sh -c 'dunlin-hub --help | grep -i consent'

is "without a rule nothing goes" "$(dunlin-hub retention run --dir hub --json | jq .total)" 0
printf 'retention.purchase_days = 365\nretention.every = 1s\n' >>hub/dunlin-hub.conf
sale 2020-01-01T10:00:00Z | bring till
before=$(hub_stat hub events)
dunlin-hub retention run --dry-run --dir hub --json >dry
is "a dry run tells type, number and the oldest" "$(jq -c '[.total,.types.purchase.count,.types.purchase.oldest[:10]]' dry)" \
    '[1,1,"2020-01-01"]'
is "and changes nothing" "$(hub_stat hub events)" "$before"
is "a run lets it go" "$(dunlin-hub retention run --dir hub --json | jq .total)" 1
is "which is in the audit log" "$(dunlin-hub audit --dir hub --json | jq -r 'select(.what=="retention.run").detail')" "deleted 1 event"
stop "$HUB_PID"
start_hub "$tap_dir/hub" || fail "the hub serves again"
sale 2020-01-01T10:00:00Z | bring till
check "a serving hub does it by itself" wait_for 15 sh -c 'dunlin-hub audit --dir hub --json | grep retention.run | grep -q "\"hub\""'
is "people keep what is younger" "$(bought)" 2
printf 'retention.visit_days = soon\n' >>hub/dunlin-hub.conf
check_not "a rule that is none is refused" dunlin-hub retention run --dir hub
