#!/usr/bin/env bash
# The whole chain on invented people: agent, canonical forms, real tokens, hub,
# match run, match evaluate; and the CPU of till and hub for an event.
#
#   chain.sh [ARGS of linkage...]      RECIPES=none: the same without recipes
. "$(dirname "$0")/../../tests/support/tap.sh"
linkage=$top/build/bench/linkage/linkage
cd "$tap_dir" || exit 1
cpu_s() { awk -v hz="$(getconf CLK_TCK)" '{print ($14 + $15) / hz}' "/proc/$1/stat"; }
make_hub hub && start_hub hub && enroll_till till-1 till hub || exit 1
(umask 077 && printf "[privacy]\nrecipes = %s\n" "${RECIPES:-default}" >till/dunlin.conf)
"$linkage" "$@" --events people.ndjson --truth truth.csv >/dev/null || exit 1
start_till till || exit 1
hub_before=$(cpu_s "$HUB_PID")
till_before=$(cpu_s "$TILL_PID")
split -l 500 people.ndjson part.
for part in part.*; do
    code=$(curl -s -o answer -w '%{http_code}' -X POST -H "Authorization: Bearer $TILL_KEY" \
        -H 'Content-Type: application/x-ndjson' --data-binary "@$part" "$TILL_URL/v1/events")
    [ "$code" = 201 ] || [ "$code" = 200 ] || { fail "$part is taken, was $code"; head -c 500 answer; }
done
dunlin flush --dir till --wait 300 >/dev/null || exit 1
events=$(wc -l <people.ndjson)
awk -v n="$events" -v h0="$hub_before" -v h="$(cpu_s "$HUB_PID")" -v t0="$till_before" \
    -v t="$(cpu_s "$TILL_PID")" 'BEGIN {
    printf "%d events; CPU of one: till %.2f ms, hub %.2f ms (with what its linkage took meanwhile)\n",
        n, (t - t0) * 1000 / n, (h - h0) * 1000 / n }'
dunlin-hub match run --dir hub >/dev/null || exit 1
dunlin-hub match evaluate --dir hub --truth truth.csv --json
