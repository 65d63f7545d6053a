#!/usr/bin/env bash
# P4, P6: a hub whose database is killed, slow, silent, read-only, full or out of connections,
# while a shop goes on selling. Devices are told to come again, and every event is there once.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postgres.sh"
bin=$(postgres_bin) || {
    skip "bad days of a database" "no server: apt-get install postgresql"
    exit 0
}
silenced=
cleanup() {
    speak_again
    postgres_stop "$tap_dir/pg"
    umount "$tap_dir/small" 2>/dev/null
}
cd "$tap_dir" || exit 1
chmod 711 . # for the server's own user
postgres_start "$tap_dir/pg" || fail "the database starts"
admin=$PG_URL
sql() { "$bin/psql" "$admin" -Atqc "$1"; }
hubs() { "$bin/psql" "${admin%/postgres}/hubs" -Atqc "$1"; } # in the hub's own

# ---- a user and a database of its own, which two hubs come upon at once -------------------
mkdir small
small=
if mount -t tmpfs -o size=48m,mode=711 tmpfs small 2>/dev/null; then
    small="TABLESPACE small"
    install -d -m 700 -o postgres small/data
    sql "CREATE TABLESPACE small LOCATION '$tap_dir/small/data'"
fi
sql "CREATE ROLE hub LOGIN PASSWORD 'of-the-hub'"
sql "CREATE DATABASE hubs OWNER hub $small"
(umask 077 && echo of-the-hub >hub.password)
where=(--db "$(sed 's|dunlin@|hub@|; s|/postgres$|/hubs|' <<<"$admin")" --db-password-file "$tap_dir/hub.password")
init() { dunlin-hub init --dir "$1" --name hub.example.com --listen 127.0.0.1:0 "${where[@]}" --tenant "$1"; }
init hub >init.out 2>&1 &
first=$!
init other >>init.out 2>&1
second=$?
wait $first
is "two hubs migrate at once, and both are made" "$? $second" "0 0"
is "one schema, two tenants" "$(hubs 'SELECT count(*) FROM dunlin.tenants')" 2
dunlin-keys init --keyring hub.keyring --hub-share hub.share >/dev/null 2>&1
dunlin-hub keys import --dir hub hub.share >/dev/null
printf 'db_connections = 2\ndb_timeout = 1s\n' >>hub/dunlin-hub.conf
start_hub "$tap_dir/hub" && enroll_till till-1 "$tap_dir/till" "$tap_dir/hub" || {
    fail "set-up"
    exit 1
}
echo 'sync.batch_events = 10' >till.conf
start_till "$tap_dir/till" --config till.conf

