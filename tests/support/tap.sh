# shellcheck shell=bash
# tap.sh - sourced by shell tests: results as TAP, a private scratch folder, and
# programs that are stopped at the end whatever happens.
#
#   . "$(dirname "$0")/../support/tap.sh"
#   check "a sentence that says what holds" test "$a" = "$b"
#   start_hub HUBDIR; enroll_till NAME TILLDIR; start_till TILLDIR

set -uo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BIN=${DUNLIN_BIN:-$top/build/bin}
PATH=$BIN:$PATH
SHARED=${DUNLIN_SHARED:-$top/../shared}
tap_dir=$(mktemp -d "${TMPDIR:-/tmp}/dunlin-test.XXXXXX")
tap_failed=0
tap_pids=()

tap_done() {
    local code=$?
    for pid in "${tap_pids[@]:-}"; do
        [ -n "$pid" ] && kill "$pid" 2>/dev/null
    done
    for pid in "${tap_pids[@]:-}"; do
        [ -n "$pid" ] && { timeout 10 tail --pid="$pid" -f /dev/null || kill -9 "$pid" 2>/dev/null; }
    done
    if declare -F cleanup >/dev/null; then cleanup; fi
    if [ $tap_failed -ne 0 ] && [ -n "${DUNLIN_KEEP:-}" ]; then
        echo "# kept: $tap_dir"
    else
        rm -rf "$tap_dir"
    fi
    if [ $code -ne 0 ] && [ $tap_failed -eq 0 ]; then
        echo "not ok - the script ended with $code"
    fi
    exit $((code != 0 ? code : tap_failed))
}
trap tap_done EXIT

pass() { echo "ok - $1"; }
fail() {
    echo "not ok - $1"
    tap_failed=1
}
skip() { echo "ok - $1 # SKIP ${2:-}"; }
# check SENTENCE COMMAND...: the command's success is the result; its output shows on failure.
check() {
    local what=$1 out
    shift
    if out=$("$@" 2>&1); then pass "$what"; else
        fail "$what"
        echo "#   $*" | head -c 400
        echo
        echo "$out" | tail -n 20 | sed 's/^/#   /'
    fi
}
check_not() {
    local what=$1
    shift
    if "$@" >/dev/null 2>&1; then fail "$what"; else pass "$what"; fi
}
# is SENTENCE GOT WANT
is() {
    if [ "$2" = "$3" ]; then pass "$1"; else
        fail "$1"
        printf '#   got:  %s\n#   want: %s\n' "$2" "$3" | head -c 2000
    fi
}
# wait_for SECONDS COMMAND...: polls until it succeeds.
wait_for() {
    local end=$(($(date +%s) + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -ge "$end" ] && return 1
        sleep 0.05
    done
}

# make_hub DIR: init with a fresh keyring beside it. Listens on a free loopback port.
make_hub() {
    local dir=$1
    dunlin-hub init --dir "$dir" --name hub.example.com --listen 127.0.0.1:0 >/dev/null &&
        dunlin-keys init --keyring "$dir.keyring" --hub-share "$dir.share" >/dev/null 2>&1 &&
        dunlin-hub keys import --dir "$dir" "$dir.share" >/dev/null
}
# start_hub DIR [ARGS...]: sets HUB_URL and HUB_PID; again after a stop: the same port.
start_hub() {
    local dir=$1 listen=127.0.0.1:0
    shift
    [ -f "$dir.port" ] && listen=127.0.0.1:$(cat "$dir.port")
    : >"$dir.out"
    dunlin-hub serve --dir "$dir" --listen "$listen" "$@" >"$dir.out" 2>>"$dir.log" &
    HUB_PID=$!
    tap_pids+=("$HUB_PID")
    wait_for 15 grep -q 'listening on' "$dir.out" || {
        echo "# hub did not start"
        sed 's/^/# /' "$dir.log" | tail -n 20
        return 1
    }
    HUB_URL=$(sed -n 's/.*listening on \(https:[^ ]*\).*/\1/p' "$dir.out" | head -n 1)
    echo "${HUB_URL##*:}" >"$dir.port"
}
# enroll_till NAME DIR HUBDIR
enroll_till() {
    dunlin-keys enroll "$1" --keyring "$3.keyring" --hub "$HUB_URL" --ca "$3/ca.pem" \
        --admin-token-file "$3/admin.token" >"$2.bundle" 2>>"$2.log" &&
        dunlin enroll "$2.bundle" --dir "$2" >>"$2.log" 2>&1
}
# start_till DIR [ARGS...]: sets TILL_PID, TILL_URL, TILL_KEY.
start_till() {
    local dir=$1
    shift
    : >"$dir.out"
    dunlin run --dir "$dir" --listen 127.0.0.1:0 "$@" >"$dir.out" 2>>"$dir.log" &
    TILL_PID=$!
    tap_pids+=("$TILL_PID")
    wait_for 15 grep -q 'listening on' "$dir.out" || {
        echo "# agent did not start"
        sed 's/^/# /' "$dir.log" | tail -n 20
        return 1
    }
    TILL_URL=$(sed -n 's/.*listening on \(http:[^ ]*\).*/\1/p' "$dir.out" | head -n 1)
    TILL_KEY=$(cat "$dir/api.key")
}
# post PATH BODY [CONTENT-TYPE]: sets STATUS and BODY of the agent's answer.
post() {
    local answer
    answer=$(curl -s -m 30 -w '\n%{http_code}' -X POST -H "Authorization: Bearer $TILL_KEY" \
        -H "Content-Type: ${3:-application/json}" --data-binary "$2" "$TILL_URL$1")
    STATUS=${answer##*$'\n'}
    BODY=${answer%$'\n'*}
}
hub_stat() { dunlin-hub stats --dir "$1" --json | jq -r ".$2"; }
stop() {
    kill "$1" 2>/dev/null
    timeout 15 tail --pid="$1" -f /dev/null
}
