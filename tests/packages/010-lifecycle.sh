#!/usr/bin/env bash
# The packages in a clean Debian 12: installed, used, upgraded, removed with events that
# wait, put back, purged. There is no systemd in that root; 020 looks at the units.
#
# The root is debootstrap's minbase, made once and kept in the build folder. All happens in
# mount and process name spaces of our own, so that nothing outlives the test.
if [ -z "${DUNLIN_OWN_SPACES:-}" ]; then
    if ! unshare --mount-proc --pid --fork true 2>/dev/null; then
        echo "ok - packages live and die in a clean root # SKIP needs root"
        exit 0
    fi
    DUNLIN_OWN_SPACES=yes exec unshare --mount-proc --pid --fork --kill-child "$0" "$@"
fi
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/clean_root.sh"
cleanup() { umount "$root/proc" 2>/dev/null; }

# ---- the files -------------------------------------------------------------------------
pack() { make -s -C "$top" deb DEB_OUT="$tap_dir/$1" SOURCE_DATE_EPOCH=1700000000 "${@:2}" >/dev/null; }
check "the packages build" pack one
(umask 077 && pack two --old-file=all) # packed anew, not compiled anew
is "twice the same input gives the same bytes" "$(cd "$tap_dir/two" && sha256sum ./*.deb)" \
    "$(cd "$tap_dir/one" && sha256sum ./*.deb)"
if command -v lintian >/dev/null; then
    # That libraries are linked in is meant: docs/dependencies.md says why.
    check "lintian finds no error" lintian --allow-root --fail-on error --suppress-tags embedded-library "$tap_dir"/one/*.deb
fi

# ---- a clean root ----------------------------------------------------------------------
make_clean_root "$tap_dir/root" || exit 1
mount -t proc proc "$root/proc"
cp "$tap_dir"/one/*.deb "$root/root/"
version=$(dpkg-deb -f "$tap_dir"/one/dunlin_*.deb Version)
arch=$(dpkg --print-architecture)
deb() { echo "/root/${1}_${2:-$version}_$arch.deb"; }

check "apt installs all three" in_root $apt install "$(deb dunlin)" "$(deb dunlin-hub)" "$(deb dunlin-keys)"
mode() { in_root stat -c '%U %a' "$1"; }
is "the agent's folder is its own" "$(mode /var/lib/dunlin)" "dunlin 700"
is "the hub's folder is its own" "$(mode /var/lib/dunlin-hub)" "dunlin-hub 700"
is "neither user can log in" "$(in_root getent passwd dunlin dunlin-hub | cut -d: -f7 | sort -u)" /usr/sbin/nologin
for unit in dunlin dunlin-hub; do
    check "$unit.service is enabled" in_root test -L /etc/systemd/system/multi-user.target.wants/$unit.service
done
check "every file is what the package says" in_root dpkg --verify dunlin dunlin-hub dunlin-keys
is "the configuration is a conffile" "$(in_root dpkg-query -W -f '${Conffiles}' dunlin | awk '{print $1}')" /etc/dunlin/dunlin.conf
for program in dunlin dunlin-hub dunlin-keys; do
    is "$program says its version" "$(in_root $program --version)" "$program $version"
    check "$program has a man page" sh -c "zcat '$root/usr/share/man/man1/$program.1.gz' | grep -q '^.SH COMMANDS'"
    check "$program's completion is bash" bash -n "$root/usr/share/bash-completion/completions/$program"
done
as dunlin dunlin status >"$tap_dir/out" 2>&1
is "before it is enrolled, status says so by its exit code" $? 4

# ---- the ceremony, with the paths an operator has -----------------------------------------
hub=/var/lib/dunlin-hub till=/var/lib/dunlin
check "dunlin-hub init" as dunlin-hub dunlin-hub init --name hub.example.com --listen 127.0.0.1:0
is "it wrote down who is one person, for the operator" "$(mode $hub/identity.conf)" "dunlin-hub 600"
check "in words that it can read itself" as dunlin-hub dunlin-hub match rules check $hub/identity.conf
as dunlin-hub dunlin-hub stats --db postgres://dunlin@127.0.0.1:1/dunlin >"$tap_dir/out" 2>&1
is "a PostgreSQL that is not there is away: the package brings its library" $? 5
check "dunlin-keys init" in_root dunlin-keys init --keyring /root/custodian.key --hub-share /root/hub.share
in_root install -m 600 -o dunlin-hub -g dunlin-hub /root/hub.share $hub/new.share
check "dunlin-hub keys import" as dunlin-hub dunlin-hub keys import $hub/new.share
in_root rm -f /root/hub.share $hub/new.share

# begin USER OUT COMMAND...: a service without systemd; its first line is its process id.
begin() {
    local user=$1 out=$tap_dir/$2.out
    shift 2
    as "$user" sh -c 'echo "$$" && exec "$@"' sh "$@" >"$out" 2>>"${out%.out}.log" &
    wait_for 15 grep -q 'listening on' "$out" || fail "$1 runs: $(tail -n 3 "${out%.out}.log")"
}
end() { stop "$(head -n 1 "$tap_dir/$1.out")"; }
begin_hub() {
    begin dunlin-hub hub dunlin-hub serve --listen "127.0.0.1:${hub_port:-0}"
    hub_url=$(sed -n 's/.*listening on \(https:[^ ]*\).*/\1/p' "$tap_dir/hub.out" | head -n 1)
    hub_port=${hub_url##*:}
}
begin_till() { begin dunlin till dunlin run --listen 127.0.0.1:0; }
queued() { as dunlin dunlin status --json | jq .outbox.queued_events; }
hub_events() { as dunlin-hub dunlin-hub stats --json | jq .events; }
visit() { echo '{"id":"'"$1"'","type":"visit","data":{"store_id":"9"}}' | as dunlin dunlin capture - >/dev/null; }

