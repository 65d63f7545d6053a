#!/usr/bin/env bash
# Audiences, the whole way: till, hub, custodian, upload file; and everything by which
# a value must not arrive there.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
vectors=$SHARED/reference/normalisation-vectors.json

make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" && enroll_till till-1 "$tap_dir/till" "$tap_dir/hub" ||
    fail "set-up"
enroll_till till-2 "$tap_dir/other" "$tap_dir/hub"
printf '[privacy]\nregion = DE\naudience_schemes = uid2, google, meta, tiktok snap\n' >till/dunlin.conf
chmod 600 till/dunlin.conf
fingerprint=$(dunlin-keys inspect --keyring hub.keyring --json | jq -r '.audience_keys[0].fingerprint')
check "the keyring has a fingerprint" grep -qE '^[0-9a-f]{32}$' <<<"$fingerprint"
is "the device has the custodian's key" "$(dunlin status --dir till --json | jq -r .audience.key)" "$fingerprint"
is "and says which platforms are on" "$(dunlin status --dir till --json | jq -r .audience.schemes)" \
    "uid2, google, meta, tiktok, snap"
check "doctor names both" sh -c "dunlin doctor --dir till | grep audience | grep -q $fingerprint"
is "none is on by default" "$(dunlin status --dir other --json | jq -r .audience.schemes)" none
start_till "$tap_dir/till" || fail "the agent runs"

# event ID TYPE CONSENT IDENTIFIERS [TIME]: from the data of a case in JSON
event() {
    jq -cn --arg id "$1" --arg type "$2" --argjson consent "$3" --argjson who "$4" --arg time "${5:-}" \
        '{id:$id,type:$type,consent:$consent,identifiers:$who}
         + (if $time == "" then {} else {time:$time} end)
         + (if $type == "purchase" then {data:{store_id:"9",currency:"EUR",total_minor:1000}}
            elif $type == "visit" then {data:{store_id:"7"}} else {} end)'
}
take() {
    post /v1/events "$(event "$@")"
    [ "$STATUS" = 201 ] || fail "$1 is answered 201, was $STATUS: $BODY"
}
yes='{"profiling":true,"ad_user_data":true}'
flush() { check "what was captured is delivered" dunlin flush --dir "${1:-till}" --wait 30; }
audience() { # FILE [ARGS...]: the number of sets
    dunlin-hub audience export --dir hub --out "$@" --json | jq .sets
}
upload() { # PLATFORM IN OUT [ARGS...]
    dunlin-keys export-audience --for "$1" --keyring hub.keyring --in "$2" --out "$3" "${@:4}" 2>&1
}
rows() { python3 -c 'import sqlite3, sys; print(sqlite3.connect("hub/hub.db").execute(sys.argv[1]).fetchone()[0])' "$1"; }
sha() { printf %s "$1" | sha256sum | cut -d' ' -f1; }
ago() { date -u -d "$1 ago" +%FT%TZ; }

jane='{"email":"Jane.Doe@Example.com","phone":"0171 2345678","given_name":"Jane","surname":"Doe","postcode":"50667","city":"Köln","date_of_birth":"1980-02-01","sex":"f"}'
take j-1 purchase "$yes" "$jane"
take j-2 visit "$yes" "$jane"
take no-1 purchase '{"profiling":true}' '{"email":"no.word@example.com"}'
take no-2 purchase '{"profiling":true,"ad_user_data":false}' '{"email":"no.ads@example.com"}'
take no-3 purchase '{"profiling":false,"ad_user_data":true}' '{"email":"no.profile@example.com"}'
take no-4 purchase '{"ad_user_data":true}' '{"email":"site.default@example.com"}'
take no-6 visit "$yes" '{"loyalty_id":"0042","city":"Berlin"}'
flush
is "only who agreed is in the audience, once" "$(audience a1)" 1
is "the hub names the custodian's key" "$(head -n 1 a1 | jq -r '.keys[0].fingerprint')" "$fingerprint"
is "and itself" "$(head -n 1 a1 | jq -r .hub)" hub.example.com
is "the file is private" "$(stat -c %a a1)" 600
check "the audit log has it" sh -c 'dunlin-hub audit --dir hub --json | grep -q audience.export'
check_not "no profile is named in it" grep -qE 'p_[0-9a-f]{24}' a1

check "the custodian writes google's file" upload google a1 google.csv
is "in google's columns" "$(head -n 1 google.csv | tr -d '\r')" "Email,Phone,First Name,Last Name,Country,Zip"
is "with google's values" "$(sed -n 2p google.csv | tr -d '\r')" \
    "$(sha jane.doe@example.com),$(sha +491712345678),$(sha jane),$(sha doe),DE,50667"
