#!/usr/bin/env bash
# P2 and P3: what a thief of a till, or of the whole hub, can do with all its files.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" && enroll_till till-1 "$tap_dir/till" "$tap_dir/hub" ||
    fail "set-up"
stop "$HUB_PID"
start_till "$tap_dir/till"
for i in 1 2 3; do
    post /v1/events '{"id":"x-'$i'","type":"purchase","identifiers":{"email":"known'$i'@example.net"},"consent":{"profiling":true},"data":{"store_id":"STOREMARK","currency":"EUR","total_minor":100,"lines":[{"line_no":1,"name":"PRODUCTMARK","quantity":"1","extended_minor":100}]}}'
done
kill -9 "$TILL_PID"; sleep 0.2
is "three events wait on the stolen till" "$(sqlite3 till/outbox.db 'select count(*) from records' 2>/dev/null || dunlin outbox stats --dir till --json | jq .queued_events)" 3
check_not "nothing of an event is readable in the buffer" grep -aqE 'STOREMARK|PRODUCTMARK|purchase|x-1' till/outbox.db till/outbox.db-wal
check_not "not even in the export of the buffer" sh -c 'dunlin outbox export --dir till | grep -aqE "STOREMARK|PRODUCTMARK"'
start_hub "$tap_dir/hub"
start_till "$tap_dir/till"
check "the hub alone opens it" dunlin flush --dir till --wait 20
is "all three" "$(hub_stat hub events)" 3
check "the export shows the store" sh -c 'dunlin-hub export events --dir hub --format ndjson | grep -q STOREMARK'
# The key file holds base64 of epoch and scalar: the scalar is what must not be there, as
# bytes, hex or base64.
cat >holds.py <<'P'
import base64, os, sys
key = base64.b64decode(open(sys.argv[1]).read().split()[2])
raw = key[2:]
assert len(raw) == 32
forms = [raw, raw.hex().encode(), raw.hex().upper().encode()]
for pad in range(3): # base64 of it within something longer
    forms.append(base64.b64encode(b"\0" * pad + raw)[4 if pad else 0:40])
for top, _, names in os.walk(sys.argv[2]):
    for name in names:
        data = open(os.path.join(top, name), "rb").read() if os.path.isfile(os.path.join(top, name)) else b""
        if any(f in data for f in forms):
            sys.exit(0)
sys.exit(1)
P
check "the search for a token key finds it on its own till" python3 holds.py till/token.key till
check_not "no token key of a device lies at the hub, in any form" python3 holds.py till/token.key hub
# The same known e-mail asked of another device gives another token: nothing to compare.
enroll_till till-2 "$tap_dir/till2" "$tap_dir/hub"
check_not "two devices share no key" cmp -s till/token.key till2/token.key
