#!/usr/bin/env bash
# The person at the counter is found and shown, at a device that may ask, and nowhere else.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" &&
    enroll_till till-1 "$tap_dir/till" "$tap_dir/hub" && enroll_till desk-1 "$tap_dir/desk" "$tap_dir/hub" ||
    fail "set-up"
code() { # COMMAND...: its exit code; what it said is in out and err
    "$@" >out 2>err </dev/null
    echo $?
}
for i in 1 2 3; do
    echo '{"id":"s-'"$i"'","type":"purchase","time":"2026-11-2'"$i"'T10:00:00Z","identifiers":{"email":"jane@example.org","loyalty_id":"42"},"consent":{"profiling":true},"data":{"store_id":"9","currency":"EUR","total_minor":250}}'
done | dunlin capture --dir till && dunlin flush --dir till --wait 20 || fail "events arrive"

is "a device without the role may not ask" "$(code dunlin lookup --email jane@example.org --dir desk)" 4
check "and is told who can let it" grep -q 'device grant desk-1 desk' err
check "the hub grants the role" dunlin-hub device grant desk-1 desk --dir hub
is "device list shows it" "$(dunlin-hub device list --dir hub --json | jq -r '.devices[]|select(.device=="desk-1").role')" desk
is "who is known is known at another device than where they bought" \
    "$(code dunlin lookup --email ' JANE@Example.org' --dir desk)" 0
check "with a portrait" grep -q 'EUR 7.50 in 3 purchases' out
is "in JSON too" "$(dunlin lookup --loyalty-id 42 --dir desk --json | jq -cS '[.known,.events,.identifiers]')" \
    '[true,3,{"email":1,"loyalty_id":1}]'
is "from standard input too" "$(printf 'jane@example.org\n' | dunlin lookup --email - --dir desk --json | jq .known)" true
is "who is not known is not" "$(code dunlin lookup --email nobody@example.org --dir desk)" 1
is "what is no e-mail is refused here" "$(code dunlin lookup --email 'jane at example' --dir desk)" 2
check_not "and not repeated" grep -q 'jane at' err
is "two at a time are refused" "$(code dunlin lookup --email a@example.org --phone +4917112345 --dir desk)" 2
is "nobody is refused" "$(code dunlin lookup --dir desk)" 2

is "access prints everything" "$(code dunlin access --email jane@example.org --dir desk)" 0
is "each event" "$(jq -c '[.history[]|[.id,.type,.device,.data.total_minor]]' out)" \
    '[["s-1","purchase","till-1",250],["s-2","purchase","till-1",250],["s-3","purchase","till-1",250]]'
is "measures" "$(jq .value.EUR.lifetime_minor out)" 750
is "kinds of identifiers and how many" "$(jq -cS .identifiers out)" '{"email":1,"loyalty_id":1}'
check_not "never an identifier" grep -qi 'jane' out
for i in $(seq 1200); do
    echo '{"type":"visit","time":"2026-11-20T10:00:00Z","identifiers":{"email":"often@example.org"},"consent":{"profiling":true},"data":{"store_id":"9"}}'
done | dunlin capture --dir till && dunlin flush --dir till --wait 20
is "pages are put together" "$(dunlin access --email often@example.org --dir desk | jq -c '[(.history|length),has("next")]')" \
    '[1200,false]'

dunlin-hub audit --dir hub --json >audit
is "each question is in the audit log" "$(jq -r 'select(.what|startswith("desk."))|"\(.who) \(.what) \(.detail)"' audit | head -n 3)" \
    "device desk-1 desk.lookup email: refused: no desk role
device desk-1 desk.lookup email: known
device desk-1 desk.lookup loyalty_id: known"
is "with the profile" "$(jq -r 'select(.detail=="email: known").object' audit | sort -u | wc -l)" 2
is "never with a token" "$(grep -cE '[0-9a-f]{64}' audit)" 0
check "forgotten, they are not known" dunlin forget --email jane@example.org --dir desk
dunlin flush --dir desk --wait 20
is "by any identifier" "$(code dunlin lookup --loyalty-id 42 --dir desk)" 1

# How often.
stop "$HUB_PID"
sed -i '/desk_per/d' hub/dunlin-hub.conf
printf 'desk_per_day = 30\ndesk_per_minute = 3\n' >>hub/dunlin-hub.conf
start_hub "$tap_dir/hub" || fail "the hub serves again"
for _ in 1 2 3 4 5 6 7; do code dunlin lookup --email jane@example.org --dir desk; done >codes
check "too often in a minute has to wait" grep -q 5 codes
check "and says how long" grep -q 'again in' err
sed -i 's/desk_per_minute = 3/desk_per_minute = 1000/' hub/dunlin-hub.conf
stop "$HUB_PID"; start_hub "$tap_dir/hub" || fail "the hub serves again"
for _ in $(seq 30); do code dunlin lookup --email jane@example.org --dir desk; done >codes
is "the day is used up, across restarts" "$(tail -n 1 codes)" 5
is "which is written down once" "$(dunlin-hub audit --dir hub --json | grep -c 'as often as a day')" 1

check "the role is taken back" dunlin-hub device grant desk-1 revoke --dir hub
is "and works no more" "$(code dunlin lookup --email jane@example.org --dir desk)" 4
check_not "an unknown device gets none" dunlin-hub device grant nobody desk --dir hub
check "a revoked device loses it" dunlin-hub device grant desk-1 desk --dir hub
dunlin-hub device revoke desk-1 --dir hub >/dev/null
is "at once" "$(code dunlin lookup --email jane@example.org --dir desk)" 4
stop "$HUB_PID"
is "without the hub there is no answer" "$(code dunlin lookup --email jane@example.org --dir till)" 5
check "and it says so" grep -q 'only it knows' err
is "nor in a folder that is no device" "$(mkdir -m 700 none; code dunlin lookup --email jane@example.org --dir none)" 4
