#!/usr/bin/env bash
# Three hubs on one database, behind a load balancer: they come to what one hub does, the
# death of one costs no event, and each says when it had better not be asked.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/postgres.sh"
postgres_bin >/dev/null || {
    skip "many hubs on one database" "no server: apt-get install postgresql"
    exit 0
}
cleanup() { postgres_stop "$tap_dir/pg"; }
cd "$tap_dir" || exit 1
chmod 711 . # for the server's own user
postgres_start "$tap_dir/pg" || fail "the database starts"

# Events of three tills, whose customers meet at all of them: two share an address, but
# nobody is past a limit, where whom it parts would hang on the keys.
/usr/bin/python3 - <<'END'
import json, random
random.seed(4)
for till in range(3):
    with open(f"{till}.ndjson", "w") as out:
        for i in range(600):
            who, customer = {}, random.randrange(300)
            if random.random() < 0.7:
                who["email"] = f"c{customer // 2}@example.com"
            if random.random() < 0.6:
                who["loyalty_id"] = str(customer)
            sale = {"store_id": str(till), "transaction_id": f"{till}-{i}", "currency": "EUR",
                    "total_minor": random.randrange(10000)}
            print(json.dumps({"id": f"{till}-{i}", "type": "purchase", "identifiers": who,
                              "time": f"2026-03-0{1 + i % 9}T10:00:00Z",
                              "consent": {"profiling": True}, "data": sale}), file=out)
END
echo 'sync.batch_events = 20' >till.conf

