#!/usr/bin/env bash
# Whatever a record of a person looks like, it is captured: a field that has no form is
# dropped and counted, and never costs the event.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
people=${DUNLIN_PEOPLE:-$top/build/bench/linkage/people}
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" || fail "set-up"

# till ORDER: an agent with that privacy.date_order.
till() {
    enroll_till "till-$1" "$tap_dir/$1" "$tap_dir/hub" || fail "enrols $1"
    printf '[privacy]\nregion = AU\ndate_order = %s\n' "$1" >"$1/dunlin.conf"
    chmod 600 "$1/dunlin.conf"
    start_till "$tap_dir/$1"
}
# take SENTENCE DROPPED IDENTIFIERS: 201, and these identifiers told as dropped.
take() {
    post /v1/events "{\"type\":\"visit\",\"consent\":{\"profiling\":true},\"data\":{\"store_id\":\"1\"},\"identifiers\":$3}"
    is "$1" "$STATUS $(jq -r '[.warnings[]?.pointer | sub("/identifiers/"; "")] | sort | join(" ")' <<<"$BODY")" "201 $2"
}

till auto
take "a date of eight digits" '' '{"given_name":"anna","surname":"white","date_of_birth":"19801231"}'
take "day, month, year" '' '{"given_name":"anna","surname":"white","date_of_birth":"31/12/1980"}'
take "one that reads two ways is dropped" date_of_birth '{"given_name":"anna","surname":"white","date_of_birth":"03/04/1980"}'
take "so is a day that never was" date_of_birth '{"given_name":"anna","surname":"white","date_of_birth":"19801331"}'
take "a month's name tells" '' '{"given_name":"anna","surname":"white","date_of_birth":"3 Apr 1980"}'
take "small letters and blanks too many" '' '{"given_name":"  mary  jane ","surname":"van  der berg","street":"12  smith   street","city":"north  sydney"}'
take "house number first, last, with a unit" '' '{"given_name":"a","surname":"b","street":"unit 3 12 smith street","postcode":"2600"}'
take "capitals" '' '{"given_name":"ANNA","surname":"WHITE","street":"SMITH STREET 12","city":"BELCONNEN"}'
take "empty strings" "city date_of_birth given_name postcode sex street surname" '{"given_name":"","surname":"","date_of_birth":"","postcode":"","street":"","city":"","sex":""}'
take "dashes" "city date_of_birth given_name postcode sex street surname" '{"given_name":"-","surname":"-","date_of_birth":"-","postcode":"-","street":"-","city":"-","sex":"-"}'
take "words for nothing" "city given_name surname" '{"given_name":"unknown","surname":"n/a","city":"n/a"}'
take "a number that a spreadsheet wrote" '' '{"given_name":"anna","surname":"white","postcode":"2600.0","date_of_birth":"19801231.0"}'
take "a digit lost" postcode '{"given_name":"anna","surname":"white","postcode":"260"}'
take "no street but a number" street '{"given_name":"anna","surname":"white","street":"12"}'
take "one field alone" '' '{"surname":"white"}'
take "none" '' '{}'
is "what was dropped is counted" "$(curl -s -H "Authorization: Bearer $TILL_KEY" "$TILL_URL/metrics" |
    awk '/dropped/ && /date_of_birth/ { print $2 }')" 4
stop "$TILL_PID"

till day-first
take "03/04 is in April" '' '{"surname":"a","date_of_birth":"03/04/1980"}'
take "and so it is without slashes" '' '{"surname":"a","date_of_birth":"03041980"}'
take "12/31 is nowhere" date_of_birth '{"surname":"a","date_of_birth":"12/31/1980"}'
stop "$TILL_PID"
till month-first
take "03/04 is in March" '' '{"surname":"a","date_of_birth":"03/04/1980"}'
take "31/12 is nowhere" date_of_birth '{"surname":"a","date_of_birth":"31/12/1980"}'
stop "$TILL_PID"

# A thousand records of the worst hand: all are taken, and few fields have no form.
"$people" --people 500 --profile brutal --seed 2 --ndjson brutal.ndjson 2>/dev/null
account=$(dunlin import --dir auto --json --format ndjson brutal.ndjson)
is "the worst hand's records are all taken" "$(jq -c '[.[0].taken, (.[0].refusals | length)]' <<<"$account")" \
    "[$(wc -l <brutal.ndjson),0]"
