#!/usr/bin/env bash
# P4 at the system calls: a kill -9 cannot tell synchronous=NORMAL from FULL, only a power
# cut can. So the calls are watched: between any two answers 201 the log of the outbox was
# synced to the disk, and the hub syncs its own before each receipt.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
if ! strace -o /dev/null true 2>/dev/null; then
    skip "what was answered was synced" "strace is not here, or not allowed"
    exit 0
fi
# traced FILE COMMAND...: what it syncs and sends, with the paths behind the descriptors.
traced() {
    local out=$1
    shift
    exec strace -f -qq -y -s 24 -e trace=fsync,fdatasync,write,writev,sendto,sendmsg -o "$out" "$@"
}
# The programs of start_hub and start_till, traced.
mkdir traced
printf '#!/bin/bash\n%s\ntraced %q %q "$@"\n' "$(declare -f traced)" "$tap_dir/hub.trace" "$BIN/dunlin-hub" >traced/dunlin-hub
printf '#!/bin/bash\n%s\ntraced %q %q "$@"\n' "$(declare -f traced)" "$tap_dir/till.trace" "$BIN/dunlin" >traced/dunlin
chmod +x traced/*
make_hub "$tap_dir/hub"
PATH=$tap_dir/traced:$PATH start_hub "$tap_dir/hub" && enroll_till till-1 "$tap_dir/till" "$tap_dir/hub" || fail "set-up"
PATH=$tap_dir/traced:$PATH start_till "$tap_dir/till"
# answers TRACE DATABASE: how many answers 201, and how many of them without a sync before.
answers() {
    awk -v db="$2" '
        $0 ~ "(fsync|fdatasync)\\([0-9]+<[^>]*" db "-wal>" { synced = 1 }
        /"HTTP\/1.1 201/ { n++; bare += !synced; synced = 0 }
        END { print n + 0, bare + 0 }' "$1"
}
batches_before=$(grep -cE 'f(data)?sync\([0-9]+<[^>]*hub\.db-wal>' hub.trace)
for i in $(seq 12); do
    post /v1/events '{"id":"fs-'"$i"'","type":"visit","data":{"store_id":"1"}}'
    [ "$STATUS" = 201 ] || fail "event $i is answered $STATUS"
done
is "every answer 201 comes after a sync of the outbox of its own" "$(answers till.trace outbox.db)" "12 0"
check "everything reaches the hub" dunlin flush --dir till --wait 20
before=$(hub_stat hub batches)
syncs=$(grep -cE 'f(data)?sync\([0-9]+<[^>]*hub\.db-wal>' hub.trace)
for i in $(seq 3); do
    post /v1/events '{"type":"visit","data":{"store_id":"1"}}'
    dunlin flush --dir till --wait 20 || fail "flush $i"
done
is "three receipts were given" $(($(hub_stat hub batches) - before)) 3
check "each after a sync of the hub's database" test \
    $(($(grep -cE 'f(data)?sync\([0-9]+<[^>]*hub\.db-wal>' hub.trace) - syncs)) -ge 3
check "the trace would show the lack of it" test "$batches_before" -ge 1
