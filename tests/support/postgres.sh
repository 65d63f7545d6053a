#!/usr/bin/env bash
# postgres.sh - a PostgreSQL server of one's own, for as long as a test lasts.
#
#   tests/support/postgres.sh have              whether there is one to start
#   tests/support/postgres.sh with COMMAND...   runs it with DUNLIN_TEST_DB and PGPASSFILE
#   . tests/support/postgres.sh; postgres_start DIR; postgres_stop DIR; postgres_kill DIR
#
# The server is Debian's `postgresql`, run by an unprivileged user, on a free port of
# loopback, with a password drawn for it. postgres_start sets PG_URL, and PGPASSFILE.
# Nothing of it is durable but through its own processes' deaths: fsync is off. Its table
# of locks is small, so that one batch can overflow it.

postgres_bin() { # prints the newest server's folder; fails where there is none
    local dir
    dir=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
    [ -x "$dir/postgres" ] && [ -x "$dir/initdb" ] && echo "$dir"
}

# As root, as the user that Debian's package has made.
postgres_as() {
    if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

postgres_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# postgres_make DIR: a cluster; its folder is the unprivileged user's.
postgres_make() {
    local dir=$1 bin
    bin=$(postgres_bin) || return 1
    rm -rf "$dir"
    mkdir -p "$dir" && chmod 711 "$dir"
    head -c 18 /dev/urandom | base64 | tr '/+' '_-' >"$dir/password"
    printf '127.0.0.1:*:*:dunlin:%s\n' "$(cat "$dir/password")" >"$dir/pgpass"
    chmod 600 "$dir/pgpass"
    [ "$(id -u)" = 0 ] && chown postgres "$dir" "$dir/password"
    (cd "$dir" && postgres_as "$bin/initdb" --no-sync --no-instructions -D "$dir/data" -U dunlin -A scram-sha-256 \
        --pwfile="$dir/password" -E UTF8 --locale=C >"$dir.log" 2>&1) || return 1
    cat >>"$dir/data/postgresql.conf" <<END
listen_addresses = '127.0.0.1'
port = $(postgres_port)
unix_socket_directories = ''
fsync = off
full_page_writes = off
max_connections = 100
max_locks_per_transaction = 16
deadlock_timeout = 200ms
shared_buffers = 64MB
${DUNLIN_PG_CONF:-}
END
}

# postgres_run DIR: (again) until it answers.
postgres_run() {
    local dir=$1 bin port i
    bin=$(postgres_bin) || return 1
    port=$(sed -n 's/^port = //p' "$dir/data/postgresql.conf" | tail -n 1)
    (cd "$dir" && exec setsid nohup "${BASH:-bash}" -c '
        if [ "$(id -u)" = 0 ]; then exec runuser -u postgres -- "$@"; else exec "$@"; fi' postgres \
        "$bin/postgres" -D "$dir/data" >>"$dir.log" 2>&1 </dev/null) &
    export PGPASSFILE=$dir/pgpass
    PG_URL="postgres://dunlin@127.0.0.1:$port/postgres"
    for i in $(seq 200); do
        "$bin/pg_isready" -q -h 127.0.0.1 -p "$port" && return 0
        sleep 0.05
    done
    tail -n 20 "$dir.log" >&2
    return 1
}

postgres_start() { postgres_make "$1" && postgres_run "$1"; }

# Its postmaster, which writes its number into the folder.
postgres_pid() { head -n 1 "$1/data/postmaster.pid" 2>/dev/null; }

postgres_signal() { # DIR SIGNAL: and waits until it is gone
    local pid
    pid=$(postgres_pid "$1") && [ -n "$pid" ] || return 0
    kill "-$2" "$pid" 2>/dev/null
    timeout 20 tail --pid="$pid" -f /dev/null || kill -9 "$pid" 2>/dev/null
}
postgres_stop() { postgres_signal "$1" INT; }  # fast: rolls back what is under way
postgres_kill() { postgres_signal "$1" QUIT; } # immediate: as after a crash

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    set -uo pipefail
    [ "${1:-}" = have ] && { postgres_bin >/dev/null; exit; }
    [ "${1:-}" = with ] && [ $# -gt 1 ] || {
        echo "usage: postgres.sh with COMMAND..." >&2
        exit 2
    }
    shift
    top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
    dir=${DUNLIN_PG_DIR:-$top/build/postgres}
    trap 'postgres_stop "$dir"' EXIT
    trap 'exit 130' INT TERM
    postgres_start "$dir" || exit 1
    DUNLIN_TEST_DB=$PG_URL "$@"
fi
