#!/usr/bin/env bash
# An operator asks why a profile is one, parts it, takes that back, blocks the till's own
# phone, and changes the rules: trying first, then for good, beside a serving hub.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" && enroll_till till-1 "$tap_dir/till" "$tap_dir/hub" ||
    fail "set-up"
printf '[privacy]\nregion = DE\nblocked_values = none@none.example 0000*\n' >till/dunlin.conf
chmod 600 till/dunlin.conf
start_till "$tap_dir/till"

sale() { # ID EMAIL PHONE LOYALTY
    post /v1/events "$(jq -cn --arg id "$1" --arg e "$2" --arg p "$3" --arg l "$4" \
        '{id:$id,type:"visit",consent:{profiling:true},data:{store_id:"7"},
          identifiers:({email:$e,phone:$p,loyalty_id:$l} | with_entries(select(.value != "")))}')"
    [ "$STATUS" = 201 ] || fail "$1 is answered 201, was $STATUS: $BODY"
}
flush() { dunlin flush --dir till --wait 30 >/dev/null || fail "flush"; }
profile() {
    dunlin-hub export events --dir hub --format ndjson | jq -r --arg id "$1" 'select(.event_id==$id).profile_id'
}
hub() { dunlin-hub "$@" --dir hub; }

check "init writes the rules, documented" grep -q 'profiles_per_value = 5' hub/identity.conf
check "and they are what is in force" test "$(grep -c serve.rules hub.log)" = 0

sale a1 anna@example.com '0171 2345678' ''
sale b1 ben@example.com '0171 2345678' ''
sale b2 ben@example.com '' 0042
sale n1 None@None.example 0000000000 ''
flush
one=$(profile a1)
is "one phone makes them one" "$(profile b1)" "$one"
is "a blocked value makes nobody" "$(profile n1)" null

# ---- why, and apart ----------------------------------------------------------------------
hub profile explain "$one" --json >why.json
is "explain lists the identifiers" "$(jq '.identifiers | length' why.json)" 4
is "and what joined them" "$(jq '[.joined[] | select(.by=="observations")] | length' why.json)" 3
hub profile explain "$one" >why.txt
check "in words, too" grep -q 'together in 1 observation' why.txt
card=$(jq -r '.identifiers[] | select(.type=="loyalty_id").id' why.json)
mail=$(jq -r '[.joined[] | select(.a_type=="loyalty_id").b] | first' why.json)
check "split parts some from the others" hub profile split "$one" "$card" "$mail"
check "for their events" test "$(profile b2)" != "$(profile a1)"
is "the old id still leads somewhere" "$(hub profile show "$one" --json | jq '.events >= 1')" true
hub profile explain "$(profile b2)" --json >why.json
is "explain says what keeps them apart" "$(jq -r '[.kept_out[].reason] | unique | join(" ")' why.json)" never
no=$(hub match decisions --json | jq '.[0].no')
is "the decision is listed, with its pairs" "$(hub match decisions --json | jq '.[0].pairs')" 4
check "undo takes it back" hub match decisions undo "$no"
is "and they are one as before" "$(profile b2)" "$one"
check_not "twice it cannot" hub match decisions undo "$no"

sale c1 cleo@example.com '' ''
flush
check "always joins what nothing joined" hub match always "$one" "$(profile c1)"
is "so they are one" "$(profile c1)" "$(profile a1)"
check "never, later, counts more" hub match never "$(hub match decisions --json | jq -r '.[-1].a')" \
    "$(hub match decisions --json | jq -r '.[-1].b')"
check "so they are two" test "$(profile c1)" != "$(profile a1)"
check_not "nonsense is refused" hub match never p_1 p_2

# ---- block -------------------------------------------------------------------------------
dunlin token --dir till phone 01712345678 >token.txt
check "a device tells the token of a value" grep -Eq '^till-1/1/phone/[0-9a-f]{64}$' token.txt
is "the same from standard input" "$(echo 0171/2345678 | dunlin token --dir till phone -)" "$(cat token.txt)"
dunlin token --dir nobody phone 01712345678 >out 2>err
is "a folder that is not enrolled has none" $? 4
dunlin token --dir till phone 'seven eleven' >out 2>err
is "what is no telephone number is refused" $? 2
check "with a reason" grep -q 'this phone has no canonical form' err
check_not "and not repeated" grep -q seven err
check "the hub blocks it" hub match block "$(cat token.txt)"
check "and who had nothing else in common is two" test "$(profile a1)" != "$(profile b1)"
is "stats count it" "$(hub_stat hub identifiers_blocked)" 1
sale p1 '' 01712345678 ''
flush
is "an event with nothing else is nobody's" "$(profile p1)" null
hub match decisions undo "$(hub match decisions --json | jq '.[-1].no')" || fail "undo the block"
is "until that is undone" "$(profile p1)" "$(profile a1)"

# ---- rules -------------------------------------------------------------------------------
sed 's/^\[phone\]$/[phone]\nmerges = no/' hub/identity.conf >other.conf
check "other rules are checked" hub match rules check other.conf
printf 'blob_max = 10\n[email]\nvalues = 3\n' >bad.conf
check "a key nobody knows is named" grep -q 'bad.conf: line 3.*email.values' <<<"$(hub match rules check bad.conf 2>&1)"
hub match rules change other.conf --dry-run --json >plan.json
is "a trial tells who would part" "$(jq -c '[.part.from,.merge.into]' plan.json)" '[1,0]'
is "with an example" "$(jq '.part.examples[0] | length >= 2' plan.json)" true
is "and changes nothing" "$(profile b1)" "$(profile a1)"
check_not "without a word it does nothing" hub match rules change other.conf
check "then it is done" hub match rules change other.conf --yes
check "so they have parted" test "$(profile a1)" != "$(profile b1)"
is "the version counts" "$(hub match rules show --json | jq .version)" 1
check_not "the same again is none" hub match rules change other.conf --yes
check "and back" hub match rules change hub/identity.conf --yes
is "as it was" "$(profile b1)" "$(profile a1)"
before=$(dunlin-hub export profiles --dir hub --format ndjson | sort)
check "a rebuild" hub match rebuild
is "changes nothing" "$(dunlin-hub export profiles --dir hub --format ndjson | sort)" "$before"
for what in profile.explain profile.split match.undo match.always match.never match.block match.rules; do
    check "the audit log has $what" grep -q "\"$what\"" <<<"$(hub audit --json)"
done

# ---- somebody else's hub -----------------------------------------------------------------
as_nobody() { setpriv --reuid 65534 --clear-groups "$BIN/dunlin-hub" "$@"; }
if [ "$(id -u)" = 0 ] && as_nobody --version >/dev/null 2>&1; then
    check "a hub of another user is told apart from none" grep -q "another user's" <<<"$(as_nobody stats --dir "$tap_dir/hub" 2>&1)"
else
    skip "a hub of another user is told apart from none" "not root"
fi