# ---- the shop -------------------------------------------------------------------------------
sold=0
sell() { # COUNT: as many events
    local i
    for i in $(seq "$1"); do
        sold=$((sold + 1))
        printf '{"id":"e-%d","type":"visit","identifiers":{"loyalty_id":"%d"},"consent":{"profiling":true},"data":{"store_id":"%s"}}\n' \
            $sold $((sold % 97)) "$sold"
    done >lines
    post /v1/events "$(cat lines)" application/x-ndjson
    [ "$STATUS" = 201 ] || fail "the shop sells: $STATUS"
}
ask() { # sets STATUS and HEADERS of the hub's answer to somebody at head office
    HEADERS=$(curl -s -m 30 -o /dev/null -D - --cacert hub/ca.pem -H "Authorization: Bearer $(cat hub/admin.token)" "$HUB_URL$1")
    STATUS=$(sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' <<<"$HEADERS")
}
ready() {
    curl -s -m 30 --cacert hub/ca.pem -o /dev/null -w '%{http_code}' "$HUB_URL/readyz"
}
come_again() { # DAY: what the hub says on it
    ask /v1/stats
    is "$1: whoever asks is told to come again" "$STATUS $(grep -ic '^retry-after: [1-9]' <<<"$HEADERS")" "503 1"
}
is_there() { # DAY: all that was sold
    check "$1: the till brings all it has" dunlin flush --dir till --wait 60
    is "$1: every event is there once" "$(hub_stat hub events)" $sold
}

sell 50
is_there "a good day"

# ---- killed in mid-batch, again and again -------------------------------------------------------
for i in 1 2 3; do
    sell 100
    dunlin flush --dir till --wait 20 >/dev/null 2>&1 &
    flush=$!
    sleep "0.$((RANDOM % 3 + 1))"
    postgres_kill "$tap_dir/pg"
    postgres_run "$tap_dir/pg"
    wait $flush
done
is_there "killed in mid-batch"

# ---- slow: somebody holds what a batch needs for longer than db_timeout -------------------------
hubs "BEGIN; LOCK TABLE dunlin.streams; SELECT pg_sleep(3.5)" >/dev/null &
slow=$!
wait_for 5 sh -c "[ \"\$('$bin/psql' '${admin%/postgres}/hubs' -Atqc \"SELECT count(*) FROM pg_locks WHERE relation = 'dunlin.streams'::regclass AND mode = 'AccessExclusiveLock' AND granted\")\" = 1 ]"
sell 20
check_not "slow: a batch is not waited for without end" dunlin flush --dir till --wait 2
check "slow: the statement was given up" grep -q 'store.refused.*\(55P03\|57014\)' hub.log
wait $slow
is_there "slow"

# ---- silent: the hub's own connections say nothing more ---------------------------------------
speak_again() {
    # shellcheck disable=SC2086 # numbers
    [ -n "$silenced" ] && kill -CONT $silenced 2>/dev/null
    silenced=
}
silenced=$(sql "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE application_name = 'dunlin-hub'")
# shellcheck disable=SC2086
kill -STOP $silenced
sell 20
check "silent: the connection is given up" wait_for 12 grep -q store.lost hub.log
is_there "silent"
speak_again

# ---- read-only ------------------------------------------------------------------------------------
sql "ALTER SYSTEM SET default_transaction_read_only = on"
sql "SELECT pg_reload_conf()" >/dev/null
check "read-only: /readyz says no" wait_for 5 sh -c "[ \"\$(curl -s -o /dev/null -w '%{http_code}' --cacert hub/ca.pem '$HUB_URL/readyz')\" = 503 ]"
sell 20
check_not "read-only: nothing is brought" dunlin flush --dir till --wait 1
is "read-only: but it can be looked at" "$(hub_stat hub events)" $((sold - 20))
"$bin/psql" "$admin" -Atq -c "SET default_transaction_read_only = off" -c "ALTER SYSTEM RESET default_transaction_read_only" -c "SELECT pg_reload_conf()" >/dev/null
is_there "read-only"

# ---- no connection is left -------------------------------------------------------------------------
sql "ALTER ROLE hub CONNECTION LIMIT 0"
sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'hub'" >/dev/null
come_again "no connections"
is "no connections: /readyz says no" "$(ready)" 503
sell 20
check_not "no connections: nothing is brought" dunlin flush --dir till --wait 1
sql "ALTER ROLE hub CONNECTION LIMIT -1"
is_there "no connections"

# ---- full ----------------------------------------------------------------------------------------------
if [ -n "$small" ]; then
    head -c 100m /dev/zero >small/ballast 2>/dev/null
    for _ in 1 2 3 4 5 6; do sell 100; done
    check_not "full: not all is brought" dunlin flush --dir till --wait 4
    check "full: the hub says why" grep -q 53100 hub.log
    rm small/ballast
    is_there "full"
else
    skip "a full database" "mounts are not allowed here"
fi

# ---- one hub's clock is wrong: the database's is what all go by ---------------------------------------
faketime=$(ls /usr/lib/*/faketime/libfaketime.so.1 2>/dev/null)
if [ -n "$faketime" ]; then
    stop "$HUB_PID"
    LD_PRELOAD=$faketime FAKETIME=+1h FAKETIME_DONT_FAKE_MONOTONIC=1 start_hub "$tap_dir/hub"
    sell 20
    is_there "an hour ahead"
    check "an hour ahead: it is noticed" grep -q 'store.clock behind_ms=-3[56]' hub.log
    is "an hour ahead: no event's time was touched" \
        "$(dunlin-hub export events --dir hub --format ndjson | jq -r .time_quality | sort -u)" good
else
    skip "a clock an hour ahead" "no libfaketime"
fi

# ---- a database that a newer program has migrated -----------------------------------------------------
stop "$HUB_PID"
hubs "INSERT INTO dunlin.schema_version VALUES (1000, 1)"
start_hub "$tap_dir/hub"
sell 20
is_there "newer, but fit for older ones"
stop "$HUB_PID"
hubs "INSERT INTO dunlin.schema_version VALUES (1001, 1001)"
out=$(dunlin-hub serve --dir hub --listen 127.0.0.1:0 2>&1)
is "newer: it does not start" $? 1
check "newer: and says what to do" grep -q 'install the newer program' <<<"$out"
hubs "DELETE FROM dunlin.schema_version WHERE version >= 1000"
is "nothing was lost, nothing is in quarantine" "$(dunlin-hub stats --dir hub --json | jq -c '[.events, .gaps, .lost, .forks, .quarantined]')" "[$sold,0,0,0,0]"
