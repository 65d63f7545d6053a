#!/usr/bin/env bash
# Telephone numbers of every region against libphonenumber, as Debian's
# python3-phonenumbers carries it: no other answer than its own, few refusals, and
# the table in the tree is the one its facts make.
. "$(dirname "$0")/../support/tap.sh"
count=${DUNLIN_PHONE_COUNT:-20000}
oracle=$top/tests/support/phone_oracle.py

# The oracle's figures belong into the log of a good run as well.
agrees() {
    local what=$1
    shift
    if "$@" >"$tap_dir/oracle" 2>&1; then pass "$what"; else fail "$what"; fi
    sed 's/^\(# \)\{0,1\}/# /' "$tap_dir/oracle"
}

is "lines are answered in order" \
    "$(printf 'phone\t0171 5550199\tDE\nphone\t0171 5550199\nemail\tA@Example.com\nshoe\t42\nphone' |
        dunlin normalize -)" \
    "$(printf '+491715550199\n!no_region\na@example.com\n!no_form\n!empty')"
is "a region stands in where a line has none" \
    "$(printf 'phone\t0171 5550199\nphone\t(212) 555-0123\tUS\n' | dunlin normalize --region DE -)" \
    "$(printf '+491715550199\n+12125550123')"

if ! /usr/bin/python3 -c 'import phonenumbers' 2>/dev/null; then
    skip "phone numbers agree with libphonenumber" "python3-phonenumbers is not installed"
    exit 0
fi
agrees "every region's examples agree with libphonenumber" \
    /usr/bin/python3 "$oracle" "$BIN/dunlin" examples
agrees "$count random spellings agree with libphonenumber" \
    /usr/bin/python3 "$oracle" "$BIN/dunlin" random "$count"
agrees "characters in no order never make another number" \
    /usr/bin/python3 "$oracle" "$BIN/dunlin" hostile "$count"

# Of another version than the table's the facts differ, and so they should.
version=$(/usr/bin/python3 -c 'import phonenumbers; print(phonenumbers.__version__)')
if grep -qF "python3-phonenumbers $version;" "$top/agent/normalise/phone_table.c"; then
    "$top/packaging/phone-table" >"$tap_dir/table.c" 2>/dev/null
    check "the table in the tree is the one the generator makes" \
        cmp "$top/agent/normalise/phone_table.c" "$tap_dir/table.c"
else
    skip "the table in the tree is the one the generator makes" "python3-phonenumbers $version"
fi
