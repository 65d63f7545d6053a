#!/usr/bin/env bash
# P1 for the commands: their arguments, the files they open for writing, what they print,
# and what they leave when they are killed half-way.
. "$(dirname "$0")/../support/tap.sh"
here=$(cd "$(dirname "$0")" && pwd)
cd "$tap_dir" || exit 1
ulimit -c unlimited
mkdir tmp given said trace
export TMPDIR=$tap_dir/tmp SQLITE_TMPDIR=$tap_dir/tmp HOME=$tap_dir/tmp
printf '%s\n' 'Zebulon.Quagmire@canary-mail.example' '+49 171 5550199' CANARYCARD0042 CANARYTICKETX9K2 >canaries
scan() { python3 "$here/scan.py" canaries "$@"; }
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" && enroll_till till-1 "$tap_dir/till" "$tap_dir/hub" ||
    fail "set-up"
stop "$HUB_PID"
ids='{"email":"Zebulon.Quagmire@canary-mail.example","phone":"+49 171 5550199","loyalty_id":"CANARYCARD0042"}'
for i in $(seq 200); do
    echo '{"type":"visit","time":"2026-11-2'$((i % 9))'T10:00:00Z","identifiers":'"$ids"',"consent":{"profiling":true},"data":{"store_id":"9"}}'
done >given/visits.ndjson
echo '{"type":"visit","identifiers":{"email":"Zebulon.Quagmire@canary-mail.example"},"data":{"storeid":1' >>given/visits.ndjson
printf 'no;mail;art;qty;price\n1;Zebulon.Quagmire@canary-mail.example;A;1;2,50\n2;"Zebulon.Quagmire@canary-mail.example;torn' >given/orders.csv
printf '[event]\ntype=purchase\ngroup=no\ncurrency=EUR\n[file]\ndelimiter=;\ndecimal=,\n[columns]\n/identifiers/email=mail\n[line]\nsku=art\nquantity=qty\nunit_price=price\n' >map.ini
echo CANARYTICKETX9K2 >given/ticket

# told NAME COMMAND...: runs it, keeping what it prints and which files it opens for writing.
if strace -o /dev/null true 2>/dev/null; then traced=1; else traced=; fi
told() {
    local name=$1
    shift
    if [ -n "$traced" ]; then
        strace -f -qq -s 4096 -e trace=open,openat,creat,mkdir,rename,memfd_create -o "trace/$name" "$@" >"said/$name" 2>&1
    else
        "$@" >"said/$name" 2>&1
    fi
}
commands() { # WHERE: with or without an agent
    told "$1-capture" dunlin capture given/visits.ndjson --dir till
    told "$1-capture-stdin" dunlin capture --dir till <given/visits.ndjson
    told "$1-import" dunlin import given/visits.ndjson --dir till
    told "$1-import-csv" dunlin import given/orders.csv --mapping map.ini --consent profiling --dir till
    told "$1-checkin" dunlin checkin --event e1 --list main --ticket-file given/ticket --consent --dir till
    told "$1-forget" dunlin forget --email - --dir till < <(printf 'Zebulon.Quagmire@canary-mail.example')
    told "$1-forget-lines" dunlin forget --stdin --dir till < <(printf 'email Zebulon.Quagmire@canary-mail.example\nname Zebulon.Quagmire@canary-mail.example\n')
    told "$1-lookup" dunlin lookup --email - --dir till < <(printf 'Zebulon.Quagmire@canary-mail.example')
    told "$1-lookup-argument" dunlin lookup --phone '+49 171 5550199' --dir till
    told "$1-lookup-bad" dunlin lookup --email 'Zebulon Quagmire at canary-mail' --dir till
    told "$1-access" dunlin access --loyalty-id CANARYCARD0042 --dir till
    told "$1-token" dunlin token phone '+49 171 5550199' --dir till
    told "$1-token-stdin" dunlin token email - --dir till < <(printf 'Zebulon.Quagmire@canary-mail.example')
    told "$1-token-bad" dunlin token email 'Zebulon Quagmire at canary-mail' --dir till
    told "$1-doctor" dunlin doctor --dir till
}
commands alone
start_till "$tap_dir/till"
commands running
check "events were taken" test "$(dunlin outbox stats --dir till --json | jq .queued_events)" -gt 100
check "no canary in what the commands print" scan said
check "none in the folder, in the temporary one, in the log" scan till till.log till.out tmp
if [ -n "$traced" ]; then
    grep -hE 'O_WRONLY|O_RDWR|O_CREAT|creat\(|memfd_create' trace/* | grep -v ENOENT |
        grep -oE '"[^"]*"' | tr -d '"' | sort -u | grep -vE '^(till(/|$)|'"$tap_dir"'/till(/|$)|/dev/(null|tty|u?random))' >elsewhere
    is "nothing is opened for writing outside of the folder" "$(cat elsewhere)" ""
else
    skip "nothing is opened for writing outside of the folder" "strace is not here"
fi

# An agent that is stopped keeps a command waiting: time to look at it as `ps` does.
kill -STOP "$TILL_PID"
dunlin forget --email Zebulon.Quagmire@canary-mail.example --phone '+49 171 5550199' --dir till >said/ps 2>&1 &
waiting=$!
sleep 0.7
tr '\0' ' ' </proc/$waiting/cmdline >said/cmdline
check "the command is still there to be looked at" grep -q forget said/cmdline
check "its arguments show nobody" scan said/cmdline
check_not "its memory holds what it was told, so that the search means something" scan --pid $waiting
kill -SEGV $waiting
wait $waiting 2>/dev/null
sleep 0.3
check "killed by a fault it leaves no core" test -z "$(find . /var/lib/systemd/coredump -name '*core*' -type f 2>/dev/null)"
mkfifo slow
dunlin forget --phone '+49 171 5550199' --email - --dir till <slow >said/ps 2>&1 &
waiting=$!
exec 9>slow
sleep 0.5
tr '\0' ' ' </proc/$waiting/cmdline >said/cmdline
check "nor while it waits for its standard input" scan said/cmdline
exec 9>&-
wait $waiting
kill -CONT "$TILL_PID"
check "a command that is killed leaves nothing" scan said till tmp
# The form is printed, for that is what was asked; the argument is not kept for others.
is "normalize reads from standard input" "$(echo 'Zebulon.Quagmire@Canary-Mail.example' | dunlin normalize email -)" \
    "zebulon.quagmire@canary-mail.example"
