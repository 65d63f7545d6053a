#!/usr/bin/env bash
# The Windows agent, under Wine, against a native hub: on a console, then as a service
# under Wine's service manager.
. "$(dirname "$0")/ceremony.sh"
wine=$top/tests/cross/wine
exe=$BUILD/x86_64-w64-mingw32/bin/dunlin.exe
use_agent "$wine" "$exe"
agent_ceremony till-win

# The keys are wrapped for the Windows user, so that the folder alone opens nothing.
is "the token key is wrapped" "$(head -c 22 till-win/token.key)" "dunlin-key-1 token-key"
kill -9 "$TILL_PID"
timeout 10 tail --pid="$TILL_PID" -f /dev/null
cp -r till-win copy
chmod -R go= copy
is "the folder's keys open on no other system" \
    "$(timeout 20 "$BIN/dunlin" run --dir copy --listen 127.0.0.1:0 2>&1 | grep -c 'token.key: it fails its check')" 1

# Wine ends its services with the last program: one that waits holds them.
mkfifo hold
"$wine" cmd /c 'echo held>held & set /p x=' <hold >/dev/null 2>&1 &
tap_pids+=("$!")
exec 3>hold
wait_for 20 test -s held
service=dunlin-test-$$ # a run that died may have left its own
windows() { printf 'Z:%s' "${1//\//\\}"; }
service_is() { "$wine" sc query "$service" | grep -q "STATE.*$1"; }
cleanup() { "$wine" sc delete "$service" >/dev/null 2>&1; }

check "the service is installed" "$wine" sc create "$service" binPath= \
    "\"$(windows "$exe")\" run --dir $(windows "$tap_dir/till-win") --listen 127.0.0.1:0"
check "it is started" "$wine" sc start "$service"
check "the manager hears that it runs" wait_for 20 service_is RUNNING
TILL_URL=http://$(cat till-win/listen)
post /v1/events "$(sale c-6 kunde6@example.org)"
is "it takes a sale" "$STATUS" 201
check "it is asked to stop" "$wine" sc stop "$service"
check "the manager hears that it stopped" wait_for 20 service_is STOPPED
is "what waited was sent before" "$(hub_stat hub events)" 6
check_not "and the database was closed" test -e till-win/outbox.db-wal
exec 3>&-
