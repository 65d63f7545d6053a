#!/usr/bin/env bash
# P5, P7: hubs that are away, slow, lying or not ours; clocks that are wrong; a queue
# restored from an older copy or cloned to a second machine.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" && enroll_till till-1 "$tap_dir/till" "$tap_dir/hub" ||
    fail "set-up"
port=$(cat hub.port)
state() { dunlin status --dir till --json | jq -r .sync.uplink; }
sell() { post /v1/events '{"id":"'"$1"'","type":"visit","data":{"store_id":"1"}}'; }

# Somebody else's hub on our address: another CA.
stop "$HUB_PID"
make_hub "$tap_dir/other"
echo "$port" >other.port
start_hub "$tap_dir/other"
start_till "$tap_dir/till"
sell w-1
is "the till is served meanwhile" "$STATUS" 201
wait_for 10 sh -c 'dunlin status --dir till --json | jq -r .sync.uplink | grep -qE "tls|portal"'
check "a hub with another CA is not trusted" sh -c 'dunlin status --dir till --json | jq -r .sync.uplink | grep -qE "tls|portal"'
is "and got nothing" "$(hub_stat other events)" 0
stop "$HUB_PID"

# A server that is silent.
python3 - "$port" <<'P' &
import socket, sys, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen(50)
end = time.time() + 4
s.settimeout(0.2); kept = []
while time.time() < end:
    try: kept.append(s.accept())
    except TimeoutError: pass
P
silent=$!
for i in $(seq 30); do
    curl -s -m 2 -o /dev/null -w '%{time_total} %{http_code}\n' --unix-socket till/dunlin.sock -H 'Content-Type: application/json' \
        --data-binary '{"id":"sl-'"$i"'","type":"visit","data":{"store_id":"1"}}' http://localhost/v1/events
done >"times"
is "the till never waits for a silent hub" "$(awk '$1 < 1 && $2 == 201' times | wc -l)" 30
wait $silent

# Plain garbage instead of TLS.
(while :; do printf 'HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\n\r\n' | timeout 1 python3 -c '
import socket, sys
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen(1); s.settimeout(0.8)
try:
    c, _ = s.accept(); c.recv(1000); c.sendall(sys.stdin.buffer.read()); c.close()
except TimeoutError: pass' "$port"; done) 2>/dev/null &
garbage=$!
check_not "garbage is no receipt" dunlin flush --dir till --wait 3
is "nothing was deleted" "$(dunlin status --dir till --json | jq .outbox.queued_events)" 31
kill $garbage; sleep 1.2

# The right hub again.
echo "$port" >hub.port
start_hub "$tap_dir/hub"
check "the right hub gets everything" dunlin flush --dir till --wait 30
is "once" "$(hub_stat hub events)" 31

# An older copy of the queue comes back.
stop "$TILL_PID"
cp -r till older
start_till "$tap_dir/till"
for i in 1 2 3; do sell "new-$i"; done
dunlin flush --dir till --wait 20
stop "$TILL_PID"
cp older/outbox.db* till/
start_till "$tap_dir/till"
for i in 1 2 3 4 5; do sell "again-$i"; done
check "a queue restored from an older copy goes on" dunlin flush --dir till --wait 30
is "nothing is lost or taken twice" "$(hub_stat hub events)" 39
check "the hub noticed" test "$(hub_stat hub forks)" -ge 1

# The folder cloned: two writers of one stream.
stop "$TILL_PID"
cp -r till clone
start_till "$tap_dir/till"; first=$TILL_PID
sell both-a; dunlin flush --dir till --wait 20
start_till "$tap_dir/clone"
sell both-b; sell both-c
check "a cloned folder delivers too" dunlin flush --dir clone --wait 30
is "every event of both, once" "$(hub_stat hub events)" 42
check "the hub noticed two writers" test "$(hub_stat hub forks)" -ge 2

# A file that is no outbox.
stop "$TILL_PID"; stop "$first"
head -c 3000 till/outbox.db >torn && cp torn till/outbox.db && rm -f till/outbox.db-wal till/outbox.db-shm
check_not "a torn outbox is refused" timeout 10 dunlin run --dir till --listen 127.0.0.1:0
check "and left as it was found" cmp torn till/outbox.db
