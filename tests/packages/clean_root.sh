# shellcheck shell=bash
# clean_root.sh - sourced after tap.sh: a fresh Debian 12 to install packages in.
#
#   make_clean_root DIR   unpacks one there and sets $root
#   in_root COMMAND...    runs in it as root;  as USER COMMAND...  as somebody else
#   $apt                  apt-get without questions
#
# debootstrap takes most of a minute; what it made is kept in the build folder.

root=
apt="apt-get -y -q -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 --no-install-recommends"
clean_path=/usr/sbin:/usr/bin:/sbin:/bin
in_root() { env -i PATH=$clean_path HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"; }
as() {
    local user=$1
    shift
    in_root runuser -u "$user" -- "$@"
}

make_clean_root() {
    local mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian} kept log=$tap_dir/debootstrap.log
    kept=$(cd "$top" && realpath -m "${DUNLIN_BUILD:-build}")/bookworm-minbase.tar
    root=$1
    mkdir -p "$root"
    if [ ! -s "$kept" ]; then
        echo "# debootstrap, once"
        if ! debootstrap --variant=minbase bookworm "$root.new" "$mirror" >"$log" 2>&1; then
            fail "debootstrap makes a clean root"
            tail -n 5 "$log" | sed 's/^/# /'
            return 1
        fi
        tar -C "$root.new" -cf "$kept.new" . && mv "$kept.new" "$kept"
        rm -rf "$root.new"
    fi
    tar -C "$root" -xf "$kept" --numeric-owner
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    # No service of the root's own is to start, as in any image that is being made.
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    in_root $apt update >"$log" 2>&1
}
