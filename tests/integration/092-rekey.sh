#!/usr/bin/env bash
# A re-key with sales going on, killed again and again: the same people as before.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" &&
    enroll_till till-1 "$tap_dir/till" "$tap_dir/hub" && enroll_till till-2 "$tap_dir/other" "$tap_dir/hub" ||
    fail "set-up"
PEOPLE=4000
sales() { # FROM STEP TO TIME
    seq "$1" "$2" "$3" | awk -v t="$4" '{printf "{\"type\":\"purchase\",\"time\":\"%s\",\"identifiers\":{\"email\":\"p%d@example.org\",\"loyalty_id\":\"L%d\"},\"consent\":{\"profiling\":true},\"data\":{\"store_id\":\"9\",\"currency\":\"EUR\",\"total_minor\":100}}\n", t, $1, $1}'
}
# People without e-mail, whom the likenesses of names and birth dates link.
alike() { # STREET TIME
    for i in 1 2 3 4 5 6 7 8; do
        echo '{"type":"visit","time":"'"$2"'","identifiers":{"given_name":"Anna-'$i'","surname":"Sommerfeldt'$i'","date_of_birth":"197'$i'-03-1'$i'","postcode":"1011'$i'","street":"'"$1"' '$i'","city":"Berlin"},"consent":{"profiling":true},"data":{"store_id":"9"}}'
    done
}
{ sales 1 1 $PEOPLE 2026-11-01T10:00:00Z; alike Hauptstrasse 2026-11-01T10:00:00Z
  sales 9001 1 9003 2026-11-01T10:00:00Z; } | dunlin capture --dir till
dunlin forget --email p9001@example.org --dir till
dunlin flush --dir till --wait 60 || fail "events arrive"
dunlin-hub match run --dir hub
dunlin-hub export profiles --dir hub --format ndjson | jq -r .profile_id | sort >before
sqlite3 hub/hub.db ".backup $tap_dir/copy.db"
cp hub/hub.share old.share

# Sales all along, from another till than the one where people were seen first.
start_till "$tap_dir/other"
(for i in $(seq 40); do sales "$i" 40 $PEOPLE 2026-11-02T10:00:00Z | dunlin capture --dir other >/dev/null || exit 1; done) &
selling=$!
kills=0
for try in $(seq 12); do
    dunlin-hub rekey --dir hub >/dev/null 2>&1 &
    run=$!
    sleep "0.$((RANDOM % 2))$((RANDOM % 10))"
    kill -9 "$run" 2>/dev/null && kills=$((kills + 1))
    wait "$run" 2>/dev/null
done
check "it was killed on its way" test "$kills" -gt 0
check "and goes on to its end" dunlin-hub rekey --dir hub
is "the hub says so" "$(dunlin-hub rekey --status --dir hub --json | jq -c '[.running,.to_do]')" '[false,0]'
wait "$selling" || fail "the till sold all along"
check "all sales arrive" dunlin flush --dir other --wait 60
is "nothing went to quarantine" "$(hub_stat hub quarantined)" 0
dunlin-hub export profiles --dir hub --format ndjson >profiles
is "the same people under the same names" "$(jq -r .profile_id profiles | sort | diff - before && echo same)" same
is "each with both sales" "$(jq -c 'select(.events==2)' profiles | wc -l)" $PEOPLE
sales 9001 1 9001 2026-11-01T09:00:00Z | dunlin capture --dir other
alike Hauptstrasse 2026-11-02T10:00:00Z | dunlin capture --dir other
dunlin flush --dir other --wait 60
dunlin-hub match run --dir hub
is "a tombstone from before still holds, and likenesses meet" \
    "$(dunlin-hub export profiles --dir hub --format ndjson | jq -r .profile_id | sort | diff - before && echo same)" same
check "a device enrolled now meets the same people" enroll_till till-3 "$tap_dir/third" "$tap_dir/hub"
sales 5 1 5 2026-11-03T10:00:00Z | dunlin capture --dir third
dunlin flush --dir third --wait 20
is "by their old names" "$(dunlin-hub export profiles --dir hub --format ndjson | jq -c 'select(.events>=3)' | wc -l)" 1

# What was stored before and what is now have no token in common.
elements() { sqlite3 "$1" "SELECT hex(element) FROM nodes UNION SELECT hex(element) FROM tombstones UNION SELECT hex(element) FROM recipes" | sort; }
elements copy.db >old
elements hub/hub.db >new
check "there are tokens in both" test "$(wc -l <old)" -gt $PEOPLE -a "$(wc -l <new)" -gt $PEOPLE
is "an old copy shares no token with the hub" "$(comm -12 old new | wc -l)" 0
check_not "nor a share" cmp -s hub/hub.share old.share
is "rho is gone" "$(sqlite3 hub/hub.db 'SELECT factor IS NULL AND share IS NULL FROM rekey')" 1
dunlin-hub audit --dir hub --json >audit
is "each that began has its end in the audit log" "$(grep -c rekey.begin audit)" "$(grep -c rekey.end audit)"
check_not "a share from before is refused" sh -c "rm hub/hub.share && cp old.share hub/hub.share && chmod 600 hub/hub.share && dunlin-hub rekey --dir hub"