begin_hub
in_root dunlin-keys enroll till-3 --keyring /root/custodian.key --hub "$hub_url" --ca $hub/ca.pem \
    --admin-token-file $hub/admin.token >"$tap_dir/till-3.bundle" 2>"$tap_dir/keys.log"
is "dunlin-keys enroll" $? 0
install -m 600 "$tap_dir/till-3.bundle" "$root$till/till-3.bundle"
in_root chown dunlin: $till/till-3.bundle
check "dunlin enroll" as dunlin dunlin enroll $till/till-3.bundle
check "the bundle is burnt" in_root test ! -e $till/till-3.bundle
begin_till
check "an event is captured" visit v-1
check "and flushed" as dunlin dunlin flush --wait 20
is "the hub has it" "$(hub_events)" 1

# ---- upgrade ---------------------------------------------------------------------------
end hub
visit v-2
visit v-3
is "with the hub away two events wait" "$(queued)" 2
end till
echo '# till of the ground floor' >>"$root/etc/dunlin/dunlin.conf"

# A newer package with another conffile: ours, unpacked, changed and packed again.
newer=$version+next
dpkg-deb -R "$tap_dir"/one/dunlin_*.deb "$tap_dir/newer"
sed -i "s/^Version: .*/Version: $newer/" "$tap_dir/newer/DEBIAN/control"
echo '# a new key of the next version' >>"$tap_dir/newer/etc/dunlin/dunlin.conf"
dpkg-deb --root-owner-group -b "$tap_dir/newer" "$root$(deb dunlin "$newer")" >/dev/null
check "apt upgrades" in_root $apt -o Dpkg::Options::=--force-confold install "$(deb dunlin "$newer")"
is "to the newer version" "$(in_root dpkg-query -W -f '${Version}' dunlin)" "$newer"
check "the changed configuration is kept" grep -q 'ground floor' "$root/etc/dunlin/dunlin.conf"
check "and the new one lies beside it" grep -q 'next version' "$root/etc/dunlin/dunlin.conf.dpkg-dist"
is "the queue is kept" "$(queued)" 2

# ---- removal with events that wait ------------------------------------------------------
in_root $apt remove dunlin >"$tap_dir/out" 2>&1
is "the package can be removed" $? 0
check "it warns of the two events" grep -q 'never reached the hub: 2' "$tap_dir/out"
check "the outbox stays" in_root test -s $till/outbox.db
check "the configuration stays" in_root test -s /etc/dunlin/dunlin.conf
check_not "the unit is gone" in_root test -e /lib/systemd/system/dunlin.service
check "apt installs it again" in_root $apt install "$(deb dunlin "$newer")"
is "the queue is still there" "$(queued)" 2
check "the folder's modes pass" in_root test ! -e $till/kept-because

in_root $apt purge dunlin >"$tap_dir/out" 2>&1
check "a purge with events that wait says so" grep -q 'is left although' "$tap_dir/out"
check "and leaves them" in_root test -s $till/outbox.db
check_not "but takes the configuration" in_root test -e /etc/dunlin
check "apt installs it once more" in_root $apt install "$(deb dunlin)"
begin_hub
begin_till
check "what waited through all of it is delivered" as dunlin dunlin flush --wait 30
is "each event once" "$(hub_events)" 3
end till

# ---- purge of an empty queue; back-up and restore ------------------------------------------
in_root cp -a $till /root/saved
in_root $apt purge dunlin >"$tap_dir/out" 2>&1
check_not "a purge with an empty queue takes the folder" in_root test -e $till
in_root $apt install "$(deb dunlin)" >/dev/null 2>&1
in_root sh -c "cp -a /root/saved/. $till/"
begin_till
visit v-4
check "a restored folder goes on" as dunlin dunlin flush --wait 30
is "where it was" "$(hub_events)" 4
end hub
visit v-5
end till
in_root env DUNLIN_PURGE_QUEUE=yes $apt purge dunlin >"$tap_dir/out" 2>&1
check_not "DUNLIN_PURGE_QUEUE=yes destroys a queue" in_root test -e $till

# ---- the hub -----------------------------------------------------------------------------
in_root $apt purge dunlin-hub >"$tap_dir/out" 2>&1
check "a purge of the hub leaves its database and keys" in_root test -s $hub/hub.db
check "and says so" grep -q "$hub is left" "$tap_dir/out"
check "apt installs the hub again" in_root $apt install "$(deb dunlin-hub)"
is "with its events" "$(hub_events)" 4
in_root env DUNLIN_PURGE_HUB=yes $apt purge dunlin-hub >"$tap_dir/out" 2>&1
check_not "DUNLIN_PURGE_HUB=yes destroys it" in_root test -e $hub