ready() { # FOLDER: sets STATUS and BODY of /readyz
    BODY=$(curl -s -m 20 --cacert hub/ca.pem -w '\n%{http_code}' "https://127.0.0.1:$(cat "$1.port")/${2:-readyz}")
    STATUS=${BODY##*$'\n'}
    BODY=${BODY%$'\n'*}
}
picture() { # FOLDER: the profiles, but for what their ids are
    dunlin-hub export profiles --dir "$1" --format ndjson |
        jq -cS '[.events, .purchases, .value, .stores, (.identifiers | map(.type) | sort)]' | sort
}
start_tills() { # FOLDER-PREFIX: enrols and starts three, each with its events
    local till
    for till in 0 1 2; do
        enroll_till "till-$till" "$tap_dir/$1$till" "$tap_dir/$2" &&
            start_till "$tap_dir/$1$till" --config till.conf || fail "a till runs"
        eval "url_$till=\$TILL_URL key_$till=\$TILL_KEY pid_$till=\$TILL_PID"
    done
}
sell() { # TILL FROM TO: posts those lines
    local url=url_$1 key=key_$1
    TILL_URL=${!url} TILL_KEY=${!key} post /v1/events "$(sed -n "$2,$3p" "$1.ndjson")" application/x-ndjson
}

# ---- one hub, on SQLite -----------------------------------------------------------------
make_hub "$tap_dir/one" && start_hub "$tap_dir/one" || fail "a hub on SQLite"
start_tills one- one
for till in 0 1 2; do
    sell $till 1 300
    sell $till 301 600
    is "till $till sells" "$STATUS" 201
done
for till in 0 1 2; do check "and till $till brings it" dunlin flush --dir one-$till --wait 60; done
picture one >one.picture
stop "$HUB_PID"
stop "$pid_0"; stop "$pid_1"; stop "$pid_2"

# ---- three, on a database ---------------------------------------------------------------
check "a hub is made on a database" dunlin-hub init --dir hub --name hub.example.com --listen 127.0.0.1:0 --db "$PG_URL"
check_not "its tenant is not made twice" dunlin-hub init --dir again --name hub.example.com --listen 127.0.0.1:0 --db "$PG_URL"
dunlin-keys init --keyring hub.keyring --hub-share hub.share >/dev/null 2>&1
dunlin-hub keys import --dir hub hub.share >/dev/null
echo 'drain = 2s' >>hub/dunlin-hub.conf
cp -a hub hub-2
cp -a hub hub-3
dunlin-hub init --dir other --name hub.example.com --listen 127.0.0.1:0 >/dev/null
is "a hub with other keys is refused" "$(dunlin-hub serve --dir other --listen 127.0.0.1:0 --db "$PG_URL" 2>&1 | grep -c 'other keys')" 1

start_hub "$tap_dir/hub" && pid_hub=$HUB_PID && start_hub "$tap_dir/hub-2" && pid_hub_2=$HUB_PID &&
    start_hub "$tap_dir/hub-3" && pid_hub_3=$HUB_PID || fail "three hubs serve"
for hub in hub hub-2 hub-3; do
    ready $hub
    is "$hub is ready" "$STATUS $(jq -r .status <<<"$BODY")" "200 ready"
done
/usr/bin/python3 "$top/tests/support/balance.py" "$(cat hub.port)" "$(cat hub-2.port)" "$(cat hub-3.port)" >balance.port &
tap_pids+=($!)
wait_for 10 test -s balance.port
HUB_URL=https://127.0.0.1:$(cat balance.port)
start_tills many- hub

# One of them dies in the middle.
for till in 0 1 2; do sell $till 1 300; done
wait_for 20 sh -c '[ "$(dunlin-hub stats --dir hub --json | jq .events)" -gt 40 ]'
kill -9 "$pid_hub_2"
is "it died with work left" "$([ "$(hub_stat hub events)" -lt 900 ] && echo yes)" yes
for till in 0 1 2; do sell $till 301 600; done
for till in 0 1 2; do check "till $till brings all it has" dunlin flush --dir many-$till --wait 60; done
is "every event is there once" "$(hub_stat hub events)" 1800
is "none was lost, none is in quarantine" "$(dunlin-hub stats --dir hub --json | jq -c '[.gaps, .lost, .forks, .quarantined]')" "[0,0,0,0]"
picture hub-3 >hub.picture
check "the people and their measures are those of one hub" cmp one.picture hub.picture
is "whichever hub is asked" "$(dunlin-hub stats --dir hub --json | sha256sum)" "$(dunlin-hub stats --dir hub-3 --json | sha256sum)"

# ---- leaving ----------------------------------------------------------------------------
kill "$pid_hub_3"
check "a hub that is told to stop says so at once" wait_for 1 sh -c \
    'curl -s --cacert hub/ca.pem https://127.0.0.1:'"$(cat hub-3.port)"'/readyz | grep -q "about to stop"'
ready hub-3
is "and goes on saying it" "$STATUS $(jq -r .detail <<<"$BODY")" "503 the hub is about to stop"
ready hub-3 healthz
is "but it lives" "$STATUS" 200
is "its connections end with their answers" "$(curl -s -D - -o /dev/null --cacert hub/ca.pem "https://127.0.0.1:$(cat hub-3.port)/healthz" |
    grep -ic '^connection: close')" 1
wait "$pid_hub_3"
is "and it ends well" $? 0

# ---- the database away ------------------------------------------------------------------
postgres_stop "$tap_dir/pg"
ready hub
is "without its database a hub is not ready" "$STATUS $(jq -r .detail <<<"$BODY")" "503 the hub's database does not answer"
ready hub healthz
is "but it lives, too" "$STATUS" 200
sell 0 1 1
is "the tills sell" "$STATUS" 200
TILL_URL=$url_0 TILL_KEY=$key_0 post /v1/events '{"id":"late","type":"visit","data":{"store_id":"9"}}'
is "and more" "$STATUS" 201
check_not "though nothing is brought" dunlin flush --dir many-0 --wait 2
postgres_run "$tap_dir/pg" || fail "the database is back"
check "until it is back" dunlin flush --dir many-0 --wait 30
check "and the hub ready by itself" wait_for 5 sh -c \
    'curl -sf --cacert hub/ca.pem https://127.0.0.1:'"$(cat hub.port)"'/readyz'
is "nothing is lost" "$(hub_stat hub events)" 1801
