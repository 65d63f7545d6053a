#!/usr/bin/env bash
# P1: canary customers pass through the whole system; afterwards every byte that agent
# and hub left anywhere is searched for them, raw, folded and plainly hashed.
. "$(dirname "$0")/../support/tap.sh"
here=$(cd "$(dirname "$0")" && pwd)
cd "$tap_dir" || exit 1
ulimit -c unlimited
scan() { python3 "$here/scan.py" "$tap_dir/canaries" "$@"; }

cat >canaries <<'C'
Zebulon.Quagmire@canary-mail.example
+49 171 5550199
0171 5550199
CANARYCARD0042
CANARYACCOUNT77
CANARYTICKETX9K2
Zebulonia
Quagmiretta
1971-03-17
Canaryway 17b
Canaryville
psp_canary_tok_8812
canarycookie5551234
CANARYNATID77812
3F2504E0-4F89-41D3-9A0C-0305E82C3301
203.0.113.87
CN77 7XQZ
19710317
CANARYROSTERT5J8
CANARYORDERK4M2
C
mkdir evidence
echo "log line of zebulon.quagmire@canary-mail.example" >evidence/planted
check_not "the search finds what is planted" scan evidence
printf '%s' 'Zebulon.Quagmire@canary-mail.example' | sha256sum | cut -d' ' -f1 >evidence/planted
check_not "hashed too" scan evidence
rm evidence/planted

make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" && enroll_till till-1 "$tap_dir/till" "$tap_dir/hub" ||
    fail "set-up"
if tcpdump -D >/dev/null 2>&1; then
    tcpdump -i lo -U -w evidence/uplink.pcap "tcp port ${HUB_URL##*:}" >/dev/null 2>&1 &
    tap_pids+=("$!")
    sleep 0.5
    captured=1