is "once" "$(wc -l <google.csv)" 2
is "and private" "$(stat -c %a google.csv)" 600
check_not "it is not written over" upload google a1 google.csv
check "but with --force" upload google a1 google.csv --force
check "meta's file too" upload meta a1 meta.csv
is "in meta's columns" "$(head -n 1 meta.csv | tr -d '\r')" "email,phone,fn,ln,zip,ct,country,dob,gen"
is "with meta's values" "$(sed -n 2p meta.csv | tr -d '\r')" \
    "$(sha jane.doe@example.com),$(sha 491712345678),$(sha jane),$(sha doe),$(sha 50667),$(sha kln),$(sha de),$(sha 19800201),$(sha f)"
check "uid2's list" upload uid2 a1 uid2.txt
is "is base64 of the digest" "$(cat uid2.txt)" \
    "$(printf %s jane.doe@example.com | openssl dgst -sha256 -binary | base64)"
check "of phones, when asked" upload uid2 a1 uid2p.txt --field phone
is "the other digest" "$(cat uid2p.txt)" "$(printf %s +491712345678 | openssl dgst -sha256 -binary | base64)"
check_not "a platform nobody knows is refused" upload myspace a1 m.csv

# The published examples, through every program: what the custodian writes is the digest.
# A loyalty card stands beside each, since our own form refuses some of the addresses. Of
# telephone numbers those that say their country.
if [ -f "$vectors" ]; then
    published='.vectors[] | select((.scheme | IN("google", "meta", "uid2")) and .status == "ok"
        and (.field == "email" or (.field == "phone" and (.input | startswith("+")))))'
    jq -c "[$published] | unique_by(.field, .input) | .[]" "$vectors" >cases.txt
    n=0
    while read -r case; do
        event "v-$((n += 1))" visit "$yes" "$(jq -c --arg n "V$n" '{(.field):.input,loyalty_id:$n}' <<<"$case")"
    done <cases.txt >batch.txt
    post /v1/events @batch.txt application/x-ndjson
    [ "$STATUS" = 201 ] || fail "the examples are taken: $BODY"
    flush
    audience av >/dev/null
    for platform in google meta uid2; do
        upload $platform av v.$platform >/dev/null && upload $platform av v.$platform.phone --field phone >/dev/null ||
            fail "the examples are exported for $platform"
        key=hex; [ $platform = uid2 ] && key=base64
        jq -r --arg s $platform "$published | select(.scheme == \$s) | .$key" "$vectors" | sort -u >want
        lost=0
        while read -r digest; do grep -qF "$digest" v.$platform v.$platform.phone || lost=$((lost + 1)); done <want
        is "every published example of $platform comes out as its digest ($(wc -l <want))" "$lost" 0
    done
else
    skip "every published example comes out as its digest" "no vectors here"
fi

# Whom to hand out.
is "of a kind of event" "$(audience f1 --type purchase)" 1
is "of a store" "$(audience f2 --store 9)" 1
is "of another store nobody" "$(audience f3 --store 1234)" 0
is "of who spent so much" "$(audience f4 --min-minor 1000 --currency EUR)" 1
is "of who spent more nobody" "$(audience f5 --min-minor 1001 --currency EUR)" 0
is "of a time to come nobody" "$(audience f6 --since 2999-01-01)" 0
check_not "an amount wants its currency" audience f7 --min-minor 5

# Who asks.
hub() { curl -sS -m 20 -o answer -w '%{http_code}' --cacert hub/ca.pem -H "Authorization: Bearer $1" "$HUB_URL/v1/audience${2:-}"; }
dunlin-hub token create --dir hub --role viewer --name v >viewer.token
dunlin-hub token create --dir hub --role custodian --name c >custodian.token
is "a viewer gets none" "$(hub "$(grep -oE '[0-9a-f]{64}' viewer.token)")" 403
is "nor does a custodian's token" "$(hub "$(grep -oE '[0-9a-f]{64}' custodian.token)")" 403
is "an administrator does" "$(hub "$(cat hub/admin.token)" '?type=purchase')" 200
check "and the custodian opens it" upload google answer api.csv
is "the same" "$(cat api.csv)" "$(cat google.csv)"
is "a bad wish is refused" "$(hub "$(cat hub/admin.token)" '?since=yesterday')" 400

# Another custodian.
dunlin-keys init --keyring stranger.key --hub-share stranger.share >/dev/null
check_not "another custodian opens nothing" dunlin-keys export-audience --for google \
    --keyring stranger.key --in a1 --out stolen.csv
check_not "and no file is left" test -e stolen.csv -o -e stolen.csv.part
head -c -40 a1 >cut.audience
check_not "a file that was cut off is refused" upload google cut.audience cut.csv
sed '2s/"sealed":"..../"sealed":"AAAA/' a1 >altered
check_not "an altered one too" upload google altered altered.csv

