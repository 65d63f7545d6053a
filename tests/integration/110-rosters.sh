#!/usr/bin/env bash
# Rosters with real programs: imported, given to a gate, fetched with its certificate; what
# a change costs; and that no ticket code is anywhere at the hub.
. "$(dirname "$0")/../support/tap.sh"
here=$(cd "$(dirname "$0")" && pwd)
cd "$tap_dir" || exit 1
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" && enroll_till gate-1 "$tap_dir/gate" "$tap_dir/hub" &&
    enroll_till till-9 "$tap_dir/till" "$tap_dir/hub" || fail "set-up"
roster() { dunlin-hub roster "$@" --dir hub; }
# fetch DEVICE PATH FILE: the status
fetch() {
    curl -sS -m 20 -o "$3" -w '%{http_code}' --cacert hub/ca.pem --cert "$1/device.crt" --key "$1/device.key" \
        "$HUB_URL/v1/device/rosters/$2"
}
# signed CONTEXT FILE SIGNATURE: the hub's sign.key made it, as openssl sees it.
signed() {
    python3 -c "import sys; sys.stdout.buffer.write(bytes.fromhex('302a300506032b6570032100' + sys.argv[1]))" \
        "$(jq -r .sign_public gate/enrolment.json)" >pub.der
    { printf '%s\0' "$1" && cat "$2"; } >msg
    openssl pkeyutl -verify -pubin -keyform DER -inkey pub.der -rawin -in msg -sigfile "$3" >/dev/null 2>&1
}
split_page() { # FILE: body and signature
    head -c -64 "$1" >body && tail -c 64 "$1" >sig
}
# rows FILE: "version hash status" of each row of a page.
rows() {
    python3 - "$1" <<'P'
import struct, sys
b = open(sys.argv[1], "rb").read()
assert b[:4] == b"DLT1"
at = 5 + b[4]
frm, after, head, more, count = struct.unpack_from(">Q16sQBI", b, at)
at += 37
for _ in range(count):
    version, ticket, order, status, flags, *words = struct.unpack_from(">Q16s8sBB4H", b, at)
    at += 42 + 8 * bin(flags).count("1")
    print(version, ticket.hex(), status)
assert at == len(b) - 64, "whole"
print("more", more)
P
}

cat >tickets.csv <<'C'
code,product,order,valid_until,attention,status
CANARY-TICKET-AB12X,Adult,CANARYORDER77,2026-12-24,bring an ID,
CANARY-TICKET-CD34Y,Adult,CANARYORDER77,2026-12-24,,
CANARY-TICKET-EF56Z,Child,CANARYORDER88,2026-12-24 18:30,,blocked
C
is "a dry run tells what would be" "$(roster import summer26 --file tickets.csv --dry-run --json | jq -c '[.created,.added]')" '[true,3]'
is "and changes nothing" "$(roster list --json | jq '.rosters|length')" 0
is "three tickets come in" "$(roster import summer26 --file tickets.csv --timezone Europe/Berlin --json | jq -c '[.created,.added,.removed]')" '[true,3,0]'
is "again, nothing changes" "$(roster import summer26 --file tickets.csv --json | jq -c '[.head_changed,.added,.changed,.removed,.unchanged]')" '[false,0,0,0,3]'
is "list counts them" "$(roster list --json | jq -c '.rosters[0]|[.event,.tickets,.devices]')" '["summer26",3,0]'
is "stats by product" "$(roster stats summer26 --json | jq -c '[.products[]|[.product,.tickets]]')" '[["Adult",2],["Child",1]]'

is "a device that was not given it gets nothing" "$(fetch gate summer26 out)" 404
is "nor its tickets" "$(fetch gate summer26/tickets out)" 404
check "it is given to a gate" roster assign summer26 --device gate-1 --gate north --address 127.0.0.1:8790
check_not "not to a device that is none" roster assign summer26 --device gate-7
is "the gate gets the head" "$(fetch gate summer26 head)" 200
jq -r .document head | base64 -d >document
jq -r .signature head | base64 -d >sig
check "which the hub has signed" signed DUNLIN-V01-roster document sig
is "with list, gate and addresses" "$(jq -c '[.event,.lists[0].id,.gate,.peers[0].address,.words[1]]' document)" \
    '["summer26","main","north","127.0.0.1:8790","Adult"]'
