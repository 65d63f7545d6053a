#!/usr/bin/env bash
# What a customer's receipts come to, whatever order they arrive in, and how it is read:
# profile show, find and timeline at the command line, and the same over HTTPS.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1
make_hub "$tap_dir/hub" && start_hub "$tap_dir/hub" && enroll_till till-1 "$tap_dir/one" "$tap_dir/hub" &&
    enroll_till till-2 "$tap_dir/two" "$tap_dir/hub" || fail "set-up"

purchase() { # ID MINUTE TYPE TOTAL IDENTIFIERS NUMBER [MORE]
    jq -cn --arg id "$1" --arg at "2026-11-23T10:$2:00Z" --arg kind "$3" --argjson total "$4" \
        --argjson who "$5" --argjson no "$6" --argjson more "${7:-{\}}" \
        '{id:$id,type:"purchase",time:$at,identifiers:$who,consent:{profiling:true},
          data:({store_id:"9",register_id:"1",business_date:"2026-11-23",sequence_number:$no,
                 transaction_type:$kind,channel:"pos",currency:"EUR",total_minor:$total,
                 lines:[{category:"Food/Beans",quantity:"2",extended_minor:$total}]} + $more)}'
}
take() {
    post /v1/events "$(purchase "$@")"
    [ "$STATUS" = 201 ] || fail "$1 is answered 201, was $STATUS: $BODY"
}
of() { printf '{"original_transaction":{"store_id":"9","register_id":"1","business_date":"2026-11-23","sequence_number":%s}}' "$1"; }
jane='{"email":"jane@example.com"}' card='{"loyalty_id":"0042"}'

# Another store's till is first at the hub: a return and a void of sales yet to come.
start_till "$tap_dir/two"
take r-1 30 return 700 '{"email":"john@example.com"}' 901 "$(jq -c '. + {store_id:"12"}' <<<"$(of 1)")"
take v-1 31 void 0 '{}' 902 "$(of 2)"
check "the other store's till delivers first" dunlin flush --dir two --wait 30
stop "$TILL_PID"
start_till "$tap_dir/one"
take s-1 01 sale 2000 "$jane" 1
take s-2 02 sale 9900 "$jane" 2
take s-3 03 sale 500 "$card" 3
take s-3-again 03 sale 600 '{}' 3 '{"channel":"import"}'
take join 04 sale 100 '{"email":"jane@example.com","loyalty_id":"0042"}' 4
check "then the till of the sales" dunlin flush --dir one --wait 30
stop "$TILL_PID"

dunlin-hub export events --dir hub >events
jane_id=$(jq -r 'select(.event_id=="s-1").profile_id' events)
john_id=$(jq -r 'select(.event_id=="r-1").profile_id' events)
show() { dunlin-hub profile show "$1" --dir hub --json; }
show "$jane_id" >jane
is "the voided sale is none, the repeat is one" "$(jq .purchases jane)" 3
is "her money is what she kept" "$(jq .value.EUR.lifetime_minor jane)" "$((2000 + 100 + 600 - 700))"
is "of a receipt told again the later words hold" "$(jq .value.EUR.sales_minor jane)" 2700
is "what another brought back is hers" "$(jq -c '[.refunds, .value.EUR.returns_minor]' jane)" '[1,700]'
is "and not the other's" "$(show "$john_id" | jq -c '[.refunds, .value]')" '[0,{}]'
is "articles kept" "$(jq .value.EUR.units jane)" 4
is "an average basket" "$(jq .value.EUR.basket_minor jane)" 900
is "categories" "$(jq -c .categories jane)" '{"EUR":{"Food":2000}}'
is "scores" "$(jq -c '[.rfm.f, .value.EUR.m]' jane)" '[2,1]'
check "a person reads it too" grep -q 'basket     EUR 9.00' <(dunlin-hub profile show "$jane_id" --dir hub)

# The card's own profile was another before the sale that joined the two.
card_id=$(dunlin-hub export links --dir hub | jq -r 'select(.identifier_type=="loyalty_id").identifier_id' | sed 's/^i_/p_/;q')
email_id=$(dunlin-hub export links --dir hub | jq -r --arg p "$jane_id" 'select(.identifier_type=="email" and .profile_id==$p).identifier_id' | sed 's/^i_/p_/;q')
is "either old id leads to her" "$(show "$card_id" | jq -r .profile_id) $(show "$email_id" | jq -r .profile_id)" "$jane_id $jane_id"

# ---- timeline ------------------------------------------------------------------------------
timeline() { dunlin-hub profile timeline "$jane_id" --dir hub --json "$@"; }
is "the latest first" "$(timeline | jq -c '[.events[].event_id]')" '["join","s-3","s-2","s-1"]'
is "what does not stand says so" "$(timeline | jq -c '[.events[].standing]')" '["stands","told again","taken back","stands"]'
next=$(timeline --limit 3 | jq -r .next)
is "a cursor goes on" "$(timeline --limit 3 --cursor "$next" | jq -c '[[.events[].event_id], .next]')" '[["s-1"],null]'
is "a span" "$(timeline --since 2026-11-23T10:02:00Z --until 2026-11-23T10:04:00Z | jq -c '[.events[].event_id]')" '["s-3","s-2"]'
check "a person reads it too" grep -q 'EUR 99.00 .*\[taken back\]' <(dunlin-hub profile timeline "$jane_id" --dir hub)
check_not "a cursor of one's own making" timeline --cursor soon
check_not "no id" dunlin-hub profile timeline nobody --dir hub
check_not "a limit beyond the bound" timeline --limit 201