# The custodian's next key: old sets stay readable.
check "a new audience key" dunlin-keys audience-key --keyring hub.keyring
is "is the second" "$(dunlin-keys inspect --keyring hub.keyring --json | jq '.audience_keys | length')" 2
check "what was sealed to the first is opened" upload google a1 again.csv

# A keyring of before audience keys, and one with a passphrase.
jq -c '.format = "dunlin-keyring-1" | del(.audience)' hub.keyring >old.keyring && chmod 600 old.keyring
dunlin-keys enroll till-3 --keyring old.keyring --hub "$HUB_URL" --ca hub/ca.pem \
    --admin-token-file hub/admin.token >old.bundle 2>/dev/null
is "an old keyring gets a key with the next enrolment" \
    "$(jq -r .audience_public old.bundle)" "$(jq -r '.audience[0].public' old.keyring)"
is "and is of the new format" "$(jq -r .format old.keyring)" dunlin-keyring-2
echo 'correct horse' >pass && chmod 600 pass
dunlin-keys init --keyring locked.key --hub-share locked.share --passphrase-file pass >/dev/null
check_not "a locked keyring takes no new key without its passphrase" \
    env DUNLIN_PASSPHRASE=wrong dunlin-keys audience-key --keyring locked.key
check "with it, it does" dunlin-keys audience-key --keyring locked.key --passphrase-file pass
check "and shows no secret" sh -c "! dunlin-keys inspect --keyring locked.key --json | grep -qF \"\$(jq -r '.audience[0].secret' locked.key)\""

profile=$(dunlin-hub export events --dir hub --format ndjson | jq -r 'select(.event_id == "j-1").profile_id')
is "the profile says for whom something is sealed" \
    "$(dunlin-hub profile show "$profile" --dir hub --json | jq -c .audience)" '["uid2","google","meta","tiktok","snap"]'

# Taken back: by the phone alone, for the whole person, and for what comes late.
take w-0 purchase "$yes" '{"email":"jane.doe@example.com"}' "$(ago '3 hours')"
flush
is "one person, two sets" "$(audience b0 --type purchase)" 2
take w-1 consent '{"profiling":true,"ad_user_data":false}' '{"phone":"+49 171 2345678"}'
flush
is "who takes it back is out, with all sets" "$(audience b1 --type purchase)" 0
is "and nothing of it is kept" "$(rows "SELECT count(*) FROM audience a JOIN measures m USING (observation) WHERE m.name = 'purchase'")" 0
take w-2 purchase "$yes" '{"email":"JANE.DOE@example.com"}' "$(ago '2 hours')"
flush
is "an older yes that comes late changes nothing" "$(audience b2 --type purchase)" 0
take w-3 purchase "$yes" '{"email":"jane.doe@example.com"}' "$(date -u -d '1 minute' +%FT%TZ)"
flush
is "a later yes counts" "$(audience b3 --type purchase)" 1

# Forgotten.
check "forget" dunlin forget --email jane.doe@example.com --dir till
flush
sleep 0.1
take x-1 purchase "$yes" '{"email":"jane.doe@example.com"}' "$(ago '1 hour')"
flush
is "forgotten, and not back by what comes late" "$(audience c1 --type purchase --until "$(date -u +%FT%TZ)")" 0

# A site that did not turn it on.
stop "$TILL_PID"
start_till "$tap_dir/other" || fail "the other agent runs"
take o-1 purchase "$yes" '{"email":"off@example.com"}'
flush other
is "where no platform is on nothing is sealed" "$(audience d1 --type purchase --until "$(date -u +%FT%TZ)")" 0
is "nor counted" "$(dunlin status --dir other --json | jq .counts.audience)" 0
stop "$TILL_PID"

# A device from before the custodian had a key.
jq -c 'del(.audience_public)' other/enrolment.json >e && cat e >other/enrolment.json
printf '[privacy]\naudience_schemes = google\n' >other/dunlin.conf && chmod 600 other/dunlin.conf
start_till "$tap_dir/other" || fail "it runs without the key"
take o-2 purchase "$yes" '{"email":"nokey@example.com"}'
flush other
is "without the custodian's key nothing is sealed" "$(dunlin status --dir other --json | jq .counts.audience)" 0
check "and status says so" sh -c "dunlin status --dir other --json | jq -e '.problems[] | select(.code == \"audience_key\")'"
stop "$TILL_PID"
dunlin-keys rotate till-2 --keyring hub.keyring --hub "$HUB_URL" --ca hub/ca.pem \
    --admin-token-file hub/admin.token >again.bundle 2>/dev/null
check "enrolled again it has the key" dunlin enroll again.bundle --dir other --replace
is "the newest" "$(dunlin status --dir other --json | jq -r .audience.key)" \
    "$(dunlin-keys inspect --keyring hub.keyring --json | jq -r '.audience_keys[-1].fingerprint')"
