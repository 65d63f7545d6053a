#!/usr/bin/env bash
# P1 in memory: right after each kind of request has been answered, before another one
# can lie over it, nothing of it is left in the agent; while it is under way, it is found.
. "$(dirname "$0")/../support/tap.sh"
here=$(cd "$(dirname "$0")" && pwd)
cd "$tap_dir" || exit 1
echo 'Zebulon.Quagmire@canary-mail.example' >canaries # one in each request: the search is quick
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" && enroll_till till-1 "$tap_dir/till" "$tap_dir/hub" ||
    fail "set-up"
printf '[privacy]\naudience_schemes = uid2, google, meta, tiktok, snap\n' >till/dunlin.conf && chmod 600 till/dunlin.conf
start_till "$tap_dir/till"
scan() { python3 "$here/scan.py" canaries --pid "$TILL_PID"; }

# speak.py NAME PATH TYPE: sends the body on standard input on a connection of its own, but
# for its last byte until NAME.go is there; keeps the connection until NAME.end is.
cat >speak.py <<'P'
import os, socket, sys, time
name, path, kind = sys.argv[1:]
body = sys.stdin.buffer.read()
def until(file):
    while not os.path.exists(file): time.sleep(0.02)
s = socket.socket(socket.AF_UNIX); s.connect("till/dunlin.sock")
s.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body[:-1])
open(name + ".half", "w").close(); until(name + ".go")
s.sendall(body[-1:])
with open(name + ".status", "w") as f: f.write(s.recv(65536).split()[1].decode())
until(name + ".end")
P
# speak NAME STATUS PATH TYPE <BODY
speak() {
    python3 speak.py "$1" "$3" "$4" &
    local pid=$!
    wait_for 10 test -e "$1.half"
    sleep 0.1
    check_not "$1: the search finds what is under way" scan
    touch "$1.go"
    wait_for 20 test -s "$1.status"
    is "$1: it is answered" "$(cat "$1.status")" "$2"
    sleep 0.1
    check "$1: nothing is left while the connection stays open" scan
    touch "$1.end"
    wait $pid
}
ids='{"email":"Zebulon.Quagmire@canary-mail.example","phone":"+49 171 5550199"}'
visit() { echo '{"id":"'"$1"'","type":"visit","identifiers":'"$ids"',"consent":{"profiling":true,"ad_user_data":true},"data":{"store_id":"9"'"${2:-}"'}}'; }
visit one | speak one 201 /v1/events application/json
visit two ',"Zebulon.Quagmire@canary-mail.example":1' | speak refused 422 /v1/events application/json
visit three | sed 's/}}/}/' | speak torn 400 /v1/events application/json
for i in $(seq 600); do visit "many-$i"; done | speak batch 201 /v1/events application/x-ndjson
{ for i in $(seq 300); do visit "bad-$i"; done; echo '{"Zebulon.Quagmire@canary-mail.example"'; } |
    speak batch-torn 400 /v1/events application/x-ndjson
echo CANARYTICKETX9K2 >canaries
echo '{"event":"e1","list":"main","ticket":"CANARYTICKETX9K2","type":"entry","gate":"g1","nonce":"n-1"}' |
    speak scan 201 /v1/checkins application/json
echo 'Zebulon.Quagmire@canary-mail.example' >canaries
echo '{"identifiers":'"$ids"'}' | speak forget 201 /v1/forget application/json
echo '{"specversion":"1.0","id":"ce","source":"/Zebulon.Quagmire@canary-mail.example","subject":"+49 171 5550199","type":"visit","data":{"store_id":"9"},"identifiers":'"$ids"'}' |
    speak cloudevent 201 /v1/events application/cloudevents+json
# What status says of swap is what the kernel says: all that is resident is locked.
if [ "$(dunlin status --dir till --json | jq .memory_locked)" = true ]; then
    check "memory that is said to be locked is locked" awk \
        '/^VmLck/ { locked = $2 } /^VmRSS/ { resident = $2 } END { exit !(locked >= resident && resident) }' \
        "/proc/$TILL_PID/status"
else
    skip "memory that is said to be locked is locked" "this user may not lock memory"
fi
check "all of it is delivered" dunlin flush --dir till --wait 20
check "and nothing is left" scan