# ---- find ----------------------------------------------------------------------------------
find_ids() { dunlin-hub profile find --dir hub --json "$@" | jq -c '[.profiles[].profile_id]'; }
is "by spend" "$(find_ids --spend-min 2000 --currency EUR)" "[\"$jane_id\"]"
is "too much for anybody" "$(find_ids --spend-min 2001)" '[]'
is "by store" "$(find_ids --store 12)" "[\"$john_id\"]"
is "by the time last seen" "$(find_ids --seen-before 2026-11-23T10:20:00Z)" "[\"$jane_id\"]"
next=$(dunlin-hub profile find --dir hub --json --limit 1 | jq -r .next)
is "page by page, each once" "$({ find_ids --limit 1; find_ids --limit 1 --cursor "$next"; } | jq -s 'add | unique | length')" 2

# ---- over HTTPS ----------------------------------------------------------------------------
dunlin-hub token create --dir hub --role viewer --name eyes >eyes
dunlin-hub token create --dir hub --role custodian --name keys >keys
hub() { curl -sS --cacert hub/ca.pem -H "Authorization: Bearer $(cat "${TOKEN:-eyes}")" "$@"; }
status() { hub -o /dev/null -w '%{http_code}' "$@"; }
url=$HUB_URL/v1/profiles
is "the same profile" "$(hub "$url/$jane_id" | jq -S 'del(.rfm)')" "$(jq -S 'del(.rfm)' jane)"
is "the same timeline" "$(hub "$url/$jane_id/timeline?limit=2" | jq -c '[.events[].event_id]')" '["join","s-3"]'
is "the same finds" "$(hub "$url?spend_min=2000&currency=EUR" | jq -r '.profiles[0].profile_id')" "$jane_id"
hub -D head -o /dev/null "$url/$jane_id"
tag=$(sed -n 's/^etag: *//Ip' head | tr -d '\r')
is "it still holds: 304" "$(status -H "If-None-Match: $tag" "$url/$jane_id")" 304
is "another tag: 200" "$(status -H 'If-None-Match: "x"' "$url/$jane_id")" 200
check "a client may keep it and has to ask" grep -qi '^cache-control: private, no-cache' head
is "a custodian may not" "$(TOKEN=keys status "$url/$jane_id/timeline")" 403
for bad in 'limit=0' 'limit=201' 'cursor=1' 'since=today'; do
    is "refused: $bad" "$(status "$url/$jane_id/timeline?$bad")" 400
done
for bad in 'limit=101' 'spend_min=-1' 'currency=euro' 'cursor=x'; do
    is "refused: $bad" "$(status "$url?$bad")" 400
done
dunlin-hub audit --dir hub --json >audit
for what in profile.read profile.timeline profile.find; do
    check "audited: $what, by whom" grep -q "\"who\":\"token eyes\",\"what\":\"$what\"" audit
done
check "audited: of whom" grep -q "\"what\":\"profile.read\",\"object\":\"$jane_id\"" audit

# ---- by the beginning of an id, and by a token ----------------------------------------------
start_till "$tap_dir/one"
for i in {1..17}; do take "many-$i" 40 sale 100 "{\"loyalty_id\":\"many-$i\"}" "$((100 + i))"; done # of 16 first digits one has two
check "many more people" dunlin flush --dir one --wait 30
stop "$TILL_PID"
dunlin-hub export profiles --dir hub | jq -r .profile_id | sort >ids
digit=$(cut -c1-3 ids | uniq -d | head -n 1)
mine=$(grep -c "^$digit" ids)
dunlin-hub profile show "$digit" --dir hub >out 2>err
is "what several begin with is nobody's" "$?" 1
is "and they are named" "$(grep -o 'p_[0-9a-f]\{24\}' err)" "$(grep "^$digit" ids)"
is "a find shows them all" "$(find_ids "$digit" | jq length)" "$mine"
check_not "beside a filter it is refused" dunlin-hub profile find "$digit" --dir hub --store 9
short() { # the shortest beginning that no other id has
    local n=3
    while [ "$(grep -c "^${1:0:n}" ids)" != 1 ]; do n=$((n + 1)); done
    echo "${1:0:n}"
}
is "what one begins with is its own" "$(show "$(short "$jane_id")" | jq -r .profile_id)" "$jane_id"
is "of a timeline too" "$(dunlin-hub profile timeline "$(short "$john_id")" --dir hub --json | jq -r .profile_id)" "$john_id"
check "and of an explanation" dunlin-hub profile explain "$(short "$jane_id")" --dir hub --json
check_not "a beginning that none has" dunlin-hub profile show p_0000000000000000 --dir hub
dunlin-hub profile show p_x --dir hub 2>err
is "what is no beginning of an id" "$?" 2
dunlin token --dir one email jane@example.com >token.txt
is "by a token that her till printed" "$(show "$(cat token.txt)" | jq -r .profile_id)" "$jane_id"
is "found by it" "$(find_ids "$(cat token.txt)")" "[\"$jane_id\"]"
check_not "the audit log has no token" grep -q "$(cut -d/ -f4 token.txt)" <(dunlin-hub audit --dir hub --json)
dunlin token --dir one email nobody@example.com >token.txt
check_not "by one of nobody" dunlin-hub profile show "$(cat token.txt)" --dir hub
check_not "what is cut short" dunlin-hub profile show till-1/1/email/00 --dir hub

# ---- settings ------------------------------------------------------------------------------
echo 'rfm_frequency = 3,2,1,0' >>hub/dunlin-hub.conf
check_not "edges have to ascend" dunlin-hub profile show "$jane_id" --dir hub
