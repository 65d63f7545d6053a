#!/usr/bin/env bash
# Files into the outbox: by command beside a running agent and without one, by the drop
# folder, twice, and cut off half-way.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" && enroll_till till-1 "$tap_dir/till" "$tap_dir/hub" ||
    fail "set-up"
"$top/demo/make-data" .
check "a file is taken without a running agent" dunlin import --dir till --format csv --mapping "$top/demo/orders.map" orders.csv
orders=$(cut -d, -f1 orders.csv | tail -n +2 | sort -u | wc -l)
is "every order is one event" "$(dunlin status --dir till --json | jq .outbox.queued_events)" "$orders"
start_till "$tap_dir/till"
account=$(dunlin import --dir till --json --format csv --mapping "$top/demo/orders.map" orders.csv)
is "again, beside a running agent: all were seen before" "$(jq '.[0].duplicates' <<<"$account")" "$orders"
is "and nothing is doubled" "$(jq '.[0].taken' <<<"$account")" 0
check "ndjson" dunlin import --dir till sales.ndjson
check_not "a file without a mapping is refused" dunlin import --dir till orders.csv
check_not "a file that is not there is refused" dunlin import --dir till nowhere.ndjson
printf '{"type":"visit","data":{"store_id":"1"}}\n{"type":"visit","data":{"shop":"1"}}\nnonsense\n' >mixed.ndjson
account=$(dunlin import --dir till --json mixed.ndjson)
is "a refused line is counted by reason, with its line" "$(jq -c '.[0].refusals.unknown_field.first_lines' <<<"$account")" '[2]'
is "its neighbours are taken" "$(jq '.[0].taken' <<<"$account")" 1
check "a dry run stores nothing" sh -c 'n=$(dunlin status --dir till --json | jq .outbox.next_seq); dunlin import --dir till --dry-run doors.ndjson && test "$n" = "$(dunlin status --dir till --json | jq .outbox.next_seq)"'
check "all reaches the hub" dunlin flush --dir till --wait 30
is "once" "$(hub_stat hub events)" $((orders + 240 + 1))
profiles=$(hub_stat hub profiles)
check "customers were matched" test "$profiles" -gt 30 -a "$profiles" -lt 110

# Killed half-way, run again.
stop "$TILL_PID"
seq -f '{"type":"custom.row","data":{"n":%g}}' 20000 >many.ndjson
dunlin import --dir till many.ndjson >/dev/null 2>&1 &
importer=$!
sleep 0.3
kill -9 $importer 2>/dev/null; wait $importer 2>/dev/null
before=$(dunlin status --dir till --json | jq .outbox.queued_events)
dunlin import --dir till many.ndjson >account
is "an import cut off at $before of 20000 and run again has each line once" \
    "$(dunlin status --dir till --json | jq .outbox.queued_events)" 20000

# The drop folder.
mkdir inbox
printf '[import]\ndrop_folder = %s/inbox\nmapping = %s/demo/orders.map\nsettle = 300ms\n' "$tap_dir" "$top" >till/dunlin.conf
chmod 600 till/dunlin.conf
start_till "$tap_dir/till"
check "flush" dunlin flush --dir till --wait 60
cp doors.ndjson inbox/doors.ndjson
cp mixed.ndjson inbox/again.ndjson
printf '<POSLog><Transaction>' >inbox/torn.xml
wait_for 15 test -e inbox/done/doors.ndjson
check "a file put into the drop folder is taken and moved to done/" test -e inbox/done/doors.ndjson
wait_for 15 test -e inbox/failed/torn.xml
check "a torn one goes to failed/" test -e inbox/failed/torn.xml
check "with a reason file" grep -q line inbox/failed/torn.xml.reason.txt
wait_for 15 test -e inbox/done/again.ndjson.reason.txt
check "a partly refused one has its reasons beside it in done/" grep -q unknown_field inbox/done/again.ndjson.reason.txt
dunlin flush --dir till --wait 30
is "the doors arrived" "$(dunlin-hub export events --dir hub --format ndjson | grep -c '"checkin"')" 80

if [ -r "$SHARED/data/poslog-ncr-51-transactions.xml" ]; then
    account=$(dunlin import --dir till --json --consent profiling "$SHARED/data/poslog-ncr-51-transactions.xml")
    is "the real POSLog: 42 retail transactions" "$(jq '.[0].taken' <<<"$account")" 42
    is "its control transactions are told" "$(jq '.[0].refusals.not_retail.count' <<<"$account")" 9
    is "every total and every tender adds up" "$(jq -c '[.[0].warnings | keys[] | select(test("total|tender"))]' <<<"$account")" '[]'
    account=$(dunlin import --dir till --json --format csv --mapping "$top/packaging/mappings/online-retail.map" "$SHARED/data/online-retail-4792-lines.csv")
    is "the real sales: 1587 and 44" "$(jq '.[0].taken' <<<"$account")" 1631
    is "462 adjustments are refused" "$(jq '.[0].refusals.stock_adjustment.count' <<<"$account")" 462
    dunlin flush --dir till --wait 60
    dunlin-hub export events --dir hub --format ndjson | jq -c 'select(.data.transaction_type == "return")' >returns
    is "44 returns at the hub" "$(wc -l <returns)" 44
    is "nobody's sales are nobody's" "$(dunlin-hub export events --dir hub --format ndjson | jq -c 'select((.event_id | tostring | startswith("invoice-")) and .profile_id == null)' | wc -l)" 408
else
    skip "the real POSLog and sales" "no reference data here"
fi
