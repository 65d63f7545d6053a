#!/usr/bin/env bash
# A shop sells while the hub is away; the sales arrive once, in order, as profiles.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" && enroll_till till-1 "$tap_dir/till" "$tap_dir/hub" ||
    fail "set-up"
stop "$HUB_PID"
start_till "$tap_dir/till"

sale() { # ID EMAIL-OR-EMPTY LOYALTY-OR-EMPTY TOTAL [TRANSACTION-TYPE]
    local ids='{}'
    [ -n "$2" ] && ids=$(jq -c --arg v "$2" '.email=$v' <<<"$ids")
    [ -n "$3" ] && ids=$(jq -c --arg v "$3" '.loyalty_id=$v' <<<"$ids")
    jq -cn --arg id "$1" --argjson ids "$ids" --argjson t "$4" --arg tt "${5:-sale}" --arg now "$(date -u +%FT%T.%3NZ)" \
        '{id:$id,type:"purchase",time:$now,consent:{profiling:true},identifiers:$ids,
          data:{transaction_type:$tt,store_id:"7",currency:"EUR",total_minor:$t}}'
}
for i in $(seq 1 20); do
    post /v1/events "$(sale "s-$i" "kunde$i@example.org" "" 100)"
    [ "$STATUS" = 201 ] || fail "sale $i is answered 201, was $STATUS: $BODY"
done
pass "twenty sales are taken while the hub is away"
post /v1/events "$(sale s-1 kunde1@example.org "" 100)"
is "the same id again is answered 200" "$STATUS" 200
is "with the seq it had" "$(jq .seq <<<"$BODY")" 1
post /v1/events "$(sale s-21 KUNDE1@Example.ORG 777 500)"
post /v1/events "$(sale s-22 '' 777 50 return)"
is "a return is taken" "$STATUS" 201
is "status shows the queue" "$(dunlin status --dir till --json | jq .outbox.queued_events)" 22
check_not "flush without a hub gives up in its time" timeout 10 dunlin flush --dir till --wait 1

kill -9 "$TILL_PID"; sleep 0.2
start_till "$tap_dir/till"
is "after kill -9 the queue is whole" "$(dunlin status --dir till --json | jq .outbox.queued_events)" 22
start_hub "$tap_dir/hub"
check "flush delivers" dunlin flush --dir till --wait 30
is "every event once" "$(hub_stat hub events)" 22
is "twenty people" "$(hub_stat hub profiles)" 20
dunlin-hub export events --dir hub --format ndjson >events
is "in order" "$(jq .seq events | paste -sd' ')" "$(seq -s' ' 1 22)"
p=$(jq -r 'select(.event_id=="s-22").profile_id' events)
is "the card that never gave an e-mail found its person" "$p" "$(jq -r 'select(.event_id=="s-1").profile_id' events)"
is "lifetime value counts the return" "$(dunlin-hub profile show "$p" --dir hub --json | jq .value.EUR.lifetime_minor)" 550
check "export profiles" sh -c 'test "$(dunlin-hub export profiles --dir hub --format csv | wc -l)" -ge 21'
check "export links" sh -c 'dunlin-hub export links --dir hub --format ndjson | jq -e . >/dev/null'

check "forget by e-mail" dunlin forget --email kunde1@example.org --dir till
check "forget reaches the hub" dunlin flush --dir till --wait 20
is "nineteen people are left" "$(hub_stat hub profiles)" 19
dunlin-hub export events --dir hub --format ndjson >events
is "the sale stays for its store, nobody's" "$(jq -r 'select(.seq==1)|.profile_id' events)" null
late=$(sale s-late KUNDE1@example.org "" 900 | jq -c '.time="2026-01-05T10:00:00Z"')
post /v1/events "$late"
dunlin flush --dir till --wait 20
is "an older event that arrives late stays nobody's" "$(hub_stat hub profiles)" 19
post /v1/events "$(sale s-new kunde1@example.org "" 900)"
dunlin flush --dir till --wait 20
is "who comes back later is a new person" "$(hub_stat hub profiles)" 20
post /v1/events '{"type":"purchase","identifiers":{"email":"kein@example.org"},"consent":{"profiling":false},"data":{"store_id":"7","currency":"EUR","total_minor":1}}'
dunlin flush --dir till --wait 20
is "without consent there is no profile" "$(hub_stat hub profiles)" 20
