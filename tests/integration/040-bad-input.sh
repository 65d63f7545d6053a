#!/usr/bin/env bash
# What a till may send wrongly: a clear refusal each time, and nothing stored.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" && enroll_till till-1 "$tap_dir/till" "$tap_dir/hub" ||
    fail "set-up"
stop "$HUB_PID"
start_till "$tap_dir/till"
good='"store_id":"1","currency":"EUR","total_minor":100'
refused() { # SENTENCE STATUS CODE BODY [TYPE]
    post /v1/events "$4" "${5:-application/json}"
    local code
    code=$(jq -r '.errors[0].code // (.type | split(":") | last)' <<<"$BODY" 2>/dev/null)
    if [ "$STATUS" = "$2" ] && { [ -z "$3" ] || [ "$code" = "$3" ]; }; then pass "$1"; else
        fail "$1"
        echo "#   $STATUS $BODY"
    fi
}
refused "an empty body" 400 '' ''
refused "malformed JSON" 400 not_json '{"type":"visit",}'
refused "truncated JSON" 400 not_json '{"type":"visit","data":{"store_'
refused "a key twice" 400 not_json '{"type":"visit","type":"visit","data":{"store_id":"1"}}'
refused "bytes that are not UTF-8" 400 not_json "$(printf '{"type":"visit","data":{"store_id":"\xff\xfe"}}')"
refused "an array where one event goes" 400 '' '[{"type":"visit"}]'
refused "an unknown field" 422 unknown_field '{"type":"visit","data":{"store_id":"1","shoe_size":44}}'
is "is named by its pointer" "$(jq -r '.errors[0].pointer' <<<"$BODY")" /data/shoe_size
refused "an unknown type" 422 '' '{"type":"sale","data":{}}'
refused "a string where a number goes" 422 wrong_type '{"type":"purchase","data":{"store_id":"1","currency":"EUR","total_minor":"100"}}'
refused "a float as money" 422 wrong_type '{"type":"purchase","data":{"store_id":"1","currency":"EUR","total_minor":1.5}}'
refused "a missing total" 422 required '{"type":"purchase","data":{"store_id":"1","currency":"EUR"}}'
refused "a negative quantity on a sale" 422 negative_quantity '{"type":"purchase","data":{'"$good"',"lines":[{"line_no":1,"quantity":"-2","extended_minor":100}]}}'
refused "an unknown currency" 422 unknown_currency '{"type":"purchase","data":{"store_id":"1","currency":"EUX","total_minor":1}}'
refused "a time next year" 422 '' '{"type":"visit","time":"2099-01-01T00:00:00Z","data":{"store_id":"1"}}'
refused "an ancient time" 422 '' '{"type":"visit","time":"1895-01-01T00:00:00Z","data":{"store_id":"1"}}'
refused "a time without an offset" 422 '' '{"type":"visit","time":"2026-01-01T00:00:00","data":{"store_id":"1"}}'
refused "an impossible date" 422 '' '{"type":"visit","time":"2026-02-30T00:00:00Z","data":{"store_id":"1"}}'
refused "a card number in a name" 422 pii_in_field '{"type":"purchase","data":{'"$good"',"lines":[{"line_no":1,"name":"4242 4242 4242 4242","extended_minor":100}]}}'
refused "another content type" 415 '' 'type=visit' application/x-www-form-urlencoded
refused "one bad line of a batch refuses all" 422 unknown_field '{"type":"visit","data":{"store_id":"1"}}
{"type":"visit","data":{"store":"1"}}' application/x-ndjson
is "and names the line" "$(jq '.errors[0].line' <<<"$BODY")" 2
head -c 9000000 /dev/zero | tr '\0' 'x' >big
STATUS=$(curl -s -m 20 -o /dev/null -w '%{http_code}' -X POST -H "Authorization: Bearer $TILL_KEY" -H 'Content-Type: application/json' --data-binary @big "$TILL_URL/v1/events")
is "nine megabytes" "$STATUS" 413
is "nothing of all that was stored" "$(dunlin status --dir till --json | jq .outbox.queued_events)" 0
STATUS=$(curl -s -o /dev/null -w '%{http_code}' "$TILL_URL/v1/status")
is "no key" "$STATUS" 401
STATUS=$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $TILL_KEY" -H 'Host: evil.example' "$TILL_URL/v1/status")
is "a foreign Host" "$STATUS" 403
STATUS=$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $TILL_KEY" -H 'Origin: https://evil.example' "$TILL_URL/v1/status")
is "a foreign Origin" "$STATUS" 403
STATUS=$(curl -s -o /dev/null -w '%{http_code}' -X DELETE -H "Authorization: Bearer $TILL_KEY" "$TILL_URL/v1/events")
is "another method" "$STATUS" 405
STATUS=$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $TILL_KEY" "$TILL_URL/v2/none")
is "another path" "$STATUS" 404

post /v1/events '{"type":"purchase","data":{"store_id":"1","currency":"EUR","total_minor":150,"lines":[{"line_no":1,"quantity":"1","unit_price_minor":100,"extended_minor":100}],"tenders":[{"type":"cash","amount_minor":100}]}}'
is "money that does not add up is taken" "$STATUS" 201
is "with both warnings" "$(jq -c '[.warnings[].code] | sort' <<<"$BODY")" '["tender_mismatch","total_mismatch"]'
post /v1/events '{"type":"purchase","data":{"store_id":"1","currency":"JPY","total_minor":150}}'
is "yen have no minor unit and are fine" "$STATUS" 201

# Silent and slow clients do not hold up the others.
for i in $(seq 40); do (exec 3<>"/dev/tcp/127.0.0.1/${TILL_URL##*:}"; printf 'POST /v1/events HTTP/1.1\r\nHo' >&3; sleep 4) 2>/dev/null & done
sleep 0.5
post /v1/events '{"type":"visit","data":{"store_id":"1"}}'
is "forty silent clients hold up nobody" "$STATUS" 201
seq 200 | xargs -P 200 -I{} curl -s -m 30 -o /dev/null -w '%{http_code}\n' --unix-socket till/dunlin.sock -H 'Content-Type: application/json' \
    --data-binary '{"id":"many-{}","type":"visit","data":{"store_id":"1"}}' http://localhost/v1/events >codes
is "two hundred clients at once are all answered 201" "$(grep -c 201 codes)" 200