fi
# Every platform on, and consent to it: what the custodian alone may open is in there.
printf '[privacy]\naudience_schemes = uid2, google, meta, tiktok, snap\n' >till/dunlin.conf && chmod 600 till/dunlin.conf
start_till "$tap_dir/till"
ids='{"email":"Zebulon.Quagmire@canary-mail.example","phone":"+49 171 5550199","loyalty_id":"CANARYCARD0042","account_id":"CANARYACCOUNT77","given_name":"Zebulonia","surname":"Quagmiretta","date_of_birth":"1971-03-17","street":"Canaryway 17b","city":"Canaryville","payment_ref":"psp_canary_tok_8812","cookie_id":"canarycookie5551234","national_id":"CANARYNATID77812","device_id":"3F2504E0-4F89-41D3-9A0C-0305E82C3301","ip":"203.0.113.87","postcode":"CN77 7XQZ","sex":"f"}'
event() { echo '{"id":"'"$1"'","type":"'"$2"'","consent":{"profiling":'"${4:-true}"',"ad_user_data":true},"identifiers":'"$3"',"data":'"$5"'}'; }
# The request comes on standard input, never through a pipe: STATUS must stay here. Over
# the Unix socket, so that the loopback capture has the uplink alone.
send() {
    STATUS=$(curl -s -m 20 -o answer -w '%{http_code}' --unix-socket till/dunlin.sock \
        -H "Content-Type: ${2:-application/json}" --data-binary @- "http://localhost$1")
    cat answer >>evidence/answers
}
sale='{"store_id":"9","currency":"EUR","total_minor":100}'
send /v1/events < <(event p-1 purchase "$ids" true "$sale")
is "a purchase with every identifier is taken" "$STATUS" 201
send /v1/events < <(event p-2 purchase "$ids" false "$sale")
is "one without consent too" "$STATUS" 201
send /v1/events < <(event t-1 checkin '{"ticket":"CANARYTICKETX9K2"}' true '{"event":"e1","list":"main"}')
is "a check-in is taken" "$STATUS" 201
send /v1/checkins < <(echo '{"event":"e1","list":"main","ticket":"CANARYTICKETX9K2","type":"entry","gate":"g1","nonce":"n-77"}')
send /v1/events application/x-ndjson < <(for i in $(seq 40); do event "b-$i" visit "$ids" true '{"store_id":"9"}'; done)
is "a batch is taken" "$STATUS" 201
{
    event b-50 visit "$ids" true '{"store_id":"9"}'
    event b-51 visit "$ids" true '{"storeid":"9","Zebulonia":1}'
} >"batch" && send /v1/events application/x-ndjson <"batch"
is "an event with an unknown field is refused" "$STATUS" 422
send /v1/events < <(event g-1 purchase '{}' true '{"store_id":"9","currency":"EUR","total_minor":1,"lines":[{"line_no":1,"name":"for Zebulon.Quagmire@canary-mail.example","extended_minor":1}]}')
is "an e-mail in a product name is refused" "$STATUS" 422
send /v1/events < <(event m-1 visit "$ids" true '{"store_id":"9"}' | head -c 150)
is "a torn request is refused" "$STATUS" 400
send /v1/events < <(event e-1 visit '{"email":"Zebulon.Quagmire@@canary-mail.example","phone":"0171 5550199"}' true '{"store_id":"9"}')
check "an identifier without a canonical form is dropped, the event kept" test "$STATUS" = 201
send /v1/events application/cloudevents+json < <(printf '{"specversion":"1.0","id":"ce-1","source":"/till","type":"visit","data":{"store_id":"9"},"identifiers":%s}' "$ids")
check "an audience is handed out" sh -c 'dunlin flush --dir till --wait 20 && dunlin-hub audience export --dir hub --out evidence/audience'
check "and there are sealed values in it" grep -q '"sealed"' evidence/audience
check "which the custodian can open" dunlin-keys export-audience --for uid2 --keyring hub.keyring --in evidence/audience --out opened
check_not "and in which the search finds them" scan opened
rm opened
# A roster has the codes and orders of all guests: through the program, the API, and refused.
mkdir -m 700 lists
printf 'code,product,order\nCANARYTICKETX9K2,Adult,CANARYORDERK4M2\nCANARYROSTERT5J8,Adult,CANARYORDERK4M2\n' >lists/e1.csv
printf '{"positions":[{"secret":"CANARYROSTERT5J8","order":"CANARYORDERK4M2","attendee_name":"Zebulonia Quagmiretta","attendee_email":"Zebulon.Quagmire@canary-mail.example","item":1}]}' >lists/e2.json
printf 'code,product,valid_until\nCANARYROSTERT5J8,Adult,CANARYORDERK4M2\n' >lists/e3.csv
check "a roster comes in" dunlin-hub roster import e1 --file lists/e1.csv --dir hub
import() { # EVENT FILE TYPE
    curl -sS -m 20 --cacert hub/ca.pem -H "Authorization: Bearer $(cat hub/admin.token)" -H "Content-Type: $3" \
        --data-binary "@lists/$2" "$HUB_URL/v1/rosters/$1/import" >>evidence/rosters
}
import e2 e2.json application/json
import e1 e3.csv text/csv
is "another one through the API, a third is refused" "$(jq -r '.added // .type' evidence/rosters | tr '\n' ' ')" "1 urn:dunlin:problem:malformed "
dunlin-hub roster import e1 --file lists/e3.csv --dir hub >>evidence/rosters 2>&1
echo CANARYROSTERT5J8 | dunlin-hub roster revoke e1 --dir hub >>evidence/rosters
dunlin-hub roster assign e1 --device till-1 --dir hub >>evidence/rosters
dunlin-hub roster show e1 --dir hub --json >>evidence/rosters
for part in '' /tickets; do
    curl -sS -m 20 --cacert hub/ca.pem --cert till/device.crt --key till/device.key "$HUB_URL/v1/device/rosters/e1$part" >>evidence/rosters
done
printf 'Zebulon.Quagmire@canary-mail.example' | dunlin forget --email - --dir till >>evidence/forget 2>&1 ||
    fail "forget takes the value from standard input"
check "all of it reaches the hub" dunlin flush --dir till --wait 20
dunlin status --dir till --json >evidence/status
dunlin status --dir till >>evidence/status
dunlin doctor --dir till >evidence/doctor 2>&1
dunlin outbox list --dir till >evidence/outbox 2>&1
curl -s -H "Authorization: Bearer $TILL_KEY" "$TILL_URL/metrics" >evidence/metrics
dunlin-hub export events --dir hub --format ndjson >evidence/events
dunlin-hub export links --dir hub --format ndjson >evidence/links
dunlin-hub export profiles --dir hub --format ndjson >evidence/profiles
dunlin-hub audit --dir hub --json >evidence/audit
sleep 0.5
check "no canary in any file of the agent, database and WAL included" scan till till.log till.out
check "no canary in any file of the hub" scan hub hub.log hub.out
check "no canary in answers, exports, status, metrics" scan evidence
[ -n "${captured:-}" ] && check "the uplink was captured" test -s evidence/uplink.pcap ||
    skip "the uplink was captured" "no tcpdump here"
check "no canary in the agent's memory once it has answered" scan --pid "$TILL_PID"
check "no canary in the hub's memory" scan --pid "$HUB_PID"
send /v1/events < <(event after visit "$ids" true '{"store_id":"9"}')
kill -SEGV "$TILL_PID"; sleep 0.5
check "a crash leaves no core" test -z "$(find . /var/lib/systemd/coredump -type f -name "*core*" 2>/dev/null)"
check "and nothing in the folder" scan till till.log
