#!/usr/bin/env bash
# Runs in the container that 020-units.sh boots.
export HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
as() {
    local user=$1
    shift
    runuser -u "$user" -- "$@"
}
state() { systemctl show -P "$1" "$2"; }
main_pid() { state MainPID "$1.service"; }
moved_on() { [ "$(main_pid "$1")" != "$2" ] && systemctl -q is-active "$1"; }
queued() { as dunlin dunlin status --json | jq .outbox.queued_events; }
visit() { echo '{"id":"'"$1"'","type":"visit","data":{"store_id":"9"}}' | as dunlin dunlin capture - >/dev/null; }
why() { journalctl --no-pager -u "$1" -n 15 | sed 's/^/# /'; }

is "before the set-up neither has failed" "$(systemctl --failed --plain --no-legend)" ""
is "nor does it run" "$(systemctl is-active dunlin dunlin-hub | sort -u)" inactive

as dunlin-hub dunlin-hub init --name hub.example.com >out 2>&1 || fail "hub init: $(cat out)"
dunlin-keys init --keyring custodian.key --hub-share hub.share >/dev/null 2>&1
install -m 600 -o dunlin-hub -g dunlin-hub hub.share /var/lib/dunlin-hub/new.share
as dunlin-hub dunlin-hub keys import /var/lib/dunlin-hub/new.share >/dev/null
rm /var/lib/dunlin-hub/new.share
check "the hub starts and says that it is ready" systemctl start dunlin-hub
[ "$(systemctl is-active dunlin-hub)" = active ] || why dunlin-hub

dunlin-keys enroll till-3 --keyring custodian.key --hub https://127.0.0.1:8443 --ca /var/lib/dunlin-hub/ca.pem \
    --admin-token-file /var/lib/dunlin-hub/admin.token >till-3.bundle 2>out || fail "keys enroll: $(cat out)"
install -m 600 -o dunlin -g dunlin till-3.bundle /var/lib/dunlin/
check "the device enrols as the service's user" as dunlin dunlin enroll /var/lib/dunlin/till-3.bundle
check "the agent starts and says that it is ready" systemctl start dunlin
[ "$(systemctl is-active dunlin)" = active ] || why dunlin

visit v-1
check "in its sandbox it captures and syncs" as dunlin dunlin flush --wait 20
is "the hub in its own takes it in" "$(as dunlin-hub dunlin-hub stats --json | jq .events)" 1
key=$(cat /var/lib/dunlin/api.key)
is "the TCP address of the default answers" "$(curl -s -m 5 -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $key" \
    http://127.0.0.1:8787/v1/status)" 200

# Where this machine's own root may not raise limits, LimitMEMLOCK= cannot be had either; keys
# are locked all the same.
may_raise=$((0x$(awk '/^CapEff/ {print $2}' /proc/1/status) >> 24 & 1))
for program in dunlin dunlin-hub; do
    pid=$(main_pid $program)
    proc() { awk -v k="$1:" '$1 == k {print $2}' "/proc/$pid/status"; }
    is "$program has no capability" "$(proc CapBnd)$(proc CapEff)" 00000000000000000000000000000000
    is "$program can gain none, under a system call filter" "$(proc NoNewPrivs) $(proc Seccomp)" "1 2"
    is "$program leaves no core" "$(awk '/^Max core/ {print $5, $6}' "/proc/$pid/limits")" "0 0"
    check "$program has locked its keys into memory" test "$(proc VmLck)" -gt 0
    if [ "$may_raise" = 1 ]; then
        is "$program may lock all its memory" "$(awk '/^Max locked/ {print $4}' "/proc/$pid/limits")" unlimited
        check "$program has locked it" test "$(proc VmLck)" -gt 1000
    else
        skip "$program has locked all its memory" "limits cannot be raised here"
    fi
    check_not "$program sees no home" nsenter -t "$pid" -m test -e /root/tests
    check_not "$program may not write the system" nsenter -t "$pid" -m touch /etc/x
done
is "the agent itself says so" "$(as dunlin dunlin status --json | jq -c '[.memory_locked, .cores_off]')" \
    "[$([ "$may_raise" = 1 ] && echo true || echo false),true]"

visit v-2
pid=$(main_pid dunlin)
kill -9 "$pid"
check "after a crash the agent is back" wait_for 20 moved_on dunlin "$pid"
for program in dunlin dunlin-hub; do
    mkdir -p /run/systemd/system/$program.service.d
    printf '[Service]\nWatchdogSec=2\n' >/run/systemd/system/$program.service.d/quick.conf
    systemctl daemon-reload
    systemctl restart $program
    pid=$(main_pid $program)
    sleep 5
    is "$program feeds its watchdog" "$(main_pid $program)" "$pid"
    kill -STOP "$pid"
    check "$program is killed and started anew when it hangs" wait_for 40 moved_on $program "$pid"
done
check "reload reads the configuration" systemctl reload dunlin
is "and the agent still runs" "$(systemctl is-active dunlin)" active

# A drop folder of another user, opened the way docs/OPERATIONS.md says.
useradd kasse
install -d -m 2770 -o dunlin -g kasse /srv/dunlin-in
mkdir -p /etc/systemd/system/dunlin.service.d
printf '[Service]\nReadWritePaths=/srv/dunlin-in\nSupplementaryGroups=kasse\n' >/etc/systemd/system/dunlin.service.d/drop.conf
printf '[import]\ndrop_folder = /srv/dunlin-in\n' >>/etc/dunlin/dunlin.conf
systemctl daemon-reload
systemctl restart dunlin
runuser -u kasse -- sh -c 'umask 007; echo "{\"type\":\"visit\",\"data\":{\"store_id\":\"9\"}}" >/srv/dunlin-in/day.ndjson'
check "a drop folder opened by a drop-in is read" wait_for 20 test -e /srv/dunlin-in/done/day.ndjson

dpkg-deb -R /root/debs/dunlin_*.deb newer
sed -i 's/^Version: .*/&+next/' newer/DEBIAN/control
dpkg-deb --root-owner-group -b newer newer.deb >/dev/null
pid=$(main_pid dunlin)
check "an upgrade works" dpkg --force-confold -i newer.deb
check "and restarts the agent" moved_on dunlin "$pid"

systemctl stop dunlin-hub
visit v-3
is "with the hub stopped an event waits" "$(queued)" 1
systemctl disable dunlin >/dev/null 2>&1
dpkg -i newer.deb >/dev/null 2>&1
is "an administrator's disable lasts" "$(systemctl is-enabled dunlin)" disabled
dpkg -r dunlin >out 2>&1
check "removal warns of what waits" grep -q 'never reached the hub: 1' out
is "removal stops the agent" "$(pgrep -x dunlin)" ""