is "with the steps of the zone" "$(jq -c '.zone[-1][1] as $last | [.zone[][1]] | unique' document)" '[60,120]'
is "and the tickets" "$(fetch gate summer26/tickets page)" 200
split_page page
check "which it has signed too" signed DUNLIN-V01-tickets body sig
is "three of them, and no more" "$(rows page | grep -v more | cut -d' ' -f3 | sort | tr '\n' ' ')" "0 0 1 "
python3 - document page <<'P' && pass "a scanned code is found by the head's key" || fail "a scanned code is found by the head's key"
import base64, hashlib, json, sys
key = base64.b64decode(json.load(open(sys.argv[1]))["key"])
want = hashlib.blake2b(b"ticket\0CANARY-TICKET-CD34Y", key=key, digest_size=16).digest()
sys.exit(want not in open(sys.argv[2], "rb").read())
P
is "another device still gets nothing" "$(fetch till summer26 out)" 404
is "a device asks for a roster that is none" "$(fetch gate winter26 out)" 404
is "and with nonsense for a cursor" "$(fetch gate 'summer26/tickets?from=x' out)" 400

sed -i 's/CD34Y,Adult,CANARYORDER77,2026-12-24,,/&revoked/' tickets.csv
read -r version last _ < <(rows page | grep -v more | tail -n 1)
changed=$(python3 -c "import base64,hashlib,json; print(hashlib.blake2b(b'ticket\0CANARY-TICKET-CD34Y', key=base64.b64decode(json.load(open('document'))['key']), digest_size=16).hexdigest())")
is "one changed ticket" "$(roster import summer26 --file tickets.csv --json | jq -c '[.changed,.unchanged]')" '[1,2]'
fetch gate "summer26/tickets?from=$version&after=$last" change >/dev/null
is "is one row, revoked" "$(rows change | cut -d' ' -f1 --complement | tr '\n' ' ')" "$changed 2 0 "
check "of less than a kilobyte" test "$(stat -c %s change)" -lt 1024
echo "# one changed ticket: $(stat -c %s change) bytes"
echo CANARY-TICKET-AB12X | roster revoke summer26 --json >revoked
is "a ticket is revoked by its code" "$(jq .changed revoked)" 1
is "which an import does not undo" "$(roster import summer26 --file tickets.csv --json | jq -c '[.revoked_by_hand,.changed]')" '[1,0]'

# The same through the API, as the admin.
api() { # METHOD PATH TOKEN [curl arguments]
    curl -sS -m 20 -o answer -w '%{http_code}' --cacert hub/ca.pem -X "$1" -H "Authorization: Bearer $(cat "$3")" \
        "${@:4}" "$HUB_URL/v1/rosters$2"
}
dunlin-hub token create --dir hub --role viewer --name eyes >viewer.token
is "a viewer sees them" "$(api GET '' viewer.token)" 200
is "and may not import" "$(api POST /autumn26/import viewer.token -H 'Content-Type: text/csv' --data-binary @tickets.csv)" 403
is "an admin may" "$(api POST '/autumn26/import?timezone=Europe/Berlin' hub/admin.token -H 'Content-Type: text/csv' --data-binary @tickets.csv)" 200
is "the answer counts" "$(jq -c '[.created,.added]' answer)" '[true,3]'
is "other events have other keys" "$(dunlin-hub roster assign autumn26 --device gate-1 --dir hub >/dev/null
    fetch gate autumn26 head2 >/dev/null; jq -r .document head2 | base64 -d | jq .key | cmp -s - <(jq .key document); echo $?)" 1
is "lists alone" "$(api POST /autumn26/lists hub/admin.token -H 'Content-Type: application/json' \
    -d '[{"id":"vip","products":["Adult"],"opens":"2026-12-24 10:00","gates":["north"],"unknown":"accept_signed"}]')" 200
is "take the place of those there were" "$(roster show autumn26 --json | jq -c '[.lists[]|[.id,.all_products,.opens_ms]]')" \
    '[["vip",false,1798102800000]]'
is "a list with a typing error is refused" "$(api POST /autumn26/lists hub/admin.token -d '[{"id":"vip","prodcts":[]}]')" 400
is "an admin revokes" "$(api POST /autumn26/revoke hub/admin.token -d '{"codes":["CANARY-TICKET-CD34Y"]}')" 200
is "shows" "$(api GET /autumn26 hub/admin.token)" 200
is "counts" "$(api GET /autumn26/stats hub/admin.token)" 200
is "takes it from a device" "$(api POST /autumn26/unassign hub/admin.token -d '{"device":"gate-1"}')" 200
is "which gets it no more" "$(fetch gate autumn26 out)" 404
is "removes" "$(api DELETE /autumn26 hub/admin.token)" 200
is "once" "$(api DELETE /autumn26 hub/admin.token)" 404
is "what was done is in the audit log" "$(dunlin-hub audit --dir hub --json | jq -r 'select(.what|startswith("roster"))|.what' | sort | uniq -c | tr -s ' ' | tr '\n' ',')" \
    " 2 roster.assign, 6 roster.import, 1 roster.remove, 2 roster.revoke, 1 roster.unassign,"

