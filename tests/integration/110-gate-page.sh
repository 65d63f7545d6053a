#!/usr/bin/env bash
# The gate screen: who gets in with which key, the words of both languages, and the page
# itself in Debian's Chromium.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
export GATE_NPM=$top/build/npm

# ---- the words ----------------------------------------------------------------------------
keys() { jq -r '[paths(strings) | join(".")] | sort[]' "$top/agent/web/lang/$1.json"; }
holes() { jq -c '[paths(strings) as $p | {($p | join(".")): ([getpath($p) | scan("\\{[a-z]+\\}")] | sort)}] | add' "$top/agent/web/lang/$1.json"; }
is "both languages have the same words" "$(keys de)" "$(keys en)"
is "with the same holes" "$(holes de)" "$(holes en)"
used=$(cat "$top"/agent/web/*.js "$top"/agent/web/gate.html |
    grep -oE "\bt\(\"[A-Za-z.]+\"\)|\bt\(\"[A-Za-z.]+\",|data-t(-label)?=\"[A-Za-z.]+\"" | grep -oE '"[^"]+"' | tr -d '"' | sort -u)
is "every word that the page asks for is there" "$(comm -23 <(echo "$used") <(keys en | sort))" ""
words=$(jq -r '.reason | keys[]' "$top/agent/web/lang/en.json" | sort | xargs)
is "every reason of a refusal has its words" "$words" \
    "already_redeemed ambiguous blocked canceled error invalid invalid_time product revoked rules unapproved unpaid"

# ---- the key ------------------------------------------------------------------------------
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" && enroll_till gate-1 "$tap_dir/till" "$tap_dir/hub" ||
    fail "set-up"
check_not "without a running agent there is no address" dunlin gate --dir till
echo "gate.decoder = $top/build/share/dunlin/gate" >decoder.conf
start_till "$tap_dir/till" --config decoder.conf || fail "the agent runs"
url=$(dunlin gate --dir till)
key=${url##*#key=}
is "dunlin gate prints the page's address" "${url%%#*}" "$TILL_URL/gate"
check_not "the key in it is not the agent's" test "$key" = "$TILL_KEY"
check "with --file it writes a page" dunlin gate --dir till --file page.html
is "for its owner alone" "$(stat -c %a page.html)" 600
check "that leads there" grep -qF "url=$url" page.html
status() { curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $key" "$@"; }
scan='{"event":"gala","list":"main","gate":"north","type":"entry","nonce":"n-1","ticket":"W7XK2-9QZP"}'
is "the page asks for no key" "$(curl -s -o /dev/null -w '%{http_code}' "$TILL_URL/gate")" 200
is "the gate's key takes check-ins" "$(status -d "$scan" -H 'Content-Type: application/json' "$TILL_URL/v1/checkins")" 201
for path in /v1/status /metrics; do is "and not $path" "$(status "$TILL_URL$path")" 401; done
for path in /v1/events /v1/forget /v1/flush; do is "and not $path" "$(status -d '{}' "$TILL_URL$path")" 401; done
is "the page's own origin may ask" "$(status -H "Origin: $TILL_URL" -d "${scan/n-1/n-2}" -H 'Content-Type: application/json' "$TILL_URL/v1/checkins")" 201
is "another may not" "$(status -H "Origin: https://evil.example" -d "$scan" -H 'Content-Type: application/json' "$TILL_URL/v1/checkins")" 403

# ---- the page -----------------------------------------------------------------------------
if ! command -v node >/dev/null || ! command -v chromium >/dev/null || [ ! -d "$GATE_NPM/node_modules/playwright-core" ]; then
    skip "the page in a browser" "needs node, npm and chromium: make test-packages-web"
    exit
fi
node "$top/tests/gate/page.mjs" "$TILL_URL" || tap_failed=1
if [ -f "$top/build/share/dunlin/gate/zxing_reader.wasm.gz" ]; then
    node "$top/tests/gate/camera.mjs" "$TILL_URL" || tap_failed=1
else
    skip "the camera" "needs its decoder: make decoder"
fi
