#!/usr/bin/env bash
# The units under a real systemd: a clean root with the packages is booted in a container
# without a network. The sandbox holds, the programs report to systemd, are watched, come
# back after a crash and a hang, and are restarted by an upgrade.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/clean_root.sh"
sentence="the units run under systemd"
if [ "$(id -u)" != 0 ] || ! command -v systemd-nspawn >/dev/null; then
    skip "$sentence" "needs root and systemd-nspawn"
    exit 0
fi

for unit in "$top"/packaging/systemd/*.service; do
    name=$(basename "$unit")
    score=$(systemd-analyze security --offline=yes --no-pager "$unit" 2>/dev/null |
        sed -n 's/.*Overall exposure level[^:]*: \([0-9]*\)\.\([0-9]\).*/\1\2/p')
    check "$name is exposed at ${score:0:-1}.${score: -1}, of 1.5 allowed" test "${score:-99}" -le 15
done

make_clean_root "$tap_dir/root" || exit 1
make -s -C "$top" deb DEB_OUT="$root/root/debs" >/dev/null
in_root sh -c "$apt install systemd systemd-sysv dbus procps jq curl /root/debs/*.deb" >"$tap_dir/apt.log" 2>&1 ||
    {
        fail "the packages are installed with systemd: $(tail -n 3 "$tap_dir/apt.log")"
        exit 1
    }
for program in dunlin dunlin-hub; do
    check "$program.service verifies" systemd-analyze verify --man=no --recursive-errors=no --root="$root" "/lib/systemd/system/$program.service"
done
rm "$root/usr/sbin/policy-rc.d"

# What runs inside: the same TAP functions, and the end of the container as its last act.
install -D -m 755 "$top/tests/packages/inside_units.sh" "$root/root/tests/packages/inside_units.sh"
install -D -m 644 "$top/tests/support/tap.sh" "$root/root/tests/support/tap.sh"
cat >"$root/etc/systemd/system/inside.service" <<'UNIT'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/root/tests/packages/inside_units.sh
ExecStopPost=/bin/systemctl --no-block poweroff
StandardOutput=file:/root/tap
StandardError=inherit
UNIT
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
in_root ln -s ../inside.service /etc/systemd/system/multi-user.target.wants/inside.service
# A Type=oneshot unit that multi-user.target wants would hold up that target if it were not
# ordered after it; idle consoles are of no use here.
in_root systemctl mask console-getty.service systemd-resolved.service >/dev/null 2>&1

# nspawn forbids mlock by itself, which is half of what the units are to be tried for.
timeout 240 systemd-nspawn --quiet --system-call-filter=@memlock --boot --register=no --keep-unit \
    --private-network --console=pipe --directory="$root" >"$tap_dir/boot.log" 2>&1 </dev/null
if [ ! -s "$root/root/tap" ]; then
    if grep -q 'Operation not permitted' "$tap_dir/boot.log"; then
        skip "$sentence" "a container cannot be booted here"
    else
        fail "$sentence"
        tail -n 20 "$tap_dir/boot.log" | sed 's/^/# /'
    fi
    exit
fi
cat "$root/root/tap"
! grep -q '^not ok' "$root/root/tap" || tap_failed=1
check "the whole of it ran" grep -q 'removal stops the agent' "$root/root/tap"