# A wrong file changes nothing, and is not repeated.
printf 'code,product,valid_until\nCANARY-TICKET-AB12X,Adult,tomorrow\n' >wrong.csv
roster import summer26 --file wrong.csv >out 2>&1
is "a wrong line is refused" "$?" 2
check "with file, line and column" grep -q 'wrong.csv: line 2: valid_until' out
check_not "and not quoted" grep -q 'tomorrow\|CANARY' out
printf 'code,attention\nCANARY-TICKET-AB12X,call 0171 5550199\n' >wrong.csv
check_not "what looks like a telephone number is no text for a gate" roster import summer26 --file wrong.csv

# No code and no order anywhere at the hub: raw, folded, hex, base64, hashed without a key.
printf '%s\n' CANARY-TICKET-AB12X CANARY-TICKET-CD34Y CANARY-TICKET-EF56Z CANARYORDER77 CANARYORDER88 >canaries
mkdir evidence
{ roster list --json; roster show summer26 --json; roster stats summer26 --json; cat head page; } >evidence/answers
dunlin-hub audit --dir hub --json >evidence/audit
check "no code in any file of the hub" python3 "$here/../privacy/scan.py" canaries hub hub.log hub.out evidence
check_not "the search would find one" python3 "$here/../privacy/scan.py" canaries tickets.csv
printf CANARYORDER77 | od -An -v -tx1 | tr -d ' \n' >planted
check_not "in hex too" python3 "$here/../privacy/scan.py" canaries planted

# 100,000 tickets: in, out, interrupted and gone on with.
python3 -c "
print('code,product,order')
for i in range(100000): print(f'MASS{i*7919%1000003:07d}QX,P{i%5},O{i//3:06d}')" >mass.csv
start=$EPOCHREALTIME
is "100,000 tickets come in" "$(roster import mass --file mass.csv --json | jq .added)" 100000
end=$EPOCHREALTIME
roster assign mass --device gate-1 >/dev/null
echo "# 100,000 tickets: imported in $(((${end/./} - ${start/./}) / 1000)) ms, file $(($(stat -c %s mass.csv) / 1024)) KB, hub.db $((($(stat -c %s hub/hub.db) + $(stat -c %s hub/hub.db-wal)) / 1024)) KB with its log"
cat >download.py <<'P'
# From where `cursor` says, at most so many pages; keeps one connection, as a gate does.
import http.client, os, ssl, struct, sys
url, pages = sys.argv[1], int(sys.argv[2])
tls = ssl.create_default_context(cafile="hub/ca.pem")
tls.check_hostname = False
tls.load_cert_chain("gate/device.crt", "gate/device.key")
c = http.client.HTTPSConnection(url.split("//")[1], timeout=20, context=tls)
cursor = open("cursor").read() if os.path.exists("cursor") else ""
total, rows = 0, open("all", "a")
for _ in range(pages):
    c.request("GET", "/v1/device/rosters/mass/tickets?" + cursor)
    page = c.getresponse().read()
    at = 5 + page[4]
    more, count = struct.unpack_from(">BI", page, at + 32)
    for i in range(count):
        version, ticket = struct.unpack_from(">Q16s", page, at + 37 + 42 * i)
        rows.write("%d %s\n" % (version, ticket.hex()))
    if count:
        cursor = "from=%d&after=%s" % (version, ticket.hex())
    total += len(page)
    if not more:
        break
open("cursor", "w").write(cursor)
print(total)
P
start=$EPOCHREALTIME
bytes=$(python3 download.py "$HUB_URL" 7)
end=$EPOCHREALTIME
is "seven pages come" "$(wc -l <all)" 35000
took=$(((${end/./} - ${start/./}) / 1000))
fetch gate mass/tickets page >/dev/null
head -c 1000 page >torn && is "a torn page has no signature" "$(split_page torn && signed DUNLIN-V01-tickets body sig; echo $?)" 1
stop "$HUB_PID"
start_hub "$tap_dir/hub" || fail "the hub serves again"
start=$EPOCHREALTIME
bytes=$((bytes + $(python3 download.py "$HUB_URL" 99)))
end=$EPOCHREALTIME
took=$((took + (${end/./} - ${start/./}) / 1000))
is "an interrupted download is gone on with" "$(wc -l <all) $(cut -d' ' -f2 all | sort -u | wc -l)" "100000 100000"
echo "# downloaded $((bytes / 1024)) KB in $took ms"
