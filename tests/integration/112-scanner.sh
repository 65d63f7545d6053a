#!/usr/bin/env bash
# A scanner that the agent reads itself: a serial line here, made of a pair of
# pseudo-terminals. Its codes are check-ins, without a screen and with one.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" && enroll_till gate-1 "$tap_dir/till" "$tap_dir/hub" ||
    fail "set-up"

# plug: a device at ./tty, whose other end writes what stands in ./say, line by line.
plug() {
    rm -f say && mkfifo say
    python3 -c '
import os, pty, sys
master, slave = pty.openpty()
os.symlink(os.ttyname(slave), "tty.new")
os.rename("tty.new", "tty")
while True:
    with open("say", "rb") as say:
        for line in say:
            os.write(master, line)
' &
    PLUG_PID=$!
    tap_pids+=("$PLUG_PID")
}
pull() { kill "$PLUG_PID" && wait "$PLUG_PID" 2>/dev/null; }
say() { timeout 10 bash -c 'cat >say' <<<"$1"; }
last() { curl -s -m 20 -H "Authorization: Bearer $TILL_KEY" "$TILL_URL/v1/checkins/last${1:+?after=$1}"; }
connected() { [ "$(last | jq .scanner.connected)" = "$1" ]; }

cat >gate.conf <<CONF
scanner.device = $tap_dir/tty
scanner.event = gala
scanner.list = main
scanner.gate = north
CONF
start_till "$tap_dir/till" --config gate.conf || fail "the agent runs without its scanner"
is "it says that the scanner is away" "$(last | jq -c .scanner)" '{"event":"gala","type":"entry","list":"main","gate":"north","connected":false}'
plug
check "it finds it once it is there" wait_for 10 connected true
say 'W7XK2-9QZP'
is "a code becomes a check-in at the place of the settings" \
    "$(last 0 | jq -c '.scans[0] | [.n, .status, .scan.event, .scan.list, .scan.gate, .scan.type]')" '[1,201,"gala","main","north","entry"]'
is "whose answer is kept for screens" "$(last 0 | jq -r '.scans[0].answer | has("verdict") and has("seq")')" true
check "without the code" bash -c '! grep -q W7XK2' <<<"$(last 0)"
check "it reaches the hub" dunlin flush --dir till --wait 20
is "as an event" "$(hub_stat hub events)" 1
is "who asks for news waits for them" "$( (sleep 1; say 'SECOND-1') & last 1 | jq -c '[.n, (.scans | length)]')" '[2,1]'

aim='{"event":"gala","list":"vip","type":"exit"}'
is "a screen aims it elsewhere" "$(curl -s -H "Authorization: Bearer $TILL_KEY" -H 'Content-Type: application/json' -d "$aim" "$TILL_URL/v1/scanner" | jq -c '.scanner | [.event, .list, .gate, .type]')" '["gala","vip",null,"exit"]'
say 'THIRD-12'
is "and its next code goes there" "$(last 2 | jq -c '.scans[0].scan | [.list, .gate, .type]')" '["vip",null,"exit"]'
pull
check "pulled out it is away" wait_for 10 connected false
plug
check "and it is found again" wait_for 10 connected true
say 'FOURTH-1'
is "without a restart" "$(last 3 | jq .n)" 4
check_not "no code is in the folder or the log" grep -raqE 'W7XK2-9QZP|SECOND-1|THIRD-12|FOURTH-1' till till.log till.out

# ---- before a screen ------------------------------------------------------------------------
export GATE_NPM=$top/build/npm
if command -v node >/dev/null && command -v chromium >/dev/null && [ -d "$GATE_NPM/node_modules/playwright-core" ]; then
    node "$top/tests/gate/scanner.mjs" "$(dunlin gate --dir till)" "$tap_dir/say" 2>&1 | cut -c1-400 || tap_failed=1
else
    skip "the scanner before a screen" "needs node, npm and chromium: make test-packages-web"
fi
stop "$TILL_PID"
